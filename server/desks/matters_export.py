"""Every matter as a row of a table, for whoever leaves or looks in a spreadsheet."""

from collections.abc import Sequence
from pathlib import Path

from acts.shanghai import iso
from eventlog.log import Log
from matters import store
from server.county.county_registers import read_all
from server.ledger.ledger_export import record_name
from server.tables.tables import write_table

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
        registers = read_all(connection)
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
                    record_name(registers.categories, matter.category),
                    str(matter.kind),
                    str(matter.channel),
                    record_name(registers.areas, matter.area),
                    record_name(registers.stations, matter.station),
                    record_name(registers.deputies, matter.deputy),
                    record_name(registers.units, matter.lead),
                    iso(matter.received_at) or "",
                    iso(matter.due_at) or "",
                    answer,
                    iso(matter.replied_at) or "",
                    matter.result,
                    matter.reply_rating,
                    matter.result_rating,
                    str(matter.publicity),
                    matter.source_number,
                )
            )
    write_table(path, MATTER_HEADERS, rows)
    return len(rows)
