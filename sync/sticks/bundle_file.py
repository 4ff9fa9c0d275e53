"""One file on a stick: records encrypted to one node by age, signed as a whole by another.

Inside stand records, each a kind, a length and its content: a head that says from whom to whom, the
messages of rounds, other payloads, and an end with the sender's signature over all before it. A
file is written whole or not at all, and nothing of one is believed before its end was checked.
"""

import contextlib
import hashlib
import io
import os
import re
import struct
import tempfile
from collections.abc import Iterable, Iterator
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

import msgspec
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from eventlog.files import flush
from sync.rounds.envelope import node_id
from sync.sticks.age_streams import Drawn, NotDecryptable, WrongKey, decrypt, encrypt

FORMAT = "huiyin bundle 1"
BUNDLE_MOST_BYTES = 512 * 1024 * 1024
RECORD_MOST_BYTES = 20 * 1024 * 1024
PAYLOAD_BYTES = 1024 * 1024
_MAGIC = b"age-encryption.org/v1\n"
_FRAME = struct.Struct(">BI")
_COPY_BYTES = 256 * 1024
Shape = TypeVar("Shape")
_PART = re.compile(r"\.(?P<name>.+)\.(?P<pid>[0-9]+)\.part")


class BundleKind(StrEnum):
    """Which way a bundle goes. Part of the format: never changed, only added to."""

    UP = "up"
    RETURN = "return"


class RecordKind(IntEnum):
    """What a record is. Part of the format: never changed, only added to."""

    HEAD = 1
    MESSAGE = 2
    PAYLOAD = 3
    END = 4


class BadBundle(Exception):
    """A file from which nothing is taken. Fatal for this file."""

    code = "bundle-damaged"


class NotABundle(BadBundle):
    """The file is something else."""

    code = "not-a-bundle"


class BundleForAnother(BadBundle):
    """The bundle was made for another node; or its first bytes are damaged, which looks alike."""

    code = "bundle-for-another"


class BundleFromAnother(BadBundle):
    """The bundle was made by a node that this one does not belong with."""

    code = "bundle-from-another"


class WrongWay(BadBundle):
    """The bundle goes the other way: answers where questions belong, or the reverse."""

    code = "bundle-wrong-way"


class BundleTooLarge(BadBundle):
    """The file is larger than what one may hold."""

    code = "bundle-too-large"


class BundleTooNew(BadBundle):
    """The bundle was made by a newer program, in a format that this one does not know."""

    code = "bundle-too-new"


class Head(msgspec.Struct, array_like=True):
    """The first record: from whom (public signing key) to whom (id of theirs), made when (ms).

    `made_at` is by the sender's clock, UTC.
    """

    kind: BundleKind
    sender: bytes
    recipient: bytes
    made_at: int
    format: str = FORMAT


class End(msgspec.Struct, array_like=True):
    """The last record: how many stand before it, and a signature over their SHA-256."""

    count: int
    signature: bytes


class Record(NamedTuple):
    """One record between the head and the end."""

    kind: int
    content: bytes


