"""The page of a hub's nodes: inviting, shutting out, and deciding what was put aside."""

import html
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from server.exchange import joining
from tests.hub import Hub, form_token, huiyin
from tests.server.below import HOSTILE, MANY, Below, seeded

NODES = "/console/nodes"
DECIDED = ("taken", "rejected")


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, Below]]:
    """A hub with 2,000 nodes below."""
    hub, below = seeded(tmp_path_factory.mktemp("county"))
    try:
        hub.start()
        yield hub, below
    finally:
        hub.close()


@pytest.fixture
def hub(county: tuple[Hub, Below]) -> Hub:
    return county[0]


def post(browser: httpx2.Client, path: str = NODES, **fields: str) -> httpx2.Response:
    """Post a form of the page."""
    token = form_token(browser.get(NODES).text)
    return browser.post(path, data={"form_token": token, **fields})


def code_of(page: str) -> str:
    """Return the code that a page shows in groups."""
    shown = re.search(r'class="groups".*', page)
    return "-".join(re.findall(r"<b>(\w{4})</b>", shown[0])) if shown is not None else ""


def rows(hub: Hub, query: str) -> list[tuple[Any, ...]]:
    """Return what a query finds in the hub's database."""
    connection = sqlite3.connect(f"file:{hub.data / 'huiyin.db'}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def findings(hub: Hub) -> list[tuple[Any, ...]]:
    """Return (code, detail) of all findings on record."""
    return rows(hub, "SELECT code, detail FROM sync_audit ORDER BY number")


def account(hub: Hub) -> str:
    """Return the id of the sample's administrator."""
    return str(rows(hub, "SELECT id FROM accounts WHERE name='admin'")[0][0])


@pytest.mark.parametrize("role", ["liaison", "deputy", "unit"])
def test_the_nodes_are_for_office_and_administrator(hub: Hub, role: str) -> None:
    browser = hub.browser_of(role)
    assert browser.get(NODES).status_code == 403
    data = {"form_token": form_token(browser.get("/console/password").text), "name": "偷偷"}
    for path in ("", "/seen", "/invitation", "/1/revoke", "/held/00/00/accept"):
        assert browser.post(NODES + path, data=data).status_code == 403
    assert 'console/nodes"' not in browser.get("/console/").text


def test_the_office_reads_and_changes_nothing(hub: Hub) -> None:
    browser = hub.browser_of("office")
    page = browser.get(NODES)
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    assert page.text.count("<form") == 2  # Signing out, and the search.
    data = {"form_token": form_token(page.text), "name": "偷偷", "upto": "1"}
    for path in ("", "/seen", "/invitation", "/1/revoke", "/held/00/00/accept"):
        assert browser.post(NODES + path, data=data).status_code == 403
    assert browser.get(NODES + "/1/revoke").status_code == 403


def test_two_thousand_nodes_come_in_pages_at_once(hub: Hub) -> None:
    browser = hub.browser_of("admin")
    took_s = []
    for number in (1, 20, 41):
        began = time.monotonic()
        page = browser.get(NODES, params={"page": str(number)})
        took_s.append(time.monotonic() - began)
        assert page.status_code == 200
        assert 1 <= page.text.count("/revoke") <= 50
    assert min(took_s) < 1.0
    assert len(page.text) < 120_000
    first = browser.get(NODES).text
    assert str(MANY) in first and "久无音信" in first and "9 天前" in first
    assert "慢 20 分钟" in first and "1000+" not in first[: first.index("<table")]
    assert "1 / 41" in first and "机器 0001<" not in first
    found = browser.get(NODES, params={"q": "机器 0001"}).text
    assert found.count("/revoke") == 1 and "机器 0001" in found
    assert browser.get(NODES, params={"q": "没有的"}).text.count("/revoke") == 0
    for odd in ("0", "-1", "9" * 30, "x", "99999"):
        assert browser.get(NODES, params={"page": odd, "state": odd}).status_code == 200


def test_hostile_names_are_words(hub: Hub) -> None:
    browser = hub.browser_of("admin")
    for params in ({"q": "<script>"}, {"q": "script", "lang": "en"}, {"lang": "zh"}):
        page = browser.get(NODES, params=params).text
        assert "<script>alert" not in page and html.escape(HOSTILE, quote=False)[:20] in page
    link = re.search(r'nodes/(\d+)/revoke"', browser.get(NODES, params={"q": "<script>"}).text)
    assert link is not None
    page = browser.get(f"{NODES}/{link[1]}/revoke").text
    assert "<script>alert" not in page and "要停用" in page


def test_a_code_is_shown_once_and_as_a_file(hub: Hub) -> None:
    browser = hub.browser_of("admin")
    page = post(browser, name="<i>石瓮</i>站 2", station="shiweng")
    assert page.status_code == 200 and "<i>石瓮" not in page.text
    code = code_of(page.text)
    assert re.fullmatch(r"(?:[0-9A-Z]{4}-){4}[0-9A-Z]{4}", code)
    assert code_of(browser.get(NODES, params={"q": "石瓮"}).text) == ""
    assert ("invited", f"admin:{account(hub)}") in findings(hub)
    file = post(browser, f"{NODES}/invitation", code=code)
    assert "attachment" in file.headers["content-disposition"]
    invitation = joining.read_invitation(file.content)
    assert joining.spoken_code(invitation) == code and invitation.url == hub.url + "/"
    assert post(browser, f"{NODES}/invitation", code="7K3M").status_code == 404
    assert post(browser, f"{NODES}/invitation", code="0" * 20).status_code == 404
    # Once more for the same name: the code before serves no more.
    again = code_of(post(browser, name="<i>石瓮</i>站 2", station="shiweng").text)
    assert again != code
    assert post(browser, f"{NODES}/invitation", code=code).status_code == 404
    assert browser.post(NODES, data={"name": "无凭"}).status_code == 403


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "字" * 61}, "name"),
        ({"name": "机器 0007"}, "name"),
        ({"name": "新的", "station": "no-such"}, "station"),
        ({"name": "新的", "station": "<b>"}, "station"),
    ],
)
def test_a_bad_invitation_is_told_at_its_field(
    hub: Hub, fields: dict[str, str], field: str
) -> None:
    answer = post(hub.browser_of("admin"), **fields)
    assert answer.status_code == 422 and f'id="{field}-error"' in answer.text
    assert code_of(answer.text) == ""


