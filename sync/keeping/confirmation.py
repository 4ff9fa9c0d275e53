"""One question to Litestream, and what its answer is worth.

What a 200 proves, from Litestream 0.5.17's source and from trying: everything that was in the
WAL when the request came has been written as a file to the replica and, for a folder, fsynced.
`no_change` is a 200 as well. It does **not** prove that these files can be restored from:

- a replica folder that was deleted, exchanged or unmounted is made anew, and later files are
  uploaded to it without those that they build on (seen: 200 `synced`, and the restore says "no
  matching backup files"); while nothing new is written, the answer stays 200 for ever;
- an older copy of the folder put in its place goes on with a gap in its middle;
- a local position that was reset below the replica's uploads nothing at all, with a 200.

So four more things must hold here before a commit is called durable: the replica's transaction
id equals ours; its claim is still this run's (`sync.keeping.claims.claim`), and nothing newer lies
there; a folder still holds the token that was put there; and after each start of Litestream, and
every two minutes, a restore's plan is asked for and reaches without a gap to what was confirmed,
and no further. A replica that fails is marked broken, is repaired by a fresh snapshot
(`sync.keeping.litestream`), and nothing counts as durable before the plan holds again. A deleted
bucket is noticed only by the plan, so up to two minutes late.
"""

import os
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from sync.keeping.configuration import ReplicatedDatabase, write_private
from sync.keeping.control import ControlError, ControlSocket
from sync.keeping.litestream import Litestream
from sync.keeping.stores.store import last_transaction

TOKEN_NAME = "huiyin-replica"
LITESTREAM_TIMEOUT_S = 60
BROKEN_AFTER_DOUBTS = 3
SAME_POSITION_TRIES = 3
FIRST_REPAIR_PAUSE_S = 5.0
LONGEST_REPAIR_PAUSE_S = 300.0


@dataclass(frozen=True)
class Pace:
    """How often Litestream is asked.

    `gap_s` is the least time from one question to the next. Measured at 200 commits a second to a
    folder on the same disk (`bench/durability.py`), median and 99th percentile to confirmed, and
    Litestream's share of a core: 10 ms 10/18 ms 44 %, 30 ms 21/37 ms 15 %, 50 ms 32/56 ms 10 %.
    Below 10 ms it is no faster. Once `crowd` commits or more are waiting, that many people wait,
    and the least time is `crowd_gap_s`. The other two guard against a Litestream that hangs and
    a replica that can't be restored from.
    """

    gap_s: float = 0.03
    crowd: int = 8
    crowd_gap_s: float = 0.004
    answer_within_s: float = 10.0
    plan_every_s: float = 120.0


class NotRestorableError(Exception):
    """The upload may have been confirmed, and yet a restore would not bring everything back.

    `broken` says that the replica has been marked so and that a repair was asked for.
    """

    def __init__(self, message: str, *, broken: bool = False) -> None:
        super().__init__(message)
        self.broken = broken


