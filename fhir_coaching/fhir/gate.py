"""The gate: fhir.resources' opinion of a resource's structure. The only place that imports it.

Its R4B classes stand for R4: for our types they differ in `Extension` only, and there they are too strict about `_valueX`.
Codes, reference targets and invariants it does not check, and it never carries data: what it would dump is not what it read.
"""

import importlib
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from fhir_coaching.errors import Fault
from fhir_coaching.lens import R4, Json, Version, below
from fhir_coaching.records.spelling import path_of

_PACKAGES = {True: "fhir.resources.R4B", False: "fhir.resources"}  # without a version in its name it is R5


def model(type_: str, version: Version) -> type[BaseModel]:
    """The class of a resource type. Raises KeyError for a type that this version does not have."""
    package = _PACKAGES[version is R4]
    try:
        found = getattr(importlib.import_module(f"{package}.{type_.lower()}"), type_)
    except (ImportError, AttributeError):
        raise KeyError(type_) from None
    root: type[BaseModel] = importlib.import_module(f"{package}.resource").Resource
    if not (isinstance(found, type) and issubclass(found, root)):  # HumanName has a module too
        raise KeyError(type_)
    return found


def structure_faults(resource: Json, version: Version) -> list[Fault]:
    """Every fault in a resource's structure, each with its FHIR expression and without any value."""
    if faults := list(_unknown_types(resource, version, "")):
        return faults  # fhir.resources raises KeyError or TypeError over them
    type_ = resource["resourceType"]
    try:
        model(type_, version).model_validate(resource)
    except (TypeError, AttributeError):  # fhir-core 1.1 on a url that is a list, an object or a number (2026-11)
        at = _stumbled_over(resource, model(type_, version))
        return [Fault("has a value of another JSON type than its definition wants", below(type_, at))]
    except ValidationError as error:
        return [
            _fault(type_, one) for one in error.errors(include_input=False, include_url=False, include_context=False)
        ]
    return []


def _stumbled_over(resource: Json, its: type[BaseModel]) -> str:
    """The element without which fhir.resources comes to an end; empty if there are several."""
    for name in resource.keys() - {"resourceType"}:
        try:
            its.model_validate({key: value for key, value in resource.items() if key != name})
        except (TypeError, AttributeError):
            continue
        except ValidationError:
            pass
        return name
    return ""


def _unknown_types(node: Any, version: Version, at: str) -> Iterator[Fault]:
    """Resource types that this version does not have, at the top and in whatever is contained."""
    if isinstance(node, list):
        for index, child in enumerate(node):
            yield from _unknown_types(child, version, f"{at}[{index}]")
    elif isinstance(node, dict):
        type_ = node.get("resourceType")
        if not at or "resourceType" in node:
            if not isinstance(type_, str) or not type_.isidentifier():
                yield Fault("expected the name of a resource type", below(at, "resourceType"))
                return
            try:
                model(type_, version)
            except KeyError:
                yield Fault(f"FHIR {version.name} has no resource of this type", below(at, "resourceType"))
                return
        for key, child in node.items():
            if isinstance(child, (dict, list)):
                yield from _unknown_types(child, version, below(at or str(type_), key))


def _fault(type_: str, error: Any) -> Fault:
    steps = [step for step in error["loc"] if step != "class_fhir"]
    return Fault(_SENTENCES.get(error["type"], error["msg"]), f"{type_}.{path_of(steps)}".rstrip("."))


_SENTENCES = {"extra_forbidden": "FHIR has no such element here", "missing": "a required element is missing"}
