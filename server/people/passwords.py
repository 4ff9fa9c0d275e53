"""Passwords: one made to be read out, its hash (Argon2id), and whether one fits a hash."""

import secrets
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

LEAST = 8
MOST = 200
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_PASSES, _MEMORY_KIB = 2, 19 * 1024
_hasher = PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=1)
_SALT, _HASH = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
# Checked for a name that does not exist, so that the answer takes as long as for one that does. It
# is no password's hash: to make one costs a tenth of a second in every command that knows accounts.
_NOBODY = f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p=1${_SALT}${_HASH}"


def new_password() -> str:
    """Return a random password that can be read out: four groups of four, 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def hash_of(password: str) -> str:
    """Return a password's hash, to be kept; takes 20 ms."""
    return _hasher.hash(password)


def fits(password: str, kept: str | None) -> bool:
    """Return whether a password is the one of a kept hash; takes as long where none is kept."""
    try:
        _hasher.verify(kept or _NOBODY, password[:MOST])
    except (Argon2Error, InvalidHashError):
        return False
    return bool(kept)
