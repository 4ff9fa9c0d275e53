"""Importing old messages as matters, with the dates of the file. Nothing is half taken."""

import hashlib
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from acts.refusals import N_, FieldProblem
from acts.text import clean_line
from eventlog.log import Log
from eventlog.transaction import Transaction
from matters import store
from matters.actors import SYSTEM
from matters.intake.history import HistoricalRow, Taken, begin_import, import_identity, take_rows
from matters.registers.categories import CATEGORIES, Category
from matters.terms import Kind
from server.county.county_registers import CountyRegisters, read_all
from server.tables.import_outcome import Outcome, Progress, Refused, no_progress
from server.tables.tables import cell_text, parse_time, read_table
from server.web.wording import KINDS
from stations.cells import CellError
from stations.names import NameIndex
from stations.register_log import set_record
from stations.registers import stable_id

# So few in one transaction that whoever sends a matter meanwhile hardly waits.
AT_ONCE = 16
TEXT_MOST = 10_000
TITLE_MOST = 200

# Headers of old files, in Chinese and English, by the field that they mean.
HEADERS: Mapping[str, tuple[str, ...]] = {
    "number": ("留言编号", "编号", "序号", "id", "number"),
    "name": ("留言用户", "姓名", "反映人", "来访人", "name", "user"),
    "phone": ("联系电话", "电话", "手机", "phone"),
    "title": ("留言主题", "主题", "标题", "title", "subject"),
    "text": ("留言详情", "内容", "反映内容", "诉求内容", "text", "content"),
    "received_at": ("留言时间", "反映时间", "来访时间", "日期", "received_at", "date"),
    "category": ("一级分类", "类别", "分类", "category"),
    "kind": ("性质", "诉求类型", "kind"),
    "area": ("村", "村(社区)", "区划", "area"),
    "station": ("联络站", "station"),
    "answer": ("答复意见", "答复内容", "办理结果", "answer", "reply"),
    "replied_at": ("答复时间", "办结时间", "replied_at", "answered_at"),
}
_LABELS = {name: headers[0] for name, headers in HEADERS.items()}


