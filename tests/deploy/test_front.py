"""nginx before a hub, as `deploy/nginx.conf` has it: what it hands on, writes and costs.

`pytest tests/deploy/test_front.py -s` prints the figures of docs/figures.md.
"""

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.counts import FULL
from tests.deploy.front import NAME, Counted, Counter, Front, client_context, front, program
from tests.hub import Hub, until
from tests.server.folder.record_golden import small_photo
from tests.sync.slow_line import HUB as SLOW_HUB
from tests.sync.slow_line import NotAllowed, slow_line

pytestmark = pytest.mark.skipif(
    program() is None or shutil.which("openssl") is None, reason="nginx or openssl is missing"
)
SUBMISSIONS = 40
# What an old Android's Chrome says of itself.
PHONE = (
    "User-Agent: Mozilla/5.0 (Linux; Android 5.1; M3 note) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/95.0.4638.74 Mobile Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml\r\nAccept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: zh-CN,zh;q=0.9\r\nUpgrade-Insecure-Requests: 1\r\n"
)


@pytest.fixture(scope="module")
def before(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """An nginx before the session's hub."""
    with front(tmp_path_factory.mktemp("nginx"), hub.port) as made:
        yield made


def exchange(line: ssl.SSLSocket, request: bytes) -> tuple[bytes, bytes]:
    """Send a request on a connection, and return the head and body of the answer."""
    line.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += line.recv(65536) or pytest.fail(f"the line ended: {answer!r}")
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    assert length, head
    while len(body) < int(length[1]):
        body += line.recv(65536) or pytest.fail("the line ended")
    return head, body


def page(address: str, host: str = NAME, more: str = "") -> bytes:
    """Return a phone's request for a page."""
    return f"GET {address} HTTP/1.1\r\nHost: {host}\r\n{PHONE}{more}\r\n".encode()


def connected(port: int, context: ssl.SSLContext, session: object = None) -> ssl.SSLSocket:
    """Return a line to nginx, resumed from a session where one is given."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=30)
    return context.wrap_socket(plain, server_hostname=NAME, session=session)  # type: ignore[arg-type]


def form(*, photo: bytes = b"", text: str = "过河的桥板断了") -> bytes:
    """Return a villager's submission as a browser posts it, with a photo or without."""
    mark = b"----WebKitFormBoundary7MA4YWxkTrZu0gW"
    parts = [("text", text.encode()), ("phone", b"13900000000")]
    body = b"".join(
        b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        % (mark, name.encode(), value)
        for name, value in parts
    )
    if photo:
        body += (
            b'--%s\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n'
            b"Content-Type: image/jpeg\r\n\r\n%s\r\n" % (mark, photo)
        )
    body += b"--%s--\r\n" % mark
    head = (
        f"POST /matters HTTP/1.1\r\nHost: {NAME}\r\n{PHONE}"
        f"Content-Type: multipart/form-data; boundary={mark.decode()}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def measured(before: Front, *, oldest: bool) -> dict[str, Counted]:
    """Return what a first page and the form cost, with a full handshake and with a resumed one."""
    costs = {}
    context = client_context(before.authority, oldest=oldest)
    counter = Counter(before.port)
    try:
        session = None
        for name in ("full", "resumed"):
            line = connected(counter.port, context, session)
            exchange(line, page("/"))
            assert line.session_reused == (name == "resumed")
            costs[f"first page, {name}"] = counter.counted()
            exchange(line, page("/submit/"))
            # The connection stands: the round trip of TCP itself is not made again.
            cost = counter.counted()
            costs[f"the form after it, {name}"] = cost._replace(round_trips=cost.round_trips - 1)
            session = line.session
            line.close()
            time.sleep(0.2)
            counter.counted()
    finally:
        counter.close()
    return costs


def test_a_page_over_tls_costs_an_old_phone_few_bytes_and_round_trips(before: Front) -> None:
    for oldest in (False, True):
        costs = measured(before, oldest=oldest)
        for name, cost in costs.items():
            version = "1.2" if oldest else "1.3"
            sys.stdout.write(
                f"TLS {version}, {name}: {cost.sent} B sent, {cost.received} B received, "
                f"{cost.round_trips} round trips\n"
            )
        # TCP, TLS, the page; 1.2 needs a round trip of TLS more for a full handshake.
        assert costs["first page, full"].round_trips <= (4 if oldest else 3)
        assert costs["first page, resumed"].round_trips <= 3
        assert costs["the form after it, full"].round_trips == 1
        saved = costs["first page, full"].received - costs["first page, resumed"].received
        # The chain is not sent again.
        assert saved > 800, costs
        assert costs["first page, full"].received < 12_000


def test_a_villagers_words_lie_in_no_file_of_nginx_and_their_keys_in_no_log(
    before: Front, hub: Hub
) -> None:
    context = client_context(before.authority, oldest=False)
    photo = small_photo() + os.urandom(3_000_000)
    request = form(photo=photo, text="口令是布谷鸟四七一一")
    seen: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for folder in before.folder.glob("temporary-*"):
                seen.update(str(path) for path in folder.rglob("*") if path.is_file())
            time.sleep(0.002)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        with connected(before.port, context) as line:
            for start in range(0, len(request), 200_000):
                line.sendall(request[start : start + 200_000])
                time.sleep(0.01)
            head, _ = exchange(line, b"")
    finally:
        done.set()
        looking.join()
    assert head.startswith(b"HTTP/1.1 303"), head
    assert not seen
    address = re.search(rb"(?i)location: (?:https://[^/]+)?(/m/\S+)", head)
    assert address, head
    matter = address[1].decode()
    with connected(before.port, context) as line:
        head, _body = exchange(line, page(matter))
    assert head.startswith(b"HTTP/1.1 200")
    until(lambda: "/m/- 200" in before.access_log.read_text())
    number, _, key = matter.partition("?key=")
    logs = "".join(path.read_text() for path in before.folder.glob("*.log"))
    for secret in (key, number.rpartition("/")[2], "127.0.0.1", "key=", "Mozilla"):
        assert secret not in logs, secret


def test_who_comes_by_nginx_does_not_sit_at_the_machine(before: Front, tmp_path: Path) -> None:
    """Starts a station: whoever sits at it may join it to a county, and nobody from outside."""
    with Hub(tmp_path / "data", "--role", "station", "--no-replica") as station:
        station.start()
        places = (tmp_path / "nginx",)
        places[0].mkdir()
        with front(places[0], station.port) as own:
            context = client_context(own.authority, oldest=False)
            for more in ("", "X-Forwarded-For: 127.0.0.1\r\n"):
                with connected(own.port, context) as line:
                    head, _ = exchange(line, page("/console/sync/join", "localhost", more))
                assert not head.startswith(b"HTTP/1.1 200"), head
        here = socket.create_connection(("127.0.0.1", station.port))
        with here:
            here.sendall(page("/console/sync/join", "localhost"))
            assert here.recv(20).startswith(b"HTTP/1.1 200")


def test_plain_http_leads_to_https_and_bodies_have_a_limit(before: Front) -> None:
    with socket.create_connection(("127.0.0.1", before.plain_port)) as line:
        line.sendall(page("/stations/"))
        assert b"https://huiyin.example/stations/" in line.recv(4096)
    context = client_context(before.authority, oldest=False)
    head = f"POST /matters HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 99999999\r\n\r\n"
    with connected(before.port, context) as line:
        line.sendall(head.encode())
        assert line.recv(64).startswith(b"HTTP/1.1 413")


def test_old_protocols_are_refused(before: Front) -> None:
    context = client_context(before.authority, oldest=True)
    with pytest.warns(DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        connected(before.port, context)


def test_debian_turns_nginx_s_logs_over() -> None:
    """Access and error log end as what Debian's own logrotate file names."""
    text = (Path(__file__).parents[2] / "deploy" / "nginx.conf").read_text("utf-8")
    logs = re.findall(r"(?:access|error)_log (/\S+)", text)
    assert len(logs) == 2
    for name in logs:
        assert Path(name).match("/var/log/nginx/*.log")


@pytest.mark.skipif(not FULL, reason="twenty seconds of a line that test_slow_line.py tries, too")
@pytest.mark.faults
@pytest.mark.alone
@pytest.mark.timeout(1800)
def test_a_submission_through_nginx_over_the_slow_line(tmp_path: Path) -> None:
    """Starts a hub and nginx in a namespace: 16 kbit/s, and three packets of ten lost each way."""
    line = slow_line()
    try:
        here, there = line.__enter__()
    except NotAllowed as error:
        pytest.skip(f"no network namespaces here: {error}")
    try:
        subprocess.run([*here, "ip", "link", "set", "lo", "up"], check=True)
        data = tmp_path / "data"
        port = 8000
        hub = subprocess.Popen(
            [*here, sys.executable, "-m", "server.command_line", "serve", "--data", str(data),
             "--port", str(port), "--no-replica"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            listening = [*here, "ss", "-Hlnt", f"sport = :{port}"]
            until(
                lambda: subprocess.run(listening, capture_output=True, check=True).stdout,
                within_s=60,
            )
            with front(tmp_path, port, host=SLOW_HUB, within=tuple(here)) as made:
                told = subprocess.run(
                    [*there, sys.executable, "-m", "tests.deploy.slow_phone", SLOW_HUB,
                     str(made.port), str(made.authority), str(SUBMISSIONS)],
                    capture_output=True, text=True, timeout=1500, check=False,
                )  # fmt: skip
                assert told.returncode == 0, told.stderr
                sys.stdout.write(told.stdout)
        finally:
            hub.terminate()
            hub.wait(20)
    finally:
        line.__exit__(None, None, None)
