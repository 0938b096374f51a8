"""What is wrong with a text that is no JSON, and what to do about it; without a word of the text."""

import re
from typing import NamedTuple

from fhir_coaching.fhir.json import DEPTH

ONE_A_LINE = "expected one JSON object a line; `jq -c .` writes JSON so"
ONE_DOCUMENT = "expected one resource or record as JSON"
APART = "`jq -c '.[]' FILE > FILE.ndjson` takes an array apart"

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BYTE = re.compile(r"\(byte (\d+)\)$")
_NO_NUMBER = re.compile(rb"[:,\[]\s*-?(?:nan|inf)", re.IGNORECASE)
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\Z)|[\[\]{}]', re.DOTALL)  # a text that does not end is passed over once
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class _Sign(NamedTuple):
    """What msgspec says, what stands at the byte that it names, and what is meant by both."""

    error: str
    at: re.Pattern[bytes]
    means: str
    hint: str
    begins: bytes = b""  # with what the fault begins, before that byte


_ENDS = "not JSON: it ends too early"
_WORD = "a word without quotes"
_HALF, _WHOLE = "half of a surrogate pair", "write the character itself, in UTF-8"
_QUOTES = "names and texts stand between double quotes"
_SIGNS = [
    _Sign(error, re.compile(at), means, hint, *begins)
    for error, at, means, hint, *begins in (
        ("trailing comma", b"", "a comma before a closing bracket", "leave the comma out", b","),
        ("trailing characters", rb"\s*[{\[]", "a second document behind the first",
         "one document a file; several go into an .ndjson, one a line: `jq -c . FILE > FILE.ndjson`"),
        ("trailing characters", b"", "something behind its end", "leave it out"),
        ("expected ',' or", rb"[\"{\[\w-]", "a comma is missing before this", "write one"),
        ("expected ':'", b"", "a colon is missing before this", "write one"),
        ("surrogate", b"", _HALF, _WHOLE, b"\\u"),
        ("escape", b"", "a backslash before a letter that needs none", r"a backslash itself is written `\\`", b"\\"),
        ("number", rb"-?0?\d", "a number that begins with 0", "leave the zeros out, or write a text"),
        ("", b"'", "a single quote", _QUOTES),
        ("", b"[/#]", "a comment", "JSON has none: leave it out"),
        ("", rb"(?:True|False|None|TRUE|FALSE|NULL)\b", "a word in capitals", "write true, false or null"),
        ("", rb"[\x00-\x1f]", "a line break, a tab or another control character within a text", r"write it as `\n`, `\t` or `\u0000`"),
        ("", rb"[A-Za-z]", _WORD, _QUOTES),
    )
]  # fmt: skip


def another_format(start: bytes) -> tuple[str, str] | None:
    """What a file is by its beginning, where it is nothing like JSON, and what to do."""
    even, odd = start[:4:2], start[1:4:2]
    if start.startswith(_UTF_16) or (b"\0\0" in (even, odd) and even != odd):
        return "looks like UTF-16", "save the file as UTF-8"
    if b"\0" in start or start.startswith(b"PK\3\4"):
        return "a binary file", "expected JSON"
    if start.lstrip().startswith(b"<"):
        return "looks like XML or HTML", "only JSON is read; ask a FHIR server for `application/fhir+json`"
    return None


def not_json(text: bytes, error: str, *, line: bool = True) -> tuple[str, str, int]:
    """What is wrong, what to do, and at which byte, counted from 0. `line`: whether it is one of several in its file."""
    if not line and (found := another_format(text[:1024])):
        return *found, 0
    try:
        text.decode()
    except UnicodeDecodeError as found_at:
        return f"not UTF-8 at byte {found_at.start + 1}", "save the file as UTF-8", found_at.start
    expected = ONE_A_LINE if line else ONE_DOCUMENT
    at = _BYTE.search(error)
    if at is not None:
        byte = int(at[1]) - ("trailing characters" in error)  # msgspec counts those from 1, all others from 0
        if byte >= len(text.rstrip()):  # the end of a line, within a text
            return _ENDS, f"{expected}, whole", byte
        if _NO_NUMBER.search(text, max(0, byte - 6), byte + 4):
            return f"NaN or Infinity at byte {byte + 1}", "JSON has no such number; leave the field out", byte
        sign = next((one for one in _SIGNS if one.error in error and one.at.match(text, byte)), None)
        if sign is None or (
            sign.means == _WORD and not text[:byte].strip()
        ):  # of what is no JSON from its beginning on
            return f"not JSON at byte {byte + 1}", expected, byte
        byte = text.rfind(sign.begins, 0, byte + 1) if sign.begins else byte
        return f"not JSON at byte {byte + 1}: {sign.means}", sign.hint, byte
    if "truncated" not in error:
        deep = _too_deep_at(text)
        return f"not JSON: {error if deep is None else f'nested more than {DEPTH} deep'}", expected, deep or 0
    half = _SURROGATE.search(text)
    if half and text.rstrip().endswith(b"}"):  # msgspec calls this truncated too
        return f"not JSON: {_HALF}", _WHOLE, half.start()
    hint = f"{expected}, whole" if line else "a text or a bracket is still open; was it written or copied to its end?"
    return _ENDS, hint, len(text.rstrip())


def no_object(value: object, *, line: bool = True) -> tuple[str, str]:
    """What is wrong with a JSON value that is no object, and what to do."""
    expected = ONE_A_LINE if line else ONE_DOCUMENT
    if value == []:
        return "an empty JSON array", expected.partition(";")[0]
    if isinstance(value, list):
        return "a JSON array", f"{expected}; {APART}"
    return "not a JSON object", expected


def _too_deep_at(text: bytes) -> int | None:
    """The byte of the first bracket that is one too many."""
    depth = 0
    for found in _BRACKETS.finditer(text):
        if found[0] in (b"[", b"{"):
            depth += 1
            if depth > DEPTH:
                return found.start()
        elif found[0] in (b"]", b"}"):
            depth -= 1
    return None
