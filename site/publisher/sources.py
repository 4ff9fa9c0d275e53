"""A generated page before it is rendered: its data, and the template that shows it."""

from dataclasses import dataclass
from typing import Any

from publisher.writing.pictures import PictureKind


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
