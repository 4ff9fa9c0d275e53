"""What a page weighs: ours, beside the same text as a stock page of the same mkdocs-material."""

import contextlib
import gzip
import html
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import brotli  # type: ignore[import-untyped]  # it has no type information

from bench.figures import Figure
from bench.pages import paint
from bench.processes import ROOT

# DESIGN decision 10: every page at most 9 KB compressed, in one request.
AIM_BYTES = 9 * 1024
ORIGIN = "https://huiyin.example/"
BUILD_WITHIN_S = 120.0

# The pages that a person with a phone opens first.
PAINTED = ("deputy", "form")

STOCK_SETTINGS = """site_name: 回音
theme:
  name: material
  language: zh
"""


@dataclass(frozen=True)
class Weight:
    """Bytes of a page with everything that it fetches, and in how many requests.

    `elsewhere` are addresses on other hosts, whose bytes can't be known here; `missing` are
    those that the site itself does not have. Both are requests all the same.
    """

    raw: int
    gzipped: int
    brotlied: int
    requests: int
    elsewhere: tuple[str, ...]
    missing: tuple[str, ...]


def run(folder: Path, with_notices: Path | None, say: Callable[[str], None]) -> list[Figure]:
    """Return the weight of each kind of page; `with_notices` is a site that has many."""
    say("pages: building the sample's site, and a stock one of the same text")
    folder.mkdir(parents=True)
    ours, stock = folder / "ours", folder / "stock"
    data = folder / "data"
    _build_ours(data, ours)
    pages = [(kind, ours, path) for kind, path in _kinds(data)]
    if with_notices is not None:
        pages += [(kind, with_notices, path) for kind, path in _notice_kinds(with_notices)]
    _build_stock(stock, {path: site / path / "index.html" for _, site, path in pages}, ours)
    figures = [
        _figure(kind, weigh(site, path), weigh(stock / "site", path)) for kind, site, path in pages
    ]
    painted = [(kind, path) for kind, site, path in pages if kind in PAINTED and site == ours]
    return figures + paint.run(
        ours,
        stock / "site",
        folder / "govuk",
        painted,
        lambda path: _Words.of((ours / path / "index.html").read_text("utf-8")),
        say,
    )


def weigh(site: Path, path: str) -> Weight:
    """Return the weight of a page with all that its HTML makes a browser fetch at once."""
    page = _file(site, path)
    files = {page: page.read_bytes()}
    addresses = _References.of(page.read_text("utf-8"), ORIGIN + path)
    elsewhere: list[str] = []
    missing: list[str] = []
    for address in sorted(addresses):
        if not address.startswith(ORIGIN):
            elsewhere.append(address)
            continue
        file = _file(site, unquote(urlsplit(address).path).lstrip("/"))
        if file.exists():
            files[file] = file.read_bytes()
        else:
            missing.append(address.removeprefix(ORIGIN))
    return Weight(
        raw=sum(len(body) for body in files.values()),
        gzipped=sum(_gzipped(file, body) for file, body in files.items()),
        brotlied=sum(_brotlied(file, body) for file, body in files.items()),
        requests=len(files) + len(elsewhere) + len(missing),
        elsewhere=tuple(elsewhere),
        missing=tuple(missing),
    )


def _figure(kind: str, ours: Weight, stock: Weight) -> Figure:
    wrong = f", without {' '.join(ours.missing)}" if ours.missing else ""
    return Figure(
        f"page, {kind}: gzip -9, requests {ours.requests} (stock {stock.requests}){wrong}",
        ours.gzipped,
        "B",
        stock.gzipped,
        aim=f"≤ {AIM_BYTES:,} B, 1 request",
        holds=ours.gzipped <= AIM_BYTES and ours.requests == 1,
        more={"ours": vars(ours), "stock": vars(stock)},
    )


def details(figures: Sequence[Figure]) -> list[tuple[str, ...]]:
    """Return rows of bytes and requests for the figures that are pages, their head first."""
    rows: list[tuple[str, ...]] = [
        ("page", "raw", "gzip -9", "brotli", "requests", "stock raw", "gzip -9", "brotli")
    ]
    for figure in figures:
        if figure.what.startswith("page, "):
            ours, stock = figure.more["ours"], figure.more["stock"]
            rows.append(
                (
                    figure.what.removeprefix("page, ").partition(":")[0],
                    *(f"{ours[key]:,}" for key in ("raw", "gzipped", "brotlied")),
                    f"{ours['requests']} / {stock['requests']}",
                    *(f"{stock[key]:,}" for key in ("raw", "gzipped", "brotlied")),
                )
            )
    return rows


def _build_ours(data: Path, out: Path) -> None:
    """Build the sample's site as anybody would; the sample is seeded without serving it."""
    seed = (
        "import sys; from pathlib import Path; "
        "from server.data_folder import open_log, prepare_folder; "
        "from server.registers.sample import seed_sample; "
        "from server.folder.settings import Settings; "
        "folder = Path(sys.argv[1]); log = open_log(folder, prepare_folder(Settings(data=folder)));"
        " seed_sample(log, folder); log.stop()"
    )
    _python("-c", seed, str(data))
    _python(
        *("-m", "server.command_line", "site", "build", "--data", str(data), "--out", str(out)),
        *("--base-url", ORIGIN, "--server-url", ORIGIN),
    )


