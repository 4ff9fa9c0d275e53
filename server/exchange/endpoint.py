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

from eventlog.crash_points import CrashPoint, reached
from eventlog.log import Log
from eventlog.writer import StorageFull, WriterBusy, WriterStopped
from server.folder.safe_writes import SafeWriter
from sync.nodes import enrolment, nodes
from sync.rounds.received_question import Outcome, QuestionRefused, ReceivedQuestion
from sync.rounds.reception import Reception

PATHS = ("/sync", "/sync/hello")
# More at once would only wait for each other; whoever is turned away comes again later.
AT_ONCE_MOST = 32
BODY_MOST_BYTES = 4 * 1024 * 1024
# A question over 2G is under way for a minute, and nobody else has to wait for it; but a sender
# that fell silent is let go, and all that is under way together has a limit.
ARRIVING_MOST = 512
BODY_WITHIN_S = 300.0
HELD_MOST_BYTES = 64 * 1024 * 1024
RETRY_FROM_S, RETRY_TO_S = 5, 40


class SyncEndpoint:
    """Answers the nodes below, and hands every other request on."""

    def __init__(
        self,
        reception: Reception,
        log: Log,
        writes: SafeWriter,
        county: Callable[[], str],
        app: ASGIApp,
    ) -> None:
        """`county` says the county's name."""
        self._reception = reception
        self._log = log
        self._writes = writes
        self._county = county
        self._app = app
        self._under_way = 0
        self._arriving = 0
        self._held_bytes = 0
        # Signatures, texts and packing take a core; two leave the pages theirs.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="exchange")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        path = scope.get("path")
        if scope["type"] != "http" or path not in PATHS:
            await self._app(scope, receive, send)
            return
        if path == "/sync/hello":
            await self._hello(scope, send)
        elif scope["method"] != "POST":
            await _answer(send, 405, b"", [(b"allow", b"POST")])
        elif self._under_way >= AT_ONCE_MOST or self._arriving >= ARRIVING_MOST:
            await _later(send, 429)
        else:
            await self._receive(receive, send)

    async def _receive(self, receive: Receive, send: Send) -> None:
        """Wait for a question's bytes, and answer it; what arrived by then is not sent away."""
        parts: list[bytes] = []
        try:
            self._arriving += 1
            try:
                async with asyncio.timeout(BODY_WITHIN_S):
                    refused = await self._read(receive, parts)
            except TimeoutError:
                refused = 408
            finally:
                self._arriving -= 1
            if refused == 429:
                await _later(send, 429)
            elif refused:
                await _answer(send, refused, b"")
            else:
                await self._work(b"".join(parts), send)
        finally:
            self._held_bytes -= sum(map(len, parts))

    async def _read(self, receive: Receive, parts: list[bytes]) -> int:
        """Put a question's bytes into `parts`; return 0, or the status with which it is refused."""
        size = 0
        while True:
            event = await receive()
            if event["type"] != "http.request":
                return 400
            part = event.get("body", b"")
            parts.append(part)
            size += len(part)
            self._held_bytes += len(part)
            if size > BODY_MOST_BYTES:
                return 413
            if self._held_bytes > HELD_MOST_BYTES:
                return 429
            if not event.get("more_body", False):
                return 0

    async def _work(self, message: bytes, send: Send) -> None:
        self._under_way += 1
        try:
            await self._exchange(message, send)
        except StorageFull:
            await _answer(send, 507, b"")
        except (WriterBusy, WriterStopped):
            await _later(send, 503)
        finally:
            self._under_way -= 1

    async def _exchange(self, message: bytes, send: Send) -> None:
        reception = self._reception
        try:
            received = await self._run(reception.read_question, message)
            outcome, durable = await self._take(received)
            if received.question.parts:
                # In a thread that is not of the two: it may wait for the photos' replica.
                await asyncio.to_thread(reception.take_blobs, received)
        except QuestionRefused as refusal:
            failure = await self._run(reception.failure, message, refusal.code)
            await _answer(send, 200, failure)
            return
        answer = await self._run(lambda: reception.answer(received, outcome, durable=durable))
        await _answer(send, 200, answer)
        reached(CrashPoint.ANSWERED)

    async def _take(self, received: ReceivedQuestion) -> tuple[Outcome, bool]:
        """Take a question in, and wait a while for the replica where the sender wants to know."""
        reception, writes = self._reception, self._writes
        if await self._run(reception.must_write, received):
            committed = await writes.write(
                lambda transaction: reception.take_question(transaction, received)
            )
            return committed.result, committed.durable
        if not received.wants_safety:
            return Outcome(received.peer), False
        return Outcome(received.peer), await writes.confirmed(self._log.newest_position())

    async def _hello(self, scope: Scope, send: Send) -> None:
        """Say which keys this hub has, and prove that it gave the code that is asked for."""
        code = Request(scope).query_params.get("code", "")

        def prove() -> dict[str, str]:
            hub = self._reception.card
            proof = b""
            with self._log.reading() as connection:
                invited = nodes.by_code(connection, _bytes_of(code))
            if invited is not None and invited[2] >= self._log.now_ms():
                proof = enrolment.vouch(invited[1], hub)
            return {
                "verify_key": hub.verify_key.hex(),
                "sealing_key": hub.sealing_key.hex(),
                "age_key": hub.age_key.hex(),
                "name": self._county(),
                "proof": proof.hex(),
            }

        greeting = json.dumps(await self._run(prove), ensure_ascii=False).encode()
        await _answer(send, 200, greeting, [(b"content-type", b"application/json")])

    async def _run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, *arguments)


def _bytes_of(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


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
