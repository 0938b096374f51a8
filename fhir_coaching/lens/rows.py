"""Rows: a record's field, a FHIR element and a codec in one line, read in both directions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast, overload

from pydantic import BaseModel

from fhir_coaching.lens.paths import Slice
from fhir_coaching.versions import Version

if TYPE_CHECKING:
    from fhir_coaching.lens.tables import Table

A = TypeVar("A")
M = TypeVar("M", bound=BaseModel)


class Names(Protocol):
    """What the practice and the target call things: all that a codec may know of the world."""

    def system(self, kind: str) -> str:
        """The identifier system of a kind, or of a part (`session.appointment`)."""

    def local(self, kind: str, reference: str) -> str | None:
        """The record id behind a literal reference, `Patient/17`, if it is known."""

    def miss(self, reference: str) -> None:
        """Take note that a reference means nothing yet, where nothing else says which record is meant."""


class Near(Protocol):
    """What stands near a record: a read-only view of the same patient's records, and of people and places."""

    def record(self, kind: str, key: str) -> Any | None:
        """The record of this kind and id, if it is known."""


@dataclass(frozen=True)
class Codec(Generic[A]):
    """How one value is said in FHIR. Law: decode(encode(a)) == a.

    `decode` is total: any JSON gives a value, raises Wrong, or answers NotImplemented, "there is something, but it is not ours".
    """

    decode: Callable[[Any], A]
    encode: Callable[[A], Any]
    says: str  # for people: what is expected
    suffixes: tuple[str, ...] = ()  # of value[x], also those that are only recognized as not ours


Bound = Codec[A] | Callable[[Names], Codec[A]]
Cell = Bound[A] | Mapping[Version, Bound[A]]
At = str | Mapping[Version, str]
Slices = Mapping[str, Slice | Callable[[Names], Slice] | Mapping[Version, Slice | Callable[[Names], Slice]]]


class Fate(Enum):
    """What becomes of a field on its way to a server and back."""

    EXACT = "exact"
    ONE_WAY = "one_way"
    LOCAL = "local"


@dataclass(frozen=True)
class Row:
    """One line of a table. Made by the functions below."""

    attr: str
    at: Any = None
    codec: Any = None
    kind: str = "row"
    required: bool = False
    by: Callable[[Any], object] | None = None
    why: str = ""
    derive: Callable[..., Any] | None = None
    sees: tuple[str, ...] = ()  # kinds of records that a near row is made from
    reads: tuple[object, ...] = ()  # what a constant may say as well


def attrs_of(record: type[M]) -> M:
    """Stands for the names of a record's fields, typed as the record, so that checkers see a wrong codec."""

    class Attrs:
        def __getattr__(self, name: str) -> str:
            if name not in record.model_fields:
                raise AttributeError(f"{record.__name__} has no field {name!r}")
            return name

    return cast("M", Attrs())


@overload
def row(attr: M | None, at: At, codec: "Table[M]", *, required: bool = False) -> Row: ...
@overload
def row(attr: A | None, at: At, codec: Cell[A], *, required: bool = False) -> Row: ...
def row(attr: Any, at: At, codec: Any, *, required: bool = False) -> Row:
    """One field, one element, which is written whole. mypy says "no overload matches" where field and codec do not fit."""
    return Row(attr, at, codec, required=required)


@overload
def many(
    attr: tuple[M, ...], at: At, item: "Table[M] | Mapping[Version, Table[M]]", by: Callable[[M], object] | None = None
) -> Row: ...
@overload
def many(attr: tuple[A, ...], at: At, item: Cell[A], by: Callable[[A], object] | None = None) -> Row: ...
def many(attr: Any, at: At, item: Any, by: Callable[[Any], object] | None = None) -> Row:
    """A list. Elements are found again by equal meaning, then by `by`; else they are new. Those not ours stay."""
    return Row(attr, at, item, "many", by=by)


def also(attr: A | None, at: At, codec: Cell[A]) -> Row:
    """A copy of a field that another row reads. A copy that disagrees is refused."""
    return Row(cast("str", attr), at, codec, "also")


def also_many(attr: tuple[A, ...], at: At, item: Cell[A]) -> Row:
    """A copy of a list that another row reads; never read. Items that are not ours stay, as in any list."""
    return Row(cast("str", attr), at, item, "copies")


def identity(attr: A, at: At, codec: Cell[A]) -> Row:
    """Which record this is. Written into a new resource only; a resource that has none is known by other means."""
    return Row(cast("str", attr), at, codec, "identity")


def derived(at: At, derive: Callable[[Any], A | None], codec: Cell[A]) -> Row:
    """Made from fields; written when it is new or would be made otherwise now; never read."""
    return Row("", at, codec, "derived", derive=derive)


def near(at: At, derive: Callable[[Any, Near], A | None], codec: Cell[A], sees: tuple[str, ...]) -> Row:
    """Made from a record and those of the kinds that it `sees`; never read into a field.

    Written into a new resource; later only over what we sent ourselves, when it would be made otherwise now. Whether it
    is what we sent is seen by `decode`, which may leave out what servers rewrite.
    """
    return Row("", at, codec, "near", derive=derive, sees=sees)


def const(at: At, value: object, *, required: bool = False, also_read: tuple[object, ...] = ()) -> Row:
    """What a new resource says in any case. One that says otherwise, or nothing where it is required, is refused."""
    return Row("", at, None, "const", required=required, derive=lambda _: value, reads=also_read)


def one_way(attr: A | None, at: At, codec: Cell[A], why: str) -> Row:
    """Sent, not read back."""
    return Row(cast("str", attr), at, codec, "one_way", why=why)


def local(attr: object, why: str) -> Row:
    """Does not travel."""
    return Row(cast("str", attr), kind="local", why=why)


FATES = {"row": Fate.EXACT, "many": Fate.EXACT, "identity": Fate.EXACT, "one_way": Fate.ONE_WAY, "local": Fate.LOCAL}
