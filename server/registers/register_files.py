"""Registers as files in the console: a table taken in after a look at it, and all of them given."""

import hashlib
import re
from pathlib import Path
from typing import Any

from starlette.responses import Response

from acts.refusals import N_, BadFields
from acts.shanghai import day_text
from eventlog.files import write_atomically
from eventlog.log import Log
from server.county.county_registers import ALL, BY_PLURAL
from server.people.doors import Visit
from server.registers.register_edits import refuse_unless_editor
from server.registers.register_imports import import_register
from server.registers.registers_export import zipped_rosters
from server.registers.room import RegistersRoom
from server.tables.import_outcome import Outcome
from server.tables.tables import TableError
from server.web.languages import translated
from server.web.pages import file_to_keep
from server.web.problems import page_errors

# Where a file waits between the look at it and the taking in; below the data folder.
FOLDER = "uploads"
WAITS_S = 24 * 3600
_KEPT = re.compile("[0-9a-f]{64}")
SHOWN_MOST = 200


def page(room: RegistersRoom, visit: Visit) -> Response:
    """Answer `GET /console/registers/import`: which register, and the file."""
    refuse_unless_editor(visit.actor)
    return _page(visit, plural=visit.query.get("register", ""))


def take(room: RegistersRoom, visit: Visit) -> Response:
    """Answer `POST /console/registers/import`: what the file would change, or changed.

    `step` look reads the file and writes nothing; `take` takes in the one that was looked at.
    """
    refuse_unless_editor(visit.actor)
    fields = visit.fields
    plural, taking = fields.text("register"), fields.text("step") == "take"
    try:
        register = BY_PLURAL.get(plural)
        if register is None:
            raise BadFields.of("register", "required", N_("请选一个登记册。"))
        if taking:
            path = _kept(room.log.folder, fields.text("kept"))
        else:
            body = next((body for name, body in fields.files if name == "file" and body), b"")
            path = _keep(room.log, body)
        outcome = import_register(
            room.log, register, path, dry_run=not taking, by=visit.actor.signature
        )
    except (BadFields, TableError) as refusal:
        errors = page_errors(visit.language, refusal, field="file")
        return _page(visit, plural=plural, errors=errors)
    room.registers.changed()
    if taking:
        path.unlink(missing_ok=True)
    return _page(visit, plural=plural, outcome=outcome, kept="" if taking else path.name)


def download(room: RegistersRoom, visit: Visit) -> Response:
    """Answer `GET /console/registers/export.zip`: every record as YAML, a folder a register."""
    refuse_unless_editor(visit.actor)
    name = f"huiyin-registers-{day_text(room.log.now_ms())}.zip"
    return file_to_keep(zipped_rosters(room.log), name, "application/zip")


def _keep(log: Log, body: bytes) -> Path:
    """Put an upload aside under the hash of its bytes, and clear out those that waited long."""
    if not body:
        raise BadFields.of("file", "required", N_("请选一个文件。"))
    folder = log.folder / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in folder.iterdir():
        if log.now_ms() / 1000 - old.stat().st_mtime > WAITS_S:
            old.unlink(missing_ok=True)
    path = folder / hashlib.sha256(body).hexdigest()
    write_atomically(path, body, mode=0o600)
    return path


def _kept(data: Path, name: str) -> Path:
    path = data / FOLDER / name
    if not _KEPT.fullmatch(name) or not path.exists():
        raise BadFields.of("file", "required", N_("这个文件已经不在了，请再选一次。"))
    return path


def _page(
    visit: Visit,
    *,
    plural: str,
    outcome: Outcome | None = None,
    kept: str = "",
    errors: list[dict[str, Any]] | None = None,
) -> Response:
    refusals = outcome.refusals if outcome is not None else []
    return visit.page(
        "register_import.html",
        title="import",
        status=422 if errors else 200,
        registers=ALL,
        plural=plural,
        outcome=outcome,
        refused=[
            (row, problem.field, translated(visit.language, problem.message, **problem.values))
            for row, problem in refusals[:SHOWN_MOST]
        ],
        kept=kept,
        errors=errors or [],
    )
