"""A phone at the far end of a slow line: `python -m tests.deploy.slow_phone HOST PORT CA COUNT`.

It loads the form once and sends COUNT submissions, each on a connection of its own that resumes the
one before, and writes out what each took in seconds. One that fails is sent again, as people do.
"""

import socket
import ssl
import statistics
import sys
import time
from pathlib import Path

from tests.deploy.front import NAME, client_context
from tests.deploy.test_front import exchange, form


def main() -> None:
    """Send the submissions. Fails where one takes more than two minutes."""
    host, port, authority, number = sys.argv[1:]
    context = client_context(Path(authority), oldest=False)
    session: ssl.SSLSession | None = None
    took_s, tries = [], 0
    for _ in range(int(number)):
        began = time.monotonic()
        while True:
            tries += 1
            try:
                plain = socket.create_connection((host, int(port)), timeout=60)
                with context.wrap_socket(plain, server_hostname=NAME, session=session) as line:
                    head, _body = exchange(line, form())
                    session = line.session
                break
            except OSError:
                if time.monotonic() - began > 120:
                    raise
        assert head.startswith(b"HTTP/1.1 303"), head
        took_s.append(time.monotonic() - began)
    took_s.sort()
    sys.stdout.write(
        f"16 kbit/s, 30 % lost: {number} submissions through nginx in {tries} tries, median "
        f"{statistics.median(took_s):.1f} s, longest {took_s[-1]:.1f} s, first with its handshake\n"
    )


if __name__ == "__main__":
    main()
