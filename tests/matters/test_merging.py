"""Merged and split: who was merged is answered and rates; what was split is of one person."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acts.refusals import BadFields, NotFromThisState, NotNow, Refusal
from eventlog.events import Draft
from eventlog.identifiers import uuid_text
from eventlog.log import Log
from matters import echoes, store
from matters.actors import VILLAGER, Actor
from matters.answers import answer_in
from matters.intake import history
from matters.intake.history import HistoricalRow
from matters.matter import Matter
from matters.terms import Desk, MatterEvent, Role, State
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
from tests.matters.nodes.test_order_of_arrival import exchange

BAD: dict[str, Any] = {
    "reply_rating": "satisfied",
    "result_rating": "unsatisfied",
    "comment": "还漏水",
}
GOOD: dict[str, Any] = {"reply_rating": "satisfied", "result_rating": "satisfied"}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    opened = open_county(tmp_path / "data", Clock())
    yield opened
    assert opened.verify().ok
    opened.stop()


def answer_of(log: Log, number: str) -> str:
    """Return the answer in words that the person of a matter reads."""
    matter = matter_of(log, number)
    with log.reading() as connection:
        return answer_in(matter, store.texts_of(connection, matter))


def problem(log: Log, name: str, number: str, actor: Actor = OFFICE, **fields: Any) -> str:
    """Return the code of the one wrong field."""
    with pytest.raises(BadFields) as caught:
        commanded(log, number, name, actor, **fields)
    (found,) = caught.value.problems
    return found.code


def replied(log: Log, number: str, text: str = "修好了") -> Matter:
    """Let a unit answer."""
    if matter_of(log, number).state in (State.RECEIVED, State.ADOPTED):
        commanded(log, number, "assign", lead="roads")
    return commanded(log, number, "reply", ROADS, text=text, result="A")


def test_a_merged_villager_is_answered_each_time_anew(log: Log) -> None:
    leading, follower = raised(log, people="4").number, raised(log, people="3").number
    merged = commanded(log, follower, "merge", into=leading)
    assert merged.desk is Desk.FOLLOW and not merged.answered
    assert matter_of(log, leading).people == 7
    replied(log, leading)
    assert answer_of(log, follower) == "修好了" and matter_of(log, follower).desk is Desk.NONE
    commanded(log, follower, "rate", VILLAGER, **BAD)
    assert matter_of(log, leading).desk is Desk.EXPLAIN
    commanded(log, leading, "explain", ROADS, cause="没修牢", until="2026-12-01")
    replied(log, leading, "换了新的")
    assert answer_of(log, follower) == "换了新的"
    assert not matter_of(log, follower).result_rating and not matter_of(log, leading).unsatisfied


def test_a_merged_villager_may_change_their_mind(log: Log) -> None:
    leading, *others = [raised(log).number for _ in range(3)]
    for follower in others:
        commanded(log, follower, "merge", into=leading)
    replied(log, leading)
    for follower, rating, unhappy in (
        (others[0], BAD, 1), (others[0], BAD, 1), (others[1], BAD, 2), (others[0], GOOD, 1),
        (others[1], GOOD, 0),
    ):  # fmt: skip
        commanded(log, follower, "rate", VILLAGER, **rating)
        assert len(matter_of(log, leading).unhappy) == unhappy
    commanded(log, leading, "close", text="办结")
    # It was closed while everybody was content; one who no longer is opens it again.
    commanded(log, others[0], "rate", VILLAGER, **BAD)
    assert matter_of(log, leading).state is State.REPLIED
    assert not matter_of(log, leading).contested


def test_an_answer_and_a_rating_go_the_whole_way(log: Log) -> None:
    first, second, third = [raised(log).number for _ in range(3)]
    commanded(log, first, "merge", into=second)
    replied(log, third)
    commanded(log, second, "merge", into=third)
    # The leading matter was answered before: whoever comes now is told, and who came with them.
    assert answer_of(log, second) == answer_of(log, first) == "修好了"
    assert matter_of(log, third).people == 3
    commanded(log, first, "rate", VILLAGER, **BAD)
    assert matter_of(log, third).desk is Desk.EXPLAIN
    assert not matter_of(log, second).contested


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("answer", {"text": "当面说了"}, "当面说了"),
        ("decline", {"reason": "已在诉讼", "route": "县法院"}, "已在诉讼\n县法院"),
        ("refer", {"to": "省里", "reason": "归省里管"}, "省里\n归省里管"),
    ],
)
def test_whatever_the_answer_is_the_merged_villager_gets_it(
    log: Log, name: str, fields: dict[str, Any], words: str
) -> None:
    leading, follower = raised(log).number, raised(log).number
    commanded(log, follower, "merge", into=leading)
    commanded(log, leading, name, **fields)
    assert answer_of(log, follower) == answer_of(log, leading) == words
    commanded(log, follower, "rate", VILLAGER, **BAD)
    assert not matter_of(log, leading).contested


def test_an_answer_from_an_old_file_is_told_as_well(log: Log) -> None:
    row = HistoricalRow("A1", "李", "139", "路", "路坏了", START_MS)
    batch, later = history.import_identity(b"a"), history.import_identity(b"b")
    log.write(lambda t: history.take_rows(t, batch, [row], actor=OFFICE))
    with log.reading() as connection:
        old = store.by_id(connection, row.identity)
    assert old is not None
    follower = raised(log).number
    commanded(log, follower, "merge", into=old.number)
    answered = row._replace(answer="修好了", replied_at=START_MS)
    log.write(lambda t: history.take_rows(t, later, [answered], actor=OFFICE))
    assert answer_of(log, follower) == "修好了"
    commanded(log, follower, "rate", VILLAGER, **BAD)
    # Nothing of an old file waits for anybody, but a person who is not content does.
    assert matter_of(log, old.number).desk is Desk.DISPATCH
    again = replied_by_unit(log, old.number)
    assert again.desk is Desk.RATE and answer_of(log, old.number) == "再修好了"
    assert answer_of(log, follower) == "再修好了"


def replied_by_unit(log: Log, number: str) -> Matter:
    """Dispatch what was answered, and let the unit answer."""
    commanded(log, number, "assign", lead="roads")
    return commanded(log, number, "reply", ROADS, text="再修好了", result="A")


def test_what_was_answered_before_waits_for_the_answer_of_the_leading_one(log: Log) -> None:
    follower, leading = raised(log).number, raised(log).number
    commanded(log, follower, "answer", text="说明了")
    commanded(log, follower, "rate", VILLAGER, **BAD)
    commanded(log, follower, "assign", lead="roads")
    commanded(log, follower, "return", ROADS, reason="不是我们的")
    merged = commanded(log, follower, "merge", into=leading)
    assert merged.desk is Desk.FOLLOW and not merged.unsatisfied
    replied(log, leading)
    assert matter_of(log, follower).desk is Desk.NONE


def test_nothing_is_merged_where_it_can_not_be(log: Log) -> None:
    number, merged, leading = [raised(log).number for _ in range(3)]
    commanded(log, merged, "merge", into=leading)
    assert problem(log, "merge", number, into=number) == "itself"
    assert problem(log, "merge", number, into=merged) == "merged"
    assert problem(log, "merge", leading, into=merged) == "merged"
    assert problem(log, "merge", number, into="0000000000") == "unknown"
    assert problem(log, "merge", number, into="桥") == "unknown"
    assert problem(log, "merge", number) == "required"
    with pytest.raises(NotFromThisState):
        commanded(log, merged, "merge", into=number)
    # What an office may not see, it can't merge into either, and is not told whether it is there.
    presidium = Actor(Role.OFFICE, "p", areas=frozenset({AREAS[0]}), presidium=True)
    elsewhere = raised(log, area=AREAS[1], station="xiaohe").number
    assert problem(log, "merge", number, presidium, into=elsewhere) == "unknown"
    assert commanded(log, number, "merge", presidium, into=leading).state is State.MERGED


def test_a_merged_villager_rates_only_what_was_answered(log: Log) -> None:
    leading, follower = raised(log).number, raised(log).number
    commanded(log, follower, "merge", into=leading)
    with pytest.raises(NotNow):
        commanded(log, follower, "rate", VILLAGER, **GOOD)
    assert matter_of(log, leading).steps[-1].type != MatterEvent.ECHO_RATED


def test_what_one_node_merged_and_another_answered_catches_up(tmp_path: Path) -> None:
    one, other = open_county(tmp_path / "one"), open_county(tmp_path / "other")
    leading, follower = raised(one).number, raised(one).number
    exchange(one, other)
    commanded(one, follower, "merge", into=leading)
    commanded(other, leading, "answer", text="说明了")
    exchange(one, other)
    assert matter_of(one, follower).desk is Desk.FOLLOW

    def catch_up() -> bool:
        matter = matter_of(one, follower)
        return one.write(lambda t: echoes.catch_up(t, matter, by="system")).result

    assert catch_up() and not catch_up()
    assert answer_of(one, follower) == "说明了" and matter_of(one, follower).desk is Desk.NONE
    one.stop()
    other.stop()


def test_the_parts_are_of_the_same_person(log: Log) -> None:
    number = raised(log, people="5", publish="yes", name="王", share_phone="yes").number
    matter = commanded(log, number, "split", texts=["路灯不亮", "水管漏水"])
    assert matter.state is State.RECEIVED and len(matter.split_into) == 2
    with log.reading() as connection:
        parts = [store.by_id(connection, part) for part in matter.split_into]
        texts = [store.title_of(connection, part) for part in parts if part is not None]
    assert texts == ["路灯不亮", "水管漏水"]
    for part in parts:
        assert part is not None and part.split_from == matter.id and part.desk is Desk.FRAME
        assert (part.area, part.station, part.people) == (matter.area, matter.station, 5)
        assert part.publish and part.share_phone and part.has_contact


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ([], "required"),
        (["", " ", "\n"], "required"),
        (None, "required"),
        (["字"] * 21, "too-many"),
        (["字"] * 10_000, "too-many"),
        (["字" * 10_001], "too-long"),
        ([["字"]], "not-a-list"),
    ],
)
def test_a_split_of_nothing_or_of_too_much_is_refused(log: Log, texts: Any, code: str) -> None:
    number = raised(log).number
    assert problem(log, "split", number, texts=texts) == code
    assert matter_of(log, number).split_into == () and len(matter_of(log, number).steps) == 1
    try:
        commanded(log, number, "split", ROADS, texts=["一"])
    except Refusal as refusal:
        assert refusal.status == 403


def test_a_merging_that_is_undone_takes_its_people_along(log: Log) -> None:
    first, second, third = (raised(log, people=people).number for people in ("2", "3", "4"))
    commanded(log, first, "merge", into=second)
    commanded(log, second, "merge", into=third)
    assert matter_of(log, third).people == 9
    # Another node dispatched the first before it heard that it was merged; the office keeps that.
    matter = matter_of(log, first)
    draft = Draft(MatterEvent.ASSIGNED, matter.id, {"lead": "roads", "limit": "P1M"})
    log.write(lambda t: t.append([draft], by="office:o2"))
    (step,) = matter_of(log, first).contested
    event = uuid_text(step.event)
    kept = commanded(log, first, "resolve", event=event, keep="yes", reason="已经在办")
    assert kept.state is State.ASSIGNED and kept.people == 2
    assert matter_of(log, second).followers == () and matter_of(log, second).people == 3
    assert matter_of(log, third).people == 7
    commanded(log, third, "answer", text="说明了")
    assert not matter_of(log, first).answered and not matter_of(log, first).contested


def test_a_merging_that_is_dropped_is_counted_no_more(tmp_path: Path) -> None:
    one, other = open_county(tmp_path / "one"), open_county(tmp_path / "other")
    leading, number = raised(one).number, raised(one, people="5").number
    exchange(one, other)
    commanded(one, number, "decline", reason="已在诉讼", route="县法院")
    commanded(other, number, "merge", into=leading)
    exchange(one, other)
    (step,) = matter_of(one, number).contested
    event = uuid_text(step.event)
    commanded(one, number, "resolve", event=event, keep="no", reason="不并")
    expected = 6 if matter_of(one, number).state is State.MERGED else 1
    assert matter_of(one, leading).people == expected
    one.stop()
    other.stop()
