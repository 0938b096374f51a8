"""Who we are to a server. Secrets come from a file or the environment, and never show."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fhir_coaching.errors import SettingsError

TOKEN, USER, PASSWORD = "FHIR_COACHING_TOKEN", "FHIR_COACHING_USER", "FHIR_COACHING_PASSWORD"
_LONGEST = 64 * 1024  # characters of a token; the largest in use have some 16,000


class Auth(Protocol):
    """Something that fills the Authorization header."""

    def header(self) -> str:
        """The header's value."""


@dataclass(frozen=True)
class Bearer:
    """An access token (https://www.rfc-editor.org/rfc/rfc6750). Raises SettingsError for what cannot be one."""

    token: str = field(repr=False)

    def __post_init__(self) -> None:
        _check_token(self.token, "the token")

    def header(self) -> str:
        """`Bearer …`."""
        return f"Bearer {self.token}"


@dataclass(frozen=True)
class Basic:
    """A user and a password, in UTF-8 (https://www.rfc-editor.org/rfc/rfc7617). Raises SettingsError for a colon in the user."""

    user: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.user or ":" in self.user:
            raise SettingsError("the user's name is empty or has a colon in it", hint=f"see {USER}")

    def header(self) -> str:
        """`Basic …`."""
        return f"Basic {b64encode(f'{self.user}:{self.password}'.encode()).decode()}"


def auth_from(token_file: Path | None, environment: Mapping[str, str]) -> Auth | None:
    """The token of a file, else of the environment, else user and password of the environment; None where there is none.

    A token file that others may read is taken: secrets mounted into containers are readable by all as a rule.
    Raises SettingsError for a file that cannot be read or holds no token, and for a user without a password.
    """
    if token_file is not None:
        return _token(_text(token_file), "the token file")
    if TOKEN in environment:
        return _token(environment[TOKEN], TOKEN)
    if USER in environment:
        if PASSWORD not in environment:
            raise SettingsError(f"{USER} is set, and {PASSWORD} is not", hint=f"set {PASSWORD}, empty if it is")
        return Basic(environment[USER].strip(), environment[PASSWORD].strip("\r\n"))
    return None


def _text(file: Path) -> str:
    try:
        with file.open(encoding="utf-8-sig") as opened:  # some editors begin a file with a byte order mark
            return opened.read(_LONGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise SettingsError(f"the token file cannot be read: {why}", hint=f"or give the token in {TOKEN}") from None


def _token(text: str, source: str) -> Bearer:
    token = text.strip()
    _check_token(token, source)
    return Bearer(token)


def _check_token(token: str, source: str) -> None:
    if not token or len(token) > _LONGEST or not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError(f"{source} holds no token", hint="expected one line with nothing but the token")
