"""Reading request bodies: bounded, and each kind by what its content type says.

Percent-decoding a form of Chinese with the standard library costs more than storing it, so
whole runs of escapes are decoded at once here.
"""

import asyncio
import re
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from server.web.problems import TooLarge, Unreadable, WrongMediaType

TEXT_MOST_BYTES = 256 * 1024
MULTIPART_MOST_BYTES = 26 * 1024 * 1024
FILE_FIELDS_MOST = 8
# How much of a body that is too large is read and thrown away, so that the sender hears why.
DRAIN_MOST_BYTES = 160 * 1024 * 1024

# A few at a time are held in memory; the others wait in their sockets.
_multipart_places = asyncio.Semaphore(8)
_large_places = asyncio.Semaphore(4)
_RUN = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")


async def read_bounded(request: Request, most: int) -> bytes:
    """Return the body. Raises TooLarge once it is over `most` bytes, having drained the rest."""
    declared = declared_bytes(request)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > DRAIN_MOST_BYTES:
            raise TooLarge
        if size <= most and declared <= most:
            chunks.append(chunk)
        else:
            chunks.clear()
    if size > most:
        raise TooLarge
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def declared_bytes(request: Request) -> int:
    """Return how many bytes the sender says that the body has, 0 where it says nothing."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdecimal() else 0


async def _drain(request: Request) -> None:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > DRAIN_MOST_BYTES:
            return


def decode_form(body: bytes) -> dict[str, list[str]]:
    """Return the fields of an `application/x-www-form-urlencoded` body, in order of their names.

    Raises Unreadable where it is not UTF-8.
    """
    fields: dict[str, list[str]] = {}
    try:
        for pair in body.split(b"&"):
            if pair:
                name, _, value = pair.partition(b"=")
                fields.setdefault(_unquoted(name), []).append(_unquoted(value))
    except UnicodeDecodeError as error:
        raise Unreadable from error
    return fields


def _unquoted(raw: bytes) -> str:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        raw = _RUN.sub(_run, raw)
    return raw.decode()


def _run(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match[0].replace(b"%", b"").decode())


class Fields:
    """The fields of one request, whatever its content type.

    `values` holds text, or what JSON held; `files` the bytes of uploaded files by field.
    """

    def __init__(self, values: dict[str, Any], files: list[tuple[str, bytes]]) -> None:
        self.values = values
        self.files = files

    def text(self, name: str) -> str:
        """Return a field as text, "" where it is missing or is no text."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else ""


async def read_fields(
    request: Request, *, lists: tuple[str, ...] = (), most: int = TEXT_MOST_BYTES
) -> Fields:
    """Return the fields of a form or JSON body; `lists` names fields that may stand repeatedly.

    `most` bounds a form without files, in bytes; beyond TEXT_MOST_BYTES it must say its length.

    Raises TooLarge, Unreadable or WrongMediaType.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        if most > TEXT_MOST_BYTES and declared_bytes(request) > TEXT_MOST_BYTES:
            async with _large_places:
                body = await read_bounded(request, most)
                # Others are served while a long list is decoded.
                return Fields(_flat(await asyncio.to_thread(decode_form, body), lists), [])
        body = await read_bounded(request, TEXT_MOST_BYTES)
        return Fields(_flat(decode_form(body), lists), [])
    if kind == "application/json":
        return Fields(_decode_json(await read_bounded(request, TEXT_MOST_BYTES)), [])
    if kind == "multipart/form-data":
        return await _read_multipart(request, lists)
    if not kind and request.headers.get("content-length", "0") == "0":
        return Fields({}, [])
    # Read to its end, so that the sender hears the answer instead of a closed line.
    await _drain(request)
    raise WrongMediaType


def _flat(fields: dict[str, list[str]], lists: tuple[str, ...]) -> dict[str, Any]:
    return {name: values if name in lists else values[-1] for name, values in fields.items()}


def _decode_json(body: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable from error
    if not isinstance(value, dict):
        raise Unreadable
    return value


class _InMemory(MultiPartParser):
    """Keeps every part in memory, where the whole body is anyway.

    A large part would else lie as it is in a temporary file, on a disk that may be stolen.
    """

    spool_max_size = MULTIPART_MOST_BYTES


async def _read_multipart(request: Request, lists: tuple[str, ...]) -> Fields:
    async with _multipart_places:
        return await _read_parts(request, lists)


async def _read_parts(request: Request, lists: tuple[str, ...]) -> Fields:
    body = await read_bounded(request, MULTIPART_MOST_BYTES)

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    parser = _InMemory(request.headers, whole(), max_files=FILE_FIELDS_MOST, max_fields=200)
    fields: dict[str, list[str]] = {}
    files: list[tuple[str, bytes]] = []
    try:
        form = await parser.parse()
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                content = await value.read()
                if content or value.filename:
                    files.append((name, content))
            else:
                fields.setdefault(name, []).append(value)
        await form.close()
    except (MultiPartException, HTTPException, UnicodeDecodeError, KeyError, ValueError) as error:
        # Starlette wraps some kinds of broken body in an HTTPException of its own.
        raise Unreadable from error
    return Fields(_flat(fields, lists), files)
