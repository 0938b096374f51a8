"""Makes `fhir_coaching/checks/definitions/us-core-*.json.gz`, what US Core asks, from its official packages.

`python tools/us_core.py [FOLDER]`: the folder that holds `hl7.fhir.us.core-*.tgz` (ORACLE_IGS, or `../shared/igs` beside the
checkout). Same packages, same bytes. Their content is CC0-1.0 (`license` in each package.json); names, numbers, codes and
expressions are taken, no sentence. Run `tools/definitions.py` first: what it makes is read.
"""

import argparse
import os
from pathlib import Path
from typing import Any

from definitions import FOLDER, write

from fhir_coaching.checks.profiles import archives, guides

BESIDE = Path(__file__).parents[2] / "shared" / "igs"


def tables(folder: Path, version: str) -> dict[str, Any]:
    """What the reader makes of the official package of a version. Raises SystemExit if it is not CC0 any more."""
    content, _ = guides.read(archives.package(folder / f"hl7.fhir.us.core-{version}.tgz"))
    if content["licence"] != "CC0-1.0":
        raise SystemExit(f"US Core {version} is not CC0 but {content['licence']}")
    return content


def folder(about: str | None) -> Path:
    """Where the packages are, by the command line."""
    parser = argparse.ArgumentParser(description=about)
    named = Path(os.environ["ORACLE_IGS"]) if "ORACLE_IGS" in os.environ else BESIDE
    parser.add_argument("folder", nargs="?", type=Path, default=named)
    return Path(parser.parse_args().folder)


def main() -> None:
    """Write a table for each version."""
    place = folder(__doc__)
    for version in guides.VERSIONS:
        write(FOLDER / f"{guides.US_CORE}-{version}.json.gz", tables(place, version))


if __name__ == "__main__":
    main()
