"""Whether a narrative is the XHTML that FHIR allows: https://hl7.org/fhir/R4/narrative.html, R5 the same.

What the text names by chapters of HTML 4.0 (txt-1) is listed as the official engine has it (org.hl7.fhir.validation 6.7.9,
2025-12: XhtmlValidator, FHIRPathEngine): elements and attributes, and since 2025-06 what may stand in what. Stricter than
it: a narrative is well-formed XML without a document type, so that no entity can grow; and no link or image runs a program.
"""

from collections import Counter
from collections.abc import Iterator
from xml.parsers import expat

from fhir_coaching.errors import ERROR, WARNING, Finding

XHTML = "http://www.w3.org/1999/xhtml"
XML = "http://www.w3.org/XML/1998/namespace"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


INLINE = _names("a b em i strong small big sub sup code tt dfn q var abbr acronym cite bdo kbd samp")
ELEMENTS = INLINE | _names(
    "p h1 h2 h3 h4 h5 h6 pre address br img hr span div blockquote ul ol li dl dt dd map area "
    "table caption colgroup col thead tfoot tbody tr th td"
)
ATTRIBUTES = _names(
    "title style class id lang dir accesskey tabindex span width align valign char charoff abbr axis headers scope "
    "rowspan colspan"
)
XML_ATTRIBUTES = frozenset({f"{XML} lang", f"{XML} space"})
ATTRIBUTES_OF = {
    "a": _names("charset type name href hreflang rel rev shape coords"),
    "area": _names("shape coords href nohref alt"),
    "blockquote": _names("cite"),
    "img": _names("src alt longdesc height width usemap ismap border"),
    "map": _names("name"),
    "pre": _names("space"),
    "q": _names("cite"),
    "table": _names("summary width border frame rules cellspacing cellpadding"),
    "td": _names("nowrap"),
}
LINKS = _names("href src cite longdesc usemap")
ADDRESSES = _names("href src")

# What may stand in what. An element without a row may stand anywhere, or hold anything.
PARENTS = {
    "tr": _names("table thead tfoot tbody"),
    "thead": _names("table"),
    "tfoot": _names("table"),
    "tbody": _names("table"),
    "caption": _names("table"),
    "colgroup": _names("table"),
    "col": _names("colgroup table"),
    "th": _names("tr thead tfoot"),
    "td": _names("tr thead tfoot"),
    "li": _names("ul ol"),
    "dd": _names("dl"),
    "dt": _names("dl"),
}
CHILDREN = {
    "table": _names("tbody tr caption thead tfoot col colgroup"),
    "tr": _names("td th"),
    "thead": _names("tr"),
    "tfoot": _names("tr"),
    "tbody": _names("tr"),
    "ul": _names("li"),
    "ol": _names("li"),
    "dl": _names("dd dt"),
    "map": _names("area"),
    "br": _names(""),
    "img": _names(""),
    "hr": _names(""),
    "area": _names(""),
}
LINES = INLINE | _names("p h1 h2 h3 h4 h5 h6 pre address span caption dd dt")  # hold no blocks, at any depth
BLOCKS = _names("div pre table ul ol")
NOT_IN_P = _names("div blockquote table ol ul p")

# Names that are said back. Others may be anything, a patient's name too.
KNOWN = _names(
    "script style link base iframe frame frameset object embed applet form input button select textarea font u s strike "
    "del ins head body html meta title svg math video audio canvas section article header footer nav center"
)
ACTIVE = frozenset({"javascript", "vbscript"})
ACTIVE_DATA = ("text/html", "application/xhtml+xml", "text/xml", "application/xml", "image/svg+xml")
SPACE = " \t\r\n"


class _Unsafe(ValueError):
    """A document type."""


