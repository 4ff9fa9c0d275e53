"""Two decide of one matter without knowing of each other: shown, and resolved by the office."""

from pathlib import Path
from typing import Any

import pytest

from acts.refusals import BadFields, NotNow, Refusal
from eventlog.events import Draft, in_order
from eventlog.identifiers import uuid_text
from eventlog.log import Log
from matters.lifecycle import fold
from matters.matter import Matter
from matters.refusals import NoConsent
from matters.terms import Desk, MatterEvent, Publicity, State
from tests.eventlog.arrivals import departing
from tests.matters.county import (
    LIAISON,
    ROADS,
    WATER,
    History,
    commanded,
    matter_of,
    open_county,
    raised,
)
from tests.matters.nodes.test_order_of_arrival import exchange

FIRST, SECOND, THIRD = b"\x01" * 16, b"\x02" * 16, b"\x03" * 16
ROADS_TO = {"lead": "roads", "limit": "P1M"}
WATER_TO = {"lead": "water", "limit": "P1M"}


def resolved(history: History, event: bytes, keep: str, **more: Any) -> Matter:
    """Return the matter after the office resolved a contested step."""
    data = {"event": event, "keep": keep}
    return fold(in_order(history.add(MatterEvent.RESOLVED, data, **more).events))


def two_dispatches() -> History:
    """Two dispatch at one rank; that of the lower id stands."""
    history = History().add(MatterEvent.ASSIGNED, ROADS_TO, rank=1, id=FIRST)
    return history.add(MatterEvent.ASSIGNED, WATER_TO, rank=1, id=SECOND)


def test_a_kept_step_takes_effect_and_a_dropped_one_stays_hidden() -> None:
    kept = resolved(two_dispatches(), SECOND, "yes")
    assert kept.lead == "water" and kept.state is State.ASSIGNED and not kept.contested
    assert [step.resolved for step in kept.steps] == ["", "", "kept", ""]
    assert all(step.stands for step in kept.steps)
    dropped = resolved(two_dispatches(), SECOND, "no")
    assert dropped.lead == "roads" and not dropped.contested
    assert [step.stands for step in dropped.steps] == [True, True, False, True]


def test_nothing_but_a_waiting_step_is_resolved() -> None:
    for event in (FIRST, THIRD):
        matter = resolved(two_dispatches(), event, "yes")
        assert [step.type for step in matter.contested] == [
            MatterEvent.ASSIGNED,
            MatterEvent.RESOLVED,
        ]
        assert matter.lead == "roads"


def test_two_who_resolve_one_conflict_are_a_conflict_again() -> None:
    for one, other in (("yes", "no"), ("no", "yes")):
        history = two_dispatches()
        history.add(MatterEvent.RESOLVED, {"event": SECOND, "keep": one}, rank=2, id=THIRD)
        matter = resolved(history, SECOND, other, rank=2, id=b"\x04" * 16)
        assert matter.lead == ("water" if one == "yes" else "roads")
        assert [step.type for step in matter.contested] == [MatterEvent.RESOLVED]
        last = resolved(history, b"\x04" * 16, "no")
        assert not last.contested and last.lead == matter.lead


@pytest.mark.parametrize("resolves_first", [True, False])
def test_what_is_kept_gives_way_to_a_decision_of_its_rank(resolves_first: bool) -> None:
    ids = (THIRD, b"\x04" * 16) if resolves_first else (b"\x04" * 16, THIRD)
    history = two_dispatches()
    history.add(MatterEvent.REPLIED, {"result": "A"}, rank=2, id=ids[1])
    matter = resolved(history, SECOND, "yes", rank=2, id=ids[0])
    # Whichever comes first stands, and the other is shown.
    if resolves_first:
        assert matter.state is State.ASSIGNED and matter.lead == "water"
        assert [step.type for step in matter.contested] == [MatterEvent.REPLIED]
    else:
        assert matter.state is State.REPLIED and matter.lead == "roads"
        assert [step.type for step in matter.contested] == [
            MatterEvent.ASSIGNED,
            MatterEvent.RESOLVED,
        ]


def test_a_decision_that_did_not_see_the_resolving_is_contested() -> None:
    history = two_dispatches()
    history.add(MatterEvent.RESOLVED, {"event": SECOND, "keep": "yes"}, rank=2, id=THIRD)
    history.add(MatterEvent.REPLIED, {"result": "A"}, rank=2, id=b"\x04" * 16)
    matter = fold(in_order(history.events))
    assert matter.state is State.ASSIGNED and matter.lead == "water"
    assert len(matter.contested) == 1


@pytest.mark.parametrize("consent", [False, True])
def test_a_conflict_is_no_way_round_consent(consent: bool) -> None:
    history = History(publish=consent).add(MatterEvent.PUBLISHED, id=FIRST)
    history.at("replied")
    matter = resolved(history, FIRST, "yes")
    assert (matter.publicity is Publicity.PUBLISHED) == consent
    assert len(matter.contested) == (0 if consent else 2)
    report = History(publish=True, kind="report").add(MatterEvent.PUBLISHED, id=FIRST)
    assert resolved(report, FIRST, "yes").publicity is Publicity.NONE


def test_a_conflict_is_no_way_to_close_over_a_persons_head() -> None:
    unhappy = {"reply_rating": "satisfied", "result_rating": "unsatisfied"}
    history = History().at("replied").add(MatterEvent.RATED, unhappy)
    history.add(MatterEvent.CLOSED, id=FIRST)
    matter = resolved(history, FIRST, "yes")
    assert matter.state is State.REPLIED and matter.desk is Desk.EXPLAIN


