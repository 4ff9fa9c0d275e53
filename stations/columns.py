"""The columns that registers are made of, each by the constructor of its kind.

`names` are the field, its label in Chinese and in English, and further headers in either. What
belongs in the column stands in `expected`, in Chinese to be translated, with {placeholders} that
`values` fill; where that is left out, the label says it.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from acts.refusals import N_, Message
from acts.text import clean_name
from stations import cells
from stations.registers import CellKind, Column, Resolver

E = TypeVar("E", bound=StrEnum)

# The column of every record that has a picture.
PICTURE_FIELD = "photo"
# How a record of another register is named, by its noun.
_NAMED = {
    "area": N_("12 位区划代码，或名册里已有的地名（重名的写成“乡镇/村”）"),
    "station": N_("联络站（点）的编号，或名册里已有的站名"),
    "deputy": N_("代表编号或姓名"),
    "unit": N_("承办单位的编号，或名册里已有的名称"),
}


def column(
    names: tuple[str, ...],
    parse: Callable[[str, Resolver], object],
    *,
    expected: str = "",
    values: Mapping[str, Any] | None = None,
    **rest: Any,
) -> Column:
    """Return a column of any kind; `rest` are further attributes of `Column`."""
    field, label, label_en, *aliases = names
    filling = {"label": label, "label_en": label_en.lower(), **(values or {})}
    return Column(
        field=field,
        label=label,
        label_en=label_en,
        aliases=tuple(aliases),
        parse=parse,
        expected=Message(expected or N_("{label}"), filling),
        **rest,
    )


def line(*names: str, parse: Callable[[str], object] = clean_name, **rest: Any) -> Column:
    """Return the column of a text on one line: a name, if `parse` says nothing else."""
    return column(names, lambda text, _: parse(text), **{"kind": CellKind.LINE, **rest})


def lines(*names: str, parse: Callable[[str], object], **rest: Any) -> Column:
    """Return the column of what is written over several lines."""
    return line(*names, parse=parse, kind=CellKind.LINES, **rest)


def words(*names: str, **rest: Any) -> Column:
    """Return the column of a text that may run over several lines."""
    return lines(*names, parse=cells.clean_text, **rest)


def texts(*names: str) -> Column:
    """Return the column of a list of short texts."""
    return lines(
        *names,
        parse=lambda text: tuple(cells.parse_list(text)),
        format=cells.format_list,
        expected=N_("用顿号分开的{label}"),
    )


def day(*names: str, kind: CellKind = CellKind.DAY, required: bool = False) -> Column:
    """Return the column of a day, kept as yyyy-mm-dd."""
    return line(
        *names,
        parse=lambda text: cells.parse_day(text).isoformat(),
        kind=kind,
        expected=N_("日期，如 2026-10-07"),
        required=required,
    )


def whole(*names: str, least: int, most: int, **rest: Any) -> Column:
    """Return the column of a whole number."""
    values = {"least": least, "most": most}
    rest = {"expected": N_("{least} 至 {most} 的整数"), **rest}
    return line(*names, parse=cells.parse_whole(least, most), values=values, **rest)


def degrees(*names: str, limit: int) -> Column:
    """Return the column of WGS 84 degrees from -`limit` to `limit`."""
    return line(
        *names,
        parse=cells.parse_degrees(limit),
        format=cells.format_degrees,
        kind=CellKind.DEGREES,
        expected=N_("-{limit} 至 {limit} 之间的度数，如 35.4210"),
        values={"limit": limit},
    )


def choice(
    *names: str,
    members: Mapping[E, tuple[str, ...]],
    parse: Callable[[str], E] | None = None,
    **rest: Any,
) -> Column:
    """Return the column of a closed list: each member's words, the one to write first."""
    parse_member, format_member = cells.choice(members)
    choices = [(words[0], member.value) for member, words in members.items()]
    return line(
        *names,
        parse=parse or parse_member,
        format=format_member,
        kind=CellKind.CHOICE,
        choices=tuple((word, value.replace("-", " ").replace("_", " ")) for word, value in choices),
        **rest,
    )


