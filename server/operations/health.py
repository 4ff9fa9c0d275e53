"""How the node is: for a supervisor, for Prometheus, and for the console."""

import sqlite3
from importlib.metadata import version
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from acts.shanghai import iso
from server.exchange import exchange_health
from server.operations.room import OperationsRoom
from server.web.routes import in_thread
from sync.keeping.durability import DurabilityState

# A replica that is this far behind makes the node unwell (503).
LAG_MOST_S = 60.0


def health(room: OperationsRoom) -> dict[str, Any]:
    """Return the node's health as CONTRACT's `/healthz` gives it.

    `ok` is false where the replica lags by a minute or is broken; intake goes on even then.
    """
    durability = room.durability()
    lag_s = 0.0
    replica = "none"
    ok = True
    if durability is not None:
        report = durability.report()
        lag_s = round(report.lag_s, 3)
        replica = str(report.state)
        ok = report.state is not DurabilityState.BROKEN and report.lag_s < LAG_MOST_S
        if report.same_disk and report.state is DurabilityState.CURRENT:
            replica = "current-same-disk"
    with room.log.reading() as connection:
        exchange = _exchange(connection, room.settings.role)
    return {
        "ok": ok,
        "role": room.settings.role,
        "node": room.keys().fingerprint,
        "epoch": room.log.voice.epoch,
        "durable_lag_s": lag_s,
        "replica": replica,
        "queue": room.log.writer.waiting,
        "version": version("huiyin"),
        "exchange": exchange,
    }


def _exchange(connection: sqlite3.Connection, role: str) -> dict[str, Any]:
    """Return `joined`, `waiting`, `held` and `last_heard`, and at a hub of the nodes below.

    These are `nodes`, `oldest_heard`, `quarantine` and `alarms`; times in ISO 8601, null for never.
    """
    up = exchange_health.above(connection)
    exchange: dict[str, Any] = {
        "joined": up.hub is not None,
        "waiting": up.waiting,
        "held": up.held,
        "last_heard": iso(up.hub.heard_at) if up.hub is not None and up.hub.heard_at else None,
    }
    if role == "hub":
        down = exchange_health.below(connection)
        exchange |= {
            "nodes": down.enrolled,
            "oldest_heard": iso(down.oldest_heard_at) if down.oldest_heard_at else None,
            "quarantine": down.quarantined,
            "alarms": down.alarms,
        }
    return exchange


async def healthz(room: OperationsRoom, request: Request) -> Response:
    """Answer `GET /healthz`: 200 or 503. However many strangers wait, a supervisor does not."""
    node_health = await in_thread(health, room)
    status = 200 if node_health["ok"] else 503
    return JSONResponse(node_health, status, headers={"Cache-Control": "no-store"})


async def metrics(room: OperationsRoom, request: Request) -> Response:
    """Answer `GET /metrics` in Prometheus text."""
    return PlainTextResponse(
        await in_thread(_metrics, room), media_type="text/plain; version=0.0.4"
    )


def _metrics(room: OperationsRoom) -> str:
    node_health = health(room)
    durability = room.durability()
    report = None if durability is None else durability.report()
    with room.log.reading() as connection:
        up, down = exchange_health.above(connection), exchange_health.below(connection)
    lines = [
        "# TYPE huiyin_up gauge",
        f"huiyin_up {int(node_health['ok'])}",
        "# TYPE huiyin_durable_lag_seconds gauge",
        f"huiyin_durable_lag_seconds {node_health['durable_lag_s']}",
        "# TYPE huiyin_writer_queue gauge",
        f"huiyin_writer_queue {node_health['queue']}",
        "# TYPE huiyin_committed_position counter",
        f"huiyin_committed_position {report.committed if report else room.log.newest_position()}",
        "# TYPE huiyin_durable_position gauge",
        f"huiyin_durable_position {report.durable if report else -1}",
        "# TYPE huiyin_site_position gauge",
        f"huiyin_site_position {room.site.built_position}",
        "# TYPE huiyin_exchange_waiting gauge",
        f"huiyin_exchange_waiting {up.waiting}",
        "# TYPE huiyin_exchange_held gauge",
        f"huiyin_exchange_held {up.held}",
        "# TYPE huiyin_exchange_last_heard_seconds gauge",
        f"huiyin_exchange_last_heard_seconds {_seconds(up.hub and up.hub.heard_at)}",
        "# TYPE huiyin_nodes_enrolled gauge",
        f"huiyin_nodes_enrolled {down.enrolled}",
        "# TYPE huiyin_nodes_oldest_heard_seconds gauge",
        f"huiyin_nodes_oldest_heard_seconds {_seconds(down.oldest_heard_at)}",
        "# TYPE huiyin_quarantine_waiting gauge",
        f"huiyin_quarantine_waiting {down.quarantined}",
        "# TYPE huiyin_exchange_alarms gauge",
        f"huiyin_exchange_alarms {down.alarms}",
        "",
    ]
    return "\n".join(lines)


def _seconds(at_ms: int | None) -> str:
    """Return a time as Prometheus has it, seconds since 1970; NaN for never."""
    return "NaN" if at_ms is None else f"{at_ms / 1000:.3f}"
