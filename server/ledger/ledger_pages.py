"""The ledger and the league in the console: filtered, sorted by links, each number opens its list.

Everybody who is signed in may read the numbers, for they are public; the lists behind them are
linked for those who may see all of the matters.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

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
from server.ledger.ledger_export import export_ledger
from server.ledger.ledger_queries import NUMBERS, Asked, number_of, read_asked, records_of
from server.ledger.room import LedgerRoom
from server.people.doors import Visit
from server.web.languages import translated
from server.web.pages import file_to_keep, named
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


def sees_all(actor: Actor) -> bool:
    """Return whether the lists of matters hold all that the ledger counts."""
    return actor.role is Role.ADMIN or (actor.role is Role.OFFICE and not actor.areas)


def _asked(room: LedgerRoom, visit: Visit) -> tuple[Asked, list[dict[str, str]]]:
    """Return the ledger that is asked for, or the whole one with what is wrong in the address."""
    try:
        return read_asked(visit.query, room.registers.current()), []
    except BadFields as refusal:
        return Asked(By.MONTH, figures.EVERYTHING, ""), page_errors(visit.language, refusal)


def ledger_page(room: LedgerRoom, visit: Visit) -> Response:
    """Answer `GET /console/ledger`: total, a chart, and a line for each month, unit …"""
    registers = room.registers.current()
    asked, errors = _asked(room, visit)
    counted = room.counted(asked)
    least = registers.rules.minimum_n
    records = records_of(registers, asked.by)

    def name_of(key: str) -> str:
        if key in records:
            return named(visit.language, records[key])
        return key or translated(visit.language, N_("未分类"))

    sort = visit.query.get("sort", "")
    counts = _sorted(counted.lines, sort, least, counted.medians)
    page = _page_of(visit, len(counts))
    lines = [
        Line(
            count.key,
            name_of(count.key),
            count,
            rates_of(count, least),
            counted.medians.get(count.key),
        )
        for count in counts[(page - 1) * PER_PAGE : page * PER_PAGE]
    ]
    return visit.page(
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
        total=counted.total,
        total_rates=rates_of(counted.total, least),
        total_median=counted.total_median,
        lines=lines,
        chart=_chart(asked.by, counted.lines, name_of, visit.language),
        number_of=number_of,
        least=least,
        page=page,
        last=max(1, -(-len(counts) // PER_PAGE)),
        linked=sees_all(visit.actor),
        may_league=visit.actor.role in LEAGUE,
        registers=registers,
    )


def _page_of(visit: Visit, lines: int) -> int:
    text = visit.query.get("page", "1")
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
            Bar(count.key[5:].lstrip("0"), count.received, count.answered)
            for count in counts[: charts.BARS_MOST][::-1]
        ]
        title = translated(language, N_("每月收到的件数"))
        return charts.months(bars, key="chart", title=title, description=described)
    bars = [Bar(name_of(count.key), count.received, count.answered) for count in counts[:7]]
    title = translated(language, N_("已答复/收到的件数"))
    return charts.rows(bars, key="chart", title=title, description=described)


def league_page(room: LedgerRoom, visit: Visit) -> Response:
    """Answer `GET /console/league`: units by satisfaction, then by answers in time."""
    if visit.actor.role not in LEAGUE:
        raise NotThisRole
    registers = room.registers.current()
    asked, errors = _asked(room, visit)
    asked = asked._replace(by=By.UNIT)
    counted = room.counted(asked)
    least = registers.rules.minimum_n
    return visit.page(
        "league.html",
        title="league",
        status=422 if errors else 200,
        errors=errors,
        asked=asked,
        league=league_of(counted.lines, least),
        medians=counted.medians,
        rate_words=RATES,
        least=least,
        linked=sees_all(visit.actor),
        own=visit.actor.unit,
        registers=registers,
    )


def download(room: LedgerRoom, visit: Visit) -> Response:
    """Answer `GET /console/ledger.xlsx` and `.csv`: all lines and columns of the same scope."""
    asked = read_asked(visit.query, room.registers.current())
    ending = Path(visit.request.url.path).suffix
    with tempfile.TemporaryDirectory(prefix="huiyin-ledger-") as folder:
        path = Path(folder) / f"ledger{ending}"
        export_ledger(room.log, path, asked.scope)
        return file_to_keep(path.read_bytes(), path.name, _MEDIA[ending])
