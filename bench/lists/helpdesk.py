"""A peer: a page of django-helpdesk's list with as many tickets, beside ours by HTTP.

Both answer on loopback with 50 rows of JSON, newest first: ours `/api/v1/matters`, theirs what its
ticket list is filled from in the browser, of the open tickets, which it shows first. It runs under
Django's own server. (Its `/api/tickets/` took 231 s for a page of a million: not compared.)
"""

import contextlib
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.processes import ROOT, NotReadyError, free_port, running

PYTHON = ROOT / "build" / "peers" / "bin" / "python"
SETTINGS = "bench.lists.helpdesk_settings"
TIMES = 30
Ticket = tuple[str, str, str, int]


def run(
    folder: Path, data: Path, sample: list[Ticket], count: int, say: Callable[[str], None]
) -> list[Figure]:
    """Return p95 of a page of the list of both, ours with theirs as its peer."""
    ours = _ours(folder, data, say)
    what = f"list page by HTTP, {count:,} rows, p95 (peer: django-helpdesk)"
    try:
        theirs: float | None = _theirs(folder, sample, count, say)
    except (NotReadyError, subprocess.CalledProcessError, OSError) as error:
        said = getattr(error, "stderr", b"") or b""
        say(f"helpdesk: not run: {error} {said[-500:]!r}")
        theirs = None
    return [
        Figure(what, ours, "ms", theirs, aim="≤ 100 ms", holds=ours <= 100),
        Figure(
            "list page by HTTP, django-helpdesk, p95",
            theirs,
            "ms",
            missing="" if theirs else "not run",
        ),
    ]


def _ours(folder: Path, data: Path, say: Callable[[str], None]) -> float:
    program = [sys.executable, "-m", "server.command_line"]
    made = subprocess.run(
        [
            *program,
            "tokens",
            "add",
            f"bench-{time.time_ns()}",
            "--role",
            "office",
            "--data",
            str(data),
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    token = made.stdout.split()[-1]
    address = f"http://127.0.0.1:{free_port()}"
    command = [*program, "serve", "--data", str(data), "--host", "127.0.0.1", "--no-replica"]
    command += ["--port", address.rpartition(":")[2]]
    with running(command, f"{address}/api/v1/openapi.json", folder / "ours.log"):
        signed_in = {"Authorization": f"Bearer {token}"}
        return _asked(f"{address}/api/v1/matters", signed_in, "matters", say, "ours")


def _theirs(folder: Path, sample: list[Ticket], count: int, say: Callable[[str], None]) -> float:
    if not PYTHON.exists():
        raise NotReadyError("django-helpdesk is not installed; run tools/setup bench")
    database = folder / "helpdesk.db"
    environment = {
        **os.environ,
        "HELPDESK_DATABASE": str(database),
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "PYTHONPATH": str(ROOT),
        "DJANGO_SUPERUSER_PASSWORD": "bench",
    }
    manage = [str(PYTHON), "-m", "django"]

    def django(*words: str) -> None:
        subprocess.run([*manage, *words], env=environment, check=True, capture_output=True)

    say("helpdesk: making its tables")
    django("migrate", "--verbosity", "0")
    django("createsuperuser", "--noinput", "--username", "bench", "--email", "b@example.org")
    made = subprocess.run(
        [*manage, "shell", "-c", _SIGN_IN],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    session, query = made.stdout.split()[-2:]
    say(f"helpdesk: writing {count:,} tickets")
    _fill(database, sample, count)
    address = f"http://127.0.0.1:{free_port()}"
    command = [*manage, "runserver", "--noreload", address.removeprefix("http://")]
    with running(command, f"{address}/", folder / "helpdesk.log", environment):
        page = f"{address}/datatables_ticket_list/{query}?draw=1&start=0&length=50"
        page += "&order[0][column]=5&order[0][dir]=desc&search[value]="
        signed_in = {"Cookie": f"sessionid={session}"}
        return _asked(page, signed_in, "data", say, "django-helpdesk")


# Prints the cookie of a session, and the list of open tickets as the address of the page has it.
_SIGN_IN = """
from django.contrib.auth.models import User
from django.test import Client
from helpdesk.query import query_to_base64
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(User.objects.get())
print(client.cookies["sessionid"].value)
asked = {"filtering": {"status__in": [1, 2]}, "sorting": "created", "sortreverse": True}
print(query_to_base64(asked))
"""


def _fill(database: Path, sample: list[Ticket], count: int) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        for number in range(count):
            _, title, text, at = sample[number % len(sample)]
            moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at / 1000 - number * 300))
            yield {
                "title": title,
                "description": text,
                "created": moment,
                "modified": moment,
                "queue_id": 1,
                # Open, or closed: as many wait as with ours.
                "status": 1 if number % 20 == 0 else 4,
                "priority": 3,
            }

    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA journal_mode=WAL")
        _insert(connection, "helpdesk_queue", iter([{"id": 1, "title": "q", "slug": "q"}]))
        _insert(connection, "helpdesk_ticket", rows())
        connection.execute("ANALYZE")


def _insert(connection: sqlite3.Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    """Insert rows; columns that must not be empty and are not given get nothing or 0."""
    first = next(rows)
    empty: dict[str, Any] = {
        row[1]: 0 if any(kind in row[2] for kind in ("int", "bool")) else ""
        for row in connection.execute(f"PRAGMA table_info({table})")
        if row[3] and not row[5] and row[1] not in first
    }
    columns = [*first, *empty]
    connection.executemany(
        f"INSERT INTO {table}({','.join(columns)}) VALUES ({','.join('?' * len(columns))})",
        ((*row.values(), *empty.values()) for row in chain([first], rows)),
    )


def _asked(
    address: str, headers: dict[str, str], key: str, say: Callable[[str], None], who: str
) -> float:
    took: list[float] = []
    for number in range(TIMES + 3):
        request = urllib.request.Request(address, headers=headers)
        began = time.perf_counter()
        with urllib.request.urlopen(request, timeout=60) as answer:
            found = json.load(answer)
        if number >= 3:
            took.append((time.perf_counter() - began) * 1000)
        if len(found[key]) != 50:
            raise NotReadyError(f"{who} gave {len(found[key])} rows")
    p95 = statistics.quantiles(took, n=20)[-1]
    say(f"{who}: a page by HTTP p50 {statistics.median(took):.1f}, p95 {p95:.1f} ms")
    return p95
