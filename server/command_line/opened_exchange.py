"""What `bundle` and `sync` work with: a data folder's exchange, opened for one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.command_line.folders import keys_of, settings_for
from server.data_folder import clock_of, hub_clock_of, open_log
from server.exchange.node_exchange import NodeExchange
from server.exchange.visibility import MattersVisibility
from server.photos.attachments import Attachments
from sync.rounds.downlink import Downlink


@contextmanager
def exchange_of(data: Path) -> Iterator[NodeExchange]:
    """Yield what a data folder exchanges; it may be served by another process meanwhile."""
    settings = settings_for(data)
    folder = settings.data.absolute()
    keys = keys_of(settings)
    queue = Downlink(MattersVisibility())
    clock = clock_of(settings)
    hub_clock = hub_clock_of(settings)
    log = open_log(folder, keys, clock=clock or hub_clock, role=settings.role, queue=queue)
    attachments = Attachments(
        folder,
        sealer=keys.sealer if keys.of_station else None,
        goes_up=settings.role == "station",
    )
    try:
        yield NodeExchange(
            log, keys, settings, queue, attachments, clock=clock, hub_clock=hub_clock
        )
    finally:
        attachments.writer.stop()
        log.stop()
