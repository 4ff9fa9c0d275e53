"""Deputies: levels as people write them."""

import pytest

from deputies.deputies import DEPUTIES, Level, parse_level
from stations.cells import CellError
from stations.registers import record_from_row


@pytest.mark.req("H02")
@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("全国", Level.NATIONAL),
        ("全国人大代表", Level.NATIONAL),
        ("省人大代表", Level.PROVINCE),
        ("自治区级", Level.PROVINCE),
        ("市", Level.CITY),
        ("设区的市人大代表", Level.CITY),
        ("县级", Level.COUNTY),
        ("县（市、区）人大代表", Level.COUNTY),
        ("望禾县人大代表", Level.COUNTY),
        ("县级市", Level.COUNTY),
        ("区", Level.COUNTY),
        ("乡镇", Level.TOWNSHIP),
        ("乡（镇）人大代表", Level.TOWNSHIP),
        ("镇人民代表大会代表", Level.TOWNSHIP),
        (" 乡 ", Level.TOWNSHIP),
        ("National", Level.NATIONAL),
        ("provincial people's congress deputy", Level.PROVINCE),
        ("municipal", Level.CITY),
        ("county-level", Level.COUNTY),
        ("Township deputy", Level.TOWNSHIP),
    ],
)
def test_levels(text: str, level: Level) -> None:
    assert parse_level(text) is level


@pytest.mark.parametrize("text", ["村", "人大代表", "", "市、县人大代表", "省和市", "3"])
def test_bad_levels(text: str) -> None:
    with pytest.raises(CellError):
        parse_level(text)


def test_a_deputy_from_the_least() -> None:
    deputy = record_from_row(DEPUTIES, {"Name": "Li Ming", "Level": "county"})
    assert deputy.id.startswith("deputy-") and deputy.constituency == ""
