"""A node's log: its database opened, migrated and given a voice, with the writer on top."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Migrations

from eventlog import erasures, refolding, replay
from eventlog.clock import system_clock_ms
from eventlog.database import Connection, connect, reading
from eventlog.projections import Lagging, Projection
from eventlog.schema import migrate
from eventlog.sealing import Sealer
from eventlog.transaction import Transaction, Witness
from eventlog.voice import MarkKeeper, Voice, new_voice, take_voice
from eventlog.writer import Committed, Writer

Result = TypeVar("Result")
FILE_NAME = "huiyin.db"
LEAST_GAP_S = 0.02


class Log:
    """The event log of one data folder: one writer, many readers."""

    def __init__(
        self,
        folder: Path,
        *,
        projections: Sequence[Projection],
        migrations: Sequence[Migrations] = (),
        sealer: Sealer | None = None,
        now_ms: Callable[[], int] = system_clock_ms,
        time_unknown: Callable[[], bool] = lambda: False,
        on_commit: Callable[[int], None] = lambda position: None,
        between_groups: Callable[[sqlite3.Connection], None] = lambda connection: None,
        is_boxed: Callable[[str], bool] = lambda type: False,
        witness: Witness | None = None,
    ) -> None:
        """Open the folder's database, bring it to the newest schema and apply erasures again.

        `time_unknown` says whether `now_ms` is a guess, and events are to say so.
        `on_commit` is told the newest arrival position after each COMMIT, on the writer thread.
        `is_boxed` and `witness`: see `eventlog.transaction.Transaction`.
        Raises sqlite3.OperationalError where the folder can't be written.
        """
        self.path = folder / FILE_NAME
        self.folder = folder
        self.now_ms = now_ms
        self.time_unknown = time_unknown
        self.projections: Mapping[str, Projection] = {one.noun: one for one in projections}
        connection = connect(self.path)
        try:
            migrate(connection, *migrations)
            self.voice = self._take_voice(connection)
            refolding.bring_up_to_date(connection, self.projections)
        except BaseException:
            # Left open it would lock the database for whoever tries again in this process.
            connection.close()
            raise
        self._marks = MarkKeeper(folder, self.voice)
        self._between_groups = between_groups
        self.sealer = sealer
        """Seals texts from here on; another once a station was enrolled anew."""
        self._is_boxed = is_boxed
        self._witness = witness
        self._connection = connection
        self.opener: Callable[[bytes, bytes], bytes] | None = None
        """Opens texts that are sealed on this disk, while somebody has unlocked the node."""
        self.writer = Writer(
            connection,
            self._begin,
            position_of="SELECT max(position) FROM events",
            on_commit=on_commit,
            between_groups=self._after_group,
        )

    def _take_voice(self, connection: sqlite3.Connection) -> Voice:
        """Take the voice to write in and apply erasures again, in one transaction."""
        connection.execute("BEGIN IMMEDIATE")
        voice = take_voice(connection, self.folder, self.now_ms())
        for subject in erasures.apply_again(connection, self.folder):
            for projection in self.projections.values():
                if isinstance(projection, Lagging):
                    projection.erased(connection, subject)
        connection.execute("COMMIT")
        return voice

    def write(self, job: Callable[[Transaction], Result]) -> Committed[Result]:
        """Run a job in the next group and wait for its COMMIT. Not for the event loop's thread."""
        return self.writer.submit(job).result()

    def write_in_turn(self, job: Callable[[Transaction], Result]) -> Committed[Result]:
        """Write a part of a long job, then leave the database to others for as long as it took.

        Who polls for his turn, as other processes and Litestream's checkpoints do, never finds one
        in a row of transactions without a gap.
        """
        began = time.monotonic()
        committed = self.write(job)
        time.sleep(max(LEAST_GAP_S, time.monotonic() - began))
        return committed

    async def write_async(self, job: Callable[[Transaction], Result]) -> Committed[Result]:
        """Run a job in the next group and await its COMMIT."""
        return await self.writer.write(job)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a read-only connection and close it afterwards; it opens what is unlocked."""
        with reading(self.path) as connection:
            connection.opener = self.opener
            yield connection

    def take_new_voice(self, transaction: Transaction) -> Voice:
        """Go on in a new log and epoch, for others wrote in the one before as well (decision 6).

        Runs as a job of the writer; should its group be undone, the voice stays the new one.
        """
        voice = new_voice(transaction.connection, self.folder, transaction.now_ms())
        self.voice = voice
        self._marks.follow(voice)
        transaction.change_voice(voice)
        return voice

    def newest_position(self) -> int:
        """Return the arrival position of the newest event, 0 where there is none."""
        with self.reading() as connection:
            row = connection.execute("SELECT max(position) FROM events").fetchone()
            return int(row[0] or 0)

    def rebuild(self, progress: Callable[[int], None] = lambda events: None) -> str:
        """Make every projection anew and return the state hash."""
        return self.write(
            lambda transaction: replay.rebuild(transaction.connection, self.projections, progress)
        ).result

    def verify(self, progress: Callable[[int], None] = lambda events: None) -> replay.Verification:
        """Replay the log and compare it with the tables."""
        with self.reading() as connection:
            return replay.verify(connection, self.projections, progress)

    def drain(self) -> None:
        """Take no more jobs, finish those that wait, and write the high-water mark."""
        self.writer.drain()
        self._marks.note(self._connection, at_once=True)

    def close(self) -> None:
        """Close the database, after `drain`; Litestream should still hold it then."""
        self.writer.close()

    def stop(self) -> None:
        """Drain and close, for nodes and commands that run without Litestream."""
        self.drain()
        self.close()

    def _begin(self, connection: sqlite3.Connection) -> Any:
        return Transaction(
            connection,
            log=self.voice.log,
            projections=self.projections,
            sealer=self.sealer,
            now_ms=self.now_ms,
            is_boxed=self._is_boxed,
            witness=self._witness,
            time_unknown=self.time_unknown,
        )

    def _after_group(self, connection: sqlite3.Connection) -> None:
        self._marks.note(connection)
        self._between_groups(connection)
