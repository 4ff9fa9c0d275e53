"""派单: limits, handovers with their demands, key suggestions, extensions; seen the same moment."""

import datetime
import re
from typing import Any

import httpx2
import pytest

from acts.shanghai import SHANGHAI
from matters.sample import sample_units
from tests.hub import Hub, form_token
from tests.server.walk import Walk, problem, signed_in

pytestmark = pytest.mark.litestream


def today(days: int = 0) -> datetime.date:
    """Return the day of the county so many days from now."""
    return datetime.datetime.now(SHANGHAI).date() + datetime.timedelta(days=days)


def months_on(months: int) -> str:
    """Return the end of the day so many months from today, the last of a short month."""
    now = today()
    year, month = divmod(now.month - 1 + months, 12)
    first = datetime.date(now.year + year, month + 1, 1)
    last = (first.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)
    day = min(now.day, (last - datetime.timedelta(days=1)).day)
    return f"{first.replace(day=day)}T23:59:59"


@pytest.mark.req("H24", "H25", "L23", "X12", "S09")
def test_limits_by_the_rules_and_the_unit_sees_it_the_same_moment(hub: Hub) -> None:
    alone, joint = Walk(hub, "路面坑洼。"), Walk(hub, "路边水管漏水又漏电。")
    unit = alone.clients["unit"]
    before = waiting(hub, "unit")
    assert alone.number not in before
    assert alone.act("office", "assign", lead=alone.unit_id)["due_at"][:19] == months_on(1)
    matter = joint.act("office", "assign", lead=joint.unit_id, assisting=[joint.other_unit])
    assert (matter["limit"], matter["due_at"][:19]) == ("P2M", months_on(2))
    # Received, framed and dispatched the same day; it waits for the unit at once, first of all.
    assert matter["received_at"][:10] == matter["assigned_at"][:10] == str(today())
    listed = unit.get("/api/v1/matters", params={"desk": "accept"}).json()["matters"]
    assert [one["number"] for one in listed[:2]] == [joint.number, alone.number]
    assert alone.number in waiting(hub, "unit")
    # The office may set another limit, in days or working days, written as people write it.
    other = Walk(hub, "路灯不亮。")
    matter = other.act("office", "assign", lead=other.unit_id, limit="10个工作日")
    assert matter["limit"] == "P10B" and today(10) < datetime.date.fromisoformat(
        matter["due_at"][:10]
    )
    # The lead divides it, with a day for each, and none later than the whole.
    parts = [{"unit": joint.other_unit, "task": "关水阀", "until": str(today(70))}]
    assert problem(joint.try_to("unit", "divide", parts=parts), 422)["code"] == "after-due"
    parts[0]["until"] = str(today(20))
    task = joint.act("unit", "divide", parts=parts)["tasks"][0]
    assert (task["unit"], task["task"], task["until"][:10]) == (
        joint.other_unit,
        "关水阀",
        str(today(20)),
    )
    assert "关水阀" in joint.look("assisting")["tasks"][0]["task"]


def waiting(hub: Hub, role: str) -> str:
    """Return the console's page of what waits for a role, numbers as they are written together."""
    page = hub.browser_of(role).get("/console/waiting")
    assert page.status_code == 200
    return page.text


def set_rule(hub: Hub, **cells: str) -> dict[str, Any]:
    """Change cells of the county's rules, and return those that stood there before."""
    office = hub.client("office")
    records = office.get("/api/v1/registers/rules").json()["records"]
    before: dict[str, Any] = records[0]
    kept = {name: value for name, value in before.items() if name != "version"}
    answer = office.put("/api/v1/registers/rules/county", json={**kept, **cells})
    assert answer.status_code == 200, answer.text
    return {name: before[name] for name in cells}


@pytest.mark.req("H26")
def test_an_extension_is_approved_or_recorded_as_the_county_rules(hub: Hub) -> None:
    walk = Walk(hub, "桥墩要加固。")
    walk.act("office", "assign", lead=walk.unit_id)
    due = walk.matter["due_at"]
    assert (
        problem(walk.try_to("unit", "ask-extension", until=due[:10], reason="等图纸"), 422)["code"]
        == "not-later"
    )
    walk.act("unit", "ask-extension", until=str(today(60)), reason="等图纸")
    again = walk.try_to("unit", "ask-extension", until=str(today(61)), reason="再等")
    assert problem(again, 409)["code"] == "not-now"
    desk = walk.clients["office"].get("/api/v1/matters", params={"extension": "1"}).json()
    assert walk.number in [one["number"] for one in desk["matters"]]
    walk.act("office", "grant-extension", granted="no", reason="图纸上周已到")
    assert (walk.matter["due_at"], walk.matter["extensions"]) == (due, 0)
    # Both reasons stand in the record, and the person may read them.
    told = walk.villager_reads()
    assert "等图纸" in told and "图纸上周已到" in told

    before = set_rule(hub, extension="只备案")
    try:
        matter = walk.act("unit", "ask-extension", until=str(today(50)), reason="汛期停工")
    finally:
        set_rule(hub, **before)
    assert (matter["due_at"][:10], matter["extensions"]) == (str(today(50)), 1)
    assert matter["extension_until"] is None and matter["steps"][-1]["data"]["granted"] is True
    assert problem(walk.try_to("office", "grant-extension", granted="yes", reason="好"), 409)
    assert "汛期停工" in walk.villager_reads()
    record = hub.browser_of("office").get(f"/console/matters/{walk.number}").text
    assert "汛期停工" in record and "图纸上周已到" in record


