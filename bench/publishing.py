"""How long after a commit a notice stands on the disk, or is gone, beside a full build.

Through the real database, the keeper of the site and its thread, as in a running node.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from bench.figures import Figure
from eventlog.keys import make_keys
from eventlog.log import Log
from matters.actors import Actor
from matters.commands import COMMANDS
from matters.execution import carry_out
from matters.intake import history
from matters.intake.history import HistoricalRow
from matters.intake.intake import check_submission, raise_matter
from matters.known import Known
from matters.listing import waiting
from matters.registers.categories import CATEGORIES
from matters.sample import sample_registers
from matters.terms import Role
from server.county.county_registers import RegisterCache
from server.data_folder import open_log
from server.registers.sample import seed_sample
from server.site.publishing import SiteKeeper
from stations.areas import AREAS, AreaKind
from stations.stations import STATIONS

ADDRESS = "https://huiyin.example/"
DAY_MS = 24 * 3600 * 1000
PUBLISHES = 9
IN_ONE = 5_000
OFFICE = Actor(Role.OFFICE, "office")
TEXT = (
    "村口到学校的路上有三盏路灯坏了一个多月,晚上孩子放学看不清路,老人也摔过跤,"
    "希望尽快派人来修,并说明以后由谁负责维护。"
)
ANSWER = "已由镇里派人更换灯头三盏,线路也检查过了;今后由村里每月巡查一次,坏了三天内报修。"


def run(folder: Path, sizes: tuple[int, ...], say: Callable[[str], None]) -> list[Figure]:
    """Return the time from commit to disk, its peer being a build of the same site from nothing."""
    figures: list[Figure] = []
    for size in sizes:
        say(f"publishing: {size:,} notices")
        figures += _figures(folder, size, say)
    return figures


def _figures(folder: Path, size: int, say: Callable[[str], None]) -> list[Figure]:
    data = folder / f"data-{size}"
    data.mkdir(parents=True)
    log = open_log(data, make_keys())
    keeper = SiteKeeper(log, data, ADDRESS, RegisterCache(log).current)
    try:
        seed_sample(log, data)
        fill(log, size)
        say("publishing: building all of it")
        began = time.perf_counter()
        keeper.start()
        built_s = time.perf_counter() - began
        published, withdrawn = _one_by_one(log, keeper, data)
    finally:
        keeper.stop()
        log.stop()
    keeper.out.rename(folder / f"site-{size}")
    aim_ms = 1000.0 if size <= 10_000 else 2000.0
    return [
        Figure(
            f"one notice {what} among {size:,}, from commit to disk, full build as peer",
            statistics.median(took_ms),
            "ms",
            built_s * 1000,
            aim=f"≤ {aim_ms:,.0f} ms",
            holds=statistics.median(took_ms) <= aim_ms,
            more={"worst_ms": max(took_ms), "times": len(took_ms)},
        )
        for what, took_ms in (("published", published), ("withdrawn", withdrawn))
    ]


def fill(log: Log, size: int) -> None:
    """Write that many old matters with their answers, all public: some a day from everywhere."""
    registers = sample_registers()
    areas = registers.of(AREAS).values()
    villages = sorted(area.id for area in areas if area.kind is AreaKind.VILLAGE)
    stations = sorted(registers.of(STATIONS))
    categories = sorted(registers.of(CATEGORIES))
    # Over three years, whatever the number: months are as long as a big county's.
    first_ms = log.now_ms() - 3 * 365 * DAY_MS
    step_ms = 3 * 365 * DAY_MS // size

    def row(index: int) -> HistoricalRow:
        received_at = first_ms + index * step_ms
        return HistoricalRow(
            source_number=str(index),
            name="",
            phone="",
            title=f"路灯坏了(第{index + 1}件)",
            text=TEXT,
            received_at=received_at,
            category=categories[index % len(categories)],
            area=villages[index % len(villages)],
            station=stations[index % len(stations)],
            answer=ANSWER,
            replied_at=min(received_at + 20 * DAY_MS, log.now_ms()),
        )

    batch = history.import_identity(b"bench")
    log.write(lambda t: history.begin_import(t, batch, "bench.csv", actor=OFFICE))
    for first in range(0, size, IN_ONE):
        rows = [row(index) for index in range(first, min(first + IN_ONE, size))]
        log.write(lambda t, rows=rows: history.take_rows(t, batch, rows, actor=OFFICE))  # type: ignore[misc]  # list
    log.write(lambda t: history.approve_import(t, batch, actor=OFFICE))
    # What a running node does in quiet moments: the tallies of the ledger.
    while log.write(lambda t: waiting.work_off(t.connection)).result:
        pass


def _one_by_one(log: Log, keeper: SiteKeeper, data: Path) -> tuple[list[float], list[float]]:
    """Return the milliseconds of publishes one after another, and of withdrawals."""
    numbers = [_answered(log, data, index) for index in range(PUBLISHES + 1)]
    published = []
    for number in numbers:
        fields = {"title": "路灯修好了", "text": TEXT, "answer": ANSWER}
        published.append(_timed(log, keeper, data, number, "publish", fields))
        if not (keeper.out / "notices" / number / "index.html.br").exists():
            raise RuntimeError(f"notice {number} was not published")
    withdrawn = []
    for number in numbers:
        withdrawn.append(_timed(log, keeper, data, number, "withdraw", {"reason": "要改"}))
        if (keeper.out / "notices" / number).exists():
            raise RuntimeError(f"notice {number} was not withdrawn")
    # The first one warms what a running server has warm.
    return published[1:], withdrawn


def _answered(log: Log, data: Path, index: int) -> str:
    registers = sample_registers()
    villages = sorted(a.id for a in registers.of(AREAS).values() if a.kind is AreaKind.VILLAGE)
    fields = {
        "text": f"{TEXT}{index}",
        "publish": "yes",
        "area": villages[index % len(villages)],
        "station": sorted(registers.of(STATIONS))[index % len(registers.of(STATIONS))],
        "category": sorted(registers.of(CATEGORIES))[0],
    }
    known = RegisterCache(log).current().known
    submission = check_submission(fields, known, staff=False)
    number = log.write(
        lambda t: raise_matter(t, submission, actor=OFFICE, receipt_key=bytes(32))
    ).result.number
    _carry_out(log, data, number, "answer", {"text": ANSWER})
    return str(number)


def _timed(
    log: Log, keeper: SiteKeeper, data: Path, number: str, command: str, fields: dict[str, str]
) -> float:
    position = _carry_out(log, data, number, command, fields)
    began = time.perf_counter()
    keeper.wake()
    while keeper.built_position < position:
        if time.perf_counter() - began > 120:
            raise RuntimeError(f"{command} of {number} did not come: {keeper.last_error}")
        time.sleep(0.001)
    return (time.perf_counter() - began) * 1000


def _carry_out(log: Log, data: Path, number: str, command: str, fields: dict[str, str]) -> int:
    log.write(
        lambda transaction: carry_out(
            transaction,
            number,
            COMMANDS[command],
            fields,
            actor=OFFICE,
            known=Known(),
            seen=None,
            folder=data,
        )
    )
    with log.reading() as connection:
        return int(connection.execute("SELECT max(position) FROM events").fetchone()[0])
