"""Who we are to a server. Secrets come from a file or the environment, and never show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from requests.auth import _basic_auth_str

from fhir_coaching.errors import SettingsError

TOKEN, USER, PASSWORD = "FHIR_COACHING_TOKEN", "FHIR_COACHING_USER", "FHIR_COACHING_PASSWORD"


class Auth(Protocol):
    """Something that fills the Authorization header."""

    def header(self) -> str:
        """The header's value."""


@dataclass(frozen=True)
class Bearer:
    """An access token."""

    token: str = field(repr=False)

    def header(self) -> str:
        """`Bearer …`."""
        return f"Bearer {self.token}"


@dataclass(frozen=True)
class Basic:
    """A user and a password."""

    user: str
    password: str = field(repr=False)

    def header(self) -> str:
        """`Basic …`, in UTF-8 (https://www.rfc-editor.org/rfc/rfc7617)."""
        return _basic_auth_str(self.user.encode(), self.password.encode())


def auth_from(token_file: Path | None, environment: Mapping[str, str]) -> Auth | None:
    """The token of a file, else of the environment, else user and password of the environment. Raises SettingsError."""
    if token_file is not None:
        try:
            token = token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not ASCII"
            raise SettingsError(f"the token file cannot be read: {why}", hint=f"or give the token in {TOKEN}") from None
        return Bearer(_whole(token, "the token file"))
    if TOKEN in environment:
        return Bearer(_whole(environment[TOKEN].strip(), TOKEN))
    if USER in environment:
        return Basic(environment[USER], environment.get(PASSWORD, ""))
    return None


def _whole(token: str, source: str) -> str:
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError(f"{source} holds no token", hint="expected one line with nothing but the token")
    return token
