"""Sealing: what is readable only with the hub's unsealing key (DESIGN decisions 7 and 9).

A text is sealed with a random key of its own (XSalsa20-Poly1305), and that key is wrapped to the
hub's public key (X25519, libsodium's crypto_box). The sending side of the box is a key pair that
lives in memory only and is replaced every few minutes; a fresh one for each text (a "sealed box")
costs 60 µs instead of 4, which is a fifth of a whole submission. All of it is libsodium's, by
PyNaCl; nothing is our design.

What need not be handed on to others without being opened, as the texts on a station's disk, lies in
the box itself: 72 bytes less for each text on the way to the hub (docs/decisions/0016).
"""

import os
import time
from typing import NamedTuple

from nacl.exceptions import CryptoError
from nacl.public import Box, PrivateKey, PublicKey
from nacl.secret import SecretBox

KEY_BYTES = 32
SENDER_LIVES_S = 300.0
SENDERS_KEPT = 4096


class Sealed(NamedTuple):
    """A sealed text: `body` under a random key, and that key wrapped to the hub.

    `wrapped_key` is the sender's public key (32 bytes) and the box (nonce, then key with its tag).
    Where it is the sender's public key alone, `body` itself is the box.
    """

    body: bytes
    wrapped_key: bytes

    @property
    def is_boxed(self) -> bool:
        """Whether the body itself is the box, without a key of its own."""
        return len(self.wrapped_key) == KEY_BYTES


class UnsealError(Exception):
    """What was sealed can't be opened: the wrong unsealing key, or bytes that were changed."""


class NotForReader(UnsealError):
    """Nobody reads here for whom a text may be opened."""


class Sealer:
    """Seals to one public key. Safe to use from several threads."""

    def __init__(self, public_key: bytes) -> None:
        self._public_key = PublicKey(public_key)
        self._sender = self._new_sender()

    def seal(self, plain: bytes) -> Sealed:
        """Return `plain` sealed under a key that is made for it and wrapped to the hub."""
        key = os.urandom(SecretBox.KEY_SIZE)
        return Sealed(bytes(SecretBox(key).encrypt(plain)), self._wrapped(key))

    def box(self, plain: bytes) -> Sealed:
        """Return `plain` sealed in a box of its own, without a key that could be handed on."""
        _, public, box = self._current_sender()
        return Sealed(bytes(box.encrypt(plain)), public)

    def rewrap(self, sealed: Sealed, unsealer: "Unsealer") -> Sealed:
        """Return a text that `unsealer` opens, sealed to this key: the body stays as it is.

        Raises UnsealError.
        """
        return Sealed(sealed.body, self._wrapped(unsealer.key_of(sealed)))

    def _wrapped(self, key: bytes) -> bytes:
        _, public, box = self._current_sender()
        return public + bytes(box.encrypt(key))

    def _current_sender(self) -> tuple[float, bytes, Box]:
        sender = self._sender
        if time.monotonic() > sender[0]:
            sender = self._sender = self._new_sender()
        return sender

    def _new_sender(self) -> tuple[float, bytes, Box]:
        """Return a new sending side: until when it serves, its public key, and its box."""
        private = PrivateKey.generate()
        until = time.monotonic() + SENDER_LIVES_S
        return until, bytes(private.public_key), Box(private, self._public_key)


class Unsealer:
    """Opens what was sealed to the public half of `private_key` (32 bytes)."""

    def __init__(self, private_key: bytes) -> None:
        self._private = PrivateKey(private_key)
        self._boxes: dict[bytes, Box] = {}

    @property
    def public_key(self) -> bytes:
        """The public half, 32 bytes, that a `Sealer` takes."""
        return bytes(self._private.public_key)

    def unseal(self, sealed: Sealed) -> bytes:
        """Return the plain bytes. Raises UnsealError."""
        try:
            if sealed.is_boxed:
                return bytes(self._box_of(sealed.wrapped_key).decrypt(sealed.body))
            return bytes(SecretBox(self.key_of(sealed)).decrypt(sealed.body))
        except (CryptoError, ValueError) as error:
            raise UnsealError("sealed with another key, or changed since") from error

    def key_of(self, sealed: Sealed) -> bytes:
        """Return the key that a text was sealed with. Raises UnsealError."""
        sender, wrapped = sealed.wrapped_key[:KEY_BYTES], sealed.wrapped_key[KEY_BYTES:]
        try:
            return bytes(self._box_of(sender).decrypt(wrapped))
        except (CryptoError, ValueError) as error:
            raise UnsealError("sealed with another key, or changed since") from error

    def _box_of(self, sender: bytes) -> Box:
        """Return the box of a sender: agreeing on its key costs ten times what opening does."""
        found = self._boxes.get(sender)
        if found is None:
            if len(self._boxes) >= SENDERS_KEPT:
                self._boxes.clear()
            found = self._boxes[sender] = Box(self._private, PublicKey(sender))
        return found
