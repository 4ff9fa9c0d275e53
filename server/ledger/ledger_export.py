"""The ledger as a table: a row a line, with rates and median days."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eventlog.log import Log
from matters.ledgers import figures
from matters.ledgers.figures import EVERYTHING, By, Scope
from matters.ledgers.ledger import Count
from matters.ledgers.rates import RATES, rates_of
from server.county.county_registers import CountyRegisters, read_all
from server.ledger.ledger_queries import NUMBERS, number_of, records_of
from server.tables.tables import write_table

_DIMENSIONS = {
    By.MONTH: "月份",
    By.CATEGORY: "类别",
    By.STATION: "联络站",
    By.UNIT: "承办单位",
    By.AREA: "村(社区)",
}
# The first four stand where they always stood; programs read them by place.
_LEDGER_NUMBERS = tuple(
    dict.fromkeys(("received", "answered", "pending", "published", *NUMBERS.keys()))
)
LEDGER_HEADERS = (
    "分项",
    "名称",
    *(NUMBERS[name] for name in _LEDGER_NUMBERS),
    *(f"{name}(%)" for name in RATES.values()),
    "答复用时中位数(天)",
)
TOO_FEW = "n 太少"


def export_ledger(log: Log, path: Path, scope: Scope = EVERYTHING) -> int:
    """Write the ledger of a scope, a row a line, with rates and median days; return how many."""
    with log.reading() as connection:
        connection.execute("BEGIN")
        registers = read_all(connection)
        whole = (figures.total(connection, scope),)
        rows = [*_lines("合计", whole, figures.median_days(connection, None, scope), {}, registers)]
        for by, name in _DIMENSIONS.items():
            counts = figures.counted(connection, by, scope)
            medians = figures.median_days(connection, by, scope)
            rows += _lines(name, counts, medians, records_of(registers, by), registers)
    write_table(path, LEDGER_HEADERS, rows)
    return len(rows)


def _lines(
    by: str,
    counts: Iterable[Count],
    medians: Mapping[str, int],
    records: Mapping[str, Any],
    registers: CountyRegisters,
) -> Iterator[Sequence[object]]:
    for count in counts:
        rates = rates_of(count, registers.rules.minimum_n)
        yield (
            by,
            record_name(records, count.key),
            *(number_of(count, name) for name in _LEDGER_NUMBERS),
            *(TOO_FEW if rate.percent is None else rate.percent for rate in rates),
            medians.get(count.key, ""),
        )


def record_name(records: Any, key: str) -> str:
    """Return what a record is called, its id where it is not there."""
    record = records.get(key)
    return record.name if record is not None else key
