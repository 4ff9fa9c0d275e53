"""Lists and searches: every filter, order and word, beside a naive reading of the same matters."""

from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from eventlog.log import Log
from matters.actors import Actor
from matters.limits.lights import light_of
from matters.listing import counts, lists, waiting
from matters.listing.filters import Filters, filters_from
from matters.matter import Matter
from matters.registers.rules import DEFAULT_RULES
from matters.terms import Desk, Role, State
from tests.eventlog.notes import START_MS, Clock
from tests.matters.county import (
    AREAS,
    BODIES,
    DEPUTY,
    OFFICE,
    ROADS,
    STATIONS,
    WATER,
    commanded,
    message,
    open_county,
    raised,
)

DAY_MS = 86_400_000
NOW_MS = START_MS + 40 * DAY_MS


def live(log: Log, clock: Clock) -> None:
    """Let matters come and go, so that every filter has some that meet it and some that do not."""
    for number in range(24):
        clock.now_ms = START_MS + number * DAY_MS // 3
        one = raised(
            log,
            text=("门口路灯不亮" if number % 3 else "水管漏水，井盖松动") + f"，第{number}号",
            station=STATIONS[number % 2],
            area=AREAS[number % 2],
            kind=("help", "complaint", "suggestion")[number % 3],
            category=("streets", "taps", "")[number % 3],
        ).number
        if number % 4 == 0:
            continue
        grade = "urgent" if number % 5 == 0 else "normal"
        deputy = DEPUTY if number % 2 == 0 else OFFICE
        commanded(log, one, "adopt", deputy, title="题", grade=grade, body=BODIES[number % 2])
        if number == 21:
            commanded(log, one, "refer", to="市人大", reason="属市里管")
        if number % 4 == 1:
            continue
        limit = {2: "P41D", 18: "P39D"}.get(number, f"P{10 + number}D")
        commanded(log, one, "assign", lead="roads", assisting=["water"], limit=limit)
        commanded(log, one, "accept", ROADS)
        if number % 8 == 2:
            commanded(log, one, "press", DEPUTY, text="请快办")
            commanded(log, one, "ask-extension", ROADS, until="2027-05-01", reason="缺料")
        elif number % 8 == 3:
            commanded(log, one, "ask", ROADS, text="哪一盏灯？")
        elif number % 8 == 6:
            commanded(log, one, "reply", ROADS, text="换了新灯泡", result="A")
            ratings = {"reply_rating": "satisfied", "result_rating": "unsatisfied"}
            commanded(log, one, "rate", DEPUTY, None, comment="还是不亮", **dict[str, Any](ratings))
        elif number % 8 == 7:
            commanded(log, one, "reply", ROADS, text="换了新灯泡", result="A")


@pytest.fixture(scope="module", params=["waiting", "indexed"])
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """A county with matters, before and after they are indexed."""
    clock = Clock()
    opened = open_county(tmp_path_factory.mktemp("lists") / "data", clock)
    live(opened, clock)
    if request.param == "indexed":
        work_off(opened)
    yield opened
    opened.stop()


def work_off(log: Log) -> None:
    """Index and count what waits, as the node's indexer does."""
    while log.write(lambda t: waiting.work_off(t.connection, 7)).result:
        pass


def found(log: Log, actor: Actor = OFFICE, now_ms: int = NOW_MS, **narrowed: Any) -> list[Matter]:
    """Return every matter of a list, page after page."""
    several: list[Matter] = []
    filters = Filters(**narrowed)
    with log.reading() as connection:
        while True:
            page = lists.listed(connection, actor, filters, now_ms=now_ms)
            several += [row.matter for row in page.rows]
            if not page.next:
                return several
            filters = filters._replace(cursor=page.next)


def light(matter: Matter) -> str:
    return light_of(matter.due_at, NOW_MS, DEFAULT_RULES) if matter.open_with_unit else "none"


