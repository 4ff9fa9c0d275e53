"""How long it takes to publish one notice on a site that has many, beside building it whole."""

import dataclasses
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from bench.figures import Figure
from deputies.deputies import DEPUTIES
from deputies.rota import duty_days
from matters.deadlines import month_of
from matters.ledgers.ledger import Count, Ledger
from matters.notices import Notice
from matters.receipts import check_digit
from matters.registers.categories import CATEGORIES
from matters.registers.county import COUNTIES
from matters.registers.units import UNITS
from matters.sample import sample_registers
from publisher.content import Content, NoticesInMemory
from publisher.site import Publisher
from publisher.touched import Changes
from server.publishing import DUTY_DAYS_SHOWN, server_html, today
from stations.areas import AREAS, AreaKind
from stations.stations import STATIONS

ADDRESS = "https://huiyin.example/"
DAY_MS = 24 * 3600 * 1000
# So old that the last of many thousand notices is still not in the future.
FIRST_DAY_MS = 1_650_000_000_000
PUBLISHES = 9
AIM_MS = 1000.0

TEXT = (
    "村口到学校的路上有三盏路灯坏了一个多月,晚上孩子放学看不清路,老人也摔过跤,"
    "希望尽快派人来修,并说明以后由谁负责维护。"
)
ANSWER = "已由镇里派人更换灯头三盏,线路也检查过了;今后由村里每月巡查一次,坏了三天内报修。"


def run(folder: Path, sizes: tuple[int, ...], say: Callable[[str], None]) -> list[Figure]:
    """Return the time of one publish, its peer being a build of the same site from nothing."""
    figures: list[Figure] = []
    for size in sizes:
        say(f"publishing: {size:,} notices")
        took_ms, built_s = _measure(folder / f"site-{size}", size)
        figures.append(
            Figure(
                f"one notice published among {size:,}, full build as peer",
                statistics.median(took_ms),
                "ms",
                built_s * 1000,
                aim=f"≤ {AIM_MS:,.0f} ms",
                holds=statistics.median(took_ms) <= AIM_MS,
                more={"worst_ms": max(took_ms), "publishes": len(took_ms)},
            )
        )
    return figures


def _measure(out: Path, size: int) -> tuple[list[float], float]:
    """Return the milliseconds of some publishes one after another, and the seconds of a build."""
    content = sample_content()
    notices = [sample_notice(number, content) for number in range(size + PUBLISHES + 1)]
    now = [_with_notices(content, notices[:size])]
    publisher = Publisher(lambda: now[0], out, base_url=ADDRESS, server_html=server_html())
    began = time.perf_counter()
    publisher.build_full()
    built_s = time.perf_counter() - began
    took_ms: list[float] = []
    for count in range(size + 1, size + PUBLISHES + 2):
        now[0] = _with_notices(content, notices[:count])
        number = notices[count - 1].number
        began = time.perf_counter()
        publisher.publish(Changes(notices=(number,)))
        took_ms.append((time.perf_counter() - began) * 1000)
        if not (out / "notices" / number / "index.html").exists():
            raise RuntimeError(f"notice {number} was not published")
    # The first one warms what a running server has warm.
    return took_ms[1:], built_s


def sample_content() -> Content:
    """Return the sample county's content, without any notice."""
    registers = sample_registers()
    stations = registers.of(STATIONS)
    deputies = registers.of(DEPUTIES)
    start = today()
    return Content(
        county=next(iter(registers.of(COUNTIES).values())),
        areas=registers.of(AREAS),
        stations=stations,
        deputies=deputies,
        units=registers.of(UNITS),
        categories=registers.of(CATEGORIES),
        duty={
            station.id: duty_days(station, tuple(deputies.values()), start, DUTY_DAYS_SHOWN)
            for station in stations.values()
        },
        ledger=Ledger(total=_count("", 0), months=(), categories=(), stations=(), units=()),
        notices=NoticesInMemory(),
    )


def sample_notice(index: int, content: Content) -> Notice:
    """Return the notice of that index, always the same: twelve a day from all over the county."""
    received_at = FIRST_DAY_MS + index * DAY_MS // 12
    stations = sorted(content.stations)
    deputies = sorted(content.deputies)
    categories = sorted(content.categories)
    villages = sorted(area.id for area in content.areas.values() if area.kind is AreaKind.VILLAGE)
    digits = f"{100_000_000 + index}"
    return Notice(
        number=digits + check_digit(digits),
        title=f"{content.areas[villages[index % len(villages)]].name}的路灯坏了(第{index + 1}件)",
        text=TEXT,
        answer=ANSWER,
        month=month_of(received_at),
        state="closed",
        received_at=received_at,
        answered_at=received_at + 20 * DAY_MS,
        published_at=received_at + 21 * DAY_MS,
        station=stations[index % len(stations)],
        deputy=deputies[index % len(deputies)],
        area=villages[index % len(villages)],
        category=categories[index % len(categories)],
        units=(sorted(content.units)[index % len(content.units)],),
        result="A",
        ratings={"reply": "satisfied", "result": "satisfied"},
    )


def _with_notices(content: Content, notices: list[Notice]) -> Content:
    """Return the content with these notices, and the ledger that goes with them."""
    months: dict[str, int] = {}
    for notice in notices:
        months[notice.month] = months.get(notice.month, 0) + 1
    ledger = Ledger(
        total=_count("", len(notices)),
        months=tuple(_count(month, months[month]) for month in sorted(months, reverse=True)),
        categories=(),
        stations=(),
        units=(),
    )
    return dataclasses.replace(content, ledger=ledger, notices=NoticesInMemory(notices))


def _count(key: str, number: int) -> Count:
    return Count(key=key, received=number, answered=number, pending=0, published=number)
