"""The clock of a matter: a limit starts, stands still while the villager is asked, moves, ends.

The due moment stands in the events, where `decide` put it by the county's rules and calendar, so
that `fold` needs neither. Events of older versions name none, and it is counted here.
"""

from acts.limit import BadLimit
from acts.shanghai import days_between
from eventlog.events import Event
from matters.limits.deadlines import due_at
from matters.limits.deadlines import moved as moved_by
from matters.matter import Matter
from matters.shapes import text_in, time_in, time_of
from stations.working_days import WEEKENDS_ONLY, WorkingDays


def start(matter: Matter, event: Event) -> None:
    """Start the limit that the event names."""
    _note_lateness(matter, event)
    matter.limit = text_in(event.data, "limit")
    matter.limit_from = event.at
    matter.limit_fixed = False
    matter.paused_days = 0
    _unpause(matter)
    try:
        counted = due_at(event.at, matter.limit)
    except BadLimit:
        counted = None
    matter.due_at = time_in(event.data, "due_at", counted)
    _move(matter)


def stop(matter: Matter, event: Event) -> None:
    """Take the limit away: the matter is with nobody, or is answered."""
    _note_lateness(matter, event)
    matter.due_at = matter.return_by = None
    _unpause(matter)
    _move(matter)


def fix(matter: Matter, event: Event, until_ms: int) -> None:
    """Put a fixed day in place of the limit."""
    _note_lateness(matter, event)
    matter.due_at = until_ms
    matter.limit_fixed = True
    _unpause(matter)
    _move(matter)


def extend(matter: Matter, event: Event, until_ms: int) -> None:
    """Let the limit end on a later day; a clock that stands still goes on standing still."""
    _note_lateness(matter, event)
    matter.limit_fixed = True
    if matter.paused_at is not None and matter.due_before is not None:
        matter.due_before = max(matter.due_before, until_ms)
    matter.due_at = until_ms if matter.due_at is None else max(matter.due_at, until_ms)
    _move(matter)


def stands_still(matter: Matter, at_ms: int) -> bool:
    """Return whether a question waits then: its time is not over yet."""
    return matter.paused_at is not None and at_ms <= (matter.pause_until or matter.paused_at)


def due_while_asked(
    matter: Matter, now_ms: int, until_ms: int, calendar: WorkingDays = WEEKENDS_ONLY
) -> int | None:
    """Return where the limit stands while a question of now waits until then; None without one."""
    still = stands_still(matter, now_ms)
    began = matter.paused_at if still and matter.paused_at is not None else now_ms
    before = matter.due_before if still else matter.due_at
    return None if before is None else _later(matter, before, began, until_ms, calendar)


def due_once_told(matter: Matter, now_ms: int, calendar: WorkingDays = WEEKENDS_ONLY) -> int | None:
    """Return where the limit stands once the villager says something now.

    None where they were asked nothing, or no limit ran then.
    """
    if matter.paused_at is None or matter.due_before is None:
        return None
    until = min(now_ms, matter.pause_until or now_ms)
    return _later(matter, matter.due_before, matter.paused_at, until, calendar)


def _later(matter: Matter, before: int, began: int, until: int, calendar: WorkingDays) -> int:
    days, working = days_between(began, until), matter.in_working_days
    return moved_by(before, days, working=working, calendar=calendar)


def pause(matter: Matter, event: Event) -> None:
    """Stop the clock: the villager is asked something.

    A second question leaves it stopped; where the time for the first was over, it stops anew.
    """
    _note_lateness(matter, event)
    if not stands_still(matter, event.at):
        _count_pause(matter, event.at)
        matter.paused_at = event.at
        matter.due_before = matter.due_at
    matter.pause_until = time_of(event.data.get("until", event.at))
    if matter.due_at is not None:
        matter.due_at = time_in(event.data, "due_at", matter.due_at)


def resume(matter: Matter, event: Event) -> None:
    """Let the clock go on: the villager said something."""
    if matter.paused_at is None:
        return
    _count_pause(matter, event.at)
    if matter.due_at is not None:
        matter.due_at = time_in(event.data, "due_at", matter.due_at)
    _unpause(matter)


def moved(matter: Matter, event: Event) -> None:
    """Put the due moment where the county's calendar, changed since, has it now."""
    matter.due_at = time_of(event.data.get("due_at"))
    if matter.paused_at is not None:
        matter.due_before = time_in(event.data, "due_before", matter.due_before)
    matter.level = ""


def _count_pause(matter: Matter, at_ms: int) -> None:
    if matter.paused_at is not None:
        end = min(at_ms, matter.pause_until or at_ms)
        matter.paused_days += days_between(matter.paused_at, end)


def _note_lateness(matter: Matter, event: Event) -> None:
    """A limit that was missed stays missed, though another takes its place."""
    if matter.overdue(event.at):
        matter.late = True


def _unpause(matter: Matter) -> None:
    matter.paused_at = matter.pause_until = matter.due_before = None


def _move(matter: Matter) -> None:
    """What hung on the old limit goes with it."""
    matter.extension_until = matter.press_due_at = None
    matter.level = ""