def import_matters(
    log: Log,
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> Outcome:
    """Take a file of old messages as matters, with the dates of the file.

    Categories that the county does not have yet are added. Raises TableError.
    """
    table = read_table(path)
    fields = _match(table.headers, mapping or {})
    rows = list(table.rows)
    with log.reading() as connection:
        county = read_all(connection)
    reader = _RowReader(fields, county)
    outcome = Outcome(
        read=len(rows),
        ignored_headers=tuple(header for header in table.headers if header not in fields),
    )
    taken: dict[bytes, int] = {}
    messages: dict[tuple[str, ...], int] = {}
    good: list[HistoricalRow] = []
    for number, cells in rows:
        row = reader.read(number, cells, outcome.refusals)
        if row is None:
            continue
        first = taken.setdefault(row.identity, number)
        if first != number:
            outcome.repeats.append((number, first))
            outcome.known += 1
            continue
        alike = messages.setdefault(row.message, number)
        if alike != number:
            outcome.alike.append((number, alike))
        good.append(row)
    outcome.new_categories = [category.name for category in reader.new_categories]
    if dry_run:
        outcome.taken = len(good)
        return outcome
    if not good:
        return outcome
    batch = import_identity(hashlib.sha256(path.read_bytes()).digest())
    with log.reading() as connection:
        nothing_new = _all_known(connection, good)
    if nothing_new:
        outcome.known += len(good)
        return outcome
    log.write(lambda transaction: _begin(transaction, batch, path.name, reader.new_categories))
    for start in range(0, len(good), AT_ONCE):
        part = good[start : start + AT_ONCE]
        done: Taken = log.write_in_turn(partial(_take, batch, part)).result
        outcome.taken += done.new + done.answered
        outcome.answered += done.answered
        outcome.known += done.known
        progress(start + len(part), len(good))
    return outcome


def _all_known(connection: sqlite3.Connection, rows: list[HistoricalRow]) -> bool:
    """Return whether every row is there already, with its answer where it has one."""
    for row in rows:
        matter = store.by_id(connection, row.identity)
        if matter is None or (row.answer and matter.replied_at is None):
            return False
    return True


def _take(batch: bytes, rows: list[HistoricalRow], transaction: Transaction) -> Taken:
    return take_rows(transaction, batch, rows, actor=SYSTEM)


def _begin(transaction: Transaction, batch: bytes, name: str, categories: list[Category]) -> None:
    for category in categories:
        set_record(transaction, CATEGORIES.noun, category, by=SYSTEM.signature)
    begin_import(transaction, batch, name, actor=SYSTEM)


def _match(headers: tuple[str, ...], mapping: Mapping[str, str]) -> dict[str, str]:
    """Return which field each header means; the mapping's word counts before our own."""
    known = {_key(word): name for name, words in HEADERS.items() for word in (name, *words)}
    wanted = {_key(header): target for header, target in mapping.items()}
    fields: dict[str, str] = {}
    for header in headers:
        target = known.get(_key(wanted.get(_key(header), header)))
        if target is not None and target not in fields.values():
            fields[header] = target
    return fields


def _key(header: str) -> str:
    return "".join(header.split()).lower()


class _RowReader:
    """Reads cells as a historical row, noting what is wrong."""

    def __init__(self, fields: Mapping[str, str], county: CountyRegisters) -> None:
        self._header_of = {name: header for header, name in fields.items()}
        self._categories = {
            **{category.name: key for key, category in county.categories.items()},
            **{key: key for key in county.categories},
        }
        self._names = NameIndex(county.registers)
        self._kinds: dict[str, str] = {word: kind for kind, word in KINDS.items()}
        self._kinds.update({kind: kind for kind in Kind})
        self.new_categories: list[Category] = []

    def read(
        self, number: int, cells: Mapping[str, object], refusals: list[Refused]
    ) -> HistoricalRow | None:
        """Return the row, or None after noting every field that is wrong."""
        before = len(refusals)

        def refuse(name: str, message: str, **values: Any) -> None:
            header = self._header_of.get(name, _LABELS[name])
            refusals.append(Refused(number, FieldProblem(header, "bad-cell", message, values)))

        texts = {name: cell_text(cells.get(header, "")) for name, header in self._header_of.items()}
        text, title = texts.get("text", ""), clean_line(texts.get("title", ""))
        if not text:
            refuse("text", N_("没有内容"))
        for name, value, most in (
            ("text", text, TEXT_MOST),
            ("title", title, TITLE_MOST),
            ("answer", texts.get("answer", ""), TEXT_MOST),
        ):
            if len(value) > most:
                refuse(name, N_("有 {length} 个字,最多 {most} 个"), length=len(value), most=most)
        received_at = self._time("received_at", cells, refuse, required=True)
        answer = texts.get("answer", "")
        replied_at = self._time("replied_at", cells, refuse, required=bool(answer))
        if replied_at is not None and not answer:
            refuse("answer", N_("有答复时间,没有答复内容"))
        if received_at and replied_at and replied_at < received_at:
            refuse("replied_at", N_("答复时间早于反映时间"))
        area = self._place("area", texts.get("area", ""), refuse)
        station = self._place("station", texts.get("station", ""), refuse)
        kind = self._kinds.get(texts.get("kind", "") or "help")
        if kind is None:
            refuse("kind", N_("没有这种性质"))
        if len(refusals) > before or received_at is None or kind is None:
            return None
        return HistoricalRow(
            source_number=texts.get("number", ""),
            name=clean_line(texts.get("name", "")),
            phone=clean_line(texts.get("phone", "")),
            title=title,
            text=text,
            received_at=received_at,
            category=self._category(texts.get("category", "")),
            area=area,
            station=station,
            kind=Kind(kind),
            answer=answer,
            replied_at=replied_at,
        )

    def _time(
        self,
        name: str,
        cells: Mapping[str, object],
        refuse: Callable[..., None],
        *,
        required: bool,
    ) -> int | None:
        cell = cells.get(self._header_of.get(name, ""), "")
        if cell == "" or cell is None:
            if required:
                refuse(name, N_("没有时间"))
            return None
        moment: datetime | None = parse_time(cell)
        if moment is None:
            refuse(name, N_("时间“{time}”看不懂"), time=cell_text(cell)[:40])
            return None
        return int(moment.timestamp() * 1000)

    def _place(self, noun: str, text: str, refuse: Callable[..., None]) -> str:
        if not text:
            return ""
        try:
            return self._names.resolve(noun, text)
        except CellError as error:
            refuse(noun, error.message.text, **error.message.values)
            return ""

    def _category(self, name: str) -> str:
        """Return the id of a category by name, making one where the county has none."""
        name = clean_line(name)
        if not name:
            return ""
        if name not in self._categories:
            made = Category(id=stable_id(CATEGORIES.noun, [name]), name=name)
            self._categories[name] = made.id
            self.new_categories.append(made)
        return self._categories[name]
