"""Sticks in the console: a bundle is downloaded, another read in; the page says what is next."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import IO, Any
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from acts.shanghai import day_text
from matters.terms import Role
from server.exchange import bundle_runs
from server.exchange.bundle_runs import FAILURES, SUFFIX
from server.exchange.node_pages import refuse_unless
from server.exchange.room import ExchangeRoom
from server.people.doors import UploadVisit, Visit
from server.site import site_by_stick
from server.web.uploads import Upload
from sync.sticks import carried
from sync.sticks.bundle_file import BundleTooLarge
from sync.sticks.carried import Returned
from sync.sticks.received_bundles import BroughtIn, SeveralNodes

CHUNK_BYTES = 256 * 1024


def write(room: ExchangeRoom, visit: Visit) -> Response:
    """Answer `POST /console/bundle`: a bundle made now, as a download.

    At a station what waits for the hub; at a hub the answers for the station `node`, which may be
    left out where only one waits.
    """
    lets_in(room, visit)
    # Nobody else sees it, and it goes when it is closed.
    file: IO[bytes] = tempfile.TemporaryFile(dir=room.log.folder)  # noqa: SIM115  # `_sent` does.
    try:
        station = _write(room, file, visit.fields.text("node"))
    except SeveralNodes as error:
        file.close()
        return _page(visit, stations=list(error.names))
    except (*FAILURES, OSError) as error:
        file.close()
        return _page(visit, failure=getattr(error, "code", "no-room"))
    except BaseException:
        file.close()
        raise
    size = file.seek(0, 2)
    file.seek(0)
    way = "up" if room.is_station else "back"
    plain = f"huiyin-{way}-{day_text(room.log.now_ms())}{SUFFIX}"
    named = plain.replace("huiyin-", f"huiyin-{station}-" if station else "huiyin-")
    return StreamingResponse(
        _sent(file),
        media_type="application/octet-stream",
        headers={
            "Cache-Control": "no-store",
            "Content-Length": str(size),
            "Content-Disposition": f'attachment; filename="{plain}"; '
            f"filename*=UTF-8''{quote(named)}",
        },
    )


def read(room: ExchangeRoom, visit: UploadVisit) -> Response:
    """Answer `POST /console/bundle/read`: what a bundle brought, and what comes next."""
    if not visit.upload.size_bytes:
        return _page(visit, failure="no-file")
    try:
        came = _take(room, visit.upload)
    except (*FAILURES, OSError) as error:
        return _page(visit, failure=getattr(error, "code", "no-room"))
    if isinstance(came, BroughtIn):
        return _page(visit, brought=came)
    return _page(visit, returned=came)


def too_large(room: ExchangeRoom, visit: Visit) -> Response:
    """Return the page that says that a file is larger than any bundle."""
    return _page(visit, failure=BundleTooLarge.code)


def _write(room: ExchangeRoom, file: IO[bytes], name: str) -> str:
    """Write a bundle and return the name of the station that it is for, "" for the hub above."""
    if room.is_station:
        exchange = room.exchange
        carried.write_up(exchange.log, exchange.keys, exchange.inquirer, file)
        return ""
    answered = bundle_runs.write_return(
        room.exchange,
        file,
        name=name,
        durable=room.writes.is_durable,
        offer=room.site_offer,
    )
    return answered.node


def _take(room: ExchangeRoom, upload: Upload) -> BroughtIn | Returned:
    def take_site(stream: IO[bytes], verify_key: bytes) -> None:
        if room.site_copy is not None:
            site_by_stick.take(room.site_copy, stream, verify_key)

    return bundle_runs.read(room.exchange, upload.file, take_site=take_site)


async def _sent(file: IO[bytes]) -> AsyncIterator[bytes]:
    """Yield a file's bytes, and close it also where the browser goes away."""
    try:
        while part := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield part
    finally:
        file.close()


def lets_in(room: ExchangeRoom, visit: Visit) -> None:
    """Raise NotThisRole but for the liaison officer of a station, office and admin of a hub."""
    may = (Role.LIAISON,) if room.is_station else (Role.OFFICE, Role.ADMIN)
    refuse_unless(visit.actor, *may)


def _page(
    visit: Visit,
    *,
    brought: BroughtIn | None = None,
    returned: Returned | None = None,
    stations: list[str] | None = None,
    failure: str = "",
) -> Response:
    values: dict[str, Any] = {"brought": brought, "returned": returned, "failure": failure}
    return visit.page(
        "bundle.html",
        title="bundle",
        status=422 if failure else 200,
        stations=stations or [],
        **values,
    )
