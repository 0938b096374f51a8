"""What can be done to a value: each operation with the shapes that it is for. Changes are made in place."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from decimal import Decimal
from random import Random
from typing import Any

from checking import spots as at
from checking.spots import Spot, spots
from checking.values import (
    ADDRESSES,
    CONTAINED,
    DATES,
    DIVS,
    EMPTY,
    EXTENSIONS,
    IDS,
    METAS,
    NARRATIVES,
    NUMBERS,
    REFERENCES,
    SIBLINGS,
    TEXTS,
    TIMES,
    UNITS,
)

Json = dict[str, Any]


class Corpus:
    """All that is found in sound resources: what a wrong value is taken from."""

    def __init__(self, sources: Iterable[Json]) -> None:
        everything = [spot for source in sources for spot in spots(source, source["resourceType"])]
        self.types = sorted({source["resourceType"] for source in sources})
        self.codes = sorted({spot.value for spot in everything if at.is_code(spot) and len(spot.value) < 30})
        self.addresses = sorted({spot.value for spot in everything if at.is_address(spot)})
        self.named: dict[str, list[Any]] = {}
        for spot in everything:
            if at.named(spot) and len(self.named.setdefault(spot.key, [])) < 40:
                self.named[spot.key].append(spot.value)
        self.names = sorted(self.named)
        self.within: dict[str, list[tuple[str, Any]]] = {}
        for spot in everything:
            if at.is_object(spot):
                self.within.setdefault(spot.name, []).extend(spot.value.items())

    def element(self, random: Random) -> tuple[str, Any]:
        """A name with a value that it has somewhere."""
        name = random.choice(self.names)
        return name, self.of(name, random)

    def of(self, name: str, random: Random) -> Any:
        """A value that stands under a name somewhere."""
        return deepcopy(random.choice(self.named[name]))


Change = Callable[[Spot, Random, Corpus], None]


def among(*values: Any) -> Change:
    """One of these instead."""
    return lambda spot, random, _: spot.put(deepcopy(random.choice(values)))


def one_of(*ways: Callable[[Any], Any]) -> Change:
    """Made of the value in one of these ways."""
    return lambda spot, random, _: spot.put(random.choice(ways)(spot.value))


def adding(name: str, *values: Any) -> Change:
    """One of these put into an object, under a name."""

    def change(spot: Spot, random: Random, _: Corpus) -> None:
        spot.value[name] = deepcopy(random.choice(values))

    return change


def drop(spot: Spot, _: Random, __: Corpus) -> None:
    del spot.holder[spot.key]


def keep_one(spot: Spot, random: Random, _: Corpus) -> None:
    """Nothing of an object but one element."""
    name = random.choice(list(spot.value))
    spot.put({name: spot.value[name]})


def duplicate(spot: Spot, random: Random, _: Corpus) -> None:
    if spot.value:
        spot.value.insert(random.randint(0, len(spot.value)), deepcopy(random.choice(spot.value)))


def retype(spot: Spot, random: Random, _: Corpus) -> None:
    """The value as another type of JSON has it."""
    value = spot.value
    others: list[Any] = [
        None,
        True,
        False,
        7,
        Decimal("1.50"),
        "7",
        "true",
        "text",
        {},
        {"value": value},
        [value],
        [None],
    ]
    if at.is_number(spot):
        others += [str(value)] * 4
    if isinstance(value, bool):
        others += [str(value).lower(), int(value)] * 2
    spot.put(random.choice(others))


def misspelt(text: str, random: Random) -> str:
    """A letter too many, too few, changed, or two swapped."""
    here = random.randrange(len(text))
    return random.choice([
        text[:here] + "x" + text[here:],
        text[:here] + text[here + 1 :],
        text[:here] + "q" + text[here + 1 :],
        text[: max(here - 1, 0)] + text[here : here + 1] + text[max(here - 1, 0) : here] + text[here + 1 :],
    ])  # fmt: skip


def misspell(spot: Spot, random: Random, _: Corpus) -> None:
    spot.put(misspelt(spot.value, random))


def another_code(spot: Spot, random: Random, corpus: Corpus) -> None:
    """A code that means something elsewhere."""
    spot.put(random.choice(corpus.codes))


def another_address(spot: Spot, random: Random, corpus: Corpus) -> None:
    spot.put(random.choice(corpus.addresses))


def renamed(spot: Spot, name: str) -> None:
    """Under another name, in the same place of the object."""
    was = list(spot.holder.items())
    spot.holder.clear()
    spot.holder.update({(name if key == spot.key else key): value for key, value in was})


def rename(spot: Spot, random: Random, corpus: Corpus) -> None:
    key = spot.key
    renamed(
        spot,
        random.choice([
            misspelt(key, random), key.capitalize(), key.upper(), f"_{key}", f"{key}s", f"{key} ", f"{key}[x]",
            random.choice(corpus.names),
        ]),
    )  # fmt: skip


SUFFIXES = (
    "String", "Date", "DateTime", "Boolean", "Integer", "Decimal", "Code", "Uri", "Period", "Range", "Ratio", "Age",
    "Quantity", "Duration", "Timing", "Money", "Coding", "CodeableConcept", "Reference", "Identifier", "CodeableReference",
)  # fmt: skip


def other_suffix(spot: Spot, random: Random, _: Corpus) -> None:
    """`dueDate` becomes `dueQuantity`, with the value that it had."""
    end = next((s for s in sorted(SUFFIXES, key=len, reverse=True) if spot.key.endswith(s)), "")
    stem = spot.key.removesuffix(end) or spot.key
    renamed(spot, stem + random.choice(SUFFIXES))


def second_choice(spot: Spot, random: Random, corpus: Corpus) -> None:
    """A sibling of the same name in another type."""
    end = next((s for s in sorted(SUFFIXES, key=len, reverse=True) if spot.key.endswith(s)), "")
    stem = spot.key.removesuffix(end) or spot.key
    names = [name for name in corpus.names if name.startswith(stem) and name != spot.key] or [f"{stem}String"]
    name = random.choice(names)
    spot.holder[name] = corpus.of(name, random) if name in corpus.named else "text"


def swap(spot: Spot, random: Random, _: Corpus) -> None:
    """Two elements of an object have each other's value."""
    others = [key for key in spot.holder if key not in {spot.key, "resourceType"}]
    if others:
        other = random.choice(others)
        spot.holder[spot.key], spot.holder[other] = spot.holder[other], spot.holder[spot.key]


