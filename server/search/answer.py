"""`GET /search?q=`: villages, deputies, stations and notices, found by a word or two.

A plain form, answered without script; the same as JSON for programs. A village that is meant for
certain is answered with its deputies and stations at once.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from acts.shanghai import iso
from acts.text import clean_line
from deputies.deputies import Deputy
from eventlog.database import reading
from matters.public.notices import Notice
from matters.public.public import NoticeShelf
from publisher import addresses
from publisher.words import wording
from server.search import index as search_index
from server.search.directory import Directory, Hits
from server.search.found_text import marked, snippet
from server.search.room import SearchRoom
from server.web.languages import language_of, translated, wants_json
from server.web.pages import public_page
from stations.areas import Area, AreaKind
from stations.stations import Station

KINDS = ("area", "deputy", "station", "notice")
QUERY_MOST = 100
PAGE_MOST = 100
FEW = 5
A_PAGE = 10
# So many areas are thought of where a word of a query names a place of notices.
PLACES_MOST = 60
TILES_MOST = 60
_HEADERS = {"Cache-Control": "no-cache"}

Record = TypeVar("Record", Area, Deputy, Station)


@dataclass(frozen=True)
class Asked:
    """What somebody searches for. `page` counts from 1; `kind` is one of KINDS, or "" for all."""

    query: str
    kind: str
    page: int
    shortened: bool
    words: Sequence[str]

    @classmethod
    def of(cls, given: QueryParams) -> "Asked":
        """Return the question of an address; what can't be read is taken for its default."""
        typed = clean_line(given.get("q", ""))
        query = typed[:QUERY_MOST].strip()
        kind = given.get("kind", "")
        page = given.get("page", "1")
        return cls(
            query,
            kind if kind in KINDS else "",
            min(max(int(page), 1), PAGE_MOST) if page.isascii() and page.isdigit() else 1,
            len(typed) > QUERY_MOST,
            search_index.words_of(query),
        )

    def path(self, **changed: str | int) -> str:
        """Return the address of the same question with something changed, relative to the root."""
        values = {"q": self.query, "kind": self.kind, "page": self.page, **changed}
        parameters = {
            name: value for name, value in values.items() if value and (name, value) != _FIRST
        }
        return "search?" + urlencode(parameters)


_FIRST = ("page", 1)


class Part(NamedTuple, Generic[Record]):
    """The records of one kind that this page shows, and how many there are."""

    records: tuple[Record, ...] = ()
    total: int = 0


@dataclass
class Answer:
    """What was found, as far as this page shows it.

    `village` is set where just one can be meant. `ready` is False while the index of the notices
    is still being made.
    """

    asked: Asked
    directory: Directory
    areas: Part[Area]
    deputies: Part[Deputy]
    stations: Part[Station]
    notices: tuple[Notice, ...] = ()
    found: search_index.Found = search_index.NOTHING
    village: Area | None = None
    village_deputies: tuple[Deputy, ...] = ()
    village_stations: tuple[Station, ...] = ()
    ready: bool = True

    @property
    def anything(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.areas.total or self.deputies.total or self.stations.total or self.notices)

    @property
    def more(self) -> bool:
        """Whether another page follows."""
        if self.asked.page >= PAGE_MOST:
            return False
        if self.asked.kind in ("", "notice"):
            return self.found.more
        totals = {
            "area": self.areas.total,
            "deputy": self.deputies.total,
            "station": self.stations.total,
        }
        return totals[self.asked.kind] > self.asked.page * A_PAGE


def search(room: SearchRoom, request: Request) -> Response:
    """Answer `GET /search?q=&kind=&page=`."""
    asked = Asked.of(request.query_params)
    answer = answered(room, asked)
    if wants_json(request):
        return JSONResponse(as_json(room, answer), headers=_HEADERS)
    title = translated(language_of(request), "搜索")
    return public_page(
        request,
        "search.html",
        title=f"{asked.query} - {title}" if asked.query else title,
        headers=_HEADERS,
        answer=answer,
        asked=asked,
        told_of=answer.directory.registers,
        townships=answer.directory.registers.townships[:TILES_MOST],
        few=FEW,
        hrefs=addresses,
        phone=wording.phone,
        day_of=wording.day_said,
        visible=wording.visible,
        marked=lambda text: marked(text, asked.words),
        snippet=lambda notice: marked(snippet(notice, asked.words), asked.words),
    )


def answered(room: SearchRoom, asked: Asked) -> Answer:
    """Return what is found for a question now."""
    directory = room.directory.current()
    answer = Answer(asked, directory, Part(), Part(), Part())
    if not asked.words:
        return answer
    if asked.kind in ("", "area"):
        hits = directory.areas(asked.words)
        answer.areas = _part(hits, asked, "area")
        _look_at_village(answer, hits)
    if asked.kind in ("", "deputy"):
        answer.deputies = _part(
            _without(directory.deputies(asked.words), answer.village_deputies), asked, "deputy"
        )
    if asked.kind in ("", "station"):
        answer.stations = _part(
            _without(directory.stations(asked.words), answer.village_stations), asked, "station"
        )
    if asked.kind in ("", "notice"):
        _look_at_notices(room, answer)
    return answer