def test_what_comes_back_from_its_end_is_whole() -> None:
    closed = History().at("closed").add(MatterEvent.EXPLAINED, {"until": 1}, id=FIRST)
    assert resolved(closed, FIRST, "yes").closed_at is not None
    answered = History().at("closed").add(MatterEvent.REPLIED, {"result": "B"}, id=FIRST)
    matter = resolved(answered, FIRST, "yes")
    assert matter.state is State.REPLIED and matter.closed_at is None and matter.desk is Desk.RATE
    merged = History().add(MatterEvent.MERGED, {"into": b"o" * 16})
    matter = resolved(merged.add(MatterEvent.ASSIGNED, ROADS_TO, id=FIRST), FIRST, "yes")
    assert matter.state is State.ASSIGNED and matter.merged_into == b""
    alone = History().add(MatterEvent.ACCEPTED, id=FIRST)
    matter = resolved(alone, FIRST, "yes")
    assert matter.state is State.RECEIVED and matter.desk is Desk.FRAME


def test_a_kept_step_of_a_wrong_shape_changes_nothing() -> None:
    history = History().add(MatterEvent.ASSIGNED, {"lead": 5}, id=FIRST)
    matter = resolved(history, FIRST, "yes")
    assert matter.state is State.RECEIVED and len(matter.contested) == 2
    assert not resolved(history, FIRST, "no").steps[1].stands


def refused(log: Log, number: str, event: bytes, keep: str = "yes") -> type[Refusal]:
    """Return what refuses the office's resolving."""
    version = matter_of(log, number).version
    with pytest.raises(Refusal) as caught:
        commanded(log, number, "resolve", event=uuid_text(event), keep=keep, reason="试")
    assert matter_of(log, number).version == version
    return type(caught.value)


def test_the_office_is_told_what_can_not_be_kept(tmp_path: Path) -> None:
    log = open_county(tmp_path)
    number = raised(log).number
    matter = matter_of(log, number)
    assert refused(log, number, b"\x09" * 16) is NotNow
    for kind, data, expected in (
        (MatterEvent.PUBLISHED, {}, NoConsent),
        (MatterEvent.ACCEPTED, {}, NotNow),
        (MatterEvent.RAISED, {"number": "9"}, NotNow),
        (MatterEvent.RESOLVED, {"event": b"x" * 16, "keep": "yes"}, NotNow),
        (MatterEvent.REPLIED, {"result": ["A"]}, NotNow),
    ):
        _write(log, matter.id, kind, data)
        step = matter_of(log, number).contested[-1]
        assert step.type == kind
        assert refused(log, number, step.event) is expected
        assert refused(log, number, b"\x09" * 16) is BadFields
        assert not commanded(
            log, number, "resolve", event=uuid_text(step.event), keep="no", reason="不采用"
        ).contested
    # The event of another matter is none of this one's.
    other = raised(log).number
    assert refused(log, other, matter.id) is NotNow
    assert log.verify().ok
    log.stop()


def _write(log: Log, matter: bytes, kind: str, data: dict[str, Any]) -> None:
    log.write(lambda t: t.append([Draft(kind, matter, data)], by="system"))


def test_what_two_nodes_wrote_is_resolved_on_one_and_known_on_both(tmp_path: Path) -> None:
    one, other = open_county(tmp_path / "one"), open_county(tmp_path / "other")
    leading, number = raised(one).number, raised(one).number
    exchange(one, other)
    commanded(one, number, "assign", lead="roads")
    commanded(one, number, "accept", ROADS)
    commanded(other, number, "answer", LIAISON, text="当面说清楚了")
    exchange(one, other)
    found = matter_of(one, number)
    assert found == matter_of(other, number)
    contested = [step.type for step in found.contested]
    # Of the two decisions, one stands; where it is the answer, nobody has to accept any more.
    assert contested in (["matter.answered"], ["matter.assigned", "matter.accepted"])
    for step in found.contested:
        if step.type == "matter.accepted":
            commanded(one, number, "resolve", event=uuid_text(step.event), keep="no", reason="并")
        else:
            commanded(one, number, "resolve", event=uuid_text(step.event), keep="yes", reason="并")
    exchange(one, other)
    after = matter_of(other, number)
    assert after == matter_of(one, number) and not after.contested
    assert len(after.steps) == len(departing_of(other, after.id))
    assert leading and one.verify().state_hash == other.verify().state_hash
    one.stop()
    other.stop()


def departing_of(log: Log, subject: bytes) -> list[Any]:
    """Return the events that the log has of a subject."""
    with log.reading() as connection:
        return [arrival for arrival in departing(connection) if arrival.row[3] == subject]


def test_a_merging_that_is_kept_later_brings_the_answer(tmp_path: Path) -> None:
    one, other = open_county(tmp_path / "one"), open_county(tmp_path / "other")
    leading, follower = raised(one).number, raised(one).number
    commanded(one, leading, "assign", lead="water")
    exchange(one, other)
    commanded(one, follower, "adopt", title="桥")
    commanded(other, follower, "merge", into=leading)
    commanded(one, leading, "reply", WATER, text="修好了", result="A")
    exchange(one, other)
    (step,) = matter_of(one, follower).contested
    commanded(one, follower, "resolve", event=uuid_text(step.event), keep="yes", reason="是一件事")
    matter = matter_of(one, follower)
    if step.type == MatterEvent.MERGED:
        assert matter.state is State.MERGED and matter.answered and not matter.contested
    else:
        assert matter.state is State.ADOPTED and matter.desk is Desk.DISPATCH
    one.stop()
    other.stop()
