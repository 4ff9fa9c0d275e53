"""The rounds count each byte and request, and a hub that loses something has no figures."""

import contextlib
import http.client
import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from bench.exchange import rounds
from bench.exchange.counting_line import counting
from bench.exchange.rounds import measured
from bench.processes import NotReadyError


class Hub(ThreadingHTTPServer):
    """Keeps what is posted to it, or only the first text of each request."""

    def __init__(self, *, forgetful: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.forgetful = forgetful
        self.lock = threading.Lock()
        self.texts: list[str] = []


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def do_POST(self) -> None:
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.texts += texts[:1] if self.server.forgetful else texts
        self.wfile.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Posting:
    """Posts what waits in one request over a connection that stays open."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.connection = connection
        self.waiting: list[str] = []

    def write(self, texts: Sequence[str]) -> None:
        self.waiting += texts

    def sync(self) -> None:
        self.connection.request("POST", "/", json.dumps(self.waiting))
        self.connection.getresponse().read()
        self.waiting = []


@contextlib.contextmanager
def serving(hub: Hub) -> Iterator[int]:
    thread = threading.Thread(target=hub.serve_forever)
    thread.start()
    try:
        yield hub.server_port
    finally:
        hub.shutdown()
        thread.join()
        hub.server_close()


@contextlib.contextmanager
def connect(_: int, address: str) -> Iterator[Posting]:
    with contextlib.closing(http.client.HTTPConnection(urlsplit(address).netloc)) as connection:
        yield Posting(connection)


def test_every_byte_and_request_is_counted() -> None:
    with serving(Hub()) as port, counting(port) as line, connect(0, line.address) as sender:
        assert line.take().size_bytes == 0
        sender.sync()
        once = line.take()
        assert once.requests == 1
        assert once.down_bytes == len(b"HTTP/1.1 204 No Content\r\n\r\n")
        sender.write(["long" * 100_000])
        sender.sync()
        sender.sync()
        more = line.take()
        # The quotes, the text, five more digits of its length, and a round as the first one was.
        assert more.up_bytes == once.up_bytes + 2 + 400_000 + 5 + once.up_bytes
        assert more.requests == 2


def test_rounds_have_a_figure_for_each_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "BATCH", 50)
    monkeypatch.setattr(rounds, "EACH", 20)
    hub = Hub()
    with serving(hub) as port:
        found = measured("a hub", port, connect, lambda: len(hub.texts))
    assert found.nothing_new and found.lone and found.batch and found.batch_bytes_each
    assert found.nothing_new.requests == found.lone.requests == found.batch.requests == 1
    assert found.nothing_new.size_bytes < found.lone.size_bytes < found.batch.size_bytes
    assert found.documents_s and found.documents_s > 0
    assert len(hub.texts) == 2 + 50 + 20 * rounds.SENDERS


def test_what_did_not_arrive_is_noticed() -> None:
    hub = Hub(forgetful=True)
    with serving(hub) as port, pytest.raises(NotReadyError, match="3 submissions arrived"):
        measured("a hub", port, connect, lambda: len(hub.texts))
