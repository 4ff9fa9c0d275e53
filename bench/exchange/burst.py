"""Many stations into one hub: how many verified events a second, and what a hub bears at once."""

import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from bench.exchange.hubs import BenchHub, enrol_all, hub_in
from bench.exchange.prepared import prepared
from bench.exchange.senders import Sent, send_all
from bench.figures import Figure
from bench.processes import NotReadyError, cpu_s
from eventlog.keys import Keys, make_keys
from eventlog.log import Log
from eventlog.transaction import Transaction
from server.data_folder import open_log
from server.exchange.exchange_wiring import hub_card, reception_of
from server.exchange.visibility import MattersVisibility
from server.registers.sample import seed_sample
from sync.rounds import downlink
from sync.rounds.downlink import Downlink
from sync.rounds.received_question import Outcome, ReceivedQuestion
from sync.rounds.reception import Reception

EVENTS_S_AIM = 1_000.0
RECONNECTED_WITHIN_S = 600.0
EVENTS_AIM = 75_000
# Below the number from which a hub turns stations away.
_AT_ONCE = 16
_RATE_STATIONS, _RATE_EACH = 60, 100
_PROCESS_STATIONS, _PROCESS_EACH = 20, 50
_MEMORY_MOST_BYTES = 512 * 1024 * 1024


class _Burst(NamedTuple):
    sent: Sent
    events: int
    arrived: int
    twice: int
    aside: int
    hub_cpu_s: float
    before_bytes: int
    peak_bytes: int


def run(folder: Path, stations: int, each: int, say: Callable[[str], None]) -> list[Figure]:
    """Return the figures of a steady stream, of one process, and of all stations at once."""
    folder.mkdir(parents=True)
    figures = [*_in_process(folder / "in-process", say)]
    with hub_in(folder) as hub:
        say("sync: verified events")
        steady = _burst(hub, folder / "steady", _RATE_STATIONS, _RATE_EACH, _AT_ONCE, say)
        say(f"sync: {stations} stations reconnect, {each} events each")
        burst = _burst(hub, folder / "burst", stations, each, stations, say)
    return [*_steady(steady), *figures, *_reconnected(stations, burst)]


def _burst(
    hub: BenchHub,
    folder: Path,
    stations: int,
    each: int,
    at_once: int,
    say: Callable[[str], None],
) -> _Burst:
    folder.mkdir()
    names = [f"{folder.name}-{number}" for number in range(stations)]
    waiting = prepared(folder, hub.card, names, each, hub.cursor())
    hub.enrol([one.identity for one in waiting])
    hub.wait_until_quiet()
    say("sync: prepared")
    before, began_s = hub.held(), cpu_s(hub.pid)
    resident = hub.memory_bytes()
    hub.forget_peak()
    sent = send_all(hub.url, hub.card.verify_key, [one.message for one in waiting], at_once)
    used_s = cpu_s(hub.pid) - began_s
    return _Burst(
        sent,
        sum(one.events for one in waiting),
        hub.held() - before,
        hub.places_taken_twice(),
        hub.set_aside(),
        used_s,
        resident,
        hub.memory_bytes("VmHWM"),
    )


def _steady(found: _Burst) -> list[Figure]:
    _check(found)
    rate = found.events / found.sent.seconds
    cpu_us = found.hub_cpu_s / found.events * 1e6
    load = os.getloadavg()[0]
    return [
        Figure(
            "sync, verified events into one hub",
            rate,
            "/s",
            aim="≥ 1,000/s",
            holds=rate >= EVENTS_S_AIM,
            more={"load": load, **_told(found)},
        ),
        Figure("sync, the hub's processor time for an event", cpu_us, "µs"),
    ]


def _reconnected(stations: int, found: _Burst) -> list[Figure]:
    _check(found)
    sent = found.sent
    grown = found.peak_bytes - found.before_bytes
    what = f"sync, {stations:,} stations reconnect"
    return [
        Figure(
            f"{what}, {found.events:,} events",
            sent.seconds,
            "s",
            aim="75,000 in 600 s",
            # Of fewer nothing follows for more: most of it is the pauses that the hub asks for.
            holds=sent.seconds <= RECONNECTED_WITHIN_S if found.events >= EVENTS_AIM else None,
            more=_told(found),
        ),
        Figure(f"{what}, turned away for a while", float(sent.turned_away), "answers"),
        Figure(
            f"{what}, the hub's memory at most",
            found.peak_bytes / 1e6,
            "MB",
            aim=f"+ {_MEMORY_MOST_BYTES // 2**20} MB",
            holds=grown <= _MEMORY_MOST_BYTES,
            more={"before_bytes": found.before_bytes},
        ),
        Figure(
            f"{what}, refused for good",
            float(sent.failed + sent.refused),
            "questions",
            aim="0",
            holds=not sent.failed and not sent.refused,
        ),
    ]


def _check(found: _Burst) -> None:
    """Raise NotReadyError unless every event is there once and nothing was put aside."""
    if found.arrived != found.events or found.twice or found.aside:
        raise NotReadyError(
            f"{found.arrived} of {found.events} arrived, {found.twice} twice, "
            f"{found.aside} put aside: {found.sent}"
        )


def _told(found: _Burst) -> dict[str, object]:
    sent = found.sent
    return {
        "requests": sent.requests,
        "turned_away": sent.turned_away,
        "cut": sent.cut,
        "durable": sent.durable,
        "slowest_s": round(sent.slowest_s, 2),
        "hub_cpu_s": round(found.hub_cpu_s, 2),
    }


def _in_process(folder: Path, say: Callable[[str], None]) -> list[Figure]:
    """Return the processor time that reading, taking and answering take for each event."""
    say("sync: in process")
    folder.mkdir()
    keys, queue = make_keys(), Downlink(MattersVisibility())
    (folder / "hub").mkdir()
    log = open_log(folder / "hub", keys, queue=queue)
    with closing(log):
        spent = _spent(log, folder, keys, queue)
        log.drain()
    return [
        Figure(f"sync, {step} an event, processor time", seconds * 1e6, "µs")
        for step, seconds in zip(("reading", "taking", "answering"), spent, strict=True)
    ]


def _taking(reception: Reception, received: ReceivedQuestion) -> Callable[[Transaction], Outcome]:
    return lambda transaction: reception.take_question(transaction, received)


def _spent(log: Log, folder: Path, keys: Keys, queue: Downlink) -> list[float]:
    seed_sample(log, folder / "hub")
    names = [f"in-process-{number}" for number in range(_PROCESS_STATIONS)]
    log.write(lambda transaction: downlink.begin_voice(transaction, log.voice.log))
    card = hub_card(keys, "")
    waiting = prepared(folder, card, names, _PROCESS_EACH, (log.voice.log, 1 << 40))
    log.write(lambda transaction: enrol_all(transaction, queue, [one.identity for one in waiting]))
    reception = reception_of(log, keys, queue)
    spent = [0.0, 0.0, 0.0]
    events = sum(one.events for one in waiting)
    for one in waiting:
        moments = [time.process_time()]
        received = reception.read_question(one.message)
        moments.append(time.process_time())
        outcome = log.write(_taking(reception, received)).result
        moments.append(time.process_time())
        reception.answer(received, outcome, durable=True)
        moments.append(time.process_time())
        for step in range(3):
            spent[step] += (moments[step + 1] - moments[step]) / events
    return spent
