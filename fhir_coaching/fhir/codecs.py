"""What codecs are made of: primitives, codes, and ways to put one codec inside another."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from fhir_coaching.fhir.systems import ABSENT_REASON
from fhir_coaching.lens import Bound, Codec, Json, Names, Wrong, below
from fhir_coaching.records.dates import Instant, PartialDate, Spelled
from fhir_coaching.records.spelling import problem
from fhir_coaching.records.values import Missing

A = TypeVar("A")
E = TypeVar("E", bound=Enum)
M = TypeVar("M", bound=BaseModel)
S = TypeVar("S", bound=Spelled)

_JSON_WORDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    Decimal: "a number",
}


def want(raw: Any, kind: type[A], at: str = "") -> A:
    """`raw`, if it is of this JSON type. Raises Wrong."""
    if raw.__class__ is not kind:
        raise Wrong(f"expected {_JSON_WORDS[kind]}", at)
    return raw


def field(raw: Any, key: str, kind: type[A]) -> A | None:
    """An element of an object, if it is there. Raises Wrong on another JSON type."""
    found = want(raw, dict).get(key)
    return None if found is None else want(found, kind, key)


def part(raw: Json, key: str, codec: Codec[A]) -> A | None:
    """An element of an object by its codec; None where there is none or it is not ours."""
    if raw.get(key) is None:
        return None
    try:
        value = codec.decode(raw[key])
    except Wrong as wrong:
        raise Wrong(str(wrong), below(key, wrong.at)) from None
    return None if value is NotImplemented else value


def value(model: type[M], **fields: Any) -> M:
    """A record's value. Raises Wrong where the model refuses it."""
    try:
        return model(**fields)
    except ValidationError as error:
        place, message = problem(model, error.errors(include_input=False, include_url=False)[0])
        raise Wrong(message, place) from None


def bare(**elements: Any) -> Json:
    """An object without the elements that are None."""
    return {key: element for key, element in elements.items() if element is not None}


def encoded(codec: Codec[A], value: A | None) -> Any:
    """None stays None."""
    return None if value is None else codec.encode(value)


def _itself(value: A) -> A:
    return value


def _string(raw: Any) -> str:
    text = want(raw, str)
    return cast("str", NotImplemented) if text.isspace() or not text else text  # a blank says nothing


def _decimal(raw: Any) -> Decimal:
    return Decimal(raw) if raw.__class__ is int else want(raw, Decimal)


STRING: Codec[str] = Codec(_string, _itself, "a text")
BOOLEAN: Codec[bool] = Codec(lambda raw: want(raw, bool), _itself, "true or false")
INTEGER: Codec[int] = Codec(lambda raw: want(raw, int), _itself, "a whole number")
DECIMAL: Codec[Decimal] = Codec(_decimal, _itself, "a number, exact to the digit")


def spelled(kind: type[S]) -> Codec[S]:
    """A primitive that a record keeps to the letter."""

    def decode(raw: Any) -> S:
        try:
            return kind(want(raw, str))
        except Wrong:
            raise
        except ValueError as error:
            raise Wrong(str(error)) from None

    return Codec(decode, lambda a: a.text, kind.expected)


DATE = spelled(PartialDate)
INSTANT = spelled(Instant)
WHEN: Codec[Any] = Codec(
    lambda raw: (INSTANT if "T" in want(raw, str) else DATE).decode(raw),
    lambda a: a.text,
    "a date, or a date and time with an offset",
)


def codes(words: Mapping[E, str], also_read: Mapping[str, E] | None = None, *, strict: bool = True) -> Codec[E]:
    """A code set: a bijection over the whole enumeration, and synonyms that are only read.

    A code outside it is Wrong where `strict` (a wrong guess would hurt: states), else not ours. Raises TypeError if it is no bijection.
    """
    back = {code: word for word, code in words.items()}
    if len(back) != len(words) or set(type(next(iter(words)))) != set(words):
        raise TypeError(f"not a bijection: {sorted(words.values())}")
    back |= also_read or {}
    says = f"one of {', '.join(back)}"

    def decode(raw: Any) -> E:
        word = back.get(want(raw, str))
        if word is None:
            if strict:
                raise Wrong(f"unknown code; known: {', '.join(back)}")
            return cast("E", NotImplemented)
        return word

    return Codec(decode, words.__getitem__, says)


def spelt_alike(kind: type[E], *, strict: bool = False) -> Codec[E]:
    """A code set whose codes are the enumeration's values, with hyphens for low lines."""
    return codes({word: word.value.replace("_", "-") for word in kind}, strict=strict)


