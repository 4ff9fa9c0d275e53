"""The ledger and the league in the console: filtered, sorted by links, each number opens its list.

Everybody who is signed in may read the numbers, for they are public; the lists behind them are
linked for those who may see all of the matters.
"""

import asyncio
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import N_, BadFields, NotThisRole
from matters.actors import Actor
from matters.ledgers import figures
from matters.ledgers.figures import By
from matters.ledgers.ledger import Count
from matters.ledgers.rates import RATES, Rates, league_of, rates_of
from matters.terms import Role
from publisher.drawings import charts
from publisher.drawings.charts import Bar
from server.ledger.ledger_queries import NUMBERS, Asked, number_of, read_asked, records_of
from server.node import Node
from server.people.doors import actor_of, signed_in
from server.tables.exporting import export_ledger
from server.web.languages import language_of, translated
from server.web.pages import console_page, named
from server.web.problems import page_errors

PER_PAGE = 100
LEAGUE = (Role.OFFICE, Role.ADMIN, Role.DEPUTY, Role.UNIT)
BY: Mapping[By, str] = {
    By.MONTH: N_("月份"),
    By.CATEGORY: N_("类别"),
    By.STATION: N_("联络站"),
    By.UNIT: N_("承办单位"),
    By.AREA: N_("村（社区）"),
}
# The columns of the page; the export and the interface have all of `NUMBERS`.
SHOWN = ("received", "answered", "pending", "closed", "merged", "referred", "declined", "open")
_MEDIA = {
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Line(NamedTuple):
    """A line as the page shows it; `median` is in days, None without an answer."""

    key: str
    name: str
    tally: Count
    rates: Rates
    median: int | None


class _Read(NamedTuple):
    total: Count
    total_median: int | None
    counts: Sequence[Count]
    medians: Mapping[str, int]


def _read(node: Node, asked: Asked) -> _Read:
    with node.log.reading() as connection:
        connection.execute("BEGIN")
        return _Read(
            figures.total(connection, asked.scope),
            figures.median_days(connection, None, asked.scope).get(""),
            figures.counted(connection, asked.by, asked.scope),
            figures.median_days(connection, asked.by, asked.scope),
        )


def sees_all(actor: Actor) -> bool:
    """Return whether the lists of matters hold all that the ledger counts."""
    return actor.role is Role.ADMIN or (actor.role is Role.OFFICE and not actor.areas)


def _asked(request: Request) -> tuple[Asked, list[dict[str, str]]]:
    """Return the ledger that is asked for, or the whole one with what is wrong in the address."""
    registers = request.app.state.node.registers.current()
    try:
        return read_asked(request, registers), []
    except BadFields as refusal:
        return Asked(By.MONTH, figures.EVERYTHING, ""), page_errors(language_of(request), refusal)


@signed_in
async def ledger_page(request: Request) -> Response:
    """Answer `GET /console/ledger`: total, a chart, and a line for each month, unit …"""
    node: Node = request.app.state.node
    registers = node.registers.current()
    asked, errors = _asked(request)
    found = await asyncio.to_thread(_read, node, asked)
    language = language_of(request)
    least = registers.rules.minimum_n
    records = records_of(registers, asked.by)

    def name_of(key: str) -> str:
        if key in records:
            return named(language, records[key])
        return key or translated(language, N_("未分类"))

    sort = request.query_params.get("sort", "")
    counts = _sorted(found.counts, sort, least, found.medians)
    page = _page_of(request, len(counts))
    lines = [
        Line(
            count.key,
            name_of(count.key),
            count,
            rates_of(count, least),
            found.medians.get(count.key),
        )
        for count in counts[(page - 1) * PER_PAGE : page * PER_PAGE]
    ]
    return console_page(
        request,
        "ledger.html",
        title="ledger",
        status=422 if errors else 200,
        errors=errors,
        asked=asked,
        sort=sort,
        by_words=BY,
        shown=SHOWN,
        numbers=NUMBERS,
        rate_words=RATES,
        total=found.total,
        total_rates=rates_of(found.total, least),
        total_median=found.total_median,
        lines=lines,
        chart=_chart(asked.by, found.counts, name_of, language),
        number_of=number_of,
        least=least,
        page=page,
        last=max(1, -(-len(counts) // PER_PAGE)),
        linked=sees_all(actor_of(request)),
        may_league=actor_of(request).role in LEAGUE,
        registers=registers,
    )


def _page_of(request: Request, lines: int) -> int:
    text = request.query_params.get("page", "1")
    page = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1
    return min(max(page, 1), max(1, -(-lines // PER_PAGE)))


def _sorted(
    counts: Sequence[Count], sort: str, least: int, medians: Mapping[str, int]
) -> Sequence[Count]:
    """Return the lines by a column, the highest first; what has no rate comes last."""
    if sort in RATES:

        def worth(count: Count) -> float:
            value: float | None = getattr(rates_of(count, least), sort).value
            return 1.0 if value is None else -value

        return sorted(counts, key=worth)
    if sort == "median":
        return sorted(counts, key=lambda count: medians.get(count.key, 10**9))
    if sort in NUMBERS:
        return sorted(counts, key=lambda count: -number_of(count, sort))
    return counts


def _chart(by: By, counts: Sequence[Count], name_of: Callable[[str], str], language: str) -> str:
    if not counts:
        return ""
    described = translated(language, N_("实心是已答复，空心是待答复；下面的表里是同样的数。"))
    if by is By.MONTH:
        bars = [
            Bar(one.key[5:].lstrip("0"), one.received, one.answered)
            for one in counts[: charts.BARS_MOST][::-1]
        ]
        title = translated(language, N_("每月收到的件数"))
        return charts.months(bars, key="chart", title=title, description=described)
    bars = [Bar(name_of(one.key), one.received, one.answered) for one in counts[:7]]
    title = translated(language, N_("已答复/收到的件数"))
    return charts.rows(bars, key="chart", title=title, description=described)


@signed_in
async def league_page(request: Request) -> Response:
    """Answer `GET /console/league`: units by satisfaction, then by answers in time."""
    if actor_of(request).role not in LEAGUE:
        raise NotThisRole
    node: Node = request.app.state.node
    registers = node.registers.current()
    asked, errors = _asked(request)
    asked = asked._replace(by=By.UNIT)
    found = await asyncio.to_thread(_read, node, asked)
    least = registers.rules.minimum_n
    return console_page(
        request,
        "league.html",
        title="league",
        status=422 if errors else 200,
        errors=errors,
        asked=asked,
        league=league_of(found.counts, least),
        medians=found.medians,
        rate_words=RATES,
        least=least,
        linked=sees_all(actor_of(request)),
        own=actor_of(request).unit,
        registers=registers,
    )


@signed_in
async def download(request: Request) -> Response:
    """Answer `GET /console/ledger.xlsx` and `.csv`: all lines and columns of the same scope."""
    node: Node = request.app.state.node
    asked = read_asked(request, node.registers.current())
    ending = Path(request.url.path).suffix

    def written() -> bytes:
        with tempfile.TemporaryDirectory(prefix="huiyin-ledger-") as folder:
            path = Path(folder) / f"ledger{ending}"
            export_ledger(node.log, path, asked.scope)
            return path.read_bytes()

    headers: dict[str, Any] = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="ledger{ending}"',
    }
    return Response(await asyncio.to_thread(written), media_type=_MEDIA[ending], headers=headers)
