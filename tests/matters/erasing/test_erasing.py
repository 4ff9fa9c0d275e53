"""Contacts: sealed, looked at on record, seen by few; and what goes when they are erased."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from acts.refusals import BadFields, NotThisRole, Stale
from eventlog import erasures, words
from eventlog.keys import make_keys
from eventlog.log import Log
from eventlog.sealing import UnsealError
from matters import store
from matters.actors import VILLAGER, Actor
from matters.commands import COMMANDS
from matters.execution import Contact, read_contact, record_attempt
from matters.refusals import NotFound
from tests.eventlog.notes import Clock
from tests.matters.county import (
    ADMIN,
    DEPUTY,
    KEYS,
    LIAISON,
    LIAISON_ELSEWHERE,
    OFFICE,
    ROADS,
    WATER,
    commanded,
    matter_of,
    open_county,
    raised,
)

NAME, PHONE = "赵不具名", "13912345678"


@pytest.fixture
def log(tmp_path: Path) -> Any:
    opened = open_county(tmp_path / "data", Clock())
    yield opened
    assert opened.verify().ok
    opened.stop()


def look(log: Log, number: str, actor: Actor, keys: Any = KEYS) -> Contact:
    return log.write(lambda t: read_contact(t, number, actor=actor, unsealer=keys.unsealer)).result


def looks(log: Log) -> list[str]:
    with log.reading() as connection:
        return [
            row[0]
            for row in connection.execute(
                "SELECT type FROM events WHERE type='contact.read' ORDER BY position"
            )
        ]


@pytest.mark.parametrize("share", ["yes", "no"])
def test_few_see_a_contact_and_every_look_is_on_record(log: Log, share: str) -> None:
    number = raised(log, name=NAME, phone=PHONE, share_phone=share).number
    commanded(log, number, "assign", lead="roads")
    allowed = [OFFICE, LIAISON] + ([ROADS] if share == "yes" else [])
    for actor in (OFFICE, LIAISON, LIAISON_ELSEWHERE, DEPUTY, ADMIN, VILLAGER, ROADS, WATER):
        if actor in allowed:
            assert look(log, number, actor) == Contact(NAME, PHONE)
        else:
            with pytest.raises(NotThisRole):
                look(log, number, actor)
    assert len(looks(log)) == len(allowed)
    with pytest.raises(UnsealError):
        look(log, number, OFFICE, make_keys())
    with pytest.raises(NotFound):
        look(log, "0000000000", OFFICE)


def in_files(folder: Path, marker: str) -> list[str]:
    """Return which files of the folder hold the marker in plain text."""
    return [path.name for path in folder.iterdir() if marker.encode() in path.read_bytes()]


def test_name_and_phone_are_nowhere_in_plain_text(tmp_path: Path) -> None:
    log = open_county(tmp_path)
    number = raised(log, name=NAME, phone=PHONE).number
    look(log, number, OFFICE)
    commanded(log, number, "assign", lead="roads")
    for marker in (NAME, PHONE, PHONE[:7]):
        assert in_files(log.folder, marker) == []
    log.stop()
    for marker in (NAME, PHONE):
        assert in_files(log.folder, marker) == []


def texts(log: Log, number: str) -> dict[tuple[bytes, str], str]:
    with log.reading() as connection:
        return store.texts_of(connection, matter_of(log, number))


def test_erasing_the_contact_leaves_the_words(log: Log) -> None:
    number = raised(log, name=NAME, phone=PHONE).number
    before = texts(log, number)
    matter = commanded(log, number, "erase", what="contact", reason="本人要求")
    assert not matter.has_contact and look(log, number, OFFICE) == Contact("", "")
    assert before.items() <= texts(log, number).items()
    (erased,) = erasures.recorded(log.folder)
    assert (bytes.fromhex(erased.event), erased.field) == (matter.id, "contact")


def test_erasing_the_words_leaves_the_reason_and_the_history(tmp_path: Path) -> None:
    log = open_county(tmp_path)
    number = raised(log, name=NAME, phone=PHONE, text="我家的事", place="村口").number
    commanded(log, number, "adopt", title="标题")
    commanded(log, number, "answer", text="答复")
    commanded(log, number, "erase", what="words", reason="第一次")
    matter = commanded(log, number, "erase", what="words", reason="第二次")
    assert sorted(texts(log, number).values()) == ["第一次", "第二次"]
    assert [step.type for step in matter.steps] == [
        "matter.raised",
        "matter.adopted",
        "matter.answered",
        "matter.erased",
        "matter.erased",
    ]
    assert matter.contested == [] and not matter.has_contact and matter.answered
    log.stop()
    assert in_files(log.folder, "我家的事") == []
    assert in_files(log.folder, "答复") == []


def test_a_database_from_before_brings_nothing_back(tmp_path: Path) -> None:
    log = open_county(tmp_path / "data")
    number = raised(log, name=NAME, phone=PHONE).number
    log.stop()
    shutil.copy(log.path, tmp_path / "kept.db")
    log = open_county(log.folder)
    commanded(log, number, "erase", what="words", reason="本人要求")
    log.stop()
    shutil.copy(tmp_path / "kept.db", log.path)
    log = open_county(log.folder)
    matter = matter_of(log, number)
    assert texts(log, number) == {}
    with log.reading() as connection:
        assert words.read_secret(connection, matter.id, "contact", KEYS.unsealer) is None
    assert log.verify().ok
    log.stop()


def test_what_a_conflict_refuses_is_kept_as_an_attempt(log: Log) -> None:
    number = raised(log).number
    commanded(log, number, "adopt", title="标题")
    fields: dict[str, Any] = {"text": "写了很久的答复", "nonsense": "x"}
    with pytest.raises(Stale):
        commanded(log, number, "answer", seen=0, **fields)
    before = matter_of(log, number)
    log.write(
        lambda t: record_attempt(
            t, number, COMMANDS["answer"], fields, actor=OFFICE, code="stale", seen=0
        )
    )
    assert matter_of(log, number) == before
    with log.reading() as connection:
        body = connection.execute(
            "SELECT w.body FROM words w JOIN events e ON e.id=w.event "
            "WHERE e.type='attempt.refused'"
        ).fetchone()[0]
    assert "写了很久的答复" in body.decode() and "nonsense" not in body.decode()


def test_a_refused_command_leaves_nothing(log: Log) -> None:
    number = raised(log, name=NAME).number
    position = log.newest_position()
    with pytest.raises(BadFields):
        commanded(log, number, "erase", what="everything", reason="x")
    with pytest.raises(NotThisRole):
        commanded(log, number, "erase", LIAISON, what="words", reason="x")
    assert log.newest_position() == position and erasures.recorded(log.folder) == []
    assert look(log, number, OFFICE).name == NAME
