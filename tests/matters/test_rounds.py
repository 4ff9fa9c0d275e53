"""评单: content or not, what goes round again, who decides in the end, and what is closed."""

from typing import Any

import pytest

from acts.refusals import BadFields, NotNow
from eventlog.events import Draft
from matters.actors import VILLAGER
from matters.matter import Matter
from matters.refusals import NotContent, RoundsLeft
from matters.terms import Desk, MatterEvent, State
from tests.matters.county import DEPUTY, LIAISON, ROADS, WATER, matter_of
from tests.matters.limits.test_clock import Office, ends, office

__all__ = ["office"]
GOOD = {"reply_rating": "satisfied", "result_rating": "basically"}
BAD = {"reply_rating": "satisfied", "result_rating": "unsatisfied", "comment": "还漏水"}


def goes_round(office: Office, rating: dict[str, Any] = BAD) -> Matter:
    """Let the unit reply, and the villager rate."""
    office.does("reply", ROADS, text="修好了", result="B")
    return office.does("rate", VILLAGER, **rating)


def happens(office: Office, number: str, kind: MatterEvent, **data: Any) -> None:
    """Write what the node writes."""
    matter = matter_of(office.log, number).id
    office.log.write(lambda t: t.append([Draft(kind, matter, data)], by="system"))


def test_unsatisfied_goes_round_twice_and_then_to_the_committee(office: Office) -> None:
    office.does("assign", lead="roads")
    first = goes_round(office)
    assert first.desk is Desk.EXPLAIN and first.round == 1
    assert isinstance(office.refuses("close", text="办结"), NotContent)
    verdict = {"text": "由交通局换管", "outcome": "限期换管"}
    assert isinstance(office.refuses("decide", **verdict), RoundsLeft)
    again = office.does("explain", ROADS, cause="管子旧了", until="2026-10-30")
    assert again.round == 2 and again.state is State.IN_HAND and ends(again) == "2026-10-30"
    assert not again.result_rating and not again.unsatisfied
    # The second round is the unit's until it has failed as well.
    assert isinstance(office.refuses("decide", **verdict), NotNow)
    assert goes_round(office).desk is Desk.EXPLAIN
    decided = office.does("decide", **verdict, until="2026-12-31")
    assert (decided.state, decided.round, decided.desk) == (State.IN_HAND, 3, Desk.HANDLE)
    assert decided.verdict == decided.answer and ends(decided) == "2026-12-31"
    goes_round(office)
    closed = office.does("decide", **verdict)
    assert closed.state is State.CLOSED and closed.desk is Desk.NONE and not closed.settled


def test_a_unit_that_begins_anew_does_not_keep_the_committee_waiting(office: Office) -> None:
    office.does("assign", lead="roads")
    for until in ("2026-10-30", "2026-11-30"):
        goes_round(office)
        office.does("explain", ROADS, cause="管子旧了", until=until)
    assert office.does("decide", text="换管", outcome="换管").state is State.CLOSED


def test_nobody_decides_over_who_is_content(office: Office) -> None:
    office.does("assign", lead="roads")
    goes_round(office)
    office.does("explain", ROADS, cause="管子旧了", until="2026-10-30")
    goes_round(office, GOOD)
    assert isinstance(office.refuses("decide", text="换管", outcome="换管"), NotNow)
    assert office.does("close", text="办结").state is State.CLOSED


def test_overdue_is_explained_and_goes_round(office: Office) -> None:
    office.does("assign", lead="roads", limit="P3D")
    refusal = office.refuses("explain", ROADS, cause="忙", until="2026-10-30")
    assert isinstance(refusal, NotNow)
    office.day("2026-09-25")
    again = office.does("explain", ROADS, cause="缺人", until="2026-10-30")
    assert (again.round, again.late, again.state) == (2, True, State.IN_HAND)
    assert not again.overdue(office.clock.now_ms)
    office.day("2026-11-01")
    assert office.does("decide", text="换人", outcome="换人").late


def test_a_verdict_with_a_day_needs_a_unit(office: Office) -> None:
    for _ in range(2):
        office.does("answer", text="说明了")
        office.does("rate", LIAISON, **BAD)
        office.does("assign", lead="roads")
        office.does("return", ROADS, reason="不是我们的")
    office.does("answer", text="说明了")
    office.rules(rounds=1)
    office.does("rate", LIAISON, **BAD)
    refusal = office.refuses("decide", text="换管", outcome="换管", until="2026-12-31")
    assert isinstance(refusal, BadFields)
    assert [(one.field, one.code) for one in refusal.problems] == [("until", "no-unit")]
    assert office.does("decide", text="换管", outcome="换管").state is State.CLOSED


def test_a_unit_that_returns_it_has_gone_no_round(office: Office) -> None:
    office.does("answer", text="说明了")
    office.does("rate", LIAISON, **BAD)
    assert office.does("assign", lead="water").round == 2
    assert office.does("return", WATER, reason="不是我们的").round == 1
    assert office.does("assign", lead="roads").round == 2


def test_closed_as_unrated_is_not_closed_as_content(office: Office) -> None:
    office.does("assign", lead="roads")
    office.does("reply", ROADS, text="修好了", result="B")
    happens(office, office.number, MatterEvent.LAPSED)
    closed = office.does("reclassify", category="streets")
    assert closed.state is State.CLOSED and closed.unrated and not closed.content_with
    # Who speaks up later is heard; content, it stays closed.
    opened = office.does("rate", LIAISON, **BAD)
    assert opened.state is State.REPLIED and opened.closed_at is None
    assert opened.desk is Desk.EXPLAIN and not opened.unrated


def test_who_is_content_later_opens_nothing(office: Office) -> None:
    office.does("answer", text="说明了")
    happens(office, office.number, MatterEvent.LAPSED)
    rated = office.does("rate", DEPUTY, **GOOD)
    assert rated.state is State.CLOSED and not rated.unrated
    assert isinstance(office.refuses("rate", VILLAGER, **BAD), NotNow)


def test_a_verdict_is_not_opened_by_a_rating(office: Office) -> None:
    office.rules(rounds=1)
    office.does("assign", lead="roads", limit="P3D")
    office.day("2026-09-30").does("decide", text="不办了", outcome="不办")
    assert office.does("rate", VILLAGER, **BAD).state is State.CLOSED


@pytest.mark.parametrize("rating", [GOOD, BAD])
def test_what_was_rated_does_not_lapse(office: Office, rating: dict[str, Any]) -> None:
    office.does("answer", text="说明了")
    office.does("rate", VILLAGER, **rating)
    happens(office, office.number, MatterEvent.LAPSED)
    matter = office.does("reclassify", category="streets")
    assert matter.state is State.REPLIED and len(matter.contested) == 1
