"""A line that counts: what two programs say to each other over TCP, byte by byte."""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from socketserver import BaseRequestHandler, ThreadingTCPServer

_REQUEST = re.compile(rb"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /\S* HTTP/1\.[01]\r\n")
_LONGEST_REQUEST_LINE = 8192
_READ_BYTES = 65536


@dataclass(frozen=True)
class Traffic:
    """What went over the line: payload of TCP in bytes, headers included, and HTTP requests."""

    up_bytes: int
    down_bytes: int
    requests: int

    @property
    def size_bytes(self) -> int:
        """Both ways together."""
        return self.up_bytes + self.down_bytes


class CountingLine:
    """Where a client connects instead of to the server. Any thread may ask what was counted."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._lock = threading.Lock()
        self._up = self._down = self._requests = 0

    def take(self) -> Traffic:
        """Return what went over the line since the last take, and count from nothing again."""
        with self._lock:
            taken = Traffic(self._up, self._down, self._requests)
            self._up = self._down = self._requests = 0
        return taken

    def add(self, *, up: int = 0, down: int = 0, requests: int = 0) -> None:
        """Count bytes that are about to be passed on, so that none arrives uncounted."""
        with self._lock:
            self._up += up
            self._down += down
            self._requests += requests


@contextlib.contextmanager
def counting(port: int) -> Iterator[CountingLine]:
    """Yield a line to what listens on a port of 127.0.0.1."""

    class Passing(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as server:
                back = threading.Thread(target=_pass_down, args=(server, self.request, line))
                back.start()
                _pass_up(self.request, server, line)
                back.join()

    class Server(ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Passing) as listening:
        line = CountingLine(f"http://127.0.0.1:{listening.server_address[1]}")
        serving = threading.Thread(target=listening.serve_forever, daemon=True)
        serving.start()
        try:
            yield line
        finally:
            listening.shutdown()
            serving.join()


def _pass_up(client: socket.socket, server: socket.socket, line: CountingLine) -> None:
    begun = b""
    with _ended(server):
        while data := client.recv(_READ_BYTES):
            begun += data
            line.add(up=len(data), requests=len(_REQUEST.findall(begun)))
            # A request line may come in two pieces: what may be its first one is kept.
            begun = begun[begun.rfind(b"\n") + 1 :][-_LONGEST_REQUEST_LINE:]
            server.sendall(data)


def _pass_down(server: socket.socket, client: socket.socket, line: CountingLine) -> None:
    with _ended(client):
        while data := server.recv(_READ_BYTES):
            line.add(down=len(data))
            client.sendall(data)


@contextlib.contextmanager
def _ended(other: socket.socket) -> Iterator[None]:
    """Say to the other side that no more comes; a side that is gone has nothing to be told."""
    with contextlib.suppress(OSError):
        try:
            yield
        finally:
            other.shutdown(socket.SHUT_WR)
