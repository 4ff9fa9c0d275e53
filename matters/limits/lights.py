"""Lights by the time that is left, and to whom an overdue matter is raised (督单)."""

from datetime import timedelta
from enum import StrEnum

from acts.shanghai import DAY_MS, day_of, end_of_day
from matters.registers.rules import Rules


class Light(StrEnum):
    """How near a matter's due day is; none where no clock runs."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    NONE = "none"


class Raised(StrEnum):
    """To whom an overdue matter has been raised, each with those before; "" is not overdue."""

    NOT = ""
    UNIT = "unit"
    HEAD = "head"
    OFFICE = "office"
    COMMITTEE = "committee"


def light_of(due_at_ms: int | None, now_ms: int, rules: Rules) -> Light:
    """Return the light of a matter that is due at `due_at_ms` (None: no clock runs).

    Days left are counted from today to the due day in Asia/Shanghai; on the due day it is 0.
    """
    if due_at_ms is None:
        return Light.NONE
    if due_at_ms <= due_until(now_ms, rules.red_days):
        return Light.RED
    if due_at_ms <= due_until(now_ms, rules.yellow_days):
        return Light.YELLOW
    return Light.GREEN


def level_of(due_at_ms: int | None, now_ms: int, rules: Rules) -> Raised:
    """Return to whom a matter is raised now: its unit once the due moment has passed, then up.

    Days overdue are whole ones since the due moment.
    """
    if due_at_ms is None or now_ms <= due_at_ms:
        return Raised.NOT
    overdue_ms = now_ms - due_at_ms
    if overdue_ms >= rules.committee_days * DAY_MS:
        return Raised.COMMITTEE
    if overdue_ms >= rules.office_days * DAY_MS:
        return Raised.OFFICE
    return Raised.HEAD if overdue_ms >= rules.head_days * DAY_MS else Raised.UNIT


def due_until(now_ms: int, days: int) -> int:
    """Return the last moment at which what has `days` days left, or fewer, is due.

    Lists ask the database with it: red is `due_at <= due_until(now, rules.red_days)`.
    """
    return end_of_day(day_of(now_ms) + timedelta(days=days))
