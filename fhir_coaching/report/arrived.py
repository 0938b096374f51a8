"""What stands on a server, for people: a plan in its own words, and a claim line by line."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fhir_coaching.report.screen import table
from fhir_coaching.versions import Json

_HEADINGS = ("h3", "h4")
_BLOCKS = (*_HEADINGS, "tr", "li")


@dataclass
class _Block:
    """A heading, a row or an item of a narrative; `depth` counts the lists around it."""

    tag: str
    depth: int = 0
    mark: str = ""
    words: list[str] = field(default_factory=list)


class _Narrative(HTMLParser):
    """Reads the blocks of the XHTML that a plan is told in."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[_Block] = []
        self._lists: list[Iterator[str]] = []  # the marks of the items still to come

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        """A list begins, or a block."""
        if tag in ("ol", "ul"):
            self._lists.append(_marks(tag))
        elif tag in _BLOCKS:
            mark = next(self._lists[-1]) if tag == "li" and self._lists else ""
            self.blocks.append(_Block(tag, len(self._lists), mark))
        elif tag in ("td", "br"):
            self.handle_data(": " if tag == "td" else " ")

    def handle_endtag(self, tag: str) -> None:
        """A list ends."""
        if tag in ("ol", "ul") and self._lists:
            self._lists.pop()

    def handle_data(self, data: str) -> None:
        """Words, of the block that began last."""
        if self.blocks:
            self.blocks[-1].words.append(data)


def _marks(tag: str) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"{number}." if tag == "ol" else "-"


def plan_in_words(plan: Json) -> list[RenderableType]:
    """The narrative of a CarePlan, its lists one below the other; its title, where there is no narrative."""
    reader = _Narrative()
    reader.feed((plan.get("text") or {}).get("div", ""))
    return [_shown(block) for block in reader.blocks] or [Text(plan.get("title", "no title"), style="bold")]


def _shown(block: _Block) -> RenderableType:
    words = " ".join("".join(block.words).split())
    if block.tag in _HEADINGS:
        return Text(words, style="bold")
    beside = Table.grid(padding=(0, 1, 0, 0))
    beside.add_row(*filter(None, (block.mark, words)))
    return Padding(beside, (0, 0, 0, 3 * max(block.depth - 1, 0)))


def claim_in_lines(claim: Json) -> Table:
    """The lines of a Claim with their bare codes, and its total; every amount with the digits that it came with."""
    made = table(
        *("line", "date", "code", "modifiers", "place", "units", "price", "net"),
        **dict.fromkeys(("line", "units", "price", "net"), "right"),
    )
    for item in claim.get("item", []):
        made.add_row(
            str(item["sequence"]),
            item.get("servicedDate", ""),
            _code(item.get("productOrService")),
            " ".join(map(_code, item.get("modifier", []))),
            _code(item.get("locationCodeableConcept")),
            _number(item.get("quantity")),
            _number(item.get("unitPrice")),
            _number(item.get("net")),
        )
    made.add_row(*[""] * 6, claim["total"].get("currency", ""), _number(claim["total"]), style="bold")
    return made


def _code(concept: Json | None) -> str:
    return next((coding["code"] for coding in (concept or {}).get("coding", []) if "code" in coding), "")


def _number(amount: dict[str, Any] | None) -> str:
    return str((amount or {}).get("value", ""))
