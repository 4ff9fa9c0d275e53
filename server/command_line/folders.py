"""What the commands share: the --data option, a data folder opened for one job, progress."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from eventlog.keys import Keys
from eventlog.log import Log
from server.data_folder import REFUSALS, clock_of, hub_clock_of, open_log, prepare_folder
from server.folder.settings import Settings, SettingsError, load_settings

Command = TypeVar("Command", bound=Callable[..., Any])

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var"),
    envvar="HUIYIN_DATA",
    show_default=True,
    help="the data folder",
)


def settings_for(data: Path, **flags: Any) -> Settings:
    """Return the settings of a data folder; a wrong one ends the command and names itself."""
    try:
        return load_settings(data, **flags)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def keys_of(settings: Settings) -> Keys:
    """Return the keys of a data folder, made where no node ran in it yet.

    Where they are missing or can't be this node's the command ends, and nothing was changed.
    """
    try:
        return prepare_folder(settings)
    except REFUSALS as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def progress_of(label: str) -> Iterator[Callable[[int, int], None]]:
    """Yield what shows on a terminal how much of how much is done, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def show(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        yield show


def tell_aside(files: Iterable[Path]) -> None:
    """Say what the files are called now whose place others took."""
    for path in files:
        click.echo(f"原来的放在 what was there before is now {path}", err=True)


@contextmanager
def opened(data: Path) -> Iterator[Log]:
    """Yield the log of a data folder, which may be served by another process meanwhile."""
    settings = settings_for(data)
    log = open_log(
        data.absolute(),
        keys_of(settings),
        clock=clock_of(settings) or hub_clock_of(settings),
        role=settings.role,
    )
    try:
        yield log
    finally:
        log.stop()
