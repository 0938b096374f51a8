"""The servers as context managers: each starts one, gives its address, and ends it with the block.

Each takes, instead, a server that runs already, so that a developer saves the start:
FHIR_COACHING_TEST_HAPI, FHIR_COACHING_TEST_SEKMET, FHIR_COACHING_TEST_VALIDATOR (an address).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from fhir_coaching.fhir.json import dumps, loads
from fhir_coaching.versions import Json
from servers.process import Unavailable, cache, free_port, locked, running

HERE = Path(__file__).parent

SEKMET = "sekmet-fhir==0.1.1"

# Other checks of structure, for development alone: requirement, the Python that it no longer runs on, script.
OPINIONS = {
    "fhirkit": ("fhirkit-rs==0.1.0", (4, 0), "of_fhirkit.py"),
    "google-fhir": ("google-fhir-r4==0.11.0", (3, 12), "of_google.py"),
}

SEKMET_SETTINGS = """\
base_url: {url}
host: 127.0.0.1
port: {port}
data_dir: data
simulator: {{enabled: false}}
"""


@contextmanager
def hapi(*, java_opts: str = "") -> Iterator[str]:
    """A HAPI FHIR R4 JPA server with an empty store in memory; gives its base address.

    The first use builds it with Maven (323 MB). A start takes 12 to 70 s, the server up to 800 MB. `java_opts`: see
    `hapi/start`. Raises Unavailable, StartFailed.
    """
    if given := os.environ.get("FHIR_COACHING_TEST_HAPI"):
        yield given.rstrip("/")
        return
    _need("HAPI FHIR", "java", "mvn")
    port, build = free_port(), cache() / "hapi-8.8.0"
    server = running(
        [HERE / "hapi" / "start", str(port)],
        ready=r"^READY (\S+)",
        timeout=600 if _unbuilt(build, "built-*") else 180,
        env={"HAPI_BUILD": str(build), "JAVA_OPTS": java_opts},
    )
    with ExitStack() as stack:
        with locked(cache() / "hapi.lock"):  # two first uses at once would build into one folder
            match = stack.enter_context(server)
        yield match[1]


@contextmanager
def sekmet() -> Iterator[str]:
    """A sekmet-fhir R4 server with an empty store, those search parameters added that it lacks; gives its base address.

    The first use makes its environment (173 MB). Raises Unavailable, StartFailed.
    """
    if given := os.environ.get("FHIR_COACHING_TEST_SEKMET"):
        yield given.rstrip("/")
        return
    python = own_environment(SEKMET)
    port = free_port()
    url = f"http://127.0.0.1:{port}/fhir"
    with tempfile.TemporaryDirectory(prefix="fhir-coaching-sekmet-") as folder:
        settings = Path(folder) / "settings.yaml"
        settings.write_text(SEKMET_SETTINGS.format(url=url, port=port))
        command = [python, HERE / "sekmet" / "plus.py", settings]
        # An environment of its own: the search path of the tests, which may be of another Python, ends here.
        with running(command, ready="Uvicorn running on", timeout=120, cwd=Path(folder), env={"PYTHONPATH": ""}):
            yield url


@contextmanager
def validator() -> Iterator[str]:
    """The official validation engine, listening; gives its address, for `Validator`.

    The first use builds it (142 MB). Memory: ORACLE_JAVA_OPTS, 4 GB by default: two bases and four sets of guides need 2 GB,
    and room beside them. Raises Unavailable, StartFailed.
    """
    if given := os.environ.get("FHIR_COACHING_TEST_VALIDATOR"):
        yield given.rstrip("/")
        return
    _need("the validation engine", "java", "mvn")
    build = cache() / "validator-8.8.1"
    env = {"ORACLE_TARGET": str(build), "ORACLE_JAVA_OPTS": os.environ.get("ORACLE_JAVA_OPTS", "-Xmx4g")}
    if folder := guides():
        env["ORACLE_IGS"] = str(folder)
    timeout = 600 if _unbuilt(build, "stamp-*") else 180
    command: list[str | Path] = [HERE / "validator" / "validate", "--server", "0"]
    with running(command, ready=r'"listening":\s*(\d+)', timeout=timeout, env=env) as match:
        yield f"http://127.0.0.1:{match[1]}"


def guides() -> Path | None:
    """The folder of guide packages (ORACLE_IGS, or `../shared/igs` beside the checkout), if there is one.

    They are official packages, read where they lie and never copied here.
    """
    named = os.environ.get("ORACLE_IGS")
    folder = Path(named) if named else HERE.parents[2] / "shared" / "igs"
    return folder if folder.is_dir() else None


def _need(what: str, *programs: str) -> None:
    """Raise Unavailable unless all programs are installed."""
    if absent := [program for program in programs if shutil.which(program) is None]:
        raise Unavailable(f"{what} needs {' and '.join(absent)}, not installed here")


def _unbuilt(build: Path, mark: str) -> bool:
    return not any(build.glob(mark))


def own_environment(requirement: str, *, below: tuple[int, int] = (4, 0)) -> Path:
    """Python of an environment that holds one package and what it needs, made on first use, in the user's cache.

    `below`: the version of Python that the package no longer runs on. Raises Unavailable.
    """
    folder = cache() / requirement.replace("-fhir==", "-").replace("==", "-")
    python, made = folder / "bin" / "python", folder / "made"
    with locked(folder.with_name(f"{folder.name}.lock")):
        if made.exists():
            return python
        shutil.rmtree(folder, ignore_errors=True)
        install = [str(python), "-m", "pip", "install", "--quiet", requirement]
        for command in ([_python(requirement, below), "-m", "venv", str(folder)], install):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                shutil.rmtree(folder, ignore_errors=True)
                said = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
                raise Unavailable(f"{requirement} cannot be installed; pip said last: {said[-1]}")
        made.touch()
    return python


def _python(requirement: str, below: tuple[int, int]) -> str:
    """This Python, or an older one that is installed beside it. Raises Unavailable."""
    if sys.version_info < below:
        return sys.executable
    older = (f"python{below[0]}.{minor}" for minor in range(below[1] - 1, 8, -1))
    if found := next(filter(None, map(shutil.which, older)), None):
        return found
    raise Unavailable(f"{requirement} needs a Python before {below[0]}.{below[1]}, and none is installed here")


def opinion(name: str, resources: Iterable[Json]) -> list[list[str]]:
    """What another program thinks of resources: for each the places of its errors, empty where it names none.

    `name` is one of OPINIONS. The first use makes its environment. Raises Unavailable.
    """
    requirement, below, script = OPINIONS[name]
    python = own_environment(requirement, below=below)
    done = subprocess.run(
        [python, HERE / "opinions" / script],
        input=b"".join(dumps(one) + b"\n" for one in resources),
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, "PYTHONPATH": ""},
    )
    return [loads(line) for line in done.stdout.splitlines()]
