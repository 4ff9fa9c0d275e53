"""A market stall's list: many matters at once, a row each, with the keyboard alone (L07)."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from acts.refusals import N_, BadFields, FieldProblem, Refusal
from eventlog.transaction import Transaction
from matters import store
from matters.intake.intake import check_submission
from matters.refusals import NotFound
from publisher.drawings import qr
from server.county.county_registers import CountyRegisters
from server.entry.entry_pages import ENTERED_BY, draft_of, may_enter
from server.entry.pasted_lines import read_pasted
from server.entry.room import EntryRoom
from server.entry.stall import (
    NOTE_MOST,
    ROWS_MORE,
    ROWS_MOST,
    Row,
    Stall,
    fresh,
    read_numbers,
    read_stall,
)
from server.people import drafts
from server.people.doors import Visit
from server.villagers.intake import Receipt
from server.web.bodies import Fields
from server.web.problems import field_messages, page_errors, refusal_of
from server.web.routes import in_thread
from stations.areas import Area
from stations.cells import CellError
from stations.names import NameIndex

logger = logging.getLogger("huiyin.market")

# Slips are printed at the stall; later a person's key is nobody's to look up.
SLIPS_FOR_MS = 12 * 3_600_000


def market(room: EntryRoom, visit: Visit) -> Response:
    """Answer `GET /console/market`: an empty list, or the draft; after `taken` the numbers."""
    query = visit.query
    taken = read_numbers(query.get("taken", ""))
    may_enter(visit.actor)
    draft = None if taken else draft_of(room, visit, "market")
    if draft is not None:
        return stall_page(room, visit, read_stall(draft.fields).with_room(), draft=draft)
    stall = fresh(query.get("channel", ""), query.get("station", ""), query.get("note", ""))
    return stall_page(room, visit, stall, taken=taken)


def stall_page(
    room: EntryRoom,
    visit: Visit,
    stall: Stall,
    *,
    status: int = 200,
    errors: Sequence[dict[str, str]] = (),
    draft: drafts.KeptForm | None = None,
    unsent: bool = False,
    taken: tuple[str, ...] = (),
    checking: bool = False,
) -> Response:
    """Return the list with what was typed. Raises NotThisRole.

    `taken` are the numbers of a list that is done; `checking` says that pasted lines came in.
    """
    may_enter(visit.actor)
    registers = room.registers.current()
    wrong = [at for at, row in enumerate(stall.rows) if row.errors]
    return visit.page(
        "market.html",
        title="market",
        status=status,
        stall=stall if stall.rows else stall.with_room(),
        done=taken or stall.taken,
        errors=errors,
        wrong=wrong,
        focus=wrong[0] if wrong else stall.first_empty,
        draft=draft,
        unsent=unsent,
        checking=checking,
        registers=registers,
        villages=_villages(registers),
        station=visit.account.station,
        channels=ENTERED_BY,
        rows_more=ROWS_MORE,
        rows_most=ROWS_MOST,
        note_most=NOTE_MOST,
        place="market",
    )


async def enter(room: EntryRoom, visit: Visit) -> Response:
    """Answer `POST /console/market`: the right rows are registered, the wrong ones come again.

    All rows are written at once, so that the replica is awaited once for all of them.
    """
    stall = read_stall(visit.fields.values)
    response = await in_thread(_before_registering, room, visit, stall)
    if response is not None:
        return response
    registers = room.registers.current()
    areas = await in_thread(NameIndex, registers.registers)
    outcomes = await asyncio.gather(
        *(_take_row(room, visit, stall, row, registers, areas) for row in stall.written),
        return_exceptions=True,
    )
    return await in_thread(_registered, room, visit, stall, outcomes)


def _before_registering(room: EntryRoom, visit: Visit, stall: Stall) -> Response | None:
    """Return the page where the form asks for other rows or can't be taken, else None."""
    may_enter(visit.actor)
    step = visit.fields.text("step")
    if len(stall.rows) > ROWS_MOST:
        return _refuse(room, visit, stall, _too_many(len(stall.rows)))
    if step == "more":
        return stall_page(room, visit, stall.with_more(ROWS_MORE))
    if step == "next":
        return stall_page(room, visit, stall.with_room())
    if stall.pasted.strip():
        lines = read_pasted(stall.pasted)
        if len(lines) + len(stall.written) > ROWS_MOST:
            return _refuse(room, visit, stall, _too_many(len(lines)))
        return stall_page(room, visit, stall.filled(lines).with_room(), checking=True)
    if not stall.written:
        problem = FieldProblem("0-text", "required", N_("还没有写：一行也没有填。"))
        return _refuse(room, visit, stall, problem)
    return None


def _too_many(count: int) -> FieldProblem:
    message = N_(
        "一共 {count} 行，一次最多 {most} 行，所以一行也没有填进去。您贴的都还在下面的框里。"
        "请分几次贴；整张的旧表，请管理员用命令 huiyin import matters 导入。"
    )
    return FieldProblem("pasted", "too-many", message, {"count": count, "most": ROWS_MOST})


