"""mkdocs' configuration, pages and theme, driven one page at a time and kept resident.

Full and incremental builds both come through here, which is why they give the same bytes.
"""

import re
from collections.abc import Iterator
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from markupsafe import Markup
from mkdocs.commands.build import _populate_page, get_context
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel, get_files, set_exclusions
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils.templates import url_filter

from publisher import links, offline
from publisher.compiled_templates import CompiledTemplates
from publisher.content import Content
from publisher.site_registers import SiteRegisters
from publisher.sources import PageSource
from publisher.style.stylesheet import stylesheet
from publisher.words.english import words
from publisher.words.written import rendered

REPOSITORY = Path(__file__).resolve().parents[2]


_SURROGATE = re.compile("[\ud800-\udfff]")


@jinja2.pass_context
def _written(context: jinja2.runtime.Context, text: str) -> Markup:
    """What staff wrote in Markdown, as HTML; links within the site lead there from any page."""

    def address(path: str) -> str:
        # What staff typed may be any path, so mkdocs' own filter makes the link. Jinja's own
        # context is what it declares as its TemplateContext.
        return str(url_filter(context, links.named(context, path) or "."))  # type: ignore[arg-type]

    return Markup(rendered(text, address))


def _hand_written(config: MkDocsConfig) -> Files:
    """The files of site/docs that a configuration does not exclude."""
    files = get_files(config)
    set_exclusions(files, config)
    shut_out = (InclusionLevel.EXCLUDED, InclusionLevel.DRAFT)
    return Files([file for file in files if file.inclusion not in shut_out])


class _GeneratedPage(Page):
    """A page whose data is handed over as it is: there is no Markdown in it to be read."""

    def __init__(self, source: PageSource, config: MkDocsConfig) -> None:
        file = File(source.uri, None, config.site_dir, True, inclusion=InclusionLevel.NOT_IN_NAV)
        super().__init__(None, file, config)
        self.meta = source.meta
        self.markdown = self.content = ""


class Machinery:
    """mkdocs.yml and mkdocs.en.yml as loaded, their Jinja environments, the hand-written pages.

    Not safe for two threads at once: what every page shows is set on the configuration.
    """

    def __init__(self, base_url: str = "") -> None:
        self._configs = {
            lang: load_config(str(REPOSITORY / name), site_url=base_url or None)
            for lang, name in (("zh", "mkdocs.yml"), ("en", "mkdocs.en.yml"))
        }
        self._envs = {
            lang: self._env(config, words(lang)) for lang, config in self._configs.items()
        }
        self._hand_written = {lang: _hand_written(config) for lang, config in self._configs.items()}
        self._nav = Navigation([], [])

    @staticmethod
    def _env(config: MkDocsConfig, words: NullTranslations) -> jinja2.Environment:
        """A theme environment that escapes everything and translates `_("…")`.

        mkdocs leaves autoescape off; the words of villagers go through these templates, so it
        is on for all of them, Material's own included.
        """
        env = config.theme.get_env()
        env.bytecode_cache = CompiledTemplates(__file__, links.__file__)
        env.autoescape = True
        env.trim_blocks = True
        env.lstrip_blocks = True
        env.filters["written"] = _written
        links.on_env(env)
        env.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
        return env

    @classmethod
    def of_site(cls, base_url: str, server_url: str, *, from_files: bool) -> "Machinery":
        """The machinery of a site, its stylesheet and script known; see `publisher.site`."""
        machinery = cls(base_url)
        machinery.set_extra(
            stylesheet=stylesheet(),
            server=server_url.rstrip("/"),
            from_files=from_files,
            script="" if from_files else offline.script_name(),
        )
        return machinery

    def registers(self, content: Content) -> SiteRegisters:
        """The registers of some content, whose county every template knows from now on."""
        self.set_extra(county=msgspec.to_builtins(content.county))
        return SiteRegisters(content)

    def set_extra(self, **values: Any) -> None:
        """Sets what every template finds in `config.extra`."""
        for config in self._configs.values():
            config.extra.update(values)

    def hand_written(self) -> Iterator[str]:
        """The folders of the Markdown pages in site/docs, with a trailing slash."""
        for files in self._hand_written.values():
            for file in files.documentation_pages():
                yield file.dest_uri.removesuffix("index.html")

    def data(self, source: PageSource) -> bytes:
        """A generated page as it stands in its file."""
        lang = "en" if source.meta.get("lang") == "en" else "zh"
        page = _GeneratedPage(source, self._configs[lang])
        return self._rendered(page, source.template, lang)

    def data_hand_written(self, path: str) -> bytes:
        """The Markdown page that stands at `path` as it stands in its file."""
        for lang, files in self._hand_written.items():
            for file in files.documentation_pages():
                if file.dest_uri == f"{path}index.html":
                    page = Page(None, file, self._configs[lang])
                    _populate_page(page, self._configs[lang], files)
                    return self._rendered(page, page.meta.get("template", "main.html"), lang)
        raise KeyError(path)

    def text(self, source: PageSource) -> str:
        """A generated page as a string; for frames and specimens."""
        return self.data(source).decode()

    def text_hand_written(self, path: str) -> str:
        """A Markdown page as a string."""
        return self.data_hand_written(path).decode()

    def _rendered(self, page: Page, template: str, lang: str) -> bytes:
        context = get_context(self._nav, [], self._configs[lang], page)
        html = self._envs[lang].get_template(template).render(context)
        try:
            return html.encode()
        except UnicodeEncodeError:
            # Half of a surrogate pair is no character.
            return _SURROGATE.sub("\ufffd", html).encode()
