"""nginx as `deploy/nginx.conf` sets it up, before a hub, and what goes over the line to it."""

import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.hub import free_port, until

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx.conf"
# Where `tools/setup deploy` unpacks it: installed, Debian's would be started and take port 80.
UNPACKED = Path(__file__).parents[2] / "build" / "nginx" / "usr" / "sbin" / "nginx"
NAME = "huiyin.example"


class Front(NamedTuple):
    """A running nginx: its address, what it writes, and what a client trusts."""

    port: int
    plain_port: int
    folder: Path
    authority: Path

    @property
    def access_log(self) -> Path:
        """The access log."""
        return self.folder / "huiyin.log"


def program() -> str | None:
    """Return nginx's program, None where there is none."""
    return str(UNPACKED) if UNPACKED.exists() else shutil.which("nginx")


def configured(folder: Path, *, hub_port: int, port: int, plain_port: int, host: str) -> str:
    """Return `deploy/nginx.conf` for other ports and places, in what Debian puts around it."""
    text = CONFIGURATION.read_text("utf-8")
    text = re.sub(r"(?m)^ *listen \[::\].*\n", "", text)
    for before, after in (
        ("listen 80 ", f"listen {host}:{plain_port} "),
        ("listen 443 ", f"listen {host}:{port} "),
        ("server 127.0.0.1:8000", f"server 127.0.0.1:{hub_port}"),
        ("/etc/huiyin/tls", str(folder)),
        ("/var/log/nginx", str(folder)),
    ):
        assert before in text, before
        text = text.replace(before, after)
    places = "".join(
        f"{kind}_temp_path {folder}/temporary-{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"user root;\npid {folder}/nginx.pid;\nworker_processes 1;\nerror_log {folder}/error.log;\n"
        f"events {{ worker_connections 512; }}\nhttp {{\n{places}gzip on;\n{text}}}\n"
    )


def make_certificates(folder: Path) -> Path:
    """Make an authority, one below it and a certificate, as a county has them; return the first."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(*("req", "-x509", *curve, "-keyout", "root.key", "-out", "root.pem"),
            *("-subj", "/O=Test/CN=Test root", "-days", "3650"))  # fmt: skip
    for name, above, subject, extensions in (
        ("middle", "root", "/O=Test/CN=Test E5", "basicConstraints=critical,CA:TRUE"),
        ("leaf", "middle", f"/CN={NAME}", f"subjectAltName=DNS:{NAME}"),
    ):
        openssl("req", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
        (folder / f"{name}.ext").write_text(extensions + "\n")
        openssl(*("x509", "-req", "-in", f"{name}.csr", "-CA", f"{above}.pem", "-days", "90"),
                *("-CAkey", f"{above}.key", "-CAcreateserial", "-extfile", f"{name}.ext"),
                *("-out", f"{name}.pem"))  # fmt: skip
    (folder / "key.pem").write_bytes((folder / "leaf.key").read_bytes())
    chain = (folder / "leaf.pem").read_bytes() + (folder / "middle.pem").read_bytes()
    (folder / "fullchain.pem").write_bytes(chain)
    return folder / "root.pem"


@contextmanager
def front(
    folder: Path, hub_port: int, *, host: str = "127.0.0.1", within: tuple[str, ...] = ()
) -> Iterator[Front]:
    """Run nginx before a hub; `within` is what the command begins with in a namespace."""
    nginx = program()
    assert nginx is not None
    made = Front(free_port(), free_port(), folder, make_certificates(folder))
    file = folder / "nginx.conf"
    file.write_text(
        configured(folder, hub_port=hub_port, port=made.port, plain_port=made.plain_port, host=host)
    )
    words = [*within, nginx, "-c", str(file), "-e", str(folder / "start.log")]
    subprocess.run([*words, "-t"], check=True, capture_output=True)
    process = subprocess.Popen([*words, "-g", "daemon off;"])
    try:
        until(lambda: (folder / "nginx.pid").exists() and (folder / "nginx.pid").read_text())
        yield made
    finally:
        process.terminate()
        process.wait(10)


class Counted(NamedTuple):
    """What one exchange took: bytes each way, and round trips, with that of TCP itself."""

    sent: int
    received: int
    round_trips: int


class Counter:
    """A proxy on loopback that counts what passes, and how often the direction turns."""

    def __init__(self, port: int, pause_s: float = 0.03) -> None:
        """`pause_s` is how long the line takes one way, so that what is sent together stays so."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._to, self._pause_s = port, pause_s
        self.sent = self.received = 0
        self._flights = 0
        self._last = ""
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def counted(self) -> Counted:
        """Return what passed since the last time, and forget it."""
        with self._lock:
            found = Counted(self.sent, self.received, 1 + self._flights)
            self.sent = self.received = self._flights = 0
            self._last = ""
        return found

    def close(self) -> None:
        """End it; its connections have ended."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            there = socket.create_connection(("127.0.0.1", self._to))
            ways = [
                threading.Thread(target=self._carry, args=(here, there, "sent")),
                threading.Thread(target=self._carry, args=(there, here, "received")),
            ]
            for way in ways:
                way.start()
            for way in ways:
                way.join()
            here.close()
            there.close()

    def _carry(self, source: socket.socket, target: socket.socket, way: str) -> None:
        while True:
            try:
                # What follows at once belongs to the same flight.
                source.recv(1, socket.MSG_PEEK)
                time.sleep(self._pause_s)
                block = source.recv(262_144)
            except OSError:
                block = b""
            with self._lock:
                setattr(self, way, getattr(self, way) + len(block))
                if block and way == "sent" and self._last != "sent":
                    self._flights += 1
                if block:
                    self._last = way
            try:
                if not block:
                    target.shutdown(socket.SHUT_WR)
                    return
                target.sendall(block)
            except OSError:
                return


def client_context(authority: Path, *, oldest: bool) -> ssl.SSLContext:
    """Return what a phone connects with: TLS 1.3, or 1.2 as an old one does."""
    context = ssl.create_default_context(cafile=str(authority))
    if oldest:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context
