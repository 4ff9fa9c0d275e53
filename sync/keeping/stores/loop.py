"""An event loop that one thread turns by hand, for libraries that know no other way."""

import asyncio
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
        try:
            return self._runner.run(asyncio.wait_for(coroutine, within_s))
        except TimeoutError as error:
            raise StoreError(f"no answer within {within_s:.0f} s") from error

    def end(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Let a connection end in good order, where it still can."""
        with suppress(StoreError, OSError):
            self.run(coroutine, 1.0)

    def close(self) -> None:
        """End it with all that was started."""
        self._runner.close()
