"""An event loop that one thread turns by hand, for libraries that know no other way."""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from sync.keeping.stores.store import WITHIN_S, StoreError

Value = TypeVar("Value")


class Loop:
    """Runs one coroutine after the other; what they started rests in between."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()

    def run(self, coroutine: Coroutine[Any, Any, Value], within_s: float = WITHIN_S) -> Value:
        """Return what it returns. Raises StoreError where that took too long."""
        began = time.monotonic()
        try:
            return self._runner.run(asyncio.wait_for(coroutine, within_s))
        except TimeoutError as error:
            # It may be one of the library's own, which is shorter.
            waited_s = time.monotonic() - began
            raise StoreError(f"no answer within {waited_s:.0f} s") from error

    def end(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Let a connection end in good order, where it still can."""

        async def ended() -> None:
            await coroutine
            # What is closed gives its socket back in the turns that follow.
            for _ in range(3):
                await asyncio.sleep(0)

        with suppress(StoreError, OSError):
            self.run(ended(), 1.0)

    def close(self) -> None:
        """End it with all that was started."""
        self._runner.close()