class _Reader:
    """Reads a narrative from its start to its end, once, and keeps what is wrong with it, each thing once."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str, str], None] = {}
        self.open: list[str] = []
        self.within = Counter[str]()
        self.lines = 0  # how many open elements hold no blocks
        self.content = False
        self.marked = False  # inside a CDATA section: the official engine takes none for content
        self.parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self.refuse
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.words
        self.parser.StartCdataSectionHandler = lambda: self.mark(on=True)
        self.parser.EndCdataSectionHandler = lambda: self.mark(on=False)

    def refuse(self, *_: object) -> None:
        raise _Unsafe

    def say(self, rule: str, message: str, severity: str = ERROR) -> None:
        self.found[severity, rule, message] = None

    def start(self, full: str, attributes: dict[str, str]) -> None:
        space, _, name = full.rpartition(" ")
        if space != XHTML:
            self.say("narrative", "an element is not in the namespace of XHTML")
        if not self.open and name != "div":
            self.say("narrative", "a narrative is one div")
        if name not in ELEMENTS:
            which = f"the element {name}" if name in KNOWN else "an element that narratives do not have"
            self.say("txt-1", f"{which} is not allowed")
        elif self.open:
            self.placed(name, self.open[-1])
        for key, value in attributes.items():
            self.attribute(name, key, value)
        self.content |= name == "img"
        self.open.append(name)
        self.within[name] += 1
        self.lines += name in LINES

    def placed(self, name: str, parent: str) -> None:
        if parent not in PARENTS.get(name, {parent}):
            self.say("narrative", f"{name} stands where it may not")
        elif name not in CHILDREN.get(parent, {name}):
            self.say("narrative", f"{parent} holds what it may not")
        if (self.lines and name in BLOCKS) or (self.within["p"] and name in NOT_IN_P):
            self.say("narrative", f"{name} stands inside a line of text")
        if name in INLINE and self.within[name]:
            self.say("narrative", f"{name} stands inside another")

    def attribute(self, element: str, name: str, value: str) -> None:
        if name not in ATTRIBUTES and name not in XML_ATTRIBUTES and name not in ATTRIBUTES_OF.get(element, ()):
            program = name.lower().startswith("on")
            self.say(
                "txt-1", f"{'a program' if program else 'an attribute that narratives do not have'} is not allowed"
            )
        if name in ADDRESSES and (not value or any(space in value for space in SPACE)):
            self.say("narrative", f"{name} is no address")
        if name in LINKS and _is_active(value):
            self.say("narrative", f"{name} runs a program")
        if name == "style" and any(sign in value.lower() for sign in ("url(", "expression(", "@import")):
            self.say("narrative", "a style should not reach outside the narrative", WARNING)

    def end(self, full: str) -> None:
        name = full.rpartition(" ")[2]
        self.open.pop()
        self.within[name] -= 1
        self.lines -= name in LINES

    def mark(self, *, on: bool) -> None:
        self.marked = on

    def words(self, text: str) -> None:
        if not text.strip(SPACE):
            return
        self.content |= not self.marked
        if self.open[-1] in CHILDREN:
            self.say("narrative", f"{self.open[-1]} holds what it may not")


def _is_active(address: str) -> bool:
    """Whether following an address may run something. Browsers look past blanks and control characters."""
    bare = "".join(sign for sign in address if sign > " ").lower()
    scheme, _, rest = bare.partition(":")
    return scheme in ACTIVE or (scheme == "data" and rest.startswith(ACTIVE_DATA))


def problems(div: str, at: str) -> Iterator[Finding]:
    """What is wrong with a narrative's markup. Reads it once; no message holds any of it."""

    def say(severity: str, rule: str, message: str, hint: str = "") -> Finding:
        return Finding(rule, severity, message, hint=hint, element=at)

    reader = _Reader()
    try:
        reader.parser.Parse(div.encode(), True)  # noqa: FBT003 - expat takes no names
    except _Unsafe:
        yield say(ERROR, "narrative", "a document type is not allowed", "write characters instead of entities")
        return
    except UnicodeEncodeError:
        yield say(ERROR, "narrative", "not Unicode: half of a pair of code units stands alone")
        return
    except expat.ExpatError as error:
        where = f"line {error.lineno}, column {error.offset + 1}"
        yield say(ERROR, "narrative", f"not well-formed XHTML: {expat.ErrorString(error.code)} ({where})", _hint(error))
        return
    if not reader.content:
        reader.say("txt-2", "a narrative says something, in words or a picture")
    for severity, rule, message in reader.found:
        yield say(severity, rule, message)


def _hint(error: expat.ExpatError) -> str:
    if error.code == expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]:
        return "only &amp; &lt; &gt; &quot; &apos; are known: write the character itself"
    return ""
