"""Exporting: matters, registers and the ledger as tables, and registers as YAML again."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from acts.shanghai import iso
from eventlog.log import Log
from matters import store
from matters.ledgers import figures
from matters.ledgers.figures import EVERYTHING, By, Scope
from matters.ledgers.ledger import Count
from matters.ledgers.rates import RATES, rates_of
from matters.matter import Matter
from server.ledger.ledger_queries import NUMBERS, number_of, records_of
from server.registers.county_registers import ALL, CountyRegisters, read_all
from server.tables.tables import write_table
from stations.registers import record_id, record_to_row
from stations.roster_files import roster_text, write_roster

MATTER_HEADERS = (
    "编号",
    "状态",
    "标题",
    "内容",
    "类别",
    "性质",
    "渠道",
    "村(社区)",
    "联络站",
    "代表",
    "主办单位",
    "反映时间",
    "到期时间",
    "答复内容",
    "答复时间",
    "办理结果",
    "对答复",
    "对结果",
    "公开",
    "留言编号",
)

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


def export_matters(log: Log, path: Path) -> int:
    """Write every matter as a row, without any contact detail; return how many."""
    with log.reading() as connection:
        connection.execute("BEGIN")
        found = read_all(connection)
        rows: list[Sequence[object]] = []
        for row in connection.execute("SELECT id FROM matters ORDER BY received_at, id"):
            matter = store.by_id(connection, row[0])
            if matter is None:
                continue
            texts = store.texts_of(connection, matter)
            answer = texts.get((matter.answer, "text")) or texts.get((matter.answer, "answer"), "")
            rows.append(
                (
                    matter.number,
                    str(matter.state),
                    store.title_of(connection, matter),
                    texts.get((matter.steps[0].event, "text"), ""),
                    _name(found.categories, matter.category),
                    str(matter.kind),
                    str(matter.channel),
                    _name(found.areas, matter.area),
                    _name(found.stations, matter.station),
                    _name(found.deputies, matter.deputy),
                    _name(found.units, matter.lead),
                    iso(matter.received_at) or "",
                    iso(matter.due_at) or "",
                    answer,
                    iso(matter.replied_at) or "",
                    matter.result,
                    matter.reply_rating,
                    matter.result_rating,
                    _publicity(matter),
                    matter.source_number,
                )
            )
    write_table(path, MATTER_HEADERS, rows)
    return len(rows)


def _publicity(matter: Matter) -> str:
    return str(matter.publicity)


def _name(records: Any, key: str) -> str:
    record = records.get(key)
    return record.name if record is not None else key


def export_registers(log: Log, path: Path) -> int:
    """Write every record of every register, a row each, the register's name first."""
    with log.reading() as connection:
        registers = read_all(connection).registers
    columns = list(dict.fromkeys(column.label for register in ALL for column in register.columns))
    rows: list[Sequence[object]] = []
    for register in ALL:
        for record in registers.of(register).values():
            cells = record_to_row(register, record)
            rows.append((register.label, *(cells.get(column, "") for column in columns)))
    write_table(path, ("名册", *columns), rows)
    return len(rows)


def export_rosters(log: Log, folder: Path) -> int:
    """Write every record as a YAML file, in a folder for each register; return how many."""
    with log.reading() as connection:
        registers = read_all(connection).registers
    return sum(
        len(write_roster(register, list(registers.of(register).values()), folder / register.plural))
        for register in ALL
    )


def zipped_rosters(log: Log) -> bytes:
    """Return every record as a YAML file in one zip: `{plural}/{id}.yaml`, as `export_rosters`."""
    with log.reading() as connection:
        registers = read_all(connection).registers
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for register in ALL:
            for record in registers.of(register).values():
                # The same records give the same bytes: no clock in them.
                entry = zipfile.ZipInfo(f"{register.plural}/{record_id(record)}.yaml")
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, roster_text(record))
    return packed.getvalue()


def export_ledger(log: Log, path: Path, scope: Scope = EVERYTHING) -> int:
    """Write the ledger of a scope, a row a line, with rates and median days; return how many."""
    with log.reading() as connection:
        connection.execute("BEGIN")
        found = read_all(connection)
        whole = (figures.total(connection, scope),)
        rows = [*_lines("合计", whole, figures.median_days(connection, None, scope), {}, found)]
        for by, name in _DIMENSIONS.items():
            counts = figures.counted(connection, by, scope)
            medians = figures.median_days(connection, by, scope)
            rows += _lines(name, counts, medians, records_of(found, by), found)
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
            _name(records, count.key),
            *(number_of(count, name) for name in _LEDGER_NUMBERS),
            *(TOO_FEW if rate.percent is None else rate.percent for rate in rates),
            medians.get(count.key, ""),
        )
