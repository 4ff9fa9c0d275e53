"""Announcing: makes the day's digests when their hour has come, and tells what is newly overdue.

It only writes letters; `postman.py` sends them. What waits, what is overdue, which days are
working days come from functions that are handed in.
"""

import datetime
import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple

from acts.shanghai import moment_of
from eventlog.log import Log
from eventlog.transaction import Transaction
from matters.actors import Actor
from matters.ledgers.supervision import OverdueMatter
from matters.listing.inbox import Awaited
from matters.terms import Role
from server.folder.addresses import webhook_mark
from server.letters import digest, waiting_letters
from server.letters.digest import Light
from server.letters.waiting_letters import Letter, LetterKind
from server.people import accounts
from server.people.accounts import Account

# Looked back for a working day that long; no holiday lasts longer.
DAYS_BACK = 30
WRITTEN_AT_ONCE = 50
MATTERS_A_POST = 100

logger = logging.getLogger("huiyin.announcing")


class Sources(NamedTuple):
    """Where the announcer has its facts from.

    `waiting` gives what waits for an actor; `overdue` every matter that is overdue now; `actor`
    the rules' view of an account; `county` the county's name; `works` whether a day is a working
    day; `light` the light of a due date.
    """

    waiting: Callable[[Actor], Sequence[Awaited]]
    overdue: Callable[[], Sequence[OverdueMatter]]
    actor: Callable[[Account], Actor]
    county: Callable[[], str]
    works: Callable[[datetime.date], bool]
    light: Light


def newest_day_due(
    now_ms: int, hour: int, works: Callable[[datetime.date], bool]
) -> datetime.date | None:
    """Return the newest working day whose digest hour has come; older ones are not made up."""
    now = moment_of(now_ms)
    day = now.date() if now.hour >= hour else now.date() - datetime.timedelta(days=1)
    for _ in range(DAYS_BACK):
        if works(day):
            return day
        day -= datetime.timedelta(days=1)
    return None


class Announcer:
    """Writes the letters of one node. Used by the postman's thread alone."""

    def __init__(
        self,
        log: Log,
        sources: Sources,
        *,
        mail: bool,
        webhooks: Sequence[str],
        digest_hour: int,
        console: str,
        node: str,
    ) -> None:
        """`mail` says whether there is a relay; `console` is the address that letters link to."""
        self._log = log
        self._sources = sources
        self._mail = mail
        self._marks = [webhook_mark(url) for url in webhooks]
        self._hour = digest_hour
        self._console = console
        self._node = node
        self._made: datetime.date | None = None

    def look(self, *, stopping: Callable[[], bool] = lambda: False) -> None:
        """Make what is due now, if anything is. Cut short, it goes on at the next look."""
        if not self._mail and not self._marks:
            return
        now_ms = self._log.now_ms()
        day = newest_day_due(now_ms, self._hour, self._sources.works)
        if day is not None and day != self._made:
            with self._log.reading() as connection:
                made = waiting_letters.digest_made(connection, day.isoformat())
            if made or self._make_day(day, now_ms, stopping):
                self._made = day
        if self._marks and not stopping():
            self._tell_overdue(now_ms)

    def _make_day(self, day: datetime.date, now_ms: int, stopping: Callable[[], bool]) -> bool:
        """Make all digests of a day, and note the day once they are written."""
        if self._marks:
            body = digest.day_json(
                self._sources.waiting(Actor(Role.OFFICE)),
                day=day,
                county=self._sources.county(),
                node=self._node,
            )
            self._put(
                [
                    Letter(f"day:{day}:{mark}", LetterKind.WEBHOOK, mark, "", body)
                    for mark in self._marks
                ],
                now_ms,
            )
        people: list[Account] = []
        if self._mail:
            with self._log.reading() as connection:
                people = accounts.with_email(connection)
        letters: list[Letter] = []
        for account in people:
            if stopping():
                return False
            written = self._letter(account, day, now_ms)
            if written is not None:
                letters.append(written)
            if len(letters) >= WRITTEN_AT_ONCE:
                self._put(letters, now_ms)
                letters = []

        self._put(letters, now_ms)

        def close_day(transaction: Transaction) -> None:
            connection = transaction.connection
            waiting_letters.note_digest(connection, day.isoformat(), now_ms=now_ms)
            waiting_letters.forget_old(connection, now_ms=now_ms)

        self._log.write(close_day)
        return True

    def _letter(self, account: Account, day: datetime.date, now_ms: int) -> Letter | None:
        try:
            waiting = self._sources.waiting(self._sources.actor(account))
            written = digest.letter(
                waiting, day=day, now_ms=now_ms, link=self._console, light=self._sources.light
            )
        except Exception:
            # One account that can't be counted must not keep the others from their letters.
            logger.exception("no digest for account %s", account.id)
            return None
        if written is None:
            return None
        return Letter(f"digest:{day}:{account.id}", LetterKind.EMAIL, account.id, *written)

    def _put(self, letters: Sequence[Letter], now_ms: int) -> None:
        if letters:
            self._log.write(
                lambda transaction: waiting_letters.put(
                    transaction.connection, letters, now_ms=now_ms
                )
            )

    def _tell_overdue(self, now_ms: int) -> None:
        """Tell each matter once a due date and level; what is new and its note go together."""
        overdue = {
            (matter.number, matter.due_at, matter.level): matter
            for matter in self._sources.overdue()
        }
        with self._log.reading() as connection:
            announced = waiting_letters.told_overdue(connection)
        new, over = sorted(overdue.keys() - announced), announced - overdue.keys()
        if not new and not over:
            return
        letters: list[Letter] = []
        for start in range(0, len(new), MATTERS_A_POST):
            body = digest.overdue_json(
                [overdue[key] for key in new[start : start + MATTERS_A_POST]]
            )
            letters += [
                Letter(f"overdue:{now_ms}:{start}:{mark}", LetterKind.WEBHOOK, mark, "", body)
                for mark in self._marks
            ]

        def note(transaction: Transaction) -> None:
            connection = transaction.connection
            waiting_letters.put(connection, letters, now_ms=now_ms)
            waiting_letters.note_overdue(connection, new=new, over=over)

        self._log.write(note)
