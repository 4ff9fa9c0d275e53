"""Bytes as Bech32 text (BIP 173), which is how age writes its keys."""

from collections.abc import Iterable, Iterator

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECK_LETTERS = 6


def bech32(prefix: str, content: bytes) -> str:
    """Return `content` as Bech32 in lower case; `prefix` is its human-readable part.

    BIP 173's limit of 90 letters is not kept, as age does not keep it either.
    """
    letters = list(_in_fives(content))
    polymod = _polymod([*_spread(prefix), *letters, *[0] * _CHECK_LETTERS]) ^ 1
    check = [polymod >> 5 * (_CHECK_LETTERS - 1 - place) & 31 for place in range(_CHECK_LETTERS)]
    return f"{prefix}1" + "".join(_ALPHABET[each] for each in letters + check)


def _in_fives(content: bytes) -> Iterator[int]:
    """Yield bytes as groups of five bits, the last filled up with zeros."""
    held = bits = 0
    for byte in content:
        held, bits = held << 8 | byte, bits + 8
        while bits >= 5:
            bits -= 5
            yield held >> bits & 31
        held &= (1 << bits) - 1
    if bits:
        yield held << 5 - bits & 31


def _spread(prefix: str) -> list[int]:
    codes = [ord(letter) for letter in prefix]
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def _polymod(values: Iterable[int]) -> int:
    """Return the checksum of BIP 173: a BCH code over GF(32)."""
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, term in enumerate(_GENERATOR):
            check ^= term if top >> place & 1 else 0
    return check
