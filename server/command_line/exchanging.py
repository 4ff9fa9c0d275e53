"""`huiyin nodes` and `huiyin sync`: which machines belong together, and carrying what waits."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from eventlog.files import write_atomically
from eventlog.log import FILE_NAME
from server.command_line.folders import data_option, keys_of, opened, settings_for
from server.command_line.opened_exchange import exchange_of
from server.county import county_registers
from server.exchange import joining
from server.exchange.exchange_wiring import order_to_move
from server.exchange.joining import CannotInvite, CannotJoin
from server.web.languages import in_both
from server.web.wording import INVITING_FAILURES, SYNC_FAILURES
from sync.nodes import nodes
from sync.rounds.courier import Courier, Delivery

SHOWN_EVERY_S = 0.5


@click.group("nodes")
def nodes_group() -> None:
    """The machines that exchange with this one: stations below a hub, and the hub above."""


@nodes_group.command("enrol")
@click.argument("name")
@click.option("--station", default="", metavar="ID", help="the station whose laptop it is")
@click.option(
    "--file",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="write the invitation to a file, for a station that never has a network",
)
@data_option
def enrol(data: Path, name: str, station: str, file: Path | None) -> None:
    """At the hub: let a node join, and print the code for it; it serves once, for a week.

    Example: huiyin nodes enrol 石瓮站 --station shiweng
    """
    settings = settings_for(data)
    if settings.role == "station":
        raise click.ClickException("在县里的服务器上运行 / run this at the hub")
    keys = keys_of(settings)
    with opened(data) as log:
        with log.reading() as connection:
            registers = county_registers.read_all(connection)
        try:
            invitation = joining.invite(
                log,
                keys,
                name,
                station,
                stations=registers.stations,
                hub_name=registers.county.name,
                url=settings.base_url,
            )
        except CannotInvite as error:
            words = INVITING_FAILURES[error.code]
            raise click.ClickException(f"{name}: {in_both(words)}") from error
    if file is not None:
        write_atomically(file, joining.file_of(invitation), mode=0o600)
        click.echo(str(file))
        return
    click.echo(joining.spoken_code(invitation))


@nodes_group.command("join")
@click.argument("place")
@click.argument("code", required=False)
@data_option
def join(data: Path, place: str, code: str | None) -> None:
    """At the station: belong to a hub, by its address and code, or by a file from it.

    Example: huiyin nodes join https://hub.example.org/ 7K3M-92QX-…
    """
    fresh = not (data / FILE_NAME).exists()
    settings = settings_for(data, role="station" if fresh else None)
    keys = keys_of(settings)
    try:
        invitation = (
            joining.ask_hub(place, code)
            if code is not None
            else joining.read_invitation(Path(place).read_bytes())
        )
    except OSError as error:
        raise click.ClickException(f"{place}: {error.strerror}") from error
    except CannotJoin as error:
        raise click.ClickException(f"{_why(error.code)} ({error})") from error
    with opened(data) as log:
        joining.join(log, keys, settings.role, invitation)
    click.echo(f"{invitation.hub.name} · {invitation.url or '(U盘 by stick)'}")


@nodes_group.command("revoke")
@click.argument("name")
@data_option
def revoke(data: Path, name: str) -> None:
    """At the hub: shut a node out, for instance one that was stolen.

    What it signed before waits for a decision; what it sends from now on is refused.

    Example: huiyin nodes revoke 石瓮站
    """
    with opened(data) as log:
        try:
            joining.revoke(log, name)
        except nodes.NoSuchNode as error:
            raise click.ClickException(f"{name}: 没有这台机器 / no such node") from error
    click.echo(name)


@nodes_group.command("move")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
def move(data: Path, name: str, file: Path) -> None:
    """At the hub: send a node on to another hub, by the invitation file that one wrote.

    The node goes there by itself when it is heard next, and what it wrote stays readable.

    Example: huiyin nodes move 石瓮站 invitation-from-the-new-county.json
    """
    keys = keys_of(settings_for(data))
    try:
        invitation = joining.read_invitation(file.read_bytes())
    except CannotJoin as error:
        raise click.ClickException(f"{_why(error.code)} ({error})") from error
    if not invitation.url:
        raise click.ClickException(
            f"{file}: 里面没有新县的网址 / it does not say the other hub's address"
        )
    with opened(data) as log:
        with log.reading() as connection:
            peer = nodes.by_name(connection, name)
        if peer is None or peer.state != "enrolled":
            raise click.ClickException(f"{name}: 没有这台机器 / no such node")
        order = order_to_move(keys, peer, invitation)
        log.write(lambda transaction: nodes.move(transaction.connection, peer.node, order))
    click.echo(f"{name} → {invitation.hub.name} · {invitation.url}")


@nodes_group.command("list")
@click.option("--json", "as_json", is_flag=True)
@data_option
def list_nodes(data: Path, as_json: bool) -> None:
    """At the hub: the nodes, whose they are, and when each was heard last."""
    with opened(data) as log, log.reading() as connection:
        peers = nodes.all_peers(connection)
    rows = [
        {
            "name": peer.name,
            "station": peer.station,
            "state": peer.state,
            "heard_at": peer.heard_at,
            "release": peer.release,
        }
        for peer in peers
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
    for row in rows if not as_json else ():
        click.echo("  ".join(str(value or "-") for value in row.values()))


@click.group("sync")
def sync_group() -> None:
    """Carrying what waits to the hub above, and bringing back what is new."""


@sync_group.command("now")
@click.option("--json", "as_json", is_flag=True, help="what came of it, as one JSON object")
@data_option
def sync_now(data: Path, as_json: bool) -> None:
    """Make rounds until nothing waits; ends with 0 only where all went through.

    Example: huiyin sync now --data /srv/station
    """
    with exchange_of(data) as exchange, _watched(exchange.courier):
        delivery = exchange.courier.deliver()
    if as_json:
        click.echo(json.dumps(asdict(delivery), ensure_ascii=False))
    else:
        _tell(delivery)
    if not delivery.ok:
        raise SystemExit(1)


@contextmanager
def _watched(courier: Courier) -> Iterator[None]:
    """Show on a terminal how far a delivery is, in one line that is written over."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()

    def show() -> None:
        while not done.wait(SHOWN_EVERY_S):
            now = courier.under_way or Delivery()
            click.echo(
                f"\r\033[K已送 {now.sent} 件,还剩 {now.waiting};收到 {now.received} / "
                f"sent {now.sent}, left {now.waiting}, received {now.received} · "
                f"↑ {now.bytes_up // 1000} kB ↓ {now.bytes_down // 1000} kB",
                err=True,
                nl=False,
            )
        click.echo("\r\033[K", err=True, nl=False)

    watcher = threading.Thread(target=show, name="progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _why(code: str) -> str:
    """Return in both languages why nothing went, and what to do."""
    words = SYNC_FAILURES.get(code, code)
    return in_both(words)


def _tell(delivery: Delivery) -> None:
    if delivery.ok:
        click.echo(
            f"送出 {delivery.sent} 件,收到 {delivery.received} 件,{delivery.rounds} 个来回 / "
            f"sent {delivery.sent}, received {delivery.received} in {delivery.rounds} rounds"
        )
    else:
        click.echo(_why(delivery.failure), err=True)
        if delivery.detail:
            click.echo(f"  {delivery.detail}", err=True)
    click.echo(
        f"等着送 {delivery.waiting} · 已到县里 {delivery.held} · 已存妥 {delivery.durable} / "
        f"waiting {delivery.waiting}, at the hub {delivery.held}, durable {delivery.durable}"
    )
    for event, code in delivery.refused:
        click.echo(f"县里另放着 put aside by the hub: {event} ({code})", err=True)
    sys.stdout.flush()
