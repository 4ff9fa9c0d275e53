"""mkdocs' own page builder, driven one page at a time and kept resident between publishes.

Full and incremental builds both come through here, which is why they give the same bytes.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2
from mkdocs.commands.build import _build_page, _populate_page
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel, get_files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from publisher.english import ENGLISH
from publisher.sources import PageSource

REPOSITORY = Path(__file__).resolve().parents[2]


def _ngettext(one: str, many: str, n: int) -> str:
    return one if n == 1 else many


class Machinery:
    """The loaded mkdocs.yml, its two Jinja environments, and the hand-written pages.

    Not safe for two threads at once: mkdocs marks the page being built on its configuration.
    """

    def __init__(self, base_url: str = "") -> None:
        self.config: MkDocsConfig = load_config(
            str(REPOSITORY / "mkdocs.yml"), site_url=base_url or None
        )
        self._envs = {"zh": self._env(None), "en": self._env(ENGLISH)}
        self._hand_written = get_files(self.config)
        self._nav = Navigation([], [])

    def _env(self, catalogue: Mapping[str, str] | None) -> jinja2.Environment:
        """A theme environment that escapes everything and translates `_("…")`.

        mkdocs leaves autoescape off; the words of villagers go through these templates, so it
        is on for all of them, Material's own included.
        """
        env = self.config.theme.get_env()
        env.autoescape = True
        env.trim_blocks = True
        env.lstrip_blocks = True
        words = catalogue or {}
        env.install_gettext_callables(  # type: ignore[attr-defined]
            lambda text: words.get(text, text), _ngettext, newstyle=True
        )
        return env

    def set_extra(self, **values: Any) -> None:
        """Sets what every template finds in `config.extra`."""
        self.config.extra.update(values)

    def hand_written(self) -> Iterator[str]:
        """The folders of the Markdown pages in site/docs, with a trailing slash."""
        for file in self._hand_written:
            if file.is_documentation_page():
                yield file.dest_uri.removesuffix("index.html")

    def data(self, source: PageSource) -> bytes:
        """A generated page as it stands in its file."""
        file = File(
            source.uri, None, self.config.site_dir, True, inclusion=InclusionLevel.NOT_IN_NAV
        )
        file.content_string = source.text
        return self._built(file, Files([file]))

    def data_hand_written(self, path: str) -> bytes:
        """The Markdown page that stands at `path` as it stands in its file."""
        for file in self._hand_written:
            if file.dest_uri == f"{path}index.html":
                return self._built(file, self._hand_written)
        raise KeyError(path)

    def text(self, source: PageSource) -> str:
        """A generated page as a string; for frames and specimens."""
        return self.data(source).decode()

    def text_hand_written(self, path: str) -> str:
        """A Markdown page as a string."""
        return self.data_hand_written(path).decode()

    def _built(self, file: File, files: Files) -> bytes:
        """A page's bytes, read back from a file in memory: mkdocs only builds into files."""
        page = Page(None, file, self.config)
        with os.fdopen(os.memfd_create("page"), "rb") as memory:
            file.abs_dest_path = f"/proc/self/fd/{memory.fileno()}"
            _populate_page(page, self.config, files)
            env = self._envs["en" if page.meta.get("lang") == "en" else "zh"]
            _build_page(page, self.config, [], self._nav, env)
            file.page = None
            return memory.read()
