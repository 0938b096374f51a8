"""When two values are one, and what differs where they are not."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from pydantic import BaseModel


def same(a: Any, b: Any) -> bool:
    """Equal to the digit and to the type: 1 is not True, 8000.1 is not 8000.10."""
    if a is b:
        return True
    kind = a.__class__
    if kind is not b.__class__:
        return False
    if kind is str:
        return bool(a == b)
    if kind is tuple or kind is list:
        return len(a) == len(b) and all(map(same, a, b))
    if kind is Decimal:
        return bool(a.as_tuple() == b.as_tuple())
    if kind is dict:
        return a.keys() == b.keys() and all(same(value, b[key]) for key, value in a.items())
    if isinstance(a, BaseModel):
        return all(map(same, a.__dict__.values(), b.__dict__.values()))
    return bool(a == b)


def differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Each place where two records differ, as deep as both have the same shape: `targets[0].due`, before, after."""
    if same(before, after):
        return
    if isinstance(before, BaseModel) and type(before) is type(after):
        for name, value in before:
            yield from differences(value, getattr(after, name), f"{path}.{name}" if path else name)
    elif isinstance(before, tuple) and isinstance(after, tuple) and len(before) == len(after):
        for index, (one, two) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, two, f"{path}[{index}]")
    else:
        yield path, before, after


def field_of(path: str) -> str:
    """The record's own field that a path of `differences` begins with."""
    return path.partition(".")[0].partition("[")[0]


def fits(template: Any, element: Any) -> bool:
    """Whether `element` contains everything that `template` says."""
    return fitting(template)(element)


def fitting(template: Any) -> Callable[[Any], bool]:
    """`fits` for one template, which is asked often: the test as a function."""
    if template.__class__ is dict:
        tests = {key: fitting(value) for key, value in template.items()}
        if len(tests) == 1:
            ((only, test),) = tests.items()
            return lambda element: element.__class__ is dict and only in element and test(element[only])
        return lambda element: (
            element.__class__ is dict and all(key in element and test(element[key]) for key, test in tests.items())
        )
    if template.__class__ is list:
        each = [fitting(one) for one in template]
        if len(each) == 1:
            (first,) = each
            return lambda element: element.__class__ is list and any(map(first, element))
        return lambda element: element.__class__ is list and all(any(map(test, element)) for test in each)
    return lambda element: same(template, element)


def imposed(template: Any, json: Any) -> Any:
    """`json` with everything that `template` says, and nothing else changed."""
    if template.__class__ is dict and json.__class__ is dict:
        return {**json, **{key: imposed(value, json.get(key)) for key, value in template.items()}}
    if template.__class__ is list and json.__class__ is list:
        return [*json, *(copied(one) for one in template if not any(fits(one, other) for other in json))]
    return copied(template)


def without(template: Any, json: Any) -> Any:
    """`json` less what `template` says of lists; what is left empty goes too."""
    if template.__class__ is dict and json.__class__ is dict:
        left = {key: without(template[key], value) if key in template else value for key, value in json.items()}
        return {key: value for key, value in left.items() if value is not None} or None
    if template.__class__ is list and json.__class__ is list:
        return [other for other in json if not any(fits(one, other) for one in template)] or None
    return json


def copied(json: Any) -> Any:
    """A copy of plain JSON that shares nothing that can change."""
    if json.__class__ is dict:
        return {key: copied(value) if value.__class__ in (dict, list) else value for key, value in json.items()}
    if json.__class__ is list:
        return [copied(value) if value.__class__ in (dict, list) else value for value in json]
    return json
