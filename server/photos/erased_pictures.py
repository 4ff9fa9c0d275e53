"""Pictures of matters whose words were erased: taken out of the second database.

The erasure is committed in the first; whatever comes between, or a copy that brings the pictures
back, the next start finds by the record of erasures. A hub takes none of them again from below, and
a station, which hears of an erasure by its event, takes out its own.
"""

from collections.abc import Sequence
from pathlib import Path

from eventlog import erasures
from eventlog.log import Log
from matters import store
from matters.erasing import pictures
from matters.matter import Matter
from server.folder.safe_writes import SafeWriter
from server.photos.attachments import Attachments, forget_photos


def forget_pictures(log: Log, writes: SafeWriter, matters: Sequence[Matter]) -> None:
    """Take out the pictures that only these matters named, whose words were erased."""
    hashes = _to_forget(log, matters)
    if hashes:
        writes.commit(lambda transaction: forget_photos(transaction, hashes))


def forget_again(log: Log, attachments: Attachments, folder: Path) -> int:
    """Take out what matters had that are on record as erased; return how many were still there.

    Called before the node serves.
    """
    # The text that a matter began with goes with all its other words, and with its pictures.
    gone = {bytes.fromhex(one.event) for one in erasures.recorded(folder) if one.field == "text"}
    with log.reading() as connection:
        began = {store.begun_by(connection, event) for event in gone}
        matters = [one for key in sorted(began) if (one := store.by_id(connection, key))]
    hashes = _to_forget(log, matters)
    return forget_at_once(attachments, hashes)


def forget_at_once(attachments: Attachments, hashes: Sequence[str]) -> int:
    """Take out pictures that an erasure which came from elsewhere means; return how many were here.

    Called once the erasure itself is committed. Blocks.
    """
    if not hashes:
        return 0
    done = attachments.writer.submit(lambda transaction: forget_photos(transaction, hashes))
    return done.result().result


def _to_forget(log: Log, matters: Sequence[Matter]) -> list[str]:
    with log.reading() as connection:
        return pictures.no_longer_named(connection, matters, [one.id for one in matters])
