"""The clock of a matter: which limit counts, what stops it, what moves it, and what was missed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from acts.refusals import BadFields, NotNow, Refusal
from acts.shanghai import SHANGHAI
from eventlog.events import Draft
from eventlog.log import Log
from matters.commands import COMMANDS
from matters.execution import add_message, carry_out
from matters.known import Known
from matters.matter import Matter
from matters.refusals import TooLate
from matters.registers.rules import Extension, Rules
from matters.terms import MatterEvent, State
from stations.working_days import DayKind, SpecialDay, WorkingDays
from tests.eventlog.notes import Clock
from tests.matters.county import DEPUTY, KNOWN, OFFICE, ROADS, WATER, open_county, raised
from tests.matters.limits.test_deadlines import at

# National Day with its make-up workdays.
HOLIDAYS = WorkingDays.of(
    [
        *(SpecialDay(id=f"2026-10-0{day}", kind=DayKind.HOLIDAY) for day in range(1, 9)),
        SpecialDay(id="2026-09-27", kind=DayKind.WORKDAY),
        SpecialDay(id="2026-10-10", kind=DayKind.WORKDAY),
    ]
)


class Office:
    """A county whose clock and rules a test sets, and one matter in it."""

    def __init__(self, folder: Path, start: str = "2026-09-21T10:00") -> None:
        self.clock = Clock(at(start))
        self.log: Log = open_county(folder, self.clock)
        self.known: Known = KNOWN._replace(calendar=HOLIDAYS)
        self.number = raised(self.log).number

    def day(self, text: str) -> "Office":
        """Let it be ten o'clock of a day."""
        self.clock.now_ms = at(f"{text}T10:00")
        return self

    def rules(self, **changed: Any) -> None:
        """Let the county have other rules."""
        self.known = self.known._replace(rules=Rules(**changed))

    def does(self, name: str, actor: Any = OFFICE, **fields: Any) -> Matter:
        """Carry a command out, with the county's rules and calendar."""
        return self.log.write(
            lambda t: carry_out(
                t,
                self.number,
                COMMANDS[name],
                fields,
                actor=actor,
                known=self.known,
                seen=None,
                folder=self.log.folder,
            )
        ).result

    def refuses(self, name: str, actor: Any = OFFICE, **fields: Any) -> Refusal:
        """Return what refuses a command."""
        with pytest.raises(Refusal) as caught:
            self.does(name, actor, **fields)
        return caught.value

    def told(self, text: str = "在村口") -> Matter:
        """Let the villager write something."""
        return self.log.write(lambda t: add_message(t, self.number, text, known=self.known)).result


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path / "data")
    yield office
    assert office.log.verify().ok
    office.log.stop()


def ends(matter: Matter) -> str:
    """Return the day on whose end the matter is due."""
    assert matter.due_at is not None
    end = datetime.fromtimestamp(matter.due_at / 1000, UTC).astimezone(SHANGHAI)
    assert (end.hour, end.minute, end.second) == (23, 59, 59)
    return end.date().isoformat()


@pytest.mark.parametrize(
    ("grade", "fields", "limit", "end"),
    [
        ("normal", {}, "P1M", "2026-10-21"),
        ("normal", {"assisting": ["water"]}, "P2M", "2026-11-21"),
        ("urgent", {}, "P7D", "2026-09-28"),
        ("urgent", {"assisting": ["water"]}, "P7D", "2026-09-28"),
        ("normal", {"limit": "一个半月"}, "P1M15D", "2026-11-05"),
        ("urgent", {"limit": "20天"}, "P20D", "2026-10-11"),
        # 22 to 25, then the make-up Sunday 27, 28 to 30: then the holiday, and 9, 10 October.
        ("normal", {"limit": "十个工作日"}, "P10B", "2026-10-10"),
    ],
)
def test_the_limit_is_the_rules_or_what_the_office_says(
    office: Office, grade: str, fields: dict[str, Any], limit: str, end: str
) -> None:
    office.does("adopt", title="桥", grade=grade)
    matter = office.does("assign", lead="roads", **fields)
    assert (matter.limit, ends(matter), matter.limit_fixed) == (limit, end, False)
    # Five working days to say that it is not theirs: over the week-end, the Sunday counts.
    assert matter.return_by == at("2026-09-27T23:59:59")


