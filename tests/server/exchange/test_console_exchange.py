"""A station's page of the exchange: joining, what waits, what is where, and what was put aside."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from starlette.requests import Request

from eventlog.events import Draft
from eventlog.identifiers import new_uuid7
from eventlog.keys import Keys, load_keys
from server.data_folder import clock_of, open_log, prepare_folder
from server.folder.settings import load_settings
from server.web.at_the_machine import is_at_the_machine
from server.web.languages import CHINESE, ENGLISH
from server.web.pages import ago
from tests.hub import Hub, form_token, huiyin, until
from tests.server.exchange.test_console_nodes import code_of, post

pytestmark = pytest.mark.litestream

JOIN, SYNC, PASSWORD = "/console/sync/join", "/console/sync", "own-password-1"


def browser_at(node: Hub) -> httpx2.Client:
    """Return a browser of somebody who sits at the machine, without an account."""
    return node.opened(httpx2.Client(base_url=node.url, follow_redirects=True, timeout=30))


def invited(hub: Hub, name: str) -> str:
    """Return a code for a machine of the station at Shiweng."""
    return code_of(post(hub.browser_of("admin"), name=name, station="shiweng").text)


def join(browser: httpx2.Client, address: str, code: str, **more: Any) -> httpx2.Response:
    """Fill in the form that joins."""
    token = form_token(browser.get(JOIN).text)
    data = {"form_token": token, "address": address, "code": code}
    return browser.post(JOIN, data=data, **more)


def searched(node: Hub, words: str) -> str:
    """Return what the public search of a node finds, as JSON."""
    answer = httpx2.get(
        f"{node.url}/search", params={"q": words}, headers={"Accept": "application/json"}
    )
    return answer.text


def staff(node: Hub, role: str, **bound: str) -> httpx2.Client:
    """Return a browser of one of the station's staff, whose account is made here."""
    options = [word for name, value in bound.items() for word in (f"--{name}", value)]
    name = " ".join(("站里的", role, *bound.values()))
    made = huiyin("users", "add", name, "--role", role, *options, "--data", node.data)
    first = made.stdout.split()[-1]
    browser = browser_at(node)
    page = browser.post("/console/sign-in", data={"name": name, "password": first})
    own = {"old": first, "new": PASSWORD, "again": PASSWORD, "form_token": form_token(page.text)}
    assert browser.post("/console/password", data=own).status_code == 200
    return browser


def keys_of(node: Hub) -> Keys:
    """Return the keys in a node's folder."""
    found = load_keys(node.data)
    assert found is not None
    return found


def codes(data: Path) -> list[str]:
    """Return the codes of what `doctor` finds wrong."""
    done = huiyin("doctor", "--json", "--data", data, check=False)
    return [one["code"] for one in json.loads(done.stdout)["problems"]]


def exchange_of(node: Hub) -> dict[str, Any]:
    """Return what /healthz says of the exchange."""
    found: dict[str, Any] = httpx2.get(node.url + "/healthz").json()["exchange"]
    return found


@pytest.fixture
def own_station(tmp_path: Path) -> Iterator[Hub]:
    """A station of the test's own that belongs to no hub, started."""
    running = Hub(tmp_path / "station", "--role", "station", "--no-replica", "--sync-every", "1")
    running.start()
    try:
        yield running
    finally:
        running.stop()


