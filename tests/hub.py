"""A real hub in a process of its own, as an operator would run it."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextvars import copy_context
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import httpx2
from click.testing import CliRunner

from server.command_line import main
from server.registers.sample import sign_ins
from tests.seed import Seed, borrowed

Found = TypeVar("Found")
START_S = 180.0


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(look: Callable[[], Found], *, within_s: float = 15.0) -> Found:
    """Return what `look` finds once it is true, or fail after a while; look often at first."""
    deadline, pause_s = time.monotonic() + within_s, 0.01
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s: {look}")
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 0.1)


def huiyin(*arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command in this process, where that is not the point, and return what it printed.

    Its context ends with it, as that of a process does: what it may read nobody else reads then.
    """
    words = [str(argument) for argument in arguments]
    done = copy_context().run(
        CliRunner().invoke, main, words, prog_name="huiyin", catch_exceptions=False
    )
    if check and done.exit_code != 0:
        raise AssertionError(f"{words} ended with {done.exit_code}: {done.stderr}")
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


class Hub:
    """One hub: its data folder, its process, and clients for each role; a context manager.

    A hub with the sample begins in the folder of one that was started once (`tests.seed`).
    """

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self._seed: Seed | None = None
        if "--sample" in options and "station" not in options and not data.exists():
            self._seed = borrowed()
            self._seed.copy_to(data)
        self.port = self._seed.port if self._seed else free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.options = options
        self.process: subprocess.Popen[str] | None = None
        self.printed = ""
        self._tokens: dict[str, str] = {}
        self._sessions: dict[str, httpx2.Cookies] = {}
        self._clients: list[httpx2.Client] = []

    def __enter__(self) -> "Hub":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop it for good, and let others have its port."""
        try:
            self.stop()
        finally:
            if self._seed is not None:
                self._seed.returned()
                self._seed = None

    @property
    def replica(self) -> Path:
        """Where Litestream replicates to by default."""
        return self.data.with_name(self.data.name + "-replica")

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = self.data.parent / f"serve-{self.port}.log"
        with log.open("a") as errors:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "server.command_line",
                    "serve",
                    "--data",
                    str(self.data),
                    "--port",
                    str(self.port),
                    *self.options,
                ],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        process = self.process

        def answers() -> bool:
            if process.poll() is not None:
                raise AssertionError(f"the hub ended: {log.read_text()}")
            try:
                # Before it listens this costs nothing, and a client some 5 ms.
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return httpx2.get(self.url + "/healthz").status_code == 200
            except ConnectionRefusedError:
                return False
            except httpx2.TransportError:
                return False

        until(answers, within_s=START_S)

    def stop(self) -> float:
        """Send SIGTERM, wait for the end, and return how long it took in seconds."""
        while self._clients:
            self._clients.pop().close()
        if self.process is None:
            return 0.0
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.printed += self.process.communicate(timeout=30)[0]
        took_s = time.monotonic() - began
        self.process = None
        return took_s

    def kill(self) -> None:
        """End it as a power cut would, without a word."""
        assert self.process is not None
        self.process.kill()
        self.printed += self.process.communicate(timeout=30)[0]
        self.process = None

    def sign_ins(self) -> dict[str, tuple[str, str]]:
        """Return (name, password) by role, the first of each that the sample wrote down."""
        found: dict[str, tuple[str, str]] = {}
        for one in sign_ins(self.data):
            found.setdefault(one.role, (one.name, one.password))
        return found

    def unit_of_sample(self) -> str:
        """Return the unit that the sample's unit account answers for."""
        found = next(one.place for one in sign_ins(self.data) if one.role == "unit")
        return found.partition(" ")[0]

    def token(self, role: str, **bound: str) -> str:
        """Return a bearer token for a role, made by the command line beside the running hub."""
        key = token_key(role, bound)
        if key not in self._tokens:
            options = [word for name, value in bound.items() for word in (f"--{name}", value)]
            name = f"token-{len(self._tokens)}-{role}"
            done = huiyin("tokens", "add", name, "--role", role, *options, "--data", self.data)
            self._tokens[key] = done.stdout.strip()
        return self._tokens[key]

    def keep_token(self, token: str, role: str, **bound: str) -> None:
        """Take a token that was made before the hub was started."""
        self._tokens[token_key(role, bound)] = token

    def client(self, role: str, **bound: str) -> httpx2.Client:
        """Return a client of the interface that acts in a role."""
        headers = {"Authorization": f"Bearer {self.token(role, **bound)}"}
        return self.opened(httpx2.Client(base_url=self.url, headers=headers, timeout=30))

    def opened(self, client: httpx2.Client) -> httpx2.Client:
        """Close a client before the hub ends, and return it."""
        self._clients.append(client)
        return client

    def raise_matter(self, text: str, **fields: str) -> dict[str, Any]:
        """Send a submission as a program would, and return the receipt."""
        answer = httpx2.post(
            self.url + "/matters",
            data={"text": text, **fields},
            headers={"Accept": "application/json"},
            timeout=30,
        )
        assert answer.status_code == 201, answer.text
        receipt: dict[str, Any] = answer.json()
        return receipt

    def follow(self, receipt: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the villager's page says, as JSON."""
        answer = httpx2.get(
            f"{self.url}/m/{receipt['number']}",
            params={"key": receipt["key"]},
            headers={"Accept": "application/json"},
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def browser_of(self, role: str) -> httpx2.Client:
        """Return a client in the console's session of the sample's sign-in, which is made once."""
        if role not in self._sessions:
            self._sessions[role] = self.sign_in(role).cookies
        return self._console(self._sessions[role])

    def sign_in(self, role: str) -> httpx2.Client:
        """Return a client in a session of its own, begun with the sample's sign-in."""
        client = self._console()
        name, password = self.sign_ins()[role]
        answer = client.post("/console/sign-in", data={"name": name, "password": password})
        assert answer.status_code == 200 and "sign-in" not in str(answer.url), answer.text
        return client

    def _console(self, cookies: httpx2.Cookies | None = None) -> httpx2.Client:
        client = httpx2.Client(
            base_url=self.url, cookies=cookies, follow_redirects=True, timeout=30
        )
        return self.opened(client)


def token_key(role: str, bound: Mapping[str, str]) -> str:
    """Return under what a role's token is kept."""
    return role + json.dumps(bound, sort_keys=True)


def form_token(page: str) -> str:
    """Return the token that a console page's forms carry."""
    match = re.search(r'name="form_token" value="([^"]+)"', page)
    assert match is not None, page
    return match[1]
