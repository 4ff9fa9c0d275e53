"""A line to a server that is cut after so many bytes of its answers, over and over."""

import contextlib
import socket
import threading
from types import TracebackType


class CuttingLine:
    """A port on loopback that passes on to another; each connection gets `room` bytes and ends.

    `received` and `sent` count what went over the line in answers and questions.
    """

    def __init__(self, port: int, room: float = float("inf")) -> None:
        self._to = port
        self.room = room
        self.received = 0
        self.sent = 0
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> "CuttingLine":
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._run(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(10)

    def _run(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]  # Any function.
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._socket.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            self._run(self._ask, near, far)
            self._run(self._answer, near, far)

    def _ask(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := near.recv(65536):
                self.sent += len(data)
                far.sendall(data)
        with contextlib.suppress(OSError):
            far.shutdown(socket.SHUT_RDWR)

    def _answer(self, near: socket.socket, far: socket.socket) -> None:
        left = self.room
        with near, far, contextlib.suppress(OSError):
            while left > 0 and (data := far.recv(int(min(left, 65536)))):
                left -= len(data)
                self.received += len(data)
                near.sendall(data)
            near.shutdown(socket.SHUT_RDWR)
            far.shutdown(socket.SHUT_RDWR)
