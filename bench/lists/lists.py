"""Lists, filters, searches, counts and commands on a million matters, 10,000 units and deputies.

Each case is asked many times with other values, on a connection of its own as the server opens it.
"""

import contextlib
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from acts.refusals import Refusal
from bench.figures import Figure
from bench.lists import county, helpdesk
from bench.lists.county import AREAS, DEPUTIES, NOW_MS, STATIONS, UNITS, area, unit
from eventlog.log import Log
from matters.actors import Actor
from matters.commands import COMMANDS
from matters.execution import carry_out
from matters.known import Known
from matters.ledgers import figures
from matters.ledgers.figures import By, Scope
from matters.listing import counts, lists, waiting
from matters.listing.filters import Filters
from matters.listing.narrowing import narrowed
from matters.listing.similar import similar
from matters.matter import Matter
from matters.terms import Role

LIST_MOST_MS, COMMAND_MOST_MS = 100.0, 50.0
TIMES = 40
COMMANDS_RUN = 200
OFFICE = Actor(Role.OFFICE, "o1")


class Case(NamedTuple):
    """One kind of list: its name, and who asks with which filters each time."""

    name: str
    asked: Callable[[random.Random], tuple[Actor, Filters]]


def _by_office(**given: Any) -> Callable[[random.Random], tuple[Actor, Filters]]:
    return lambda rnd: (OFFICE, Filters(**given))


def _searching(words: Sequence[str]) -> Callable[[random.Random], tuple[Actor, Filters]]:
    return lambda rnd: (OFFICE, Filters(q=rnd.choice(words)))


