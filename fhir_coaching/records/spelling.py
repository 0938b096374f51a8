"""Records from plain JSON and back, with every fault at once and no value in any message."""

import difflib
import re
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fhir_coaching.records import RECORDS
from fhir_coaching.records.values import TEXT_PATTERN, Points, Record

Problem = tuple[str, str]  # the field's path, `targets[1].due`, and what is wrong


class NotARecord(ValueError):
    """A JSON object is not a record of its kind. `problems` has all that is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{path}: {text}" for path, text in problems))


def read_record(kind: str, fields: dict[str, Any]) -> Record:
    """The record that `fields` (without `kind`) says. Raises NotARecord."""
    model = RECORDS[kind]
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        raise NotARecord([problem(model, one) for one in found]) from None


def spell_record(record: Record) -> dict[str, Any]:
    """The record as a JSON object without the fields that say nothing; `fhir.json.dumps` writes it."""
    spelt: dict[str, Any] = record.model_dump(mode="python", exclude_defaults=True, serialize_as_any=True)
    return spelt


def problem(model: type[BaseModel], error: ErrorDetails) -> Problem:
    """A pydantic error in our words: where, and what was expected."""
    steps = [step for step in error["loc"] if not (isinstance(step, str) and step in _TAGS)]
    path = path_of(steps)
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return path, "is required"
        case "extra_forbidden":
            return path, _unknown_field(_model_at(model, steps[:-1]), str(steps[-1]))
        case "enum":
            return (
                path,
                f"unknown value; known: {str(context.get('expected', '')).replace(chr(39), '').replace(' or ', ', ')}",
            )
        case "value_error":
            return path, str(context.get("error", error["msg"]))
        case "string_pattern_mismatch":
            return path, _PATTERNS.get(
                str(context.get("pattern")), f"expected a text of the form {context.get('pattern')}"
            )
        case kind:
            return path, _SENTENCES.get(kind) or re.sub(r"^Input should", "should", error["msg"])


def path_of(steps: list[int | str] | tuple[int | str, ...]) -> str:
    """`targets[1].due` for ("targets", 1, "due")."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")


def references(model: type[BaseModel]) -> dict[str, tuple[str, ...]]:
    """The fields of a kind that hold ids of others: path of names -> kinds."""
    return {
        name: kinds
        for name, field in model.model_fields.items()
        if (kinds := next((m.kinds for m in _marks((field.annotation, *field.metadata)) if isinstance(m, Points)), ()))
    }


def _marks(annotations: tuple[Any, ...]) -> list[Any]:
    """Every mark in an annotation, however deep."""
    found: list[Any] = []
    for annotation in annotations:
        found += [annotation, *getattr(annotation, "__metadata__", ()), *_marks(get_args(annotation))]
    return found


def _model_at(model: type[BaseModel], steps: list[int | str]) -> type[BaseModel]:
    for step in steps:
        if isinstance(step, str) and step in model.model_fields:
            inner = [
                a
                for a in _marks((model.model_fields[step].annotation,))
                if isinstance(a, type) and issubclass(a, BaseModel)
            ]
            model = inner[0] if inner else model
    return model


def _unknown_field(model: type[BaseModel], name: str) -> str:
    near = difflib.get_close_matches(name, model.model_fields, 1, 0.5)
    return (
        f"unknown field; did you mean `{near[0]}`?"
        if near
        else f"unknown field; known: {', '.join(model.model_fields)}"
    )


# What pydantic puts into an error's place for the branches of a union; no field has such a name.
_TAGS = {"Quantity", "Range", "Ratio", "Concept", "str", "bool", "int", "PartialDate", "Instant", "Span"} | {
    f"function-plain[{name}()]" for name in ("_read", "_exact")
}
_PATTERNS = {
    TEXT_PATTERN: "expected a text that is not blank and holds no control characters",
    r"^[A-Za-z0-9._-]{1,64}$": "expected an id: 1 to 64 of A-Z a-z 0-9 . _ -",
    r"^[A-Za-z0-9.-]{1,64}$": "expected a key: 1 to 64 of A-Z a-z 0-9 . -",
    r"^\d{10}$": "expected 10 digits",
    r"^\S+$": "expected a text without blanks",
    r"^\S+( \S+)*$": "expected a code without blanks at its ends",
    r"^(s|min|h|d|wk|mo|a)$": "expected one of s, min, h, d, wk, mo, a",
    r"^[A-Z]{3}$": "expected a currency of ISO 4217, such as USD",
}
_SENTENCES = {
    "string_type": "expected a text",
    "string_too_short": "expected a text that is not empty",
    "bool_type": "expected true or false",
    "int_type": "expected a whole number",
    "tuple_type": "expected a list",
    "dict_type": "expected an object",
    "model_type": "expected an object",
    "model_attributes_type": "expected an object",
    "union_tag_invalid": "expected a value of another shape",
    "union_tag_not_found": "expected a value of another shape",
}
