"""Everything that the site shows, as plain values, and how it reaches for notices."""

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from deputies.activities import Activity
from deputies.deputies import Deputy
from matters.ledgers.ledger import Ledger
from matters.public.notices import Extent, ListKind, Notice
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

    Each has its place in some lists (`ListKind`). A list of area takes one area's own code, not
    the areas below it.
    """

    def by_number(self, number: str) -> Notice | None:
        """One notice, or None where it is not (or no longer) published."""

    def latest(self, limit: int) -> Sequence[Notice]:
        """The newest notices of all, newest first: by when they first stood, then by number."""

    def of(self, kind: ListKind, key: str, limit: int) -> Sequence[Notice]:
        """The newest notices of a list, in the same order."""

    def keys(self, kind: ListKind) -> Sequence[tuple[str, int]]:
        """The keys of the lists of a kind that show any notice, sorted, with how many."""

    def extent(self, kind: ListKind, key: str) -> Extent:
        """How many places a list has, and how many notices stand in them."""

    def at(self, kind: ListKind, key: str, first: int, count: int) -> Sequence[Notice]:
        """What stands in `count` places of a list from `first` on, newest first."""

    def place(self, kind: ListKind, key: str, number: str) -> int | None:
        """The place of a notice in a list, also of a withdrawn one; None where it has none."""

    def numbers(self, first: int = 0, count: int = -1) -> Iterator[str]:
        """What stands in some places of the list of all, oldest first; -1 is all of them."""


class NoticesInMemory:
    """Notices held in lists, and the `withdrawn` that left their places empty; for tests."""

    def __init__(self, notices: Iterable[Notice] = (), withdrawn: Iterable[Notice] = ()) -> None:
        self._shown = {notice.number: notice for notice in notices}
        left = [notice for notice in withdrawn if notice.number not in self._shown]
        stood = sorted((*self._shown.values(), *left), key=lambda n: (n.standing_since, n.number))
        self._lists: dict[tuple[ListKind, str], list[Notice]] = {}
        for notice in stood:
            for kind in ListKind:
                self._lists.setdefault((kind, notice.key(kind)), []).append(notice)

    def _list(self, kind: ListKind, key: str) -> list[Notice]:
        return self._lists.get((kind, key), [])

    def _of(self, notices: Iterable[Notice]) -> list[Notice]:
        return [notice for notice in notices if notice.number in self._shown]

    def by_number(self, number: str) -> Notice | None:
        """See `Notices`."""
        return self._shown.get(number)

    def latest(self, limit: int) -> list[Notice]:
        """See `Notices`."""
        return self.of(ListKind.ALL, "", limit)

    def of(self, kind: ListKind, key: str, limit: int) -> list[Notice]:
        """See `Notices`."""
        return self._of(reversed(self._list(kind, key)))[:limit]

    def keys(self, kind: ListKind) -> list[tuple[str, int]]:
        """See `Notices`."""
        counts = (
            (key, len(self._of(listed))) for (k, key), listed in self._lists.items() if k == kind
        )
        return sorted((key, count) for key, count in counts if count)

    def extent(self, kind: ListKind, key: str) -> Extent:
        """See `Notices`."""
        listed = self._list(kind, key)
        return Extent(len(listed), len(self._of(listed)))

    def at(self, kind: ListKind, key: str, first: int, count: int) -> list[Notice]:
        """See `Notices`."""
        return self._of(self._list(kind, key)[first : first + count])[::-1]

    def place(self, kind: ListKind, key: str, number: str) -> int | None:
        """See `Notices`."""
        listed = self._list(kind, key)
        return next((n for n, notice in enumerate(listed) if notice.number == number), None)

    def numbers(self, first: int = 0, count: int = -1) -> Iterator[str]:
        """See `Notices`."""
        listed = self._list(ListKind.ALL, "")[first:]
        yield from (n.number for n in self._of(listed if count < 0 else listed[:count]))


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
