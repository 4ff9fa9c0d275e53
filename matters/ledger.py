"""The public ledger: how many matters came, were answered and are pending."""

import msgspec


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the ledger: received = answered + pending, always (issue of DESIGN 15).

    `key` is a month (yyyy-mm), a category id, a station id or a unit id, or "" for the total;
    `published` is how many of the received have a notice of their own.
    """

    key: str
    received: int
    answered: int
    pending: int
    published: int


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """The whole public ledger. `months` run newest first; the others by received, falling."""

    total: Count
    months: tuple[Count, ...]
    categories: tuple[Count, ...]
    stations: tuple[Count, ...]
    units: tuple[Count, ...]
