"""What `doctor` knows of a node's disk and replica: from the node that runs, or by its own look.

Beside a server its own words count, which it keeps in `node-status.json`. Where none runs the
replica is read, as the server would, and nothing is written there. Whatever hangs, that ends within
seconds.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from eventlog.database import reading
from eventlog.keys import load_keys
from eventlog.log import FILE_NAME
from server.data_folder import DATABASES
from server.folder import folder_lock, kept_settings
from server.folder.node_status import FRESH_S, NodeStatus, ToldProblem, read_status
from server.folder.settings import Settings
from server.operations.problems import WORDS, told_problem
from server.operations.watch import disk_problems, replica_problem
from sync.keeping import broken
from sync.keeping.causes import REFUSED, Cause, cause_of
from sync.keeping.claims.claim import NAME, ReplicaRefused, read_claim
from sync.keeping.claims.claim_notes import read_note
from sync.keeping.concealing import scrubbed
from sync.keeping.program import binary_path
from sync.keeping.replica import ReplicaAddressError, ReplicaPlace
from sync.keeping.stores.store import StoreError, open_store
from sync.keeping.troubles import FULL_BYTES, NEARLY_FULL_BYTES, Trouble

LOOK_WITHIN_S = 6.0
_OF_THE_NODE = frozenset(WORDS) - {"descriptors-few"}


def node_problems(settings: Settings) -> list[dict[str, Any]]:
    """Return what is wrong with a node's disk, threads and replica, as `doctor` lists problems."""
    problems: dict[str, ToldProblem] = {}
    for problem in _problems(settings):
        problems.setdefault(problem.code, problem)
    return [told_problem(problem) for problem in problems.values()]


def _problems(settings: Settings) -> Iterator[ToldProblem]:
    folder = settings.data.absolute()
    status = read_status(folder)
    if folder_lock.is_taken(folder):
        # One that was started just now has told nothing yet.
        if status is not None and status.age_s > FRESH_S:
            yield _silent(status)
        elif status is not None:
            # What a newer release tells that this one does not know, and what is looked at here.
            yield from (each for each in status.problems if each.code in _OF_THE_NODE)
        yield from disk_problems(folder)
        return
    yield from disk_problems(folder)
    settings = _as_served(settings)
    trouble = _look_within(settings, LOOK_WITHIN_S)
    if trouble is not None:
        trouble = trouble._replace(said=scrubbed(trouble.said))
        yield replica_problem(trouble, settings.replica_label)


def _silent(status: NodeStatus) -> ToldProblem:
    return ToldProblem(code="node-silent", values={"seconds": round(status.age_s)})


def _as_served(settings: Settings) -> Settings:
    """Return the settings with the replica that the node had last, where none is set here."""
    if settings.replica:
        return settings
    try:
        with reading(settings.data / FILE_NAME) as connection:
            kept = kept_settings.read(connection)
    except sqlite3.DatabaseError:
        return settings
    if "replica" not in kept.values or "replica" in kept.lacking:
        return settings
    return replace(settings, replica=json.loads(kept.values["replica"]))


def _look_within(settings: Settings, seconds: float) -> Trouble | None:
    """Return what is wrong with the replica; one that does not answer in time is not reached."""
    if settings.replica_url is None:
        return Trouble(Cause.NONE)
    place = ReplicaPlace.parse(settings.replica_url)
    came: list[Trouble | None] = []

    def look() -> None:
        came.append(_look(settings, place))

    # A disk or a library that hangs is left behind, and ends with the command.
    thread = threading.Thread(target=look, name="doctor", daemon=True)
    thread.start()
    thread.join(seconds)
    return came[0] if came else Trouble(Cause.UNREACHABLE, f"no answer within {seconds:.0f} s")


def _look(settings: Settings, place: ReplicaPlace) -> Trouble | None:
    folder = settings.data.absolute()
    try:
        return (
            _of_content(settings, place)
            or _of_marks(folder)
            or (Trouble(Cause.SAME_DISK) if place.same_disk_as(folder) else None)
        )
    except ReplicaRefused as refusal:
        return Trouble(REFUSED.get(refusal.code, Cause.UNKNOWN), str(refusal))
    except (StoreError, ReplicaAddressError, OSError) as error:
        return Trouble(cause_of(str(error)), str(error))


def _of_content(settings: Settings, place: ReplicaPlace) -> Trouble | None:
    """Return what is wrong with the claim there, and with the room."""
    folder = settings.data.absolute()
    note = read_note(folder)
    if place.folder is not None and not place.folder.exists() and not note.runs:
        # The first start makes it.
        return None
    store = open_store(place)
    try:
        content = store.read(NAME)
        free = store.free_bytes()
    finally:
        store.close()
    if content is None and note.runs:
        return Trouble(Cause.MISSING, f"there is no {NAME}, though this node has written one")
    claim = None if content is None else read_claim(content)
    if claim is not None and claim.run not in note.runs:
        keys = load_keys(folder)
        is_own = keys is not None and claim.node == keys.fingerprint
        return Trouble(
            Cause.AHEAD if is_own else Cause.FOREIGN, f"its claim is node {claim.node}'s"
        )
    if free is not None and free < NEARLY_FULL_BYTES:
        cause = Cause.FULL if free < FULL_BYTES else Cause.NEARLY_FULL
        return Trouble(cause, free_bytes=free)
    if place.folder is not None and os.statvfs(place.folder).f_flag & os.ST_RDONLY:
        return Trouble(Cause.READ_ONLY)
    return None


def _of_marks(folder: Path) -> Trouble | None:
    """Return what the folder itself says of its replica."""
    for name in DATABASES:
        why = broken.reason(folder, name)
        if why:
            return Trouble(Cause.BROKEN, f"{name}: {why}")
    return None if binary_path().exists() else Trouble(Cause.ABSENT)
