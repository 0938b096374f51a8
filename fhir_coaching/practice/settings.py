"""`practice.toml`: who the practice is, under which URI its identifiers live, and what is agreed with each server."""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fhir_coaching.errors import SettingsError
from fhir_coaching.fhir.json import dumps
from fhir_coaching.practice.adoption import ADOPTABLE, DEFAULT, Query, query
from fhir_coaching.practice.atomic import replacing

FILE = "practice.toml"

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s|,?#\\]*[^\s|,?#\\/:]")
_CPT = re.compile(r"\d{4}[0-9A-Z]")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SERVER = re.compile(r"https?://[^\s?#]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is agreed with one server: what `--adopt` takes beside plans of coaching, and types of theirs that may be written."""

    adopt: tuple[str, ...] = ()
    write_adopted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What practice.toml says: no address has a slash at its end. `fees` are amounts by CPT code, `target` is by server."""

    identifier_base: str
    name: str = ""
    time_zone: str = ""
    billing_organization: str = ""
    fees: Mapping[str, Decimal] = field(default_factory=dict)
    target: Mapping[str, Target] = field(default_factory=dict)

    def at(self, server: str) -> Target:
        """What is agreed with a server, by its base address."""
        return self.target.get(server.rstrip("/"), Target())


def read_settings(folder: Path) -> Settings | None:
    """The settings of a practice folder, or nothing if it has no practice.toml. Raises SettingsError."""
    path = folder / FILE
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8-sig"), parse_float=Decimal)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SettingsError(
            f"{FILE} cannot be read: {error.strerror}", hint="check the file and its permissions"
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(f"{FILE} is not UTF-8", hint="save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{FILE} is not TOML: {error}", hint='a line is `key = "text"`') from None
    return settings_of(table)


def settings_of(table: Mapping[str, Any]) -> Settings:
    """The settings that a table of TOML says. Raises SettingsError with all that is wrong."""
    wrong = list(_wrong(table))
    if wrong:
        raise SettingsError("\n".join(f"{FILE}: {one}" for one in wrong))
    fees = {code: Decimal(amount) for code, amount in table.get("fees", {}).items()}
    targets = {
        server.rstrip("/"): Target(**{name: tuple(said) for name, said in its.items()})
        for server, its in table.get("target", {}).items()
    }
    return Settings(**{**table, "fees": fees, "target": targets})


def write_settings(folder: Path, settings: Settings) -> Path:
    """Write practice.toml, all of it or nothing; the folder is made if need be."""
    table = [
        f"{name} = {_quoted(getattr(settings, name))}\n"
        for name in ("name", "identifier_base", "time_zone", "billing_organization")
        if getattr(settings, name)
    ]
    if settings.fees:
        table += ["\n[fees]\n", *(f"{_quoted(code)} = {amount}\n" for code, amount in settings.fees.items())]
    for server, target in settings.target.items():
        lists = {one.name: getattr(target, one.name) for one in fields(Target)}
        table += [f"\n[target.{_quoted(server)}]\n"]
        table += [f"{name} = [{', '.join(map(_quoted, said))}]\n" for name, said in lists.items() if said]
    path = folder / FILE
    with replacing([path]) as files:
        files[0].write("".join(table).encode())
    return path


def queries(settings: Settings | None, server: str) -> tuple[Query, ...]:
    """What `--adopt` looks for on a server."""
    more = settings.at(server).adopt if settings is not None else ()
    return (DEFAULT, *filter(None, map(query, more)))


def is_zone(name: str) -> bool:
    """Whether a name is a time zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # a folder of the database, as `America`, is an OSError
        return False
    return True


def _wrong(table: Mapping[str, Any]) -> Iterator[str]:
    known = [one.name for one in fields(Settings)]
    yield from _unknown(table, known)
    texts = {name: table[name] for name in known if name not in ("fees", "target") and name in table}
    for name, value in texts.items():
        if not isinstance(value, str):
            yield f"{name}: expected a text"
    base, zone, organization = (texts.get(name) for name in ("identifier_base", "time_zone", "billing_organization"))
    if base is None:
        yield "identifier_base: is required, as `https://example.org/ids`"
    elif isinstance(base, str) and not _URI.fullmatch(base):
        yield "identifier_base: expected an absolute URI without `?`, `#`, `|`, `,` and without a slash at its end"
    if isinstance(zone, str) and not is_zone(zone):
        yield "time_zone: expected a name of the IANA database, as `America/New_York`"
    if isinstance(organization, str) and not _ID.fullmatch(organization):
        yield "billing_organization: expected the id of a record in organizations.ndjson"
    yield from _wrong_fees(table.get("fees", {}))
    yield from _wrong_targets(table.get("target", {}))


def _unknown(table: Mapping[str, Any], known: list[str]) -> Iterator[str]:
    for name in table:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.5)
            yield f"unknown key; did you mean `{near[0]}`?" if near else f"unknown key; known: {', '.join(known)}"


def _wrong_fees(fees: object) -> Iterator[str]:
    if not isinstance(fees, dict):
        yield "fees: expected a table of CPT code and amount, as `0591T = 150.00` below `[fees]`"
        return
    for code, amount in fees.items():
        if not _CPT.fullmatch(code):
            yield "fees: expected a CPT code, five characters, before each `=`"
        if (
            isinstance(amount, bool)
            or not isinstance(amount, (int, Decimal))
            or not Decimal(amount).is_finite()
            or amount < 0
        ):
            yield "fees: expected an amount without quotes and without a currency, as `0591T = 150.00`"


def _wrong_targets(targets: object) -> Iterator[str]:
    example = '`[target."https://ehr.example/fhir"]`'
    if not isinstance(targets, dict) or not all(isinstance(its, dict) for its in targets.values()):
        yield f"target: expected a table for each server, as {example}"
        return
    types = ", ".join(ADOPTABLE)
    for server, its in targets.items():
        if not _SERVER.fullmatch(server):
            yield f"target: expected the server's base address, as {example}"
        yield from (f"target: {wrong}" for wrong in _unknown(its, [one.name for one in fields(Target)]))
        if not _all(its.get("adopt", []), lambda said: query(said) is not None):
            yield (
                'target: adopt: expected a list of searches, as `["Goal", "CarePlan?category=system|code"]`, without '
                f"`patient` or `subject`; types: {types}"
            )
        if not _all(its.get("write_adopted", []), ADOPTABLE.__contains__):
            yield f"target: write_adopted: expected a list of resource types; known: {types}"


def _all(said: object, fits: Callable[[str], bool]) -> bool:
    return isinstance(said, list) and all(isinstance(one, str) and fits(one) for one in said)


def _quoted(text: str) -> str:
    return dumps(text).decode().replace("\x7f", "\\u007f")
