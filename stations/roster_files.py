"""Roster files: a folder with one YAML file a record, read with every mistake told by its line.

A file's name is its record's id; how one file is read stands in `roster_reader`.
"""

import csv
import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from acts.refusals import N_, FieldProblem
from eventlog.files import write_atomically
from stations.register_rows import records_from_rows
from stations.registers import Register, Registers, record_id
from stations.roster_reader import FileProblem, RosterFile

R = TypeVar("R", bound=msgspec.Struct)

_TAG = "tag:yaml.org,2002:"


class RosterError(ValueError):
    """Roster files that can't be read. `problems` are all mistakes of all files, in order."""

    code = "bad-roster"
    status = 422

    def __init__(self, problems: list[FileProblem]) -> None:
        self.problems = tuple(sorted(problems, key=_place_of))
        super().__init__("\n".join(f"{p.file}:{p.line} {p.problem.field}" for p in self.problems))


def read_roster(register: Register[R], folder: Path) -> list[R]:
    """Return the records of the *.yaml and *.yml files in `folder`, by id.

    Hidden files and files of other kinds are left alone. References are checked for their
    form only; `check_references` says whether they point at anything.

    Raises `RosterError` with every mistake of every file.
    """
    if not folder.is_dir():
        lost = FieldProblem("", "no-folder", N_("没有这个文件夹，请检查路径"))
        raise RosterError([FileProblem(str(folder), 0, lost)])
    problems: list[FileProblem] = []
    records: dict[str, R] = {}
    files = [
        path
        for path in sorted(folder.iterdir())
        if path.suffix in (".yaml", ".yml") and not path.name.startswith(".")
    ]
    for path in files:
        reader = RosterFile(register, path)
        record = reader.read()
        if record is not None and record_id(record) in records:
            reader.report(1, "", N_("已有同名的另一个文件"))
        elif record is not None:
            records[record_id(record)] = record
        problems += reader.problems
    if problems:
        raise RosterError(problems)
    return [records[key] for key in sorted(records)]


def read_table_roster(register: Register[R], path: Path, registers: Registers) -> list[R]:
    """Return the records of a UTF-8 CSV file that seeds a register, in the file's order.

    Raises `RosterError`; for tables from elsewhere there is `server.tables.tables`.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows = [(reader.line_num, {k: v or "" for k, v in row.items() if k}) for row in reader]
    read = records_from_rows(register, rows, registers)
    problems = [
        FileProblem(path.name, number, problem)
        for number, refused in read.refused
        for problem in refused
    ]
    if problems:
        raise RosterError(problems)
    return [record for _, record in read.records]


def write_roster(records: list[R], folder: Path) -> list[Path]:
    """Write one YAML file a record into `folder` and return their paths.

    Block style, Chinese as it is, no aliases, empty fields left out; `read_roster` gives the
    same records back. Files of other records in the folder stay. Each file is written whole
    or not at all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [_write_whole(folder, record_id(record), roster_text(record)) for record in records]


def roster_text(record: msgspec.Struct) -> str:
    """Return the YAML of one record, without its id, for that is the file's name."""
    plain = {
        info.name: msgspec.to_builtins(getattr(record, info.name), str_keys=True)
        for info in msgspec.structs.fields(record)
        if info.name != "id"
        and (info.required or not _goes_without_saying(getattr(record, info.name), info.default))
    }
    return yaml.dump(
        {name: _plain(value) for name, value in plain.items()},
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        default_flow_style=False,
        width=96,
    )


def _place_of(mistake: FileProblem) -> tuple[str, int, str]:
    return mistake.file, mistake.line, mistake.problem.field


def _goes_without_saying(value: object, default: object) -> bool:
    """Return whether a value that is empty, or nought, would come back as it is."""
    empty: tuple[object, ...] = ("", (), {}, None, msgspec.NODEFAULT)
    return (value in empty and default in empty) or (value == default == 0)


class _Dumper(yaml.SafeDumper):
    """Writes lists inset, long texts as blocks, and never an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else '"' if re.fullmatch("[0-9+:.-]+", text) else None
    return dumper.represent_scalar(_TAG + "str", text, style=style)


def _represent_list(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.SequenceNode:
    numbers = bool(items) and all(isinstance(item, int) for item in items)
    return dumper.represent_sequence(_TAG + "seq", items, flow_style=numbers)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(list, _represent_list)


def _plain(value: Any) -> Any:
    """Return lists and dicts all the way down, as the dumper knows no tuples; no empty lists."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item not in ((), [])}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _write_whole(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.yaml"
    write_atomically(path, text.encode())
    return path
