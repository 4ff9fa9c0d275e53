"""Enrolling a node: a code that is said once on the phone, or a file on a stick.

The code carries 64 random bits that both sides prove to know, and 36 bits of the hub's fingerprint,
so that a code typed at another hub is told from a wrong one. What the node says of itself goes
along with its first question, in whatever way that travels; a station without a network is enrolled
by its first bundle.
"""

import hashlib
import hmac
import os
from typing import NamedTuple, TypeVar

import msgspec

Said = TypeVar("Said")

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("OIL", "011")
_SECRET_BITS, _FINGERPRINT_BITS, _LETTER_BITS = 64, 36, 5
CODE_LETTERS = (_SECRET_BITS + _FINGERPRINT_BITS) // _LETTER_BITS
CODE_LIVES_MS = 7 * 86_400_000


class BadCode(Exception):
    """A code that nobody gave, that was used or is too old, or that another hub gave. Fatal."""

    code = "bad-code"


class HubCard(msgspec.Struct, frozen=True):
    """A hub's public keys, to check what it signs and to seal texts and bundles to it."""

    verify_key: bytes
    sealing_key: bytes
    age_key: bytes
    name: str = ""

    @property
    def keys(self) -> bytes:
        """All keys, one behind the other."""
        return self.verify_key + self.sealing_key + self.age_key

    @property
    def fingerprint(self) -> int:
        """36 bits of the SHA-256 of the keys, as a code carries them."""
        digest = hashlib.sha256(b"huiyin hub 1\0" + self.keys).digest()
        return int.from_bytes(digest[:8], "big") >> (64 - _FINGERPRINT_BITS)


class Invitation(msgspec.Struct, frozen=True):
    """What `nodes enrol --file` writes: the hub's keys, its address, and the code's secret."""

    hub: HubCard
    secret: bytes
    url: str = ""
    format: str = "huiyin invitation 1"


class Moving(msgspec.Struct, array_like=True):
    """What a hub tells a node that is to belong to another one from now on.

    `secrets` are the node's own, sealed to the other hub: what was written before stays readable.
    """

    invitation: Invitation
    secrets: bytes


class Enrolment(msgspec.Struct, array_like=True):
    """What a node says of itself with its first question; `proof` shows that it knows the code."""

    code_mark: bytes
    verify_key: bytes
    reading_key: bytes
    age_key: bytes
    secrets: bytes
    proof: bytes

    @property
    def said(self) -> bytes:
        """What the proof is about."""
        return self.verify_key + self.reading_key + self.age_key + self.secrets


class Enrolled(msgspec.Struct, array_like=True):
    """The hub's answer: what it calls the node, and whose station it is."""

    name: str
    station: str


class Code(NamedTuple):
    """A code as it is kept at the hub: by what it is found, and what proves it; never itself."""

    mark: bytes
    key: bytes


def new_secret() -> bytes:
    """Return the random part of a fresh code."""
    return os.urandom(_SECRET_BITS // 8)


def code_of(secret: bytes) -> Code:
    """Return by what a hub finds and proves the code of a secret."""
    mark = hashlib.sha256(b"huiyin code mark 1\0" + secret).digest()[:8]
    return Code(mark, hashlib.sha256(b"huiyin code key 1\0" + secret).digest())


def spoken(secret: bytes, hub: HubCard) -> str:
    """Return a code as it is said: five groups of four letters and digits."""
    value = int.from_bytes(secret, "big") << _FINGERPRINT_BITS | hub.fingerprint
    letters = "".join(
        _ALPHABET[value >> shift & 31]
        for shift in range((CODE_LETTERS - 1) * _LETTER_BITS, -1, -_LETTER_BITS)
    )
    return "-".join(letters[start : start + 4] for start in range(0, CODE_LETTERS, 4))


def secret_of(code: str) -> bytes:
    """Return the secret of a code as somebody typed it. Raises BadCode."""
    return (_value_of(code) >> _FINGERPRINT_BITS).to_bytes(_SECRET_BITS // 8, "big")


def check_hub(code: str, hub: HubCard) -> None:
    """Raise BadCode where a code was given by another hub."""
    if _value_of(code) & (1 << _FINGERPRINT_BITS) - 1 != hub.fingerprint:
        raise BadCode("the hub at this address is not the one that gave the code")


def _value_of(code: str) -> int:
    letters = "".join(letter for letter in code.upper() if letter.isalnum()).translate(_READ_AS)
    if len(letters) != CODE_LETTERS or set(letters) - set(_ALPHABET):
        raise BadCode("not a code of 20 letters and digits")
    value = 0
    for letter in letters:
        value = value << _LETTER_BITS | _ALPHABET.index(letter)
    return value


def introduce(
    secret: bytes,
    hub: HubCard,
    *,
    verify_key: bytes,
    reading_key: bytes,
    age_key: bytes,
    secrets: bytes,
) -> bytes:
    """Return what a node says of itself with its first question."""
    code = code_of(secret)
    introduction = Enrolment(code.mark, verify_key, reading_key, age_key, secrets, b"")
    introduction.proof = _proof(code.key, b"node", hub.verify_key, introduction.said)
    return msgspec.msgpack.encode(introduction)


def read_introduction(content: bytes) -> Enrolment:
    """Return what a node said of itself. Raises BadCode where it is of no shape."""
    introduction = _decoded(content, Enrolment)
    keys = (introduction.verify_key, introduction.reading_key, introduction.age_key)
    if {len(key) for key in keys} != {32}:
        raise BadCode("keys of the wrong length")
    return introduction


def is_proven(code_key: bytes, enrolment: Enrolment, hub: HubCard) -> bool:
    """Return whether a node knows the code by which it enrols; in constant time."""
    return hmac.compare_digest(
        _proof(code_key, b"node", hub.verify_key, enrolment.said), enrolment.proof
    )


def vouch(code_key: bytes, hub: HubCard) -> bytes:
    """Return the hub's proof that it knows a code: without it nothing is entrusted to a hub.

    The fingerprint in a code is too short to keep out somebody who makes keys until one fits.
    """
    return _proof(code_key, b"hub", hub.verify_key, hub.keys)


def is_vouched(secret: bytes, hub: HubCard, proof: bytes) -> bool:
    """Return whether a hub proved that it gave the code; in constant time."""
    return hmac.compare_digest(vouch(code_of(secret).key, hub), proof)


def welcome(name: str, station: str) -> bytes:
    """Return the hub's answer to a node that enrols."""
    return msgspec.msgpack.encode(Enrolled(name, station))


def moving(invitation: Invitation, secrets: bytes) -> bytes:
    """Return what a hub tells a node that is to move to the hub that gave the invitation."""
    return msgspec.msgpack.encode(Moving(invitation, secrets))


def read_moving(content: bytes) -> Moving:
    """Return where a node is to move. Raises BadCode where it is of no shape."""
    return _decoded(content, Moving)


def read_welcome(content: bytes) -> Enrolled:
    """Return the hub's answer. Raises BadCode where it is of no shape."""
    return _decoded(content, Enrolled)


def _decoded(content: bytes, kind: type[Said]) -> Said:
    try:
        return msgspec.msgpack.decode(content, type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise BadCode(f"not of the shape of {kind.__name__}") from error


def _proof(key: bytes, side: bytes, about: bytes, said: bytes) -> bytes:
    return hmac.digest(key, b"\0".join((b"huiyin enrol 1", side, about, said)), hashlib.sha256)
