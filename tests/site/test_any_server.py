"""The site on a plain static server, below a folder of its own, as a county's portal has it."""

import threading
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urljoin
from urllib.request import urlopen

from publisher.site import Publisher
from tests.site import counties

# Nothing links to what a portal embeds, to the server's search, to the list of what this county
# has not written, and to a year as long as the index names its months.
_APART = {"notices/column/", "search/", "pages/", "notices/2025/"}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class _Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if tag == "a" and name == "href"]


def test_every_page_is_reached_by_links(tmp_path: Path) -> None:
    out = tmp_path / "portal" / "huiyin"
    content = counties.content(counties.notice(n) for n in range(5))
    Publisher(lambda: content, out, "https://hui.example.org/qinghe/").build_full(quick=True)
    handler = partial(_Quiet, directory=str(tmp_path / "portal"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{server.server_port}/huiyin/"
        waiting, seen = [root], {root}
        while waiting:
            here = waiting.pop()
            with urlopen(here, timeout=20) as answer:
                page = answer.read().decode()
            for link in _Links(page).found:
                address = urljoin(here, link).partition("#")[0].partition("?")[0]
                if address.startswith(root) and address.endswith("/") and address not in seen:
                    seen.add(address)
                    waiting.append(address)
        server.shutdown()
    reached = {unquote(address.removeprefix(root)) for address in seen}
    pages = {page.parent.relative_to(out).as_posix() + "/" for page in out.rglob("index.html")}
    assert pages - {"./"} - reached == _APART
