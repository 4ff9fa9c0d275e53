"""A line on loopback between a node and its replica's server that can be held, slowed and cut."""

import asyncio
import random
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

# A piece on a slow line comes this much later, at most.
SLOW_S = 0.15


class Partition:
    """Listens on `port` and carries to another until it is closed; any thread may call.

    Nothing that is on its way is lost while it is held: the network brings it later, or the
    connection is cut.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._is_slow = False
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._ends: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="partition")
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._carry, "127.0.0.1", 0)).result()
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.heal()

    def hold(self) -> None:
        """Let nothing through, either way."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def slow(self) -> None:
        """Let each piece through late."""
        self._is_slow = True

    def cut(self) -> None:
        """Break all connections off; new ones are taken."""
        self._do(self._cut()).result()

    def heal(self) -> None:
        """Let all through again."""
        self._is_slow = False
        self._loop.call_soon_threadsafe(self._open.set)

    def close(self) -> None:
        """End all connections and listen no more."""
        self._do(self._end()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, coroutine: Coroutine[Any, Any, Any]) -> "Future[Any]":
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    async def _cut(self) -> None:
        for end in tuple(self._ends):
            end.transport.abort()

    async def _end(self) -> None:
        self._server.close()
        await self._cut()
        for task in tuple(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        self._ends.add(writer)
        try:
            await self._open.wait()
            there, onward = await asyncio.open_connection("127.0.0.1", self._target)
            self._ends.add(onward)
            try:
                await asyncio.gather(self._pump(reader, onward), self._pump(there, writer))
            finally:
                onward.transport.abort()
                self._ends.discard(onward)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._ends.discard(writer)
            self._carrying.discard(task)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            if self._is_slow:
                await asyncio.sleep(random.uniform(0, SLOW_S))
            await self._open.wait()
            writer.write(piece)
            await writer.drain()
        # One end has said all: the other is told so at once.
        writer.transport.close()
