"""Markdown of a small kind, as staff write it, put into HTML that can do no harm.

What comes out is made of few tags without attributes, but for the addresses of links, and every
other character is escaped: the parser's own HTML is never used, only the tree that it makes.
"""

import re
import xml.etree.ElementTree as etree
from collections.abc import Callable
from html import escape
from urllib.parse import quote

from markdown import Markdown  # type: ignore[import-untyped]  # It ships no types.

from publisher.words.wording import visible

DEEPEST = 12
# With more of them it would take seconds to find which are links.
MOST_BRACKETS = 1000
_WIDEST_INDENT = 8
_MARKS_IN_A_ROW = 3
# Tags that stand as they are; an h1 becomes h2, for the title of the page is the only h1.
_TAGS = re.compile(r"h[2-6]|p|br|hr|ul|ol|li|blockquote|strong|em|a|table|thead|tbody|tr|th|td")
_EMPTY = frozenset(("br", "hr"))
_MARK = r"(?:>|[-*+](?=\s)|\d{1,4}[.)](?=\s))"
_MARKS = re.compile(rf"(?:\s*{_MARK}){{{_MARKS_IN_A_ROW}}}")
_STARTS_BLOCK = re.compile(rf"\s{{0,3}}(?:{_MARK}|#{{1,6}})")
_STEPS = re.compile(r"([*_]{3})[*_]+|(\[{3})\[+")
_SCHEME = re.compile(r"(?:https?://[^/\s]|tel:|mailto:)", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\xa0\u2000-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")


def as_typed(path: str) -> str:
    """The path itself: what a preview does with addresses within the site."""
    return path


def rendered(text: str, address: Callable[[str], str] = as_typed) -> str:
    """HTML of `text`, safe to stand in a page whatever it holds; "" for blank text.

    Headings begin at h2. A line break is kept. Links lead to http, https, tel, mailto and to
    pages of the site, whose paths from its root (`/deputies/`) go through `address`; a link
    with any other address is left as its words.
    """
    text = visible(text)
    if not text.strip():
        return ""
    if text.count("[") > MOST_BRACKETS:
        text = text.replace("[", "\\[")
    try:
        tree = _tree(text)
    except RecursionError:
        return "".join(f"<p>{escape(part)}</p>\n" for part in text.split("\n") if part.strip())
    return _html(tree, address, DEEPEST).strip()


def _tamed(lines: list[str]) -> list[str]:
    """Lines without deep nesting, a blank one where a block begins right after a paragraph."""
    tamed: list[str] = []
    for line in lines:
        inner = line.lstrip(" ")
        line = " " * min(len(line) - len(inner), _WIDEST_INDENT) + inner
        if deep := _MARKS.match(line):
            rest = line[deep.end() :].lstrip()
            line = f"{deep[0]} " + (f"\\{rest}" if re.match(_MARK, rest) else rest)
        line = _STEPS.sub(lambda run: run[1] or run[2], line)
        starts = _STARTS_BLOCK.match(line)
        if starts and tamed and tamed[-1].strip() and not _STARTS_BLOCK.match(tamed[-1]):
            tamed.append("")
        tamed.append(line)
    return tamed


def _tree(text: str) -> etree.Element:
    parser = Markdown(extensions=["tables", "nl2br", "sane_lists"])
    for registry, names in (
        (parser.preprocessors, ("html_block",)),
        (parser.parser.blockprocessors, ("code", "reference")),
        (
            parser.inlinePatterns,
            ("backtick", "reference", "image_link", "image_reference", "short_reference"),
        ),
        (parser.inlinePatterns, ("short_image_ref", "automail", "html", "entity")),
    ):
        for name in names:
            registry.deregister(name, strict=False)
    lines = text.split("\n")
    for step in parser.preprocessors:
        lines = step.run(lines)
    root: etree.Element = parser.parser.parseDocument(_tamed(lines)).getroot()
    for made in parser.treeprocessors:
        changed = made.run(root)
        root = root if changed is None else changed
    return root


def _html(element: etree.Element, address: Callable[[str], str], depth: int) -> str:
    """The HTML of an element and of what is in it; below `depth` only the words."""
    parts = [_words(element.text)]
    for child in element:
        parts.append(
            _html(child, address, depth - 1) if depth else _words("".join(child.itertext()))
        )
        parts.append(_words(child.tail))
    inner = "".join(parts)
    tag = {"h1": "h2"}.get(element.tag, element.tag)
    if not _TAGS.fullmatch(tag):
        return inner
    if tag in _EMPTY:
        return f"<{tag}>"
    if tag == "a":
        href = _href(element.get("href") or "", address)
        return f'<a href="{escape(href)}">{inner}</a>' if href else inner
    return f"<{tag}>{inner}</{tag}>"


def _words(text: str | None) -> str:
    return escape(visible(text or ""))


def _href(href: str, address: Callable[[str], str]) -> str:
    """The address of a link, or "" where it leads where no link may."""
    if _CONTROLS.search(href) or "\\" in href or href.startswith("//"):
        return ""
    if _SCHEME.match(href):
        return href
    before, _, _ = href.partition("#")
    if re.search(r"[:&]", before.split("/")[0].split("?")[0]):
        return ""
    if href.startswith("/"):
        return address(quote(href[1:], safe="/-._~%?=&#+"))
    return href
