"""What can be printed for stations, boards and deputies: the list, and each as a PDF."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.responses import Response

from acts.refusals import N_, NotThisRole, Refusal
from acts.shanghai import day_of
from deputies.deputies import Deputy
from matters.actors import Actor
from matters.public.notices import ListKind
from matters.public.public import NoticeShelf
from matters.refusals import NotFound
from matters.terms import Role
from server.county.county_registers import CountyRegisters
from server.paper.county import read_county
from server.paper.drawing import draw_apart
from server.paper.kinds import (
    A4_ONLY,
    CARDS_MOST,
    NOTICES_MOST,
    SLIPS_MOST,
    NothingToPrint,
    PaperKind,
    Wanted,
    made,
    read_count,
    refuse_many,
)
from server.paper.room import PaperRoom
from server.paper.sheets import Size, document
from server.people.doors import Visit
from server.web.pages import file_to_keep
from server.web.routes import in_thread
from stations.areas import Area
from stations.stations import Station


class Offer(NamedTuple):
    """A kind of sheet as it is offered: what it is called, what it is for, what may be chosen."""

    title: str
    purpose: str
    choices: tuple[str, ...]
    most: int = 0
    usual: int = 1


OFFERS: Mapping[PaperKind, Offer] = {
    PaperKind.STATIONS: Offer(
        N_("联络站海报"), N_("贴在联络站门口：接待日、电话、代表、二维码。"), ("station",)
    ),
    PaperKind.VILLAGES: Offer(
        N_("村公示栏海报"),
        N_("贴在村里：找哪位代表、打什么电话、哪天接待；没有手机怎么说。"),
        ("area",),
    ),
    PaperKind.DEPUTIES: Offer(
        N_("代表码海报"), N_("一位代表一张，手机一扫就能找到。"), ("deputy",)
    ),
    PaperKind.CARDS: Offer(
        N_("代表联系卡"),
        N_("名片大小，一张 A4 十张，照裁切线剪开。"),
        ("deputy",),
        CARDS_MOST,
        10,
    ),
    PaperKind.SLIPS: Offer(
        N_("征集单"),
        N_("放在红色邮筒旁边：每张有编号，存根撕下来自己留着查。登记时填上编号。"),
        ("station",),
        SLIPS_MOST,
        20,
    ),
    PaperKind.ROTA: Offer(N_("接待日安排表"), N_("三个月里哪天谁接待，上墙。"), ("station",)),
    PaperKind.ROLL: Offer(N_("联络站代表名册"), N_("一站一册，登记存档。"), ("station",)),
    PaperKind.NOTICES: Offer(
        N_("大字公示"),
        N_("一件一张，大字，贴公示栏。填编号印那一件，不填印最新的几件。"),
        ("number",),
        NOTICES_MOST,
        5,
    ),
    PaperKind.MONTH: Offer(N_("每月公示清单"), N_("一个月公示的事，列成大字清单。"), ("month",)),
}
_MONTHS_MOST = 36
_OF_DEPUTY = (PaperKind.DEPUTIES, PaperKind.CARDS)


class Reach(NamedTuple):
    """For whom a person may print: which kinds, and whose."""

    kinds: tuple[PaperKind, ...]
    stations: Mapping[str, Station]
    deputies: Mapping[str, Deputy]
    areas: Mapping[str, Area]
    everything: bool


def reach_of(actor: Actor, county: CountyRegisters) -> Reach:
    """Return for whom the actor may print. Raises NotThisRole."""
    if actor.role is Role.OFFICE:
        return Reach(tuple(OFFERS), county.stations, county.deputies, county.areas, True)
    if actor.role is Role.LIAISON:
        stations = {id: its for id, its in county.stations.items() if id in actor.stations}
        served = {code for its in stations.values() for code in (*its.serves, its.area)}
        return Reach(
            tuple(OFFERS),
            stations,
            {
                id: deputy
                for id, deputy in county.deputies.items()
                if any(station in stations for station in deputy.stations)
            },
            {code: area for code, area in county.areas.items() if code in served},
            False,
        )
    if actor.role is Role.DEPUTY and actor.deputy in county.deputies:
        own = {actor.deputy: county.deputies[actor.deputy]}
        return Reach(_OF_DEPUTY, {}, own, {}, False)
    raise NotThisRole


def overview(room: PaperRoom, visit: Visit) -> Response:
    """Answer `GET /console/paper/`: what this person may print."""
    return _page(room, visit, None)


def _page(room: PaperRoom, visit: Visit, refusal: Refusal | None, kind: str = "") -> Response:
    registers = room.registers.current()
    reach = reach_of(visit.actor, registers)
    months: list[str] = []
    if PaperKind.MONTH in reach.kinds:
        with room.log.reading() as connection:
            keys = NoticeShelf(connection).keys(ListKind.MONTH)
            months = [month for month, _ in keys[: -_MONTHS_MOST - 1 : -1]]
    return visit.form(
        "printing.html",
        refusal,
        title="paper",
        offers={offered: OFFERS[offered] for offered in reach.kinds},
        reach=reach,
        a4_only=A4_ONLY,
        months=months,
        failed=kind,
        typed=dict(visit.query) if kind else {},
        registers=registers,
    )


async def download(room: PaperRoom, visit: Visit) -> Response:
    """Answer `GET /console/paper/{kind}.pdf`: the PDF, or the page with what is wrong."""
    name = visit.path["kind"]
    if name not in list(PaperKind):
        raise NotFound
    try:
        pdf = await draw_apart(await in_thread(_html, room, visit, PaperKind(name)))
    except (NotFound, NotThisRole):
        raise
    except Refusal as refusal:
        return await in_thread(_page, room, visit, refusal, name)
    return file_to_keep(pdf, f"{name}-{day_of(room.log.now_ms())}.pdf", "application/pdf")


def _html(room: PaperRoom, visit: Visit, kind: PaperKind) -> str:
    """Return the sheets that the address asks for, as HTML to be drawn. Raises Refusal."""
    registers = room.registers.current()
    reach = reach_of(visit.actor, registers)
    if kind not in reach.kinds:
        raise NotThisRole
    asked = _within(_wanted(visit.query, kind, registers), kind, reach)
    large = visit.query.get("size") == "A3" and kind not in A4_ONLY
    with room.log.reading() as connection:
        today = day_of(room.log.now_ms())
        county = read_county(connection, room.address, today, room.receipt_key())
        sheets = [sheet for wanted in asked for sheet in made(county, {kind: wanted})]
    refuse_many(sheets)
    return document(sheets, Size.A3 if large else Size.A4)


def _wanted(query: Mapping[str, str], kind: PaperKind, registers: CountyRegisters) -> Wanted:
    """Return what the address asks for; names are read as well as ids. Raises BadFields."""
    offer = OFFERS[kind]
    month = query.get("month", "").strip()
    return Wanted(
        station=registers.known.id_of("station", query.get("station", "")),
        deputy=registers.known.id_of("deputy", query.get("deputy", "")),
        area=registers.known.id_of("area", query.get("area", "")),
        number=query.get("number", "").strip(),
        month=month if re.fullmatch(r"\d{4}-\d{2}", month) else "",
        copies=read_count(query.get("count", ""), offer.most, offer.usual) if offer.most else 0,
    )


def _within(wanted: Wanted, kind: PaperKind, reach: Reach) -> list[Wanted]:
    """Return what is wanted for whom the person may print. Raises NotThisRole for others.

    Who may not print everything, and names nobody, gets their own, one after the other.
    """
    if reach.everything:
        return [wanted]
    choice = OFFERS[kind].choices[0]
    own: Mapping[str, Mapping[str, Any]] = {
        "station": reach.stations,
        "deputy": reach.deputies,
        "area": reach.areas,
    }
    if choice not in own:
        # Notices are everybody's to read.
        return [wanted]
    chosen: str = getattr(wanted, choice)
    if chosen and chosen not in own[choice]:
        raise NotThisRole
    ids = [chosen] if chosen else list(own[choice])
    if not ids:
        raise NothingToPrint
    if kind is PaperKind.SLIPS:
        # So many in all, not of each station.
        del ids[1:]
    wanted_by_choice = {
        "station": [Wanted(station=id, copies=wanted.copies) for id in ids],
        "deputy": [Wanted(deputy=id, copies=wanted.copies) for id in ids],
        "area": [Wanted(area=id) for id in ids],
    }
    return wanted_by_choice[choice]
