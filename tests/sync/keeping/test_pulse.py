"""A Litestream that hangs is told, ended and followed by another; one that is busy is not."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sync.keeping.program import binary_path
from tests.sync.node import Node, until

pytestmark = pytest.mark.litestream

LIMIT_S = 0.8
Hanging = Callable[[str], Node]

# Answers `GET /info` as Litestream does, a `/sync` never. One that is "busy" writes meanwhile, as
# an upload; in one whose "upload" hangs the local part of a `/sync` goes well.
HANGING = """#!{python} -I
import json, os, socketserver, sys, threading, time
from http.server import BaseHTTPRequestHandler

class Control(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = json.dumps({{"pid": os.getpid()}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "{mode}" == "upload" and not body.get("wait"):
            return self.do_GET()
        threading.Event().wait()

    def log_message(self, *words):
        pass

class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def get_request(self):
        return self.socket.accept()[0], ("", 0)

def upload():
    while "{mode}" == "busy":
        with open(os.devnull, "wb", 0) as line:
            line.write(bytes(4096))
        time.sleep(0.05)

threading.Thread(target=upload, daemon=True).start()
folder = os.path.dirname(sys.argv[sys.argv.index("-config") + 1])
Server(os.path.join(folder, "litestream.sock"), Control).serve_forever()
"""


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hanging:
    """Return what makes a node of which the next Litestream is one that hangs, or is busy."""

    def made(mode: str) -> Node:
        program = tmp_path / "hanging"
        program.write_text(HANGING.format(python=sys.executable, mode=mode))
        program.chmod(0o700)
        monkeypatch.setattr("sync.keeping.program.binary_path", lambda: program)
        return Node(tmp_path, silence_limit_s=LIMIT_S)

    return made


def test_a_stopped_one_is_told_and_another_takes_over(tmp_path: Path) -> None:
    node = Node(tmp_path, silence_limit_s=LIMIT_S).start()
    try:
        generation = node.litestream.generation
        node.signal(signal.SIGSTOP)
        until(lambda: "has not answered" in node.litestream.status.last_error)
        assert node.litestream.generation == generation
        number = node.commit()
        until(lambda: "has not answered" in node.durability.report().last_error)
        until(lambda: node.litestream.generation > generation)
        assert node.durability.await_durable(number, 10)
        status = node.litestream.status
        assert status.restarts == 1 and "has not answered" in status.last_error
        assert node.restored_up_to() == number
    finally:
        node.close()


@pytest.mark.parametrize(
    ("mode", "longer", "told"),
    [("all", 10, "has done nothing"), ("upload", 1, "has uploaded nothing")],
)
def test_one_that_never_confirms_is_ended(
    hanging: Hanging, monkeypatch: pytest.MonkeyPatch, mode: str, longer: int, told: str
) -> None:
    monkeypatch.setattr("sync.keeping.pulse.LONGER_FOR_UPLOADS", longer)
    node = hanging(mode)
    try:
        assert node.litestream.start()
        node.durability.start()
        monkeypatch.setattr("sync.keeping.program.binary_path", binary_path)
        number = node.commit()
        assert node.durability.await_durable(number, 10)
        assert told in node.litestream.status.last_error
    finally:
        node.close()


def test_one_that_is_busy_is_left_alone(hanging: Hanging) -> None:
    node = hanging("busy")
    try:
        assert node.litestream.start()
        node.durability.start()
        node.commit()
        assert not node.durability.await_durable(1, 2 * LIMIT_S)
        assert node.litestream.status.restarts == 0
        assert node.durability.report().last_error
    finally:
        node.close()
