"""Pages that the county writes itself: campaign, plan, leading group, rules, case stories.

H05, H08, L02, L11, Q01, Q07.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from matters.registers.pages import Page, PageKind
from publisher import addresses
from publisher.site_registers import SiteRegisters
from publisher.sources import PageSource
from publisher.words import wording

_SECTION = {"section": "pages/"}
KINDS = {
    PageKind.CAMPAIGN: ("主题活动", "Campaign"),
    PageKind.PLAN: ("实施方案", "Plan"),
    PageKind.GROUP: ("领导小组", "Leading group"),
    PageKind.RULES: ("制度", "Rules"),
    PageKind.CASE: ("典型案例", "Case stories"),
    PageKind.OTHER: ("其他", "More"),
}
ALSO = 12
_QUOTE_CHARACTERS = 60


def rows(pages: Iterable[Page]) -> list[dict[str, str]]:
    """name and path of pages, as a list of links shows them."""
    return [{"name": p.title, "path": addresses.href(addresses.page(p.id))} for p in pages]


def hanging_at(registers: SiteRegisters, station: str) -> list[Page]:
    """The rules on the wall of a station: those that name it, and those for all."""
    return [
        page
        for page in registers.pages
        if page.kind == PageKind.RULES and (not page.stations or station in page.stations)
    ]


def campaign_path(registers: SiteRegisters) -> str:
    """Where the campaign's name leads: to its page, or to the list while it has none."""
    for page in registers.pages:
        if page.kind == PageKind.CAMPAIGN:
            return addresses.href(addresses.page(page.id))
    return "pages/"


def story(registers: SiteRegisters) -> dict[str, str] | None:
    """The first case story for the front page: name, path, and what somebody said in it."""
    for page in registers.pages:
        if page.kind == PageKind.CASE:
            return rows([page])[0] | {"note": _said(page.text)}
    return None


def every(registers: SiteRegisters) -> Iterator[PageSource]:
    """The list of pages by kind and each page, in Chinese, and in English where there is any."""
    yield _index(registers)
    for page in registers.pages:
        yield _page(registers, page)
        if page.title_en and page.text_en:
            yield _english(page)


def _groups(pages: Iterable[Page], *, but: str = "") -> list[dict[str, Any]]:
    listed = [page for page in pages if page.id != but]
    groups = [
        {"name": words, "links": rows(p for p in listed if p.kind == kind)}
        for kind, (words, _) in KINDS.items()
    ]
    return [group for group in groups if group["links"]]


def _index(registers: SiteRegisters) -> PageSource:
    campaign = registers.content.county.campaign
    meta = {
        **_SECTION,
        "title": "专题",
        "campaign": campaign,
        "groups": _groups(registers.pages),
    }
    return PageSource("pages/", "pages.html", meta)


def _page(registers: SiteRegisters, page: Page) -> PageSource:
    notice = registers.content.notices.by_number(page.notice) if page.notice else None
    whole = page.kind == PageKind.CAMPAIGN
    alike = registers.pages if whole else [p for p in registers.pages if p.kind == page.kind]
    meta = {
        **_SECTION,
        "title": page.title,
        "trail": [{"path": "pages/", "name": "专题"}],
        "kind": KINDS[page.kind][0],
        "written": page.text,
        "stations": [link for id in page.stations if (link := registers.station_link(id))],
        "for_all": page.kind == PageKind.RULES and not page.stations,
        "notice": registers.notice_rows([notice]) if notice else [],
        "also": _groups(alike[: ALSO + 1], but=page.id),
        "english": addresses.href(addresses.english(addresses.page(page.id)))
        if page.title_en and page.text_en
        else "",
    }
    return PageSource(addresses.page(page.id), "page.html", meta)


def _english(page: Page) -> PageSource:
    path = addresses.page(page.id)
    meta = {
        **_SECTION,
        "lang": "en",
        "title": page.title_en,
        "kind": KINDS[page.kind][1],
        "written": page.text_en,
        "chinese": addresses.href(path),
    }
    return PageSource(addresses.english(path), "page.html", meta)


def _said(text: str) -> str:
    """The first quotation of a text, else its first words; on one line, without marks."""
    lines = [line.strip() for line in wording.visible(text).split("\n")]
    lines = [line for line in lines if line and not line.startswith(("#", "|"))]
    quoted = [line for line in lines if line.startswith((">", "“", "＞"))]
    line = next(iter([*quoted, *lines]), "")
    line = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line)
    line = re.sub(r"^[>＞\-*+\s]+|[*_\\]", "", line)
    return line if len(line) <= _QUOTE_CHARACTERS else f"{line[:_QUOTE_CHARACTERS]}…"
