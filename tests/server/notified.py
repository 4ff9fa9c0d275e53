"""A node's letters with its clock, its facts and its receivers in a test's hands."""

import datetime
import json
from dataclasses import dataclass, field
from pathlib import Path

from acts.shanghai import SHANGHAI
from eventlog.log import Log
from matters.actors import Actor
from matters.ledgers.supervision import OverdueMatter
from matters.listing.inbox import Awaited
from matters.terms import Role
from server.data_folder import open_log, prepare_folder
from server.folder.settings import Settings
from server.letters import waiting_letters
from server.letters.announcing import Announcer, Sources
from server.letters.mail import Relay as Address
from server.letters.postman import Postman
from server.people import accounts
from server.people.accounts import Account, Bound
from tests.server.receivers import Hook, Relay

PASSWORD = "relay-password-1"


def at(text: str) -> int:
    """Return a time of Asia/Shanghai in ms, UTC."""
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp() * 1000)


class Desk(Awaited):
    """One kind of what waits, with numbers that a test makes up."""

    def __init__(
        self,
        desk: str,
        label: str,
        count: int,
        overdue: int,
        query: str,
        first: list[tuple[str, int | None]],
    ) -> None:
        super().__init__(desk, label, count, False, overdue, query, [])
        self.__dict__["made_up"] = first

    @property
    def first(self) -> list[tuple[str, int | None]]:
        """See `Awaited`."""
        made_up: list[tuple[str, int | None]] = self.__dict__["made_up"]
        return made_up


def light(due_at: int, now_ms: int) -> str:
    """Return red where it is overdue, yellow within five days of it, else green."""
    if due_at < now_ms:
        return "red"
    return "yellow" if due_at - now_ms < 5 * 86_400_000 else "green"


@dataclass
class County:
    """A node's letters with its clock, its facts and its receivers in the test's hands."""

    folder: Path
    relay: Relay
    hook: Hook
    now: int = at("2026-11-23T07:00")
    desks: list[Desk] = field(default_factory=list)
    overdue: list[OverdueMatter] = field(default_factory=list)
    free_days: set[datetime.date] = field(default_factory=set)
    urls: tuple[str, ...] = ()
    security: str = "none"
    user: str = ""

    def __post_init__(self) -> None:
        self.urls = self.urls or (self.hook.url,)
        self.keys = prepare_folder(Settings(data=self.folder))
        self.open()

    def open(self) -> None:
        """Open the log, as at a start of the node."""
        self.log: Log = open_log(self.folder, self.keys, now_ms=lambda: self.now)
        self.postman = self.new_postman()

    def new_postman(self, timeout_s: float = 5.0) -> Postman:
        sources = Sources(
            waiting=lambda actor: self.desks,
            overdue=lambda: self.overdue,
            actor=lambda account: Actor(account.role, account.id),
            county=lambda: "望禾县",
            works=lambda day: day not in self.free_days,
            light=light,
        )
        address = Address(
            "localhost" if self.security != "none" else "127.0.0.1",
            self.relay.port,
            self.security,
            self.user,
            PASSWORD if self.user else "",
            "huiyin@wanghe.example",
            timeout_s,
        )
        announcer = Announcer(
            self.log,
            sources,
            mail=True,
            webhooks=self.urls,
            digest_hour=8,
            console="https://huiyin.example/console/",
            node="0123456789abcdef",
        )
        return Postman(
            self.log,
            announcer,
            relay=address,
            webhooks=self.urls,
            secret="webhook-secret",
            node="0123456789abcdef",
            timeout_s=timeout_s,
        )

    def person(self, name: str, address: str) -> Account:
        def job(transaction: object) -> Account:
            account = accounts.add_account(
                transaction,  # type: ignore[arg-type]  # a Transaction
                name,
                Role.OFFICE,
                "",
                bound=Bound(),
            )
            accounts.set_email(transaction, account.id, address)  # type: ignore[arg-type]
            return account

        return self.log.write(job).result

    def look(self, *, after_ms: int = 0) -> None:
        self.now += after_ms
        self.postman.look()

    def standing(self) -> waiting_letters.Standing:
        with self.log.reading() as connection:
            return waiting_letters.standing(connection)

    def stop(self) -> None:
        self.postman.stop()
        self.log.stop()

    def events(self, name: str = "") -> list[dict[str, object]]:
        """Return the bodies of the posts that were taken: the day's, or those of an event."""
        bodies = [json.loads(one.body) for one in self.hook.posts]
        return [one for one in bodies if one.get("event", "") == name]


DUE = at("2026-11-30T23:59:59")
DESKS = [
    Desk(
        "assigned",
        "已交办",
        3,
        1,
        "?state=assigned",
        [("1234567890", at("2026-11-20T23:59:59")), ("2234567890", DUE)],
    ),
    Desk("received", "已收到", 1, 0, "?state=received", [("3234567890", None)]),
]
