"""First paint over a line of one bar: our pages, stock mkdocs-material's and GOV.UK's, by turns.

Cold is a first visit, warm the same page again, next another page after it (the front page): ours
carries its style in each page, where a peer has it in the cache by then.
"""

from collections.abc import Callable
from pathlib import Path

from bench.figures import Figure
from bench.pages import govuk, slow_line
from bench.pages.slow_line import Seen
from bench.processes import NotReadyError

VISITS = 3
AIM_MS = 2500.0
LINE = "50/20 kbit/s, 600 ms"


def run(
    ours: Path,
    stock: Path,
    peer: Path,
    pages: list[tuple[str, str]],
    words: Callable[[str], str],
    say: Callable[[str], None],
) -> list[Figure]:
    """Return figures for each page, `pages` being (kind, path).

    `ours` and `stock` are built sites with the same paths, `peer` a folder that is made with
    GOV.UK's pages of the same `words`.
    """
    sites = {"ours": ours, "stock mkdocs-material": stock}
    missing = ""
    try:
        paths = ("", *(path for _, path in pages))
        govuk.write_site(peer, {path: (words(path), path == "submit/") for path in paths})
        sites["govuk-frontend"] = peer
    except NotReadyError as error:
        missing = str(error)
    figures: list[Figure] = []
    with slow_line.chromium() as browser:
        for kind, path in pages:
            say(f"first paint: {kind}")
            seen: dict[str, Seen] = {}
            for name, folder in sites.items():
                with slow_line.serving(folder) as address:
                    seen[name] = slow_line.see(browser, address + path, address, VISITS)
            figures += _figures(kind, seen)
    if missing:
        figures.append(Figure("first paint of govuk-frontend", None, "ms", missing=missing))
    return figures


def _figures(kind: str, seen: dict[str, Seen]) -> list[Figure]:
    """A line for each peer and visit, ours being the figure."""
    found = []
    for name, peer in seen.items():
        if name == "ours":
            continue
        for when in ("cold", "warm", "next"):
            mine, theirs = getattr(seen["ours"], when), getattr(peer, when)
            found.append(
                Figure(
                    f"first paint, {kind}, {when}, {LINE}; peer {name}",
                    mine.first_paint_ms,
                    "ms",
                    theirs.first_paint_ms,
                    aim=f"≤ {AIM_MS:,.0f} ms",
                    holds=mine.first_paint_ms <= AIM_MS,
                    more={"ours": vars(mine), "peer": vars(theirs)},
                )
            )
    return found


def details(figures: list[Figure]) -> list[tuple[str, ...]]:
    """Return rows of what came over the line for the figures of first paint, their head first."""
    rows: list[tuple[str, ...]] = [
        ("first paint", "ms", "bytes", "requests", "peer ms", "bytes", "requests")
    ]
    for figure in figures:
        if figure.what.startswith("first paint, "):
            cells = (figure.more["ours"], figure.more["peer"])
            rows.append(
                (
                    figure.what.removeprefix("first paint, ").replace(f", {LINE}", ""),
                    *(
                        f"{one[key]:,.0f}"
                        for one in cells
                        for key in ("first_paint_ms", "received_bytes", "requests")
                    ),
                )
            )
    return rows
