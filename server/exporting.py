"""Exporting: matters, registers and the ledger as tables, and registers as YAML again."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from eventlog.log import Log
from matters import store
from matters.ledger import Count
from matters.matter import Matter
from matters.public import ledger
from server.county_registers import ALL, read_all
from server.pages import iso
from server.tables import write_table
from stations.registers import record_to_row
from stations.roster_files import write_roster

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
    columns = list(
        dict.fromkeys(column.label_zh for register in ALL for column in register.columns)
    )
    rows: list[Sequence[object]] = []
    for register in ALL:
        for record in registers.of(register).values():
            cells = record_to_row(register, record)
            rows.append((register.label_zh, *(cells.get(column, "") for column in columns)))
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


def export_ledger(log: Log, path: Path) -> int:
    """Write the public ledger, a row a count; return how many."""
    with log.reading() as connection:
        found = read_all(connection)
        counts = ledger(connection)
    rows = [
        *_counts("合计", [counts.total], {}),
        *_counts("月份", counts.months, {}),
        *_counts("类别", counts.categories, found.categories),
        *_counts("联络站", counts.stations, found.stations),
        *_counts("承办单位", counts.units, found.units),
    ]
    write_table(path, ("分项", "名称", "收到", "已答复", "待答复", "已公开"), rows)
    return len(rows)


def _counts(by: str, counts: Iterable[Count], records: Any) -> Iterator[Sequence[object]]:
    for count in counts:
        yield (
            by,
            _name(records, count.key),
            count.received,
            count.answered,
            count.pending,
            count.published,
        )
