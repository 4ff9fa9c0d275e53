"""The ledger for programs: `GET /api/v1/ledger`, every line with its rates and their n."""

from typing import Any

from server.ledger.ledger_queries import count_json, read_asked, records_of
from server.ledger.room import LedgerRoom
from server.people.interface import Call


def ledger(room: LedgerRoom, call: Call) -> dict[str, Any]:
    """Answer `GET /api/v1/ledger?from=&to=&by=`, narrowed as the list of matters is."""
    registers = room.registers.current()
    asked = read_asked(call.query, registers)
    least = registers.rules.minimum_n
    records = records_of(registers, asked.by)
    figures = room.counted(asked)
    return {
        "by": str(asked.by),
        "from": asked.scope.first or None,
        "to": asked.scope.last or None,
        "minimum_n": least,
        "total": count_json(figures.total, least, figures.total_median),
        "lines": [
            {
                "key": line.key,
                "name": str(records[line.key].name) if line.key in records else "",
                **count_json(line, least, figures.medians.get(line.key)),
            }
            for line in figures.lines
        ],
    }
