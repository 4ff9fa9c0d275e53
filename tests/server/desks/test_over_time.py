"""What came before a hub was up: overdue, pressed, long, unrated, or done by two nodes at once."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from matters.actors import Actor
from matters.terms import Role
from tests.hub import Hub, form_token, huiyin, until
from tests.server.desks.test_dispatching import today
from tests.server.past import Past
from tests.server.walk import problem, signed_in

pytestmark = pytest.mark.litestream

# The day on which each was dispatched with ten days, so many days ago, and whom it is raised to.
LEVELS = {"": 8, "unit": 11, "head": 12, "office": 17, "committee": 28}


class Old:
    """Matters of the past in a hub that has just started on them."""

    def __init__(self, past: Past) -> None:
        self.unit, self.other_unit = min(past.registers.units), max(past.registers.units)
        self.of: dict[str, dict[str, str]] = {}
        for name, days in LEVELS.items():
            past.ago(days)
            self._assigned(past, name or "not", "P10D")
        past.ago(30)
        self._assigned(past, "pressed", "P2M")
        past.act(self.of["pressed"]["number"], "press", text="请回话")
        past.ago(20)
        self.of["answered"] = past.raised("问一件小事。")
        past.act(self.of["answered"]["number"], "answer", text="可以办。")
        past.ago(100)
        self.of["long"] = past.raised("老案子，多年没有结果。")
        self.of["hot"] = past.raised("一村人都来说。", people="12")

    def by_two_nodes(self, past: Past, folder: Path) -> None:
        """Another node answers on the spot what this one had dispatched the day before."""
        past.ago(9)
        kept = self.of["kept"] = past.raised("桥面塌了一块。")
        dropped = self.of["dropped"] = past.raised("路牌倒了。")
        past.meanwhile(
            folder,
            2,
            [
                (kept["number"], "answer", {"text": "已经围起来，明天就补。"}),
                (dropped["number"], "answer", {"text": "不是我们的路牌。"}),
            ],
        )
        past.ago(3)
        for receipt in (kept, dropped):
            past.act(receipt["number"], "assign", lead=self.other_unit, demand="先看现场")
        past.arrived()

    def _assigned(self, past: Past, name: str, limit: str) -> None:
        receipt = self.of[name] = past.raised(f"旧事一件：{name}", station="weidu")
        past.act(receipt["number"], "adopt", title=f"旧事 {name}")
        past.act(receipt["number"], "assign", lead=self.unit, limit=limit)
        unit = Actor(Role.UNIT, "past", unit=self.unit)
        past.act(receipt["number"], "accept", unit, handler="老周")

    def number(self, name: str) -> str:
        """Return a matter's number."""
        return self.of[name]["number"]


@pytest.fixture(scope="module")
def old_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, Old]]:
    """A hub that starts on a log of the past."""
    folder = tmp_path_factory.mktemp("old")
    with Hub(folder / "data", "--sample") as hub:
        with Past(hub) as past:
            old = Old(past)
            old.by_two_nodes(past, folder / "other")
            past.token("office")
            past.token("unit", unit=old.unit)
        hub.start()
        yield hub, old


