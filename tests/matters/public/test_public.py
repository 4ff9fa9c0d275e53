"""What the public reads: notices with consent only, and a ledger whose every line adds up."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acts.refusals import NotNow
from eventlog.log import Log
from matters.actors import Actor
from matters.intake import history
from matters.intake.history import HistoricalRow
from matters.ledgers.ledger import Count, Ledger
from matters.public import public
from matters.public.notices import ListKind, Notice
from matters.public.public import NoticeShelf
from matters.refusals import NoConsent
from matters.terms import Kind, Role
from tests.counts import count
from tests.eventlog.notes import START_MS, Clock
from tests.matters.county import (
    AREAS,
    OFFICE,
    ROADS,
    commanded,
    matter_of,
    open_county,
    raised,
)

BATCH = history.import_identity(b"old file")
PUBLIC: dict[str, Any] = {"title": "大桥栏杆", "text": "村民反映栏杆断裂", "answer": "已经修复"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(tmp_path: Path, clock: Clock) -> Any:
    opened = open_county(tmp_path, clock)
    yield opened
    assert opened.verify().ok
    opened.stop()


def notices(log: Log) -> list[Notice]:
    with log.reading() as connection:
        shelf = NoticeShelf(connection)
        latest = shelf.latest(1000)
        numbers = {notice.number for notice in latest}
        assert set(shelf.numbers()) == numbers
        months = shelf.keys(ListKind.MONTH)
        assert sum(count for _, count in months) == len(numbers)
        by_month = [one for month, _ in months for one in shelf.of(ListKind.MONTH, month, 99)]
        assert {one.number for one in by_month} == numbers
        for notice in latest:
            assert shelf.by_number(notice.number) == notice
        return latest


def ledger(log: Log) -> Ledger:
    with log.reading() as connection:
        found = public.ledger(connection)
    for line in (found.total, *found.months, *found.categories, *found.stations, *found.units):
        assert line.received == line.answered + line.pending and line.pending >= 0
        assert 0 <= line.published <= line.received
    for lines in (found.months, found.categories):
        for field in ("received", "answered", "pending", "published"):
            assert sum(getattr(one, field) for one in lines) == getattr(found.total, field)
    for lines in (found.stations, found.units):
        assert sum(line.received for line in lines) <= found.total.received
        assert all(line.key for line in lines)
    assert list(found.months) == sorted(found.months, key=lambda line: line.key, reverse=True)
    for lines in (found.categories, found.stations, found.units):
        assert [line.received for line in lines] == sorted(
            (line.received for line in lines), reverse=True
        )
    return found


def replied(log: Log, **fields: Any) -> str:
    number = raised(log, **fields).number
    commanded(log, number, "assign", lead="roads", assisting=["water"])
    commanded(log, number, "reply", ROADS, text="已修好", result="A")
    return number


@pytest.mark.req("L31")
def test_every_matter_has_its_line_in_the_ledger(log: Log) -> None:
    assert ledger(log).total == Count(key="", received=0, answered=0, pending=0, published=0)
    raised(log)
    replied(log, category="streets")
    found = ledger(log)
    assert (found.total.received, found.total.answered, found.total.pending) == (2, 1, 1)
    assert found.total.published == 0 and found.total.people == 2
    assert {line.key: line.received for line in found.categories} == {"": 1, "streets": 1}
    assert [(line.key, line.received, line.answered) for line in found.units] == [("roads", 1, 1)]
    assert [line.key for line in found.stations] == ["dahe"]
    assert notices(log) == []


def test_a_published_matter_is_a_notice_with_the_public_text_alone(log: Log, clock: Clock) -> None:
    number = replied(log, publish="yes", text="我家门口的栏杆断了", deputy="li", category="streets")
    commanded(log, number, "rate", Actor(Role.VILLAGER), reply_rating="satisfied",
              result_rating="basically")  # fmt: skip
    assert notices(log) == []
    clock.now_ms += 5000
    commanded(log, number, "publish", **PUBLIC)
    (notice,) = notices(log)
    assert (notice.title, notice.text, notice.answer) == tuple(PUBLIC.values())
    assert (notice.received_at, notice.published_at) == (START_MS, START_MS + 5000)
    assert (notice.station, notice.deputy, notice.area) == ("dahe", "li", AREAS[0])
    assert notice.units == ("roads", "water") and notice.result == "A" and not notice.imported
    assert notice.ratings == {"reply": "satisfied", "result": "basically"}
    assert ledger(log).total.published == 1
    with log.reading() as connection:
        shelf = NoticeShelf(connection)
        for found, other in (
            (shelf.of(ListKind.STATION, "dahe", 5), shelf.of(ListKind.STATION, "xiaohe", 5)),
            (shelf.of(ListKind.DEPUTY, "li", 5), shelf.of(ListKind.DEPUTY, "wang", 5)),
            (shelf.of(ListKind.AREA, AREAS[0], 5), shelf.of(ListKind.AREA, AREAS[1], 5)),
        ):
            assert [one.number for one in found] == [number] and other == []


def test_a_notice_is_withdrawn_and_published_anew(log: Log) -> None:
    number = replied(log, publish="yes")
    commanded(log, number, "publish", **PUBLIC)
    commanded(log, number, "withdraw", reason="家属要求")
    assert notices(log) == [] and ledger(log).total.published == 0
    with log.reading() as connection:
        matter = matter_of(log, number)
        assert not public.is_public(connection, matter.id)
        assert public.shown_number(connection, matter.id) == number
    with pytest.raises(NotNow):
        commanded(log, number, "withdraw", reason="再来一次")
    commanded(log, number, "publish", **{**PUBLIC, "title": "新标题"})
    assert [one.title for one in notices(log)] == ["新标题"]


@pytest.mark.parametrize("fields", [{}, {"publish": "no"}, {"publish": "yes", "kind": "report"}])
def test_without_consent_nothing_is_ever_public(log: Log, fields: dict[str, str]) -> None:
    number = replied(log, **fields)
    with pytest.raises(NoConsent):
        commanded(log, number, "publish", **PUBLIC)
    assert notices(log) == [] and ledger(log).total.received == 1
    with log.reading() as connection:
        assert public.shown_number(connection, matter_of(log, number).id) is None


def test_what_becomes_a_report_is_public_no_longer(log: Log) -> None:
    number = replied(log, publish="yes")
    commanded(log, number, "publish", **PUBLIC)
    commanded(log, number, "reclassify", kind="report")
    assert notices(log) == []
    with pytest.raises(NoConsent):
        commanded(log, number, "publish", **PUBLIC)


def import_file(log: Log) -> list[HistoricalRow]:
    rows = [
        HistoricalRow("A1", "李", "", "路灯", "路灯坏了", START_MS - 10**10, answer="修好了",
                      replied_at=START_MS - 10**9),
        HistoricalRow("A2", "李", "", "", "水停了", START_MS - 10**10),
        HistoricalRow("A3", "李", "", "举报", "某人受贿", START_MS - 10**10, kind=Kind.REPORT),
    ]  # fmt: skip
    log.write(lambda t: history.begin_import(t, BATCH, "old.xlsx", actor=OFFICE))
    log.write(lambda t: history.take_rows(t, BATCH, rows, actor=OFFICE))
    return rows


def test_an_import_is_public_only_once_it_is_approved_and_a_report_never(log: Log) -> None:
    rows = import_file(log)
    assert notices(log) == []
    total = ledger(log).total
    assert (total.received, total.answered, total.published) == (3, 1, 0)
    log.write(lambda t: history.approve_import(t, BATCH, actor=OFFICE))
    found = {notice.title: notice for notice in notices(log)}
    assert set(found) == {"路灯", "水停了"}
    assert found["路灯"].answer == "修好了" and found["水停了"].answer == ""
    assert all(one.imported and one.published_at == START_MS for one in found.values())
    assert ledger(log).total.published == 2
    number = found["路灯"].number
    commanded(log, number, "withdraw", reason="有误")
    assert {one.title for one in notices(log)} == {"水停了"}
    commanded(log, found["水停了"].number, "reclassify", kind="report")
    assert notices(log) == [] and rows[2].kind is Kind.REPORT


@pytest.mark.parametrize("imported", [True, False])
def test_erased_words_are_withdrawn(log: Log, imported: bool) -> None:
    if imported:
        import_file(log)
        log.write(lambda t: history.approve_import(t, BATCH, actor=OFFICE))
        number = next(one.number for one in notices(log) if one.title == "路灯")
    else:
        number = replied(log, publish="yes")
        commanded(log, number, "publish", **PUBLIC)
    before = len(notices(log))
    commanded(log, number, "erase", what="contact", reason="本人要求")
    assert len(notices(log)) == before
    commanded(log, number, "erase", what="words", reason="本人要求")
    assert len(notices(log)) == before - 1
    assert number not in {one.number for one in notices(log)}


@settings(max_examples=count(5, 15), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 90), st.booleans()), max_size=12))
def test_the_ledger_adds_up_whatever_happened(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, bool]]
) -> None:
    clock = Clock()
    log = open_county(tmp_path_factory.mktemp("ledger"), clock)
    for step, days, publish in steps:
        clock.now_ms += days * 86_400_000
        fields = {"publish": "yes" if publish else "no", "station": "" if step else "dahe"}
        if step == 0:
            raised(log, **fields)
        elif step == 1:
            number = raised(log, category="taps", **fields).number
            commanded(log, number, "decline", reason="不受理", route="法院")
        else:
            number = replied(log, **fields)
            if publish and step > 2:
                commanded(log, number, "publish", **PUBLIC)
            if step > 3:
                commanded(log, number, "close", text="办结")
    found = ledger(log)
    assert found.total.received == len(steps)
    assert found.total.published == len(notices(log))
    log.stop()
