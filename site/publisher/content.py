"""Everything that the site shows, as plain values, and how it reaches for notices."""

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
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


class NoNotices:
    """What stands where only registers are shown, and in a county that has published nothing."""

    def by_number(self, number: str) -> Notice | None:
        """None."""
        return None

    def latest(self, limit: int) -> Sequence[Notice]:
        """Nothing."""
        return ()

    def of(self, kind: ListKind, key: str, limit: int) -> Sequence[Notice]:
        """Nothing."""
        return ()

    def keys(self, kind: ListKind) -> Sequence[tuple[str, int]]:
        """Nothing."""
        return ()

    def extent(self, kind: ListKind, key: str) -> Extent:
        """No place."""
        return Extent(0, 0)

    def at(self, kind: ListKind, key: str, first: int, count: int) -> Sequence[Notice]:
        """Nothing."""
        return ()

    def place(self, kind: ListKind, key: str, number: str) -> int | None:
        """None."""
        return None

    def numbers(self, first: int = 0, count: int = -1) -> Iterator[str]:
        """Nothing."""
        return iter(())


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