def _build_stock(folder: Path, pages: dict[str, Path], ours: Path) -> None:
    """Build a stock site of the same words: the search index covers all that ours has."""
    sources = {page.parent.relative_to(ours).as_posix(): page for page in ours.rglob("index.html")}
    sources.update({path.rstrip("/") or ".": page for path, page in pages.items()})
    for path, page in sources.items():
        target = folder / "docs" / path / "index.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_Words.of(page.read_text("utf-8")), "utf-8")
    (folder / "mkdocs.yml").write_text(STOCK_SETTINGS, "utf-8")
    _python("-m", "mkdocs", "build", "--quiet", "--config-file", str(folder / "mkdocs.yml"))


def _python(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=BUILD_WITHIN_S,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{arguments[1]}: {done.stderr[-1000:]}")


def _kinds(data: Path) -> Iterator[tuple[str, str]]:
    """Yield the kinds of pages of the sample, each with the first of its kind."""
    yield "home", ""
    with contextlib.closing(sqlite3.connect(data / "huiyin.db")) as connection:
        for kind, register, folder, condition in (
            ("village", "area", "areas", "id NOT LIKE '%000'"),
            ("deputy", "deputy", "deputies", "1"),
            ("station", "station", "stations", "1"),
        ):
            row = connection.execute(
                f"SELECT id FROM records WHERE noun=? AND {condition} ORDER BY id LIMIT 1",
                (register,),
            ).fetchone()
            yield kind, f"{folder}/{row[0]}/"
    yield "ledger", "ledger/"
    yield "form", "submit/"


def _notice_kinds(site: Path) -> Iterator[tuple[str, str]]:
    """Yield a notice, a full month and the heaviest page of a site that has many notices."""
    folders = sorted(page.parent for page in (site / "notices").glob("*/index.html"))
    months = [folder for folder in folders if re.fullmatch(r"\d{4}-\d\d", folder.name)]
    notices = [folder for folder in folders if folder.name.isdecimal()]
    full = months[len(months) // 2]
    yield "notice", f"{notices[len(notices) // 2].relative_to(site).as_posix()}/"
    yield "month", f"{full.relative_to(site).as_posix()}/"
    heaviest = max(
        (page for page in site.rglob("index.html")), key=lambda page: page.stat().st_size
    )
    path = heaviest.parent.relative_to(site).as_posix()
    yield f"heaviest of all, {path.split('/')[0]}", f"{path}/"


def _file(site: Path, path: str) -> Path:
    return site / path / "index.html" if path.endswith("/") or not path else site / path


def _gzipped(file: Path, body: bytes) -> int:
    """Pictures and fonts are compressed already."""
    if file.suffix in (".png", ".woff2"):
        return len(body)
    return len(gzip.compress(body, 9, mtime=0))


def _brotlied(file: Path, body: bytes) -> int:
    return len(body) if file.suffix in (".png", ".woff2") else len(brotli.compress(body))


class _References(HTMLParser):
    """Collects what a browser fetches with a page: styles, scripts, pictures, icons.

    What is deferred or lazy comes after the text and is not counted (first paint counts it).
    Material's script also starts its search worker, which fetches the index; both stand in the
    page's `__config`. Fonts that a style on another host names are not counted.
    """

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self._in_config = False
        self.found: set[str] = set()

    @classmethod
    def of(cls, text: str, address: str) -> set[str]:
        """Return the addresses."""
        one = cls(address)
        one.feed(text)
        one.close()
        return one.found

    def _add(self, reference: str | None) -> None:
        if reference and not reference.startswith("data:"):
            self.found.add(urljoin(self._address, html.unescape(reference)))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of an element that makes a browser fetch something."""
        given = dict(attrs)
        if tag == "link" and given.get("rel") in ("stylesheet", "icon", "manifest"):
            self._add(given.get("href"))
        elif "defer" in given or given.get("loading") == "lazy":
            # It comes after the text, and holds nothing up.
            pass
        elif tag in ("script", "img", "iframe", "audio", "video"):
            self._add(given.get("src"))
        self._in_config = tag == "script" and given.get("id") == "__config"

    def handle_data(self, data: str) -> None:
        """Read Material's settings."""
        if self._in_config:
            base = re.search(r'"base": "([^"]*)"', data)
            worker = re.search(r'"search": "([^"]*)"', data)
            if base and worker:
                root = urljoin(self._address, base[1].rstrip("/") + "/")
                self.found.add(urljoin(self._address, worker[1]))
                self.found.add(urljoin(root, "search/search_index.json"))
            self._in_config = False


class _Words(HTMLParser):
    """Turns the article of one of our pages into Markdown: its headings and paragraphs."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._lines: list[str] = []
        self._line: list[str] = []
        self._prefix = ""
        self._silent = False

    @classmethod
    def of(cls, text: str) -> str:
        """Return the Markdown."""
        _, opening, article = text.partition("<article")
        article = article.partition("</article>")[0]
        one = cls()
        one.feed(opening + article if opening else text)
        one.close()
        one._end_line()
        return "\n\n".join(one._lines) + "\n"

    def _end_line(self) -> None:
        line = " ".join("".join(self._line).split())
        if line:
            self._lines.append(self._prefix + re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", line))
        self._line, self._prefix = [], ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a heading or paragraph."""
        if tag in ("style", "script", "svg"):
            self._silent = True
        if tag not in ("a", "b", "strong", "em", "span", "time", "small"):
            self._end_line()
        if tag in ("h1", "h2", "h3"):
            self._prefix = "#" * int(tag[1]) + " "

    def handle_endtag(self, tag: str) -> None:
        """End a heading or paragraph."""
        if tag in ("style", "script", "svg"):
            self._silent = False
        if tag not in ("a", "b", "strong", "em", "span", "time", "small"):
            self._end_line()

    def handle_data(self, data: str) -> None:
        """Take words."""
        if not self._silent:
            self._line.append(data)
