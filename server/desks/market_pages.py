"""A market stall's list: many matters at once, a row each, with the keyboard alone (L07)."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import N_, BadFields, FieldProblem, Refusal
from eventlog.transaction import Transaction
from matters import store
from matters.intake.intake import check_submission
from matters.intake.receipts import key_of
from matters.refusals import NotFound
from publisher.drawings import qr
from server.desks.matter_pages import ENTERED_BY, draft_of, may_enter
from server.desks.pasted_lines import read_pasted
from server.desks.stall import (
    NOTE_MOST,
    ROWS_MORE,
    ROWS_MOST,
    Row,
    Stall,
    fresh,
    read_numbers,
    read_stall,
)
from server.node import Node
from server.people import drafts
from server.people.doors import actor_of, form_of, redirect, signed_in
from server.registers.county_registers import CountyRegisters
from server.villagers.intake import Receipt, take
from server.web.bodies import Fields
from server.web.languages import language_of
from server.web.pages import console_page
from server.web.problems import field_messages, page_errors, refusal_of
from stations.areas import Area
from stations.cells import CellError
from stations.names import NameIndex

logger = logging.getLogger("huiyin.market")

# Slips are printed at the stall; later a person's key is nobody's to look up.
SLIPS_FOR_MS = 12 * 3_600_000


@signed_in
async def stall(request: Request) -> Response:
    """Answer `GET /console/market`: an empty list, or the draft; after `taken` the numbers."""
    query = request.query_params
    taken = read_numbers(query.get("taken", ""))
    may_enter(request)
    draft = None if taken else draft_of(request, "market")
    if draft is not None:
        return await page(request, read_stall(draft.fields).with_room(), draft=draft)
    found = fresh(query.get("channel", ""), query.get("station", ""), query.get("note", ""))
    return await page(request, found, taken=taken)


async def page(
    request: Request,
    found: Stall,
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
    may_enter(request)
    node: Node = request.app.state.node
    account = request.state.session.account
    registers = node.registers.current()
    wrong = [at for at, row in enumerate(found.rows) if row.errors]
    return console_page(
        request,
        "market.html",
        title="market",
        status=status,
        stall=found if found.rows else found.with_room(),
        done=taken or found.taken,
        errors=errors,
        wrong=wrong,
        focus=wrong[0] if wrong else found.first_empty,
        draft=draft,
        unsent=unsent,
        checking=checking,
        registers=registers,
        villages=_villages(registers),
        station=account.station,
        channels=ENTERED_BY,
        rows_more=ROWS_MORE,
        rows_most=ROWS_MOST,
        note_most=NOTE_MOST,
        place="market",
    )


@signed_in
async def enter(request: Request) -> Response:
    """Answer `POST /console/market`: the right rows are registered, the wrong ones come again."""
    may_enter(request)
    fields = await form_of(request)
    found = read_stall(fields.values)
    step = fields.text("step")
    if len(found.rows) > ROWS_MOST:
        return await _refuse(request, found, _too_many(len(found.rows)))
    if step == "more":
        return await page(request, found.with_more(ROWS_MORE))
    if step == "next":
        return await page(request, found.with_room())
    if found.pasted.strip():
        lines = await asyncio.to_thread(read_pasted, found.pasted)
        if len(lines) + len(found.written) > ROWS_MOST:
            return await _refuse(request, found, _too_many(len(lines)))
        filled = found.filled(lines)
        return await page(request, filled.with_room(), checking=True)
    if not found.written:
        problem = FieldProblem("0-text", "required", N_("还没有写：一行也没有填。"))
        return await _refuse(request, found, problem)
    return await _register(request, found)


def _too_many(count: int) -> FieldProblem:
    message = N_(
        "一共 {count} 行，一次最多 {most} 行，所以一行也没有填进去。您贴的都还在下面的框里。"
        "请分几次贴；整张的旧表，请管理员用命令 huiyin import matters 导入。"
    )
    return FieldProblem("pasted", "too-many", message, {"count": count, "most": ROWS_MOST})


async def _refuse(request: Request, found: Stall, problem: FieldProblem) -> Response:
    errors = field_messages(language_of(request), [problem])
    return await page(request, found, status=422, errors=errors)


async def _register(request: Request, found: Stall) -> Response:
    """Register every row that is right, all in a few commits, and show the others again."""
    node: Node = request.app.state.node
    account = request.state.session.account
    language = language_of(request)
    registers = node.registers.current()
    areas = await asyncio.to_thread(NameIndex, registers.registers)
    outcomes = await asyncio.gather(
        *(_take_row(request, found, row, registers, areas) for row in found.written),
        return_exceptions=True,
    )
    taken = list(found.taken)
    again: list[Row] = []
    status = 422
    for row, outcome in zip(found.written, outcomes, strict=True):
        if isinstance(outcome, Receipt):
            taken.append(outcome.raised.number)
        elif isinstance(outcome, Exception):
            refusal = refusal_of(outcome)
            if refusal.status == 500:
                logger.error("a row was not registered", exc_info=outcome)
            status = max(status, refusal.status)
            again.append(row._replace(errors=tuple(page_errors(language, refusal))))
        else:
            raise outcome
    left = found._replace(rows=tuple(again), taken=tuple(dict.fromkeys(taken)))

    def job(transaction: Transaction) -> None:
        if node.is_locked and drafts.is_kept(transaction.connection, account.id, "market"):
            return
        if again:
            drafts.save(transaction, account.id, "market", left.as_fields(), node.keys.sealer)
        else:
            drafts.remove(transaction, account.id, "market")

    with suppress(Refusal):
        await node.log.write_async(job)
    if again:
        return await page(request, left, status=status)
    kept = {"channel": found.channel, "station": found.station, "note": found.note}
    query = urlencode({"taken": " ".join(left.taken), **{k: v for k, v in kept.items() if v}})
    return redirect(request, f"console/market?{query}")


async def _take_row(
    request: Request, found: Stall, row: Row, registers: CountyRegisters, areas: NameIndex
) -> Receipt:
    """Register one row. Raises BadFields with what is wrong in it, and what `take` raises."""
    node: Node = request.app.state.node
    account = request.state.session.account
    values: dict[str, Any] = {
        **row.fields,
        "id": row.id,
        "channel": found.channel,
        "station": account.station or found.station,
        "deputy": account.deputy,
    }
    if not row.fields.get("people", "").strip():
        values.pop("people", None)
    place = row.fields.get("place", "").strip()
    if found.note:
        values["place"] = f"{place}（{found.note}）" if place else found.note
    try:
        if row.fields.get("area", "").strip():
            values["area"] = areas.resolve("area", row.fields["area"])
        return await take(node, Fields(values, []), actor_of(request))
    except CellError:
        # Asked all the same, so that everything that is wrong is told at once.
        village = _unclear_village(row.fields["area"].strip(), registers)
        others: tuple[FieldProblem, ...] = ()
        try:
            check_submission(
                {**values, "area": ""}, registers.known, registers.area_codes, staff=True
            )
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
    found = [(town, one) for town, villages in registers.villages() for one in villages]
    names = Counter(village.name for _, village in found)
    return [
        (village.name if names[village.name] == 1 else town.name + village.name, town, village)
        for town, village in found
    ]


@signed_in
async def slips(request: Request) -> Response:
    """Answer `GET /console/market/slips?numbers=`: the slips to cut apart, on one page to print.

    Only those who entered a matter, and only for a while, see its key here.
    """
    may_enter(request)
    node: Node = request.app.state.node
    numbers = read_numbers(request.query_params.get("numbers", ""))
    actor = actor_of(request)

    def read() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        with node.log.reading() as connection:
            for number in numbers:
                matter = store.by_number(connection, number)
                if matter is None or matter.steps[0].by != actor.signature:
                    continue
                if node.now_ms() - matter.received_at > SLIPS_FOR_MS:
                    continue
                key = key_of(node.keys.receipt, matter.id)
                address = f"{node.settings.address}m/{number}?key={key}"
                title = store.title_of(connection, matter)
                found.append({"matter": matter, "key": key, "title": title, "qr": qr.code(address)})
        return found

    found = await asyncio.to_thread(read)
    if not found:
        raise NotFound
    response = console_page(
        request,
        "market_slips.html",
        title="slips",
        slips=found,
        numbers=" ".join(numbers),
        site=node.settings.address,
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