def concept_of(
    system: str, inner: Codec[A], more: Mapping[Any, list[Json]] | None = None, text: Mapping[Any, str] | None = None
) -> Codec[A]:
    """A CodeableConcept that bears a coding of ours, and perhaps `more` codings that say the same in other systems."""

    def decode(raw: Any) -> A:
        for index, coding in enumerate(field(raw, "coding", list) or []):
            if coding.__class__ is dict and coding.get("system") == system and "code" in coding:
                try:
                    return inner.decode(coding["code"])
                except Wrong as wrong:
                    raise Wrong(str(wrong), f"coding[{index}].code") from None
        return cast("A", NotImplemented)

    def encode(a: A) -> Json:
        coding = {"system": system, "code": inner.encode(a)}
        return bare(coding=[coding, *(more or {}).get(a, [])], text=(text or {}).get(a))

    return Codec(decode, encode, f"a coding of {system}: {inner.says}")


def by_codings(
    words: Mapping[E, list[tuple[str, str]]], also_read: Mapping[tuple[str, str], E] | None = None
) -> Codec[E]:
    """A CodeableConcept that says a word by the first of its codings; words are looked for in their order."""
    back = {**(also_read or {}), **{codings[0]: word for word, codings in words.items()}}

    def decode(raw: Any) -> E:
        codings = [one for one in field(raw, "coding", list) or [] if one.__class__ is dict]
        said = [(one.get("system"), one.get("code")) for one in codings]
        return next((word for coding, word in back.items() if coding in said), cast("E", NotImplemented))

    def encode(word: E) -> Json:
        return {"coding": [{"system": system, "code": code} for system, code in words[word]]}

    return Codec(decode, encode, f"one of {', '.join(dict.fromkeys(code for _, code in back))}")


def bound(codec: Bound[A], names: Names) -> Codec[A]:
    """A codec that may have waited for names."""
    return codec if isinstance(codec, Codec) else codec(names)


def inside(key: str, inner: Bound[A], **template: Any) -> Callable[[Names], Codec[A]]:
    """The value sits in one element of an object. An object without that element is not ours."""

    def bind(names: Names) -> Codec[A]:
        codec = bound(inner, names)

        def decode(raw: Any) -> A:
            found = part(want(raw, dict), key, codec)
            return cast("A", NotImplemented) if found is None else found

        return Codec(decode, lambda a: {**template, key: codec.encode(a)}, codec.says)

    return bind


def one_of_list(inner: Bound[A]) -> Callable[[Names], Codec[A]]:
    """A list with one element; a longer one says more than we can hold, and is not ours."""

    def bind(names: Names) -> Codec[A]:
        codec = bound(inner, names)

        def decode(raw: Any) -> A:
            return codec.decode(raw[0]) if len(want(raw, list)) == 1 else cast("A", NotImplemented)

        return Codec(decode, lambda a: [codec.encode(a)], codec.says)

    return bind


def choice(
    foreign: tuple[str, ...] = (), **branches: tuple[type[Any] | tuple[type[Any], ...], Bound[Any]]
) -> Callable[[Names], Codec[Any]]:
    """value[x]: which element it is goes by the value's class. Elements named in `foreign` are seen and not ours."""

    def bind(names: Names) -> Codec[Any]:
        codecs = {suffix: bound(codec, names) for suffix, (_, codec) in branches.items()}
        by_class = {
            kind: suffix
            for suffix, (kinds, _) in branches.items()
            for kind in (kinds if isinstance(kinds, tuple) else (kinds,))
        }

        def decode(raw: Any) -> Any:
            found = [suffix for suffix in raw if suffix[0] != "_"]
            if len(found) > 1:
                raise Wrong("expected one type of value, not several")
            if not found or found[0] not in codecs:
                return NotImplemented
            return codecs[found[0]].decode(raw[found[0]])

        def encode(a: Any) -> Json:
            suffix = by_class[a.__class__]
            return {suffix: codecs[suffix].encode(a)}

        says = "; or ".join(dict.fromkeys(codec.says for codec in codecs.values()))
        return Codec(decode, encode, says, (*branches, *foreign))

    return bind


def or_missing(name: str, inner: Codec[A]) -> Codec[Any]:
    """A primitive, or why it is not there: `{name,_name}` with a data-absent-reason."""
    reasons = {reason: reason.value.replace("_", "-") for reason in Missing}
    back = {code: reason for reason, code in reasons.items()}

    def decode(raw: Any) -> Any:
        if raw.get(name) is not None:
            return inner.decode(raw[name])
        for extension in field(raw.get("_" + name) or {}, "extension", list) or []:
            if (
                extension.__class__ is dict
                and extension.get("url") == ABSENT_REASON
                and isinstance(extension.get("valueCode"), str)
            ):
                return back.get(extension["valueCode"], NotImplemented)
        return NotImplemented

    def encode(a: Any) -> Json:
        if isinstance(a, Missing):
            return {"_" + name: {"extension": [{"url": ABSENT_REASON, "valueCode": reasons[a]}]}}
        return {name: inner.encode(a)}

    return Codec(decode, encode, f"{inner.says}, or why it is absent")
