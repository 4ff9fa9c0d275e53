"""Sticks in the console: a bundle is downloaded, another read in; the page says what is next."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from acts.refusals import NotThisRole
from acts.shanghai import day_text
from matters.terms import Role
from server.exchange import bundle_runs
from server.exchange.bundle_runs import FAILURES, SUFFIX
from server.node import Node
from server.people.doors import actor_of, form_of, signed_in
from server.people.sign_in import check_form_token, sign_in_of
from server.site import site_by_stick
from server.web.pages import console_page, path_to_root
from server.web.uploads import Upload, receive_file
from sync.sticks.bundle_file import BUNDLE_MOST_BYTES, BundleTooLarge
from sync.sticks.carried import Returned
from sync.sticks.received_bundles import Answered, BroughtIn, SeveralNodes

CHUNK_BYTES = 256 * 1024
# What stands around the file in the form.
_FORM_BYTES = 64 * 1024


@signed_in
async def write(request: Request) -> Response:
    """Answer `POST /console/bundle`: a bundle made now, as a download.

    At a station what waits for the hub; at a hub the answers for the station `node`, which may be
    left out where only one waits.
    """
    _refuse_others(request)
    node: Node = request.app.state.node
    name = (await form_of(request)).text("node")
    file: IO[bytes] = await asyncio.to_thread(_scratch, node.folder)
    try:
        station = await asyncio.to_thread(_write, node, file, name)
    except SeveralNodes as error:
        file.close()
        return _page(request, stations=list(error.names))
    except (*FAILURES, OSError) as error:
        file.close()
        return _page(request, failure=getattr(error, "code", "no-room"))
    except BaseException:
        file.close()
        raise
    size = file.seek(0, 2)
    file.seek(0)
    way = "up" if node.exchange.role == "station" else "back"
    plain = f"huiyin-{way}-{day_text(node.now_ms())}{SUFFIX}"
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


async def read(request: Request) -> Response:
    """Answer `POST /console/bundle/read`: what a bundle brought, and what comes next.

    The file is on the stick still, so whoever is no more signed in does so and chooses it again.
    """
    if sign_in_of(request) is None:
        return RedirectResponse(f"{path_to_root(request)}console/sign-in", 303)
    found: Response = await _read(request)
    return found


@signed_in
async def _read(request: Request) -> Response:
    _refuse_others(request)
    node: Node = request.app.state.node
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > BUNDLE_MOST_BYTES + _FORM_BYTES:
        return _page(request, failure=BundleTooLarge.code)
    upload = await receive_file(request, node.folder, field="file", most_bytes=BUNDLE_MOST_BYTES)
    try:
        check_form_token(request.state.session, upload.fields.get("form_token", ""))
        if not upload.size_bytes:
            return _page(request, failure="no-file")
        found = await asyncio.to_thread(_take, node, upload)
    except (*FAILURES, OSError) as error:
        return _page(request, failure=getattr(error, "code", "no-room"))
    finally:
        upload.close()
    if isinstance(found, BroughtIn):
        return _page(request, brought=found)
    return _page(request, returned=found)


def _scratch(folder: Path) -> IO[bytes]:
    """Return a file that nobody else sees, and that goes when it is closed."""
    return tempfile.TemporaryFile(dir=folder)


def _write(node: Node, file: IO[bytes], name: str) -> str:
    """Write a bundle and return the name of the station that it is for, "" for the hub above."""
    if node.exchange.role == "station":
        bundle_runs.write_up(node.exchange, file)
        return ""
    told: Answered = bundle_runs.write_return(
        node.exchange,
        file,
        name=name,
        durable=node.matter_writes.is_durable,
        offer=node.site_offer,
    )
    return told.node


def _take(node: Node, upload: Upload) -> BroughtIn | Returned:

    def take_site(stream: IO[bytes], verify_key: bytes) -> None:
        if node.site_copy is not None:
            site_by_stick.take(node.site_copy, stream, verify_key)

    return bundle_runs.read(node.exchange, upload.file, take_site=take_site)


async def _sent(file: IO[bytes]) -> AsyncIterator[bytes]:
    """Yield a file's bytes, and close it also where the browser goes away."""
    try:
        while part := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield part
    finally:
        file.close()


def _refuse_others(request: Request) -> None:
    """Raise NotThisRole but for the liaison officer of a station, office and admin of a hub."""
    node: Node = request.app.state.node
    may = (Role.LIAISON,) if node.exchange.role == "station" else (Role.OFFICE, Role.ADMIN)
    if actor_of(request).role not in may:
        raise NotThisRole


def _page(
    request: Request,
    *,
    brought: BroughtIn | None = None,
    returned: Returned | None = None,
    stations: list[str] | None = None,
    failure: str = "",
) -> Response:
    values: dict[str, Any] = {"brought": brought, "returned": returned, "failure": failure}
    return console_page(
        request,
        "bundle.html",
        title="bundle",
        status=422 if failure else 200,
        stations=stations or [],
        **values,
    )
