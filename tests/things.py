"""A small kind that has a row of every sort, for the tests of the kernel."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

from fhir_coaching.fhir.codecs import BOOLEAN, DECIMAL, INTEGER, STRING, choice
from fhir_coaching.lens import (
    R4,
    Kind,
    NoNames,
    Part,
    Row,
    Slice,
    Table,
    attrs_of,
    const,
    derived,
    identity,
    local,
    many,
    one_way,
    row,
)
from fhir_coaching.records.values import SET, canonical

Json = dict[str, Any]


class Item(BaseModel):
    """A nested value."""

    model_config = ConfigDict(frozen=True)
    key: str | None = None
    text: str | None = None


class Thing(BaseModel):
    """A record with a field for each kind of row."""

    model_config = ConfigDict(frozen=True)
    id: str
    name: str | None = None
    number: Decimal | int | bool | None = None
    tags: Annotated[tuple[str, ...], AfterValidator(canonical), SET] = ()
    steps: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    phone: str | None = None
    note: str | None = None
    sent: str | None = None
    kept: str | None = None
    job: str | None = None


T, I = attrs_of(Thing), attrs_of(Item)  # noqa: E741

ITEM = Table(Item, "Thing.item", (row(I.key, "id", STRING), row(I.text, "text", STRING)))
ANCHOR: tuple[Row, ...] = (
    const("resourceType", "Thing", required=True),
    const("intent", "plan"),
    identity(T.id, "identifier:own.value", STRING),
    row(T.name, "name", STRING),
    row(T.number, "value[x]", choice(Boolean=(bool, BOOLEAN), Integer=(int, INTEGER), Decimal=(Decimal, DECIMAL))),
    many(T.tags, "tag", STRING),
    many(T.steps, "step", STRING),
    many(T.items, "item", ITEM, by=lambda item: item.key),
    row(T.phone, "contact:phone.value", STRING),
    row(T.note, "a.b.note", STRING),
    one_way(T.sent, "sent", STRING, why="it is only shown"),
    local(T.kept, why="ours"),
)
SLICES = {"identifier:own": Slice({"system": "urn:own"}), "contact:phone": Slice({"system": "phone"}, {"rank": 1})}
JOB = Table(Thing, "Job", (
    const("resourceType", "Job", required=True),
    derived("about", lambda thing: thing.id, STRING),
    row(T.job, "title", STRING),
), part=True)  # fmt: skip
RETIRED, MARK = {"status": "off"}, {"meta": {"tag": [{"code": "withdrawn"}]}}
KIND = Kind(
    Thing,
    thing=Part(Table(Thing, "Thing", ANCHOR, SLICES, part=True)),
    job=Part(JOB, when=lambda thing: thing.job is not None, retired=RETIRED, mark=MARK),
)
LENS = KIND.lens(R4, NoNames())


def thing(**fields: Any) -> Thing:
    """A record, one id for all."""
    return Thing(id="t-1", **fields)


def made(**fields: Any) -> Json:
    """Its anchor, new."""
    return LENS.put(thing(**fields))["thing"]
