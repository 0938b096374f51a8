"""Is this resource right? Structure, formats, codes, references and the specification's own rules, offline; and profiles."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fhir_coaching.checks.engine import Profile, check
from fhir_coaching.lens import Version

if TYPE_CHECKING:
    from fhir_coaching.checks.guides import Guide

__all__ = ["Profile", "check", "chosen", "opened"]


def opened(path: str | Path) -> "Guide":
    """The guide in a package (`guides.opened`)."""
    from fhir_coaching.checks import guides  # noqa: PLC0415 - needed by nobody who checks against the base alone

    return guides.opened(path)


def chosen(names: Sequence[str], guides: "Sequence[Guide]" = (), version: Version | None = None) -> tuple[Profile, ...]:
    """What `check` takes as its profiles, by the names of guides and the addresses of profiles (`selection.chosen`)."""
    if not names and not guides:
        return ()
    from fhir_coaching.checks.selection import chosen as of  # noqa: PLC0415

    return of(names, guides, version)
