"""A generated page before mkdocs has rendered it: front matter, and the template that shows it."""

import json
import re
from dataclasses import dataclass
from typing import Any

from publisher.writing.pictures import PictureKind

_BEYOND_YAML = re.compile("[\x7f-\x9f\ud800-\udfff\ufffe\uffff]|[\U00010000-\U0010ffff]")


def _escape(match: re.Match[str]) -> str:
    """A character as a YAML escape; half of a surrogate pair becomes U+FFFD."""
    point = ord(match[0])
    if 0xD800 <= point <= 0xDFFF:
        return "\\ufffd"
    return f"\\U{point:08x}"


def front_matter(meta: dict[str, Any]) -> str:
    """`meta` as YAML front matter on one line, so that no text in it can end it early.

    JSON is YAML but for three things that are seen to here: YAML takes the two halves of a
    surrogate pair for two characters, refuses C1 controls bare, and reads U+2028 as a line end.
    """
    line = json.dumps(meta, ensure_ascii=False, sort_keys=True)
    line = _BEYOND_YAML.sub(_escape, line)
    line = (
        line.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\ufeff", "\\ufeff")
    )
    return f"---\n{line}\n---\n"


@dataclass(frozen=True)
class PageSource:
    """One generated page: `path` is its folder, `template` its override, `meta` its data.

    `pictures` names what the page shows, by the SHA-256 of what was uploaded (`pictures.shown`).
    """

    path: str
    template: str
    meta: dict[str, Any]
    pictures: tuple[tuple[str, PictureKind], ...] = ()

    @property
    def uri(self) -> str:
        """The path of the source file as mkdocs is told."""
        return f"{self.path}index.md"

    @property
    def text(self) -> str:
        """The source as mkdocs reads it."""
        return front_matter({"template": self.template, **self.meta})
