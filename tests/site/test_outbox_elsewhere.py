"""The outbox on a site below a sub-path, and on a copy whose form posts to another host."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page

from publisher.site import Publisher
from tests.server.phones import eventually, open_form, outbox, send, without_background_sync
from tests.site import counties

pytestmark = pytest.mark.browser


class _Parent(SimpleHTTPRequestHandler):
    """A plain static server that hands what is below /county/ to a county's server."""

    taken: list[bytes]

    def do_POST(self) -> None:
        """Take a submission, if it comes to the right place."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/county/matters":
            self.send_error(404)
            return
        self.taken.append(body)
        self._tell({"number": "1234567890", "key": "k", "safety": "at_hub"})

    def do_GET(self) -> None:
        """Tell of the matter; anything else is a file."""
        if self.path.startswith("/county/m/1234567890"):
            self._tell({"number": "1234567890", "safety": "durable"})
        else:
            super().do_GET()

    def _tell(self, told: dict[str, str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())

    def end_headers(self) -> None:
        """Have pages asked for anew, as our server does.

        Without it a browser takes a page for fresh for a tenth of its age, network or not.
        """
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site below a sub-path of another, and of a copy with a server elsewhere."""
    folder = tmp_path_factory.mktemp("www")
    content = counties.content(people=counties.deputies(4))
    Publisher(lambda: content, folder / "county").build_full(quick=True)
    elsewhere = "http://127.0.0.1:9/hub"
    Publisher(lambda: content, folder / "copy", server_url=elsewhere).build_full(quick=True)
    _Parent.taken = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Parent, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_below_a_sub_path(parent: str, phone_page: Page) -> None:
    page = phone_page
    without_background_sync(page)
    open_form(page, parent + "/county", "?deputy=deputy-003")
    # A static form carries no id and knows nobody; the script gives it both.
    assert len(page.input_value("[name=id]")) == 36
    assert page.input_value("[name=deputy]") == "deputy-003"
    page.goto(parent + "/county/deputies/deputy-003/")
    page.context.set_offline(True)
    page.goto(parent + "/county/deputies/deputy-003/")
    assert "没有网络" in page.inner_text("article")
    page.goto(parent + "/county/submit/")
    send(page, "断网时写的")
    eventually(page, lambda: "现在连不上网" in outbox(page))
    # Opened again, for the page that sent leaves for the matter's page should it still succeed.
    page.goto(parent + "/county/submit/")
    eventually(page, lambda: "… 已到县里" in outbox(page))
    page.context.set_offline(False)
    eventually(page, lambda: "✓ 已存妥" in outbox(page))
    assert len(_Parent.taken) == 1 and "断网时写的".encode() in _Parent.taken[0]


def test_a_copy_whose_form_posts_elsewhere_promises_nothing(parent: str, phone_page: Page) -> None:
    page = phone_page
    page.goto(parent + "/copy/submit/")
    eventually(page, lambda: len(page.input_value("[name=id]")) == 36)
    assert "没有网络时交不了" in page.inner_text("#offline")
    assert outbox(page) == ""
    page.fill("#text", "送到别处的服务器")
    with page.expect_request("http://127.0.0.1:9/hub/matters") as asked:
        page.click("article button[type=submit]")
    assert asked.value.method == "POST"
