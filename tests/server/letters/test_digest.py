"""The day's digest and newly overdue matters: made once, at their time, with numbers only."""

import datetime

from matters.ledgers.supervision import OverdueMatter
from server.letters.announcing import newest_day_due
from server.letters.waiting_letters import HOUR_MS
from tests.server.notified import DUE, County, Desk, at


def test_a_digest_is_made_at_its_hour_once_and_says_what_waits(county: County) -> None:
    county.free_days = {datetime.date(2026, 11, 21), datetime.date(2026, 11, 22)}
    county.person("王主任", "wang@wanghe.example")
    county.person("没有邮箱", "")
    county.now = at("2026-11-20T08:00")
    county.look()
    assert len(county.relay.taken) == 1
    for when in ("2026-11-21T09:00", "2026-11-22T23:00", "2026-11-23T07:59"):
        county.now = at(when)
        county.look()
    assert len(county.relay.taken) == 1, "free days bring nothing"
    county.now = at("2026-11-23T08:00")
    for _ in range(3):
        county.look(after_ms=HOUR_MS)
    assert len(county.relay.taken) == 2
    taken = county.relay.taken[1]
    assert (taken.sender, taken.recipients) == ("huiyin@wanghe.example", ["wang@wanghe.example"])
    message = taken.message
    assert message["Subject"] == "回音 11月23日：已交办 3 件（逾期 1 件），已收到 1 件"
    assert message.get_content_type() == "text/plain" and not message.is_multipart()
    assert message["To"] == "wang@wanghe.example" and "王主任" not in taken.raw.decode()
    lines = taken.text.splitlines()
    assert "红灯 123 456 7890 11月20日 逾期3天" in lines
    assert "绿灯 223 456 7890 11月30日 还有7天" in lines
    assert "……还有 1 件" in lines
    assert "https://huiyin.example/console/" in lines
    assert "王主任" not in taken.text
    english = taken.text.partition("--------")[2]
    assert "3" in english and "(1 overdue)" in english and "件" not in english
    assert county.events()[-1] == {
        "day": "2026-11-23",
        "county": "望禾县",
        "node": "0123456789abcdef",
        "waiting": [
            {"desk": "assigned", "count": 3, "overdue": 1},
            {"desk": "received", "count": 1, "overdue": 0},
        ],
    }


def test_a_digest_names_at_most_twenty_matters(county: County) -> None:
    county.person("office", "a@b.example")
    many: list[tuple[str, int | None]] = [(f"{1000000000 + i}", DUE) for i in range(50)]
    county.desks = [Desk("a", "已交办", 50, 0, "", many[:19]), Desk("b", "办理中", 9, 0, "", many)]
    county.look(after_ms=HOUR_MS)
    text = county.relay.taken[0].text
    assert text.count("还有7天") == 20
    assert "……还有 31 件" in text and "……还有 8 件" in text


def test_who_has_nothing_waiting_gets_no_letter(county: County) -> None:
    county.person("office", "a@b.example")
    county.desks = [Desk("assigned", "已交办", 0, 0, "", [])]
    county.look(after_ms=HOUR_MS)
    assert not county.relay.taken and len(county.events()) == 1


def test_hours_that_were_missed_are_made_up_for_the_newest_day_only(county: County) -> None:
    county.person("office", "a@b.example")
    county.look(after_ms=HOUR_MS)
    assert len(county.relay.taken) == 1
    county.stop()
    county.now = at("2026-11-27T21:30")
    county.open()
    county.look()
    county.look()
    days = [one["day"] for one in county.events()]
    assert days == ["2026-11-23", "2026-11-27"] and len(county.relay.taken) == 2


def test_the_newest_day_is_a_working_day_whose_hour_has_come() -> None:
    def works(day: datetime.date) -> bool:
        return day.weekday() < 5

    monday = datetime.date(2026, 11, 23)
    friday = datetime.date(2026, 11, 20)
    assert newest_day_due(at("2026-11-23T08:00"), 8, works) == monday
    assert newest_day_due(at("2026-11-23T07:59"), 8, works) == friday
    assert newest_day_due(at("2026-11-22T12:00"), 8, works) == friday
    assert newest_day_due(at("2026-11-22T12:00"), 8, lambda day: False) is None


def test_newly_overdue_matters_are_told_once_a_due_date_and_level(county: County) -> None:
    county.now = at("2026-11-23T00:00:30")
    one = OverdueMatter("1234567890", "water", at("2026-11-22T23:59:59"), "unit")
    county.overdue = [one]
    for _ in range(3):
        county.look(after_ms=20_000)
    told = county.events("overdue")
    assert told == [
        {
            "event": "overdue",
            "matters": [
                {
                    "number": "1234567890",
                    "unit": "water",
                    "due_at": "2026-11-22T23:59:59+08:00",
                    "level": "unit",
                }
            ],
        }
    ]
    county.overdue = [one._replace(level="office")]
    county.look(after_ms=20_000)
    assert len(county.events("overdue")) == 2
    county.overdue = []
    county.look(after_ms=20_000)
    county.overdue = [one._replace(number=f"{n}") for n in range(250)]
    county.look(after_ms=20_000)
    sizes = [len(event["matters"]) for event in county.events("overdue")]  # type: ignore[arg-type]
    assert sorted(sizes) == [1, 1, 50, 100, 100]
