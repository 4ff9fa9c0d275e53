"""How the node is: for a supervisor, for Prometheus, and for the console."""

from importlib.metadata import version
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from server.node import Node
from sync.durability import DurabilityState

# A replica that is this far behind makes the node unwell (503).
LAG_MOST_S = 60.0


def health(node: Node) -> dict[str, Any]:
    """Return the node's health as CONTRACT's `/healthz` gives it.

    `ok` is false where the replica lags by a minute or is broken; intake goes on even then.
    """
    durability = node.durability()
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
    return {
        "ok": ok,
        "role": node.settings.role,
        "node": node.keys.fingerprint,
        "epoch": node.log.voice.epoch,
        "durable_lag_s": lag_s,
        "replica": replica,
        "queue": node.log.writer.waiting,
        "version": version("huiyin"),
    }


async def healthz(request: Request) -> Response:
    """Answer `GET /healthz`: 200 or 503."""
    found = health(request.app.state.node)
    return JSONResponse(found, 200 if found["ok"] else 503, headers={"Cache-Control": "no-store"})


async def metrics(request: Request) -> Response:
    """Answer `GET /metrics` in Prometheus text."""
    node: Node = request.app.state.node
    found = health(node)
    durability = node.durability()
    report = None if durability is None else durability.report()
    lines = [
        "# TYPE huiyin_up gauge",
        f"huiyin_up {int(found['ok'])}",
        "# TYPE huiyin_durable_lag_seconds gauge",
        f"huiyin_durable_lag_seconds {found['durable_lag_s']}",
        "# TYPE huiyin_writer_queue gauge",
        f"huiyin_writer_queue {found['queue']}",
        "# TYPE huiyin_committed_position counter",
        f"huiyin_committed_position {report.committed if report else node.log.newest_position()}",
        "# TYPE huiyin_durable_position gauge",
        f"huiyin_durable_position {report.durable if report else -1}",
        "# TYPE huiyin_site_position gauge",
        f"huiyin_site_position {node.site.built_position}",
        "",
    ]
    return PlainTextResponse("\n".join(lines), media_type="text/plain; version=0.0.4")
