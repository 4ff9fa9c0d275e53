"""Stations that were offline: their questions written and signed beforehand, in a few processes.

Each has a log and a signing key of its own, and matters that went through the real intake and
the real inquirer. Only the folder, and so the key that texts are sealed with, is one to a process:
a folder for each of 1,500 would take longer to make than everything that is measured. The stations
stand on no register: the hub would make a site of them first.
"""

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from bench.exchange.hubs import Identity
from bench.exchange.stations import BenchStation, new_signing_key, with_signing_key
from bench.exchange.texts import texts
from eventlog.transaction import Transaction
from matters.known import Known
from sync.nodes.enrolment import HubCard
from sync.nodes.nodes import Secrets, seal_secrets
from sync.rounds import upstream

PROCESSES = 2
# So many texts are invented for a process and used in turn: the hub does not see that they repeat,
# for each is sealed by itself.
_TEXTS = 2_000


class Prepared(NamedTuple):
    """One station's question, and who asks."""

    identity: Identity
    message: bytes
    events: int


def prepared(
    folder: Path,
    hub: HubCard,
    stations: Sequence[str],
    each: int,
    cursor: tuple[bytes, int],
) -> list[Prepared]:
    """Return a question with so many matters of each station, which has heard up to `cursor`."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        tasks = [
            pool.submit(prepare, folder / f"offline-{part}", hub, own, each, cursor, part)
            for part in range(PROCESSES)
            if (own := list(stations[part::PROCESSES]))
        ]
        return [one for task in tasks for one in task.result()]


def prepare(
    folder: Path,
    hub: HubCard,
    stations: Sequence[str],
    each: int,
    cursor: tuple[bytes, int],
    seed: int,
) -> list[Prepared]:
    """Return the questions that one process makes, with texts of its own `seed`."""
    found: list[Prepared] = []
    machine = BenchStation(folder, "")
    known = Known(stations=frozenset(stations))
    pool = texts(min(_TEXTS, len(stations) * each), seed=100 + seed)
    machine.join(hub, b"", "")
    machine.log.write(lambda transaction: _has_heard(transaction, cursor))
    for number, station in enumerate(stations):
        keys = with_signing_key(machine.keys, new_signing_key())
        chosen = [pool[(number * each + place) % len(pool)] for place in range(each)]

        def job(transaction: Transaction, station: str = station, of: list[str] = chosen) -> None:
            machine.log.take_new_voice(transaction)
            machine.raise_all(transaction, of, known, station)

        machine.log.write(job)
        asked = machine.inquirer(lambda keys=keys: keys).ask(up_bytes=1 << 30)  # type: ignore[misc]
        machine.settle(asked)
        identity = Identity(
            f"node of {station}",
            station,
            keys.verify_key,
            keys.public_sealing_key,
            keys.age_key,
            seal_secrets(Secrets(keys.unsealing, keys.receipt), hub.sealing_key),
        )
        found.append(Prepared(identity, asked.message, len(asked.sent)))
    machine.log.stop()
    return found


def _has_heard(transaction: Transaction, cursor: tuple[bytes, int]) -> None:
    """Have it stand as one that was enrolled, and has heard everything."""
    connection = transaction.connection
    upstream.note_enrolled(connection, "", "")
    upstream.move_cursor(connection, *cursor)
    upstream.note_checked(connection)
    upstream.note_heard(connection, transaction.now_ms())
