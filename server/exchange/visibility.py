"""What goes up and what goes down: which event concerns whom, noted as it is written.

`sync` knows no matter and no station; here it is told. Every opened log needs it: so it stands
apart from both ends of the exchange, and from what they import.
"""

import sqlite3
import threading
from collections.abc import Iterable, Sequence

from eventlog.events import Event
from eventlog.transaction import Transaction, Witness, events_of
from matters import store
from matters.matter import Matter
from matters.nodes import concerns
from server.county import county_registers
from server.county.county_registers import CountyRegisters
from stations.register_log import version_of
from sync.rounds import marks, upstream
from sync.rounds.downlink import Downlink
from sync.rounds.uplink import Uplink


class RegistersAtHand:
    """The registers as an open transaction sees them; read anew once they changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version = -1
        self._registers: CountyRegisters | None = None

    def current(self, connection: sqlite3.Connection) -> CountyRegisters:
        """Return the registers as this connection sees them."""
        with self._lock:
            version = version_of(connection)
            if self._registers is None or version != self._version:
                self._registers = county_registers.read_all(connection)
                self._version = version
            return self._registers


class MattersVisibility:
    """Registers go to every node, a matter to the stations that it concerns."""

    def __init__(self) -> None:
        self._registers = RegistersAtHand()

    def goes_to_all(self, event: Event) -> bool:
        """Return whether an event goes to every node below."""
        return concerns.reaches_all(event.noun)

    def stations_of(self, connection: sqlite3.Connection, subject: bytes) -> Iterable[str]:
        """Return the stations that a matter concerns, none for anything else."""
        matter = store.by_id(connection, subject)
        if matter is None:
            return ()
        return concerns.stations_of(matter, self._registers.current(connection).places)

    def subjects_of(self, connection: sqlite3.Connection, station: str) -> Iterable[bytes]:
        """Yield the matters that concern a station, the oldest first."""
        places = self._registers.current(connection).places
        kinds = connection.execute("SELECT DISTINCT station, area, deputy FROM matters").fetchall()
        concerning: list[tuple[int, bytes]] = []
        for row in kinds:
            of = Matter(id=b"", steps=[], station=row[0], area=row[1], deputy=row[2])
            if station in concerns.stations_of(of, places):
                rows = connection.execute(
                    "SELECT seq, id FROM matters WHERE station=? AND area=? AND deputy=?",
                    tuple(row),
                )
                concerning += [(seq, subject) for seq, subject in rows]
        yield from (subject for _, subject in sorted(concerning))

    def all_subjects(self, connection: sqlite3.Connection) -> Iterable[bytes]:
        """Yield the subjects of all registers' records."""
        rows = connection.execute(
            "SELECT subject, noun FROM states ORDER BY position, subject"
        ).fetchall()
        return [subject for subject, noun in rows if concerns.reaches_all(noun)]

    def places_version(self, connection: sqlite3.Connection) -> int:
        """Return the version of the registers."""
        return version_of(connection)


def station_goes_up(transaction: Transaction, event: Event) -> list[bytes]:
    """Return which events of a station go up with this one: its own, and none that came down."""
    connection = transaction.connection
    own = connection.execute("SELECT 1 FROM logs WHERE log=?", (event.log,)).fetchone()
    return [event.id] if own is not None and not marks.kept(connection, event.id) else []


def hub_goes_up(transaction: Transaction, event: Event) -> list[bytes]:
    """Return which events of a hub go up with this one: those of matters that it referred.

    With the referral all that was before goes up as well; nothing that came from above does.
    """
    connection = transaction.connection
    if event.noun != "matter" or upstream.read(connection) is None:
        return []
    matter = store.by_id(connection, event.subject)
    if matter is None or not concerns.is_referred_up(matter):
        return []
    return [
        one.id for one in events_of(connection, event.subject) if not marks.kept(connection, one.id)
    ]


def witness_of(role: str, queue: Downlink) -> Witness:
    """Return who queues what becomes visible below, and what goes up, on a node of that role."""
    if role == "station":
        return Uplink(station_goes_up).witness
    up = Uplink(hub_goes_up)

    def both(transaction: Transaction, events: Sequence[Event]) -> None:
        queue.witness(transaction, events)
        up.witness(transaction, events)

    return both


def refer_all(transaction: Transaction) -> None:
    """Queue all matters that were referred before this hub joined the one above."""
    rows = transaction.connection.execute(
        "SELECT id FROM matters WHERE state='referred' ORDER BY seq"
    ).fetchall()
    up = Uplink(hub_goes_up)
    for (subject,) in rows:
        up.witness(transaction, events_of(transaction.connection, subject))
