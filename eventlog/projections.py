"""Projections: tables that are folded from events and can be thrown away and made again."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec

from eventlog.events import Event


class Projection(Protocol):
    """How one noun's events become state and rows. Domains write these; `server/node.py` wires.

    `fold` is pure and never raises: what is illegal where it stands is marked as contested, and
    types it does not know are skipped. Its result is any value that msgspec encodes.
    """

    noun: str

    def fold(self, events: Sequence[Event]) -> Any:
        """Return the state of one subject from its events, which come in (rank, id) order."""

    def replace_rows(
        self, connection: sqlite3.Connection, subject: bytes, state: Any, position: int
    ) -> None:
        """Put the subject's rows into the tables in place of what stood there.

        `position` is the arrival position of the newest of its events. Called with the
        transaction open, on the writer's connection.
        """

    def clear(self, connection: sqlite3.Connection) -> None:
        """Empty the tables, before all of them are made again."""


@runtime_checkable
class Lagging(Protocol):
    """A projection with tables that are a step behind the rest, and hold words of people."""

    def complete(self, connection: sqlite3.Connection) -> None:
        """Finish the tables once all subjects stand in them. Called with the transaction open."""

    def erased(self, connection: sqlite3.Connection, subject: bytes) -> None:
        """Let go of the subject's words that were erased. Called with the transaction open."""


def version_of(projection: Projection) -> int:
    """Return the projection's `version`, 1 where it names none.

    It is raised whenever the same events would give another state or other rows, so that a data
    folder of an older release is folded anew when it is opened (`eventlog/refolding.py`).
    """
    return int(getattr(projection, "version", 1))


def projection_of(
    projections: Mapping[str, Projection], events: Sequence[Event]
) -> Projection | None:
    """Return the projection that a subject's events belong to, or None where it has none here.

    A noun that is unknown here is passed over, wherever its events stand: a newer version may
    speak of the same subject.
    """
    for event in events:
        found = projections.get(event.noun)
        if found is not None:
            return found
    return None


_encoder = msgspec.msgpack.Encoder(order="deterministic")
_unsorting_encoder = msgspec.msgpack.Encoder()


def encode_state(state: Any) -> bytes:
    """Return the canonical bytes of a folded state; the state hash is made of these."""
    try:
        return _encoder.encode(state)
    except TypeError:
        # A map that came from elsewhere has keys that can't be sorted. Its order is that of the
        # event's bytes, which are the same everywhere.
        return _unsorting_encoder.encode(state)
