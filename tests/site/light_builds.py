"""Builds in a sixth of the time, for tests that compare sites with each other by no size."""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from publisher.writing import compressed, files, tree


def lighten(set_value: Callable[[object, str, object], None]) -> None:
    """Have copies made quickly, once for the same text, and nothing flushed to the disk.

    A process that is killed leaves what it wrote to the system: only a power cut asks for more.
    """
    set_value(compressed, "_FEW", compressed._MANY)
    set_value(compressed, "_GZIP", 1)
    set_value(tree, "copies", _copies)
    set_value(files, "flush", _unflushed)
    set_value(os, "sync", lambda: None)


@contextmanager
def light_builds() -> Iterator[None]:
    """Light builds for a while; a test has them by its fixture `light`."""
    with pytest.MonkeyPatch.context() as patch:
        lighten(patch.setattr)
        yield


def _copies(path: str, data: bytes, *, quick: bool = False) -> dict[str, bytes]:
    return _copies_at(compressed._FEW, path, data, quick=quick)


@functools.lru_cache(maxsize=4096)
def _copies_at(few: int, path: str, data: bytes, *, quick: bool) -> dict[str, bytes]:
    """Make copies as small as `few` says, which a test may have set."""
    return compressed.copies(path, data, quick=quick)


def _unflushed(path: Path) -> None:
    """Flush nothing."""
