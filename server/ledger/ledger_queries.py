"""What a ledger is asked for in an address, and what stands behind each of its numbers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode

from acts.refusals import N_, BadFields, FieldProblem
from matters.ledgers import figures
from matters.ledgers.figures import BadMonth, By, Scope
from matters.ledgers.ledger import Count
from matters.ledgers.rates import rates_of
from server.county.county_registers import CountyRegisters

NUMBERS: Mapping[str, str] = MappingProxyType(
    {
        "received": N_("收到"),
        "answered": N_("已答复"),
        "pending": N_("待答复"),
        "closed": N_("已办结"),
        "merged": N_("已合并"),
        "referred": N_("已转送"),
        "declined": N_("不予受理"),
        "open": N_("未销号"),
        "settled": N_("已解决"),
        "with_limit": N_("有时限的答复"),
        "in_time": N_("按时答复"),
        "rated": N_("群众已评价"),
        "reply_satisfied": N_("对答复满意"),
        "satisfied": N_("对结果满意"),
        "again": N_("办过两次以上"),
        "unrated": N_("未评价就办结"),
        "published": N_("已公示"),
        "people": N_("反映人数"),
    }
)


# What narrows a ledger by its address: months (yyyy-mm), the lead unit, an area with all below it.
SCOPE_NAMES = ("from", "to", "lead", "within")


def number_of(count: Count, name: str) -> int:
    """Return one of `NUMBERS`; `open` is what is neither closed, merged, referred nor declined."""
    if name == "open":
        gone = count.closed + count.merged + count.referred + count.declined
        return count.received - gone
    number: int = getattr(count, name)
    return number


class Asked(NamedTuple):
    """A ledger that is asked for: what its lines stand for, and of which matters.

    `within` is the area, with all below it, that `scope.areas` come from.
    """

    by: By
    scope: Scope
    within: str

    def address(self, **more: str) -> str:
        """Return the query that asks for the same ledger, with other values for some names."""
        return _query({"by": str(self.by), **self._narrowed(), **more})

    def matters(self, key: str | None, column: str = "") -> str:
        """Return the query of the list of matters behind a number; `key` None for the total."""
        values = {**self._narrowed(), "counted": column}
        if key is not None:
            names = {By.MONTH: ("from", "to"), By.UNIT: ("lead",), By.AREA: ("area",)}
            values |= dict.fromkeys(names.get(self.by, (str(self.by),)), key or figures.NONE)
        return _query(values)

    def _narrowed(self) -> dict[str, str]:
        return {
            "from": self.scope.first,
            "to": self.scope.last,
            "lead": self.scope.unit,
            "station": self.scope.station,
            "category": self.scope.category,
            "within": self.within,
        }


def _query(values: Mapping[str, str]) -> str:
    return "?" + urlencode({name: value for name, value in values.items() if value})


def read_scope(query: Mapping[str, str], registers: CountyRegisters) -> tuple[Scope, str]:
    """Return the scope that an address names, and its `within`. Raises BadFields."""
    problems: list[FieldProblem] = []
    months: dict[str, str] = {}
    for name in ("from", "to"):
        months[name] = query.get(name, "").strip()
        try:
            if months[name]:
                figures.month_starts(months[name], after=1)
        except BadMonth:
            problems.append(FieldProblem(name, "not-a-month", N_("月份写法如 2026-11。")))
    if problems:
        raise BadFields(problems)
    within = query.get("within", "")
    areas = tuple(sorted(registers.with_villages({within}))) if within else ()
    scope = Scope(
        first=months["from"],
        last=months["to"],
        unit=query.get("lead", ""),
        station=query.get("station", ""),
        category=query.get("category", ""),
        areas=areas,
    )
    return scope, within


def read_asked(query: Mapping[str, str], registers: CountyRegisters) -> Asked:
    """Return the ledger that an address asks for, by month unless it says. Raises BadFields."""
    scope, within = read_scope(query, registers)
    try:
        by = By(query.get("by") or By.MONTH)
    except ValueError as error:
        raise BadFields.of(
            "by", "unknown", N_("台账只能按月、类别、联络站、承办单位或村来分。")
        ) from error
    return Asked(by, scope, within)


def read_counted(query: Mapping[str, str]) -> str:
    """Return which number of the ledger a list is behind, or "". Raises BadFields."""
    name = query.get("counted", "")
    if name and name not in figures.COLUMNS:
        raise BadFields.of("counted", "unknown", N_("台账里没有这一项。"))
    return name


def records_of(registers: CountyRegisters, by: By) -> dict[str, Any]:
    """Return the records that the keys of a ledger's lines are ids of; none for months."""
    records: dict[By, dict[str, Any]] = {
        By.CATEGORY: registers.categories,
        By.STATION: registers.stations,
        By.UNIT: registers.units,
        By.AREA: registers.areas,
    }
    return records.get(by, {})


def count_json(count: Count, least: int, median: int | None) -> dict[str, Any]:
    """Return a line for programs: every number, each rate with its part and n, the median days."""
    rates = {
        name: {"value": rate.value, "part": rate.part, "n": rate.whole}
        for name, rate in rates_of(count, least)._asdict().items()
    }
    return {
        **{name: number_of(count, name) for name in NUMBERS},
        "rates": rates,
        "median_days_to_answer": median,
    }
