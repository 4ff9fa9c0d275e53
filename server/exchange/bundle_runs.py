"""Writing and reading a bundle on this node, for the console and the command line alike."""

from collections.abc import Callable
from pathlib import Path
from typing import IO

from server.exchange.node_exchange import NodeExchange
from server.site.site_by_stick import packing
from server.site.site_offer import SiteOffer
from sync.rounds.envelope import node_id
from sync.rounds.round import NotJoined, Refused
from sync.rounds.wire import Malformed
from sync.sticks import bundle_file, carried, received_bundles
from sync.sticks.bundle_file import BadBundle, BundleKind
from sync.sticks.carried import Returned
from sync.sticks.received_bundles import Answered, BroughtIn, NothingToAnswer, SeveralNodes

SUFFIX = ".huiyin"
# What makes a bundle fail in a way that a person can be told of; each has a code.
FAILURES = (BadBundle, NotJoined, NothingToAnswer, SeveralNodes, Refused, Malformed)


def write_return(
    exchange: NodeExchange,
    target: Path | IO[bytes],
    *,
    name: str = "",
    durable: Callable[[int], bool],
    offer: SiteOffer,
    progress: Callable[[int], None] = lambda size_bytes: None,
) -> Answered:
    """Write the answers to a node's bundles, and what its copy of the site lacks.

    It need be named where several wait for theirs. Raises NothingToAnswer, SeveralNodes, OSError.
    """
    if exchange.reception is None:
        raise NothingToAnswer
    with exchange.log.reading() as connection:
        peer = received_bundles.node_to_answer(connection, name)
    return received_bundles.write_return(
        exchange.log,
        exchange.keys,
        exchange.reception,
        peer,
        target,
        durable=durable,
        site=packing(offer),
        progress=progress,
    )


def read(
    exchange: NodeExchange,
    source: IO[bytes],
    *,
    take_site: Callable[[IO[bytes], bytes], object],
    progress: Callable[[int, int], None] = lambda done, all: None,
) -> BroughtIn | Returned:
    """Take in a bundle, whichever way it goes, and return what came of it.

    `take_site` is given what changed on the site, where the bundle brings that, and the hub's
    signing key. Raises those of FAILURES, OSError.
    """
    log, keys = exchange.log, exchange.keys
    try:
        with bundle_file.opened(
            source, log.folder, age_private=keys.age_private, own=node_id(keys.verify_key)
        ) as bundle:
            if bundle.head.kind == BundleKind.UP and exchange.reception is not None:
                return received_bundles.take_up(log, exchange.reception, bundle, progress=progress)
            returned = carried.take_return(
                log, exchange.inquirer, bundle, after=exchange.took_place, progress=progress
            )
            if bundle.has_payload:
                take_site(bundle.payload(), exchange.hub_key())
            return returned
    except BadBundle as error:
        received_bundles.note_rejected(log, error)
        raise