def borrow(spot: Spot, random: Random, corpus: Corpus) -> None:
    """The value that an element of that name has elsewhere."""
    spot.put(corpus.of(spot.key, random))


def graft(spot: Spot, random: Random, corpus: Corpus) -> None:
    """An element of something else."""
    name, value = corpus.element(random)
    spot.value[name] = value


def complete(spot: Spot, random: Random, corpus: Corpus) -> None:
    """An element that others of its kind have."""
    name, value = random.choice(corpus.within.get(spot.name) or [corpus.element(random)])
    spot.value[name] = deepcopy(value)


def lift(spot: Spot, random: Random, _: Corpus) -> None:
    """An element of an object stands beside the object."""
    if isinstance(spot.holder, dict) and spot.value:
        name = random.choice(list(spot.value))
        spot.holder[name] = spot.value.pop(name)


def sink(spot: Spot, random: Random, _: Corpus) -> None:
    """An element stands within its neighbour."""
    objects = [value for key, value in spot.holder.items() if isinstance(value, dict) and key != spot.key]
    if objects:
        random.choice(objects)[spot.key] = spot.holder.pop(spot.key)


def shuffle(spot: Spot, random: Random, _: Corpus) -> None:
    random.shuffle(spot.value)


def shuffle_names(spot: Spot, random: Random, _: Corpus) -> None:
    """The same object in another order, which says nothing."""
    items = list(spot.value.items())
    random.shuffle(items)
    spot.put(dict(items))


def backwards(spot: Spot, _: Random, __: Corpus) -> None:
    """From what was the end to what was the start."""
    names = ("start", "end") if "start" in spot.value else ("low", "high")
    first, last = names
    spot.value[first], spot.value[last] = spot.value[last], spot.value[first]


def without(*names: str) -> Change:
    """Some elements of an object left out."""

    def change(spot: Spot, random: Random, _: Corpus) -> None:
        spot.value.pop(random.choice(names), None)

    return change


def other_target(spot: Spot, random: Random, corpus: Corpus) -> None:
    """A reference to a resource of another type."""
    type_ = random.choice([*corpus.types, "Observation", "Substance", "Nobody"])
    value = spot.value
    if "reference" in value or random.random() < 0.5:
        value["reference"] = random.choice([f"{type_}/1", f"https://ehr.example/fhir/{type_}/1"])
        if random.random() < 0.5:
            value.pop("type", None)
    else:
        value["type"] = type_


def top(spot: Spot) -> bool:
    """Once for each resource: its type, beside which something is put."""
    return at.is_type(spot)


