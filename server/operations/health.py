"""How the node is: for a supervisor, for Prometheus, and for the console."""

import sqlite3
from functools import partial
from importlib.metadata import version
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from acts.shanghai import iso
from eventlog.clock import system_clock_ms
from eventlog.worker import DEAD, told, troubles
from server.exchange import exchange_health
from server.folder.hub_clock import HubClock
from server.folder.rehearsals import read_rehearsed
from server.operations.descriptors import of_process
from server.operations.problems import WORDS, for_strangers, is_of_replica, told_problem
from server.operations.room import OperationsRoom
from server.web.at_the_machine import is_at_the_machine
from server.web.routes import in_thread
from sync.keeping.durability import DurabilityState

RELEASE = version("huiyin")


def health(room: OperationsRoom, *, whole: bool = True) -> dict[str, Any]:
    """Return the node's health as CONTRACT's `/healthz` gives it.

    `ok` is false where what is new would not become durable, other than by a setting, where the
    disk takes nothing, and where a part of the node is gone; intake goes on as far as it can.
    `problems` says what is wrong and what to do, `replica_error` what was said of the last failure
    of the replica. Without `whole` no address, folder or error of the replica is in it. `threads`
    has what fails now, and why; `exchange` and `rehearsed` are null where nothing could be opened.
    `site` is `ready`, `building` or `failed`; until it is built, all else answers. `clock` says
    whether a hub doubts its clock. Neither of these makes it unwell: whoever restarts it or takes
    it from the line would end the intake, which goes on.
    """
    durability = room.durability()
    lag_s = 0.0
    replica = "none"
    problems, ok = room.watch.problems, room.watch.is_well
    stopped = [problem.said for problem in problems if is_of_replica(problem)]
    if durability is not None:
        report = durability.report()
        lag_s = round(report.lag_s, 3)
        replica = str(report.state)
        if report.state is DurabilityState.CURRENT:
            # Seen before anything new was to be confirmed.
            current = "current-same-disk" if report.same_disk else "current"
            replica = "lagging" if stopped else current
    descriptors, threads = of_process(), troubles()
    exchange = rehearsed = None
    try:
        rehearsed = _rehearsed(room)
        with room.log.reading() as connection:
            exchange = _exchange(connection, room.settings.role)
    except (OSError, sqlite3.OperationalError) as error:
        # All else must be told also where nothing can be opened.
        ok = False
        threads["reader"] = told(error)
    if DEAD in threads.values() or (descriptors is not None and descriptors.few_left):
        ok = False
    return {
        "ok": ok,
        "role": room.settings.role,
        "node": room.keys().fingerprint,
        "epoch": room.log.voice.epoch,
        "durable_lag_s": lag_s,
        "replica": replica,
        "problems": [
            told_problem(problem if whole else for_strangers(problem)) for problem in problems
        ],
        "replica_error": stopped[0] if whole and stopped else "",
        "queue": room.log.writer.waiting,
        "version": RELEASE,
        "site": room.site.standing,
        "clock": _clock(room.hub_clock),
        "rehearsed": rehearsed,
        "exchange": exchange,
        # The kind of an error alone: its words may be of anything.
        "threads": threads if whole else {name: why.split(":")[0] for name, why in threads.items()},
        "descriptors": None if descriptors is None else descriptors._asdict(),
    }


def _clock(clock: HubClock | None) -> dict[str, Any] | None:
    """Return `trusted`, and of a doubted clock `shows`, `expected` (ISO 8601) and `ahead_s`."""
    if clock is None:
        return None
    doubt = clock.doubt
    if doubt is None:
        return {"trusted": True}
    return {
        "trusted": False,
        "shows": iso(doubt.system_ms),
        "expected": iso(doubt.expected_ms),
        "ahead_s": doubt.ahead_ms // 1000,
    }


def _rehearsed(room: OperationsRoom) -> dict[str, Any] | None:
    """Return when a restore was rehearsed last, how it went, and how old the last good one is."""
    rehearsed = read_rehearsed(room.settings.data)
    if rehearsed is None:
        return None
    age_ms = system_clock_ms() - rehearsed.good_at_ms
    return {
        "at": iso(rehearsed.at_ms),
        "ok": rehearsed.ok,
        "code": rehearsed.code,
        "good_age_s": age_ms // 1000 if rehearsed.good_at_ms else None,
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
    node_health = await in_thread(partial(health, room, whole=is_at_the_machine(request)))
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
    committed = room.log.newest_position() if report is None else report.committed
    metrics: tuple[tuple[str, str, object], ...] = (
        ("up", "gauge", int(node_health["ok"])),
        ("durable_lag_seconds", "gauge", node_health["durable_lag_s"]),
        ("writer_queue", "gauge", node_health["queue"]),
        ("committed_position", "counter", committed),
        ("durable_position", "gauge", -1 if report is None else report.durable),
        ("site_position", "gauge", room.site.built_position),
        ("clock_doubted", "gauge", int(room.hub_clock is not None and room.hub_clock.doubts())),
        ("exchange_waiting", "gauge", up.waiting),
        ("exchange_held", "gauge", up.held),
        ("exchange_last_heard_seconds", "gauge", _seconds(up.hub and up.hub.heard_at)),
        ("nodes_enrolled", "gauge", down.enrolled),
        ("nodes_oldest_heard_seconds", "gauge", _seconds(down.oldest_heard_at)),
        ("quarantine_waiting", "gauge", down.quarantined),
        ("exchange_alarms", "gauge", down.alarms),
    )
    lines = [
        f"# TYPE huiyin_{name} {kind}\nhuiyin_{name} {value}\n" for name, kind, value in metrics
    ]
    codes = {problem.code for problem in room.watch.problems}
    lines.append("# TYPE huiyin_problem gauge\n")
    lines += [f'huiyin_problem{{code="{code}"}} {int(code in codes)}\n' for code in WORDS]
    return "".join(lines)


def _seconds(at_ms: int | None) -> str:
    """Return a time as Prometheus has it, seconds since 1970; NaN for never."""
    return "NaN" if at_ms is None else f"{at_ms / 1000:.3f}"
