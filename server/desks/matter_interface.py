"""The interface for programs, `/api/v1/matters`: lists, single matters, every command."""

from typing import Any

from matters.listing import lists
from server.desks.command_runs import command_named, contact_for, run_command
from server.desks.matter_filters import read_filters
from server.desks.matter_record import matter_for, matter_json, whole_matter
from server.desks.room import DesksRoom
from server.people.interface import Call
from server.web.locked_texts import as_json


def list_units(room: DesksRoom, call: Call) -> dict[str, Any]:
    """Answer `GET /api/v1/units`."""
    units = room.registers.current().units.values()
    return {"units": [{"id": unit.id, "name": unit.name} for unit in units]}


def list_matters(room: DesksRoom, call: Call) -> dict[str, Any]:
    """Answer `GET /api/v1/matters` with the filters of CONTRACT."""
    registers = room.registers.current()
    filters = read_filters(call.query, registers)
    with room.log.reading() as connection:
        page = lists.listed(
            connection, call.actor, filters, now_ms=room.log.now_ms(), rules=registers.rules
        )
    answer = as_json(
        {
            "matters": [matter_json(row.matter, row.title) for row in page.rows],
            "next": page.next or None,
        }
    )
    # Nothing is found by its words then, and whoever asks is told why.
    return {**answer, "locked": True} if filters.q and room.doors.is_locked else answer


def one_matter(room: DesksRoom, call: Call) -> dict[str, Any]:
    """Answer `GET /api/v1/matters/{number}`."""
    return whole_matter(room, matter_for(room.log, call.actor, call.path["number"]))


def command_matter(room: DesksRoom, call: Call) -> dict[str, Any]:
    """Answer `POST /api/v1/matters/{number}/{command}`: 200 the matter, or the refusal."""
    command = command_named(call.path["command"])
    return whole_matter(
        room, run_command(room, call.actor, call.path["number"], command, call.values)
    )


def matter_contact(room: DesksRoom, call: Call) -> dict[str, Any]:
    """Answer `GET /api/v1/matters/{number}/contact`; the look is put on record."""
    contact = contact_for(room, call.actor, call.path["number"])._asdict()
    if not contact["guardian"]:
        del contact["guardian"]
    return contact
