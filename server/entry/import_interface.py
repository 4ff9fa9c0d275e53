"""Imports for programs, `/api/v1/imports`."""

from typing import Any

from acts.shanghai import iso
from eventlog.identifiers import uuid_text
from server.entry.imports import imports_for, run_approval
from server.entry.room import EntryRoom
from server.people.interface import Call


def list_imports(room: EntryRoom, call: Call) -> dict[str, Any]:
    """Answer `GET /api/v1/imports`: every import with its counts, the newest first."""
    return {
        "imports": [
            {
                "id": uuid_text(row.id),
                "file": row.file_name,
                "rows": row.rows,
                "answered": row.answered,
                "started_at": iso(row.started_at),
                "approved_at": iso(row.approved_at),
            }
            for row in imports_for(room.log, call.actor)
        ]
    }


def approve(room: EntryRoom, call: Call) -> dict[str, Any]:
    """Answer `POST /api/v1/imports/{id}/approve`: the whole import may be public from now on."""
    run_approval(room.log, call.actor, call.path["id"])
    return list_imports(room, call)
