"""Litestream's control socket: HTTP over a Unix socket, one lasting connection a caller."""

import http.client
import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sync.keeping.concealing import scrubbed

# How the message of one that got no answer begins.
NO_ANSWER = "Litestream gives no answer"


class ControlError(Exception):
    """Litestream did not do what it was asked; `answered` tells a refusal from silence.

    Retryable always: nothing is known about the request.
    """

    def __init__(self, message: str, *, answered: bool) -> None:
        super().__init__(message)
        self.answered = answered


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class ControlSocket:
    """One connection to Litestream's control socket, opened when needed; one thread's own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: _UnixConnection | None = None
        self._interrupted = False

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def interrupt(self) -> None:
        """Make a request that another thread waits in fail at once, and all later ones."""
        self._interrupted = True
        connection = self._connection
        sock = None if connection is None else connection.sock
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def request(
        self,
        method: str,
        target: str,
        body: Mapping[str, object] | None = None,
        *,
        timeout_s: float,
    ) -> dict[str, object]:
        """Return the JSON of the answer with status 200; `timeout_s` is the caller's own limit.

        A connection that has gone stale (Litestream was restarted) is opened anew once: every
        request made here can be repeated. Raises `ControlError`.
        """
        fresh = self._connection is None
        try:
            return self._attempt(method, target, body, timeout_s)
        except (http.client.HTTPException, ConnectionError, BrokenPipeError) as error:
            self.close()
            if fresh or self._interrupted:
                raise _silent(error) from error
        except OSError as error:
            self.close()
            raise _silent(error) from error
        try:
            return self._attempt(method, target, body, timeout_s)
        except (http.client.HTTPException, OSError) as error:
            self.close()
            raise _silent(error) from error

    def _attempt(
        self, method: str, target: str, body: Mapping[str, object] | None, timeout_s: float
    ) -> dict[str, object]:
        if self._connection is None:
            self._connection = _UnixConnection(self.path, timeout_s)
        self._connection.timeout = timeout_s
        if self._connection.sock is not None:
            self._connection.sock.settimeout(timeout_s)
        payload = None if body is None else json.dumps(body).encode()
        headers = {} if payload is None else {"Content-Type": "application/json"}
        self._connection.request(method, target, payload, headers)
        response = self._connection.getresponse()
        text = response.read()
        try:
            answer = json.loads(text)
        except ValueError as error:
            self.close()
            raise ControlError(f"not JSON: {text[:200]!r}", answered=True) from error
        if response.status != 200 or not isinstance(answer, dict):
            message = answer.get("error") if isinstance(answer, dict) else None
            raise ControlError(
                f"{response.status}: {scrubbed(str(message or answer))}", answered=True
            )
        return answer


def _silent(error: Exception) -> ControlError:
    return ControlError(f"{NO_ANSWER}: {error!r}", answered=False)