def _refuse(room: EntryRoom, visit: Visit, stall: Stall, problem: FieldProblem) -> Response:
    errors = field_messages(visit.language, [problem])
    return stall_page(room, visit, stall, status=422, errors=errors)


def _registered(
    room: EntryRoom,
    visit: Visit,
    stall: Stall,
    outcomes: Sequence[Receipt | BaseException],
) -> Response:
    """Show the rows again that were refused; the others are registered and leave the draft."""
    account = visit.account.id
    taken = list(stall.taken)
    again: list[Row] = []
    status = 422
    for row, outcome in zip(stall.written, outcomes, strict=True):
        if isinstance(outcome, Receipt):
            taken.append(outcome.raised.number)
        elif isinstance(outcome, Exception):
            refusal = refusal_of(outcome)
            if refusal.status == 500:
                logger.error("a row was not registered", exc_info=outcome)
            status = max(status, refusal.status)
            again.append(row._replace(errors=tuple(page_errors(visit.language, refusal))))
        else:
            raise outcome
    left = stall._replace(rows=tuple(again), taken=tuple(dict.fromkeys(taken)))

    def job(transaction: Transaction) -> None:
        if room.doors.is_locked and drafts.is_kept(transaction.connection, account, "market"):
            return
        if again:
            drafts.save(transaction, account, "market", left.as_fields(), room.sealer())
        else:
            drafts.remove(transaction, account, "market")

    with suppress(Refusal):
        room.log.write(job)
    if again:
        return stall_page(room, visit, left, status=status)
    same = {"channel": stall.channel, "station": stall.station, "note": stall.note}
    query = urlencode({"taken": " ".join(left.taken), **{k: v for k, v in same.items() if v}})
    return visit.redirect(f"console/market?{query}")


async def _take_row(
    room: EntryRoom,
    visit: Visit,
    stall: Stall,
    row: Row,
    registers: CountyRegisters,
    areas: NameIndex,
) -> Receipt:
    """Register one row. Raises BadFields with what is wrong in it, and what `take` raises."""
    values: dict[str, Any] = {
        **row.fields,
        "id": row.id,
        "channel": stall.channel,
        "station": visit.account.station or stall.station,
        "deputy": visit.account.deputy,
    }
    if not row.fields.get("people", "").strip():
        values.pop("people", None)
    place = row.fields.get("place", "").strip()
    if stall.note:
        values["place"] = f"{place}（{stall.note}）" if place else stall.note
    try:
        if row.fields.get("area", "").strip():
            values["area"] = areas.resolve("area", row.fields["area"])
        return await room.intake.take(Fields(values, []), visit.actor)
    except CellError:
        # Asked all the same, so that everything that is wrong is told at once.
        village = _unclear_village(row.fields["area"].strip(), registers)
        others: tuple[FieldProblem, ...] = ()
        try:
            check_submission({**values, "area": ""}, registers.known, staff=True)
        except BadFields as refusal:
            others = refusal.problems
        raise BadFields([*others, village]) from None


def _unclear_village(name: str, registers: CountyRegisters) -> FieldProblem:
    if sum(area.name == name for area in registers.areas.values()) > 1:
        message = N_("有几个村都叫“{name}”，请把乡镇写在前面。")
    else:
        message = N_("没有“{name}”这个村（社区）。请改正，或者空着，把地方写进“具体地点”。")
    return FieldProblem("area", "unknown", message, {"name": name[:40]})


def _villages(registers: CountyRegisters) -> list[tuple[str, Area, Area]]:
    """Return what to type for each village, with its township and itself."""
    villages = [(town, village) for town, own in registers.villages() for village in own]
    names = Counter(village.name for _, village in villages)
    return [
        (village.name if names[village.name] == 1 else town.name + village.name, town, village)
        for town, village in villages
    ]


def slips(room: EntryRoom, visit: Visit) -> Response:
    """Answer `GET /console/market/slips?numbers=`: the slips to cut apart, on one page to print.

    Only those who entered a matter, and only for a while, see its key here.
    """
    may_enter(visit.actor)
    numbers = read_numbers(visit.query.get("numbers", ""))
    entered: list[dict[str, Any]] = []
    with room.log.reading() as connection:
        for number in numbers:
            matter = store.by_number(connection, number)
            if matter is None or matter.steps[0].by != visit.actor.signature:
                continue
            if room.log.now_ms() - matter.received_at > SLIPS_FOR_MS:
                continue
            key = room.intake.key_of(matter.id)
            address = room.intake.address_of(number, key)
            title = store.title_of(connection, matter)
            entered.append({"matter": matter, "key": key, "title": title, "qr": qr.code(address)})
    if not entered:
        raise NotFound
    response = visit.page(
        "market_slips.html",
        title="slips",
        slips=entered,
        numbers=" ".join(numbers),
        site=room.intake.address,
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
