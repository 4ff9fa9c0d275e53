"""Whether a CSS selector can match anything in some pages, whatever the state of their elements.

Where in doubt the answer is yes: a rule too many costs a few bytes, a rule too few a page.
"""

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import NamedTuple

_COMBINATOR = re.compile(r"(\s*[>+~]\s*|\s+)(?![^([]*[)\]])")
_PART = re.compile(
    r"::?-?[\w-]+(?:\((?:[^()]|\([^()]*\))*\))?|\.-?[\w\\-]+|#[\w-]+|\[[^\]]*\]|\*|[\w-]+|."
)
_ATTRIBUTE = re.compile(r"""\[\s*([\w-]+)\s*(?:([~|^$*]?=)\s*["']?([^"'\]]*?)["']?\s*)?\]""")
_PLAIN = re.compile(r"[\w-]+|\.[\w-]+|\[[^\]]*\]")
_VOID = frozenset(
    {"base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr", "path"}
)
# Attributes whose values grow with the content and say nothing to a stylesheet.
_GROWING = frozenset(
    {"href", "content", "d", "action", "value", "aria-label", "for", "name", "id", "viewbox"}
)


class Element(NamedTuple):
    """What a selector can see of an element, its place in the page aside."""

    tag: str
    classes: frozenset[str]
    attributes: frozenset[tuple[str, str]]


Chain = tuple[Element, ...]


class _Chains(HTMLParser):
    """Collects each element with those around it, outermost first."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[Chain] = set()
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        seen = {n: "" if n in _GROWING else v or "" for n, v in attrs}
        element = Element(tag, frozenset(seen.pop("class", "").split()), frozenset(seen.items()))
        if any(name == "class" for name, _ in attrs):
            element = element._replace(attributes=element.attributes | {("class", "")})
        self._open.append(element)
        self.found.add(tuple(self._open))
        if tag in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        while any(element.tag == tag for element in self._open):
            if self._open.pop().tag == tag:
                break


def chains(pages: Iterable[str]) -> set[Chain]:
    """The different elements in some pages, each with what it stands in."""
    parser = _Chains()
    for page in pages:
        parser.reset()
        parser._open.clear()
        parser.feed(page)
    return parser.found


def split(selectors: str) -> list[str]:
    """Selectors at their outer commas."""
    return [s.strip() for s in re.split(r",(?![^(]*\))", selectors)]


def _attribute_fits(part: str, element: Element) -> bool:
    match = _ATTRIBUTE.fullmatch(part)
    if match is None:
        return False
    name, how, wanted = match[1].lower(), match[2], match[3]
    value = dict(element.attributes).get(name)
    if value is None or how is None or name in _GROWING or name == "class":
        return value is not None
    return {
        "=": value == wanted,
        "~=": wanted in value.split(),
        "|=": value == wanted or value.startswith(f"{wanted}-"),
        "^=": value.startswith(wanted),
        "$=": value.endswith(wanted),
        "*=": wanted in value,
    }[how]


def _part_fits(part: str, element: Element) -> bool:
    if part.startswith(":"):
        name, _, inner = part.lstrip(":").partition("(")
        if name in ("is", "where", "-webkit-any", "-moz-any", "matches"):
            return any(_compound_fits(s, element) for s in split(inner[:-1]))
        if name == "root":
            return element.tag == "html"
        if name == "not" and _PLAIN.fullmatch(inner[:-1]) and inner[:-1] != "[hidden]":
            return not _part_fits(inner[:-1], element)
        return True
    if part.startswith("."):
        return part[1:].replace("\\", "") in element.classes
    if part.startswith("#"):
        return any(name == "id" for name, _ in element.attributes)
    if part.startswith("["):
        return _attribute_fits(part, element)
    return part in ("*", element.tag)


def _compound_fits(compound: str, element: Element) -> bool:
    parts: list[str] = _PART.findall(compound.strip())
    return all(_part_fits(part, element) for part in parts)


class Matcher:
    """Answers for one set of pages."""

    def __init__(self, pages: Iterable[str]) -> None:
        self._chains = chains(pages)
        self._elements = {chain[-1] for chain in self._chains}
        self._fitting: dict[str, frozenset[Element]] = {}

    def _fits(self, compound: str) -> frozenset[Element]:
        """The elements that a compound selector fits."""
        if compound not in self._fitting:
            self._fitting[compound] = frozenset(
                e for e in self._elements if _compound_fits(compound, e)
            )
        return self._fitting[compound]

    def matches(self, selector: str) -> bool:
        """Whether one selector (no commas) can match. Siblings need only be there somewhere."""
        pieces = _COMBINATOR.split(selector.strip())
        compounds = [self._fits(compound) for compound in pieces[0::2]]
        if not all(compounds):
            return False
        hows = [how.strip() for how in pieces[1::2]]
        if any(how in ("+", "~") for how in hows):
            return True
        return any(self._climbs(chain, compounds, hows) for chain in self._chains)

    def _climbs(self, chain: Chain, compounds: list[frozenset[Element]], hows: list[str]) -> bool:
        if chain[-1] not in compounds[-1]:
            return False
        if not hows:
            return True
        ends = [len(chain) - 1] if hows[-1] == ">" else range(len(chain) - 1, 0, -1)
        return any(end > 0 and self._climbs(chain[:end], compounds[:-1], hows[:-1]) for end in ends)
