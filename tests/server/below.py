"""A hub with many nodes below it, alarms, and events that were put aside."""

from functools import partial
from pathlib import Path

from msgspec.structs import replace

from acts.shanghai import DAY_MS
from eventlog import words
from eventlog.events import decode, encode
from eventlog.identifiers import new_uuid7
from eventlog.log import Log
from eventlog.transaction import Arrival, Transaction
from matters.actors import VILLAGER
from matters.intake.intake import check_submission, raise_matter
from server.data_folder import open_log
from sync.nodes import audit, nodes, quarantine
from sync.nodes.audit import Finding
from sync.nodes.enrolment import Enrolment
from tests.hub import Hub
from tests.server.past import Past

HOSTILE = "<script>alert(1)</script>&\"'"
MANY = 2000


class Below:
    """What stands at a hub before it starts: the names, and the numbers of what was put aside."""

    def __init__(self, hub: Hub, other: Path) -> None:
        self.of: dict[str, str] = {}
        with Past(hub) as past:
            self._now = past.now
            past.log.write(self._nodes)
            self._put_aside(past, other)
            past.log.write(self._alarms)

    def _nodes(self, transaction: Transaction) -> None:
        self._enrolled(transaction, HOSTILE, "shiweng", heard_at=self._now - 3 * 3_600_000)
        for number in range(MANY):
            heard_at = self._now - number * 60_000
            self._enrolled(transaction, f"机器 {number:04}", "weidu", heard_at=heard_at)
        self._enrolled(
            transaction, "久无音信", "weidu", heard_at=self._now - 9 * DAY_MS, skew_ms=-1_200_000
        )

    def _enrolled(
        self, transaction: Transaction, name: str, station: str, *, heard_at: int, skew_ms: int = 0
    ) -> None:
        connection = transaction.connection
        key = new_uuid7(self._now)
        node = nodes.invite(
            connection,
            name,
            station,
            code_mark=key,
            code_key=b"",
            code_until=0,
            now_ms=self._now - 20 * DAY_MS,
        )
        nodes.enrol(
            connection,
            node,
            key_id=key,
            said=Enrolment(b"", key, key, key, b"", b""),
            now_ms=self._now - 20 * DAY_MS,
        )
        nodes.note_heard(
            connection, node, now_ms=heard_at, skew_ms=skew_ms, cursor=0, release="0.3.0"
        )

    def _alarms(self, transaction: Transaction) -> None:
        peer = nodes.by_name(transaction.connection, HOSTILE)
        assert peer is not None
        for code in (Finding.FORK, Finding.ENROLLED):
            audit.note(transaction.connection, self._now, code, node=peer.node)

    def _put_aside(self, past: Past, other: Path) -> None:
        """Put aside a matter to take in, one to leave out, and a second version of one here."""
        here = past.raised("这一件县里已经有了。")
        other.mkdir()
        strange = open_log(other, past.keys, now_ms=lambda: past.now)
        for name in ("taken", "left"):
            submission = check_submission(
                {"text": f"另放着的话：{name}", "station": "shiweng"},
                past.registers.known,
                staff=True,
            )
            self.of[name] = strange.write(
                partial(
                    raise_matter,
                    submission=submission,
                    actor=VILLAGER,
                    receipt_key=past.keys.receipt,
                )
            ).result.number
        self.of["clash"] = here["number"]
        found = [*arrivals(strange), *map(changed, arrivals(past.log)[-1:])]
        strange.stop()
        past.log.write(lambda transaction: self._keep(transaction, found))

    def _keep(self, transaction: Transaction, found: list[Arrival]) -> None:
        peer = nodes.by_name(transaction.connection, HOSTILE)
        assert peer is not None
        codes = ("revoked", "not-a-stations-role", "clash")
        for arrival, code in zip(found, codes, strict=True):
            quarantine.keep(
                transaction.connection, arrival, node=peer.node, code=code, now_ms=self._now
            )


def arrivals(log: Log) -> list[Arrival]:
    """Return the matters' events of a log with their texts, the oldest first."""
    with log.reading() as connection:
        rows = connection.execute(
            "SELECT id, body FROM events WHERE type LIKE 'matter.%' ORDER BY position"
        ).fetchall()
        return [Arrival(row[1], decode(row[1]), words.all_of(connection, row[0])) for row in rows]


def changed(arrival: Arrival) -> Arrival:
    """Return an event of the same id that says something else."""
    event = replace(arrival.event, at=arrival.event.at + 1)
    return Arrival(encode(event), event, {})


def seeded(folder: Path) -> tuple[Hub, Below]:
    """Return a hub with all this, which is not started yet."""
    hub = Hub(folder / "hub", "--sample", "--no-replica")
    return hub, Below(hub, folder / "strange")
