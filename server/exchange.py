"""`POST /sync` and `GET /sync/hello`: where the nodes below ask, in answers as small as may be.

No header is sent that a node does not need: on a line of 2G each costs as much as a word.
"""

import asyncio
import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from eventlog.steps import Step, reached
from eventlog.writer import StorageFull, WriterBusy, WriterStopped
from server.node import Node
from sync import enrolment, nodes
from sync.envelope import MESSAGE_MOST_BYTES
from sync.reception import Asked, NotTaken, Reception, Taken

PATHS = ("/sync", "/sync/hello")
# More at once would only wait for each other; whoever is turned away comes again later.
AT_ONCE_MOST = 32
BODY_MOST_BYTES = 4 * 1024 * 1024
RETRY_FROM_S, RETRY_TO_S = 5, 40


class Exchange:
    """Answers the nodes below, and hands every other request on."""

    def __init__(self, node: Node, app: ASGIApp) -> None:
        self._node = node
        self._app = app
        self._under_way = 0
        # Signatures, texts and packing take a core; two leave the pages theirs.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="exchange")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        path = scope.get("path")
        if scope["type"] != "http" or path not in PATHS or self._node.reception is None:
            await self._app(scope, receive, send)
            return
        if path == "/sync/hello":
            await self._hello(self._node.reception, scope, send)
        elif scope["method"] != "POST":
            await _answer(send, 405, b"", [(b"allow", b"POST")])
        elif self._under_way >= AT_ONCE_MOST:
            await _later(send, 429)
        else:
            self._under_way += 1
            try:
                await self._exchange(self._node.reception, receive, send)
            except StorageFull:
                await _answer(send, 507, b"")
            except (WriterBusy, WriterStopped):
                await _later(send, 503)
            finally:
                self._under_way -= 1

    async def _exchange(self, reception: Reception, receive: Receive, send: Send) -> None:
        message = await _body(receive)
        if message is None:
            await _answer(send, 413, b"")
            return
        try:
            asked = await self._run(reception.read, message)
            taken, durable = await self._take(reception, asked)
        except NotTaken as refusal:
            failure = await self._run(reception.failure, message, refusal.code)
            await _answer(send, 200, failure)
            return
        found = await self._run(lambda: reception.answer(asked, taken, durable=durable))
        await _answer(send, 200, found)
        reached(Step.ANSWERED)

    async def _take(self, reception: Reception, asked: Asked) -> tuple[Taken, bool]:
        """Take a question in, and wait a while for the replica where the sender wants to know."""
        writes = self._node.matter_writes
        if await self._run(reception.must_write, asked):
            kept = await writes.write(lambda transaction: reception.take(transaction, asked))
            return kept.result, kept.durable
        if not asked.wants_safety:
            return Taken(asked.peer), False
        return Taken(asked.peer), await writes.confirmed(self._node.log.newest_position())

    async def _hello(self, reception: Reception, scope: Scope, send: Send) -> None:
        """Say which keys this hub has, and prove that it gave the code that is asked for."""
        asked = Request(scope).query_params.get("code", "")

        def prove() -> dict[str, str]:
            hub = reception.card
            proof = b""
            with self._node.log.reading() as connection:
                found = nodes.by_code(connection, _bytes_of(asked))
            if found is not None and found[2] >= self._node.now_ms():
                proof = enrolment.vouch(found[1], hub)
            return {
                "verify_key": hub.verify_key.hex(),
                "sealing_key": hub.sealing_key.hex(),
                "age_key": hub.age_key.hex(),
                "name": self._node.registers.current().county.name,
                "proof": proof.hex(),
            }

        told = json.dumps(await self._run(prove), ensure_ascii=False).encode()
        await _answer(send, 200, told, [(b"content-type", b"application/json")])

    async def _run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, *arguments)


def _bytes_of(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


async def _body(receive: Receive) -> bytes | None:
    """Return the body of a request, or None where it is too long or was cut."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > min(BODY_MOST_BYTES, MESSAGE_MOST_BYTES):
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def _later(send: Send, status: int) -> None:
    """Send whoever asks away for a while, each for another."""
    later = str(random.randint(RETRY_FROM_S, RETRY_TO_S)).encode()
    await _answer(send, status, b"", [(b"retry-after", later)])


async def _answer(
    send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send(
        {"type": "http.response.start", "status": status, "headers": [length, *(headers or [])]}
    )
    await send({"type": "http.response.body", "body": body})