class Confirmation:
    """Asks for one database; owned by the thread that asks."""

    def __init__(self, litestream: Litestream, name: str, pace: Pace) -> None:
        self._litestream = litestream
        self._name = name
        self._pace = pace
        # Of which Litestream process the plan was seen to hold, and until when that counts.
        self._generation = -1
        self._plan_until = 0.0
        self._beginnings = 0
        self._identity = ""
        self._doubts = 0
        self._repair_pause_s = FIRST_REPAIR_PAUSE_S
        self._repair_not_before = 0.0

    @property
    def _database(self) -> ReplicatedDatabase:
        # Where its replica lies is known once that is claimed.
        return self._litestream.database(self._name)

    def confirm(self, control: ControlSocket) -> None:
        """Return when everything committed before the call can be restored from the replica.

        Raises `ControlError` or `OSError` where it isn't there, `NotRestorableError` where it is
        and may be of no use. The third doubt in a row makes the replica broken.
        """
        try:
            self._ask(control)
        except NotRestorableError as error:
            raise self._doubt(str(error)) from error
        self._doubts = 0
        if time.monotonic() >= self._repair_not_before:
            self._repair_pause_s = FIRST_REPAIR_PAUSE_S

    def _ask(self, control: ControlSocket) -> None:
        """Ask once, and doubt the answer."""
        refusal = self._litestream.refusal
        if refusal is not None:
            raise refusal
        generation = self._litestream.generation
        name, replica = self._database.name, self._database.replica
        why = self._litestream.broken(name)
        if why:
            raise NotRestorableError(f"waiting for a fresh snapshot: {why}")
        for _ in range(SAME_POSITION_TRIES):
            ours, replicas = self._sync(control)
            if ours == replicas:
                break
            # Litestream's own round came between its two readings.
        else:
            raise NotRestorableError(f"the replica is at {replicas}, the database at {ours}")
        # After the upload: who claimed the replica later finds all that is confirmed here.
        beginnings = self._litestream.check_claim()
        if beginnings != self._beginnings:
            self._generation = -1
        if replica.folder is not None and _newest_of(replica.folder) > ours:
            self._see_who_writes(control, _newest_of(replica.folder))
        if generation != self._generation or time.monotonic() > self._plan_until:
            self._check_plan(control, ours, generation)
            self._beginnings = beginnings
        elif replica.folder is not None and _identity(replica.folder) != self._identity:
            raise NotRestorableError("the replica's folder was deleted, exchanged or unmounted")
        if generation != self._litestream.generation:
            raise ControlError("Litestream was started anew meanwhile", answered=True)

    def _sync(self, control: ControlSocket) -> tuple[int, int]:
        """Let everything be uploaded; return the database's and the replica's position."""
        body = {
            "path": str(self._database.path),
            "wait": True,
            "timeout": LITESTREAM_TIMEOUT_S,
        }
        name, pulse, asked_at = self._database.name, self._litestream.pulse, time.monotonic()
        try:
            answer = control.request("POST", "/sync", body, timeout_s=self._pace.answer_within_s)
            pulse.note_answer(name, confirmed=True)
        except ControlError as error:
            if error.answered:
                pulse.note_answer(name, confirmed=False)
            else:
                pulse.note_unanswered(name, asked_at)
            message = str(error)
            if str(self._database.meta_folder) in message and (
                "no such file" in message or "corrupt" in message
            ):
                raise NotRestorableError(f"local state lost: {message}") from error
            raise
        return _number(answer, "txid"), _number(answer, "replicated_txid")

    def _see_who_writes(self, control: ControlSocket, newest: int) -> None:
        """Raise ReplicaRefused where the replica has newer transactions than the database.

        Litestream's own round may have come between, so the database is asked once more.
        """
        ours, _ = self._sync(control)
        if newest > ours:
            raise self._litestream.refuse(
                "ahead",
                f"the replica of {self._database.name} is at {newest}, the database at {ours}: "
                "somebody else writes it",
            )

    def _check_plan(self, control: ControlSocket, at_least: int, generation: int) -> None:
        """Ask the replica whether a restore would come up to `at_least` without a gap."""
        try:
            reached = self._litestream.restorable_up_to(self._database.name)
        except ControlError as error:
            if "no matching backup" in str(error) or "non-contiguous" in str(error):
                raise NotRestorableError(str(error)) from error
            raise
        if reached < at_least:
            raise NotRestorableError(f"a restore would end at {reached} of {at_least}")
        if reached > at_least:
            self._see_who_writes(control, reached)
        folder = self._database.replica.folder
        if folder is not None:
            if not _token_path(folder).exists():
                write_private(_token_path(folder), uuid.uuid4().hex)
            self._identity = _identity(folder)
        self._generation = generation
        self._plan_until = time.monotonic() + self._pace.plan_every_s

    def _doubt(self, why: str) -> NotRestorableError:
        """Count a doubt, ask for a repair when there were too many, and return what to raise."""
        self._doubts += 1
        self._generation = -1
        name = self._database.name
        marked = bool(self._litestream.broken(name))
        if self._doubts < BROKEN_AFTER_DOUBTS and not marked:
            return NotRestorableError(why)
        if not marked:
            self._litestream.mark_broken(name, why)
        if time.monotonic() >= self._repair_not_before:
            self._litestream.repair()
            self._repair_not_before = time.monotonic() + self._repair_pause_s
            self._repair_pause_s = min(2 * self._repair_pause_s, LONGEST_REPAIR_PAUSE_S)
        return NotRestorableError(why, broken=True)


def _token_path(folder: Path) -> Path:
    # Inside of what Litestream itself makes, so that whoever removes that removes this.
    return folder / "ltx" / TOKEN_NAME


def _identity(folder: Path) -> str:
    """Return what tells this replica's folder from another, nothing where there is none.

    The token is in a copy as well, such as the other one of two disks that take turns; the
    folder's number on its device is not.
    """
    try:
        token = _token_path(folder).read_text()
        place = _token_path(folder).parent.stat()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return f"{token} {place.st_dev} {place.st_ino}"


def _newest_of(folder: Path) -> int:
    """Return the newest transaction that lies in a replica's folder, 0 where none does.

    All files of the lowest level are newer than those that were folded into others.
    """
    try:
        with os.scandir(folder / "ltx" / "0") as entries:
            return max((last_transaction(entry.name) for entry in entries), default=0)
    except OSError:
        # What is wrong with the folder, the questions to Litestream bring to light.
        return 0


def _number(answer: dict[str, object], key: str) -> int:
    value = answer.get(key)
    if not isinstance(value, int):
        raise ControlError(f"no {key} in the answer", answered=True)
    return value
