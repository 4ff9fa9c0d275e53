"""Holidays and make-up workdays in the console: by year, one added at once, or many pasted."""

import re
from collections.abc import Mapping

from starlette.responses import Response

from acts.refusals import Refusal
from acts.shanghai import day_text
from server.people.doors import Visit
from server.registers import register_edits
from server.registers.register_edits import LinesTaken, refuse_unless_editor, register_named
from server.registers.register_views import hint_of, label_of, shown_cells
from server.registers.room import RegistersRoom
from server.web.problems import field_messages, page_errors
from stations.registers import record_id

PLURAL = "days"
FIELDS = ("id", "kind", "name")
_BETWEEN = re.compile(r"[\s,，;；]+")


def page(room: RegistersRoom, visit: Visit) -> Response:
    """Answer `GET /console/registers/days/`."""
    refuse_unless_editor(visit.actor)
    return _page(room, visit)


def add(room: RegistersRoom, visit: Visit) -> Response:
    """Answer `POST /console/registers/days/`: a day, or a line for each of many days."""
    actor, fields = visit.actor, visit.fields
    refuse_unless_editor(actor)
    register = register_named(PLURAL)
    if fields.text("step") == "lines":
        pasted = fields.text("lines")
        lines = [
            (number, line)
            for number, line in enumerate(pasted.splitlines(), start=1)
            if line.strip()
        ]
        outcome = register_edits.save_lines(
            room, actor, register, [(number, _cells(line)) for number, line in lines]
        )
        return _page(room, visit, outcome=outcome, lines=dict(lines))
    typed = {name: fields.text(name) for name in FIELDS}
    try:
        register_edits.save(room, actor, register, typed, adding=True)
    except Refusal as refusal:
        if refusal.status != 422:
            raise
        return _page(room, visit, typed=typed, refusal=refusal)
    return visit.redirect("console/registers/days/?saved=1")


def _cells(line: str) -> dict[str, str]:
    """Return a pasted line's cells: the day, what it is, and the rest as its name."""
    parts = _BETWEEN.split(line.strip(), maxsplit=2)
    return dict(zip(FIELDS, [*parts, "", ""], strict=False))


def _page(
    room: RegistersRoom,
    visit: Visit,
    *,
    typed: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
    outcome: LinesTaken | None = None,
    lines: Mapping[int, str] | None = None,
) -> Response:
    language = visit.language
    register = register_named(PLURAL)
    registers = room.registers.current().registers
    fields = [column for column in register.columns if column.field in FIELDS]
    years: dict[str, list[dict[str, str]]] = {}
    for record in registers.of(register).values():
        key = record_id(record)
        shown = (text for _, text in shown_cells(language, register, fields, record, registers))
        years.setdefault(key[:4], []).append(
            {column.field: text for column, text in zip(fields, shown, strict=True)}
        )
    refused = outcome.refused if outcome is not None else ()
    texts = lines or {}
    status = 422 if refused else refusal.status if refusal is not None else 200
    return visit.page(
        "days.html",
        title=PLURAL,
        status=status,
        register=register,
        fields=fields,
        label=lambda column: label_of(language, column),
        hint=lambda column: hint_of(language, column),
        labels={column.field: label_of(language, column) for column in fields},
        years=dict(sorted(years.items(), reverse=True)),
        this_year=day_text(room.log.now_ms())[:4],
        typed=typed or {},
        errors=page_errors(language, refusal),
        outcome=outcome,
        refused=[
            (
                number,
                texts.get(number, ""),
                [error["message"] for error in field_messages(language, problems)],
            )
            for number, problems in refused
        ],
        saved=visit.query.get("saved") == "1" and refusal is None and outcome is None,
        removed=visit.query.get("removed") == "1",
    )
