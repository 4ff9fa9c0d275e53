"""Notices: the public text of a matter, as the static site shows it (DESIGN decision 8)."""

from enum import StrEnum

import msgspec


class ListKind(StrEnum):
    """What notices are listed by. A list is one of these with a key: `("month", "2026-11")`.

    Each notice has a place in each of its lists, from 0, by when it first stood there and then
    by number. Who is withdrawn leaves their place empty, so that no other notice moves.
    """

    ALL = "all"
    MONTH = "month"
    CATEGORY = "category"
    AREA = "area"
    STATION = "station"
    DEPUTY = "deputy"


class Extent(msgspec.Struct, frozen=True):
    """How many places a list has, and how many notices stand in them."""

    places: int
    shown: int


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One published matter.

    Times are milliseconds since 1970, UTC; `month` is the month of `received_at` in
    Asia/Shanghai, `yyyy-mm`, under which the notice is listed. `station`, `deputy`, `area`,
    `category` and `units` are ids, or empty. `answer` is "" while there is none on record.
    `ratings` are `reply` and `result` with satisfied, basically or unsatisfied. `before` and
    `after` are the SHA-256 of pictures, of which the office chose that everyone may see them.
    """

    number: str
    title: str
    text: str
    answer: str = ""
    month: str
    state: str
    received_at: int
    answered_at: int | None = None
    published_at: int
    station: str = ""
    deputy: str = ""
    area: str = ""
    category: str = ""
    units: tuple[str, ...] = ()
    result: str = ""
    ratings: dict[str, str] = {}
    imported: bool = False
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    first_published_at: int | None = None

    @property
    def standing_since(self) -> int:
        """When it was published first; an edit later changes `published_at` only."""
        return self.published_at if self.first_published_at is None else self.first_published_at

    def key(self, kind: ListKind) -> str:
        """Return which list of a kind it stands in; of all there is one, with the key ""."""
        return "" if kind is ListKind.ALL else str(getattr(self, kind))
