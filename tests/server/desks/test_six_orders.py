"""A matter goes through the six orders, twice round, by the interface, as each role in turn."""

import httpx2
import pytest

from tests.hub import Hub
from tests.server.walk import Walk

pytestmark = pytest.mark.litestream


@pytest.mark.req("L01", "H19", "H24", "H25", "H26", "H28", "H29", "H30", "L23", "L26", "L28", "L29")
def test_twice_round_through_the_six_orders(hub: Hub) -> None:
    walk = Walk(hub, "村口的桥栏杆断了，孩子上学要过这座桥。", name="张三", phone="13900000000")
    matter = walk.act("deputy", "adopt", title="桥栏杆断了", grade="normal")
    assert (matter["state"], matter["desk"]) == ("adopted", "dispatch")
    assert matter["deputy"] and matter["body"].startswith("presidium")
    matter = walk.act(
        "office", "assign", lead=walk.unit_id, assisting=[walk.other_unit], demand="先设围挡"
    )
    assert (matter["limit"], matter["desk"]) == ("P2M", "accept")
    walk.act("unit", "accept")
    due = walk.matter["due_at"]
    matter = walk.act(
        "unit", "divide", parts=[{"unit": walk.other_unit, "task": "迁水管", "until": due[:10]}]
    )
    assert matter["tasks"] == [
        {"unit": walk.other_unit, "until": due, "task": "迁水管", "done": False}
    ]
    assert walk.act("assisting", "progress", text="水管迁好了", done="yes")["tasks"][0]["done"]
    matter = walk.act("unit", "ask", text="是哪一座桥？")
    assert matter["paused"] and matter["due_at"] > due
    assert hub.follow(walk.receipt)["question"] == "是哪一座桥？"
    httpx2.post(
        f"{hub.url}/m/{walk.number}/message",
        data={"key": walk.receipt["key"], "text": "村东的石桥"},
    )
    walk.matter = walk.clients["unit"].get(f"/api/v1/matters/{walk.number}").json()
    assert not walk.matter["paused"] and walk.matter["due_at"] == due
    year_on = f"{int(due[:4]) + 1}-01-15"
    walk.act("unit", "ask-extension", until=year_on, reason="石料没到")
    assert walk.matter["due_at"] == due and walk.matter["extension_until"][:10] == year_on
    walk.act("office", "grant-extension", granted="yes", reason="情况属实")
    assert walk.matter["due_at"][:10] == year_on and walk.matter["extensions"] == 1
    walk.act("deputy", "press", text="请抓紧")
    walk.act("deputy", "inspect", found="修了一半", problem="缺石料", next="下周再看")
    assert walk.matter["pressed"] == 1 and walk.matter["press_due_at"]
    matter = walk.act("unit", "reply", text="栏杆已经焊好。", result="B")
    assert (matter["state"], matter["desk"], matter["press_due_at"]) == ("replied", "rate", None)
    walk.act("deputy", "report-back", text="当面告诉了张三")
    walk.act("deputy", "evaluate", reply_rating="satisfied", result_rating="basically")
    assert walk.rate("satisfied", "unsatisfied", "焊点又开了")["state"] == "replied"
    assert walk.try_to("office", "close", text="办结").status_code == 409
    assert walk.try_to("office", "decide", text="x", outcome="y").json()["errors"][0]["code"] == (
        "rounds-left"
    )
    matter = walk.act("unit", "explain", cause="原来的焊点不牢", until=year_on)
    assert (matter["state"], matter["round"], matter["desk"]) == ("in_hand", 2, "handle")
    followed = hub.follow(walk.receipt)
    assert followed["round"] == 2 and "原来的焊点不牢" in str(followed["steps"])
    walk.act("unit", "reply", text="换了新栏杆。", result="A")
    matter = walk.act(
        "liaison", "rate", reply_rating="satisfied", result_rating="satisfied", said_by="本人电话"
    )
    assert matter["desk"] == "close"
    matter = walk.act("office", "close", text="两次办理，本人满意")
    assert (matter["state"], matter["desk"]) == ("closed", "none")


@pytest.mark.req("L24")
def test_after_the_set_rounds_the_standing_committee_decides(hub: Hub) -> None:
    walk = Walk(hub, "河边的臭味几年了。")
    walk.act("office", "adopt", title="河边臭味")
    walk.act("office", "assign", lead=walk.unit_id)
    for answer in ("已经清理。", "又清理了一次。"):
        if walk.matter["state"] == "replied":
            walk.act("unit", "explain", cause="没有清到底", until="2027-06-01")
        walk.act("unit", "reply", text=answer, result="B")
        walk.rate("unsatisfied", "unsatisfied", "还是臭")
    matter = walk.act("office", "decide", text="由水利局专班负责，列入明年计划。", outcome="专班")
    assert (matter["state"], matter["desk"]) == ("closed", "none")
    assert "由水利局专班负责" in hub.follow(walk.receipt)["reply"]


def test_merged_villagers_get_the_answer_and_rate_it(hub: Hub) -> None:
    first = Walk(hub, "自来水三天没有了。")
    second = Walk(hub, "水龙头没有水,三天了。")
    crowd = second.clients["liaison"].post(
        "/matters",
        json={"text": "我们村没水", "people": "12", "channel": "market", "station": "weidu"},
        headers={"Accept": "application/json"},
    )
    assert crowd.status_code == 201, crowd.text
    of_crowd = second.clients["liaison"].get(f"/api/v1/matters/{crowd.json()['number']}").json()
    assert (of_crowd["people"], of_crowd["channel"]) == (12, "market")
    merged = first.clients["office"].post(
        f"/api/v1/matters/{of_crowd['number']}/merge", json={"into": first.number}
    )
    assert merged.status_code == 200, merged.text
    second.act("office", "merge", into=first.number)
    assert (second.matter["state"], second.matter["merged_into"]) == ("merged", first.number)
    first.matter["version"] += 2
    first.act("office", "answer", text="水泵坏了，今晚修好。")
    assert first.matter["people"] == 14
    assert first.matter["followers"] == [of_crowd["number"], second.number]
    followed = hub.follow(second.receipt)
    assert followed["reply"] == "水泵坏了，今晚修好。" and followed["state"] == "merged"
    second.rate("satisfied", "unsatisfied", "还没有来水")
    first.matter = first.clients["office"].get(f"/api/v1/matters/{first.number}").json()
    assert first.matter["desk"] == "dispatch"


def test_a_mixed_matter_is_split_and_each_part_is_followed(hub: Hub) -> None:
    walk = Walk(hub, "路灯不亮。另外水管也漏。", name="李四", phone="13900000001")
    matter = walk.act("office", "split", texts=["路灯不亮", "水管漏水"])
    assert len(matter["parts"]) == 2 and matter["state"] == "received"
    parts = hub.follow(walk.receipt)["parts"]
    assert [part["number"] for part in parts] == matter["parts"]
    assert hub.follow(parts[0])["state"] == "received"
    contact = walk.clients["office"].get(f"/api/v1/matters/{parts[0]['number']}/contact")
    assert contact.json() == {"name": "李四", "phone": "13900000001"}
