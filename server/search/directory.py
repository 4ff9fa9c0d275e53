"""The registers as the search looks through them: villages, deputies, stations, all in memory.

A whole county is some thousand short texts; to look through them all takes a few milliseconds,
is always true to the register, and leaves nothing behind.
"""

import re
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, chain, islice
from typing import Generic, NamedTuple, TypeVar

from acts.text import folded
from deputies.deputies import Deputy
from publisher.site_registers import SiteRegisters
from publisher.words import wording
from server.county.bare_content import registers_only
from server.county.county_registers import CountyRegisters
from stations.areas import Area, AreaKind
from stations.stations import Station

Record = TypeVar("Record", Area, Deputy, Station)

_LEAPS_MOST = 200
# What a village's name ends with, and people leave out.
_ENDING = re.compile(r"(?<=.)(?:村民委员会|居民委员会|村委会|居委会|社区|街道|村|镇|乡)$")
_GENERIC = {"village", "community", "town", "township", "street", "subdistrict", "district"}
# A syllable of pinyin; an n or ng before a vowel may belong to the next one.
_SYLLABLE = re.compile(
    r"(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:iang|iong|uang|(?:ian|uan|ang|eng|ing|ong|in|un|an|en|er)(?![aeiou])|"
    r"iang|iong|uang|iao|uai|ia|ie|iu|ua|ue|ui|uo|ai|ao|ei|ou|a|e|i|o|u|v)"
)


class Hits(NamedTuple, Generic[Record]):
    """Records that were found, best first; the first `exact` of them are named just so."""

    records: tuple[Record, ...] = ()
    exact: int = 0


class _Entry(NamedTuple, Generic[Record]):
    """`names` are whole names between line ends, `text` all that is looked through."""

    record: Record
    names: str
    text: str


class _Shelf(Generic[Record]):
    """Entries with all their texts as one, in which a word that few hold is found at once."""

    def __init__(self, entries: Iterable[_Entry[Record]]) -> None:
        self._entries: list[_Entry[Record]] = list(entries)
        self._whole = "\0".join(entry.text for entry in self._entries)
        lengths = (len(entry.text) + 1 for entry in self._entries)
        self._starts = list(accumulate(lengths, initial=0))[:-1]

    def holding(self, needle: str) -> Iterator[_Entry[Record]]:
        """Return the entries whose text holds a needle, in their order."""
        place = -1
        for _ in range(_LEAPS_MOST):
            start = self._starts[place + 1] if place + 1 < len(self._starts) else len(self._whole)
            at = self._whole.find(needle, start)
            if at < 0:
                return
            place = bisect_right(self._starts, at) - 1
            yield self._entries[place]
        # So many hold it that one after another is quicker.
        for entry in islice(self._entries, place + 1, None):
            if needle in entry.text:
                yield entry


