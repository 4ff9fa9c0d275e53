"""One roster file: its YAML into a record, with the line of every mistake.

Scalars are taken as they are written, so that an area code or a phone number without quotes
keeps its zeros. Nothing in a file can name a Python type, and aliases are refused, so a file
can neither run anything nor grow.
"""

import types
import typing
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from acts.refusals import N_, FieldProblem
from stations.cells import CellError
from stations.registers import BAD_CELL, Register, ids_only

_TAG = "tag:yaml.org,2002:"
_SCALARS = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp"))
# A roster file needs four; a hostile one could overflow the parser's stack.
_MAX_DEPTH = 20
# libyaml's loader where PyYAML was built with it: ten times as fast, with the same marks.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_NO_SUCH_FIELD = N_("没有这一项；可用的有：{known}")
# What is wrong where a value of a type is not of one of its tags.
_NUMBERS = {
    int: (N_("“{text}”应是整数"), {"int"}),
    float: (N_("“{text}”应是数字"), {"int", "float"}),
    bool: (N_("“{text}”应是 true 或 false"), {"bool"}),
}


class FileProblem(NamedTuple):
    """One mistake in a roster file. `line` counts from 1; its field is "" for the whole file."""

    file: str
    line: int
    problem: FieldProblem


class _WrongValueError(Exception):
    """Raised inside a reader once the problem has been reported."""


