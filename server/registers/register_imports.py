"""Importing registers: a spreadsheet's rows, or a folder of YAML, as records of one register."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from eventlog.log import Log
from eventlog.transaction import Transaction
from matters.actors import SYSTEM
from server.county.county_registers import read_all
from server.tables.import_outcome import BATCH, Outcome, Progress, Refused, no_progress
from server.tables.tables import cell_text, read_table
from stations.register_log import set_record
from stations.register_rows import records_from_rows
from stations.registers import Register, check_references, match_headers
from stations.roster_files import RosterError, read_roster
from stations.roster_reader import FileProblem


def import_register(
    log: Log,
    register: Register[Any],
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    dry_run: bool = False,
    progress: Progress = no_progress,
    by: str = SYSTEM.signature,
) -> Outcome:
    """Take a file of a register's records, and return what became of its rows.

    `by` is the author of the changes. Raises TableError.
    """
    table = read_table(path)
    with log.reading() as connection:
        registers = read_all(connection).registers
    rows = [
        (number, {header: cell_text(value) for header, value in row.items()})
        for number, row in table.rows
    ]
    outcome = Outcome(
        read=len(rows), ignored_headers=match_headers(register, table.headers, mapping).unknown
    )
    read = records_from_rows(register, rows, registers, mapping=mapping)
    outcome.refusals = [
        Refused(number, problem) for number, problems in read.refused for problem in problems
    ]
    outcome.repeats = list(read.repeats)
    # A row that says a record once more was taken with the first.
    outcome.known += len(read.repeats)
    records = [record for _, record in read.records]
    for start in range(0, len(records), BATCH):
        part = records[start : start + BATCH]
        if dry_run:
            outcome.taken += len(part)
        else:
            changed = log.write(partial(_set, register, part, by))
            outcome.taken += changed.result
            outcome.known += len(part) - changed.result
        progress(start + len(part), len(records))
    return outcome


def import_roster(
    log: Log, register: Register[Any], folder: Path, *, dry_run: bool = False
) -> Outcome:
    """Take a folder of YAML files, one record each, all of them or none.

    Raises RosterError with every mistake: file, line, field and what is expected.
    """
    records = read_roster(register, folder)
    identities = {record.id for record in records}
    with log.reading() as connection:
        registers = read_all(connection).registers.with_records(register, records)
    dangling = [
        FileProblem(f"{identity}.yaml", 0, problem)
        for _, identity, problem in check_references(registers, [register])
        if identity in identities
    ]
    if dangling:
        raise RosterError(dangling)
    outcome = Outcome(read=len(records))
    if dry_run:
        outcome.taken = len(records)
        return outcome
    outcome.taken = log.write(partial(_set, register, records, SYSTEM.signature)).result
    outcome.known = len(records) - outcome.taken
    return outcome


def _set(register: Register[Any], records: list[Any], by: str, transaction: Transaction) -> int:
    return sum(set_record(transaction, register.noun, record, by=by) for record in records)
