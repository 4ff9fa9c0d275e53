"""Which pages a change touches."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from publisher import addresses
from publisher.content import Content


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What changed since the last publish.

    `notices` are numbers that were published, edited or withdrawn. `deputies` and `stations`
    are ids that were added, edited or removed; `registers` means that anything about them,
    or the duty days, may have changed. `pages`: those that the county writes itself, which
    stations and the front page link to. `everything` is for what stands on every page: the
    county, areas, categories and units. `edited` are (noun, id) of deputies and stations whose
    own pages are written before all others, for somebody is looking at them.
    """

    notices: tuple[str, ...] = ()
    deputies: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    registers: bool = False
    pages: bool = False
    everything: bool = False
    edited: tuple[tuple[str, str], ...] = ()

    @property
    def in_registers(self) -> bool:
        """Whether pages of deputies, stations and areas are touched by more than notices."""
        return bool(self.registers or self.deputies or self.stations)


@dataclass
class Lists:
    """Lists that show some notice: months, and ids of areas, stations and deputies."""

    months: set[str] = field(default_factory=set)
    areas: set[str] = field(default_factory=set)
    stations: set[str] = field(default_factory=set)
    deputies: set[str] = field(default_factory=set)


_LINK = re.compile(
    r'href="\.\./(?:\.\./(areas|stations|deputies)/([^/"]+)/|(\d{4}-\d\d)/)(?:index\.html)?"'
)


def _add_old(lists: Lists, page: Path) -> None:
    """Adds the lists that the page on disk links to: where its notice was shown until now."""
    if not page.exists():
        return
    _, _, article = page.read_text(encoding="utf-8").partition("<article")
    for kind, id, month in _LINK.findall(article):
        if month:
            lists.months.add(month)
        else:
            getattr(lists, kind).add(unquote(id))


def lists_of(content: Content, out: Path, numbers: tuple[str, ...]) -> Lists:
    """The lists that some notices stood in before, or stand in now."""
    lists = Lists()
    for number in numbers:
        _add_old(lists, out / addresses.notice(number) / "index.html")
        notice = content.notices.by_number(number)
        if notice is not None:
            lists.months.add(notice.month)
            lists.areas.add(notice.area)
            lists.stations.add(notice.station)
            lists.deputies.add(notice.deputy)
    return lists
