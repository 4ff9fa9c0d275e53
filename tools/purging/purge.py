"""Material's stylesheet without what our pages can't match: about a tenth of it.

A rule stays if one of its selectors can match something in the specimens, whatever the state of
their elements; then the custom properties that nothing reads go too. What is left looks the
same as the whole (tests/site/test_browser.py). The program itself only reads what `tools/purge`
made of it, so that tinycss2 is needed in development alone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import material  # type: ignore[import-untyped]  # It ships no types.
import tinycss2  # type: ignore[import-untyped]  # It ships no types.

from tools.purging.selectors import Matcher, split

_SHEETS = Path(material.__file__).parent / "templates" / "assets" / "stylesheets"
_READ = re.compile(r"var\(\s*(--[\w-]+)")


@dataclass
class _Rule:
    """A rule with declarations, or an at-rule with rules within or with a body kept as it is."""

    prelude: str
    declarations: list[tuple[str, str]] = field(default_factory=list)
    within: list["_Rule"] = field(default_factory=list)
    body: str = ""

    def text(self) -> str:
        """The rule as CSS; "" when nothing is left in it."""
        inner = self.body or ";".join(f"{name}:{value}" for name, value in self.declarations)
        inner = inner or "".join(rule.text() for rule in self.within)
        return f"{self.prelude}{{{inner}}}" if inner else ""


def whole() -> str:
    """Material's main stylesheet and its palette, as they come in the package."""
    names = ("main.*.min.css", "palette.*.min.css")
    return "".join(next(_SHEETS.glob(n)).read_text(encoding="utf-8") for n in names)


def purged(css: str, pages: Iterable[str]) -> list[str]:
    """The rules of `css` but those, and then the custom properties, that `pages` never use."""
    rules = _kept(tinycss2.parse_stylesheet(css, True, True), Matcher(pages))
    plain = _text(rules)
    rules = [rule for rule in rules if not _idle_keyframes(rule, plain)]
    while unread := _defined(rules) - set(_READ.findall(_text(rules))):
        _drop(rules, unread)
    return [text for rule in rules if (text := rule.text())]


def _kept(nodes: Iterable[Any], matcher: Matcher) -> list[_Rule]:
    kept: list[_Rule] = []
    for node in nodes:
        prelude = _squeezed(tinycss2.serialize(node.prelude))
        if node.type == "qualified-rule":
            fitting = [s for s in split(prelude) if matcher.matches(s)]
            if fitting:
                kept.append(_Rule(",".join(fitting), _declarations(node.content)))
        elif node.at_keyword == "media":
            within = _kept(tinycss2.parse_rule_list(node.content, True, True), matcher)
            kept.append(_Rule(f"@media {prelude}", within=within))
        elif node.at_keyword == "keyframes":
            body = _squeezed(tinycss2.serialize(node.content))
            kept.append(_Rule(f"@keyframes {prelude}", body=body))
        # @font-face and @charset: no page loads a font, and the pages say that they are UTF-8.
    return kept


def _declarations(content: Any) -> list[tuple[str, str]]:
    return [
        (
            node.name,
            _squeezed(tinycss2.serialize(node.value)) + ("!important" if node.important else ""),
        )
        for node in tinycss2.parse_declaration_list(content, True, True)
        if node.type == "declaration"
    ]


def _squeezed(css: str) -> str:
    """CSS without needless space; what has a string in it is left alone."""
    css = css.strip()
    if '"' in css or "'" in css:
        return css
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s+", " ", css))


def _text(rules: Iterable[_Rule]) -> str:
    return "".join(rule.text() for rule in rules)


def _defined(rules: Iterable[_Rule]) -> set[str]:
    names: set[str] = set()
    for rule in rules:
        names |= {name for name, _ in rule.declarations if name.startswith("--")}
        names |= _defined(rule.within)
    return names


def _drop(rules: Iterable[_Rule], names: set[str]) -> None:
    for rule in rules:
        rule.declarations = [d for d in rule.declarations if d[0] not in names]
        _drop(rule.within, names)


def _idle_keyframes(rule: _Rule, css: str) -> bool:
    if not rule.prelude.startswith("@keyframes "):
        return False
    name = re.escape(rule.prelude.removeprefix("@keyframes "))
    return re.search(rf"animation[\w-]*:[^;}}]*\b{name}\b", css) is None