class RosterFile:
    """One file being read; `problems` are what has been found wrong with it so far."""

    def __init__(self, register: Register[Any], path: Path) -> None:
        self.register = register
        self.path = path
        self.problems: list[FileProblem] = []

    def report(self, line: int, field: str, message: str, **values: Any) -> None:
        problem = FieldProblem(field, BAD_CELL, message, values)
        self.problems.append(FileProblem(self.path.name, line, problem))

    def read(self) -> Any | None:
        """Return the record, or None where the file has a problem."""
        root = self._compose()
        if root is None:
            return None
        values: dict[str, Any] = {"id": self.path.stem}
        lines = {"": 1, "id": 1}
        infos = {info.name: info for info in msgspec.structs.fields(self.register.record)}
        for name, line, node in self._entries(root, ""):
            if name not in infos:
                self.report(line, name, _NO_SUCH_FIELD, known="、".join(infos))
                continue
            lines[name] = line
            try:
                value = self._value(node, infos[name].type, name)
            except _WrongValueError:
                continue
            if name == "id" and value != self.path.stem:
                wrong = N_("编号由文件名定，应为 {id}，或删去这一行")
                self.report(line, name, wrong, id=self.path.stem)
            elif value is not None:
                values[name] = value
        reported = {mistake.problem.field for mistake in self.problems}
        for name, info in infos.items():
            if info.required and name not in values and name not in reported:
                column = self.register.column(name)
                if name in lines and not column.required:
                    values[name] = ""
                    continue
                self.report(
                    lines.get(name, 1),
                    name,
                    N_("缺少“{label}”这一项：应填{expected}"),
                    label=column.label,
                    label_en=column.label_en,
                    expected=column.expected,
                )
        self._check_cells(values, lines)
        if self.problems:
            return None
        record = self.register.record(**values)
        if self.register.check is not None:
            for problem in self.register.check(record):
                self._add(problem, lines)
        return None if self.problems else record

    def _compose(self) -> yaml.MappingNode | None:
        """Return the file's top node, a mapping, or None once its problem is reported."""
        try:
            text = self.path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            self.report(line, "", N_("文件不是 UTF-8 编码，请另存为 UTF-8"))
            return None
        except OSError as error:
            self.report(0, "", N_("文件读不出来（{why}）"), why=error.strerror)
            return None
        for number, line_text in enumerate(text.split("\n"), 1):
            indent = line_text[: len(line_text) - len(line_text.lstrip())]
            if "\t" in indent and line_text.strip():
                self.report(number, "", N_("行首用了制表符（Tab），请改用空格"))
        if self.problems:
            return None
        try:
            depth = 0
            for event in yaml.parse(text, Loader=_Loader):
                depth += isinstance(event, yaml.CollectionStartEvent)
                depth -= isinstance(event, yaml.CollectionEndEvent)
                if depth > _MAX_DEPTH and event.start_mark is not None:
                    line = event.start_mark.line + 1
                    self.report(line, "", N_("嵌套层数太多"))
                    return None
                if isinstance(event, yaml.AliasEvent) and event.start_mark is not None:
                    line = event.start_mark.line + 1
                    self.report(line, "", N_("不支持引用（*名字），请把内容写全"))
            if self.problems:
                return None
            root = yaml.compose(text, Loader=_Loader)
        except yaml.YAMLError as error:
            marks = [getattr(error, name, None) for name in ("problem_mark", "context_mark")]
            line = next((mark.line + 1 for mark in marks if mark is not None), 1)
            why = getattr(error, "problem", None) or getattr(error, "reason", None) or "?"
            wrong = N_("YAML 写法有误，请看这一行的冒号、引号和缩进（{why}）")
            self.report(line, "", wrong, why=why)
            return None
        if root is None:
            self.report(1, "", N_("文件是空的"))
            return None
        if not isinstance(root, yaml.MappingNode) or root.tag != _TAG + "map":
            self.report(root.start_mark.line + 1, "", N_("应是“项目: 内容”的样子，每行一项"))
            return None
        return root

    def _entries(
        self, mapping: yaml.MappingNode, field: str
    ) -> Iterator[tuple[str, int, yaml.Node]]:
        """Return name, line and value of a mapping's keys, reporting those that stand twice."""
        seen: dict[str, int] = {}
        for key, value in mapping.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self.report(line, field, N_("项目名应是一个词"))
            elif key.value in seen:
                path = f"{field}.{key.value}" if field else key.value
                wrong = N_("这一项写了两遍（第一遍在第 {first} 行）")
                self.report(line, path, wrong, first=seen[key.value])
            else:
                seen[key.value] = line
                yield key.value, line, value

    def _value(self, node: yaml.Node, wanted: Any, field: str) -> Any:
        """Return the node's value as the type `wanted`; None for a field left empty.

        Raises `_WrongValueError` once its problems are reported.
        """
        origin = typing.get_origin(wanted)
        if origin in (typing.Union, types.UnionType):
            wanted = next(kind for kind in typing.get_args(wanted) if kind is not type(None))
            return self._value(node, wanted, field)
        if isinstance(node, yaml.ScalarNode) and node.tag == _TAG + "null":
            return None
        if origin is tuple:
            return self._list(node, typing.get_args(wanted)[0], field)
        if origin is dict:
            return self._labels(node, field)
        if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
            return self._struct(node, wanted, field)
        if not isinstance(node, yaml.ScalarNode) or node.tag not in _SCALARS:
            self._wrong(node, field, N_("应是一个值，不是列表或其他"))
        text = node.value.strip()
        if isinstance(wanted, type) and issubclass(wanted, Enum):
            choices = [member.value for member in wanted]
            if text not in choices:
                wrong = N_("“{text}”不在可选之列：{listed}")
                self._wrong(node, field, wrong, text=text, listed="、".join(choices))
            return wanted(text)
        if wanted is str:
            return node.value
        message, tags = _NUMBERS[wanted]
        if node.tag.removeprefix(_TAG) not in tags:
            self._wrong(node, field, message, text=text)
        try:
            return wanted(yaml.safe_load(text))
        except (ValueError, OverflowError):
            self._wrong(node, field, message, text=text)

    def _list(self, node: yaml.Node, wanted: Any, field: str) -> tuple[Any, ...]:
        if not isinstance(node, yaml.SequenceNode):
            self._wrong(node, field, N_("应是列表，每行以“- ”开头"))
        items, wrong = [], False
        for index, item in enumerate(node.value):
            try:
                value = self._value(item, wanted, f"{field}[{index}]")
                if value is None:
                    self._wrong(item, f"{field}[{index}]", N_("这一行是空的"))
                items.append(value)
            except _WrongValueError:
                wrong = True
        if wrong:
            raise _WrongValueError
        return tuple(items)

    def _labels(self, node: yaml.Node, field: str) -> dict[str, str]:
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, field, N_("应是“名: 内容”的样子"))
        return {
            name: self._value(value, str, f"{field}.{name}") or ""
            for name, _, value in self._entries(node, field)
        }

    def _struct(self, node: yaml.Node, wanted: type[msgspec.Struct], field: str) -> msgspec.Struct:
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, field, N_("应是“项目: 内容”的样子"))
        infos = {info.name: info for info in msgspec.structs.fields(wanted)}
        before = len(self.problems)
        values: dict[str, Any] = {}
        for name, line, value in self._entries(node, field):
            path = f"{field}.{name}"
            if name not in infos:
                self.report(line, path, _NO_SUCH_FIELD, known="、".join(infos))
                continue
            try:
                read = self._value(value, infos[name].type, path)
            except _WrongValueError:
                continue
            if read is not None:
                values[name] = read
        for name, info in infos.items():
            if info.required and name not in values and len(self.problems) == before:
                self._wrong(node, f"{field}.{name}", N_("缺少这一项"))
        if len(self.problems) > before:
            raise _WrongValueError
        return wanted(**values)

    def _wrong(self, node: yaml.Node, field: str, message: str, **values: Any) -> typing.NoReturn:
        self.report(node.start_mark.line + 1, field, message, **values)
        raise _WrongValueError

    def _check_cells(self, values: dict[str, Any], lines: dict[str, int]) -> None:
        """Hold every value to the rule of its column, as if it stood in a table's cell."""
        infos = msgspec.structs.fields(self.register.record)
        texts = {info.name for info in infos if info.type is str}
        for column in self.register.columns:
            if column.field not in values:
                continue
            text = column.format(values[column.field])
            if not text.strip():
                if column.required:
                    self._add(column.problem(""), lines)
                # What is blank is as good as left out.
                if values.pop(column.field) is not None and column.field in texts:
                    values[column.field] = ""
                continue
            try:
                values[column.field] = column.parse(text, ids_only)
            except CellError as error:
                self._add(column.problem(text, error), lines)

    def _add(self, problem: FieldProblem, lines: dict[str, int]) -> None:
        self.problems.append(FileProblem(self.path.name, lines.get(problem.field, 1), problem))