FILTERS: dict[str, tuple[dict[str, Any], Callable[[Matter], bool]]] = {
    "desk": ({"desk": "handle"}, lambda one: one.desk is Desk.HANDLE),
    "desk, none": ({"desk": "none"}, lambda one: one.desk is Desk.NONE),
    "state": ({"state": "in_hand"}, lambda one: one.state is State.IN_HAND),
    "urgent": ({"urgent": True}, lambda one: one.grade == "urgent" or one.alarm),
    "body": ({"body": BODIES[0]}, lambda one: one.body == BODIES[0]),
    "kind": ({"kind": "complaint"}, lambda one: one.kind == "complaint"),
    "channel": ({"channel": "web"}, lambda one: one.channel == "web"),
    "unit": ({"unit": "water"}, lambda one: "water" in (one.lead, *one.assisting)),
    "extension": ({"extension": True}, lambda one: one.extension_until is not None),
    "asked": ({"asked": True}, lambda one: one.paused),
    "unsatisfied": ({"unsatisfied": True}, lambda one: one.unsatisfied),
    "overdue": ({"overdue": True}, lambda one: one.overdue(NOW_MS)),
    "pressed": ({"pressed_late": True}, lambda one: 0 < (one.press_due_at or 0) < NOW_MS),
    "red": ({"light": "red"}, lambda one: light(one) == "red"),
    "yellow": ({"light": "yellow"}, lambda one: light(one) == "yellow"),
    "green": ({"light": "green"}, lambda one: light(one) == "green"),
    "since": ({"since": START_MS + DAY_MS}, lambda one: one.received_at >= START_MS + DAY_MS),
    "together": (
        {"category": "streets", "station": STATIONS[0], "desk": "frame"},
        lambda one: (one.category, one.station, one.desk) == ("streets", STATIONS[0], Desk.FRAME),
    ),
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_keeps_what_it_says(log: Log, name: str) -> None:
    narrowed, meets = FILTERS[name]
    everything = found(log)
    assert len(everything) == 24
    expected = {one.number for one in everything if meets(one)}
    assert {one.number for one in found(log, **narrowed)} == expected
    assert 0 < len(expected) < 24 or name == "channel", "the county has no such matter"
    with log.reading() as connection:
        count = counts.count(connection, OFFICE, Filters(**narrowed), now_ms=NOW_MS)
    assert count == (len(expected), False)


def test_any_two_filters_keep_what_both_say(log: Log) -> None:
    everything = found(log)
    for (one, meets_one), (other, meets_other) in combinations(FILTERS.values(), 2):
        if set(one) & set(other):
            continue
        expected = {m.number for m in everything if meets_one(m) and meets_other(m)}
        for order in ("", "due"):
            held = {m.number for m in found(log, order=order, **one, **other)}
            limited = {m.number for m in everything if m.open_with_unit and m.due_at}
            assert held == (expected & limited if order else expected), (one, other)


def test_a_deputy_finds_what_they_took_up(log: Log) -> None:
    mine = found(log, DEPUTY, mine=True)
    assert mine and all(
        any(step.type == "matter.adopted" and step.by == "deputy:d1" for step in one.steps)
        for one in mine
    )
    assert found(log, OFFICE, mine=True) == []


@pytest.mark.parametrize("page", [1, 3, 50])
def test_every_order_holds_through_its_pages(
    log: Log, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE", page)
    newest = found(log)
    assert newest == sorted(newest, key=lambda one: (one.received_at, one.id), reverse=True)
    soonest = found(log, order="due")
    assert soonest and all(one.open_with_unit for one in soonest)
    assert soonest == sorted(soonest, key=lambda one: (one.due_at or 0, one.id))
    framing = found(log, desk="frame")
    assert [one.alarm for one in framing] == sorted((one.alarm for one in framing), reverse=True)
    assert {one.alarm for one in framing} == {True, False} and len(framing) == 6
    # The same through the index, where many hold a term.
    monkeypatch.setattr(lists, "_SORTED_MOST", 0)
    assert [one.number for one in found(log, category="streets")] == [
        one.number for one in newest if one.category == "streets"
    ]
    unit = Actor(Role.UNIT, unit="roads")
    assert [one.number for one in found(log, unit, order="due")] == [one.number for one in soonest]


@pytest.mark.parametrize("walked", [0, 4_000])
def test_words_are_found_wherever_they_stand(
    log: Log, walked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_SORTED_MOST", walked)
    everything = found(log)
    with log.reading() as connection:
        texts = {one.number: list(waiting.texts_of(connection, one.id)) for one in everything}
    for words in ("路灯", "灯", "井盖松动", "新灯泡", "还是不亮", "缺料", "路灯 不亮", "第7号"):
        expected = [
            one.number
            for one in everything
            if all(any(word in text for text in texts[one.number]) for word in words.split())
        ]
        assert expected and [one.number for one in found(log, q=words)] == expected, words
    for words in ("灯路", "盖井", "路灯 井盖", "没有的字", "%", "_", "' OR 1", "。"):
        assert found(log, q=words) == [], words
    narrowed = found(log, q="路灯", desk="handle", kind="complaint")
    assert narrowed and all(one.desk is Desk.HANDLE and one.kind == "complaint" for one in narrowed)
    number = everything[5].number
    assert [one.number for one in found(log, q=f"{number[:3]} {number[3:]}")] == [number]
    assert found(log, WATER, q="井盖") == [one for one in found(log, q="井盖") if one.assisting]


def test_what_takes_too_long_goes_on_on_the_next_page(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [one.number for one in found(log, category="taps")]
    searched = [one.number for one in found(log, q="第11号")]
    monkeypatch.setattr(lists, "_SORTED_MOST", 0)
    monkeypatch.setattr(lists, "_WALKED_MOST", 2)
    monkeypatch.setattr(lists, "_READ_MOST", 2)
    assert [one.number for one in found(log, category="taps")] == expected
    assert [one.number for one in found(log, q="第11号")] == searched and len(searched) == 1


def test_tabs_count_what_the_lists_hold(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    for actor in (OFFICE, ROADS, DEPUTY):
        for exact in (20_000, 0):
            monkeypatch.setattr(counts, "_EXACT_MOST", exact)
            with log.reading() as connection:
                states = counts.by_state(connection, actor, Filters(), now_ms=NOW_MS)
                some = counts.by_state(connection, actor, Filters(q="路灯"), now_ms=NOW_MS)
            everything = found(log, actor)
            for state in State:
                assert states[state].n == sum(one.state is state for one in everything)
            if not any(count.capped for count in some.values()):
                held = found(log, actor, q="路灯")
                assert sum(count.n for count in some.values()) == len(held)
    monkeypatch.setattr(counts, "MOST", 3)
    with log.reading() as connection:
        count = counts.by_state(connection, OFFICE, Filters(), now_ms=NOW_MS)["in_hand"]
    assert count == (3, True) and str(count) == "3+"


def test_an_address_gives_the_filters() -> None:
    given = {"desk": "frame", "urgent": "1", "round_from": "2", "order": "due", "key": "no"}
    assert filters_from(given) == Filters(desk="frame", urgent=True, round_from=2, order="due")
    assert filters_from({}) == Filters()
    # What nobody could mean narrows, and raises nothing.
    assert filters_from({"handover": "x", "round_from": "٣٣٣٣"}).handover == bytes(16)


def test_a_later_text_is_found_at_once_and_an_erased_one_no_more(tmp_path: Path) -> None:
    log = open_county(tmp_path, Clock())
    one = raised(log, text="路灯不亮 call Zhao13912345678").number
    other = raised(log, text="路灯不亮").number
    work_off(log)
    assert [m.number for m in found(log, q="zhao13912345678")] == [one]
    message(log, one, "还有沙井没有盖子")
    assert [m.number for m in found(log, q="沙井")] == [one]
    work_off(log)
    assert [m.number for m in found(log, q="沙井")] == [one]
    assert {m.number for m in found(log, q="路灯")} == {one, other}
    commanded(log, one, "erase", what="words", reason="本人要求")
    for _ in range(2):
        assert found(log, q="沙井") == [] and found(log, q="zhao13912345678") == []
        assert [m.number for m in found(log, q="路灯")] == [other]
        assert [m.number for m in found(log, q="本人要求")] == [one]
        work_off(log)
    log.rebuild()
    assert found(log, q="沙井") == [] and [m.number for m in found(log, q="路灯")] == [other]
    log.stop()
    for path in tmp_path.iterdir():
        content = path.read_bytes()
        for marker in ("zhao13912345678", "沙井", "井没"):
            assert marker.encode() not in content, (path.name, marker)


def test_a_rebuild_makes_the_same_index(tmp_path: Path) -> None:
    clock = Clock()
    log = open_county(tmp_path, clock)
    live(log, clock)
    work_off(log)

    def rows() -> list[list[tuple[Any, ...]]]:
        with log.reading() as connection:
            return [
                [tuple(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]
                for table in ("postings", "matters", "waiting")
            ]

    log.rebuild()
    first = rows()
    assert first[0] and not first[2]
    log.rebuild()
    assert rows() == first
    log.stop()
