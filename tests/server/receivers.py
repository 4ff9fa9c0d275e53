"""A real SMTP relay and a real receiver of webhooks on loopback, which can also misbehave."""

import base64
import email
import email.policy
import http.server
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any, NamedTuple

from tests.hub import free_port


class Taken(NamedTuple):
    """One message as the relay took it from the wire."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    @property
    def text(self) -> str:
        return str(self.message.get_content())


class Relay:
    """An SMTP relay. It is down until `up`; what it does with a message is set beforehand.

    `cut`: so many messages are taken, and the connection cut before the answer. `hang`: it takes
    connections and says nothing. `refusals`: what RCPT of an address is answered. `cut_always`: the
    address at whose RCPT every session is cut.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.taken: list[Taken] = []
        self.connections = 0
        self.cut = 0
        self.hang = False
        self.refusals: dict[str, str] = {}
        self.cut_always = ""
        self.sign_in: tuple[str, str] | None = None
        self.context: ssl.SSLContext | None = None
        self.encrypted = 0
        self._server: socketserver.ThreadingTCPServer | None = None
        self._let_go = threading.Event()

    def up(self) -> None:
        """Begin to listen."""
        relay = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                relay.connections += 1
                if relay.hang:
                    relay._let_go.wait(30)
                    return
                _Conversation(relay, self.request).run()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Say nothing: a client that hangs up is part of the tests."""

        self._server = Server(("127.0.0.1", self.port), Session)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def down(self) -> None:
        """Listen no more."""
        self._let_go.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Conversation:
    """One session of SMTP, as far as smtplib speaks it."""

    def __init__(self, relay: Relay, connection: socket.socket) -> None:
        self._relay = relay
        self._connection = connection
        self._lines = connection.makefile("rb")
        self._signed_in = relay.sign_in is None

    def say(self, *lines: str) -> None:
        for line in lines[:-1]:
            self._connection.sendall(f"{line[:3]}-{line[4:]}\r\n".encode())
        self._connection.sendall(f"{lines[-1]}\r\n".encode())

    def run(self) -> None:
        """Hold the session, and close what encryption put in the first connection's place."""
        try:
            self.hold()
        finally:
            self._lines.close()
            self._connection.close()

    def hold(self) -> None:
        relay = self._relay
        sender, recipients = "", list[str]()
        self.say("220 relay.test ESMTP")
        while line := self._lines.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            match verb.upper():
                case "EHLO":
                    offers = ["250 relay.test"]
                    if relay.context is not None and not isinstance(
                        self._connection, ssl.SSLSocket
                    ):
                        offers.append("250 STARTTLS")
                    if relay.sign_in is not None:
                        offers.append("250 AUTH PLAIN")
                    self.say(*offers, "250 8BITMIME")
                case "STARTTLS" if relay.context is not None:
                    self.say("220 go on")
                    self._lines.close()
                    self._connection = relay.context.wrap_socket(self._connection, server_side=True)
                    self._lines = self._connection.makefile("rb")
                    relay.encrypted += 1
                case "AUTH":
                    _, user, password = base64.b64decode(rest.split()[-1]).decode().split("\0")
                    self._signed_in = (user, password) == relay.sign_in
                    self.say("235 ok" if self._signed_in else "535 5.7.8 wrong user or password")
                case "MAIL" if not self._signed_in:
                    self.say("530 5.7.0 sign in first")
                case "MAIL":
                    sender, recipients = rest[rest.index("<") + 1 : rest.index(">")], []
                    self.say("250 ok")
                case "RCPT":
                    address = rest[rest.index("<") + 1 : rest.index(">")]
                    if address == relay.cut_always:
                        self._connection.shutdown(socket.SHUT_RDWR)
                        return
                    refused = relay.refusals.get(address)
                    if refused is None:
                        recipients.append(address)
                    self.say(refused or "250 ok")
                case "DATA":
                    self.say("354 go on")
                    raw = b""
                    while (part := self._lines.readline()) not in (b".\r\n", b""):
                        raw += part[1:] if part.startswith(b"..") else part
                    relay.taken.append(Taken(sender, recipients, raw))
                    if relay.cut:
                        relay.cut -= 1
                        self._connection.shutdown(socket.SHUT_RDWR)
                        return
                    self.say("250 taken")
                case "RSET" | "NOOP":
                    self.say("250 ok")
                case "QUIT":
                    self.say("221 bye")
                    return
                case _:
                    self.say("502 unknown")


class Post(NamedTuple):
    """One POST as it came; header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


class Hook:
    """A receiver of webhooks. `status` is its answer; with 3xx it points to `/elsewhere`.

    `refused`: what a body must not hold, or it is answered with 400.
    """

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.status = 200
        self.cut = 0
        self.refused = b"\0"
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                hook.posts.append(Post(self.path, headers, body))
                if hook.cut:
                    hook.cut -= 1
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(400 if hook.refused in body else hook.status)
                if 300 <= hook.status < 400:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?key=secret-of-url"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def relay() -> Iterator[Relay]:
    """Yield a relay that is up."""
    running = Relay()
    running.up()
    try:
        yield running
    finally:
        running.down()


@contextmanager
def hook() -> Iterator[Hook]:
    """Yield a receiver of webhooks."""
    running = Hook()
    try:
        yield running
    finally:
        running.close()
