"""Material's stylesheet without what our pages can't match: about a fiftieth of it.

`specimens` are rendered pages of every kind. A rule stays if each compound of one of its
selectors fits some element in them, whatever its state; then custom properties that nothing
reads go too. What is left looks the same as the whole (tests/site/test_stylesheet.py).
"""

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import material  # type: ignore[import-untyped]  # It comes without types.
import tinycss2  # type: ignore[import-untyped]

_SHEETS = Path(material.__file__).parent / "templates" / "assets" / "stylesheets"
_COMBINATORS = re.compile(r"(?:\s*[>+~]\s*|\s+)(?![^([]*[)\]])")
_PART = re.compile(
    r"::?-?[\w-]+(?:\((?:[^()]|\([^()]*\))*\))?|\.-?[\w\\-]+|#[\w-]+|\[[^\]]*\]|\*|[\w-]+|."
)
_ATTRIBUTE = re.compile(r"""\[\s*([\w-]+)\s*(?:([~|^$*]?=)\s*["']?([^"'\]]*?)["']?\s*)?\]""")
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)")


class Element(NamedTuple):
    """What a selector can see of an element, its place in the page aside."""

    tag: str
    classes: frozenset[str]
    attributes: tuple[tuple[str, str], ...]


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[Element] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        # The values that grow with the content say nothing to a stylesheet.
        for name in ("href", "content", "d", "action", "value", "aria-label"):
            if name in named:
                named[name] = ""
        classes = frozenset(named.get("class", "").split())
        self.found.add(Element(tag, classes, tuple(sorted(named.items()))))


def elements(specimens: Iterable[str]) -> set[Element]:
    """The different elements in some pages."""
    parser = _Elements()
    for specimen in specimens:
        parser.feed(specimen)
    return parser.found


def whole() -> str:
    """Material's main stylesheet and its palette, as they come in the package."""
    names = ("main.*.min.css", "palette.*.min.css")
    return "".join(next(_SHEETS.glob(n)).read_text(encoding="utf-8") for n in names)


def _attribute_fits(part: str, element: Element) -> bool:
    match = _ATTRIBUTE.fullmatch(part)
    if match is None:
        return False
    name, how, wanted = match[1], match[2], match[3]
    value = dict(element.attributes).get(name)
    if value is None or how is None:
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
    """Whether one simple selector can hold of an element; states always can."""
    if part.startswith(":"):
        name, _, inner = part.lstrip(":").partition("(")
        if name in ("is", "where", "-webkit-any", "matches"):
            return any(_compound_fits(s, element) for s in inner[:-1].split(","))
        if name == "root":
            return element.tag == "html"
        if name == "not":
            # Only what can't change with the element's state decides.
            plain = re.fullmatch(r"[\w-]+|\.[\w-]+|\[[^\]]*\]", inner[:-1])
            return not (plain and _part_fits(inner[:-1], element))
        return True
    if part.startswith("."):
        return part[1:].replace("\\", "") in element.classes
    if part.startswith("#"):
        return dict(element.attributes).get("id") == part[1:]
    if part.startswith("["):
        return _attribute_fits(part, element)
    return part == "*" or part == element.tag


def _compound_fits(compound: str, element: Element) -> bool:
    parts: list[str] = _PART.findall(compound.strip())
    return all(_part_fits(part, element) for part in parts)


class _Purge:
    def __init__(self, found: set[Element]) -> None:
        self._found = found
        self._known: dict[str, bool] = {}

    def _matches(self, selector: str) -> bool:
        return all(self._somewhere(compound) for compound in _COMBINATORS.split(selector.strip()))

    def _somewhere(self, compound: str) -> bool:
        if compound not in self._known:
            self._known[compound] = any(_compound_fits(compound, e) for e in self._found)
        return self._known[compound]

    def rules(self, nodes: Iterable[Any]) -> list[tuple[str, str | list[Any]]]:
        """The rules that stay: (selectors, declarations), or (at-rule, rules within)."""
        kept: list[tuple[str, str | list[Any]]] = []
        for node in nodes:
            if node.type == "qualified-rule":
                selectors = _split(tinycss2.serialize(node.prelude))
                fitting = [s for s in selectors if self._matches(s)]
                if fitting:
                    kept.append((",".join(fitting), _declarations(node.content)))
            elif node.type == "at-rule" and node.at_keyword == "media":
                within = self.rules(tinycss2.parse_rule_list(node.content, True, True))
                if within:
                    kept.append((f"@media{_squeezed(tinycss2.serialize(node.prelude))}", within))
            elif node.type == "at-rule" and node.at_keyword == "keyframes":
                kept.append(
                    (
                        f"@keyframes {tinycss2.serialize(node.prelude).strip()}",
                        _squeezed(tinycss2.serialize(node.content)),
                    )
                )
        return kept


def _split(selectors: str) -> list[str]:
    """Selectors at their outer commas."""
    return [s.strip() for s in re.split(r",(?![^(]*\))", selectors)]


def _squeezed(css: str) -> str:
    css = re.sub(r"\s+", " ", css)
    return re.sub(r"\s*([{};,])\s*", r"\1", css).strip().removesuffix(";") if css.strip() else ""


def _declarations(content: Any) -> str:
    kept: list[str] = []
    for node in tinycss2.parse_declaration_list(content, True, True):
        if node.type == "declaration":
            value = _squeezed(tinycss2.serialize(node.value))
            important = "!important" if node.important else ""
            kept.append(f"{node.name}:{value}{important}")
    return ";".join(kept)


def _text(rules: list[tuple[str, str | list[Any]]]) -> str:
    parts = []
    for prelude, body in rules:
        inner = body if isinstance(body, str) else _text(body)
        if inner:
            parts.append(f"{prelude}{{{inner}}}")
    return "".join(parts)


def _without(rules: list[tuple[str, str | list[Any]]], unread: set[str]) -> list[Any]:
    kept: list[Any] = []
    for prelude, body in rules:
        if isinstance(body, list):
            kept.append((prelude, _without(body, unread)))
        else:
            declarations = re.split(r";(?![^(]*\))", body)
            kept.append(
                (prelude, ";".join(d for d in declarations if d.partition(":")[0] not in unread))
            )
    return kept


def purged(css: str, specimens: Iterable[str]) -> str:
    """`css` without the rules, and then the custom properties, that `specimens` never use."""
    rules = _Purge(elements(specimens)).rules(tinycss2.parse_stylesheet(css, True, True))
    rules = [rule for rule in rules if not _idle_keyframes(rule, _text(rules))]
    while True:
        text = _text(rules)
        defined = set(re.findall(r"[{;](--[\w-]+):", text))
        unread = defined - set(_VARIABLE.findall(text))
        if not unread:
            return text
        rules = _without(rules, unread)


def _idle_keyframes(rule: tuple[str, Any], text: str) -> bool:
    if not rule[0].startswith("@keyframes "):
        return False
    name = re.escape(rule[0].removeprefix("@keyframes "))
    return re.search(rf"animation[\w-]*:[^;}}]*\b{name}\b", text) is None
