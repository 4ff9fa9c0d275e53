"""Every page of the site but the notices' own, and those of them that some changes touch."""

from collections.abc import Iterator

from matters.public.notices import ListKind
from publisher.pages import (
    area_pages,
    county_pages,
    deputy_pages,
    english_pages,
    fixed_pages,
    ledger_pages,
    notice_lists,
    notice_pages,
    station_pages,
)
from publisher.pages.notice_lists import NoticeList
from publisher.site_registers import SiteRegisters
from publisher.sources import PageSource


def every(registers: SiteRegisters, base_url: str) -> Iterator[PageSource]:
    """All of them but those of the notices; `base_url` is where the site will stand."""
    for listed in notice_lists.every(registers):
        yield from notice_lists.pages(registers, listed)
    yield from notice_pages.years(registers)
    yield from of_registers(registers, base_url)
    yield from summaries(registers)
    yield from ledger_pages.parts(registers)
    yield from county_pages.every(registers)
    yield fixed_pages.track()
    yield fixed_pages.search()


def of_registers(registers: SiteRegisters, base_url: str) -> Iterator[PageSource]:
    """The pages of deputies, stations and areas, and the form, which names them."""
    yield from deputy_pages.lists(registers)
    yield from station_pages.lists(registers)
    yield area_pages.index(registers)
    yield fixed_pages.submit(registers)
    for deputy in registers.deputies:
        yield deputy_pages.deputy(registers, deputy, base_url)
    for station in registers.stations:
        yield station_pages.station(registers, station, base_url)
    for area in (*registers.townships, *registers.villages):
        yield area_pages.area(registers, area)
    yield from english_pages.pages(registers)


def summaries(registers: SiteRegisters) -> Iterator[PageSource]:
    """The pages that any change may touch."""
    yield notice_pages.index(registers)
    yield notice_pages.column(registers)
    yield ledger_pages.page(registers)
    yield fixed_pages.home(registers)


def of_owner(registers: SiteRegisters, listed: NoticeList, base_url: str) -> Iterator[PageSource]:
    """The page of the area, station or deputy that a list is of, where there is one."""
    content, (kind, key) = registers.content, listed
    if kind is ListKind.DEPUTY and key in content.deputies:
        yield deputy_pages.deputy(registers, content.deputies[key], base_url)
    elif kind is ListKind.STATION and key in content.stations:
        yield station_pages.station(registers, content.stations[key], base_url)
    elif kind is ListKind.AREA and registers.area_link(key):
        yield area_pages.area(registers, content.areas[key])
