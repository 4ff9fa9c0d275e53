"""One small made-up county whose pages use every piece of every template.

The stylesheet is purged against its pages and not against the county's own: so it is the same
on every site of one release, and no content can change how a page looks.
"""

import datetime
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from deputies.activities import Activity
from deputies.deputies import Deputy, Level
from matters.ledgers.ledger import Count, Ledger
from matters.public.notices import Notice
from matters.registers.categories import Category
from matters.registers.county import County
from matters.registers.pages import Page, PageKind
from matters.registers.units import Unit
from publisher.content import Content
from publisher.machinery import Machinery
from publisher.pages import (
    deputy_pages,
    every_page,
    fixed_pages,
    ledger_pages,
    notice_lists,
    notice_pages,
)
from publisher.site_registers import SiteRegisters
from publisher.sources import PageSource
from stations.areas import Area, AreaKind
from stations.stations import Station, StationKind
from tools.purging.notices_in_memory import NoticesInMemory


@dataclass(frozen=True)
class _Day:
    date: datetime.date
    starts: str
    ends: str
    deputies: tuple[str, ...]
    note: str = "注"
    held: bool = True


_PICTURE = "0" * 64
# Whatever staff may write.
_WRITTEN = (
    "## h\n### h\n#### h\n##### h\n###### h\np *e* **s** [a](/)\nb\n\n- l\n\n1. l\n\n> q\n\n---\n\n"
    "| h |\n|---|\n| d |\n"
)


@lru_cache(maxsize=1)
def _pixels() -> bytes:
    """A picture."""
    made = io.BytesIO()
    Image.new("RGB", (3, 4)).save(made, "PNG")
    return made.getvalue()


def content() -> Content:
    """The county."""
    count = Count(key="", received=3, answered=2, pending=1, published=2)
    notices = [
        Notice(
            number=f"N{n}",
            title="路灯不亮",
            text="村口的路灯不亮。",
            answer="已经修好。" if n else "",
            month="2026-01",
            state="replied",
            received_at=1_767_225_600_000,
            answered_at=1_767_312_000_000,
            published_at=1_767_312_000_000 + n,
            station="s1",
            deputy="d1",
            area="000000000002",
            category="c1",
            units=("u1",),
            result="A",
            ratings={"reply": "satisfied"},
            imported=True,
            before=(_PICTURE,),
            after=(_PICTURE,),
        )
        for n in range(notice_lists.PER_PAGE + notice_lists.FRONT_LEAST)
    ]
    deputies = {
        f"d{n}": Deputy(
            id=f"d{n}",
            name="某某",
            level=Level.COUNTY,
            constituency="第一选区",
            areas=("000000000001", "000000000002"),
            stations=("s1", "s2"),
            phone="1" if n else "",
            post="村民",
            introduction="一二三",
            photo=_PICTURE,
        )
        for n in range(deputy_pages.PER_PAGE + 1)
    }
    stations = {
        id: Station(
            id=id,
            name="站",
            kind=StationKind.STATION,
            area="000000000001",
            serves=("000000000001", "000000000002"),
            parent=parent,
            address="街",
            directions="路",
            phone="1",
            mobile="2",
            hours="时",
            head="甲",
            officer="乙",
            photo=_PICTURE,
            name_en="Station",
            address_en="Street",
            host="所",
            scope="围",
            procedure="程",
            boards=("牌",),
            books=("书",),
            constituencies=("第一选区",),
            voters=1000,
        )
        for id, parent in (("s1", ""), ("s2", "s1"))
    }
    return Content(
        county=County(
            name="某县",
            area="000000000000",
            office="办",
            office_phone="1",
            office_address="街",
            sample=True,
            campaign="一",
            results={"A": "解决"},
            name_en="County",
        ),
        areas={
            a.id: a
            for a in (
                Area(id="000000000000", name="某县", kind=AreaKind.COUNTY),
                Area(id="000000000001", name="某镇", kind=AreaKind.TOWNSHIP, parent="000000000000"),
                Area(id="000000000002", name="某村", kind=AreaKind.VILLAGE, parent="000000000001"),
            )
        },
        stations=stations,
        deputies=deputies,
        units={"u1": Unit(id="u1", name="局")},
        categories={"c1": Category(id="c1", name="类")},
        duty={"s1": [_Day(datetime.date(2026, 1, 7), "08:30", "11:30", ("d1", "d2"))]},
        ledger=Ledger(
            total=count,
            months=(count_of("2026-01"),),
            categories=(count_of("c1"),),
            stations=(count_of("s1"),),
            units=tuple(count_of(f"u{n}") for n in range(ledger_pages.PER_PAGE + 1)),
        ),
        notices=NoticesInMemory(notices),
        activities={
            "a1": Activity(
                id="a1", date="2026-01-07", title="动", station="s1", deputies=("d1",), text="文"
            )
        },
        pages={
            kind.value: Page(
                id=kind.value,
                title="题",
                kind=kind,
                text=_WRITTEN,
                stations=("s1",) if kind == PageKind.RULES else (),
                notice="N1",
                title_en="Title",
                text_en=_WRITTEN,
            )
            for kind in PageKind
        },
        picture=lambda _: _pixels(),
    )


def count_of(key: str) -> Count:
    """A line of the ledger."""
    return Count(key=key, received=3, answered=2, pending=1, published=2)


def pages() -> Iterator[PageSource]:
    """A page of every kind, those of the server among them."""
    registers = SiteRegisters(content())
    yield from every_page.every(registers, "https://example.org/")
    for notice in registers.content.notices.latest(1):
        yield notice_pages.notice(registers, notice)
    yield fixed_pages.submit(
        registers,
        {"station": "s1", "kind": "help", "under_14": "yes", "category": "c1"},
        [{"field": "text", "message": "请写"}],
    )
    yield PageSource("missing/", "missing.html", {"title": "-"})
    yield PageSource("server/", "server.html", {"title": "-", "trail": [{"path": "", "name": "-"}]})


def rendered() -> Iterator[str]:
    """The HTML of each of them, and of the pages written by hand."""
    machinery = Machinery("https://example.org/")
    machinery.registers(content())
    yield from (machinery.text(page) for page in pages())
    yield from (machinery.text_hand_written(path) for path in machinery.hand_written())
