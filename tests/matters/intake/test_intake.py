"""Intake: every bad field told at once, one receipt for one submission, nothing dropped."""

from pathlib import Path
from typing import Any

import pytest

from acts.refusals import BadFields
from eventlog import words
from eventlog.events import Draft
from eventlog.identifiers import new_uuid7, uuid_text
from eventlog.log import Log
from matters import store
from matters.actors import Actor
from matters.intake import intake
from matters.intake.intake import Submission, check_submission
from matters.intake.receipts import key_of, read_number
from matters.listing import lists
from matters.listing.filters import Filters
from matters.matter import Matter
from matters.terms import Channel, Kind, MatterEvent, Role
from tests.eventlog.notes import START_MS, Clock
from tests.matters.county import (
    AREAS,
    KEYS,
    KNOWN,
    commanded,
    matter_of,
    message,
    open_county,
    raised,
)

ID = uuid_text(new_uuid7(START_MS))


def check(*, staff: bool = False, **raw: Any) -> Submission:
    """Return the submission that the fields give, text being there unless it is given."""
    return check_submission({"text": "桥断了", **raw}, KNOWN, staff=staff)


def problems(**raw: Any) -> list[tuple[str, str]]:
    """Return field and code of every problem."""
    with pytest.raises(BadFields) as caught:
        check(**raw)
    assert caught.value.status == 422
    for problem in caught.value.problems:
        assert problem.message.format(**problem.values)
    return [(problem.field, problem.code) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("text", "", "required"),
        ("text", " \u200b\n", "required"),
        ("text", None, "required"),
        ("text", "长" * 10_001, "too-long"),
        ("place", "长" * 201, "too-long"),
        ("name", "长" * 101, "too-long"),
        ("phone", "1" * 41, "too-long"),
        ("id", "1", "bad-id"),
        ("id", "00000000-0000-1000-8000-000000000000", "bad-id"),
        ("id", "z" * 36, "bad-id"),
        ("kind", "wish", "unknown"),
        ("category", "cats", "unknown"),
        ("area", "月亮村", "unknown"),
        ("station", "moon", "unknown"),
        ("deputy", "nobody", "unknown"),
        ("channel", "pigeon", "unknown"),
        ("channel", "visit", "staff-only"),
        ("channel", "import", "staff-only"),
        ("under_14", "maybe", "not-yes-no"),
        ("share_phone", "1", "not-yes-no"),
        ("publish", "YES", "not-yes-no"),
    ],
)
def test_every_bad_field_is_told(field: str, value: Any, code: str) -> None:
    assert problems(**{field: value}) == [(field, code)]


@pytest.mark.parametrize("field", intake._FIELDS)
@pytest.mark.parametrize("value", [5, ["x"], {"a": 1}, True, b"x"])
def test_what_is_no_text_is_told(field: str, value: Any) -> None:
    if (field, value) == ("people", 5) or (field in intake._CONSENTS and value is True):
        # As programs say a number, and yes.
        raw = {"text": "路灯不亮", field: value}
        taken = intake.check_submission(raw, KNOWN, staff=True)
        assert getattr(taken, field) == value
        return
    assert (field, "not-text") in problems(**{field: value})


def test_all_problems_come_at_once() -> None:
    found = problems(text="", kind="wish", station="moon", id="1", publish="perhaps")
    assert {field for field, _ in found} == {"text", "kind", "station", "id", "publish"}


def test_what_is_right_is_taken_as_it_was_meant() -> None:
    found = check(
        id=ID,
        text=" 桥\r\n断了\u200b ",
        kind="complaint",
        category="streets",
        area="小河村",
        place=" 村口\n大桥 ",
        station="dahe",
        deputy="li",
        name=" 王  桂兰 ",
        phone="139 0000\t0000",
        under_14="yes",
        guardian=" 王 大山 ",
        guardian_consent="yes",
        share_phone="yes",
        publish="yes",
        channel="qr",
    )
    assert found.id is not None and uuid_text(found.id) == ID
    assert (found.text, found.place, found.name) == ("桥\n断了", "村口 大桥", "王 桂兰")
    assert (found.area, found.phone, found.channel) == (AREAS[1], "139 0000 0000", Channel.QR)
    assert found.kind is Kind.COMPLAINT
    assert found.under_14 and found.share_phone and found.publish
    bare = check()
    assert (bare.kind, bare.channel, bare.id) == (Kind.HELP, Channel.WEB, None)
    assert not bare.publish and not bare.share_phone
    assert len(check(text="长" * 10_000).text) == 10_000


@pytest.mark.parametrize("given", [{}, {"guardian": "王大山"}, {"guardian_consent": "yes"}])
def test_of_a_child_nothing_but_the_words_is_kept_without_a_guardian(given: dict[str, str]) -> None:
    sent = {
        "name": "小明",
        "phone": "139",
        "share_phone": "yes",
        "publish": "yes",
        "under_14": "yes",
    }
    raw: dict[str, Any] = {**sent, **given}
    found = check(text="操场有坑", **raw)
    assert found.text == "操场有坑" and found.under_14
    assert (found.name, found.phone, found.guardian) == ("", "", "")
    assert not found.share_phone and not found.publish


def test_a_guardian_is_asked_for_a_child_only() -> None:
    found = check(name="王桂兰", guardian="王大山", guardian_consent="yes")
    assert (found.name, found.guardian) == ("王桂兰", "")


