"""The public ledger: totals, charts and the first lines on one page, all lines on further ones.

On every line received = answered + pending; a rate stands with its n, or not at all where n is
too small (DESIGN decision 15).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from matters.ledgers.ledger import Count
from matters.ledgers.rates import Rate, rates_of
from publisher import addresses
from publisher.drawings import charts
from publisher.drawings.charts import Bar, Share
from publisher.pages import notice_pages
from publisher.site_registers import SiteRegisters
from publisher.sources import PageSource
from publisher.words import wording

PER_PAGE = 40
TOO_FEW = "n 太少，不列"
_RATE_WORDS = ("答复", "解决", "按时", "对答复满意", "对结果满意")


class _List(NamedTuple):
    """One way to divide the ledger: its folder, its words, its lines, how many go first."""

    path: str
    by: str
    measure: str
    counts: Sequence[Count]
    first: int
    name: Callable[[str], tuple[str, str]]


def _lists(registers: SiteRegisters) -> list[_List]:
    content = registers.content
    with_notices = {month for month, _ in registers.months}

    def month(key: str) -> tuple[str, str]:
        path = addresses.href(addresses.month(key)) if key in with_notices else ""
        return wording.month_name(key), path

    def station(key: str) -> tuple[str, str]:
        link = registers.station_link(key)
        return (link["name"], link["path"]) if link else ("其他", "")

    ledger = content.ledger
    return [
        _List("months", "月份", "个月", ledger.months, 12, month),
        _List("categories", "类别", "类", ledger.categories, 15, _named(content.categories)),
        _List("stations", "联络站", "个站", ledger.stations, 15, station),
        _List("units", "承办单位", "个单位", ledger.units, 15, _named(content.units)),
    ]


def _named(records: Mapping[str, Any]) -> Callable[[str], tuple[str, str]]:
    """How lines are called by their records; a key that is in no register is 其他 (other)."""
    return lambda key: (records[key].name if key in records else "其他", "")


def page(registers: SiteRegisters) -> PageSource:
    """The ledger's own page: the total with every rate, charts, the first lines of each list."""
    content = registers.content
    least = content.minimum_n
    tables: list[dict[str, Any]] = []
    for one in _lists(registers):
        if not one.counts:
            continue
        rows = [_row(count, *one.name(count.key), least) for count in one.counts[: one.first]]
        rest = one.counts[one.first :]
        if rest and one.path == "months":
            rows.append(_row(_sum(rest), "更早", "", least))
        tables.append(
            {
                "by": one.by,
                "rows": rows,
                "chart": _chart(one),
                "all": f"ledger/{one.path}/" if rest else "",
                "many": f"全部 {len(one.counts)} {one.measure}",
            }
        )
    total = content.ledger.total
    meta = {
        "section": "ledger/",
        "title": "台账",
        "total": _row(total, "合计", "", least),
        "rates": _rate_chart(total, least),
        "ended": _ended(total),
        "least": least,
        "tables": tables,
    }
    return PageSource("ledger/", "ledger.html", meta)


def parts(registers: SiteRegisters) -> Iterator[PageSource]:
    """All lines of the lists that are too long for the ledger's own page, cut into pages."""
    least = registers.content.minimum_n
    for one in _lists(registers):
        if len(one.counts) <= one.first:
            continue
        folder = addresses.folder("ledger", one.path)
        for path, lines, turn in notice_pages.parts(folder, one.counts, PER_PAGE):
            meta = {
                "section": "ledger/",
                "title": f"台账：按{one.by}",
                "trail": [{"path": "ledger/", "name": "台账"}],
                "least": least,
                "by": one.by,
                "rows": [_row(count, *one.name(count.key), least) for count in lines],
                "turn": turn,
            }
            yield PageSource(path, "ledger_part.html", meta)


def _row(count: Count, name: str, path: str, least: int) -> dict[str, Any]:
    return {
        "name": name,
        "path": path,
        "received": count.received,
        "answered": count.answered,
        "pending": count.pending,
        "published": count.published,
        "note": _note(count, least),
    }


def _note(count: Count, least: int) -> str:
    """The rates of a line with their n, and what of it was merged, referred or declined."""
    rates = [
        f"{words} {rate.percent}%({rate.whole})"
        for words, rate in zip(_RATE_WORDS, rates_of(count, least), strict=True)
        if rate.percent is not None
    ]
    words = " ".join(rates) or f"比率：{TOO_FEW}"
    gone = [
        f"{words} {number}"
        for words, number in (
            ("合并", count.merged),
            ("转送", count.referred),
            ("不予受理", count.declined),
        )
        if number
    ]
    return f"{words}；其中{'、'.join(gone)}" if gone else words


def _ended(count: Count) -> list[dict[str, Any]]:
    """What became of the received, each counted as what it is."""
    return [
        {"name": words, "number": number}
        for words, number in (
            ("已办结", count.closed),
            ("合并到同一件事", count.merged),
            ("转送上级或法定渠道", count.referred),
            ("不予受理", count.declined),
            ("办过两次以上", count.again),
            ("没有评价就办结", count.unrated),
        )
    ]


def _rate_chart(total: Count, least: int) -> str:
    names = (
        "答复了（收到的里面）",
        "解决了（答复的里面）",
        "按时答复（有时限的里面）",
        "满意答复（评价的里面）",
        "满意结果（评价的里面）",
    )
    lines = [
        Share(name, rate.percent, _told(rate))
        for name, rate in zip(names, rates_of(total, least), strict=True)
    ]
    described = "；".join(f"{line.name}{line.note}" for line in lines)
    return str(charts.shares(lines, key="rates", title="比率", description=described))


def _told(rate: Rate) -> str:
    return TOO_FEW if rate.percent is None else f"{rate.percent}%，n={rate.whole}"


def _chart(one: _List) -> str:
    """Bars of a list's first lines: months from the oldest to the newest, others by number."""
    named = "实心是已答复，空心是待答复；下面的表里是同样的数。"
    if one.path == "months":
        shown = one.counts[: charts.BARS_MOST][::-1]
        bars = [Bar(c.key[5:].lstrip("0"), c.received, c.answered) for c in shown]
        return str(charts.months(bars, key=one.path, title="每月收到的件数", description=named))
    bars = [Bar(one.name(c.key)[0], c.received, c.answered) for c in one.counts]
    title = f"按{one.by}：已答复/收到的件数"
    return str(charts.rows(bars[:7], key=one.path, title=title, description=named))


def _sum(counts: Sequence[Count]) -> Count:
    names = [name for name in Count.__struct_fields__ if name != "key"]
    return Count(key="", **{name: sum(getattr(one, name) for one in counts) for name in names})
