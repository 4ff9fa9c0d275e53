"""A station and its hub, whose clocks differ, and an exchange between the two."""

from pathlib import Path

from acts.shanghai import DAY_MS
from eventlog.clock import is_off
from eventlog.log import Log
from eventlog.transaction import Transaction
from matters.limits.timing import time_arrivals
from matters.matter import Matter
from tests.eventlog.arrivals import Arrival, arrive, departing
from tests.eventlog.notes import START_MS, Clock
from tests.matters.county import PROJECTIONS, matter_of, open_county


class Station:
    """A station and its hub. The station's clock is off by so much, and it is known there or not.

    `sync` brings to each what the other wrote, as an exchange does.
    """

    def __init__(self, folder: Path, wrong_by: int) -> None:
        self.clock, self.hub_clock = Clock(), Clock()
        self.wrong_by = wrong_by
        self.hub: Log = open_county(folder / "hub", self.hub_clock)
        self.log: Log = open_county(folder / "station", self.clock)
        self.day(0)

    def day(self, days: float) -> int:
        """Let it be so many days after the start, and return that time."""
        self.hub_clock.now_ms = START_MS + round(days * DAY_MS)
        self.clock.now_ms = self.hub_clock.now_ms + self.wrong_by
        return self.hub_clock.now_ms

    def sync(self) -> None:
        """Bring up what the station wrote, and down what the hub did."""
        coming = self._missing(self.log, self.hub)
        off = is_off(self.clock.now_ms, self.hub_clock.now_ms)

        def take_in(transaction: Transaction) -> None:
            arrive(transaction.connection, coming, PROJECTIONS)
            if off:
                arrived = [arrival.row[0] for arrival in coming]
                time_arrivals(transaction, arrived, transaction.now_ms())

        self.hub.write(take_in)
        going = self._missing(self.hub, self.log)
        self.log.write(lambda t: arrive(t.connection, going, PROJECTIONS))

    def matter(self, number: str) -> Matter:
        """Return a matter, which is the same at both."""
        found = matter_of(self.hub, number)
        assert found == matter_of(self.log, number)
        return found

    def stop(self) -> None:
        """Stop both, after a look whether their tables are what their logs say."""
        for log in (self.hub, self.log):
            assert log.verify().ok
            log.stop()

    @staticmethod
    def _missing(source: Log, target: Log) -> list[Arrival]:
        with target.reading() as connection:
            known = {row[0] for row in connection.execute("SELECT id FROM events")}
        with source.reading() as connection:
            return [one for one in departing(connection) if one.row[0] not in known]