def test_a_node_is_shut_out_after_a_question(hub: Hub) -> None:
    browser = hub.browser_of("admin")
    page = browser.get(NODES, params={"q": "机器 0011"}).text
    link = re.search(r'console(/nodes/\d+/revoke)"', page)
    assert link is not None
    asked = browser.get("/console" + link[1])
    assert "机器 0011" in asked.text and "另放着" in asked.text
    done = post(browser, "/console" + link[1])
    assert done.status_code == 200 and "已停用" in done.text
    found = json.loads(huiyin("nodes", "list", "--json", "--data", hub.data).stdout)
    assert {one["name"]: one["state"] for one in found}["机器 0011"] == "revoked"
    assert ("revoking", f"admin:{account(hub)}") in findings(hub)
    for odd in ("0", "999999", "x", "１", "9" * 30):
        assert browser.get(f"{NODES}/{odd}/revoke").status_code == 404


def test_alarms_come_first_until_somebody_saw_them(hub: Hub) -> None:
    office, admin = hub.browser_of("office"), hub.browser_of("admin")
    assert "件等人看" in office.get("/console/").text
    page = admin.get(NODES).text
    assert page.index("同一块盘在两台机器上用过") < page.index('<table class="matters"')
    upto = re.search(r'name="upto" value="(\d+)"', page)
    assert upto is not None
    assert post(admin, f"{NODES}/seen", upto="x").status_code == 404
    assert "已记下" in post(admin, f"{NODES}/seen", upto=upto[1]).text
    after = admin.get(NODES).text
    assert 'id="alarms"' not in after and "同一块盘在两台机器上用过" in after
    assert ("seen", f"{upto[1]} admin:{account(hub)}") in findings(hub)


def test_what_was_put_aside_is_decided(county: tuple[Hub, Below]) -> None:
    hub, below = county
    browser, office = hub.browser_of("admin"), hub.client("office")
    page = browser.get(NODES).text
    acts = re.findall(r'console(/nodes/held/[0-9a-f]+/[0-9a-f]+)/accept"', page)
    assert len(acts) == 3 and "这台机器已经停用" in page and below.of["clash"][:2] in page
    for number in (below.of["taken"], below.of["left"]):
        assert office.get(f"/api/v1/matters/{number}").status_code == 404
    health = httpx2.get(hub.url + "/healthz").json()["exchange"]
    assert health["quarantine"] == 3 and health["nodes"] >= MANY
    assert "huiyin_quarantine_waiting 3" in httpx2.get(hub.url + "/metrics").text
    doctor = huiyin("doctor", "--json", "--data", hub.data, check=False).stdout
    assert "undecided" in [one["code"] for one in json.loads(doctor)["problems"]]

    answers = {}
    for act in acts:
        part = page[page.rindex("<li>", 0, page.index(act)) : page.index(act)]
        name = "taken" if "已经停用" in part else "left" if "不归联络站" in part else "clash"
        answers[name] = "/console" + act
    clash = post(browser, answers["clash"] + "/accept")
    assert clash.status_code == 409 and "收不进去" in clash.text
    assert post(browser, answers["taken"] + "/accept").status_code == 200
    assert post(browser, answers["left"] + "/reject").status_code == 200
    assert post(browser, answers["clash"] + "/reject").status_code == 200
    for again in ("accept", "reject"):
        assert post(browser, f"{answers['left']}/{again}").status_code == 409
    assert post(browser, answers["left"] + "/burn").status_code == 404
    assert post(browser, f"{NODES}/held/zz/00/accept").status_code == 404

    assert office.get(f"/api/v1/matters/{below.of['taken']}").json()["state"] == "received"
    assert office.get(f"/api/v1/matters/{below.of['left']}").status_code == 404
    assert rows(hub, "SELECT DISTINCT words FROM quarantine") == [(b"\x80",)]
    assert 'id="held"' not in browser.get(NODES).text
    decided = [(code, detail[32:]) for code, detail in findings(hub) if code in DECIDED]
    assert decided == [
        ("taken", f" admin:{account(hub)}"),
        ("rejected", f" admin:{account(hub)}"),
        ("rejected", f" admin:{account(hub)}"),
    ]
    assert huiyin("matters", "verify", "--data", hub.data).returncode == 0
