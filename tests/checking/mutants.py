"""Broken resources, the same in every run: one thing changed in a sound one, seldom two.

What is done knows shapes of JSON and words of FHIR (names of types and of elements met elsewhere), but neither its
definitions nor what `checks` or the validation engine asks.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any

from checking.operations import OPERATIONS, Change, Corpus, Fits
from checking.spots import spots

Json = dict[str, Any]
Operations = Mapping[str, tuple[Fits, Change]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A resource and what was done to it."""

    type: str  # of the sound one
    done: tuple[str, ...]  # `drop Goal.description`
    resource: Json


def mutants(sources: Sequence[Json], count: int, seed: int, operations: Operations = OPERATIONS) -> Iterator[Mutant]:
    """So many for all types in turn. Each has its own seed: one source more changes some and not all."""
    by_type: dict[str, list[Json]] = {}
    for source in sources:
        by_type.setdefault(source["resourceType"], []).append(source)
    corpus = Corpus(sources)
    names = sorted(by_type)
    for number in range(count):
        type_ = names[number % len(names)]
        random = Random(f"{seed} {type_} {number // len(names)}")  # noqa: S311 not for secrets
        source = random.choice(by_type[type_])
        yield mutant(source, corpus, random, operations)


def mutant(source: Json, corpus: Corpus, random: Random, operations: Operations) -> Mutant:
    """One of a sound resource."""
    resource, done = deepcopy(source), list[str]()
    for _ in range(2 if random.random() < 0.1 else 1):
        done.append(broken(resource, source["resourceType"], corpus, random, operations))
    return Mutant(source["resourceType"], tuple(done), resource)


def broken(resource: Json, type_: str, corpus: Corpus, random: Random, operations: Operations) -> str:
    """Change a thing, in place; says what: an operation drawn first, so that none is rare, and then where."""
    everywhere = list(spots(resource, type_))
    names = list(operations)
    while True:
        name = random.choice(names)
        fits, change = operations[name]
        fitting = [spot for spot in everywhere if fits(spot)]
        if fitting:
            spot = random.choice(fitting)
            change(spot, random, corpus)
            return f"{name} {spot.path}"
