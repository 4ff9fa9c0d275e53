"""Sealing: what is readable only with the hub's unsealing key (DESIGN decisions 7 and 9).

A text is sealed with a random key of its own (XSalsa20-Poly1305), and that key is wrapped to the
hub's public key (X25519 sealed box). Both come from libsodium by PyNaCl; nothing is our design.
"""

import os
from typing import NamedTuple

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import SecretBox


class Sealed(NamedTuple):
    """A sealed text: `body` under a random key, and that key wrapped to the hub."""

    body: bytes
    wrapped_key: bytes


class UnsealError(Exception):
    """What was sealed can't be opened: the wrong unsealing key, or bytes that were changed."""


class Sealer:
    """Seals to one public key. Safe to use from several threads."""

    def __init__(self, public_key: bytes) -> None:
        self._box = SealedBox(PublicKey(public_key))

    def seal(self, plain: bytes) -> Sealed:
        """Return `plain` sealed under a key that is made for it and wrapped to the hub."""
        key = os.urandom(SecretBox.KEY_SIZE)
        return Sealed(bytes(SecretBox(key).encrypt(plain)), bytes(self._box.encrypt(key)))


class Unsealer:
    """Opens what was sealed to the public half of `private_key` (32 bytes)."""

    def __init__(self, private_key: bytes) -> None:
        self._private = PrivateKey(private_key)
        self._box = SealedBox(self._private)

    @property
    def public_key(self) -> bytes:
        """The public half, 32 bytes, that a `Sealer` takes."""
        return bytes(self._private.public_key)

    def unseal(self, sealed: Sealed) -> bytes:
        """Return the plain bytes. Raises UnsealError."""
        try:
            key = self._box.decrypt(sealed.wrapped_key)
            return bytes(SecretBox(key).decrypt(sealed.body))
        except (CryptoError, ValueError) as error:
            raise UnsealError("sealed with another key, or changed since") from error
