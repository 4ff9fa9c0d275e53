"""A node's secret keys, in a file of mode 0600 beside the database and never in it.

The recovery kit (`eventlog.recovery_kit`) is the same keys on paper. A station has none: once its
hub holds the private half of its sealing key, the station forgets it, and lost keys are replaced by
enrolling anew.
"""

import hashlib
import hmac
import os
from pathlib import Path
from typing import BinaryIO

import msgspec
from nacl.public import PrivateKey
from nacl.signing import SigningKey

from eventlog.files import flush, write_atomically
from eventlog.sealing import Sealer, Unsealer, UnsealError

FILE_NAME = "keys.json"
KIT_NAME = "recovery-kit.txt"
KEY_BYTES = 32
PUT_BACK = (
    "huiyin keys restore --kit FILE(联络站,或凭证也丢了:--new-keys / at a station, or where the "
    "kit is lost, too: --new-keys)"
)


class KeysError(Exception):
    """Keys with which nothing may be done: `what` is wrong and what to `do`, in both languages."""

    code = "no-keys"

    def __init__(self, what: str, do: str) -> None:
        super().__init__(f"{what} → {do}")
        self.what = what
        self.do = do


class KeysDamaged(KeysError):
    """The keys' file is there and can't be read, or holds no whole keys."""

    code = "keys-damaged"


class UnsealingKeyGone(UnsealError):
    """The node seals with its public half alone; the private half is with its hub."""


class Keys(msgspec.Struct, frozen=True, omit_defaults=True):
    """32 random bytes each: opens contacts, signs for the node, and makes follow-up keys.

    A station has `sealing_public` as well, the public half of `unsealing`; there `unsealing` is
    empty once the station was enrolled with a hub.
    """

    unsealing: bytes
    signing: bytes
    receipt: bytes
    sealing_public: bytes = b""

    @property
    def unsealer(self) -> Unsealer:
        """Opens what was sealed to this node. Raises UnsealingKeyGone."""
        if not self.unsealing:
            raise UnsealingKeyGone("the private half of the sealing key is not on this node")
        return Unsealer(self.unsealing)

    @property
    def sealer(self) -> Sealer:
        """Seals to this node."""
        return Sealer(self.public_sealing_key)

    @property
    def public_sealing_key(self) -> bytes:
        """The public half of what texts are sealed to, 32 bytes."""
        return self.sealing_public or self.unsealer.public_key

    @property
    def of_station(self) -> bool:
        """Whether these are a station's: all texts on its disk are sealed."""
        return bool(self.sealing_public)

    @property
    def age_private(self) -> bytes:
        """The private half of what bundles are encrypted to, made from the signing key.

        So the recovery kit brings it back, and no key serves two kinds of cryptography.
        """
        return hmac.digest(self.signing, b"huiyin age 1", hashlib.sha256)

    @property
    def age_key(self) -> bytes:
        """The public half of what bundles are encrypted to, 32 bytes."""
        return bytes(PrivateKey(self.age_private).public_key)

    @property
    def verify_key(self) -> bytes:
        """The public half of the signing key, 32 bytes."""
        return bytes(SigningKey(self.signing).verify_key)

    @property
    def fingerprint(self) -> str:
        """The first 16 hex digits of the node's public signing key, to compare by voice."""
        return self.verify_key.hex()[:16]


def make_keys() -> Keys:
    """Return fresh keys."""
    return Keys(bytes(PrivateKey.generate()), bytes(SigningKey.generate()), os.urandom(32))


def load_keys(folder: Path) -> Keys | None:
    """Return the keys of a data folder, or None where it has none yet. Raises KeysDamaged."""
    path = folder / FILE_NAME
    try:
        keys = msgspec.json.decode(path.read_bytes(), type=Keys)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(path, error.strerror or type(error).__name__) from error
    except ValueError:
        # Without its cause, which may quote a key.
        raise _damaged(path, "not whole JSON") from None
    if not _fit(keys):
        raise _damaged(path, "a key has a wrong length")
    return keys


def _damaged(path: Path, why: str) -> KeysDamaged:
    return KeysDamaged(
        f"{path}: 密钥读不出来,没有改动 / the keys can't be read, nothing was changed ({why})",
        PUT_BACK,
    )


def _fit(keys: Keys) -> bool:
    """Return whether each key is there and whole, and the two halves belong together."""
    if len(keys.signing) != KEY_BYTES or len(keys.receipt) != KEY_BYTES:
        return False
    if not keys.of_station:
        return len(keys.unsealing) == KEY_BYTES
    if len(keys.sealing_public) != KEY_BYTES:
        return False
    if not keys.unsealing:
        return True
    return len(keys.unsealing) == KEY_BYTES and keys.unsealer.public_key == keys.sealing_public


def save_keys(folder: Path, keys: Keys) -> None:
    """Write the keys into a data folder, readable by its owner only."""
    write_atomically(folder / FILE_NAME, msgspec.json.encode(keys), mode=0o600)


def put_keys_aside(folder: Path) -> list[Path]:
    """Give the keys and the kit of a folder other names, and return these.

    Nothing that may still open something is deleted for keys that take its place.
    """
    aside = []
    for file in (folder / FILE_NAME, folder / KIT_NAME):
        if not file.exists():
            continue
        number = 1
        while (new := file.with_stem(f"{file.stem}-aside-{number}")).exists():
            number += 1
        file.rename(new)
        aside.append(new)
    if aside:
        flush(folder)
    return aside


def for_station(keys: Keys) -> Keys:
    """Return the keys as a station has them: with the public half of its sealing key."""
    if keys.of_station:
        return keys
    return msgspec.structs.replace(keys, sealing_public=keys.unsealer.public_key)


def with_fresh_sealing(keys: Keys) -> Keys:
    """Return a station's keys with a new sealing key, for enrolling anew; the others stay."""
    private = PrivateKey.generate()
    return msgspec.structs.replace(
        keys, unsealing=bytes(private), sealing_public=bytes(private.public_key)
    )


def forget_unsealing(folder: Path, keys: Keys) -> Keys:
    """Write the keys without the private half of the sealing key, and return them.

    What stood in the file before, and a recovery kit, is overwritten as far as the file system
    writes in place. A crash in between leaves the old file or the new one, never none.
    """
    left = msgspec.structs.replace(for_station(keys), unsealing=b"")
    with (folder / FILE_NAME).open("r+b") as before:
        save_keys(folder, left)
        _overwrite(before)
    forget_kit(folder)
    return left


def forget_kit(folder: Path) -> None:
    """Overwrite and remove the recovery kit of a data folder, where there is one."""
    try:
        with (folder / KIT_NAME).open("r+b") as kit:
            _overwrite(kit)
    except FileNotFoundError:
        return
    (folder / KIT_NAME).unlink()
    flush(folder)


def _overwrite(file: BinaryIO) -> None:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    file.write(bytes(size))
    file.flush()
    os.fsync(file.fileno())
