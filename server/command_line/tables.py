"""`huiyin import` and `huiyin export`: spreadsheets, lists and YAML, in and out."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from eventlog.log import Log
from server.command_line.folders import (
    data_option,
    keys_of,
    opened,
    progress_of,
    settings_for,
)
from server.county.county_registers import BY_PLURAL
from server.desks.matters_export import export_matters
from server.entry.history_imports import import_matters
from server.ledger.ledger_export import export_ledger
from server.people.keyring import Keyring
from server.registers.register_imports import import_register, import_roster
from server.registers.registers_export import export_registers, export_rosters
from server.tables.import_outcome import Outcome, rows_of
from server.tables.tables import TableError
from server.web.languages import CHINESE, ENGLISH, in_both, translated
from stations.roster_files import RosterError

_WHAT = (
    *("deputies", "stations", "areas", "units", "categories", "matters"),
    *("bodies", "routes", "templates", "rules", "days", "shifts", "activities", "pages"),
)
_EXPORTS = {
    "matters": export_matters,
    "registers": export_registers,
    "ledger": export_ledger,
}


@click.command("import")
@click.argument("what", type=click.Choice(_WHAT))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map",
    "mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='JSON that says what headers mean: {"来信人": "name"}',
)
@click.option("--dry-run", is_flag=True, help="say what would be taken, and write nothing")
@click.option("--json", "as_json", is_flag=True, help="print the outcome as JSON")
@data_option
def import_(
    data: Path, what: str, file: Path, mapping: Path | None, dry_run: bool, as_json: bool
) -> None:
    """Take in a .csv, .xlsx or .json file, or a folder of YAML; again, it changes nothing.

    Prints how many rows were read, taken and refused, and each refusal with its row, field and
    reason. Old matters (WHAT is matters) wait for the office to approve them as a whole.

    Example: huiyin import matters messages.xlsx
    """
    named = _read_mapping(mapping)
    with opened(data) as log, progress_of(file.name) as progress, mistakes_told():
        if file.is_dir() and what != "matters":
            outcome = import_roster(log, BY_PLURAL[what], file, dry_run=dry_run)
        elif what == "matters":
            outcome = import_matters(log, file, mapping=named, dry_run=dry_run, progress=progress)
        else:
            outcome = import_register(
                log,
                BY_PLURAL[what],
                file,
                mapping=named,
                dry_run=dry_run,
                progress=progress,
            )
    _show(outcome, as_json)


@contextmanager
def mistakes_told() -> Iterator[None]:
    """End the command with every mistake of a table or roster: file, line, field, what is wrong."""
    try:
        yield
    except TableError as error:
        raise click.ClickException(in_both(error.message, **error.values)) from error
    except RosterError as error:
        mistakes = (
            f"  {file}:{line} {problem.field}: {in_both(problem.message, **problem.values)}"
            for file, line, problem in error.problems
        )
        raise click.ClickException(
            "\n".join(("名册有错 mistakes in the roster:", *mistakes))
        ) from error


def _show(outcome: Outcome, as_json: bool) -> None:
    if as_json:
        refusals = [
            {
                "row": row,
                "field": problem.field,
                "reason_zh": translated(CHINESE, problem.message, **problem.values),
                "reason_en": translated(ENGLISH, problem.message, **problem.values),
            }
            for row, problem in outcome.refusals
        ]
        whole = {**asdict(outcome), "refusals": refusals, "refused": outcome.refused}
        click.echo(json.dumps(whole, ensure_ascii=False))
        return
    for line in rows_of(outcome):
        click.echo(line)


def _read_mapping(path: Path | None) -> Mapping[str, str]:
    if path is None:
        return {}
    try:
        value = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{path}: 不是 JSON / not JSON ({error})") from error
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise click.ClickException(
            f'{path}: 要写成 {{"表头": "字段"}} / expected {{"header": "field"}}'
        )
    return value


def _unlock(data: Path, log: Log) -> None:
    """Let the log's readers read a station's sealed texts, or end the command where none can."""
    keys = keys_of(settings_for(data))
    if not keys.of_station:
        return
    if not keys.unsealing:
        raise click.ClickException(
            "联络站的内容上了锁,请在县级服务器上导出 / "
            "a station's texts are locked: export at the hub"
        )
    Keyring(log, keys).admit()


@click.command()
@click.argument("what", type=click.Choice(list(_EXPORTS)))
@click.argument("file", type=click.Path(path_type=Path))
@data_option
def export(data: Path, what: str, file: Path) -> None:
    """Write matters, registers or the ledger to a .csv, .xlsx or .json file.

    Registers go to a folder, too (FILE without an ending): a YAML file for each record, in a
    folder for each register, which import takes again as it is.
    Contact details of villagers are never part of an export.

    Example: huiyin export ledger ledger.xlsx
    """
    with opened(data) as log, mistakes_told():
        if what == "matters":
            _unlock(data, log)
        if what == "registers" and (not file.suffix or file.is_dir()):
            count = export_rosters(log, file)
        else:
            count = _EXPORTS[what](log, file)
    click.echo(f"{file}: {count} 行 rows", err=True)
