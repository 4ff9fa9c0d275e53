"""What time brings: raised level by level, pressed and unanswered, hot, hard, long, unrated."""

import re
from typing import Any

import httpx2
import pytest

from matters.actors import Actor
from matters.terms import Role
from tests.hub import Hub, until
from tests.server.past import Past
from tests.server.test_dispatching import today
from tests.server.walk import problem, signed_in

pytestmark = pytest.mark.litestream

# The day on which each was dispatched with ten days, so many days ago, and whom it is raised to.
LEVELS = {"": 8, "unit": 11, "head": 12, "office": 17, "committee": 28}


class Old:
    """Matters of the past in a hub that has just started on them."""

    def __init__(self, hub: Hub, past: Past) -> None:
        self.hub = hub
        self.unit = min(past.registers.units)
        self.other = max(past.registers.units)
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

    def _assigned(self, past: Past, name: str, limit: str) -> None:
        receipt = self.of[name] = past.raised(f"旧事一件：{name}", station="weidu")
        past.act(receipt["number"], "adopt", title=f"旧事 {name}")
        past.act(receipt["number"], "assign", lead=self.unit, limit=limit)
        unit = Actor(Role.UNIT, "past", unit=self.unit)
        past.act(receipt["number"], "accept", unit, handler="老周")

    def number(self, name: str) -> str:
        """Return a matter's number."""
        return self.of[name]["number"]


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
def test_what_is_overdue_is_raised_level_by_level_and_followed_to_the_end(own_hub: Hub) -> None:
    with Past(own_hub) as past:
        old = Old(own_hub, past)
    own_hub.start()
    office, unit = own_hub.client("office"), own_hub.client("unit", unit=old.unit)

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
    desk = own_hub.browser_of("office").get("/console/waiting").text
    assert "逾期，报到办公室的" in desk and "逾期，报到常委会的" in desk
    head = signed_in(own_hub, "局长", "--role", "unit", "--unit", old.unit, "--body", "committee")
    page = head.get("/console/waiting").text
    assert "逾期，报到您这里的" in page and old.number("head") in page
    board = own_hub.browser_of("office").get("/console/supervise").text
    assert "已报单位负责人" in board and "已报人大常委会" in board

    # A press that nobody answered in its own limit is told to the unit and stays in its list.
    assert numbers(unit, pressed_late="1") == [old.number("pressed")]
    assert "催办了还没回应" in own_hub.browser_of("unit").get("/console/waiting").text
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
    followed = own_hub.follow(old.of["committee"])
    assert "施工队换了" in str(followed["steps"]) and followed["due_at"][:10] == str(today(12))
    done = unit.post(f"{path}/reply", json={"text": "修完了。", "result": "A"})
    assert done.json()["state"] == "replied"
    # Answered after its limit it counts as answered, and never as in time.
    ledger = office.get("/api/v1/ledger", params={"by": "unit"}).json()
    line = next(one for one in ledger["lines"] if one["key"] == old.unit)
    assert (line["answered"], line["in_time"]) == (1, 0)

    # Hot, hard and long unsolved are flagged wherever the matter is listed.
    page = own_hub.browser_of("office").get("/console/").text
    assert "久拖未决" in row_of(page, old.number("long"))
    assert "热点" in row_of(page, old.number("hot"))
    assert "难点" in row_of(page, old.number("committee"))
    assert not re.search("热点|难点|久拖未决", row_of(page, old.number("head")))
    english = own_hub.browser_of("office").get("/console/?lang=en").text
    assert row_of(english, old.number("hot")) != row_of(page, old.number("hot"))
    assert "热点" not in row_of(english, old.number("hot"))

    # What nobody rated in its time is closed as unrated, which is not satisfied.
    found = until(lambda: closed(office, old.number("answered")))
    assert found["unrated"] and not found["result_rating"]
    assert own_hub.follow(old.of["answered"])["reply"] == "可以办。"
    # The person may speak up later all the same, and then it is open again.
    rated = httpx2.post(
        f"{own_hub.url}/m/{old.number('answered')}/rating",
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
