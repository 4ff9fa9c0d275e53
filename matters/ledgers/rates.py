"""Fair rates: a part of a whole with its n, none below a county's least n (DESIGN decision 15)."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from acts.refusals import N_
from matters.ledgers.ledger import Count

RATES: Mapping[str, str] = MappingProxyType(
    {
        "response": N_("答复率"),
        "settled": N_("解决率"),
        "in_time": N_("按时率"),
        "reply_satisfied": N_("答复满意率"),
        "satisfied": N_("结果满意率"),
    }
)


class Rate(NamedTuple):
    """`part` of `whole` matters, told where the whole is at least `least` (county rule)."""

    part: int
    whole: int
    least: int = 5

    @property
    def value(self) -> float | None:
        """The rate from 0 to 1, or None where there are too few to speak of one."""
        return self.part / self.whole if self.whole and self.whole >= self.least else None

    @property
    def percent(self) -> int | None:
        """The rate in whole percent; 100 only for all of them and 0 only for none."""
        if self.value is None:
            return None
        if self.part in (0, self.whole):
            return 100 if self.part else 0
        return min(99, max(1, round(self.value * 100)))


class Rates(NamedTuple):
    """The rates of one line of the ledger, under the names of `RATES`.

    `response` is answered of received and never called solved; `settled` is solved of answered;
    `in_time` of the answered that had a limit; the last two of the rated.
    """

    response: Rate
    settled: Rate
    in_time: Rate
    reply_satisfied: Rate
    satisfied: Rate


def rates_of(count: Count, least: int) -> Rates:
    """Return the rates of a line; `least` is the county rule minimum_n."""
    return Rates(
        Rate(count.answered, count.received, least),
        Rate(count.settled, count.answered, least),
        Rate(count.in_time, count.with_limit, least),
        Rate(count.reply_satisfied, count.rated, least),
        Rate(count.satisfied, count.rated, least),
    )


class Placed(NamedTuple):
    """A line in a league: its place from 1; equals share a place."""

    place: int
    line: Count
    rates: Rates


class League(NamedTuple):
    """Lines in order, and apart those of which too few were rated to compare them at all."""

    placed: tuple[Placed, ...]
    apart: tuple[Count, ...]


def league_of(counts: Iterable[Count], least: int) -> League:
    """Return the counts by how many were satisfied with the result, then by how many in time.

    Who has too few ratings is not placed. A line with too few limits to tell comes after the
    others that are equal in satisfaction.
    """
    able: list[tuple[tuple[float, float], Count, Rates]] = []
    apart: list[Count] = []
    for count in counts:
        rates = rates_of(count, least)
        if rates.satisfied.value is None:
            apart.append(count)
            continue
        in_time = -1.0 if rates.in_time.value is None else rates.in_time.value
        able.append(((-rates.satisfied.value, -in_time), count, rates))
    able.sort(key=lambda line: (line[0], -line[1].received, line[1].key))
    placed: list[Placed] = []
    before: tuple[float, float] | None = None
    for number, (worth, count, rates) in enumerate(able, 1):
        place = placed[-1].place if worth == before else number
        placed.append(Placed(place, count, rates))
        before = worth
    apart.sort(key=lambda count: (-count.received, count.key))
    return League(tuple(placed), tuple(apart))