@pytest.mark.req("L08")
def test_channels_beside_the_public_two_are_for_staff() -> None:
    for channel in Channel:
        assert check(staff=True, channel=str(channel)).channel is channel
    assert intake.villager_channel(Role.LIAISON, Channel.WEB) is Channel.VISIT
    assert intake.villager_channel(Role.LIAISON, Channel.MARKET) is Channel.MARKET
    assert intake.villager_channel(Role.VILLAGER, Channel.QR) is Channel.QR


def test_a_report_is_never_to_be_published() -> None:
    assert check(kind="report", publish="yes").publish is False


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(tmp_path: Path, clock: Clock) -> Any:
    opened = open_county(tmp_path, clock)
    yield opened
    opened.stop()


def count(log: Log) -> int:
    with log.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM matters").fetchone()[0])


@pytest.mark.req("X07", "S16")
def test_a_submission_is_registered_with_a_number_and_its_words(log: Log) -> None:
    found = raised(log, text="桥断了", place="村口", name="王桂兰", phone="13900000000")
    assert read_number(found.number) == found.number and not found.repeat
    matter = matter_of(log, found.number)
    assert matter.received_at == START_MS and matter.has_contact and matter.version == 0
    with log.reading() as connection:
        texts = store.texts_of(connection, matter)
        assert texts == {(matter.id, "text"): "桥断了", (matter.id, "place"): "村口"}
        secret = words.read_secret(connection, matter.id, "contact", KEYS.unsealer)
        assert secret == '{"name": "王桂兰", "phone": "13900000000"}'


@pytest.mark.parametrize("times", [2, 5])
def test_the_same_submission_gives_the_same_receipt(log: Log, times: int) -> None:
    found = [raised(log, id=ID, text="桥断了 ", name="王") for _ in range(times)]
    again = raised(log, id=ID.upper(), text="\u200b桥断了\r\n", name=" 王 ", channel="qr")
    assert {one.number for one in [*found, again]} == {found[0].number}
    assert [one.repeat for one in found] == [False] + [True] * (times - 1)
    assert again.repeat and count(log) == 1
    assert key_of(KEYS.receipt, again.id) == key_of(KEYS.receipt, found[0].id)
    # Also long after, when the matter has gone on.
    commanded(log, found[0].number, "assign", lead="roads")
    assert raised(log, id=ID, text="桥断了", name="王").number == found[0].number


@pytest.mark.parametrize(
    "other",
    [
        {"text": "路断了"},
        {"phone": "13900000000"},
        {"place": "村口"},
        {"kind": "report"},
        {"share_phone": "yes"},
        {"station": "xiaohe"},
    ],
)
def test_the_same_id_with_other_content_is_kept_apart(log: Log, other: dict[str, str]) -> None:
    first = raised(log, id=ID)
    second = raised(log, id=ID, **other)
    assert second.number != first.number and not second.repeat and count(log) == 2
    kept = matter_of(log, second.number)
    assert kept.quarantine == first.id and kept.id == second.id != first.id
    assert matter_of(log, first.number).quarantine == b""
    assert key_of(KEYS.receipt, second.id) != key_of(KEYS.receipt, first.id)
    repeat = raised(log, id=ID, **other)
    assert repeat.repeat and repeat.number == second.number and count(log) == 2
    assert raised(log, id=ID).number == first.number
    third = raised(log, id=ID, text="第三种内容")
    assert third.number not in (first.number, second.number) and count(log) == 3
    with log.reading() as connection:
        filters = Filters(flagged=True)
        office = Actor(Role.OFFICE)
        flagged = lists.listed(connection, office, filters, now_ms=START_MS)
    assert {row.matter.number for row in flagged.rows} == {second.number, third.number}


def test_without_an_id_repeats_are_two_matters_that_staff_are_shown(log: Log) -> None:
    one, two = raised(log, text="桥断了"), raised(log, text=" 桥断了")
    other = raised(log, text="路断了")
    assert len({one.number, two.number, other.number}) == 3

    def repeats(matter: Matter) -> list[str]:
        with log.reading() as connection:
            return store.likely_repeats(connection, matter)

    assert repeats(matter_of(log, one.number)) == [two.number]
    assert repeats(matter_of(log, two.number)) == [one.number]
    assert repeats(matter_of(log, other.number)) == []


def test_an_id_of_some_other_event_takes_nothing_over(log: Log) -> None:
    first = raised(log)
    commanded(log, first.number, "assign", lead="roads")
    taken = matter_of(log, first.number).steps[-1].event
    second = raised(log, id=uuid_text(taken))
    assert second.id != taken and not second.repeat
    assert matter_of(log, second.number).quarantine == taken
    assert log.verify().ok


def test_two_nodes_that_gave_one_number_lose_no_matter(log: Log, clock: Clock) -> None:
    # Numbers are random; with several stations the same one comes up some day.
    found = raised(log)
    clock.now_ms += 1

    def same_number(transaction: Any) -> None:
        identity = new_uuid7(START_MS)
        draft = Draft(MatterEvent.RAISED, identity, {"number": found.number}, id=identity)
        transaction.append([draft], by="villager", fresh_subject=True)

    log.write(same_number)
    assert count(log) == 2
    state_hash = log.verify().state_hash
    assert log.rebuild() == state_hash and count(log) == 2
    # The number goes on to mean the one that was given it first.
    assert matter_of(log, found.number).id == found.id


def test_a_message_is_added_and_a_bad_one_told(log: Log) -> None:
    found = raised(log)
    assert len(message(log, found.number, " 又断了 ").steps) == 2
    for text, code in (("", "required"), ("\u200b", "required"), ("长" * 10_001, "too-long")):
        with pytest.raises(BadFields) as caught:
            message(log, found.number, text)
        assert [problem.code for problem in caught.value.problems] == [code]
    assert len(matter_of(log, found.number).steps) == 2