def yes_no(*names: str) -> Column:
    """Return the column of what is so or not."""
    return line(
        *names,
        parse=cells.parse_yes,
        format=cells.format_yes,
        kind=CellKind.CHOICE,
        choices=((cells.format_yes(True), "yes"), (cells.format_yes(False), "no")),
        expected=N_("是或否"),
    )


def reference(noun: str, *names: str, expected: str = "", required: bool = False) -> Column:
    """Return the column of one record of the register of `noun`, by id or name."""
    return column(
        names,
        lambda text, resolve: resolve(noun, text),
        kind=CellKind.REFERENCE,
        refers_to=noun,
        expected=expected or _NAMED[noun],
        required=required,
    )


def references(noun: str, *names: str, expected: str = N_("用顿号分开的{named}")) -> Column:
    """Return the column of several records of the register of `noun`, each once, in order."""

    def parse(text: str, resolve: Resolver) -> tuple[str, ...]:
        return tuple(dict.fromkeys(resolve(noun, part) for part in cells.parse_list(text)))

    return column(
        names,
        parse,
        format=cells.format_list,
        kind=CellKind.REFERENCES,
        refers_to=noun,
        expected=expected,
        values={"named": Message(_NAMED[noun])},
    )


def identity(*aliases: str) -> Column:
    """Return the column of a record's id; a row without one is given an id by its content."""
    expected = N_("小写字母、数字和连字符组成的编号，不超过 64 个字符")
    return line("id", "编号", "Id", *aliases, parse=cells.parse_id, expected=expected)


def name(*aliases: str, **rest: Any) -> Column:
    """Return the column of a record's name, which every record has."""
    return line("name", "名称", "Name", *aliases, required=True, **rest)


def kind(*aliases: str, **rest: Any) -> Column:
    """Return the column of what kind a record is of, a closed list."""
    return choice("kind", "类别", "Kind", *aliases, **rest)


def kind_by_name(
    signs: Iterable[tuple[str, StrEnum]], otherwise: StrEnum | None = None, *, at_end: bool = False
) -> Callable[[dict[str, Any], Resolver], None]:
    """Return what reads a record's kind off its name, where the row doesn't give it.

    The first of the `signs` that stands in the name, or `at_end` of it, says the kind.
    """

    def complete(values: dict[str, Any], resolve: Resolver) -> None:
        name: str = values["name"]
        stands = str.endswith if at_end else str.__contains__
        kinds = (kind for sign, kind in signs if stands(name, sign))
        kind = values.get("kind") or next(kinds, otherwise)
        if kind is not None:
            values["kind"] = kind

    return complete


def only(identity: str) -> Column:
    """Return the column of the id that a register's only record has."""
    return line("id", "编号", "Id", parse=cells.parse_id, expected=identity)


def phone(*names: str) -> Column:
    """Return the column of a telephone number."""
    return line(*names, parse=cells.parse_phone, expected=N_("电话号码（数字，单元格设为文本）"))


def address(*aliases: str) -> Column:
    """Return the column of a record's address."""
    return words("address", "地址", "Address", *aliases, expected=N_("地址"))


def english_name(*aliases: str) -> Column:
    """Return the column of a record's English name."""
    headers = ("英文名称", "name in English", *aliases)
    return line("name_en", "英文名", "English name", *headers, expected=N_("英文名"))


def picture() -> Column:
    """Return the column of a record's public picture, named by the hash of its bytes."""
    return line(
        *(PICTURE_FIELD, "照片", "Photo", "相片", "图片", "picture"),
        parse=cells.parse_picture,
        kind=CellKind.PICTURE,
        expected=N_("照片的 SHA-256（64 位十六进制），在工作台上传照片时自动填入"),
    )
