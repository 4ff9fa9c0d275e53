"""Notices: the public text of a matter, as the static site shows it (DESIGN decision 8)."""

import msgspec


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
