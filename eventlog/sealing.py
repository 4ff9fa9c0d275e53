"""Sealing: what is readable only with the hub's unsealing key (DESIGN decisions 7 and 9).

A text is sealed with a random key of its own (XSalsa20-Poly1305), and that key is wrapped to the
hub's public key (X25519, libsodium's crypto_box). The sending side of the box is a key pair that
lives in memory only and is replaced every few minutes; a fresh one for each text (a "sealed box")
costs 60 µs instead of 4, which is a fifth of a whole submission. All of it is libsodium's, by
PyNaCl; nothing is our design.
"""

import os
import time
from typing import NamedTuple

from nacl.exceptions import CryptoError
from nacl.public import Box, PrivateKey, PublicKey
from nacl.secret import SecretBox

KEY_BYTES = 32
SENDER_LIVES_S = 300.0


class Sealed(NamedTuple):
    """A sealed text: `body` under a random key, and that key wrapped to the hub.

    `wrapped_key` is the sender's public key (32 bytes) and the box (nonce, then key with its tag).
    """

    body: bytes
    wrapped_key: bytes


class UnsealError(Exception):
    """What was sealed can't be opened: the wrong unsealing key, or bytes that were changed."""


class Sealer:
    """Seals to one public key. Safe to use from several threads."""

    def __init__(self, public_key: bytes) -> None:
        self._public_key = PublicKey(public_key)
        self._sender = self._new_sender()

    def seal(self, plain: bytes) -> Sealed:
        """Return `plain` sealed under a key that is made for it and wrapped to the hub."""
        key = os.urandom(SecretBox.KEY_SIZE)
        until, public, box = self._sender
        if time.monotonic() > until:
            _, public, box = self._sender = self._new_sender()
        return Sealed(bytes(SecretBox(key).encrypt(plain)), public + bytes(box.encrypt(key)))

    def _new_sender(self) -> tuple[float, bytes, Box]:
        """Return a new sending side: until when it serves, its public key, and its box."""
        private = PrivateKey.generate()
        until = time.monotonic() + SENDER_LIVES_S
        return until, bytes(private.public_key), Box(private, self._public_key)


class Unsealer:
    """Opens what was sealed to the public half of `private_key` (32 bytes)."""

    def __init__(self, private_key: bytes) -> None:
        self._private = PrivateKey(private_key)

    @property
    def public_key(self) -> bytes:
        """The public half, 32 bytes, that a `Sealer` takes."""
        return bytes(self._private.public_key)

    def unseal(self, sealed: Sealed) -> bytes:
        """Return the plain bytes. Raises UnsealError."""
        try:
            sender, box = sealed.wrapped_key[:KEY_BYTES], sealed.wrapped_key[KEY_BYTES:]
            key = Box(self._private, PublicKey(sender)).decrypt(box)
            return bytes(SecretBox(key).decrypt(sealed.body))
        except (CryptoError, ValueError) as error:
            raise UnsealError("sealed with another key, or changed since") from error
