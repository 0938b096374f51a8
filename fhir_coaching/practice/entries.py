"""What stands in one file: records, withdrawals, resources, each with its place."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from fhir_coaching.practice.lines import Faults, value_of
from fhir_coaching.practice.texts import texts_of
from fhir_coaching.records import RECORDS
from fhir_coaching.records.spelling import NotARecord, read_record
from fhir_coaching.records.values import Record
from fhir_coaching.versions import Json

# The file of each kind in a practice folder, with or without `.gz`.
FILES = {kind: f"{kind}s.ndjson" for kind in RECORDS}
KIND_OF_FILE = {name: kind for kind, name in FILES.items()}
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PATH = 100  # characters of a field's path that a message shows


@dataclass(frozen=True, slots=True)
class Entry:
    """One record, one withdrawal or one resource, and where it stands."""

    place: str  # `goals.ndjson:17`, `-:3`, `bundle.json entry[4]`
    kind: str = ""  # of a record; nothing for a resource
    record: Record | None = None
    withdrawn: str = ""  # the id of a `deleted` line
    resource: Json | None = None
    full_url: str = ""


def entries_of(file: IO[bytes], name: str, kind: str, faults: Faults) -> Iterator[Entry]:
    """The entries of one file, which may be a kind's own."""
    for number, text in texts_of(file, name, faults):
        yield from _entries_in(text, f"{name}:{number}" if number else name, kind, faults)


def _entries_in(text: bytes, place: str, kind: str, faults: Faults) -> Iterator[Entry]:
    """The entries that one JSON object says."""
    value = None if text.isspace() or not text else value_of(text, place, faults)
    if value is None:
        if text.strip():
            faults.unread.add(kind)
        return
    if "resourceType" not in value:
        yield from record_entries(value, place, kind, faults)
    elif value["resourceType"] == "Bundle":
        yield from bundled(value.get("entry", []), place, faults)
    elif _is_resource(value, place, faults):
        yield Entry(place, resource=value)


def bundled(entries: object, place: str, faults: Faults) -> Iterator[Entry]:
    """The resources of a Bundle's `entry`."""
    if not isinstance(entries, list):
        faults.add(f"{place} entry", "expected a list", "a Bundle holds its resources in `entry`")
        return
    for index, one in enumerate(entries):
        at = f"{place} entry[{index}]"
        if not isinstance(one, dict):
            faults.add(at, "expected an object", "a Bundle's entry holds a `resource`")
        elif "resource" in one and _is_resource(one["resource"], f"{at}.resource", faults):
            full_url = one.get("fullUrl", "")
            if not isinstance(full_url, str):
                faults.add(f"{at}.fullUrl", "expected a text")
            elif one["resource"]["resourceType"] == "Bundle":
                faults.add(f"{at}.resource", "a Bundle inside a Bundle", "give the inner Bundles one by one")
            else:
                yield Entry(at, resource=one["resource"], full_url=full_url)


def _is_resource(value: object, place: str, faults: Faults) -> bool:
    if isinstance(value, dict) and isinstance(value.get("resourceType"), str):
        return True
    faults.add(place, "not a resource", "expected an object with `resourceType`")
    return False


def record_entries(value: dict[str, Any], place: str, own: str, faults: Faults) -> Iterator[Entry]:
    """The record or the withdrawal that a line says; nothing, and faults, if it says none."""
    kind, wrong = _kind_said(value.get("kind"), own)
    if wrong:
        faults.add(f"{place} kind", *wrong)
        return
    fields = {name: one for name, one in value.items() if name != "kind"}
    if "deleted" in fields:
        key = fields.get("id")
        if (
            fields.keys() != {"id", "deleted"}
            or fields["deleted"] is not True
            or not isinstance(key, str)
            or not _ID.fullmatch(key)
        ):
            faults.add(place, "not a withdrawal", f'expected {{"kind": "{kind}", "id": ..., "deleted": true}}')
        else:
            yield Entry(place, kind, withdrawn=key)
        return
    try:
        record = read_record(kind, fields)
    except NotARecord as error:
        faults.broken.add((kind, str(fields.get("id"))[:_PATH]))
        for path, message in error.problems:
            faults.add(f"{place} {_shown(path)}" if path else place, message)
    else:
        yield Entry(place, kind, record)


def _kind_said(said: object, own: str) -> tuple[str, tuple[str, str] | None]:
    """The kind of a line in a file of `own` kind (nothing: of several kinds), or what is wrong and what to do."""
    known = ", ".join(RECORDS)
    if said is None and own:
        return own, None
    if said is None:
        return "", ("is required here", f'expected `"kind": "goal"` or another kind: {known}')
    if not isinstance(said, str) or said not in RECORDS:
        near = difflib.get_close_matches(said, RECORDS, 1, 0.5) if isinstance(said, str) else []
        return "", (f"unknown kind; did you mean `{near[0]}`?" if near else "unknown kind", f"known: {known}")
    if own and said != own:
        return "", ("a wrong kind", f"{FILES[own]} holds records of kind {own}; this one belongs into {FILES[said]}")
    return said, None


def _shown(path: str) -> str:
    """A field's path, unless the name of a field is of such a kind that it might be anything."""
    return path if len(path) <= _PATH and path.isprintable() else "(a field of a strange name)"
