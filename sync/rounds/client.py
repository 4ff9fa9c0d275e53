"""Speaking to a hub over HTTP: one request a question, with as few headers as HTTP/1.1 allows."""

import http.client
import json
import socket
from typing import NamedTuple
from urllib.parse import urlsplit

from sync.nodes import enrolment
from sync.nodes.enrolment import HubCard
from sync.rounds.envelope import MESSAGE_MOST_BYTES

CONNECT_WITHIN_S = 30.0
ANSWER_WITHIN_S = 120.0
RETRY_AFTER_MOST_S = 3600.0
HUB_FULL = "hub-full"


class Unreachable(Exception):
    """No answer came from the hub: no line, a cut, or something else that answers. Retryable.

    `retry_after_s` is when the hub wants to be asked again, where it said so. The code is another
    where the hub's disk is full.
    """

    code = "unreachable"

    def __init__(
        self, why: str, retry_after_s: float | None = None, *, code: str = "unreachable"
    ) -> None:
        super().__init__(why)
        self.code = code
        self.retry_after_s = retry_after_s


class BadAddress(Exception):
    """Not the address of a hub: http:// or https:// with a host. Fatal."""

    code = "bad-address"


class _Place(NamedTuple):
    secure: bool
    host: str
    port: int | None
    path: str


class HubLine:
    """A line to one hub, opened anew for each question: a station's line is cut all the time."""

    def __init__(self, url: str, *, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        """Raises BadAddress."""
        self._place = _parse(url)
        self._answer_within_s = answer_within_s

    def exchange(self, message: bytes) -> bytes:
        """Send a question and return the answer's bytes. Raises Unreachable."""
        return self._request("POST", "sync", message)

    def hello(self, code_mark: bytes) -> tuple[HubCard, bytes]:
        """Return a hub's public keys, and its proof that it gave a code. Raises Unreachable."""
        answer = self._request("GET", f"sync/hello?code={code_mark.hex()}", None)
        try:
            card = json.loads(answer)
            hub = HubCard(
                bytes.fromhex(card["verify_key"]),
                bytes.fromhex(card["sealing_key"]),
                bytes.fromhex(card["age_key"]),
                str(card["name"]),
            )
            return hub, bytes.fromhex(card["proof"])
        except (ValueError, KeyError, TypeError) as error:
            raise Unreachable("something else answers at the hub's address") from error

    def _request(self, method: str, path: str, body: bytes | None) -> bytes:
        place = self._place
        kind = http.client.HTTPSConnection if place.secure else http.client.HTTPConnection
        connection = kind(place.host, place.port, timeout=CONNECT_WITHIN_S)
        try:
            connection.connect()
            if connection.sock is not None:
                connection.sock.settimeout(self._answer_within_s)
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.putrequest(method, place.path + path, skip_accept_encoding=True)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            # A connection that the hub will close lets go of its answer: that is closed by itself.
            with connection.getresponse() as answer:
                content = answer.read(MESSAGE_MOST_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()
        if answer.status in (429, 503):
            raise Unreachable(f"HTTP {answer.status}", _retry_after(answer))
        if answer.status == 507:
            raise Unreachable("HTTP 507", code=HUB_FULL)
        if answer.status != 200 or len(content) > MESSAGE_MOST_BYTES:
            raise Unreachable(f"HTTP {answer.status}")
        return content


def find_hub(url: str, code: str) -> tuple[HubCard, bytes]:
    """Return the hub at an address and the secret of a code that it proved to have given.

    Raises BadAddress, Unreachable, BadCode.
    """
    secret = enrolment.secret_of(code)
    hub, proof = HubLine(url, answer_within_s=30.0).hello(enrolment.code_of(secret).mark)
    enrolment.check_hub(code, hub)
    if not enrolment.is_vouched(secret, hub, proof):
        raise enrolment.BadCode("the hub at this address did not give this code, or no more")
    return hub, secret


def _parse(url: str) -> _Place:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadAddress(url) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise BadAddress(url)
    return _Place(parts.scheme == "https", parts.hostname, port, parts.path.rstrip("/") + "/")


def _retry_after(answer: http.client.HTTPResponse) -> float | None:
    seconds = answer.headers.get("Retry-After", "")
    return min(float(seconds), RETRY_AFTER_MOST_S) if seconds.isdecimal() else None
