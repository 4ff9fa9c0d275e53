"""What can be printed, and for whom it is asked: the one table for console and command line."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeVar

from acts.refusals import N_, BadFields, Refusal
from deputies.deputies import Deputy
from matters.intake.receipts import read_number
from matters.public.notices import ListKind
from server.paper.boards import LIST_MOST, month_list, notice_sheet
from server.paper.cards import cards
from server.paper.county import PaperCounty
from server.paper.posters import deputy_poster, station_poster, village_poster
from server.paper.roll import roll_sheet
from server.paper.rota import rota_sheet
from server.paper.sheets import Sheet
from server.paper.slips import slips
from stations.areas import Area, AreaKind
from stations.stations import Station

SLIPS_MOST = 500
CARDS_MOST = 100
NOTICES_MOST = 100
# What one PDF may hold: more takes minutes to draw, and nobody prints it at once.
SHEETS_MOST = 300

Record = TypeVar("Record", Station, Deputy, Area)


class PaperKind(StrEnum):
    """A kind of sheet."""

    STATIONS = "stations"
    VILLAGES = "villages"
    DEPUTIES = "deputies"
    CARDS = "cards"
    SLIPS = "slips"
    NOTICES = "notices"
    MONTH = "month"
    ROTA = "rota"
    ROLL = "roll"


# Cards, slips and rolls are what they are on A4 only.
A4_ONLY = (PaperKind.CARDS, PaperKind.SLIPS, PaperKind.ROLL)


class Wanted(NamedTuple):
    """For whom sheets are asked: ids, each "" for all. `copies` is how many slips, notices,
    or cards of each deputy.

    `number` is a notice's, `month` yyyy-mm.
    """

    station: str = ""
    deputy: str = ""
    area: str = ""
    number: str = ""
    month: str = ""
    copies: int = 0


class NothingToPrint(Refusal):
    """Nothing on the registers answers to what was asked for."""

    code = "nothing-to-print"
    status = 404
    message = N_("没有可以打印的：登记册里还没有，或者还没有公示。")


def made(county: PaperCounty, asked: Mapping[PaperKind, Wanted]) -> list[Sheet]:
    """Return the sheets that are asked for. Raises BadFields, and NothingToPrint for none."""
    sheets = [sheet for kind, wanted in asked.items() for sheet in _MAKERS[kind](county, wanted)]
    if not sheets:
        raise NothingToPrint
    return sheets


def read_count(text: str, most: int, otherwise: int) -> int:
    """Return a number as somebody typed it, from 1 to `most`. Raises BadFields."""
    text = text.strip()
    if not text:
        return otherwise
    count = int(text) if text.isdecimal() and len(text) <= 6 else 0
    if not 1 <= count <= most:
        message = N_("一次可以要 1 到 {most} 张，多的请分几次。")
        raise BadFields.of("count", "out-of-range", message, most=most)
    return count


def refuse_many(sheets: Sequence[Sheet]) -> None:
    """Raise BadFields where there are more sheets than one PDF may hold."""
    if len(sheets) > SHEETS_MOST:
        message = N_("一共 {count} 张，一次最多 {most} 张。请按联络站分几次生成。")
        raise BadFields.of("count", "too-many", message, count=len(sheets), most=SHEETS_MOST)


def _one(records: Mapping[str, Record], id: str, field: str) -> Record:
    if id not in records:
        raise BadFields.of(field, "unknown", N_("登记册里没有这一个。"))
    return records[id]


def _stations(county: PaperCounty, wanted: Wanted) -> list[Station]:
    if wanted.station:
        return [_one(county.found.stations, wanted.station, "station")]
    return county.registers.stations


def _deputies(county: PaperCounty, wanted: Wanted) -> list[Deputy]:
    if wanted.deputy:
        return [_one(county.found.deputies, wanted.deputy, "deputy")]
    if wanted.station:
        _stations(county, wanted)
        return county.registers.sitting_at(wanted.station)
    return county.registers.deputies


def _villages(county: PaperCounty, wanted: Wanted) -> list[Area]:
    areas = county.found.areas
    if wanted.area:
        area = _one(areas, wanted.area, "area")
        below = county.registers.villages_of(area.id)
        return below if area.kind is AreaKind.TOWNSHIP else [area]
    if wanted.station:
        (station,) = _stations(county, wanted)
        below = [areas[code] for code in station.serves if code in areas]
        return [area for area in below if area.kind is AreaKind.VILLAGE]
    return county.registers.villages


def _slips(county: PaperCounty, wanted: Wanted) -> list[Sheet]:
    station = _stations(county, wanted)[0] if wanted.station else None
    return slips(county, station, wanted.copies or 20)


def _notices(county: PaperCounty, wanted: Wanted) -> list[Sheet]:
    if wanted.number:
        number = read_number(wanted.number)
        notice = county.notices.by_number(number) if number else None
        if notice is None:
            problem = N_("这个编号没有公示，或者编号写错了。")
            raise BadFields.of("number", "unknown", problem)
        return [notice_sheet(county, notice)]
    count = wanted.copies or 5
    if wanted.area:
        area = _one(county.found.areas, wanted.area, "area")
        notices = county.notices.of(ListKind.AREA, area.id, count)
    elif wanted.station:
        station = _stations(county, wanted)[0]
        notices = county.notices.of(ListKind.STATION, station.id, count)
    elif wanted.deputy:
        deputy = _deputies(county, wanted)[0]
        notices = county.notices.of(ListKind.DEPUTY, deputy.id, count)
    else:
        notices = county.notices.latest(count)
    return [notice_sheet(county, notice) for notice in notices]


def _month(county: PaperCounty, wanted: Wanted) -> list[Sheet]:
    months = [month for month, _ in county.notices.keys(ListKind.MONTH)]
    month = wanted.month or (months[-1] if months else "")
    if month not in months:
        return []
    notices = county.notices.of(ListKind.MONTH, month, LIST_MOST)
    whose = ""
    if wanted.area:
        area = _one(county.found.areas, wanted.area, "area")
        whose = county.registers.area_name(area.id)
        notices = [notice for notice in notices if notice.area == area.id]
    elif wanted.station:
        (station,) = _stations(county, wanted)
        whose = station.name
        notices = [notice for notice in notices if notice.station == station.id]
    return [month_list(county, month, notices, whose)] if notices else []


def _each(
    draw: Callable[[PaperCounty, Record], Sheet],
    wanted_of: Callable[[PaperCounty, Wanted], list[Record]],
) -> Callable[[PaperCounty, Wanted], list[Sheet]]:
    """Return what makes a sheet of each record that is wanted."""
    return lambda county, wanted: [draw(county, record) for record in wanted_of(county, wanted)]


_MAKERS: Mapping[PaperKind, Callable[[PaperCounty, Wanted], list[Sheet]]] = {
    PaperKind.STATIONS: _each(station_poster, _stations),
    PaperKind.VILLAGES: _each(village_poster, _villages),
    PaperKind.DEPUTIES: _each(deputy_poster, _deputies),
    PaperKind.CARDS: lambda county, wanted: cards(
        county, _deputies(county, wanted), wanted.copies or 1
    ),
    PaperKind.SLIPS: _slips,
    PaperKind.NOTICES: _notices,
    PaperKind.MONTH: _month,
    PaperKind.ROTA: _each(rota_sheet, _stations),
    PaperKind.ROLL: _each(roll_sheet, _stations),
}
