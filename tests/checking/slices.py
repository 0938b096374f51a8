"""What can be done to lists, to what tells their items apart, and to what a resource says it is. Shapes alone are known here."""

from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

from checking import spots as at
from checking.operations import OPERATIONS, Change, Corpus, Fits
from checking.spots import Spot, spots

Json = dict[str, Any]

# Names of what often tells the items of a list apart.
TELLING = {"url", "system", "code", "coding", "type", "use", "category", "linkId", "identifier"}
ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
GUIDE = "http://hl7.org/fhir/us/core/StructureDefinition/"
CLAIMS: tuple[list[str], ...] = (
    [], [f"{GUIDE}us-core-goal"], [f"{GUIDE}us-core-patient"], [f"{GUIDE}us-core-nothing"], [f"{GUIDE}us-core-encounter|1.0"],
    ["http://synthetic.example/StructureDefinition/nothing"], ["http://hl7.org/fhir/StructureDefinition/Goal"], ["us-core-goal"],
)  # fmt: skip


def is_many(spot: Spot) -> bool:
    """A list of objects."""
    return isinstance(spot.value, list) and bool(spot.value) and all(isinstance(one, dict) for one in spot.value)


def is_item(spot: Spot) -> bool:
    """An object in a list."""
    return isinstance(spot.key, int) and isinstance(spot.value, dict)


def is_concept(spot: Spot) -> bool:
    return isinstance(spot.value, dict) and isinstance(spot.value.get("coding"), list)


def is_coding(spot: Spot) -> bool:
    return isinstance(spot.value, dict) and "system" in spot.value and "code" in spot.value


def telling(node: Any) -> Iterator[Spot]:
    """What tells an item apart, however deep in it."""
    return (spot for spot in spots(node, "") if spot.key in TELLING)


def retell(spot: Spot, random: Random, corpus: Corpus) -> None:
    """An item is told by what tells another, here or elsewhere."""
    if found := list(telling(spot.value)):
        one = random.choice(found)
        alike = [its.value for item in spot.holder for its in telling(item) if its.key == one.key]
        one.put(deepcopy(random.choice(alike)) if random.random() < 0.5 else corpus.of(one.key, random))


def untell(spot: Spot, random: Random, _: Corpus) -> None:
    """An item is no longer told apart."""
    if found := list(telling(spot.value)):
        one = random.choice(found)
        del one.holder[one.key]


def exchange(spot: Spot, random: Random, _: Corpus) -> None:
    """Two items have each other's part of a name."""
    one, other = random.choice(spot.value), random.choice(spot.value)
    if names := sorted(one.keys() | other.keys()):
        name = random.choice(names)
        parts = one.pop(name, None), other.pop(name, None)
        for item, part in ((one, parts[1]), (other, parts[0])):
            if part is not None:
                item[name] = part


def split(spot: Spot, random: Random, _: Corpus) -> None:
    """One item becomes two, each with some of its parts."""
    items = list(spot.value.items())
    random.shuffle(items)
    here = random.randint(0, len(items))
    spot.holder[spot.key : spot.key + 1] = [dict(items[:here]), dict(items[here:])]


def merge(spot: Spot, random: Random, _: Corpus) -> None:
    """Two items become one."""
    one, other = random.sample(range(len(spot.value)), 2)
    spot.value[one] = {**spot.value[one], **spot.value[other]}
    del spot.value[other]


def another(spot: Spot, random: Random, corpus: Corpus) -> None:
    """An item that a list of this name has elsewhere."""
    lists = [one for one in corpus.named.get(spot.key, []) if isinstance(one, list) and one]
    if lists:
        spot.value.insert(random.randint(0, len(spot.value)), deepcopy(random.choice(random.choice(lists))))


def recode(spot: Spot, random: Random, corpus: Corpus) -> None:
    """Another coding, another code of the system or another system of the code."""
    known = [one for one in corpus.named.get("coding", []) if isinstance(one, list) and one]
    other = deepcopy(random.choice(random.choice(known)))
    if not isinstance(other, dict):
        return
    which = random.choice(["system", "code", ""])
    spot.put({**spot.value, which: other.get(which, "x")} if which else other)


def second_coding(spot: Spot, random: Random, corpus: Corpus) -> None:
    """A concept said in another way too."""
    known = [one for one in corpus.named.get("coding", []) if isinstance(one, list) and one]
    spot.value["coding"].insert(
        random.randint(0, len(spot.value["coding"])), deepcopy(random.choice(random.choice(known)))
    )


def in_words(spot: Spot, _: Random, __: Corpus) -> None:
    """A concept without codes."""
    del spot.value["coding"]
    spot.value["text"] = "synthetic"


def absent(spot: Spot, _: Random, __: Corpus) -> None:
    """Why there is none, instead."""
    if at.is_primitive(spot):
        spot.holder[f"_{spot.key}"] = deepcopy(ABSENT)
        del spot.holder[spot.key]
    else:
        spot.put([deepcopy(ABSENT)] if isinstance(spot.value, list) else deepcopy(ABSENT))


def claim(spot: Spot, random: Random, _: Corpus) -> None:
    meta = spot.holder.get("meta")
    spot.holder["meta"] = {**(meta if isinstance(meta, dict) else {}), "profile": list(random.choice(CLAIMS))}


SLICES: dict[str, tuple[Fits, Change]] = {
    **OPERATIONS,
    "retell": (is_item, retell),
    "untell": (is_item, untell),
    "exchange in": (is_many, exchange),
    "split": (is_item, split),
    "merge in": (lambda spot: is_many(spot) and len(spot.value) > 1, merge),
    "another in": (is_many, another),
    "recode": (is_coding, recode),
    "second coding": (is_concept, second_coding),
    "in words": (is_concept, in_words),
    "absent": (at.named, absent),
    "claim": (at.is_type, claim),
    "drop once more": (at.named, OPERATIONS["drop"][1]),
}  # fmt: skip