def put(
    target: Path | IO[bytes],
    head: Head,
    signing_key: SigningKey,
    age_key: bytes,
    records: Iterable[Record],
) -> int:
    """Write a bundle, encrypted to a raw public X25519 key, and return its size in bytes.

    What stood at a path stays until the new one is whole on the disk. Raises BundleTooLarge,
    OSError, and whatever the records or an open file raise.
    """
    if not isinstance(target, Path):
        return seal(target, head, signing_key, age_key, records)
    path = target
    _clear_parts(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            size = seal(file, head, signing_key, age_key, records)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        # The stick may be gone, and the part with it.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    flush(path.parent)
    return size


def seal(
    file: IO[bytes], head: Head, signing_key: SigningKey, age_key: bytes, records: Iterable[Record]
) -> int:
    """Write a bundle to an open file and return its size in bytes; see `put`."""
    return encrypt(_framed(head, signing_key, records), file, age_key)


@contextlib.contextmanager
def opened(
    source: IO[bytes],
    folder: Path,
    *,
    age_private: bytes,
    own: bytes,
    most_bytes: int = BUNDLE_MOST_BYTES,
) -> Iterator["Bundle"]:
    """Yield a bundle that was found whole and for this node, whose key id is `own`.

    It is unpacked into a file without a name in `folder`, which is gone with the process at the
    latest. Raises BadBundle, OSError.
    """
    if source.seek(0, os.SEEK_END) > most_bytes:
        raise BundleTooLarge
    source.seek(0)
    if source.read(len(_MAGIC)) != _MAGIC:
        raise NotABundle
    source.seek(0)
    with tempfile.TemporaryFile(dir=folder) as plain:
        try:
            decrypt(source, plain, age_private)
        except WrongKey as error:
            raise BundleForAnother from error
        except NotDecryptable as error:
            raise BadBundle("cut or changed on the way") from error
        yield Bundle(plain, own)


class Bundle:
    """A bundle that lies open; read from its start as often as one likes."""

    def __init__(self, plain: IO[bytes], own: bytes) -> None:
        """Check all of it. Raises BadBundle."""
        self._plain = plain
        self.has_payload = False
        self.head, self.count = self._checked(own)

    @property
    def sender(self) -> bytes:
        """The key id of the node that made it."""
        return node_id(self.head.sender)

    def messages(self) -> Iterator[bytes]:
        """Yield the messages, in order."""
        return (one.content for one in self._records() if one.kind == RecordKind.MESSAGE)

    def payload(self) -> IO[bytes]:
        """Return all payloads as one stream; empty where there are none."""
        return io.BufferedReader(
            Drawn(one.content for one in self._records() if one.kind == RecordKind.PAYLOAD),
            _COPY_BYTES,
        )

    def _records(self) -> Iterator[Record]:
        """Yield the records between the head and the end; each reader keeps its own place."""
        place = 0
        for number in range(self.count + 1):
            self._plain.seek(place)
            kind, content = _next_record(self._plain)
            place += _FRAME.size + len(content)
            if number:
                yield Record(kind, content)

    def _checked(self, own: bytes) -> tuple[Head, int]:
        self._plain.seek(0)
        digest = hashlib.sha256()
        kind, content = _next_record(self._plain)
        if kind != RecordKind.HEAD:
            raise BadBundle("it does not begin with a head")
        head = _decoded_head(content)
        count = 0
        while kind != RecordKind.END:
            digest.update(_FRAME.pack(kind, len(content)) + content)
            kind, content = _next_record(self._plain)
            count += kind != RecordKind.END
            self.has_payload |= kind == RecordKind.PAYLOAD
        end = _decoded(content, End)
        try:
            VerifyKey(head.sender).verify(_to_sign(digest.digest()), end.signature)
        except (BadSignatureError, ValueError, TypeError) as error:
            raise BadBundle("not signed by the one who is said to have made it") from error
        if end.count != count or self._plain.read(1):
            raise BadBundle("records are missing")
        if head.recipient != own:
            raise BundleForAnother
        return head, count


def _decoded_head(content: bytes) -> Head:
    fields = _decoded(content, list[Any])
    if not fields or fields[-1] != FORMAT:
        raise BundleTooNew
    return _decoded(content, Head)


def _decoded(content: bytes, kind: type[Shape]) -> Shape:
    try:
        return msgspec.msgpack.decode(content, type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise BadBundle(str(error)) from error


def _next_record(plain: IO[bytes]) -> tuple[int, bytes]:
    frame = plain.read(_FRAME.size)
    if len(frame) != _FRAME.size:
        raise BadBundle("it has no end")
    kind, length = _FRAME.unpack(frame)
    if length > RECORD_MOST_BYTES:
        raise BadBundle("a record is too large")
    content = plain.read(length)
    if len(content) != length:
        raise BadBundle("it has no end")
    return kind, content


def _framed(head: Head, signing_key: SigningKey, records: Iterable[Record]) -> Iterator[bytes]:
    digest = hashlib.sha256()
    count = size = 0
    content = msgspec.msgpack.encode(head)
    framed = _FRAME.pack(RecordKind.HEAD, len(content)) + content
    digest.update(framed)
    yield framed
    for record in records:
        framed = _FRAME.pack(record.kind, len(record.content)) + record.content
        digest.update(framed)
        count, size = count + 1, size + len(framed)
        if size > BUNDLE_MOST_BYTES or len(record.content) > RECORD_MOST_BYTES:
            raise BundleTooLarge
        yield framed
    signature = signing_key.sign(_to_sign(digest.digest())).signature
    content = msgspec.msgpack.encode(End(count, signature))
    yield _FRAME.pack(RecordKind.END, len(content)) + content


def _to_sign(digest: bytes) -> bytes:
    return FORMAT.encode() + b"\0" + digest


def _clear_parts(path: Path) -> None:
    """Remove what is left of writes of the same name whose process was killed."""
    for part in path.parent.iterdir():
        name = _PART.fullmatch(part.name)
        if name is None or name["name"] != path.name:
            continue
        if name["pid"] == str(os.getpid()) or not _is_alive(int(name["pid"])):
            part.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
