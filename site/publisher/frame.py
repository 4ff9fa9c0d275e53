"""The frame that the server puts around its own pages, so that they look like the site."""

import re
from html import escape

from publisher.machinery import Machinery
from publisher.sources import PageSource

_TITLE = "HUIYIN-FRAME-TITLE"
_HEAD = "<!--huiyin:head-->"
_BODY = "<!--huiyin:body-->"
_UP_TO_ROOT = re.compile(r'(href|action|src)="\.\.(?:/|(?="))')


def rerooted(html: str, root: str) -> str:
    """A page made one folder deep, with its relative links leading to `root` instead.

    `root` ends with a slash, or is "" for the folder of the page that is served. Text can't be
    hit: a quotation mark in it is escaped.
    """
    return _UP_TO_ROOT.sub(lambda match: f'{match[1]}="{escape(root) or "./"}', html)


def _empty(machinery: Machinery, lang: str) -> str:
    """A page without title and body, one folder deep."""
    meta = {"title": _TITLE, "lang": lang, "frame": True, "unlisted": True}
    return machinery.text(PageSource("frame/", "frame.html", meta))


class Frame:
    """What comes before and after the body of a page, in Chinese and English.

    `AskedPages.frame` makes one; make a new one after the county's name or office changed.
    """

    def __init__(self, machinery: Machinery) -> None:
        self._pages = {lang: _empty(machinery, lang) for lang in ("zh", "en")}

    def parts(
        self, title: str, lang: str, path_to_root: str, head_extra: str = ""
    ) -> tuple[str, str]:
        """The HTML before and after a body. `head_extra` is HTML, the title is text."""
        page = rerooted(self._pages[lang], path_to_root)
        before, _, after = page.partition(_BODY)
        return before.replace(_TITLE, escape(title), 1).replace(_HEAD, head_extra, 1), after

    def render(
        self, title: str, body_html: str, root: str, lang: str = "zh", head_extra: str = ""
    ) -> str:
        """A whole page around `body_html`, whose own text must be escaped already."""
        before, after = self.parts(title, lang, root, head_extra)
        return before + body_html + after
