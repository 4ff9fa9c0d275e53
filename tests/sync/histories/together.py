"""What must hold once all nodes were heard over a line that works: the invariants of FAULTS."""

from eventlog import words
from eventlog.events import decode
from tests.sync.histories.county import HUBS, SHUT_OUT, Broken
from tests.sync.histories.history import History
from tests.sync.histories.places import ERASED, LightHub, LightStation
from tests.sync.small_nodes import ids, states

ROUNDS = 3
# How contacts begin, and what stations write: neither may be read where it was not meant to lie.
CONTACT = b"1390000"
TEXTS = ("站里写的".encode(), "县里写的".encode())


def come_together(history: History) -> None:
    """Make three clean rounds with each station, and check that nothing is lost. Raises Broken."""
    for station in history.everybody():
        above = history.hub_of(station)
        if history.replicating(above, station).failure in SHUT_OUT:
            # Somebody reads that out of the console, and invites the station anew.
            history.invite_anew(station, above)
            history.replicating(above, station)
    for _ in range(ROUNDS):
        for station in history.everybody():
            delivery = history.replicating(history.hub_of(station), station)
            if not delivery.ok:
                raise Broken(f"{station.folder.name}: {delivery}")
    for number, hub in enumerate(history.hubs):
        missing = history.must[number] - ids(hub.log)
        if missing:
            raise Broken(f"I1: {len(missing)} lost at {HUBS[number]}")
    for station in history.everybody():
        _check_agreement(history, station)
    for node in history.nodes():
        _check_replay(history, node)
        _check_erased(history, node)


def _check_agreement(history: History, station: LightStation) -> None:
    """I5: nothing waits, and what both know they know alike."""
    hub = history.hubs[history.hub_of(station)]
    if station.counts()[0]:
        raise Broken(f"I5: {station.counts()[0]} wait at {station.folder.name}")
    here, there = ids(station.log), ids(hub.log)
    strange = here - there
    with station.log.reading() as connection:
        # What it was told by a hub of before, and what is put aside, the hub above does not show.
        aside = {
            row[0]
            for event in strange
            for row in connection.execute("SELECT subject FROM events WHERE id=?", (event,))
        }
    if history.clone is not None and history.owner(station) == history.cloned:
        # Two with one key: all that both wrote is at the hub, but each is thought to know its own.
        return
    at_hub = states(hub.log)
    for subject, state in states(station.log).items():
        if subject not in aside and at_hub.get(subject) != state:
            number = int.from_bytes(subject, "big")
            raise Broken(f"I5: {station.folder.name} and its hub tell note {number} differently")


def _check_replay(history: History, node: LightHub | LightStation) -> None:
    """I3: a replay gives the same tables, and each event stands in its note once.

    Of a log that two wrote a node may have one's event behind the other's, which it does not
    follow; and while there are two disks with one key, each is sent what the other lacked. A
    gap is borne where the last disk with what was there was put back.
    """
    verification = node.log.verify()
    forked = tuple(f"log {log.hex()}" for log in history.forked)
    is_cloned = node is history.clone or node is history.stations[history.cloned]
    borne = ("does not follow", "gap before")[: 2 if history.clone and is_cloned else 1]
    gone = tuple(f"log {log.hex()}: gap before {place + 1}" for log, place in _gone(history))
    broken = [
        line
        for line in verification.broken
        if line not in gone
        and not (line.startswith(forked) and any(words in line for words in borne))
    ]
    if broken or verification.state_hash != verification.replayed_hash:
        raise Broken(f"I3: {node.folder.name}: {broken}")
    with node.log.reading() as connection:
        twice = connection.execute(
            "SELECT count(*) FROM notes n WHERE lines <> (SELECT count(*) FROM events e "
            "WHERE e.subject=n.id AND e.type='note.lined')"
        ).fetchone()[0]
    if twice:
        raise Broken(f"I1: {node.folder.name} has {twice} notes with too many or too few lines")


def _gone(history: History) -> set[tuple[bytes, int]]:
    """Return the places of forked logs at which nothing stands on any disk: (log, sequence)."""
    gone: set[tuple[bytes, int]] = set()
    for log in history.forked:
        there: set[int] = set()
        for node in history.nodes():
            with node.log.reading() as connection:
                rows = connection.execute("SELECT sequence FROM events WHERE log=?", (log,))
                there |= {row[0] for row in rows}
        gone |= {(log, place) for place in range(1, max(there, default=0)) if place not in there}
    return gone


def _check_erased(history: History, node: LightHub | LightStation) -> None:
    """What was erased is nowhere where the erasure is known."""
    with node.log.reading() as connection:
        erased = connection.execute(
            "SELECT body FROM events WHERE type=? ORDER BY position", (ERASED,)
        ).fetchall()
        for (body,) in erased:
            if words.all_of(connection, decode(body).data["event"]):
                raise Broken(f"{node.folder.name} has a text that was erased")


def check_plain_text(history: History) -> None:
    """I4: no contact lies in plain text anywhere, and at a station and on a stick no text does."""
    hubs = {hub.folder.name for hub in history.hubs}
    for path in history.root.rglob("*"):
        if not path.is_file() or path.name.endswith("-shm"):
            continue
        content = path.read_bytes()
        place = path.relative_to(history.root).parts[0]
        is_hubs = any(place.startswith(hub) for hub in hubs)
        if CONTACT in content or (not is_hubs and any(text in content for text in TEXTS)):
            raise Broken(f"I4: something can be read in {path.relative_to(history.root)}")
