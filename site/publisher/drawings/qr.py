"""QR codes as one SVG path: half a kilobyte on the wire (DESIGN, "What was measured")."""

import re
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # It brings Pillow along, 4 MB, which a node that draws none need not have.
    import qrcode

QUIET = 4
_MASKS = range(8)
# Symbols from this version on tell their version twice.
_NUMBERED_FROM = 7
# What a reader may stumble over (ISO/IEC 18004, 7.8.3): long runs, and what looks like a corner.
_RUNS = re.compile("0{5,}|1{5,}")
_CORNERS = re.compile("(?=10111010000|00001011101)")


@lru_cache(maxsize=4096)
def code(address: str) -> dict[str, Any]:
    """`size` (modules with the quiet zone, the side of the viewBox) and `path` of a QR code.

    The path is meant to be stroked one unit wide: a horizontal line for each run of dark
    modules, drawn with relative moves, which compress best. What comes back is kept for the
    next time, so don't change it.
    """
    import qrcode

    symbol = qrcode.QRCode(border=0, error_correction=qrcode.ERROR_CORRECT_M)
    symbol.add_data(address)
    symbol.best_fit()
    matrix = _easiest(symbol)
    steps = [f"M{QUIET} {QUIET}.5"]
    for row, modules in enumerate(matrix):
        x = 0
        pen = 0
        for module, run in groupby(modules):
            length = len(list(run))
            if module == "1":
                steps.append(f"m{x - pen} 0h{length}" if x != pen else f"h{length}")
                pen = x + length
            x += length
        if row < len(matrix) - 1:
            steps.append(f"m{-pen} 1")
    return {"size": len(matrix) + 2 * QUIET, "path": "".join(steps)}


# By version: what each mask changes does not depend on the data.
_changes: dict[int, list[int]] = {}


def _easiest(symbol: "qrcode.QRCode[Any]") -> list[str]:
    """The rows of a symbol, 1 for dark, under the mask that qrcode itself finds best.

    It draws a symbol and counts module by module for each of the eight masks.
    """
    plain, size = _drawn(symbol, 0), symbol.modules_count
    if symbol.version not in _changes:
        _changes[symbol.version] = [_drawn(symbol, mask) ^ plain for mask in _MASKS]
        symbol.makeImpl(True, 0)
    changes = _changes[symbol.version]
    mask = min(_MASKS, key=lambda mask: _penalty(plain ^ changes[mask], size))
    # What no mask touches says which it is.
    symbol.setup_type_info(False, mask)
    if symbol.version >= _NUMBERED_FROM:
        symbol.setup_type_number(False)
    return _rows(_bits(symbol) ^ changes[mask], size)


def _drawn(symbol: "qrcode.QRCode[Any]", mask: int) -> int:
    """The modules under a mask, without what says which it is."""
    symbol.makeImpl(True, mask)
    return _bits(symbol)


def _bits(symbol: "qrcode.QRCode[Any]") -> int:
    """The modules, row after row, as the bits of a number."""
    return int("".join("1" if module else "0" for row in symbol.modules for module in row), 2)


def _rows(modules: int, size: int) -> list[str]:
    bits = f"{modules:0{size * size}b}"
    return [bits[start : start + size] for start in range(0, size * size, size)]


def _penalty(modules: int, size: int) -> int:
    """How hard a symbol of `size` rows is to read: the fewer points the better."""
    rows = _rows(modules, size)
    lines = " ".join((*rows, *map("".join, zip(*rows, strict=True))))
    # Squares of two by two modules of one colour, none of which begins in the last column or row.
    inner = int(("1" * (size - 1) + "0") * (size - 1), 2) << size
    right, below, across = modules << 1, modules << size, modules << (size + 1)
    dark = modules & right & below & across & inner
    light = ~(modules | right | below | across) & inner
    return (
        sum(len(run) - 2 for run in _RUNS.findall(lines))
        + 3 * (dark.bit_count() + light.bit_count())
        + 40 * len(_CORNERS.findall(lines))
        + 10 * int(abs(modules.bit_count() / size**2 * 100 - 50) / 5)
    )