def test_the_first_start_joins_without_a_command(
    hub: Hub, own_station: Hub, tmp_path: Path
) -> None:
    station = own_station
    browser = browser_at(station)
    assert "console/sync/join" in browser.get("/console/").text
    assert "not-joined" in codes(station.data) and exchange_of(station)["joined"] is False
    # Only somebody at the machine, who typed its own address, and by a form that was made here.
    strange: tuple[dict[str, str], ...] = (
        {"Host": "evil.example"},
        {"Host": "192.168.1.5:8000"},
        {"X-Forwarded-For": "127.0.0.1"},
    )
    for headers in strange:
        assert httpx2.get(station.url + JOIN, headers=headers).status_code == 401
        assert httpx2.post(station.url + JOIN, headers=headers, data={"code": "x"}).status_code in (
            401,
            403,
        )
        page = httpx2.get(station.url + "/console/sign-in", headers=headers).text
        assert "console/sync/join" not in page
    assert httpx2.post(station.url + JOIN, data={"form_token": "forged"}).status_code == 403

    for address, code, field in (
        ("", "", "address"),
        (hub.url, "", "code"),
        ("县里", "7K3M-92QX-7K3M-92QX-7K3M", "address"),
        ("<b>:1", "7K3M-92QX-7K3M-92QX-7K3M", "address"),
        ("http://127.0.0.1:9", "7K3M-92QX-7K3M-92QX-7K3M", "address"),
        (hub.url, "<b>短", "code"),
        (hub.url, "7K3M-92QX-7K3M-92QX-7K3M", "code"),
    ):
        answer = join(browser, address, code)
        assert answer.status_code == 422 and f'id="{field}-error"' in answer.text, (address, code)
        assert "<b>短" not in answer.text and "<b>:1" not in answer.text
    for content in (b"{}", b"\xff\x00", b'{"hub": 1}', b"[" * 5000):
        answer = join(browser, "", "", files={"file": ("x.json", content)})
        assert answer.status_code == 422 and 'id="file-error"' in answer.text

    code = invited(hub, "第一台 <i>")
    said = " ".join(code.lower().split("-"))
    assert join(browser, hub.url, said).url.path == JOIN
    until(lambda: "第一台" in browser.get(JOIN).text, within_s=30)
    page = browser.get(JOIN).text
    assert "已经加入" in page
    assert "第一台 &lt;i&gt;" in page and 'name="code"' not in page
    assert join_is_over(browser, hub)
    done = huiyin("nodes", "join", hub.url, code, "--data", tmp_path / "late", check=False)
    assert done.returncode == 1 and "加入码不对" in done.stderr
    assert "not-joined" not in codes(station.data)
    assert exchange_of(station)["joined"] and exchange_of(station)["last_heard"]


def join_is_over(browser: httpx2.Client, hub: Hub) -> bool:
    """Return whether a station that has joined takes no other code from whoever sits there."""
    token = form_token(browser.get("/console/sign-in").text + '<input name="form_token" value="x">')
    again = browser.post(JOIN, data={"form_token": token, "address": hub.url, "code": "x"})
    return again.status_code == 403


def test_a_station_joined_by_a_file_and_shut_out_joins_anew_while_it_runs(
    hub: Hub, own_station: Hub
) -> None:
    station, name = own_station, "丢了又找到的那台"
    admin, browser = hub.browser_of("admin"), browser_at(station)
    # By an invitation file, as where there is no network.
    file = post(admin, "/console/nodes/invitation", code=invited(hub, name)).content
    assert join(browser, "", "", files={"file": ("邀请.json", file)}).url.path == JOIN
    until(lambda: name in browser.get(JOIN).text, within_s=30)
    until(lambda: not keys_of(station).unsealing, within_s=60)
    first = keys_of(station).sealing_public
    huiyin("nodes", "revoke", name, "--data", hub.data)
    until(lambda: "hub-refuses" in codes(station.data), within_s=30)
    receipt = station.raise_matter("停用的时候写的")
    huiyin("nodes", "join", hub.url, invited(hub, name), "--data", station.data)
    until(lambda: not keys_of(station).unsealing, within_s=60)
    assert keys_of(station).sealing_public != first
    # Of what is written from here on its people read the words, without a restart.
    account, password = hub.sign_ins()["liaison"]
    page = browser.post("/console/sign-in", data={"name": account, "password": password})
    assert "退出" in page.text, page.text
    later = station.raise_matter("再加入以后写的")
    assert "再加入以后写的" in browser.get(f"/console/matters/{later['number']}").text
    office = hub.browser_of("office")
    for one, words in ((receipt, "停用的时候写的"), (later, "再加入以后写的")):
        address = f"/console/matters/{one['number']}"
        until(lambda: words in office.get(address).text, within_s=30)  # noqa: B023  # Ends in the turn.


