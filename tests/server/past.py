"""What happened before a test begins: matters of days ago, written while the hub stands still.

The log is opened with a clock of the past; what the hub makes of it, once it runs, is seen from
outside like everything else.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from acts.shanghai import DAY_MS, day_of, end_of_day
from eventlog.keys import load_keys
from eventlog.log import Log
from eventlog.transaction import Transaction
from matters.actors import VILLAGER, Actor
from matters.commands import COMMANDS
from matters.execution import carry_out
from matters.intake.intake import check_submission, raise_matter
from matters.intake.receipts import key_of
from matters.matter import Matter
from matters.terms import Role
from server.county.county_registers import read_all
from server.data_folder import open_log, prepare_folder, projections
from server.folder.settings import Settings
from server.people import accounts
from server.registers.sample import seed_sample
from tests.eventlog.arrivals import Arrival, arrive, departing
from tests.hub import Hub

PROJECTIONS = {one.noun: one for one in projections()}
OFFICE = Actor(Role.OFFICE, "past")


class Past:
    """The log of a hub that does not run, with a clock in the test's hands; a context manager."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.folder = hub.data
        self.now = round(time.time() * 1000)
        self._began = self.now
        self.keys = load_keys(self.folder) or prepare_folder(Settings(data=self.folder))
        self.log = open_log(self.folder, self.keys, now_ms=lambda: self.now)
        self._under_way: list[Arrival] = []
        seed_sample(self.log, self.folder)
        with self.log.reading() as connection:
            self.registers = read_all(connection)

    def __enter__(self) -> "Past":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.log.stop()

    def meanwhile(self, folder: Path, days: int, acts: Sequence[tuple[str, str, Any]]) -> None:
        """Let another node act, so many days ago, without having seen what this one did since.

        It knows all that the log holds now; `acts` are (number, command, fields by the office).
        What it wrote arrives when `arrivals` are taken in by `arrived`.
        """
        with self.log.reading() as connection:
            known = departing(connection)
        there = self.now
        self.ago(days)
        folder.mkdir()
        other = open_log(folder, self.keys, now_ms=lambda: self.now)
        other.write(lambda transaction: arrive(transaction.connection, known, PROJECTIONS))
        for number, command, fields in acts:
            self.act(number, command, log=other, **fields)
        with other.reading() as connection:
            self._under_way += departing(connection, other.voice.log)
        other.stop()
        self.now = there

    def arrived(self) -> None:
        """Take in what the other node wrote."""
        coming, self._under_way = self._under_way, []
        self.log.write(lambda transaction: arrive(transaction.connection, coming, PROJECTIONS))

    def token(self, role: str, **bound: str) -> None:
        """Make a token for the hub's clients of a role; much faster than by the command line."""

        def job(transaction: Transaction) -> str:
            account = accounts.add_account(
                transaction, f"past-{role}", role, "", bound=accounts.Bound(**bound)
            )
            return accounts.add_token(transaction, account.id)

        self._hub.keep_token(self.log.write(job).result, role, **bound)

    def ago(self, days: int) -> None:
        """Put the clock at the noon of so many days before the test began."""
        self.now = end_of_day(day_of(self._began)) - days * DAY_MS - DAY_MS // 2

    def raised(self, text: str, **fields: str) -> dict[str, str]:
        """Raise a matter and return its number and key."""
        submission = check_submission(
            {"text": text, **fields},
            self.registers.known,
            staff=True,
        )
        made = self.log.write(
            lambda transaction: raise_matter(
                transaction, submission, actor=VILLAGER, receipt_key=self.keys.receipt
            )
        ).result
        return {"number": made.number, "key": key_of(self.keys.receipt, made.id)}

    def act(
        self,
        number: str,
        command: str,
        actor: Actor = OFFICE,
        log: Log | None = None,
        **fields: Any,
    ) -> Matter:
        """Carry a command out, in this node's log or another."""
        return (
            (log or self.log)
            .write(
                lambda transaction: carry_out(
                    transaction,
                    number,
                    COMMANDS[command],
                    fields,
                    actor=actor,
                    known=self.registers.known,
                    seen=None,
                    folder=self.folder,
                )
            )
            .result
        )
