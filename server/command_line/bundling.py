"""`huiyin bundle`: what waits goes to the hub on a stick, and the answers come back on one."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from server.command_line.folders import data_option, progress_of
from server.command_line.opened_exchange import exchange_of
from server.exchange import bundle_runs
from server.exchange.bundle_runs import FAILURES
from server.exchange.node_exchange import NodeExchange
from server.site import site_by_stick
from server.web.languages import in_both
from server.web.wording import BUNDLE_FAILURES, SYNC_FAILURES
from sync.keeping.durable_position import durable_position
from sync.sticks import carried
from sync.sticks.carried import Returned, Written
from sync.sticks.received_bundles import Answered, BroughtIn, SeveralNodes

# How long a running server is given to confirm what was just read.
DURABLE_WITHIN_S = 5.0


@click.group("bundle")
def bundle() -> None:
    """Exchange by stick, for a station without a line: one file there, one file back."""


@bundle.command("write")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--node", "name", default="", metavar="NAME", help="at the hub: for which node")
@click.option("--up", is_flag=True, help="at a hub: for the hub above instead")
@data_option
def write(data: Path, file: Path, name: str, up: bool) -> None:
    """At a station: write what waits for the hub. At the hub: write the answers to go back.

    Nothing leaves this machine by it: the same is written again until its answer comes back. It
    works beside a running server.

    Example: huiyin bundle write /media/stick/shiweng.huiyin
    """
    with exchange_of(data) as exchange, _failing(file):
        if exchange.role == "station" or up:
            with _sizes(file.name) as progress:
                written = carried.write_up(
                    exchange.log, exchange.keys, exchange.inquirer, file, progress=progress
                )
            _tell_written(file, written)
        else:
            _answer(exchange, file, name)


@bundle.command("read")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--reply",
    type=click.Path(dir_okay=False, path_type=Path),
    help="at the hub: write the answers to this file at once",
)
@data_option
def read(data: Path, file: Path, reply: Path | None) -> None:
    """Take in a bundle: at the hub what a station wrote, at the station the hub's answers.

    Reading it again changes nothing. It works beside a running server.

    Example: huiyin bundle read /media/stick/shiweng.huiyin --reply /media/stick/back.huiyin
    """
    with exchange_of(data) as exchange:
        with _failing(file), file.open("rb") as source, progress_of(file.name) as progress:
            outcome = bundle_runs.read(
                exchange,
                source,
                take_site=partial(site_by_stick.take_in, exchange.log.folder),
                progress=progress,
            )
        if isinstance(outcome, Returned):
            _tell_returned(outcome)
            return
        _tell_brought(outcome)
        if reply is not None and outcome.node:
            with _failing(reply):
                _answer(exchange, reply, outcome.node)
    if outcome.refused:
        raise SystemExit(1)


def _answer(exchange: NodeExchange, file: Path, name: str) -> None:
    log = exchange.log
    newest = log.newest_position()
    deadline = time.monotonic() + DURABLE_WITHIN_S
    durable = durable_position(log.folder, log.voice.log)
    while -1 < durable < newest and time.monotonic() < deadline:
        time.sleep(0.05)
        durable = durable_position(log.folder, log.voice.log)
    with (
        site_by_stick.offered(log.folder, exchange.keys, log.now_ms) as offer,
        _sizes(file.name) as progress,
    ):
        answered = bundle_runs.write_return(
            exchange,
            file,
            name=name,
            durable=lambda position: position <= durable,
            offer=offer,
            progress=progress,
        )
    _tell_answered(file, answered)


@contextmanager
def _failing(file: Path) -> Iterator[None]:
    """End the command with what went wrong and what to do, in both languages."""
    try:
        yield
    except SeveralNodes as error:
        raise click.ClickException(f"{_words(error.code)} (--node: {error})") from error
    except FAILURES as error:
        raise click.ClickException(f"{file}: {_words(error.code)}") from error
    except OSError as error:
        raise click.ClickException(f"{file}: {_words('no-room')} ({error.strerror})") from error


def _words(code: str) -> str:
    words = BUNDLE_FAILURES.get(code) or SYNC_FAILURES.get(code, code)
    return in_both(words)


@contextmanager
def _sizes(label: str) -> Iterator[Callable[[int], None]]:
    """Yield what shows on a terminal how much was written, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda size_bytes: None
        return
    yield lambda size_bytes: click.echo(f"\r{label} {size_bytes / 1e6:.1f} MB", err=True, nl=False)
    click.echo(err=True)


def _tell_written(file: Path, written: Written) -> None:
    click.echo(f"{file}: {written.size_bytes / 1e6:.1f} MB", err=True)
    click.echo(
        f"写进 written: {written.events} 件 events, {written.parts} 份照片数据 parts of photos"
    )
    if written.more:
        click.echo(
            "照片没有全部装下,下一次再带 / not all photos found room; take the rest next time"
        )
    click.echo("请把U盘带到县里读 / now take the stick to the hub", err=True)


def _tell_answered(file: Path, answered: Answered) -> None:
    click.echo(f"{file}: {answered.size_bytes / 1e6:.1f} MB", err=True)
    click.echo(f"回执 answers: {answered.node} · {answered.answers}")
    if answered.pending:
        click.echo(
            f"其中 {answered.pending} 份还没有进备份,站里下次再问 / "
            f"{answered.pending} not yet in the replica; the station asks again"
        )
    click.echo("请把U盘带回站里读 / now take the stick back to the station", err=True)


def _tell_brought(brought: BroughtIn) -> None:
    click.echo(f"来自 from: {brought.node or '?'}")
    click.echo(f"收下 taken: {brought.fresh}")
    click.echo(f"本来就有 known: {brought.known}")
    click.echo(f"另放着 put aside: {brought.aside}")
    click.echo(f"照片 photos: {brought.photos}")
    for code in dict.fromkeys(brought.refused):
        click.echo(f"没有收 refused: {_words(code)}", err=True)


def _tell_returned(returned: Returned) -> None:
    click.echo(f"收到 received: {returned.received}")
    click.echo(f"已存妥 durable: {returned.durable}")
    click.echo(f"县里另放着 put aside by the hub: {len(returned.refused)}")
    if returned.unknown:
        click.echo(
            f"有 {returned.unknown} 份回执对不上本机写过的包,没有用 / "
            f"{returned.unknown} answers to bundles that this machine never wrote; not used",
            err=True,
        )