def _part(hits: Hits[Record], asked: Asked, kind: str) -> Part[Record]:
    """Return a page of what was found: few of them where all kinds are shown."""
    if asked.kind == kind:
        start = (asked.page - 1) * A_PAGE
        return Part(hits.records[start : start + A_PAGE], len(hits.records))
    return Part(hits.records[:FEW] if asked.page == 1 else (), len(hits.records))


def _without(hits: Hits[Record], shown: tuple[Record, ...]) -> Hits[Record]:
    """Return what was found but for what stands on the page already."""
    if not shown:
        return hits
    ids = {record.id for record in shown}
    return Hits(tuple(record for record in hits.records if record.id not in ids), hits.exact)


def _look_at_village(answer: Answer, hits: Hits[Area]) -> None:
    """Take note of the one village that is meant: the only one found, or the only one so called."""
    if answer.asked.page > 1:
        return
    villages = [area for area in hits.records if area.kind is AreaKind.VILLAGE]
    named = [area for area in hits.records[: hits.exact] if area.kind is AreaKind.VILLAGE]
    meant = named if len(named) == 1 else villages
    if len(meant) != 1:
        return
    (answer.village,) = meant
    rest = tuple(area for area in hits.records if area is not answer.village)
    answer.areas = Part(rest[: FEW if not answer.asked.kind else A_PAGE], len(rest))
    answer.village_deputies = tuple(answer.directory.answering(answer.village)[:A_PAGE])
    answer.village_stations = tuple(answer.directory.serving(answer.village)[:FEW])


def _look_at_notices(room: SearchRoom, answer: Answer) -> None:
    asked = answer.asked
    places = {
        word: answer.directory.codes_named(word, PLACES_MOST)
        for word in asked.words
        if len(word) > 1
    }
    try:
        with reading(room.keeper.path) as index:
            answer.found = search_index.find(
                index, asked.words, places, (asked.page - 1) * A_PAGE, A_PAGE
            )
    except sqlite3.Error:
        # It is being made, or was found broken and is about to be made anew.
        answer.ready = False
        return
    answer.ready = not room.keeper.making
    with room.log.reading() as connection:
        # What is public no more since, or has no page yet, is not shown.
        shelf = NoticeShelf(connection)
        pages = str(room.pages)
        notices = map(shelf.by_number, answer.found.numbers)
        answer.notices = tuple(
            notice
            for notice in notices
            if notice is not None and Path(f"{pages}/{addresses.notice(notice.number)}").is_dir()
        )


def as_json(room: SearchRoom, answer: Answer) -> dict[str, Any]:
    """Return what was found for a program; addresses are whole, `total` null where not counted."""
    site, registers = room.address, answer.directory.registers
    asked = answer.asked

    def deputy(one: Deputy) -> dict[str, Any]:
        return {
            "id": one.id,
            "name": one.name,
            "level": one.level,
            "constituency": one.constituency,
            "phone": one.phone,
            "url": site + addresses.href(addresses.deputy(one.id)),
        }

    def station(one: Station) -> dict[str, Any]:
        return {
            "id": one.id,
            "name": one.name,
            "kind": one.kind,
            "address": one.address,
            "phone": one.phone or one.mobile,
            "url": site + addresses.href(addresses.station(one.id)),
        }

    def area(one: Area) -> dict[str, Any]:
        return {
            "code": one.id,
            "name": one.name,
            "full_name": registers.area_name(one.id),
            "kind": one.kind,
            "url": site + addresses.href(addresses.area(one.id)),
        }

    def notice(one: Notice) -> dict[str, Any]:
        return {
            "number": one.number,
            "title": wording.visible(one.title),
            "snippet": snippet(one, asked.words),
            "state": one.state,
            "area": one.area,
            "received_at": iso(one.received_at),
            "url": site + addresses.href(addresses.notice(one.number)),
        }

    meant = () if answer.village is None else (answer.village,)
    village: Mapping[str, Any] | None = None
    if answer.village is not None:
        village = {
            **area(answer.village),
            "deputies": list(map(deputy, answer.village_deputies)),
            "stations": list(map(station, answer.village_stations)),
        }
    return {
        "query": asked.query,
        "kind": asked.kind,
        "page": asked.page,
        "village": village,
        "areas": list(map(area, (*meant, *answer.areas.records))),
        "deputies": list(map(deputy, answer.deputies.records)),
        "stations": list(map(station, answer.stations.records)),
        "notices": list(map(notice, answer.notices)),
        "total": {
            "areas": answer.areas.total + len(meant),
            "deputies": answer.deputies.total,
            "stations": answer.stations.total,
            "notices": answer.found.total,
        },
        "complete": answer.ready and not answer.found.cut_short,
        "next": site + asked.path(page=asked.page + 1) if answer.more else None,
    }
