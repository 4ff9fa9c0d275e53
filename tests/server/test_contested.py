"""Two nodes acted on one matter: both edits are kept, the office says which holds (resolve)."""

from pathlib import Path

import httpx2
import pytest

from tests.hub import Hub, form_token, huiyin
from tests.server.past import Past
from tests.server.walk import problem

pytestmark = pytest.mark.litestream


def test_the_office_keeps_or_drops_what_came_from_another_node(
    own_hub: Hub, tmp_path: Path
) -> None:
    with Past(own_hub) as past:
        past.ago(9)
        kept, dropped = past.raised("桥面塌了一块。"), past.raised("路牌倒了。")
        unit = min(past.registers.units)
        # The other node answers on the spot what this one had dispatched the day before.
        past.meanwhile(
            tmp_path / "other",
            2,
            [
                (kept["number"], "answer", {"text": "已经围起来，明天就补。"}),
                (dropped["number"], "answer", {"text": "不是我们的路牌。"}),
            ],
        )
        past.ago(3)
        for receipt in (kept, dropped):
            past.act(receipt["number"], "assign", lead=unit, demand="先看现场")
        past.arrived()
    own_hub.start()
    office = own_hub.client("office")
    flagged = office.get("/api/v1/matters", params={"flagged": "1"}).json()["matters"]
    assert {one["number"]: (one["state"], one["contested"]) for one in flagged} == {
        kept["number"]: ("assigned", 1),
        dropped["number"]: ("assigned", 1),
    }
    browser = own_hub.browser_of("office")
    assert "存疑、有冲突，要核对" in browser.get("/console/waiting").text
    assert "有冲突" in browser.get("/console/", params={"flagged": "1"}).text

    # The words stand before the office, and not before the person, as long as nobody decided.
    page = browser.get(f"/console/matters/{kept['number']}").text
    assert "已经围起来，明天就补。" in page and "有冲突，没有生效" in page and "/resolve" in page
    for receipt in (kept, dropped):
        followed = own_hub.follow(receipt)
        assert followed["reply"] is None and followed["state"] == "assigned"
        assert [step["type"] for step in followed["steps"]] == ["matter.raised", "matter.assigned"]

    path = f"/api/v1/matters/{kept['number']}/resolve"
    (event,) = [
        step["event"]
        for step in office.get(f"/api/v1/matters/{kept['number']}").json()["steps"]
        if step["contested"]
    ]
    fields = {"event": event, "keep": "yes", "reason": "两边都去了现场"}
    handler = own_hub.client("unit", unit=unit)
    assert problem(handler.post(path, json=fields), 403)["code"] == "not-this-role"
    for wrong in ("", "x", "01a00000-0000-7000-8000-0000000000c0", kept["number"]):
        answer = office.post(path, json={**fields, "event": wrong})
        assert problem(answer, 422)["field"] == "event", wrong
    assert problem(office.post(path, json={**fields, "keep": "maybe"}), 422)["field"] == "keep"
    assert problem(office.post(path, json={**fields, "reason": ""}), 422)["field"] == "reason"

    done = office.post(path, json=fields)
    assert done.status_code == 200, done.text
    assert (done.json()["state"], done.json()["contested"]) == ("replied", 0)
    assert own_hub.follow(kept)["reply"] == "已经围起来，明天就补。"
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
    followed = own_hub.follow(dropped)
    assert followed["state"] == "assigned" and "不是我们的路牌" not in str(followed)
    assert numbers_flagged(office) == []
    own_hub.stop()
    assert huiyin("matters", "verify", "--data", own_hub.data).returncode == 0


def numbers_flagged(client: httpx2.Client) -> list[str]:
    """Return the numbers of all that is flagged."""
    found = client.get("/api/v1/matters", params={"flagged": "1"}).json()["matters"]
    return [one["number"] for one in found]
