"""Wrong values, and some right ones: what stands in the place of a text, a date, a number, an extension, a narrative."""

from decimal import Decimal
from typing import Any

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
