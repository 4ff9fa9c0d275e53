"""The county's rules: where they start, what is refused, and a data folder made before."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from acts.limit import parse_limit
from matters.registers.rules import DEFAULT_RULES, LIMITS, RULES, Extension, Rules
from stations.registers import RecordError, record_from_row, record_to_row
from stations.roster_files import read_roster, write_roster
from tests.wording import chinese, words


def refused(**values: Any) -> list[str]:
    """Return the fields that are told when these rules are entered."""
    row = record_to_row(RULES, msgspec.structs.replace(DEFAULT_RULES, **values), "field")
    with pytest.raises(RecordError) as caught:
        record_from_row(RULES, row)
    assert all(words(one) != chinese(one) for one in caught.value.problems)
    return [problem.field for problem in caught.value.problems]


def test_a_county_starts_with_the_limits_of_law() -> None:
    assert DEFAULT_RULES.limit_for() == "P1M"
    assert DEFAULT_RULES.limit_for(assisting=2) == "P2M"
    assert DEFAULT_RULES.limit_for(assisting=2, urgent=True) == "P7D"
    assert all(parse_limit(getattr(DEFAULT_RULES, name)) for name in LIMITS)
    assert {info.name for info in msgspec.structs.fields(Rules) if info.default != ""} >= {*LIMITS}
    assert list(RULES.check(DEFAULT_RULES) if RULES.check else ["unchecked"]) == []


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_typed_in_words_and_checked(name: str) -> None:
    row = {RULES.column(name).label: "十个工作日"}
    assert getattr(record_from_row(RULES, row), name) == "P10B"
    for wrong in ("零天", "三年", "尽快"):
        assert refused(**{name: wrong}) == [name]


def test_levels_must_rise() -> None:
    assert refused(red_days=7) == ["red_days"]
    assert refused(yellow_days=2) == ["red_days"]
    assert refused(head_days=5) == ["office_days"]
    assert refused(committee_days=5) == ["committee_days"]
    assert refused(head_days=15) == ["office_days"]
    assert refused(id="other") == ["id"]
    for name in ("rounds", "head_days", "minimum_n", "yellow_days"):
        assert refused(**{name: 0}) == [name]


def test_what_a_row_leaves_out_is_as_by_default() -> None:
    given = record_from_row(RULES, {"延期要不要批准": "只备案", "rounds": "3"})
    assert given == msgspec.structs.replace(DEFAULT_RULES, extension=Extension.RECORDED, rounds=3)
    assert record_from_row(RULES, {"急事用语": "无"}).urgent_words == ()
    assert record_from_row(RULES, {"急事用语": "触电，漏电\n触电"}).urgent_words == ("触电", "漏电")


def test_no_words_at_all_come_back_as_none(tmp_path: Path) -> None:
    rules = msgspec.structs.replace(DEFAULT_RULES, urgent_words=())
    write_roster([rules], tmp_path)
    assert read_roster(RULES, tmp_path) == [rules]
    assert record_from_row(RULES, record_to_row(RULES, rules)) == rules


def test_urgent_words_are_found_in_what_was_written() -> None:
    assert DEFAULT_RULES.urgent_word_in("学校门口井盖丢了，孩子差点掉进去") == "井盖"
    assert DEFAULT_RULES.urgent_word_in("路灯不亮") == ""
