"""QR codes as one SVG path: half a kilobyte on the wire (DESIGN, "What was measured")."""

from functools import lru_cache
from itertools import groupby
from typing import Any

import qrcode

QUIET = 4


@lru_cache(maxsize=4096)
def code(address: str) -> dict[str, Any]:
    """`size` (modules with the quiet zone, the side of the viewBox) and `path` of a QR code.

    The path is meant to be stroked one unit wide: a horizontal line for each run of dark
    modules, drawn with relative moves, which compress best. What comes back is kept for the
    next time, so don't change it.
    """
    made = qrcode.QRCode(border=0, error_correction=qrcode.ERROR_CORRECT_M)
    made.add_data(address)
    made.make()
    matrix = made.get_matrix()
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
