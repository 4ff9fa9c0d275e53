"""Receipts: the number that a person can say on the phone, and the key that opens its page."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from eventlog.identifiers import uuid8_of

NUMBER_DIGITS = 10
KEY_BYTES = 8
_BASE32 = str.maketrans("abcdefghijklmnopqrstuvwxyz234567", "0123456789abcdefghjkmnpqrstvwxyz")
_READ_AS = str.maketrans("oil", "011")
_DASHES = "-–—"


def check_digit(digits: str) -> str:
    """Return the check digit of a string of digits, by ISO 7064 MOD 11,10.

    It shows any single wrong digit and nearly every swap of two neighbours.
    """
    remainder = 10
    for digit in digits:
        remainder = (remainder + int(digit)) % 10 or 10
        remainder = remainder * 2 % 11
    return str((11 - remainder) % 10)


def new_number() -> str:
    """Return a random number of ten digits, the last its check digit; never a counter."""
    digits = str(secrets.randbelow(9 * 10 ** (NUMBER_DIGITS - 2)) + 10 ** (NUMBER_DIGITS - 2))
    return digits + check_digit(digits)


def read_number(text: str) -> str | None:
    """Return a number as written by a person, without its gaps, or None where it can't be one."""
    digits = "".join(
        str(int(character)) if character.isdecimal() else "?"
        for character in text
        if not character.isspace() and character not in _DASHES
    )
    if len(digits) != NUMBER_DIGITS or "?" in digits or check_digit(digits[:-1]) != digits[-1]:
        return None
    return digits


def spoken_number(number: str) -> str:
    """Return a number in groups as one says it: 123 456 7890."""
    return f"{number[:3]} {number[3:6]} {number[6:]}"


def key_of(receipt_key: bytes, matter: bytes) -> str:
    """Return the 64-bit key of a matter in 13 characters; the same whenever it is asked for.

    The characters are Crockford's 32, in which nothing is mistaken for anything else.
    """
    mac = hmac.digest(receipt_key, b"key:" + matter, hashlib.sha256)[:KEY_BYTES]
    return base64.b32encode(mac).decode().rstrip("=").lower().translate(_BASE32)


def key_fits(receipt_key: bytes, matter: bytes, key: str) -> bool:
    """Return whether `key`, as typed by a person, opens the matter; in constant time."""
    typed = "".join(
        character for character in key if not character.isspace() and character not in _DASHES
    )
    typed = typed.lower().translate(_READ_AS)
    return hmac.compare_digest(
        key_of(receipt_key, matter).encode(), typed.encode("utf-8", "replace")
    )


def opens(receipt_keys: Sequence[bytes], matter: bytes, key: str) -> bool:
    """Return whether `key` opens the matter by any of the nodes' receipt keys.

    All of them are tried, so that the time it takes tells nothing of which one fits.
    """
    return sum(key_fits(receipt_key, matter, key) for receipt_key in receipt_keys) > 0


def content_mark(receipt_key: bytes, content: str) -> bytes:
    """Return 16 bytes that are equal for equal content and tell nothing without the key."""
    return hmac.digest(receipt_key, b"content:" + content.encode(), hashlib.sha256)[:16]


def second_identity(receipt_key: bytes, claimed: bytes, content: bytes) -> bytes:
    """Return the id of a submission that claims the id of another with other content.

    It is the same for a repeat, so that a repeat gets the same receipt.
    """
    return _uuid8(receipt_key, b"second:" + claimed + content)


def slip_identity(receipt_key: bytes, number: str) -> bytes:
    """Return the id of the matter that a letterbox slip of that number becomes (征集单, S07).

    It follows from the number alone, so nobody keeps a list of the slips that were printed.
    """
    return _uuid8(receipt_key, b"slip:" + number.encode())


def _uuid8(receipt_key: bytes, about: bytes) -> bytes:
    """Return a UUIDv8 (RFC 9562) that nobody can make without the key."""
    return uuid8_of(hmac.digest(receipt_key, about, hashlib.sha256))
