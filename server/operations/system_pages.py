"""The node itself in the console: its replica and clock, letters to staff, the recovery kit."""

from starlette.responses import Response

from acts.refusals import NotThisRole
from eventlog.clock import is_off
from matters.terms import Role
from server.folder.rehearsals import read_rehearsed
from server.letters.letter_pages import letter_values
from server.operations.health import health
from server.operations.problems import shown_problem
from server.operations.room import OperationsRoom
from server.people.doors import Visit


def system(room: OperationsRoom, visit: Visit) -> Response:
    """Answer `GET /console/system`: how the node is, for its administrator and the office."""
    if visit.actor.role not in (Role.OFFICE, Role.ADMIN):
        raise NotThisRole
    kit = ""
    if visit.actor.role is Role.ADMIN and room.kit_path.exists():
        kit = room.kit_path.read_text("utf-8")
    rehearsed = read_rehearsed(room.settings.data)
    return visit.page(
        "system.html",
        title="system",
        rehearsed_at=None if rehearsed is None else rehearsed.at_ms,
        health=health(room),
        problems=[shown_problem(problem) for problem in room.watch.problems],
        clock=None if room.clock is None else room.clock.status,
        confirmed=None if room.hub_clock is None else room.hub_clock.confirmed,
        kit=kit,
        of_station=room.keys().of_station,
        actor=visit.actor,
        replica=room.settings.replica_label,
        site=room.site.standing,
        site_error=room.site.last_error,
        **letter_values(room.letters, visit),
    )


def clock_right(room: OperationsRoom, visit: Visit) -> Response:
    """Answer `POST /console/clock-right`: a doubted clock is right, say the office or the admin.

    `shown` is what the page showed, in ms. Where the clock shows something else by now, nothing is
    confirmed, and the page is shown again.
    """
    if visit.actor.role not in (Role.OFFICE, Role.ADMIN):
        raise NotThisRole
    clock = room.hub_clock
    doubt = None if clock is None else clock.doubt
    if clock is not None and doubt is not None:
        shown = visit.fields.text("shown")
        if shown.isdecimal() and not is_off(int(shown), doubt.system_ms):
            clock.confirm(visit.account.id)
    return visit.redirect("console/system")


def kit_printed(room: OperationsRoom, visit: Visit) -> Response:
    """Answer `POST /console/kit-printed`: the recovery kit is on paper, so its file goes."""
    if visit.actor.role is not Role.ADMIN:
        raise NotThisRole
    room.kit_path.unlink(missing_ok=True)
    return visit.redirect("console/system")