class Directory:
    """The registers of one moment, ready to be searched."""

    def __init__(self, county: CountyRegisters) -> None:
        self.registers = SiteRegisters(registers_only(county))
        places = self.registers.area_name
        self._areas = _Shelf(
            _entry(area, (places(area.id),), more_names=(places(area.id),))
            for area in (*self.registers.villages, *self.registers.townships)
        )
        self._deputies = _Shelf(
            _entry(
                deputy,
                (
                    *(deputy.constituency, deputy.post, wording.LEVELS[deputy.level]),
                    *map(places, deputy.areas),
                ),
            )
            for deputy in self.registers.deputies
        )
        self._stations = _Shelf(
            _entry(
                station,
                (
                    *(station.address, station.host, wording.STATION_KINDS[station.kind]),
                    *map(places, dict.fromkeys((station.area, *station.serves))),
                ),
            )
            for station in self.registers.stations
        )

    def areas(self, words: Sequence[str]) -> Hits[Area]:
        """Return the townships and villages that are called so."""
        return _hits(self._areas, words)

    def deputies(self, words: Sequence[str]) -> Hits[Deputy]:
        """Return the deputies: by name, constituency, post, level, or whom they answer to."""
        return _hits(self._deputies, words)

    def stations(self, words: Sequence[str]) -> Hits[Station]:
        """Return the stations: by name, kind, address, or whom they serve."""
        return _hits(self._stations, words)

    def codes_named(self, word: str, most: int) -> list[str]:
        """Return the codes of the areas that a word names, of a township with its villages."""
        codes: dict[str, None] = {}
        for area in self.areas([word]).records[:most]:
            codes[area.id] = None
            if area.kind is AreaKind.TOWNSHIP:
                codes.update((village.id, None) for village in self.registers.villages_of(area.id))
        return list(codes)[:most]

    def answering(self, village: Area) -> list[Deputy]:
        """Return a village's own deputies; where it has none, those of the areas above."""
        return self._nearest(village, self.registers.answering_to)

    def serving(self, village: Area) -> list[Station]:
        """Return the stations of a village; where it has none, those of its township."""
        return self._nearest(village, self.registers.serving)

    def _nearest(self, village: Area, of: Callable[[str], list[Record]]) -> list[Record]:
        areas = (village, *self.registers.above(village.id))
        return next((records for area in areas if (records := of(area.id))), [])


class DirectoryCache:
    """Keeps the directory, and makes it anew where the registers changed."""

    def __init__(self, registers: Callable[[], CountyRegisters]) -> None:
        self._registers = registers
        self._lock = threading.Lock()
        self._of: CountyRegisters | None = None
        self._directory: Directory | None = None

    def current(self) -> Directory:
        """Return the directory of the registers as they are now."""
        registers = self._registers()
        with self._lock:
            if self._directory is None or self._of is not registers:
                self._directory, self._of = Directory(registers), registers
            return self._directory


def _entry(
    record: Record, texts: Iterable[str], *, more_names: Iterable[str] = ()
) -> _Entry[Record]:
    latin = [word for word in folded(record.name_en).split() if word not in _GENERIC]
    initials = "".join(map(initials_of, latin))
    names = dict.fromkeys(
        one
        for one in (
            folded(record.name),
            _ENDING.sub("", folded(record.name)),
            *map(folded, more_names),
            "".join(latin),
            initials if len(initials) > 1 else "",
        )
        if one
    )
    # Each word with a blank before it: see `_needle`.
    text = " ".join(chain(("",), names, latin, (folded(one) for one in texts if one)))
    return _Entry(record, "\n" + "\n".join(names) + "\n", text)


def initials_of(pinyin: str) -> str:
    """Return the first letter of each syllable of a word, "" where it is no pinyin."""
    initials, at = "", 0
    while at < len(pinyin):
        syllable = _SYLLABLE.match(pinyin, at)
        if syllable is None:
            return ""
        initials += pinyin[at]
        at = syllable.end()
    return initials


def _hits(shelf: _Shelf[Record], words: Sequence[str]) -> Hits[Record]:
    if not words:
        return Hits()
    first, *others = sorted(words, key=len, reverse=True)
    needle, needles = _needle(first), [_needle(word) for word in others]
    ranked: tuple[list[Record], ...] = ([], [], [], [])
    for record, names, text in shelf.holding(needle):
        if not all(one in text for one in needles):
            continue
        rank = _rank(names, first) if first in names else 3
        if others and rank:
            rank = min(rank, *(_rank(names, word) for word in others))
        ranked[rank].append(record)
    return Hits(tuple(chain.from_iterable(ranked)), len(ranked[0]))


def _needle(word: str) -> str:
    """Return what is looked for: a word in Latin letters is found by its beginning."""
    return f" {word}" if word.isascii() and not word.isdigit() else word


def _rank(names: str, word: str) -> int:
    """Return 0 for a whole name, 1 for the beginning of one, 2 for a part, 3 for none of it."""
    if word not in names:
        return 3
    if f"\n{word}\n" in names:
        return 0
    return 1 if f"\n{word}" in names else 2
