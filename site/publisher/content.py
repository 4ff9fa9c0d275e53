"""Everything that the site shows, as plain values, and how it reaches for notices."""

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from deputies.activities import Activity
from deputies.deputies import Deputy
from matters.ledgers.ledger import Ledger
from matters.notices import Notice
from matters.registers.categories import Category
from matters.registers.county import County
from matters.registers.pages import Page
from matters.registers.units import Unit
from stations.areas import Area
from stations.stations import Station


class DutyDay(Protocol):
    """One coming duty day of a station: `starts` and `ends` are HH:MM, Asia/Shanghai."""

    @property
    def date(self) -> datetime.date:
        """The day, in Asia/Shanghai."""

    @property
    def starts(self) -> str:
        """HH:MM."""

    @property
    def ends(self) -> str:
        """HH:MM."""

    @property
    def deputies(self) -> tuple[str, ...]:
        """Ids of the deputies who sit."""

    @property
    def note(self) -> str:
        """What is not as the rule has it, in Chinese, or ""."""

    @property
    def held(self) -> bool:
        """Whether anybody sits; a sitting that falls out is shown with its note."""


class Notices(Protocol):
    """The published notices, fetched as they are needed: there may be a great many.

    Every list runs newest first: by `published_at` falling, then by `number`. `of_area` takes
    one area's own code, not the areas below it.
    """

    def by_number(self, number: str) -> Notice | None:
        """One notice, or None where it is not (or no longer) published."""

    def months(self) -> Sequence[tuple[str, int]]:
        """(yyyy-mm, how many notices) for each month that has any, newest month first."""

    def in_month(self, month: str, offset: int, limit: int) -> Sequence[Notice]:
        """The notices of a month."""

    def latest(self, limit: int) -> Sequence[Notice]:
        """The newest notices of all."""

    def of_station(self, station: str, limit: int) -> Sequence[Notice]:
        """The newest notices of matters that came in at a station."""

    def of_deputy(self, deputy: str, limit: int) -> Sequence[Notice]:
        """The newest notices of matters that a deputy took up."""

    def of_area(self, code: str, limit: int) -> Sequence[Notice]:
        """The newest notices of an area."""

    def numbers(self) -> Iterator[str]:
        """Every published number, in a fixed order."""


def newest_first(notice: Notice) -> tuple[int, str]:
    """The sort key of every list of notices."""
    return (-notice.published_at, notice.number)


class NoticesInMemory:
    """Notices held in a list; for tests and small counties."""

    def __init__(self, notices: Iterable[Notice] = ()) -> None:
        self._all = sorted(notices, key=newest_first)
        self._by_number = {notice.number: notice for notice in self._all}
        self._by_month: dict[str, list[Notice]] = {}
        for notice in self._all:
            self._by_month.setdefault(notice.month, []).append(notice)

    def by_number(self, number: str) -> Notice | None:
        """See `Notices`."""
        return self._by_number.get(number)

    def months(self) -> list[tuple[str, int]]:
        """See `Notices`."""
        return sorted(((m, len(ns)) for m, ns in self._by_month.items()), reverse=True)

    def in_month(self, month: str, offset: int, limit: int) -> list[Notice]:
        """See `Notices`."""
        return self._by_month.get(month, [])[offset : offset + limit]

    def latest(self, limit: int) -> list[Notice]:
        """See `Notices`."""
        return self._all[:limit]

    def of_station(self, station: str, limit: int) -> list[Notice]:
        """See `Notices`."""
        return [n for n in self._all if n.station == station][:limit]

    def of_deputy(self, deputy: str, limit: int) -> list[Notice]:
        """See `Notices`."""
        return [n for n in self._all if n.deputy == deputy][:limit]

    def of_area(self, code: str, limit: int) -> list[Notice]:
        """See `Notices`."""
        return [n for n in self._all if n.area == code][:limit]

    def numbers(self) -> Iterator[str]:
        """See `Notices`."""
        return iter(sorted(self._by_number))


def no_picture(sha256: str) -> bytes | None:
    """None: what knows no pictures."""
    return None


@dataclass(frozen=True, kw_only=True)
class Content:
    """What the site is made from. The registers are records by id; `duty` runs by date.

    A rate is told of `minimum_n` matters or more (county rule). `picture` gives the bytes that
    were uploaded (JPEG, PNG or WebP) by their SHA-256, or None where they are gone.
    """

    county: County
    areas: Mapping[str, Area] = field(default_factory=dict)
    stations: Mapping[str, Station] = field(default_factory=dict)
    deputies: Mapping[str, Deputy] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    categories: Mapping[str, Category] = field(default_factory=dict)
    duty: Mapping[str, Sequence[DutyDay]] = field(default_factory=dict)
    ledger: Ledger
    notices: Notices
    minimum_n: int = 5
    activities: Mapping[str, Activity] = field(default_factory=dict)
    pages: Mapping[str, Page] = field(default_factory=dict)
    picture: Callable[[str], bytes | None] = no_picture
