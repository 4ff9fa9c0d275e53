"""Registers in the log: the newest record stands, whatever the order of arrival."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eventlog import replay, words
from eventlog.events import Draft
from eventlog.log import Log
from stations.areas import AREAS, Area, AreaKind
from stations.register_log import (
    RegisterProjection,
    migrations,
    read_records,
    remove_record,
    set_record,
    subject_of,
    version_of,
)
from tests.eventlog.arrivals import arrive, departing, empty_database, tables_agree
from tests.eventlog.notes import KEYS, Clock

PROJECTIONS = {noun: RegisterProjection(noun) for noun in ("area", "unit")}
CODE = "990102001001"


@pytest.fixture
def log(tmp_path: Path) -> Any:
    opened = Log(
        tmp_path,
        projections=list(PROJECTIONS.values()),
        migrations=(migrations,),
        sealer=KEYS.sealer,
        now_ms=Clock(),
    )
    yield opened
    assert opened.verify().ok
    opened.stop()


def put(log: Log, name: str, code: str = CODE) -> bool:
    record = Area(id=code, name=name, kind=AreaKind.VILLAGE)
    return log.write(lambda t: set_record(t, AREAS.noun, record, by="office:o1")).result


def remove(log: Log, code: str = CODE) -> None:
    log.write(lambda t: remove_record(t, AREAS.noun, code, by="office:o1"))


def names(log: Log) -> dict[str, str]:
    with log.reading() as connection:
        return {id: area.name for id, area in read_records(connection, "area", Area).items()}


def version(log: Log) -> int:
    with log.reading() as connection:
        return version_of(connection)


def test_a_record_is_set_changed_removed_and_set_again(log: Log) -> None:
    assert put(log, "大河村") and names(log) == {CODE: "大河村"}
    assert put(log, "大河社区") and names(log) == {CODE: "大河社区"}
    remove(log)
    assert names(log) == {}
    assert put(log, "大河村") and names(log) == {CODE: "大河村"}


def test_what_stands_so_already_is_not_written_again(log: Log) -> None:
    put(log, "大河村")
    position, before = log.newest_position(), version(log)
    assert put(log, "大河村") is False
    assert (log.newest_position(), version(log)) == (position, before)


def test_every_change_can_be_noticed(log: Log) -> None:
    seen = [version(log)]
    for change in (lambda: put(log, "一"), lambda: put(log, "二"), lambda: remove(log)):
        change()
        seen.append(version(log))
    log.rebuild()
    seen.append(version(log))
    assert seen == sorted(set(seen))


def test_registers_keep_apart_and_come_by_id(log: Log) -> None:
    for code in ("990102001003", "990102001001", "990102001002"):
        put(log, code[-1], code)
    log.write(
        lambda t: set_record(
            t, "unit", Area(id=CODE, name="别的", kind=AreaKind.VILLAGE), by="office:o1"
        )
    )
    assert list(names(log)) == ["990102001001", "990102001002", "990102001003"]
    assert subject_of("area", CODE) != subject_of("unit", CODE)
    assert log.rebuild() == log.verify().state_hash
    assert len(names(log)) == 3


def test_the_record_itself_stands_beside_the_log(log: Log) -> None:
    put(log, "张三代表")
    with log.reading() as connection:
        body, event = connection.execute("SELECT body, id FROM events").fetchone()
        text = words.read(connection, event, "record")
    assert "张三".encode() not in body and text is not None and "张三代表" in text


def test_a_record_that_was_forgotten_stays_so_after_a_rebuild(log: Log) -> None:
    put(log, "张三")
    with log.reading() as connection:
        event = connection.execute("SELECT id FROM events").fetchone()[0]
    before = log.verify().state_hash
    log.write(lambda t: words.erase(t.connection, event, "record"))
    assert log.rebuild() == before and names(log) == {}
    assert log.verify().ok


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_arrival_gives_one_register(log: Log, tmp_path: Path, seed: int) -> None:
    for name in ("一", "二", "三"):
        put(log, name)
    remove(log)
    put(log, "四")
    put(log, "别处", "990102001002")
    remove(log, "990102001002")
    with log.reading() as connection:
        travelling = departing(connection)
    random.Random(seed).shuffle(travelling)
    second = empty_database(tmp_path / "second.db", migrations)
    for arrival in travelling:
        arrive(second, [arrival], PROJECTIONS)
        assert tables_agree(second, PROJECTIONS)
    assert replay.state_hash(second) == log.verify().state_hash
    assert {id: area.name for id, area in read_records(second, "area", Area).items()} == {
        CODE: "四"
    }
    second.close()


def test_two_changes_of_one_rank_are_counted_and_the_later_id_stands(log: Log) -> None:
    put(log, "一")
    subject = subject_of("area", CODE)
    (event,) = log.write(lambda t: t.events_of(subject)).result
    lower, higher = (msgspec.structs.replace(event, id=bytes([n]) * 16) for n in (1, 2))
    projection = PROJECTIONS["area"]
    state = projection.fold([lower, higher])
    assert (state.contested, state.event) == (1, higher.id)


def test_types_that_are_not_known_change_nothing(log: Log) -> None:
    put(log, "一")
    subject = subject_of("area", CODE)
    log.write(lambda t: t.append([Draft("area.sung", subject, {"id": CODE})], by="system"))
    assert names(log) == {CODE: "一"}
