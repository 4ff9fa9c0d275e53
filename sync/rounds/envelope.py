"""The envelope of a message between nodes: who sends it, their signature, and its content, packed.

Nothing is unpacked before the signature was found right, and never beyond a cap, so neither a
stranger nor a bomb costs memory. What is signed begins with what kind of message it is; an answer's
signature covers the question, so an old answer, or a captive portal's page, is never taken for it.
"""

import hashlib
from enum import StrEnum

import zstandard
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from sync.rounds.vocabulary import VOCABULARY

VERSION = 1
NODE_BYTES = 8
SIGNATURE_BYTES = 64
_PLAIN, _ZSTD = 0, 1
# A bundle holds weeks; a request by network is cut much smaller (`sync/rounds/question.py`).
MESSAGE_MOST_BYTES = 64 * 1024 * 1024
UNPACKED_MOST_BYTES = 32 * 1024 * 1024
_LEVEL = 12

_dictionary = zstandard.ZstdCompressionDict(VOCABULARY, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
_parameters = zstandard.ZstdCompressionParameters.from_level(
    _LEVEL,
    format=zstandard.FORMAT_ZSTD1_MAGICLESS,
    write_checksum=False,
    write_content_size=False,
    write_dict_id=False,
)


class MessageKind(StrEnum):
    """What a signature says of a message. Part of what is signed: never changed, only added to."""

    QUESTION = "huiyin question 1"
    ANSWER = "huiyin answer 1"


class BadMessage(Exception):
    """Bytes that are no message, or not by the one who is said to have sent them. Retryable."""

    code = "bad-message"


class ForeignMessage(BadMessage):
    """A message that is signed, but for another hub or by a key that is not known."""

    code = "bad-signature"


def node_id(verify_key: bytes) -> bytes:
    """Return the id of a node: the first 8 bytes of the SHA-256 of its public signing key."""
    return hashlib.sha256(verify_key).digest()[:NODE_BYTES]


def close(content: bytes, signing_key: SigningKey, kind: MessageKind, *, about: bytes) -> bytes:
    """Return `content` packed and signed.

    `about` is signed along: the hub's public key for a question, so that it is for that hub
    only, and the digest of the question for an answer. Who asks is told; who answers is known.
    """
    packed = zstandard.ZstdCompressor(
        dict_data=_dictionary, compression_params=_parameters
    ).compress(content)
    coding = _ZSTD if len(packed) < len(content) else _PLAIN
    body = packed if coding == _ZSTD else content
    head = bytes((VERSION, coding))
    if kind is MessageKind.QUESTION:
        head += node_id(bytes(signing_key.verify_key))
    signed = signing_key.sign(_to_sign(kind, about, head, body)).signature
    return head + signed + body


def sender_of(question: bytes) -> bytes:
    """Return the id of the node that a question says it is from. Raises BadMessage."""
    head, _, _ = _parts(question, MessageKind.QUESTION)
    return head[2:]


def open_message(
    message: bytes,
    verify_key: bytes,
    kind: MessageKind,
    *,
    about: bytes,
    most_bytes: int = UNPACKED_MOST_BYTES,
) -> bytes:
    """Return the content of a message. Raises BadMessage, ForeignMessage."""
    head, signature, body = _parts(message, kind)
    if kind is MessageKind.QUESTION and head[2:] != node_id(verify_key):
        raise ForeignMessage("sent by another")
    try:
        VerifyKey(verify_key).verify(_to_sign(kind, about, head, body), signature)
    except (BadSignatureError, ValueError) as error:
        raise ForeignMessage("not signed by the one who is said to have sent it") from error
    return unpack(message, kind, most_bytes)


def unpack(message: bytes, kind: MessageKind, most_bytes: int = UNPACKED_MOST_BYTES) -> bytes:
    """Return the content of a message, whoever signed it. Raises BadMessage."""
    _, _, body = _parts(message, kind)
    if message[1] == _PLAIN:
        if len(body) > most_bytes:
            raise BadMessage("too much at once")
        return body
    reader = zstandard.ZstdDecompressor(
        dict_data=_dictionary,
        max_window_size=8 * 1024 * 1024,
        format=zstandard.FORMAT_ZSTD1_MAGICLESS,
    ).stream_reader(body, read_across_frames=False)
    content = bytearray()
    try:
        while part := reader.read(64 * 1024):
            content += part
            if len(content) > most_bytes:
                raise BadMessage("too much at once")
    except zstandard.ZstdError as error:
        raise BadMessage("damaged") from error
    return bytes(content)


def _parts(message: bytes, kind: MessageKind) -> tuple[bytes, bytes, bytes]:
    """Return head, signature and body of a message. Raises BadMessage."""
    head_bytes = 2 + (NODE_BYTES if kind is MessageKind.QUESTION else 0)
    body_at = head_bytes + SIGNATURE_BYTES
    if len(message) < body_at or message[0] != VERSION or message[1] > _ZSTD:
        raise BadMessage("not a message of this kind")
    return message[:head_bytes], message[head_bytes:body_at], message[body_at:]


def digest(message: bytes) -> bytes:
    """Return by which digest an answer refers to its question."""
    return hashlib.sha256(message).digest()


def _to_sign(kind: MessageKind, about: bytes, head: bytes, body: bytes) -> bytes:
    return b"\0".join((kind.encode(), hashlib.sha256(about).digest() + head + body))
