"""QR codes as one SVG path: half a kilobyte on the wire (DESIGN, "What was measured")."""

import re
from functools import lru_cache
from itertools import groupby
from typing import Any

import qrcode

QUIET = 4
_MASKS = range(8)
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
    symbol = qrcode.QRCode(border=0, error_correction=qrcode.ERROR_CORRECT_M)
    symbol.add_data(address)
    symbol.best_fit()
    symbol.makeImpl(False, _best_mask(symbol))
    matrix = symbol.get_matrix()
    steps = [f"M{QUIET} {QUIET}.5"]
    for row, modules in enumerate(matrix):
        x = 0
        pen = 0
        for dark, run in groupby(modules):
            length = len(list(run))
            if dark:
                steps.append(f"m{x - pen} 0h{length}" if x != pen else f"h{length}")
                pen = x + length
            x += length
        if row < len(matrix) - 1:
            steps.append(f"m{-pen} 1")
    return {"size": len(matrix) + 2 * QUIET, "path": "".join(steps)}


# By version: what each mask changes does not depend on the data.
_changes: dict[int, list[int]] = {}


def _best_mask(symbol: "qrcode.QRCode[Any]") -> int:
    """The mask that qrcode finds best, which draws and counts module by module for each of them."""
    plain = _drawn(symbol, 0)
    if symbol.version not in _changes:
        _changes[symbol.version] = [_drawn(symbol, mask) ^ plain for mask in _MASKS]
    size = symbol.modules_count
    return min(_MASKS, key=lambda mask: _penalty(plain ^ _changes[symbol.version][mask], size))


def _drawn(symbol: "qrcode.QRCode[Any]", mask: int) -> int:
    """The modules under a mask, row after row, as the bits of a number."""
    symbol.makeImpl(True, mask)
    return int("".join("01"[bool(module)] for row in symbol.modules for module in row), 2)


def _penalty(modules: int, size: int) -> int:
    """How hard a symbol of `size` rows is to read: the fewer points the better."""
    bits = f"{modules:0{size * size}b}"
    rows = [bits[start : start + size] for start in range(0, size * size, size)]
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