def test_a_county_sets_its_own_limits(office: Office) -> None:
    office.rules(alone="P5B", joint="P20D", urgent="P1D", return_within="P2D")
    matter = office.does("assign", lead="roads")
    assert matter.limit == "P5B" and ends(matter) == "2026-09-27"
    assert matter.return_by == at("2026-09-23T23:59:59")


def test_the_clock_pauses_while_the_villager_is_asked(office: Office) -> None:
    office.does("assign", lead="roads")
    asked = office.day("2026-09-25").does("ask", ROADS, text="哪一座？")
    # Fifteen days at most: until 10 October; the limit stands where it would be then.
    assert asked.paused and asked.pause_until == at("2026-10-10T23:59:59")
    assert ends(asked) == "2026-11-05"
    early = office.day("2026-09-28").told()
    assert not early.paused and ends(early) == "2026-10-24"
    assert early.paused_days == 3
    # What is said unasked moves nothing.
    assert ends(office.day("2026-09-30").told()) == "2026-10-24"


def test_who_answers_late_or_never_stops_the_clock_no_longer(office: Office) -> None:
    office.does("assign", lead="roads")
    asked = office.day("2026-09-25").does("ask", ROADS, text="哪一座？")
    never = asked.due_at
    late = office.day("2026-10-30").told()
    assert not late.paused and late.due_at == never


def test_a_second_question_does_not_count_the_days_between(office: Office) -> None:
    office.does("assign", lead="roads", limit="两个月")
    office.day("2026-09-25").does("ask", ROADS, text="哪一座？")
    again = office.day("2026-09-30").does("ask", DEPUTY, text="是老桥吗？")
    # Still one pause, from the first question to fifteen days after the second.
    assert ends(again) == "2026-12-11" and again.paused_at == at("2026-09-25T10:00")
    # Nobody answered; a month later, a third. The clock ran from 15 October to 15 November.
    third = office.day("2026-11-15").does("ask", ROADS, text="还是新桥？")
    assert third.paused_at == at("2026-11-15T10:00") and ends(third) == "2026-12-26"
    answered = office.day("2026-11-17").told()
    assert ends(answered) == "2026-12-13"
    assert answered.paused_days == 22


def test_a_limit_in_working_days_ends_on_one(office: Office) -> None:
    office.does("assign", lead="roads", limit="P8B")
    asked = office.day("2026-09-28").does("ask", ROADS, text="哪一座？")
    assert asked.due_before == at("2026-09-30T23:59:59")
    # Two days later than 30 September are holidays: the next working day is the 9th.
    assert ends(office.day("2026-09-30").told()) == "2026-10-09"


def test_a_question_hides_no_lateness(office: Office) -> None:
    office.does("assign", lead="roads", limit="P3D")
    office.day("2026-09-26").does("ask", ROADS, text="哪一座？")
    matter = office.does("reply", ROADS, text="修好了", result="A")
    assert matter.late


def test_who_replies_in_time_is_not_late_though_asked_before(office: Office) -> None:
    office.does("assign", lead="roads", limit="P3D")
    office.day("2026-09-24").does("ask", ROADS, text="哪一座？")
    office.day("2026-09-30").told()
    matter = office.does("reply", ROADS, text="修好了", result="A")
    assert not matter.late and matter.due_at == at("2026-09-30T23:59:59")


def test_an_extension_waits_for_approval_or_is_recorded(office: Office) -> None:
    office.does("assign", lead="roads")
    asked = office.does("ask-extension", ROADS, until="2026-11-30", reason="等材料")
    assert ends(asked) == "2026-10-21" and asked.extensions == 0
    assert asked.extension_until == at("2026-11-30T23:59:59")
    again = office.refuses("ask-extension", ROADS, until="2026-12-30", reason="等材料")
    assert isinstance(again, NotNow)
    refused = office.does("grant-extension", granted="no", reason="来得及")
    assert ends(refused) == "2026-10-21" and refused.extension_until is None
    office.does("ask-extension", ROADS, until="2026-11-30", reason="等材料")
    granted = office.does("grant-extension", granted="yes", reason="属实")
    assert ends(granted) == "2026-11-30" and granted.limit_fixed and granted.extensions == 1
    office.rules(extension=Extension.RECORDED)
    recorded = office.does("ask-extension", ROADS, until="2026-12-30", reason="下雪")
    assert ends(recorded) == "2026-12-30" and recorded.extensions == 2
    assert isinstance(office.refuses("grant-extension", granted="yes", reason="好"), NotNow)


