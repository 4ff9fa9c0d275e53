"""The exchange: bytes on the wire and events a second, beside morango and PouchDB.

Ours runs as it is: `huiyin serve` with Litestream on the sample, stations as real logs that ask by
HTTP and wait until the hub's replica has what they sent. All texts are sealed and all messages
signed; the peers do neither, and keep no replica.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import zstandard

from bench.exchange import burst, durable_at_stations, peers
from bench.exchange.counting_line import Traffic
from bench.exchange.hubs import BenchHub, hub_in
from bench.exchange.rounds import BATCH, SENDERS, Connect, Rounds, measured
from bench.exchange.stations import BenchStation, station_in
from bench.exchange.texts import lone_text, texts
from bench.figures import Figure
from sync.rounds import envelope
from sync.rounds.envelope import MessageKind

LONE_AIM, NOTHING_AIM, BATCH_AIM, DICTIONARY_AIM = 900, 300, 620, 450


def run(folder: Path, stations: int, each: int, say: Callable[[str], None]) -> list[Figure]:
    """Return all figures of the exchange; the burst is of so many stations and events each."""
    folder.mkdir(parents=True)
    with hub_in(folder / "small") as hub:
        say("sync: ours, round by round")
        ours = measured("ours", hub.port, _connecting(hub, folder), hub.held)
        vocabulary = _vocabulary(hub, folder / "apart")
        say("sync: commit to durable")
        durable = durable_at_stations.run(folder / "durable", hub, say)
    theirs = peers.run(folder / "peers", say)
    return [
        *_figures(ours, theirs),
        *vocabulary,
        *durable,
        *burst.run(folder / "burst", stations, each, say),
    ]


def _connecting(hub: BenchHub, folder: Path) -> Connect:
    @contextlib.contextmanager
    def connect(number: int, address: str) -> Iterator[BenchStation]:
        # Each at a station of its own: what one writes does not come down to the others.
        station = hub.stations[number]
        with station_in(folder / f"station-{number}", station) as one:
            one.join(hub.card, hub.invite(station), address + "/")
            one.sync()
            yield one

    return connect


def _figures(ours: Rounds, peers: Sequence[Rounds]) -> list[Figure]:
    """Return ours beside each peer: bytes both ways, with all headers of HTTP."""
    return [
        *_beside("a lone submission, 164 characters", ours, peers, lambda one: one.lone, LONE_AIM),
        *_beside("nothing new", ours, peers, lambda one: one.nothing_new, NOTHING_AIM),
        *_beside(f"{BATCH:,} texts, each", ours, peers, lambda one: one.batch, BATCH_AIM, BATCH),
        *(
            Figure(
                f"sync, {SENDERS} senders that keep logs, beside {peer.who}",
                ours.documents_s,
                "/s",
                peer=peer.documents_s,
                missing=peer.missing,
            )
            for peer in peers
        ),
    ]


def _beside(
    what: str,
    ours: Rounds,
    peers: Sequence[Rounds],
    traffic_of: Callable[[Rounds], Traffic | None],
    aim: int,
    among: int = 1,
) -> list[Figure]:
    own = traffic_of(ours)
    assert own is not None
    size = own.size_bytes / among
    found = [
        Figure(
            f"sync, {what}",
            size,
            "B",
            aim=f"≤ {aim} B" if among > 1 else f"≤ {aim} B, 1 request",
            holds=size <= aim and (among > 1 or own.requests == 1),
            more=asdict(own),
        )
    ]
    for peer in peers:
        theirs = traffic_of(peer)
        found.append(
            Figure(
                f"sync, {what}, beside {peer.who}",
                size,
                "B",
                peer=None if theirs is None else theirs.size_bytes / among,
                missing=peer.missing,
                more={} if theirs is None else asdict(theirs),
            )
        )
    return found


def _vocabulary(hub: BenchHub, folder: Path) -> list[Figure]:
    """Return what the dictionary that both sides share is worth, in a question without headers."""
    found: list[Figure] = []
    for what, written in (("a lone question", [lone_text(seed=6)]), ("each of a batch", None)):
        with station_in(folder / what, hub.stations[0]) as station:
            station.join(hub.card, b"", "")
            station.settle_enrolment()
            station.write(written or texts(BATCH, seed=7))
            message = station.inquirer().ask(up_bytes=1 << 30).message
        among = 1 if written else BATCH
        content = envelope.unpack(message, MessageKind.QUESTION)
        plain = zstandard.ZstdCompressor(level=12, write_content_size=False).compress(content)
        bare = len(message) - len(_packed(message)) + min(len(plain), len(content))
        found.append(
            Figure(
                f"sync, {what}, beside one without the vocabulary",
                len(message) / among,
                "B",
                peer=bare / among,
                aim="" if written else f"≤ {DICTIONARY_AIM} B",
                holds=None if written else len(message) / among <= DICTIONARY_AIM,
            )
        )
    return found


def _packed(message: bytes) -> bytes:
    """Return what of a question is packed."""
    return message[2 + envelope.NODE_BYTES + envelope.SIGNATURE_BYTES :]
