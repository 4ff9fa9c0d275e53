"""The ledger for programs: `GET /api/v1/ledger`, every line with its rates and their n."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from matters.ledgers import figures
from server.ledger.ledger_queries import count_json, read_asked, records_of
from server.node import Node
from server.people.doors import required_actor


async def ledger(request: Request) -> Response:
    """Answer `GET /api/v1/ledger?from=&to=&by=`, narrowed as the list of matters is."""
    required_actor(request)
    node: Node = request.app.state.node
    registers = node.registers.current()
    asked = read_asked(request, registers)
    least = registers.rules.minimum_n
    records = records_of(registers, asked.by)

    def name_of(key: str) -> str:
        record = records.get(key)
        return "" if record is None else str(record.name)

    def read() -> dict[str, Any]:
        with node.log.reading() as connection:
            connection.execute("BEGIN")
            whole = figures.total(connection, asked.scope)
            whole_median = figures.median_days(connection, None, asked.scope)
            lines = figures.counted(connection, asked.by, asked.scope)
            medians = figures.median_days(connection, asked.by, asked.scope)
        return {
            "by": str(asked.by),
            "from": asked.scope.first or None,
            "to": asked.scope.last or None,
            "minimum_n": least,
            "total": count_json(whole, least, whole_median.get("")),
            "lines": [
                {
                    "key": line.key,
                    "name": name_of(line.key),
                    **count_json(line, least, medians.get(line.key)),
                }
                for line in lines
            ],
        }

    return JSONResponse(await asyncio.to_thread(read), headers={"Cache-Control": "no-store"})