def _liaison(rnd: random.Random) -> Actor:
    village = rnd.randrange(AREAS)
    areas = frozenset(area(village // 5 * 5 + more) for more in range(5))
    return Actor(Role.LIAISON, "l1", stations=frozenset({f"s{village // 5:04d}"}), areas=areas)


def _deputy(rnd: random.Random) -> Actor:
    village = rnd.randrange(AREAS)
    areas = frozenset(area((village + more) % AREAS) for more in range(10))
    name = f"d{rnd.randrange(DEPUTIES):05d}"
    return Actor(Role.DEPUTY, name, deputy=name, areas=areas)


def _township(rnd: random.Random) -> Actor:
    township = rnd.randrange(AREAS // 50)
    areas = frozenset(area(township * 50 + more) for more in range(50))
    return Actor(Role.OFFICE, "o2", areas=areas, body=f"b{township}")


def _busy(rnd: random.Random) -> Actor:
    return Actor(Role.UNIT, "u", unit=unit(rnd.randrange(20)))


def _cases() -> Iterator[Case]:
    yield Case("office, newest", _by_office())
    for desk in ("frame", "dispatch", "handle", "rate", "close", "explain"):
        yield Case(f"office, desk {desk}", _by_office(desk=desk))
    for state in ("received", "in_hand", "closed", "declined"):
        yield Case(f"office, state {state}", _by_office(state=state))
    for name in ("overdue", "urgent", "extension", "unsatisfied", "pressed_late", "flagged"):
        yield Case(f"office, {name}", _by_office(**{name: True}))
    for light in ("red", "yellow", "green"):
        yield Case(f"office, light {light}", _by_office(light=light))
    yield Case("office, soonest due", _by_office(order="due"))
    yield Case("office, category", lambda r: (OFFICE, Filters(category=_category(r))))
    yield Case("office, station", lambda r: (OFFICE, Filters(station=_station(r))))
    yield Case("office, area", lambda r: (OFFICE, Filters(area=area(r.randrange(AREAS)))))
    yield Case("office, deputy", lambda r: (OFFICE, Filters(deputy=_any_deputy(r))))
    yield Case("office, unit", lambda r: (OFFICE, Filters(unit=unit(r.randrange(UNITS)))))
    yield Case("office, busiest units", lambda r: (OFFICE, Filters(unit=unit(r.randrange(5)))))
    yield Case("office, body", lambda r: (OFFICE, Filters(body=f"b{r.randrange(AREAS // 50)}")))
    yield Case("office, kind", _by_office(kind="report"))
    yield Case("office, channel", _by_office(channel="market"))
    yield Case("office, since", _by_office(since=NOW_MS - 86_400_000 * 30))
    yield Case(
        "office, category, kind, channel, state",
        lambda r: (
            OFFICE,
            Filters(category=_category(r), kind="report", channel="market", state="closed"),
        ),
    )
    yield Case(
        "office, unit and overdue",
        lambda r: (OFFICE, Filters(unit=unit(r.randrange(UNITS)), overdue=True)),
    )
    yield Case(
        "office, category and overdue",
        lambda r: (OFFICE, Filters(category=_category(r), overdue=True)),
    )
    yield Case("township office, newest", lambda r: (_township(r), Filters()))
    yield Case("township office, overdue", lambda r: (_township(r), Filters(overdue=True)))
    yield Case("township office, desk frame", lambda r: (_township(r), Filters(desk="frame")))
    yield Case("liaison, newest", lambda r: (_liaison(r), Filters()))
    yield Case("liaison, desk frame", lambda r: (_liaison(r), Filters(desk="frame")))
    yield Case("deputy, newest", lambda r: (_deputy(r), Filters()))
    yield Case("deputy, mine", lambda r: (_deputy(r), Filters(mine=True)))
    yield Case("unit, newest", lambda r: (Actor(Role.UNIT, "u", unit=_any_unit(r)), Filters()))
    yield Case("busiest units, newest", lambda r: (_busy(r), Filters()))
    yield Case("busiest units, soonest due", lambda r: (_busy(r), Filters(order="due")))
    for name, words in (
        ("two characters, common", ("路灯", "水管", "村口", "尽快")),
        ("one character", ("灯", "水", "的", "村")),
        ("phrase, common", ("路灯不亮", "晚上走路很不方便", "请尽快派人")),
        ("phrase that nobody wrote", ("灯路不亮", "水管不亮松动", "尽快请派人")),
        ("two words", ("路灯 老人摔过", "祠堂前 公厕", "桥头 围墙 臭味")),
        ("no such word", ("彗星", "鲸鱼", "astronaut")),
    ):
        yield Case(f"search, {name}", _searching(words))
    yield Case("search, rare word", lambda r: (OFFICE, Filters(q="".join(r.choices(_RARE, k=2)))))
    yield Case(
        "search, common word, rare filter",
        lambda r: (OFFICE, Filters(q="尽快", unit=_any_unit(r), state="closed")),
    )
    yield Case("search, common word, overdue", lambda r: (OFFICE, Filters(q="路灯", overdue=True)))
    yield Case("search by a liaison", lambda r: (_liaison(r), Filters(q="路灯不亮")))
    yield Case("search by a township office", lambda r: (_township(r), Filters(q="漏水")))


_RARE = county._HAN[:400]


def _category(rnd: random.Random) -> str:
    return rnd.choice(county.CATEGORIES)


def _station(rnd: random.Random) -> str:
    return f"s{rnd.randrange(STATIONS):04d}"


def _any_deputy(rnd: random.Random) -> str:
    return f"d{rnd.randrange(DEPUTIES):05d}"


def _any_unit(rnd: random.Random) -> str:
    return unit(int(UNITS * rnd.random() ** 3))


def run(folder: Path, count: int, say: Callable[[str], None]) -> list[Figure]:
    """Return p95 of every case, each with its p50, its plan and how many it found in `more`."""
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "ours"
    say(f"lists: building {count:,} matters")
    began = time.monotonic()
    log = county.build(data, count, say)
    say(f"lists: built in {time.monotonic() - began:.0f} s, {_size_mb(data):,.0f} MB")
    try:
        found = [_measured(log, case, say) for case in _cases()]
        found += _pages_on(log, say)
        found += _counts(log, say)
        found += _others(log, say)
        found += _commands(log, say)
        sample = _sample(log, count)
    finally:
        log.stop()
    return [*found, *helpdesk.run(folder, data, sample, count, say)]


def _size_mb(data: Path) -> float:
    return (data / "huiyin.db").stat().st_size / 1e6


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


def _timed(
    what: str,
    ask: Callable[[random.Random], int],
    say: Callable[[str], None],
    *,
    most: float = LIST_MOST_MS,
    times: int = TIMES,
    plan: list[str] | None = None,
) -> Figure:
    rnd = random.Random(what)
    took: list[float] = []
    used: list[float] = []
    sizes: list[int] = []
    for _ in range(times):
        began, began_cpu = time.perf_counter(), time.process_time()
        sizes.append(ask(rnd))
        took.append((time.perf_counter() - began) * 1000)
        # On a busy machine the processor's time says more than the clock.
        used.append((time.process_time() - began_cpu) * 1000)
    p95 = _p95(took)
    say(
        f"{what}: p50 {statistics.median(took):.1f}, p95 {p95:.1f} ms "
        f"(processor {_p95(used):.1f}), rows {max(sizes)}"
    )
    for line in plan or ():
        say(f"    {line}")
    return Figure(
        f"{what}, p95",
        p95,
        "ms",
        aim=f"≤ {most:g} ms",
        holds=p95 <= most,
        more={
            "p50_ms": round(statistics.median(took), 2),
            "p95_of_processor_ms": round(_p95(used), 2),
            "most_ms": round(max(took), 2),
            "rows": max(sizes),
            "plan": plan or [],
        },
    )


def _measured(log: Log, case: Case, say: Callable[[str], None]) -> Figure:
    def ask(rnd: random.Random) -> int:
        actor, filters = case.asked(rnd)
        with log.reading() as connection:
            return len(lists.listed(connection, actor, filters, now_ms=NOW_MS).rows)

    actor, filters = case.asked(random.Random(case.name))
    return _timed(f"list: {case.name}", ask, say, plan=_plan(log, actor, filters))


def _plan(log: Log, actor: Actor, filters: Filters) -> list[str]:
    with log.reading() as connection:
        asked = narrowed(connection, actor, filters, now_ms=NOW_MS)
        walk = lists.Walk(connection, asked, filters.cursor)
        return walk.plan()


def _pages_on(log: Log, say: Callable[[str], None]) -> list[Figure]:
    """Measure the 20th page of some lists, which a keyset cursor makes as cheap as the first."""

    def deep(actor: Actor, filters: Filters) -> Filters:
        with log.reading() as connection:
            for _ in range(20):
                page = lists.listed(connection, actor, filters, now_ms=NOW_MS)
                if not page.next:
                    break
                filters = filters._replace(cursor=page.next)
        return filters

    found: list[Figure] = []
    for name, filters in (
        ("newest", Filters()),
        ("search 路灯", Filters(q="路灯")),
        ("desk handle", Filters(desk="handle")),
    ):
        start = deep(OFFICE, filters)

        def ask(rnd: random.Random, start: Filters = start) -> int:
            with log.reading() as connection:
                return len(lists.listed(connection, OFFICE, start, now_ms=NOW_MS).rows)

        found.append(_timed(f"list: 20th page, {name}", ask, say))
    return found


def _counts(log: Log, say: Callable[[str], None]) -> list[Figure]:
    found: list[Figure] = []
    for name, who in (
        ("office", lambda rnd: OFFICE),
        ("township office", _township),
        ("liaison", _liaison),
        ("deputy", _deputy),
        ("busiest units", _busy),
    ):

        def ask(rnd: random.Random, who: Any = who) -> int:
            with log.reading() as connection:
                return len(counts.by_state(connection, who(rnd), Filters(), now_ms=NOW_MS))

        found.append(_timed(f"counts: states, {name}", ask, say))

    def searched(rnd: random.Random) -> int:
        filters = Filters(q=rnd.choice(("路灯", "水管", "路灯不亮", "彗星")))
        with log.reading() as connection:
            return len(counts.by_state(connection, OFFICE, filters, now_ms=NOW_MS))

    return [*found, _timed("counts: states of a search", searched, say)]


def _others(log: Log, say: Callable[[str], None]) -> list[Figure]:
    def total(rnd: random.Random) -> int:
        with log.reading() as connection:
            return figures.total(connection).received

    def by(what: By, scope: Scope = figures.EVERYTHING) -> Callable[[random.Random], int]:
        def ask(rnd: random.Random) -> int:
            with log.reading() as connection:
                return len(figures.counted(connection, what, scope))

        return ask

    with log.reading() as connection:
        page = lists.listed(connection, OFFICE, Filters(), now_ms=NOW_MS).rows
        page += lists.listed(connection, OFFICE, Filters(state="closed"), now_ms=NOW_MS).rows
    matters: list[Matter] = [row.matter for row in page]

    def alike(rnd: random.Random) -> int:
        with log.reading() as connection:
            return len(similar(connection, rnd.choice(matters), now_ms=NOW_MS))

    year = Scope(first="2025-10", last="2026-09")
    return [
        _timed("similar matters", alike, say, most=COMMAND_MOST_MS),
        _timed("ledger: total", total, say),
        _timed("ledger: months", by(By.MONTH), say),
        _timed("ledger: 1,000 stations", by(By.STATION), say),
        _timed("ledger: 10,000 units", by(By.UNIT), say),
        _timed("ledger: units of a year", by(By.UNIT, year), say),
    ]


def _commands(log: Log, say: Callable[[str], None]) -> list[Figure]:
    """Measure commands through the one writer, each waiting for its commit, without Litestream."""
    known = Known(units=frozenset({unit(1), unit(2)}))
    found: list[Figure] = []
    for desk, name, fields in (
        ("frame", "adopt", {"title": "桥栏杆断了"}),
        ("dispatch", "assign", {"lead": unit(1)}),
        ("handle", "press", {"text": "请尽快办理"}),
        ("close", "close", {"text": "已经办结"}),
    ):
        numbers: list[str] = []
        # An answer that nobody is content with may lie on the dispatching desk, too.
        state = "adopted" if desk == "dispatch" else ""
        filters = Filters(desk=desk, state=state)
        with log.reading() as connection:
            while len(numbers) < COMMANDS_RUN:
                page = lists.listed(connection, OFFICE, filters, now_ms=NOW_MS)
                numbers += [row.matter.number for row in page.rows]
                if not page.next:
                    break
                filters = filters._replace(cursor=page.next)
        waits = iter(numbers)

        def ask(
            rnd: random.Random, waits: Iterator[str] = waits, name: str = name, fields: Any = fields
        ) -> int:
            number = next(waits)
            # A few of a million random numbers are given twice, and mean the other matter.
            with contextlib.suppress(Refusal):
                log.write(
                    lambda t: carry_out(
                        t,
                        number,
                        COMMANDS[name],
                        fields,
                        actor=OFFICE,
                        known=known,
                        seen=None,
                        folder=log.folder,
                    )
                )
            return 1

        times = min(len(numbers), COMMANDS_RUN)
        if times > 1:
            what = f"command: {name} (no replica)"
            found.append(_timed(what, ask, say, most=COMMAND_MOST_MS, times=times))

    def work_off(rnd: random.Random) -> int:
        return log.write(lambda t: waiting.work_off(t.connection, 32)).result

    found.append(_timed("working off up to 32 that wait", work_off, say, times=15))
    return found


def _sample(log: Log, count: int) -> list[tuple[str, str, str, int]]:
    """Return number, title, text and time of some thousand matters, for the peer's tickets."""
    most = min(count, 5_000)
    with log.reading() as connection:
        rows = connection.execute(
            "SELECT id, number, received_at FROM matters ORDER BY received_at DESC LIMIT ?",
            (most,),
        ).fetchall()
        texts = [next(iter(waiting.texts_of(connection, row["id"])), "") for row in rows]
    return [
        (row["number"], text[:40], text, row["received_at"])
        for row, text in zip(rows, texts, strict=True)
    ]