class Joined:
    """A hub of its own and its station, with people at the station."""

    def __init__(self, folder: Path) -> None:
        self.hub = Hub(folder / "hub", "--sample")
        self.station = Hub(
            folder / "station", "--role", "station", "--no-replica", "--sync-every", "off"
        )

    def start(self) -> None:
        self.hub.start()
        self.station.start()
        assert join(browser_at(self.station), self.hub.url, invited(self.hub, "石瓮站"))
        until(lambda: exchange_of(self.station)["last_heard"], within_s=30)
        # The registers come after the first answer, and without them no station is known.
        until(lambda: "石瓮" in searched(self.station, "shiweng"), within_s=30)
        self.liaison = staff(self.station, "liaison", station="shiweng")

    def stop(self) -> None:
        self.station.stop()
        self.hub.close()

    def send(self, expected: str) -> str:
        """Press the button, and return the page once it says what is expected, and rests."""
        token = form_token(self.liaison.get(SYNC).text)
        answer = self.liaison.post(SYNC, data={"form_token": token})
        assert answer.url.path == SYNC and answer.headers["refresh"].startswith("3;")

        def rests() -> str:
            page = self.liaison.get(SYNC)
            return "" if "refresh" in page.headers or expected not in page.text else page.text

        return until(rests, within_s=60)


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    made = Joined(tmp_path_factory.mktemp("joined"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


def counted(page: str) -> list[int]:
    """Return what the table says: only here, with the county, backed up there."""
    table = page[page.index('class="wheres"') :]
    found = re.findall(
        r'<td role="cell" class="number">(\d+)</td>', table[: table.index("</table")]
    )
    return [int(found[0]), int(found[2]), int(found[3])]


def test_who_may_see_and_send(joined: Joined) -> None:
    station = joined.station
    deputy = staff(station, "deputy", deputy="bai-youfu")
    page = deputy.get(SYNC).text
    assert "现在就送" not in page and "bundle" not in page and "东西在哪里" in page
    token = form_token(page)
    assert deputy.post(SYNC, data={"form_token": token}).status_code == 403
    assert deputy.get(JOIN).status_code == 403
    assert joined.liaison.post(SYNC, data={"form_token": "forged"}).status_code == 403
    assert joined.liaison.get("/console/nodes").status_code == 403
    unit = joined.hub.browser_of("unit")
    assert unit.get(SYNC).status_code == 403
    assert httpx2.get(station.url + SYNC).status_code == 303
    assert "上面没有上级" in joined.hub.browser_of("admin").get(SYNC).text
    for language, words in (("en", "Send now"), ("zh", "现在就送")):
        page = joined.liaison.get(SYNC, params={"lang": language}).text
        assert words in page and 'action="bundle/read"' in page


def test_what_waits_is_told_until_the_county_has_it(joined: Joined) -> None:
    hub, station = joined.hub, joined.station
    joined.send("都送到县里了")
    before = counted(joined.liaison.get(SYNC).text)
    hub.stop()
    for number in range(3):
        station.raise_matter(f"桥板断了 {number}", station="shiweng")
    page = joined.liaison.get(SYNC).text
    assert counted(page)[0] == 3 and "还有 3 件没送到县里" in page
    # Nothing is wrong yet: it waits since a moment ago.
    assert "没送到县里" not in joined.liaison.get("/console/").text
    assert "没有丢" in joined.send("连不上县里")
    # The page may have told that the site could not be had, before the delivery had failed too.
    until(lambda: "还有 3 件没送到县里" in joined.liaison.get("/console/").text)
    health = exchange_of(station)
    assert health["waiting"] == 3 and health["held"] == 0
    assert "huiyin_exchange_waiting 3" in httpx2.get(station.url + "/metrics").text
    hub.start()
    page = joined.send("都送到县里了")
    assert "没送到" not in joined.liaison.get("/console/").text
    after = counted(page)
    assert after[0] == 0 and after[2] >= before[2] + 3
    assert exchange_of(hub)["nodes"] == 1


def test_what_the_county_put_aside_is_told_and_may_be_taken_in(joined: Joined) -> None:
    station, hub = joined.station, joined.hub
    receipt = station.raise_matter("这件事站里办不了。", station="shiweng")
    joined.send("都送到县里了")
    settings = load_settings(station.data)
    log = open_log(station.data, prepare_folder(settings), clock=clock_of(settings), role="station")
    with log.reading() as connection:
        subject = connection.execute(
            "SELECT id FROM matters WHERE number=?", (receipt["number"],)
        ).fetchone()[0]
    draft = Draft(
        "matter.closed", subject, {}, {"text": "站里自己办结了。"}, id=new_uuid7(log.now_ms())
    )
    log.write(lambda transaction: transaction.append([draft], by="office:x"))
    log.stop()
    page = joined.send("只有县里能做")
    aside = page[page.index('id="put-aside"') : page.index('id="stick"')]
    assert f"console/matters/{receipt['number']}" in aside and "办结" in aside
    assert "put-aside" in codes(station.data)
    assert f"console/matters/{receipt['number']}" not in deputy_of_elsewhere(joined)

    admin = hub.browser_of("admin")
    listed = admin.get("/console/nodes").text
    assert "石瓮站" in listed and "只有县里能做" in listed and receipt["number"][:3] in listed
    act = re.search(r'console(/nodes/held/[0-9a-f/]+)/accept"', listed)
    assert act is not None
    assert "已收下" in post(admin, "/console" + act[1] + "/accept").text
    joined.send("没有。")
    assert "put-aside" not in codes(station.data)
    for node in (hub, station):
        assert huiyin("matters", "verify", "--data", node.data).returncode == 0


def deputy_of_elsewhere(joined: Joined) -> str:
    """Return the page as a deputy sees it whom the matter does not concern."""
    return staff(joined.station, "deputy", deputy="tao-xiaohe").get(SYNC).text


def test_sync_now_shows_how_far_it_is_on_a_terminal(joined: Joined) -> None:
    for number in range(20):
        joined.station.raise_matter(f"很多件 {number}", station="shiweng")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", _SLOW, "sync", "now", "--data", str(joined.station.data)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, text=True, check=False)
    os.close(theirs)
    shown = os.read(ours, 65_536).decode()
    os.close(ours)
    assert done.returncode == 0 and "durable" in done.stdout and "\r" not in done.stdout
    assert re.search(r"已送 \d+ 件,还剩 \d+;收到 \d+ / sent \d+", shown), shown
    quiet = huiyin("sync", "now", "--json", "--data", joined.station.data)
    assert json.loads(quiet.stdout)["ok"] and quiet.stderr == ""


# The line is shown more often than a person needs, so that a quick delivery is seen, too.
_SLOW = (
    "import server.command_line.exchanging as e; e.SHOWN_EVERY_S = 0.001; "
    "from server.command_line.main import main; main()"
)


@pytest.mark.parametrize(
    ("ms", "chinese", "english"),
    [
        (-5_000, "刚才", "just now"),
        (59_000, "刚才", "just now"),
        (60_000, "1 分钟前", "1 minute ago"),
        (3 * 3_600_000, "3 小时前", "3 hours ago"),
        (49 * 3_600_000, "2 天前", "2 days ago"),
    ],
)
def test_how_long_ago_in_words(ms: int, chinese: str, english: str) -> None:
    assert ago(CHINESE, 1_000_000_000, 1_000_000_000 + ms) == chinese
    assert ago(ENGLISH, 1_000_000_000, 1_000_000_000 + ms) == english


@pytest.mark.parametrize(
    ("host", "client", "headers", "expected"),
    [
        ("127.0.0.1:8000", "127.0.0.1", {}, True),
        ("localhost", "127.0.0.1", {}, True),
        ("[::1]:8000", "::1", {}, True),
        ("huiyin.example", "127.0.0.1", {}, False),
        ("127.0.0.1", "192.168.1.7", {}, False),
        ("localhost", "127.0.0.1", {"x-forwarded-for": "1.2.3.4"}, False),
        ("localhost.evil.example", "127.0.0.1", {}, False),
        ("", "127.0.0.1", {}, False),
    ],
)
def test_who_sits_at_the_machine(
    host: str, client: str, headers: dict[str, str], expected: bool
) -> None:
    sent = {"host": host, **headers}
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "query_string": b"",
        "server": None,
        "client": (client, 5),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "app": SimpleNamespace(),
    }
    assert is_at_the_machine(Request(scope)) is expected
