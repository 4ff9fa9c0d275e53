"""A node's secret keys, in a file of mode 0600 beside the database and never in it.

The recovery kit is the same keys on paper: without it a restored hub has the record of every
matter, but can open no contact detail. A station has none: once its hub holds the private half of
its sealing key, the station forgets it, and lost keys are replaced by enrolling anew.
"""

import base64
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


class KitError(Exception):
    """A recovery kit can't be read: a line is missing or was copied wrongly."""


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
    """Return the keys of a data folder, or None where it has none yet."""
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=Keys)
    except FileNotFoundError:
        return None


def save_keys(folder: Path, keys: Keys) -> None:
    """Write the keys into a data folder, readable by its owner only."""
    write_atomically(folder / FILE_NAME, msgspec.json.encode(keys), mode=0o600)


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


# Behind each key stand three bytes of its SHA-256, so that a letter copied wrongly is noticed
# before contacts are lost for it; 35 bytes are 56 letters without padding.
_CHECK_BYTES = 3
_KIT_LETTERS = 56
# Digits that are no letters of base32, read as what they were copied from.
_READ_AS = str.maketrans("018", "OIB")
_LINES = {"unsealing": "unsealing key", "signing": "signing key", "receipt": "receipt key"}


def kit_text(keys: Keys, *, node: str, replica: str) -> str:
    """Return the recovery kit, to be printed and taken away: keys in base32, groups of four."""
    lines = [
        "回音 Huiyin · 恢复凭证 Recovery kit",
        "",
        "请打印本页,锁入保险柜,然后在管理台确认“已打印”,系统即删除此文件。",
        "Print this page, lock it away, then confirm in the console; the file is then deleted.",
        "没有它,恢复后的服务器有全部办理记录,但打不开任何联系方式。",
        "Without it a restored hub has every record, but can open no contact detail.",
        "",
        f"node: {node}",
        f"fingerprint: {keys.fingerprint}",
        f"replica: {replica}",
    ]
    for name, label in _LINES.items():
        key: bytes = getattr(keys, name)
        code = base64.b32encode(key + _check(key)).decode()
        groups = " ".join(code[start : start + 4] for start in range(0, len(code), 4))
        lines.append(f"{label}: {groups}")
    lines += [
        "",
        "恢复 To restore:",
        "  huiyin restore --from REPLICA_URL --kit recovery-kit.txt",
        "",
    ]
    return "\n".join(lines)


def _check(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:_CHECK_BYTES]


def write_kit(folder: Path, text: str) -> Path:
    """Write the kit into a data folder, readable by its owner only, and return its path."""
    path = folder / KIT_NAME
    write_atomically(path, text.encode(), mode=0o600)
    return path


def read_kit(path: Path) -> Keys:
    """Return the keys that a recovery kit holds. Raises KitError, naming the bad line."""
    labels = {label: name for name, label in _LINES.items()}
    found: dict[str, bytes] = {}
    for line in path.read_text("utf-8", "replace").splitlines():
        label, colon, rest = line.partition(":")
        name = labels.get(label.strip())
        if not colon or name is None:
            continue
        code = "".join(rest.split()).upper().translate(_READ_AS)
        if len(code) != _KIT_LETTERS:
            raise KitError(f"恢复凭证这一行长度不对 / wrong length: {label}")
        try:
            raw = base64.b32decode(code)
        except ValueError as error:
            raise KitError(f"恢复凭证这一行抄错了 / copied wrongly: {label}") from error
        key = raw[:-_CHECK_BYTES]
        if raw[-_CHECK_BYTES:] != _check(key):
            raise KitError(f"恢复凭证这一行抄错了 / copied wrongly: {label}")
        found[name] = key
    missing = [label for label, name in labels.items() if name not in found]
    if missing:
        raise KitError(f"恢复凭证缺少 / the kit lacks: {', '.join(missing)}")
    return Keys(**found)