def look(client: httpx2.Client, number: str) -> dict[str, Any]:
    """Return a matter."""
    answer = client.get(f"/api/v1/matters/{number}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def numbers(client: httpx2.Client, **query: str) -> list[str]:
    """Return the numbers that a list gives."""
    return [one["number"] for one in client.get("/api/v1/matters", params=query).json()["matters"]]


@pytest.mark.req("H28", "H30", "X14", "X15", "X16", "L31")
def test_what_is_overdue_is_raised_level_by_level_and_followed_to_the_end(
    old_hub: tuple[Hub, Old],
) -> None:
    hub, old = old_hub
    office, unit = hub.client("office"), hub.client("unit", unit=old.unit)

    # The timekeeper looks as soon as the node is up: each matter at the level of its days.
    until(lambda: look(office, old.number("committee"))["level"] == "committee")
    until(lambda: look(office, old.number("head"))["level"] == "head")
    levels = {name: look(office, old.number(name or "not"))["level"] for name in LEVELS}
    assert levels == {
        "": "",
        "unit": "",
        "head": "head",
        "office": "office",
        "committee": "committee",
    }
    overdue = numbers(unit, overdue="1")
    assert set(overdue) == {old.number(name) for name in ("unit", "head", "office", "committee")}
    for level in ("head", "office", "committee"):
        assert numbers(office, level=level) == [old.number(level)]
    desk = hub.browser_of("office").get("/console/waiting").text
    assert "逾期，报到办公室的" in desk and "逾期，报到常委会的" in desk
    head = signed_in(hub, "局长", "--role", "unit", "--unit", old.unit, "--body", "committee")
    page = head.get("/console/waiting").text
    assert "逾期，报到您这里的" in page and old.number("head") in page
    board = hub.browser_of("office").get("/console/supervise").text
    assert "已报单位负责人" in board and "已报人大常委会" in board

    # A press that nobody answered in its own limit is told to the unit and stays in its list.
    assert numbers(unit, pressed_late="1") == [old.number("pressed")]
    assert "催办了还没回应" in hub.browser_of("unit").get("/console/waiting").text
    path = f"/api/v1/matters/{old.number('pressed')}"
    answer = unit.post(f"{path}/progress", json={"text": "已在招标"})
    assert answer.status_code == 200 and numbers(unit, pressed_late="1") == []

    # It is too late to say that it is not theirs; overdue, the unit says why and until when.
    path = f"/api/v1/matters/{old.number('committee')}"
    late = unit.post(f"{path}/return", json={"reason": "不归我们"})
    assert problem(late, 409)["code"] == "too-late"
    early = unit.post(
        f"/api/v1/matters/{old.number('not')}/explain",
        json={"cause": "没到期也想说", "until": str(today(5))},
    )
    assert problem(early, 409)["code"] == "not-now"
    done = unit.post(f"{path}/explain", json={"cause": "施工队换了", "until": str(today(12))})
    assert done.status_code == 200, done.text
    assert (done.json()["level"], done.json()["due_at"][:10]) == ("", str(today(12)))
    assert done.json()["round"] == 2 and old.number("committee") not in numbers(unit, overdue="1")
    followed = hub.follow(old.of["committee"])
    assert "施工队换了" in str(followed["steps"]) and followed["due_at"][:10] == str(today(12))
    done = unit.post(f"{path}/reply", json={"text": "修完了。", "result": "A"})
    assert done.json()["state"] == "replied"
    # Answered after its limit it counts as answered, and never as in time.
    ledger = office.get("/api/v1/ledger", params={"by": "unit"}).json()
    line = next(one for one in ledger["lines"] if one["key"] == old.unit)
    assert (line["answered"], line["in_time"]) == (1, 0)

    # Hot, hard and long unsolved are flagged wherever the matter is listed.
    page = hub.browser_of("office").get("/console/").text
    assert "久拖未决" in row_of(page, old.number("long"))
    assert "热点" in row_of(page, old.number("hot"))
    assert "难点" in row_of(page, old.number("committee"))
    assert not re.search("热点|难点|久拖未决", row_of(page, old.number("head")))
    english = hub.browser_of("office").get("/console/?lang=en").text
    assert row_of(english, old.number("hot")) != row_of(page, old.number("hot"))
    assert "热点" not in row_of(english, old.number("hot"))

    # What nobody rated in its time is closed as unrated, which is not satisfied.
    found = until(lambda: closed(office, old.number("answered"))) or {}
    assert found["unrated"] and not found["result_rating"]
    assert hub.follow(old.of["answered"])["reply"] == "可以办。"
    # The person may speak up later all the same, and then it is open again.
    rated = httpx2.post(
        f"{hub.url}/m/{old.number('answered')}/rating",
        data={
            "key": old.of["answered"]["key"],
            "reply_rating": "satisfied",
            "result_rating": "unsatisfied",
            "comment": "根本没有办",
        },
        headers={"Accept": "application/json"},
    )
    assert rated.status_code == 200 and rated.json()["state"] == "replied", rated.text
    assert look(office, old.number("answered"))["desk"] == "dispatch"


def closed(client: httpx2.Client, number: str) -> dict[str, Any] | None:
    """Return the matter once it is closed."""
    found = look(client, number)
    return found if found["state"] == "closed" else None


def row_of(page: str, number: str) -> str:
    """Return a matter's row in the console's list."""
    at = page.index(f"console/matters/{number}")
    return page[at : page.index("</tr>", at)]


def test_the_office_keeps_or_drops_what_came_from_another_node(old_hub: tuple[Hub, Old]) -> None:
    hub, old = old_hub
    kept, dropped = old.of["kept"], old.of["dropped"]
    office, handler = hub.client("office"), hub.client("unit", unit=old.unit)
    flagged = office.get("/api/v1/matters", params={"flagged": "1"}).json()["matters"]
    assert {one["number"]: (one["state"], one["contested"]) for one in flagged} == {
        kept["number"]: ("assigned", 1),
        dropped["number"]: ("assigned", 1),
    }
    browser = hub.browser_of("office")
    assert "存疑、有冲突，要核对" in browser.get("/console/waiting").text
    assert "有冲突" in browser.get("/console/", params={"flagged": "1"}).text

    # The words stand before the office, and not before the person, as long as nobody decided.
    page = browser.get(f"/console/matters/{kept['number']}").text
    assert "已经围起来，明天就补。" in page and "有冲突，没有生效" in page and "/resolve" in page
    for receipt in (kept, dropped):
        followed = hub.follow(receipt)
        assert followed["reply"] is None and followed["state"] == "assigned"
        assert [step["type"] for step in followed["steps"]] == ["matter.raised", "matter.assigned"]

    path = f"/api/v1/matters/{kept['number']}/resolve"
    (event,) = [
        step["event"]
        for step in office.get(f"/api/v1/matters/{kept['number']}").json()["steps"]
        if step["contested"]
    ]
    fields = {"event": event, "keep": "yes", "reason": "两边都去了现场"}
    assert problem(handler.post(path, json=fields), 403)["code"] == "not-this-role"
    for wrong in ("", "x", "01a00000-0000-7000-8000-0000000000c0", kept["number"]):
        answer = office.post(path, json={**fields, "event": wrong})
        assert problem(answer, 422)["field"] == "event", wrong
    assert problem(office.post(path, json={**fields, "keep": "maybe"}), 422)["field"] == "keep"
    assert problem(office.post(path, json={**fields, "reason": ""}), 422)["field"] == "reason"

    done = office.post(path, json=fields)
    assert done.status_code == 200, done.text
    assert (done.json()["state"], done.json()["contested"]) == ("replied", 0)
    assert hub.follow(kept)["reply"] == "已经围起来，明天就补。"
    assert problem(office.post(path, json=fields), 409)["code"] == "not-now"

    # By the console's form the other one is dropped: its words stay in the record only.
    page = browser.get(f"/console/matters/{dropped['number']}").text
    sent = browser.post(
        f"/console/matters/{dropped['number']}/resolve",
        data={
            "form_token": form_token(page),
            "event": page.split('name="event" value="')[1].split('"')[0],
            "keep": "no",
            "reason": "单位正在去的路上",
        },
    )
    assert sent.status_code == 200 and "办公室核对后不采用" in sent.text
    assert "不是我们的路牌。" in sent.text and "单位正在去的路上" in sent.text
    followed = hub.follow(dropped)
    assert followed["state"] == "assigned" and "不是我们的路牌" not in str(followed)
    assert numbers(office, flagged="1") == []
    assert huiyin("matters", "verify", "--data", hub.data).returncode == 0