@pytest.mark.req("L21", "H23")
def test_a_meeting_hands_over_with_demands_and_a_list_to_close_off(hub: Hub) -> None:
    walks = [Walk(hub, f"交办会第{n}件：修路。") for n in range(3)]
    for walk in walks[:2]:
        walk.act("office", "adopt", title="修路")
    rows: list[dict[str, Any]] = [{"number": one.number, "lead": one.unit_id} for one in walks]
    rows[1] |= {"assisting": [walks[1].other_unit], "seen": 0}
    given = {
        "kind": "meeting",
        "title": "第七次交办会",
        "demand": "六月底前见到结果，每半月报一次进度",
        "held_on": str(today(-1)),
        "limit": "P20D",
        "matters": rows,
    }
    office = hub.client("office")
    refused = walks[0].clients["unit"].post("/api/v1/handovers", json=given)
    assert problem(refused, 403)["code"] == "not-this-role"
    wrong = office.post("/api/v1/handovers", json={**given, "title": "", "held_on": "前天"})
    assert {one["field"] for one in wrong.json()["errors"]} == {"title", "held_on"}
    answer = office.post("/api/v1/handovers", json=given)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    # One had changed since the list was made: it stays as it was, and is told with its reason.
    assert made["dispatched"] == [walks[0].number, walks[2].number]
    assert [(one["number"], one["errors"][0]["code"]) for one in made["refused"]] == [
        (walks[1].number, "stale")
    ]
    assert walks[1].look()["state"] == "adopted"
    for walk in (walks[0], walks[2]):
        matter = walk.look("unit")
        assert (matter["state"], matter["limit"]) == ("assigned", "P20D")
        assert "每半月报一次进度" in str(matter["steps"][-1]["words"])
    walks[0].act("unit", "reply", text="路修好了。", result="A")
    walks[0].act("office", "close", text="已验收")
    shown = office.get(f"/api/v1/handovers/{made['id']}").json()
    assert (shown["matters"], shown["answered"], shown["closed"]) == (2, 1, 1)
    assert shown["demand"] == given["demand"] and shown["held_on"] == given["held_on"]
    page = walks[0].clients["deputy"].get(f"/api/v1/handovers/{made['id']}")
    assert page.status_code == 200
    text = hub.browser_of("deputy").get(f"/console/handovers/{made['id']}").text
    assert "第七次交办会" in text and "共 2 件，已答复 1 件，已办结 1 件" in text
    assert text.count("☐") == 1 and text.count("✓") == 1


@pytest.mark.req("L21")
def test_a_handover_is_filled_in_as_a_plain_form_and_keeps_what_was_typed(hub: Hub) -> None:
    walk = Walk(hub, "表单交办：修渠。")
    walk.act("office", "adopt", title="表单交办修渠")
    office = hub.browser_of("office")
    page = office.get("/console/handovers/new", params={"q": "表单交办"}).text
    assert "表单交办修渠" in page
    number = walk.number
    seen = re.search(rf'name="seen-{number}" value="(\d+)"', page)
    assert seen is not None and int(seen[1]) == walk.matter["version"]
    fields = {
        "form_token": form_token(page),
        "kind": "grid",
        f"pick-{number}": "yes",
        f"seen-{number}": seen[1],
        f"lead-{number}": walk.unit_id,
        "demand": "先通水后清淤",
        "limit": "零天",
    }
    mended = office.post("/console/handovers/new", data=fields)
    assert mended.status_code == 422 and "先通水后清淤" in mended.text
    assert re.search(rf'name="pick-{number}" value="yes" checked', mended.text)
    done = office.post(
        "/console/handovers/new", data={**fields, "title": "网格清单", "limit": "15天"}
    )
    assert done.status_code == 200 and "网格清单" in done.text and "先通水后清淤" in done.text
    assert (walk.look()["state"], walk.matter["limit"]) == ("assigned", "P15D")
    assert "/console/handovers/" in office.get("/console/handovers/").text


