"""Extensions as nearly all are: one value, or parts with one value each. What their definition asks is soon asked.

Of any other the whole definition is asked, which takes ten times as long and says the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fhir_coaching.checks.elements import ValueCheck
from fhir_coaching.checks.profiles.slicing import CHOICE, Node
from fhir_coaching.checks.profiles.structure import Element, Structure
from fhir_coaching.versions import Json

VALUE = "value" + CHOICE
PAIR = len(("url", VALUE))
ODD = (list, type(None))  # none or many, where the shape of the base has one
Asked = tuple[Sequence[ValueCheck], Any, str]  # of a value, at a path


class Plain(NamedTuple):
    """What is asked of the value, by its name in JSON; or of parts, by their URL, of which some are needed and some may be many."""

    values: Mapping[str, Sequence[ValueCheck]]
    parts: Mapping[str, "Plain"] = {}
    needed: frozenset[str] = frozenset()
    many: frozenset[str] = frozenset()

    def asked(self, node: Json, at: str) -> list[Asked] | None:
        """What is asked of an extension, where it is as simple as that; else None."""
        if len(node) != PAIR:
            return None
        if self.parts:
            return self._of_parts(node.get("extension"), at)
        first, second = node
        key = second if first == "url" else first
        checks, value = self.values.get(key), node[key]
        return None if checks is None or value.__class__ in ODD else [(checks, value, f"{at}.{key}")]

    def _of_parts(self, inside: Any, at: str) -> list[Asked] | None:
        found: list[Asked] = []
        met = set()
        if inside.__class__ is not list:
            return None
        for index, part in enumerate(inside):
            url = part.get("url") if part.__class__ is dict else None
            if url.__class__ is not str or url not in self.parts or (url in met and url not in self.many):
                return None
            its = self.parts[url].asked(part, f"{at}.extension[{index}]")
            if its is None:
                return None
            met.add(url)
            found += its
        return found if self.needed <= met else None


def plain(structure: Structure) -> Plain | None:
    """What an extension's definition asks, if that is no more than this."""
    root = structure.root
    if structure.missing or root.asks or structure.url not in _url(root):
        return None
    parts = root.children.get("extension", Node())
    if not parts.slices:
        return _with_value(root, structure)
    value, slicing = root.children.get(VALUE, Node()), parts.asks.get("slicing", {})
    if value.asks != {"max": "0"} or slicing.get("by") != [["value", "url"]] or slicing.get("ordered"):
        return None
    found = {url: _with_value(node, structure) for node in parts.slices.values() for url in _url(node)}
    needed = frozenset(url for node in parts.slices.values() if node.asks.get("min") for url in _url(node))
    if None in found.values() or len(found) != len(parts.slices) or not _counts(parts, len(needed)):
        return None
    many = frozenset(url for node in parts.slices.values() if node.asks.get("max", "*") == "*" for url in _url(node))
    return Plain({}, {url: its for url, its in found.items() if its}, needed, many)


def _counts(parts: Node, needed: int) -> bool:
    """Whether as many parts as are needed are enough, and more are not too many; a part stands once or any number of times."""
    bounds = [node.asks for node in parts.slices.values()]
    singly = all(its.get("min", 0) <= 1 and its.get("max", "*") in {"1", "*"} for its in bounds)
    return singly and parts.asks.get("min", 0) <= needed and parts.asks.get("max", "*") == "*"


def _url(node: Node) -> Iterator[str]:
    url = node.children.get("url", Node()).asks.get("fixed")
    if url.__class__ is str:
        yield url


def _with_value(node: Node, structure: Structure) -> Plain | None:
    """Of an extension, or of a part of one, that has a value and nothing else to be asked of."""
    value = node.children.get(VALUE)
    if value is None or value.slices or value.children or node.asks.keys() - {"min", "max"}:
        return None
    others = [its for name, its in node.children.items() if name != VALUE]
    if any(its.slices or its.children or its.asks.keys() - {"fixed", "max"} for its in others):
        return None
    its = Element(VALUE, value, "Extension", structure.library, structure.root)
    if its.content.rules or its.content.reached.urls:
        return None
    return Plain(
        {
            key: [*its.content.values, *filter(None, [its.content.by_code.get(code)])]
            for key, code in its.choice.values()
            if not its.allowed or code in its.allowed
        }
    )
