"""`practice.toml`: who the practice is and under which URI its identifiers live."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fhir_coaching.errors import SettingsError
from fhir_coaching.fhir.json import dumps
from fhir_coaching.practice.atomic import replacing

FILE = "practice.toml"

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s|,?#\\]*[^\s|,?#\\/:]")
_CPT = re.compile(r"\d{4}[0-9A-Z]")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What practice.toml says. `identifier_base` has no slash at its end; `fees` are amounts by CPT code."""

    identifier_base: str
    name: str = ""
    time_zone: str = ""
    billing_organization: str = ""
    fees: Mapping[str, Decimal] = field(default_factory=dict)


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
    return Settings(**{**table, "fees": fees})


def write_settings(folder: Path, settings: Settings) -> Path:
    """Write practice.toml, all of it or nothing; the folder is made if need be."""
    table = [
        f"{name} = {_quoted(getattr(settings, name))}\n"
        for name in ("name", "identifier_base", "time_zone", "billing_organization")
        if getattr(settings, name)
    ]
    if settings.fees:
        table += ["\n[fees]\n", *(f"{_quoted(code)} = {amount}\n" for code, amount in settings.fees.items())]
    path = folder / FILE
    with replacing([path]) as files:
        files[0].write("".join(table).encode())
    return path


def is_zone(name: str) -> bool:
    """Whether a name is a time zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # a folder of the database, as `America`, is an OSError
        return False
    return True


def _wrong(table: Mapping[str, Any]) -> Iterator[str]:
    known = [one.name for one in fields(Settings)]
    for name in table:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.5)
            yield f"unknown key; did you mean `{near[0]}`?" if near else f"unknown key; known: {', '.join(known)}"
    texts = {name: table[name] for name in known if name != "fees" and name in table}
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


def _quoted(text: str) -> str:
    return dumps(text).decode().replace("\x7f", "\\u007f")
