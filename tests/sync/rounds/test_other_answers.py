"""What stands between a station and its hub: proxies that fail, portals, redirects, cut answers.

Whatever answers in the hub's place, nothing leaves the station's queue; the next line carries it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sync.rounds.client import HubLine
from tests.sync.small_nodes import SmallHub, SmallStation, ids, lined

pytestmark = pytest.mark.faults
PAGE = "<html><title>欢迎使用免费无线网络</title><form>手机号</form></html>".encode()

Answering = Callable[["Handler", bytes], None]


class Handler(BaseHTTPRequestHandler):
    """Hands each request to what the test says."""

    answering: Answering

    def do_POST(self) -> None:
        """Answer a question."""
        length = int(self.headers["Content-Length"])
        type(self).answering(self, self.rfile.read(length))

    def tell(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send a whole answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def answered(answering: Answering) -> Iterator[str]:
    """Run a server on loopback that answers so, and yield its address."""
    handler = type("Answered", (Handler,), {"answering": staticmethod(answering)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _cut(handler: Handler, message: bytes) -> None:
    """Promise more than is sent."""
    handler.send_response(200)
    handler.send_header("Content-Length", "500")
    handler.end_headers()
    handler.wfile.write(b"x" * 100)


def _hang_up(handler: Handler, message: bytes) -> None:
    """End without a word."""
    handler.close_connection = True


def _gibberish(handler: Handler, message: bytes) -> None:
    """Speak something else than HTTP."""
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")


OTHERS: dict[str, Answering] = {
    "500": lambda handler, message: handler.tell(500, b"Internal Server Error"),
    "413": lambda handler, message: handler.tell(413),
    "502": lambda handler, message: handler.tell(502, b"<html>Bad Gateway</html>"),
    "504 after a wait": lambda handler, message: handler.tell(504),
    "a portal's page": lambda handler, message: handler.tell(200, PAGE, Content_Type="text/html"),
    "an empty page": lambda handler, message: handler.tell(200),
    "204": lambda handler, message: handler.tell(204),
    "a redirect": lambda handler, message: handler.tell(302, Location="http://127.0.0.1:1/login"),
    "a redirect to here": lambda handler, message: handler.tell(307, Location="/sync"),
    "a proxy that asks who it is": lambda handler, message: handler.tell(407),
    "the question itself": lambda handler, message: handler.tell(200, message),
    "a cut answer": _cut,
    "no answer": _hang_up,
    "another protocol": _gibberish,
}


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_leaves_the_queue_before_the_hub_has_spoken(
    both: tuple[SmallHub, SmallStation], name: str
) -> None:
    hub, station = both
    station.write(*(lined(n, f"第{n}件", station="shiweng") for n in range(1, 6)))
    before, ours = ids(hub.log), ids(station.log)
    with answered(OTHERS[name]) as url:
        station.line = HubLine(url, answer_within_s=5.0).exchange
        for _ in range(3):
            delivery = station.deliver()
            assert not delivery.ok and delivery.retryable
            assert delivery.failure in ("unreachable", "not-the-hub")
    assert station.counts() == (5, 0, 0, 0)
    assert (ids(hub.log), ids(station.log)) == (before, ours)
    station.line = hub.answer
    assert station.deliver().ok and station.counts() == (0, 0, 5, 0)


def test_what_the_hub_committed_is_taken_once_though_a_proxy_ate_the_answer(
    both: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = both
    station.write(*(lined(n, f"第{n}件", station="shiweng") for n in range(1, 6)))

    def eat(handler: Handler, message: bytes) -> None:
        hub.answer(message)
        handler.tell(502)

    with answered(eat) as url:
        station.line = HubLine(url, answer_within_s=5.0).exchange
        assert not station.deliver().ok
    assert ids(station.log) <= ids(hub.log) and station.counts() == (5, 0, 0, 0)
    taken = ids(hub.log)
    station.line = hub.answer
    assert station.deliver().ok and station.counts() == (0, 0, 5, 0)
    assert ids(hub.log) == taken and hub.log.verify().ok


def test_a_proxy_that_lets_only_little_through_gets_little(
    both: tuple[SmallHub, SmallStation],
) -> None:
    hub, station = both
    station.write(*(lined(n, f"第{n}件,{n * 7919}", station="shiweng") for n in range(1, 200)))

    def narrow(handler: Handler, message: bytes) -> None:
        if len(message) > 4096:
            handler.tell(413)
        else:
            handler.tell(200, hub.answer(message))

    with answered(narrow) as url:
        station.line = HubLine(url, answer_within_s=5.0).exchange
        deliveries = 1
        while not station.deliver().ok:
            deliveries += 1
            assert deliveries < 12
    assert station.counts()[:2] == (0, 0) and ids(station.log) == ids(hub.log)


def test_the_hub_says_when_to_come_again(both: tuple[SmallHub, SmallStation]) -> None:
    _, station = both
    station.write(lined(1, "桥板断了"))
    with answered(lambda handler, message: handler.tell(429, Retry_After="37")) as url:
        station.line = HubLine(url, answer_within_s=5.0).exchange
        delivery = station.deliver()
    assert (delivery.failure, delivery.retry_after_s) == ("unreachable", 37.0)
    assert station.counts()[0] == 1
