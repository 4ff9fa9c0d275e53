"""The public ledger: how many matters came, were answered and are pending."""

import msgspec


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the ledger: received = answered + pending, always (issue of DESIGN 15).

    `key` is a month (yyyy-mm), a category id, a station id or a unit id, or "" for the total;
    `published` is how many of the received have a notice of their own. Of the answered,
    `settled` are solved; `with_limit` had a limit and are answered or late, `in_time` kept it;
    `rated` were rated by the person, and of these `reply_satisfied` and `satisfied` at least
    basically content with reply and result. `merged`, `referred` and `declined` are counted as what
    they are (DESIGN 15);
    `again` went round more than once, `closed` are closed, `unrated` of these without a rating.
    `people` is how many people stand behind the received.
    """

    key: str
    received: int
    answered: int
    pending: int
    published: int
    settled: int = 0
    with_limit: int = 0
    in_time: int = 0
    rated: int = 0
    reply_satisfied: int = 0
    satisfied: int = 0
    merged: int = 0
    referred: int = 0
    declined: int = 0
    again: int = 0
    closed: int = 0
    unrated: int = 0
    people: int = 0


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """The whole public ledger. `months` run newest first; the others by received, falling."""

    total: Count
    months: tuple[Count, ...]
    categories: tuple[Count, ...]
    stations: tuple[Count, ...]
    units: tuple[Count, ...]
