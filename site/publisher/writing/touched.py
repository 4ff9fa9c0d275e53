"""Which pages a change touches."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What changed since the last publish.

    `notices` are numbers that were published, edited or withdrawn. `registers` means that
    anything about deputies, stations or the duty days may have changed. `pages`: those that the
    county writes itself, which stations and the front page link to. `everything` is for what
    stands on every page: the county, areas, categories and units. `edited` are (noun, id) of
    deputies and stations whose own pages are written before all others, for somebody is looking
    at them.
    """

    notices: tuple[str, ...] = ()
    registers: bool = False
    pages: bool = False
    everything: bool = False
    edited: tuple[tuple[str, str], ...] = ()