@pytest.mark.req("L20")
def test_key_suggestions_are_chosen_by_the_chairpersons_meeting(hub: Hub) -> None:
    walk = Walk(hub, "全县乡村校车的建议。", kind="suggestion")
    walk.act("office", "adopt", title="乡村校车", body="committee")
    clerk = signed_in(hub, "镇人大", "--role", "office", "--body", "presidium-weidu")
    page = clerk.get("/console/password").text
    refused = clerk.post(
        f"/console/matters/{walk.number}/key",
        data={"form_token": form_token(page), "key": "yes", "meeting": "镇里的会"},
    )
    assert refused.status_code == 403
    assert problem(walk.try_to("office", "key", key="yes"), 422)["field"] == "meeting"
    matter = walk.act("office", "key", key="yes", meeting="第 12 次主任会议")
    assert matter["key"] and matter["state"] == "adopted"
    office = walk.clients["office"]
    keys = office.get("/api/v1/matters", params={"key": "1"}).json()["matters"]
    assert [one["number"] for one in keys] == [walk.number]
    page = hub.browser_of("office").get("/console/", params={"key": "1"}).text
    assert "重点建议" in page and "乡村校车" in page
    walk.act("office", "assign", lead=walk.unit_id)
    walk.act("unit", "reply", text="三条线路已开通。", result="A")
    # At the year's end the meeting votes on how content it is, and the tally stays with it.
    meeting = {"kind": "inquiry", "title": "年终测评", "held_on": str(today())}
    session = office.post(
        "/api/v1/sessions", json={**meeting, "units": [walk.unit_id], "matters": [walk.number]}
    ).json()
    vote = {"topic": "校车办得怎么样", "satisfied": 7, "basically": 2, "unsatisfied": 0}
    voted = office.post(
        f"/api/v1/sessions/{session['id']}/vote", json={**vote, "about": walk.number}
    )
    assert voted.status_code == 200, voted.text
    assert "校车办得怎么样" in hub.browser_of("office").get(f"/console/matters/{walk.number}").text
    assert not walk.act("office", "key", key="no", meeting="第 13 次主任会议")["key"]
    words = str(walk.matter["steps"])
    assert "第 12 次主任会议" in words and "第 13 次主任会议" in words


def refused_rows(answer: httpx2.Response) -> list[str]:
    """Return the numbers of the rows that a handover refused."""
    return [one["number"] for one in answer.json()["refused"]]


def test_a_handover_reads_days_limits_and_names_as_a_clerk_writes_them(hub: Hub) -> None:
    office, browser = hub.client("office"), hub.browser_of("office")
    held = today(-1)
    head = {"title": "按名字交办", "held_on": f"{held.month}月{held.day}日", "limit": "十天"}
    for form in (False, True):
        walk = Walk(hub, "按名字交办的路。")
        walk.act("office", "adopt", title="修路")
        lead = next(unit.name for unit in sample_units() if unit.id == walk.unit_id)
        if form:
            token = form_token(browser.get("/console/handovers/new").text)
            picked = {f"pick-{walk.number}": "yes", f"lead-{walk.number}": lead}
            answer = browser.post(
                "/console/handovers/new", data={"form_token": token, **head, **picked}
            )
            made = answer.url.path.rpartition("/")[2]
        else:
            rows = [{"number": walk.number, "lead": lead}]
            made = office.post("/api/v1/handovers", json={**head, "matters": rows}).json()["id"]
        assert office.get(f"/api/v1/handovers/{made}").json()["held_on"] == str(held)
        matter = walk.look("unit")
        assert (matter["state"], matter["limit"]) == ("assigned", "P10D")
    wrong = office.post("/api/v1/handovers", json={**head, "limit": "尽快", "matters": rows})
    assert problem(wrong, 422)["code"] == "bad-limit"


def test_a_handover_of_nothing_too_much_and_nonsense(hub: Hub) -> None:
    office = hub.client("office")
    walk = Walk(hub, "交办会上的怪行。")
    head = {"kind": "session", "title": "届次建议"}
    for rows, code in (([], "required"), ("12", "not-a-list"), ([1], "not-a-list")):
        answer = office.post("/api/v1/handovers", json={**head, "matters": rows})
        assert problem(answer, 422)["code"] == code
    many = [{"number": "1", "lead": walk.unit_id}] * 501
    assert problem(office.post("/api/v1/handovers", json={**head, "matters": many}), 422)["code"]
    odd: list[dict[str, Any]] = [
        {"number": "0000000000", "lead": walk.unit_id},
        {"number": walk.number, "lead": ["x"]},
        {"number": {"a": 1}, "lead": walk.unit_id},
        {"number": walk.number},
        {"number": walk.number, "lead": walk.unit_id, "assisting": 5},
        {"number": walk.number, "lead": walk.unit_id, "limit": 7},
    ]
    answer = office.post("/api/v1/handovers", json={**head, "matters": odd})
    assert answer.status_code == 422 and len(refused_rows(answer)) == len(odd), answer.text
    assert answer.json()["id"] is None and walk.look()["state"] == "received"
    listed = office.get("/api/v1/handovers").json()["handovers"]
    assert "届次建议" not in [one["title"] for one in listed]
