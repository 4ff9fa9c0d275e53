"""Deputies: the list by level, and each with their phone, their stations and next duty days."""

from collections.abc import Iterator
from typing import Any

from deputies.deputies import Deputy, Level
from matters.public.notices import ListKind
from publisher import addresses
from publisher.drawings.qr import code
from publisher.pages import activity_rows, notice_lists
from publisher.pages.notice_pages import parts
from publisher.site_registers import SiteRegisters
from publisher.sources import PageSource
from publisher.words import wording
from publisher.writing.pictures import PictureKind, shown

PER_PAGE = 40
FIRST = 12
_SECTION = {"section": "deputies/"}


def _of_level(registers: SiteRegisters, level: Level) -> list[Deputy]:
    return [d for d in registers.deputies if d.level == level]


def _level_path(level: Level) -> str:
    return addresses.folder("deputies", "level", level.value)


def lists(registers: SiteRegisters) -> Iterator[PageSource]:
    """The index by level, and for each level that is too long for it, pages of its own."""
    levels: list[dict[str, Any]] = []
    for level in Level:
        deputies = _of_level(registers, level)
        if not deputies:
            continue
        whole = len(deputies) <= FIRST
        levels.append(
            {
                "name": wording.LEVELS[level],
                "count": len(deputies),
                "deputies": registers.deputy_rows(deputies[:FIRST]),
                "path": "" if whole else addresses.href(_level_path(level)),
            }
        )
        if not whole:
            yield from _level_pages(registers, level, deputies)
    meta = {**_SECTION, "title": "代表", "levels": levels, "by_area": bool(registers.townships)}
    yield PageSource("deputies/", "deputies.html", meta)


def _level_pages(
    registers: SiteRegisters, level: Level, deputies: list[Deputy]
) -> Iterator[PageSource]:
    for path, listed, turn in parts(_level_path(level), deputies, PER_PAGE):
        meta = {
            **_SECTION,
            "title": wording.LEVELS[level],
            "trail": [{"path": "deputies/", "name": "代表"}],
            "count": len(deputies),
            "links": registers.deputy_rows(listed),
            "turn": turn,
        }
        yield PageSource(path, "links.html", meta)


def deputy(registers: SiteRegisters, deputy: Deputy, base_url: str) -> PageSource:
    """The page of one deputy."""
    path = addresses.deputy(deputy.id)
    turns = registers.duty_of(deputy.id)
    areas = [registers.area_link(code) or registers.area_name(code) for code in deputy.areas]
    meta = {
        **_SECTION,
        "script": True,
        "title": deputy.name,
        "trail": [{"path": "deputies/", "name": "代表"}],
        "level": wording.LEVELS[deputy.level],
        "constituency": deputy.constituency,
        "post": deputy.post,
        "introduction": wording.visible(deputy.introduction),
        "areas": [area if isinstance(area, dict) else {"name": area} for area in areas if area],
        "phone": wording.phone(deputy.phone),
        "stations": [link for id in deputy.stations if (link := registers.station_link(id))],
        "next": registers.next_duty(turns),
        "duty": registers.duty_table(turns),
        "photo": shown(registers.content, deputy.photo, PictureKind.FACE, f"{deputy.name}的照片"),
        "activities": activity_rows.of_deputy(registers, deputy.id),
        "write": addresses.href(deputy.id),
        # So that the liaison officer of the deputy's first station sees to it, too.
        "station": addresses.href(deputy.stations[0]) if deputy.stations else "",
        "card": addresses.href(path) + "card.vcf",
        "qr": code(base_url + addresses.href(path)) if base_url else None,
        "notices": notice_lists.newest(registers, ListKind.DEPUTY, deputy.id),
        "all_notices": notice_lists.link(registers, ListKind.DEPUTY, deputy.id),
    }
    faces = ((deputy.photo, PictureKind.FACE),) if deputy.photo else ()
    return PageSource(path, "deputy.html", meta, faces)
