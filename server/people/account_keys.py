"""The key pair of each account: its private half opens with the passphrase alone. All SQL about it.

A station's reading key travels to its staff wrapped to their public halves, so that on the
station's disk nothing opens a text but a passphrase (docs/decisions/0020). The private half lies in
a libsodium SecretBox under Argon2id; no hash of the passphrase has to go along.
"""

import secrets
import sqlite3
from typing import NamedTuple

from nacl import pwhash
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import SecretBox

from eventlog.sealing import UnsealError
from eventlog.transaction import Transaction

_SALT_BYTES = pwhash.argon2id.SALTBYTES
# 64 MiB and some 80 ms on a small PC; whoever has the disk pays that for each guess.
_TIME_COST = pwhash.argon2id.OPSLIMIT_INTERACTIVE
_MEMORY_BYTES = pwhash.argon2id.MEMLIMIT_INTERACTIVE


class AccountKey(NamedTuple):
    """A key pair: the public half, and the private one sealed under the passphrase with `salt`."""

    public_key: bytes
    salt: bytes
    private_key: bytes


NO_KEY = AccountKey(b"", b"", b"")


def new_key(passphrase: str) -> AccountKey:
    """Return a fresh key pair whose private half the passphrase opens. Takes some 80 ms."""
    private, salt = PrivateKey.generate(), secrets.token_bytes(_SALT_BYTES)
    sealed = SecretBox(_derived(passphrase, salt)).encrypt(bytes(private))
    return AccountKey(bytes(private.public_key), salt, bytes(sealed))


def open_key(key: AccountKey, passphrase: str) -> bytes | None:
    """Return the private half, or None where the passphrase is wrong. Takes some 80 ms.

    It takes as long for NO_KEY, so that the time doesn't tell which accounts there are.
    """
    derived = _derived(passphrase, key.salt or bytes(_SALT_BYTES))
    try:
        return bytes(SecretBox(derived).decrypt(key.private_key))
    except (CryptoError, ValueError):
        return None


def wrap_for(public_key: bytes, station_private: bytes) -> bytes:
    """Return a station's private key wrapped to an account's public half."""
    return bytes(SealedBox(PublicKey(public_key)).encrypt(station_private))


def unwrap(private_key: bytes, wrapped: bytes) -> bytes:
    """Return the station's private key. Raises UnsealError."""
    try:
        return bytes(SealedBox(PrivateKey(private_key)).decrypt(wrapped))
    except (CryptoError, ValueError) as error:
        raise UnsealError("wrapped to another key, or changed since") from error


def renew(transaction: Transaction, account: str, passphrase: str) -> None:
    """Give an account a fresh key pair. Runs as a job of the writer."""
    store(transaction, account, new_key(passphrase))


def store(
    transaction: Transaction, account: str, key: AccountKey, *, station_key: bytes = b""
) -> None:
    """Put an account's key pair in place; of the one before, nothing stays on the disk.

    `station_key` is the station's private key wrapped to the account; on a hub there is none.
    """
    transaction.connection.execute("PRAGMA secure_delete=ON")
    transaction.connection.execute(
        "INSERT OR REPLACE INTO account_keys(account, public_key, salt, private_key, station_key) "
        "VALUES (?,?,?,?,?)",
        (account, *key, station_key),
    )


def remove(transaction: Transaction, account: str) -> None:
    """Remove an account's key pair and what was wrapped to it."""
    transaction.connection.execute("PRAGMA secure_delete=ON")
    transaction.connection.execute("DELETE FROM account_keys WHERE account=?", (account,))


def key_of(connection: sqlite3.Connection, account: str) -> AccountKey:
    """Return an account's key pair, or NO_KEY."""
    row = connection.execute(
        "SELECT public_key, salt, private_key FROM account_keys WHERE account=?", (account,)
    ).fetchone()
    return NO_KEY if row is None else AccountKey(*row)


def station_key_of(connection: sqlite3.Connection, account: str) -> bytes:
    """Return the station's private key as it is wrapped to an account, or b""."""
    row = connection.execute(
        "SELECT station_key FROM account_keys WHERE account=?", (account,)
    ).fetchone()
    return b"" if row is None else bytes(row[0])


def station_key_by(connection: sqlite3.Connection, account: str, passphrase: str) -> bytes | None:
    """Return the station's private key by an account's passphrase, or None where that is wrong.

    Takes as long for an account that there is not.
    """
    private = open_key(key_of(connection, account), passphrase)
    return None if private is None else unwrap(private, station_key_of(connection, account))


def make_where_none(transaction: Transaction, account: str, passphrase: str) -> None:
    """Give an account of an older release its key pair, its passphrase being proven."""
    if key_of(transaction.connection, account) == NO_KEY:
        renew(transaction, account, passphrase)


def _derived(passphrase: str, salt: bytes) -> bytes:
    return pwhash.argon2id.kdf(
        SecretBox.KEY_SIZE,
        passphrase.encode("utf-8", "replace"),
        salt,
        opslimit=_TIME_COST,
        memlimit=_MEMORY_BYTES,
    )
