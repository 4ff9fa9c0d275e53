"""SIGTERM ends a node in time, its replica dead too, with senders still waiting.

Processes are started, for how they end is what is asked.
"""

import os
import signal
import socket
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from tests.counts import FULL
from tests.hub import Hub, huiyin, until

pytestmark = [pytest.mark.litestream, pytest.mark.faults]
END_WITHIN_S = 5.0


@contextmanager
def silent_host(hub: Hub, folder: Path) -> Iterator[str]:
    """Yield the address of a replica on a host that takes connections and never says a word."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        port = silent.getsockname()[1]
        key = b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)).decode()
        host_key = quote(f"ssh-ed25519 {key}", safe="")
        yield f"sftp://huiyin:word@127.0.0.1:{port}/replica?host-key={host_key}"


@contextmanager
def full_disk(hub: Hub, folder: Path) -> Iterator[str]:
    """Yield a replica in a folder on a disk that has no room; for root alone."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], check=True)
    try:
        yield str(folder / "replica")
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def stopped_litestream(hub: Hub, folder: Path) -> Iterator[str]:
    """Yield a sound replica; Litestream is stopped once it serves."""
    yield str(folder)


CAUSES = [stopped_litestream, silent_host, *([full_disk] if FULL and os.geteuid() == 0 else [])]


@pytest.mark.parametrize("cause", CAUSES)
def test_it_ends_in_time_with_the_replica_dead(cause: object, tmp_path: Path) -> None:
    with Hub(tmp_path / "data", "--sample") as hub, ExitStack() as stack:
        assert callable(cause)
        address = stack.enter_context(cause(hub, tmp_path / "replica-place"))
        hub.options = ("--sample", "--replica", address)
        hub.start()
        if cause is stopped_litestream:
            until(lambda: hub.raise_matter("先存好")["safety"] == "durable")
            os.kill(int((hub.data / "litestream.pid").read_text()), signal.SIGSTOP)
        answers: list[int] = []

        def send() -> None:
            try:
                answer = httpx2.post(hub.url + "/matters", data={"text": "收了"}, timeout=30)
                answers.append(answer.status_code)
            except httpx2.TransportError:
                answers.append(0)

        receipt = hub.raise_matter("收下的")
        senders = [threading.Thread(target=send) for _ in range(4)]
        for sender in senders:
            sender.start()
        assert hub.stop() < END_WITHIN_S
        for sender in senders:
            sender.join()
        # Those who came in time have their receipts, though the replica holds nothing of it.
        assert set(answers) <= {0, 303} and len(answers) == len(senders)
        # All that was taken is there, whatever became of the replica.
        kept = tmp_path / "matters.json"
        huiyin("export", "matters", kept, "--data", hub.data)
        assert receipt["number"] in kept.read_text("utf-8")
        huiyin("matters", "verify", "--data", hub.data)
