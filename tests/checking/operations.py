"""What can be done to a value: each operation with the shapes that it is for. Changes are made in place."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from decimal import Decimal
from random import Random
from typing import Any

from checking import spots as at
from checking.spots import Spot, spots

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


TEXTS = (
    "",
    " ",
    "  two  spaces ",
    " leading",
    "trailing ",
    "a\tb",
    "a\nb",
    "\u0007bell",
    "\u00a0",
    "<b>bold</b>",
    "x" * 300,
)
EMPTY: tuple[Any, ...] = ("", [], {}, None, [None], [{}], [[]], {"id": "x"}, {"extension": []})
DATES = (
    "2026-13-01", "2026-00-10", "2026-01-32", "2026-02-30", "2025-02-29", "2026-2-3", "26-01-01", "2026", "2026-06",
    "2026-06-15", "20260615", "2026/06/15", "15.06.2026", "2026-06-15T", "2026-06-15T10", "2026-06-15T10:00",
    "2026-06-15T10:00Z", "2026-06-15T10:00:00", "2026-06-15T10:00:00Z", "2026-06-15T10:00:00+01:00",
    "2026-06-15T10:00:00.123456789Z", "2026-06-15T24:00:00Z", "2026-06-15T25:00:00Z", "2026-06-15T10:60:00Z",
    "2026-06-15T10:00:60Z", "2026-06-15T10:00:00+0100", "2026-06-15T10:00:00+15:00", "2026-06-15 10:00:00Z",
    "2026-06-15t10:00:00z", " 2026-06-15", "2026-06-15 ", "0000-01-01", "9999-12-31", "today", "-2026-06-15",
)  # fmt: skip
TIMES = ("25:00:00", "10:60:00", "10:00", "10", "10:00:00Z", "24:00:00", "10:00:60", "1:00:00", "10:00:00.123", "noon")
NUMBERS: tuple[Any, ...] = (
    -1, 0, 1, 2147483648, -2147483649, 12345678901234567890, Decimal("1.5"), Decimal("0.10"), Decimal("1.00"),
    Decimal("1e3"), Decimal("1E-10"), Decimal("0.12345678901234567890123"), Decimal("1e400"), Decimal("-0.0"),
)  # fmt: skip
ADDRESSES = ("", "x", "not a uri", "http://", "http://a b", "www.example.org", "urn:oid:1.2.x", "urn:uuid:123", "URN:x",
             "http://example.org/|1", "https://ehr.example/%zz", "mailto:a@b", "http://loinc.org/", "#part")  # fmt: skip
REFERENCES = (
    "Patient", "Patient/", "/1", "Patient/a b", "Patient/1/2", "patient/1", "#", "#missing", "#a b", "1", "",
    "Patient/1/_history/2", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:1", "http://a b/Patient/1",
    "https://ehr.example/fhir/Patient/1", "Patient?identifier=1", "Patient/" + "1" * 65, "Patient/a_b", "../Patient/1",
)  # fmt: skip
URL = "https://ehr.example/extension"
EXTENSIONS: tuple[Any, ...] = (
    [], {}, [{}], [None], "text", ["text"], [{"url": URL}], [{"valueString": "no url"}], [{"url": URL, "valueString": "sound"}],
    {"url": URL, "valueString": "no list"}, [{"url": "", "valueString": "a"}], [{"url": "relative", "valueString": "a"}],
    [{"url": URL, "valueString": "a", "extension": [{"url": "b", "valueCode": "c"}]}], [{"url": 1, "valueString": "a"}],
    [{"url": URL, "valueString": "a", "valueCode": "b"}], [{"url": URL, "valueText": "a"}], [{"url": URL, "value": "a"}],
    [{"url": URL, "extension": [{"url": "b", "valueCode": "c"}]}], [{"url": URL, "extension": [{"url": "b"}]}],
    [{"url": URL, "valueInteger": "1"}], [{"url": URL, "valueDate": "2026-02-30"}], [{"url": URL, "valueString": ""}],
    [{"url": URL, "valueReference": {"reference": "Patient/a b"}}], [{"url": URL, "valueQuantity": {"code": "kg"}}],
    [{"url": URL, "valueString": "a", "note": "b"}], [{"url": URL, "valueCoding": {"system": "x", "code": " "}}],
)  # fmt: skip
SIBLINGS: tuple[Any, ...] = (
    {}, [], None, "text", {"id": "x"}, {"id": "a b"}, {"extension": [{"url": URL, "valueString": "sound"}]}, {"extension": []},
    {"extension": [{"url": URL}]}, {"value": 1}, [None], [{"id": "x"}], [None, {"id": "x"}], [{}, {}, {}], {"fhir_comments": ["x"]},
)  # fmt: skip
CONTAINED: tuple[Any, ...] = (
    [], {}, [{}], [None], ["text"], [{"resourceType": "Patient"}], [{"resourceType": "Patient", "id": "p"}],
    [{"resourceType": "Nobody", "id": "n"}], [{"id": "typeless"}], [{"resourceType": "Patient", "id": "p", "colour": "red"}],
    [{"resourceType": "Patient", "id": "p", "contained": [{"resourceType": "Patient", "id": "q"}]}],
    [{"resourceType": "Patient", "id": "p", "meta": {"versionId": "1"}}], [{"resourceType": "Patient", "id": "#p"}],
    [{"resourceType": "Patient", "id": "p", "meta": {"security": [{"code": "R"}]}}], {"resourceType": "Patient", "id": "p"},
    [{"resourceType": "Patient", "id": "p", "text": {"status": "generated", "div": "<div>x</div>"}}],
    [{"resourceType": "Patient", "id": "p"}, {"resourceType": "Patient", "id": "p"}],
    [{"resourceType": "Patient", "id": "p", "gender": "unclear", "birthDate": "2026-02-30"}],
)  # fmt: skip
XHTML = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'
DIVS: tuple[Any, ...] = (
    "", " ", "text", "<div/>", "<div></div>", "<div>text</div>", "<p>text</p>", XHTML.format(""), XHTML.format("  "),
    *map(XHTML.format, (
        "text", "<p>text", "<b><i>text</b></i>", "<script>x</script>", "<p onclick='x'>text</p>", "<img src='a.png'/>", "<img/>",
        "<a href='javascript:x'>text</a>", "<a href='#part'>text</a>", "<iframe src='a'/>", "<style>p{}</style>", "<blink>text</blink>",
        "a & b", "a &amp; b", "a &nbsp; b", "a &unknown; b", "<p>a<br/>b</p>", "<p>a<br>b</p>", "<table><tr><td>a</td></tr></table>",
        "<p style='color: red'>text</p>", "<p class=loud>text</p>", "<P>text</P>", "<!-- comment -->", "<p>a < b</p>", "<form/>",
        "<p lang='de'>text</p>", "<object data='a'/>", "<p xmlns:a='urn:a' a:b='c'>text</p>", "<![CDATA[text]]>", "<?php x ?>",
        "<h1>a</h1>", "<ol><li>a</li></ol>", "<input type='text'/>", "<video/>", "<p id='a'>a</p><p id='a'>b</p>", "&#160;", "&lt;",
    )),
    XHTML.format("<b>a</b>") * 2, f"<!DOCTYPE html>{XHTML.format('text')}", f"<?xml version='1.0'?>{XHTML.format('text')}",
    {"html": "a"}, ["<div/>"], 1, None,
)  # fmt: skip
NARRATIVES: tuple[Any, ...] = (
    {"status": "generated"}, {"div": XHTML.format("a")}, {"status": "written", "div": XHTML.format("a")}, "text", {},
    {"status": "additional", "div": XHTML.format("a")}, *({"status": "generated", "div": div} for div in DIVS),
)  # fmt: skip
IDS = ("", "a b", "a_b", "x" * 64, "x" * 65, "ä", "a/b", 1, None, "A.b-3", "#a")
METAS: tuple[Any, ...] = (
    {}, [], {"versionId": "a b"}, {"lastUpdated": "2026-06-15"}, {"lastUpdated": "2026-06-15T10:00:00Z"}, {"profile": "http://x.example"},
    {"source": "not a uri"}, {"security": [{"system": "x"}]}, {"tag": [{"code": "a", "system": "urn:a"}]}, {"tag": {"code": "a"}},
    {"profile": [1]}, {"profile": []}, {"colour": "red"}, {"tag": [{"code": " a"}]}, {"versionId": 1}, "text",
)  # fmt: skip
UNITS = (
    "kg",
    "[lb_av]",
    "furlong",
    "kilograms",
    "",
    "KG",
    "mg/dL",
    "d",
    "{step}",
    "{steps}/d",
    "1",
    "%",
    "USD",
    " kg",
    "min",
)


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


Fits = Callable[[Spot], bool]

OPERATIONS: dict[str, tuple[Fits, Change]] = {
    "drop": (at.named, drop),
    "drop an item": (lambda spot: isinstance(spot.key, int), drop),
    "keep one of": (at.is_object, keep_one),
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