@pytest.mark.parametrize("until", ["2026-10-21", "2026-10-01", "2026-09-01", "2020-01-01"])
def test_an_extension_leads_past_the_limit(office: Office, until: str) -> None:
    office.does("assign", lead="roads")
    refusal = office.refuses("ask-extension", ROADS, until=until, reason="等材料")
    assert isinstance(refusal, BadFields)
    assert refusal.problems[0].code == ("past" if until < "2026-09-21" else "not-later")


def test_an_extension_is_never_shorter_than_a_pause(office: Office) -> None:
    office.does("assign", lead="roads")
    office.does("ask-extension", ROADS, until="2026-10-25", reason="等材料")
    asked = office.day("2026-09-25").does("ask", ROADS, text="哪一座？")
    granted = office.does("grant-extension", granted="yes", reason="属实")
    assert granted.due_at == asked.due_at and granted.paused
    # Answered after three days: three more than the new limit.
    assert ends(office.day("2026-09-28").told()) == "2026-10-28"


def test_an_extension_asked_for_too_late_hides_no_lateness(office: Office) -> None:
    office.does("assign", lead="roads", limit="P3D")
    office.day("2026-09-28").does("ask-extension", ROADS, until="2026-11-30", reason="等材料")
    matter = office.does("grant-extension", granted="yes", reason="属实")
    assert matter.late and not matter.overdue(office.clock.now_ms)


def test_the_parts_end_with_the_whole_at_the_latest(office: Office) -> None:
    office.does("assign", lead="roads")
    parts = [{"unit": "water", "task": "迁管", "until": "2026-10-22"}]
    refusal = office.refuses("divide", ROADS, parts=parts)
    assert isinstance(refusal, BadFields) and refusal.problems[0].code == "after-due"
    parts[0]["until"] = "2026-10-21"
    divided = office.does("divide", ROADS, parts=parts)
    assert divided.assisting == ("water",) and not divided.tasks[0].done
    done = office.does("progress", WATER, text="迁好了", done="yes")
    assert done.tasks[0].done


def test_a_unit_returns_what_is_not_theirs_within_its_days(office: Office) -> None:
    office.does("assign", lead="roads")
    late = office.day("2026-09-28").refuses("return", ROADS, reason="不是我们的")
    assert isinstance(late, TooLate)
    back = office.day("2026-09-27").does("return", ROADS, reason="不是我们的")
    assert (back.state, back.due_at, back.lead) == (State.ADOPTED, None, "")
    assert back.returns == 1 and back.round == 1


def test_press_and_inspection_have_limits_of_their_own(office: Office) -> None:
    office.does("assign", lead="roads")
    pressed = office.does("press", DEPUTY, text="请快些")
    assert pressed.press_due_at == at("2026-09-27T23:59:59")
    assert office.does("progress", ROADS, text="在修").press_due_at is None
    inspected = office.does(
        "inspect", DEPUTY, found="没动工", problem="缺人", next="再看", until="9月25日"
    )
    assert inspected.press_due_at == at("2026-09-25T23:59:59")
    assert office.does("reply", ROADS, text="好了", result="A").press_due_at is None
    # Where nobody has it in hand any more, nobody has to answer a visit.
    again = office.does("inspect", DEPUTY, found="修了", problem="无", next="无")
    assert again.inspected == 2 and again.press_due_at is None


def test_a_limit_that_the_calendar_moves_keeps_the_pause(office: Office) -> None:
    office.does("assign", lead="roads", limit="P8B")
    asked = office.day("2026-09-28").does("ask", ROADS, text="哪一座？")
    moved_to, before = at("2026-10-20T23:59:59"), at("2026-10-09T23:59:59")
    data = {"due_at": moved_to, "due_before": before}
    draft = Draft(MatterEvent.LIMIT_MOVED, asked.id, data)
    office.log.write(lambda t: t.append([draft], by="system"))
    assert ends(office.day("2026-09-29").told()) == "2026-10-10"


@pytest.mark.parametrize("limit", ["零", "0天", "P0D", "P0M", "0个工作日", "-3天", "三年", "P999D"])
def test_a_limit_of_nothing_or_of_years_is_refused_in_words(office: Office, limit: str) -> None:
    refusal = office.refuses("assign", lead="roads", limit=limit)
    assert isinstance(refusal, BadFields)
    assert [(one.field, one.code) for one in refusal.problems] == [("limit", "bad-limit")]
