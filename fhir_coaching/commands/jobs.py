"""Who examines what `validate` reads: this process, or several at once, which read the files themselves."""
# ruff: noqa: PLC0415 - what only several processes need is imported when there are several

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Protocol

from fhir_coaching.commands.examining import Seen, Text, Wish, examined

EACH = 512  # bytes of a text that take as long as it takes to open a file
BATCH = 2**18  # bytes that are examined at a time: enough to be worth sending, few enough to be held
WINDOW = 3  # batches a process that are under way: memory is bounded, and none of them waits


class Texts(Protocol):
    """A file or a part of one, which who examines it reads. It can be sent to another process."""

    def texts(self) -> Iterator[Text | Seen]:
        """Its texts, and what was wrong on the way to them."""


class Whole(Texts, Protocol):
    """A file, however large."""

    def parts(self) -> "Iterator[tuple[Sent, int]]":
        """The same as pieces to send, no larger than they need be, each with its bytes."""


Item = Text | Seen | Whole
Sent = Text | Seen | Texts
Brief = tuple[int, str, str, tuple[str, ...]]  # of a text without findings, which need not travel as an object


def examined_each(items: Iterable[Item], wish: Wish, jobs: int) -> Iterator[Seen]:
    """What is found in each text, in their order, whoever examines it; what was seen already passes through."""
    if jobs == 1:
        for item in items:
            yield from _seen(item, wish)
        return
    from fhir_coaching.commands.helpers import answers

    for batch in answers(partial(_batch, wish=wish), _batches(items), jobs, WINDOW):
        yield from map(_whole, batch)


def _batches(items: Iterable[Item]) -> Iterator[list[Sent]]:
    batch, size = list[Sent](), 0
    for item in items:
        for part, its in _parts(item):
            batch.append(part)
            size += its + EACH
            if size >= BATCH:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _parts(item: Item) -> Iterable[tuple[Sent, int]]:
    if isinstance(item, Text):
        return [(item, len(item.said))]
    return [(item, 0)] if isinstance(item, Seen) else item.parts()


def _batch(items: list[Sent], wish: Wish) -> list[Seen | Brief]:
    """What is found. Texts without findings in a row are one where nobody names them, as they are only counted then."""
    made = list[Seen | Brief]()
    for one in (seen for item in items for seen in _seen(item, wish)):
        last = made[-1] if made and not wish.each else None
        if one.says:
            made.append(one)
        elif isinstance(last, tuple) and last[0] == one.source:
            made[-1] = (*last[:3], last[3] + one.what)
        else:
            made.append((one.source, one.file, one.place, one.what))
    return made


def _whole(one: Seen | Brief) -> Seen:
    return one if isinstance(one, Seen) else Seen(*one)


def _seen(item: Sent, wish: Wish) -> Iterator[Seen]:
    if isinstance(item, Seen):
        yield item
    elif isinstance(item, Text):
        yield examined(item, wish)
    else:
        for text in item.texts():
            yield examined(text, wish) if isinstance(text, Text) else text
