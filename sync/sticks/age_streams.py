"""Encrypting and decrypting streams with age, and telling whose fault it was when that fails.

age tells only that something failed; so the streams that it is given remember why they did.
"""

import io
from collections.abc import Callable, Iterator
from typing import IO, Any

import pyrage  # type: ignore[import-untyped]  # it ships no types

from sync.sticks.bech32 import bech32


class NotDecryptable(Exception):
    """What was to be decrypted is cut, changed, or nothing of age's."""


class WrongKey(NotDecryptable):
    """It was encrypted to another key; or its first lines are changed, which looks alike."""


def encrypt(parts: Iterator[bytes], target: IO[bytes], age_key: bytes) -> int:
    """Write parts encrypted to a raw public X25519 key; return the size written in bytes.

    Raises what the parts or the file raise.
    """
    counted = _Written(target)
    recipient = pyrage.x25519.Recipient.from_str(bech32("age", age_key))
    _run(pyrage.encrypt_io, Drawn(parts), counted, recipient)
    return counted.size


def decrypt(source: IO[bytes], target: IO[bytes], age_private: bytes) -> None:
    """Write what was encrypted to a raw private X25519 key.

    All of it, or the target is of no use: what was written before an error was not yet whole.
    Raises WrongKey, NotDecryptable, OSError.
    """
    identity = pyrage.x25519.Identity.from_str(bech32("age-secret-key-", age_private).upper())
    _run(pyrage.decrypt_io, _Read(source), _Written(target), identity)


class _Remembers(io.RawIOBase):
    """A stream that keeps what it failed of."""

    failure: BaseException | None = None


class Drawn(_Remembers):
    """What an iterator yields, as a stream to read from."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, fewer than asked for where a part ends; b"" at the end."""
        try:
            while not self._left:
                self._left = memoryview(next(self._parts))
        except StopIteration:
            return b""
        except BaseException as error:
            self.failure = error
            raise
        part = self._left if size < 0 else self._left[:size]
        self._left = self._left[len(part) :]
        return bytes(part)

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with the next bytes and return how many."""
        part = self.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)


class _Read(_Remembers):
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size)
        except BaseException as error:
            self.failure = error
            raise


class _Written(_Remembers):
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = 0

    def write(self, content: Any) -> int:
        try:
            self._file.write(content)
        except BaseException as error:
            self.failure = error
            raise
        self.size += len(content)
        return len(content)

    def flush(self) -> None:
        """Do nothing: whoever opened the file flushes it once, at the end."""


def _run(call: Callable[..., None], source: _Remembers, target: _Remembers, key: object) -> None:
    """Run age over two streams. Raises what a stream raised, else WrongKey or NotDecryptable."""
    why: Exception | None = None
    try:
        call(source, target, [key])
    except (pyrage.EncryptError, pyrage.DecryptError, OSError) as error:
        why = error
    # Asked also where nothing was raised: an error of the last write is lost on the way.
    failure = source.failure or target.failure
    if failure is not None:
        raise failure from None
    if why is not None:
        kind = WrongKey if "No matching keys" in str(why) else NotDecryptable
        raise kind(str(why)) from why
