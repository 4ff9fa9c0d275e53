"""`huiyin serve`: a node, until a signal ends it."""

import asyncio
import ctypes
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click
import uvicorn
import uvloop

from acts.shanghai import minute_text
from server.application import make_application
from server.command_line.folders import data_option, settings_for
from server.command_line.last_resort import LastResort, end_now
from server.command_line.tables import mistakes_told
from server.data_folder import REFUSALS
from server.folder.folder_lock import DataFolderInUse
from server.folder.settings import Settings
from server.node import Node
from server.operations.descriptors import raise_limit
from server.registers.sample import seed_sample, sign_ins
from server.web.long_addresses import ShortAddresses
from sync.keeping.replica import ReplicaAddressError

# How many new objects call for a search for circles; Python's 700 takes a tenth of a busy core.
GARBAGE_AFTER = 50_000
# Of glibc's mallopt(3): how many heaps the threads of a process may have, and its number for that.
HEAPS = 2
_M_ARENA_MAX = -8
# A browser that reads slowly is let go after this long when the node ends.
GRACE_S = 1


@click.command()
@data_option
@click.option("--host", help="address to listen on (default 127.0.0.1)")
@click.option("--port", type=int, help="port to listen on (default 8000)")
@click.option("--role", type=click.Choice(["hub", "station"]), help="what this node is")
@click.option("--upstream", metavar="URL", help="address of the hub above, if it has moved")
@click.option(
    "--sync-every",
    metavar="SECONDS|off",
    help="how often to ask the hub above when nothing waits (default 60)",
)
@click.option(
    "--replica", metavar="URL", help="where Litestream replicates to (default DIR-replica)"
)
@click.option("--no-replica", is_flag=True, help="run without a replica; nothing is ever durable")
@click.option(
    "--replica-anew",
    is_flag=True,
    help="begin a new replica; what lies at its place is moved aside, whosoever it is",
)
@click.option("--base-url", metavar="URL", help="the address that people type")
@click.option("--sample", is_flag=True, default=None, help="fill an empty folder with the sample")
def serve(
    data: Path,
    host: str | None,
    port: int | None,
    role: str | None,
    upstream: str | None,
    sync_every: str | None,
    replica: str | None,
    no_replica: bool,
    replica_anew: bool,
    base_url: str | None,
    sample: bool | None,
) -> None:
    """Run a node; an empty data folder is initialised. SIGTERM ends it with nothing lost.

    Example: huiyin serve --data /srv/huiyin --port 8000
    """
    settings = settings_for(
        data,
        host=host,
        port=port,
        role=role,
        upstream=upstream,
        sync_every=sync_every,
        replica="off" if no_replica else replica,
        base_url=base_url,
        sample=sample,
    )
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    logging.getLogger("huiyin").setLevel(logging.INFO)
    logging.getLogger("huiyin.access").setLevel(logging.WARNING)
    raise_limit()
    _share_heaps()
    # Closed also where the folder is another's.
    with _listen(settings) as listener:
        _serve(settings, listener, replica_anew=replica_anew)
    # All is stopped. To take the interpreter apart, an object at a time, may cost a slow machine
    # longer than the stop, and helps nobody.
    end_now()


def _serve(settings: Settings, listener: socket.socket, *, replica_anew: bool) -> None:
    """Run the node until it is told to end."""
    try:
        node = Node(settings, replica_anew=replica_anew)
    except ReplicaAddressError as error:
        raise click.ClickException(f"设置 replica 不对 / wrong setting replica: {error}") from error
    except (DataFolderInUse, *REFUSALS) as error:
        raise click.ClickException(str(error)) from error
    gc.set_threshold(GARBAGE_AFTER)
    try:
        if settings.sample:
            # Its rosters are files that people edit.
            with mistakes_told():
                seed_sample(node.log, node.folder)
        click.echo("正在准备网站 preparing the site …", err=True)
        node.start()
        _greet(settings, node)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(node, listener))
    finally:
        node.stop()


def _share_heaps() -> None:
    """Have the threads share heaps: of one each, as is usual, a part lies idle."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, HEAPS)


def _listen(settings: Settings) -> socket.socket:
    """Bind before anything is opened, so that a taken port changes nothing."""
    listener = socket.socket(
        socket.AF_INET6 if ":" in settings.host else socket.AF_INET, socket.SOCK_STREAM
    )
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise click.ClickException(
            f"{settings.host}:{settings.port}: 端口被占用或不能使用 / "
            f"the port is taken or not allowed ({error.strerror})"
        ) from error
    return listener


def _greet(settings: Settings, node: Node) -> None:
    durability = node.durability()
    click.echo(f"回音 Huiyin · {settings.address}")
    click.echo(f"管理台 console · {settings.address}console/")
    if settings.role == "station" and node.exchange.standing().hub is None:
        click.echo(f"加入县里 join the county · {settings.address}console/sync/join")
    click.echo(f"数据 data · {node.folder}")
    click.echo(f"副本 replica · {settings.replica_label or '无 none'}")
    if durability is not None and durability.report().same_disk:
        counts = settings.same_disk_counts or settings.sample
        click.echo(
            "注意:副本和数据在同一块盘上,"
            + ("仅供试用。" if counts else "不算“有备份”,提交只显示“已存入县级服务器”。")
            + " / The replica is on the data's own disk: "
            + ("for trying out only." if counts else "nothing is called durable."),
            err=True,
        )
    doubt = None if node.hub_clock is None else node.hub_clock.doubt
    if doubt is not None:
        click.echo(
            f"注意:系统时钟显示 {minute_text(doubt.system_ms)},和记得的 "
            f"{minute_text(doubt.expected_ms)} 对不上,弄清以前不催办、不销号、不发通知。/ "
            "The clock is hours off what is expected: until it is right nothing is escalated, "
            "closed or sent.",
            err=True,
        )
    if node.kit_path.exists():
        click.echo(
            f"恢复凭证 recovery kit · {node.kit_path}(请打印、收好,并在管理台确认 / "
            "print it, put it away, confirm in the console)"
        )
    if settings.sample:
        click.echo("试用登录 sample sign-ins:")
        for sign_in in sign_ins(node.folder):
            name, password, role, place = sign_in
            click.echo(f"  {name:<10} {password:<22} {role:<8} {place}".rstrip())
    sys.stdout.flush()


async def _run(node: Node, listener: socket.socket) -> None:
    config = uvicorn.Config(
        make_application(node),
        http=ShortAddresses,
        loop="none",
        lifespan="off",
        access_log=False,
        # Nothing here asks for the visitor's address, so no proxy is to be believed about it.
        proxy_headers=False,
        log_config=None,
        server_header=False,
        # Every answer says it but those to the nodes below, to which it would be 37 bytes more.
        date_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=64 * 1024,
    )
    server = _Server(config)
    server.last_resort, server.let_go = LastResort(), node.replica.let_go
    await server.serve(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn, but SIGTERM is an ordinary end: the process goes on to stop the node."""

    last_resort: LastResort
    let_go: Callable[[], None]

    def handle_exit(self, sig: int, frame: object) -> None:
        """Take note of a signal; a second one does not cut the stop short."""
        self.should_exit = True
        self.last_resort.begin()
        if sig == signal.SIGINT:
            self._captured_signals.clear()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer all who wait; whoever waits for the replica is told how safe it is by now."""
        self.let_go()
        await super().shutdown(sockets)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal, and return as if nothing had happened."""
        await super().serve(sockets)
        self._captured_signals.clear()
