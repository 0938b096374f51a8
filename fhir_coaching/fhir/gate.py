"""The gate: fhir.resources' opinion of a resource's structure. The only place that imports it.

Its R4B classes stand for R4: for our types they differ in `Extension` only, and there they are too strict about `_valueX`.
Codes, reference targets and invariants it does not check, and it never carries data: what it would dump is not what it read.
"""

import importlib
from typing import Any

from pydantic import BaseModel, ValidationError

from fhir_coaching.errors import Fault
from fhir_coaching.lens import R4, Json, Version
from fhir_coaching.records.spelling import path_of

_PACKAGES = {True: "fhir.resources.R4B", False: "fhir.resources"}  # without a version in its name it is R5


def model(type_: str, version: Version) -> type[BaseModel]:
    """The class of a resource type. Raises KeyError for a type that this version does not have."""
    try:
        module = importlib.import_module(f"{_PACKAGES[version is R4]}.{type_.lower()}")
        found: type[BaseModel] = getattr(module, type_)
    except (ImportError, AttributeError):
        raise KeyError(type_) from None
    return found


def structure_faults(resource: Json, version: Version) -> list[Fault]:
    """Every fault in a resource's structure, each with its FHIR expression and without any value."""
    type_ = resource.get("resourceType")
    if not isinstance(type_, str) or not type_.isidentifier():
        return [Fault("expected the name of a resource type", "resourceType")]
    try:
        model(type_, version).model_validate(resource)
    except ValidationError as error:
        return [
            _fault(type_, one) for one in error.errors(include_input=False, include_url=False, include_context=False)
        ]
    except KeyError as error:  # fhir.resources raises it bare for an unknown type inside a resource
        unknown = str(error.args[0]).rpartition(".")[2] if error.args else ""
        return [
            Fault(f"FHIR {version.name} has no resource type {unknown}", type_ if unknown != type_ else "resourceType")
        ]
    return []


def _fault(type_: str, error: Any) -> Fault:
    steps = [step for step in error["loc"] if step != "class_fhir"]
    return Fault(_SENTENCES.get(error["type"], error["msg"]), f"{type_}.{path_of(steps)}".rstrip("."))


_SENTENCES = {"extra_forbidden": "FHIR has no such element here", "missing": "a required element is missing"}
