"""The registers as a table, and as YAML again."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from eventlog.log import Log
from server.county.county_registers import ALL, read_all
from server.tables.tables import write_table
from stations.registers import record_id, record_to_row
from stations.roster_files import roster_text, write_roster


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
        len(write_roster(list(registers.of(register).values()), folder / register.plural))
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
