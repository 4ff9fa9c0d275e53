"""What a county decides for itself, in a data folder: seeded, typed in, exported, or missing."""

import json
from datetime import date
from functools import partial
from pathlib import Path

import msgspec

from eventlog.log import Log
from matters.actors import SYSTEM
from matters.registers.rules import DEFAULT_RULES, RULES, Extension
from matters.sample import sample_registers
from server.command_line.folders import opened
from server.county.county_registers import ALL, CountyRegisters, read_all
from server.registers.sample import seed_sample
from stations.register_log import remove_record, set_record
from stations.registers import check_references
from stations.sample import sample_days
from stations.working_days import DAYS, WEEKENDS_ONLY, WorkingDays
from tests.hub import huiyin


def registers(log: Log) -> CountyRegisters:
    """Return the registers as a new reader finds them."""
    with log.reading() as connection:
        return read_all(connection)


def test_the_sample_is_seeded_whole(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        seed_sample(log, tmp_path)
        found = registers(log)
        for register in ALL:
            assert found.registers.of(register) == sample_registers().of(register), register.noun
        assert found.calendar == WorkingDays.of(sample_days())
        assert check_references(found.registers, ALL) == []
        assert "committee" in found.known.bodies and "nowhere" not in found.known.bodies


def test_a_folder_without_these_records_has_the_default_rules(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        found = registers(log)
        assert found.rules == DEFAULT_RULES and found.calendar == WEEKENDS_ONLY
        assert (found.bodies, found.routes, found.templates, found.days) == ({}, {}, {}, {})


def test_a_changed_calendar_is_another_value(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        seed_sample(log, tmp_path)
        before = registers(log).calendar
        day = date(2026, 10, 7)
        log.write(partial(remove_record, noun=DAYS.noun, identity=str(day), by=SYSTEM.signature))
        after = registers(log).calendar
        assert before.holidays - after.holidays == {day} and before.workdays == after.workdays
        assert before.after(date(2026, 9, 30), 1) == date(2026, 10, 8)
        assert after.after(date(2026, 9, 30), 1) == day


def test_an_administrator_sends_next_years_table(tmp_path: Path) -> None:
    data, table = tmp_path / "data", tmp_path / "2028.csv"
    table.write_text(
        "日期,安排,节日\n2028/1/3,休,元旦\n2028年1月8日,补班,元旦\n1月9日,休,\n", "utf-8"
    )
    told = json.loads(huiyin("import", "days", table, "--data", data, "--json").stdout)
    assert (told["read"], told["taken"], told["refused"]) == (3, 2, 1)
    again = json.loads(huiyin("import", "days", table, "--data", data, "--json").stdout)
    assert (again["taken"], again["known"]) == (0, 2)
    with opened(data) as log:
        calendar = registers(log).calendar
    assert not calendar.is_workday(date(2028, 1, 3)) and calendar.is_workday(date(2028, 1, 8))


def test_what_is_exported_comes_back_in(tmp_path: Path) -> None:
    data, rosters = tmp_path / "data", tmp_path / "rosters"
    own = msgspec.structs.replace(
        DEFAULT_RULES, extension=Extension.RECORDED, alone="P20B", urgent_words=()
    )
    with opened(data) as log:
        seed_sample(log, data)
        log.write(partial(set_record, noun=RULES.noun, record=own, by=SYSTEM.signature))
        before = registers(log)
    huiyin("export", "registers", rosters, "--data", data)
    for what in ("areas", "units", "bodies", "routes", "templates", "rules", "days"):
        huiyin("import", what, rosters / what, "--data", tmp_path / "other")
    with opened(tmp_path / "other") as log:
        after = registers(log)
    assert after.rules == own
    assert (after.bodies, after.routes, after.days) == (before.bodies, before.routes, before.days)
    assert after.templates == before.templates


def test_a_template_may_name_its_unit(tmp_path: Path) -> None:
    data, table = tmp_path / "data", tmp_path / "templates.csv"
    with opened(data) as log:
        seed_sample(log, data)
    table.write_text(
        "标题,正文,单位\n路灯,您好！路灯已经修好。,望禾县供电公司\n桥,您好！桥已经修好。,桥梁局\n",
        "utf-8",
    )
    told = json.loads(huiyin("import", "templates", table, "--data", data, "--json").stdout)
    assert (told["taken"], told["refused"]) == (1, 1)
    (refusal,) = told["refusals"]
    assert refusal["field"] == "unit" and "桥梁局" in str(refusal)
    with opened(data) as log:
        units = [one.unit for one in registers(log).templates.values() if one.name == "路灯"]
    assert units == ["power-company"]
