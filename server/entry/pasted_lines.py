"""Lines pasted from a spreadsheet, read into the fields of a stall's rows. Nothing is left out."""

import csv
from collections.abc import Mapping, Sequence

from acts.text import clean_words, folded

# What a line's cells mean where no header row says so.
ORDER = ("text", "area", "name", "phone", "place")
_HEADERS: Mapping[str, tuple[str, ...]] = {
    "text": ("内容", "什么事", "事项", "反映内容", "诉求", "诉求内容", "问题", "text", "content"),
    "area": ("村", "村（社区）", "村(社区)", "社区", "村名", "village", "area"),
    "name": ("姓名", "名字", "来访人", "反映人", "name"),
    "phone": ("电话", "手机", "联系电话", "手机号", "phone", "mobile", "telephone"),
    "place": ("地点", "具体地点", "地址", "place", "where", "address"),
    "kind": ("性质", "这是", "诉求类型", "kind"),
    "people": ("人数", "people"),
}
_FIELD_OF = {header: field for field, headers in _HEADERS.items() for header in headers}


def read_pasted(text: str) -> list[dict[str, str]]:
    """Return a row's fields by name for each line that is not empty.

    Cells are parted by tabs, or by commas where there is no tab. A header row in Chinese or English
    is known by its words. What stands in a column of another meaning is put behind the text.
    """
    lines = [[clean_words(cell) for cell in line] for line in _cells(text)]
    lines = [line for line in lines if any(line)]
    if not lines:
        return []
    columns: Sequence[str] = ORDER
    titles: Sequence[str] = ()
    if _is_header(lines[0]):
        titles = lines.pop(0)
        columns = [_FIELD_OF.get(folded(title), "") for title in titles]
    return [_row(line, columns, titles) for line in lines]


def _is_header(line: Sequence[str]) -> bool:
    known = [_FIELD_OF[folded(cell)] for cell in line if folded(cell) in _FIELD_OF]
    return "text" in known and (len(known) >= 2 or len(known) == sum(map(bool, line)))


def _cells(text: str) -> list[list[str]]:
    delimiter = "\t" if "\t" in text else ","
    lines = text.splitlines(keepends=True)
    try:
        return list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        # A lone quotation mark is one that somebody wrote, and no spreadsheet's.
        return [line.split(delimiter) for line in text.splitlines()]


def _row(line: Sequence[str], columns: Sequence[str], titles: Sequence[str]) -> dict[str, str]:
    row: dict[str, str] = {}
    more: list[str] = []
    for place, cell in enumerate(line):
        field = columns[place] if place < len(columns) else ""
        if not cell:
            continue
        if field and field not in row:
            row[field] = cell
        else:
            title = titles[place] if place < len(titles) else ""
            more.append(f"{title}：{cell}" if title else cell)
    if more:
        row["text"] = "\n".join([row["text"], *more] if "text" in row else more)
    return row
