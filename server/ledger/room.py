"""What the ledger needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matters.ledgers import figures
from matters.ledgers.ledger import Count
from server.ledger.ledger_queries import Asked
from server.people.doors import StaffRoom


class LedgerFigures(NamedTuple):
    """A ledger as it was counted in one moment: the total, its lines, and median days by key."""

    total: Count
    total_median: int | None
    lines: Sequence[Count]
    medians: Mapping[str, int]


@dataclass(frozen=True)
class LedgerRoom(StaffRoom):
    """The ledger and the league, for people and programs."""

    def counted(self, asked: Asked) -> LedgerFigures:
        """Return the figures of a ledger, all of the same moment."""
        with self.log.reading() as connection:
            connection.execute("BEGIN")
            return LedgerFigures(
                figures.total(connection, asked.scope),
                figures.median_days(connection, None, asked.scope).get(""),
                figures.counted(connection, asked.by, asked.scope),
                figures.median_days(connection, asked.by, asked.scope),
            )