def beside(name: str, *values: Any) -> Change:
    """Something in the resource, under a name."""

    def change(spot: Spot, random: Random, _: Corpus) -> None:
        spot.holder[name] = deepcopy(random.choice(values))

    return change


def sibling(spot: Spot, random: Random, _: Corpus) -> None:
    """What says more about a primitive, under its name with a low line."""
    spot.holder[f"_{spot.key}"] = deepcopy(random.choice(SIBLINGS))
    if random.random() < 0.3:
        del spot.holder[spot.key]


def other_type(spot: Spot, random: Random, corpus: Corpus) -> None:
    spot.put(random.choice([*corpus.types, "Nobody", "goal", "", None, 1, "Resource", "DomainResource", "Element"]))


def nulls(spot: Spot, random: Random, _: Corpus) -> None:
    """Nothing among the items of a list."""
    spot.value.insert(random.randint(0, len(spot.value)), random.choice([None, {}, "", []]))


Fits = Callable[[Spot], Any]

OPERATIONS: dict[str, tuple[Fits, Change]] = {
    "drop": (at.named, drop),
    "drop an item": (lambda spot: isinstance(spot.key, int), drop),
    "keep one of": (lambda spot: at.is_object(spot) and spot.value, keep_one),
    "duplicate in": (at.is_list, duplicate),
    "wrap": (at.is_single, one_of(lambda value: [value], lambda value: [value, value])),
    "unwrap": (at.is_list, one_of(lambda value: value[0] if value else {})),
    "nothing in": (at.is_list, nulls),
    "retype": (lambda spot: at.is_primitive(spot) and not at.is_type(spot), retype),
    "empty": (at.named, among(*EMPTY)),
    "misspell": (at.is_code, misspell),
    "recase": (at.is_code, one_of(str.upper, str.capitalize, str.swapcase)),
    "pad": (at.is_text, one_of(lambda v: f"{v} ", lambda v: f" {v}", lambda v: f"{v}  {v}", lambda v: f"{v}\n")),
    "another code": (at.is_code, another_code),
    "another address": (at.is_address, another_address),
    "bad address": (at.is_address, among(*ADDRESSES)),
    "without a part": (at.is_coded, without("system", "code", "value", "unit", "display")),
    "text": (at.is_text, among(*TEXTS)),
    "rename": (at.named, rename),
    "other suffix": (at.is_choice, other_suffix),
    "second choice": (at.is_choice, second_choice),
    "swap": (at.named, swap),
    "borrow": (at.named, borrow),
    "graft": (at.is_object, graft),
    "complete": (at.is_object, complete),
    "unknown in": (at.is_object, adding("colour", "red", 1, {}, ["red"])),
    "lift from": (at.is_object, lift),
    "sink": (at.named, sink),
    "reorder": (at.is_long, shuffle),
    "reorder names": (at.is_object, shuffle_names),
    "date": (at.is_date, among(*DATES)),
    "time": (at.is_time, among(*TIMES)),
    "number": (at.is_number, among(*NUMBERS)),
    "backwards": (at.is_stretch, backwards),
    "unit": (at.is_amount, adding("code", *UNITS)),
    "comparator": (at.is_amount, adding("comparator", "<", ">=", "~", "", 1, ["<"])),
    "target": (at.is_reference, other_target),
    "bad reference": (at.is_reference, adding("reference", *REFERENCES)),
    "extension": (at.is_object, adding("extension", *EXTENSIONS)),
    "modifier extension": (at.is_object, adding("modifierExtension", *EXTENSIONS)),
    "own extension": (top, beside("extension", *EXTENSIONS)),
    "own modifier extension": (top, beside("modifierExtension", *EXTENSIONS)),
    "sibling": (lambda spot: at.is_single(spot) and at.is_primitive(spot), sibling),
    "element id": (at.is_object, adding("id", *IDS)),
    "id": (top, beside("id", *IDS)),
    "meta": (top, beside("meta", *METAS)),
    "language": (top, beside("language", "en", "EN-us", "klingon", "", "de_DE", 1, "en ", None)),
    "rules": (top, beside("implicitRules", "urn:a", "", "a b", 1)),
    "contained": (top, beside("contained", *CONTAINED)),
    "narrative": (top, beside("text", *NARRATIVES)),
    "div": (at.is_narrative, adding("div", *DIVS)),
    "type": (top, other_type),
    "unknown": (top, beside("colour", "red", {}, [], None)),
}  # fmt: skip
