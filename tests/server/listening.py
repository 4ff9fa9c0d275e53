"""A port on loopback on which nobody should call."""

import socket
import threading


class Listening:
    """A port that notes who calls it."""

    def __enter__(self) -> tuple[int, list[object]]:
        self._socket = socket.create_server(("127.0.0.1", 0))
        calls: list[object] = []

        def accept() -> None:
            while True:
                try:
                    connection, address = self._socket.accept()
                except OSError:
                    return
                calls.append(address)
                connection.close()

        threading.Thread(target=accept, daemon=True).start()
        return self._socket.getsockname()[1], calls

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
