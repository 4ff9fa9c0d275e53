"""The whole path by CONTRACT's addresses: from a submission to a published answer."""

import re

import httpx2
import pytest

from tests.hub import Hub, until

STATION = "weidu"


def act(client: httpx2.Client, number: str, command: str, **fields: object) -> dict[str, object]:
    """Carry a command out and return the matter."""
    answer = client.post(f"/api/v1/matters/{number}/{command}", json=fields)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


@pytest.mark.litestream
@pytest.mark.req("L01", "L31", "X07", "S16", "H24")
def test_a_matter_goes_from_the_villager_to_a_notice_and_back(hub: Hub) -> None:
    office = hub.client("office")
    unit_id = hub.unit_of_sample()
    unit = hub.client("unit", unit=unit_id)
    receipt = hub.raise_matter(
        "村东头的路灯坏了半个月,老人晚上出门摔了跤。",
        publish="yes",
        name="张三",
        phone="13900000000",
    )
    assert receipt["safety"] == "durable"
    number = str(receipt["number"])

    listed = office.get("/api/v1/matters", params={"state": "received"}).json()["matters"]
    assert number in [matter["number"] for matter in listed]

    matter = act(office, number, "adopt", title="村东路灯不亮", seen=0)
    assert matter["state"] == "adopted"
    matter = act(office, number, "assign", lead=unit_id, demand="请在雨季前修好", seen=1)
    assert (matter["state"], matter["limit"]) == ("assigned", "P1M")
    matter = act(unit, number, "accept", seen=2)
    assert matter["state"] == "in_hand"
    act(unit, number, "progress", text="已到现场看过", seen=3)
    matter = act(unit, number, "reply", text="已换新灯三盏。", result="A", seen=4)
    assert matter["state"] == "replied"

    before = httpx2.get(hub.url + "/ledger/").text
    matter = act(
        office,
        number,
        "publish",
        title="村东路灯修好了",
        text="村东头的路灯坏了。",
        answer="已换新灯三盏。",
        seen=5,
    )
    notice = until(lambda: _page(f"{hub.url}/notices/{number}/"))
    assert "村东路灯修好了" in notice and "13900000000" not in notice and "张三" not in notice
    month = re.search(r'href="\.\./(\d{4}-\d\d)/', notice)
    assert month is not None
    until(lambda: "村东路灯修好了" in _page(f"{hub.url}/notices/{month[1]}/"))
    until(lambda: "村东路灯修好了" in _page(f"{hub.url}/"))
    until(lambda: "村东路灯修好了" in _page(f"{hub.url}/notices/feed.xml"))
    until(lambda: httpx2.get(hub.url + "/ledger/").text != before)

    followed = hub.follow(receipt)
    assert followed["reply"] == "已换新灯三盏。"
    assert followed["result"] == "A"
    assert followed["notice_url"] == f"{hub.url}/notices/{number}/"
    assert [step["type"] for step in followed["steps"]] == [
        "matter.raised",
        "matter.adopted",
        "matter.assigned",
        "matter.accepted",
        "matter.progressed",
        "matter.replied",
        "matter.published",
    ]
    assert all(step["at"].endswith("+08:00") for step in followed["steps"])

    rated = httpx2.post(
        f"{hub.url}/m/{number}/rating",
        json={
            "key": receipt["key"],
            "reply_rating": "satisfied",
            "result_rating": "basically",
        },
        headers={"Accept": "application/json"},
    )
    assert rated.status_code == 200
    # Satisfied does not close; only close does.
    assert rated.json()["state"] == "replied"
    assert act(office, number, "close", text="灯已修好,群众满意。")["state"] == "closed"

    act(office, number, "withdraw", reason="更正中")
    until(lambda: httpx2.get(f"{hub.url}/notices/{number}/").status_code == 404)
    until(lambda: "村东路灯修好了" not in httpx2.get(f"{hub.url}/").text)


def _page(address: str) -> str:
    answer = httpx2.get(address)
    return answer.text if answer.status_code == 200 else ""


@pytest.mark.litestream
@pytest.mark.req("L13", "S20")
def test_a_liaison_officer_answers_on_the_spot(hub: Hub) -> None:
    stations = _stations(hub)
    liaison = hub.client("liaison", station=stations[0])
    receipt = hub.raise_matter("低保怎么申请?", station=stations[0], kind="inquiry")
    matter = act(liaison, str(receipt["number"]), "answer", text="带户口本到镇便民大厅。")
    assert matter["state"] == "replied"
    assert hub.follow(receipt)["reply"] == "带户口本到镇便民大厅。"


@pytest.mark.litestream
@pytest.mark.req("L01")
def test_nobody_acts_for_another_place(hub: Hub) -> None:
    stations = _stations(hub)
    receipt = hub.raise_matter("桥栏杆断了。", station=stations[0])
    number = receipt["number"]
    stranger = hub.client("liaison", station=stations[1])
    answer = stranger.post(f"/api/v1/matters/{number}/answer", json={"text": "不归我管"})
    assert answer.status_code == 403
    assert stranger.get(f"/api/v1/matters/{number}").status_code == 403
    unit = hub.client("unit", unit=hub.unit_of_sample())
    assert unit.get(f"/api/v1/matters/{number}").status_code == 403
    assert number not in [
        matter["number"] for matter in unit.get("/api/v1/matters").json()["matters"]
    ]
    nobody = httpx2.get(hub.url + "/api/v1/matters")
    assert nobody.status_code == 401


def _stations(hub: Hub) -> list[str]:
    """Return ids of two stations of the sample that serve different places."""
    from stations.sample import sample_stations

    return [station.id for station in sample_stations() if station.kind == "station"][:2]


@pytest.mark.litestream
def test_a_stale_page_is_told_and_the_attempt_kept(hub: Hub) -> None:
    office = hub.client("office")
    receipt = hub.raise_matter("水管爆了。")
    number = str(receipt["number"])
    act(office, number, "adopt", title="水管爆裂", seen=0)
    answer = office.post(f"/api/v1/matters/{number}/answer", json={"text": "已派人", "seen": 0})
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["code"] == "stale"
    assert "别人" in answer.json()["errors"][0]["message"]
    again = office.post(f"/api/v1/matters/{number}/adopt", json={"title": "再来一次"})
    assert again.status_code == 409
    assert again.json()["errors"][0]["code"] == "not-from-this-state"


@pytest.mark.litestream
def test_contact_is_for_those_who_may_and_each_look_is_on_record(hub: Hub) -> None:
    office = hub.client("office")
    unit_id = hub.unit_of_sample()
    unit = hub.client("unit", unit=unit_id)
    shared = hub.raise_matter("一", name="李四", phone="13911110000", share_phone="yes")
    kept = hub.raise_matter("二", name="王五", phone="13922220000")
    for receipt in (shared, kept):
        act(office, str(receipt["number"]), "assign", lead=unit_id)
    path = "/api/v1/matters/{}/contact"
    assert unit.get(path.format(shared["number"])).json() == {
        "name": "李四",
        "phone": "13911110000",
    }
    assert unit.get(path.format(kept["number"])).status_code == 403
    assert office.get(path.format(kept["number"])).json()["phone"] == "13922220000"
    act(office, str(kept["number"]), "erase", what="contact", reason="本人要求")
    assert office.get(path.format(kept["number"])).json() == {"name": "", "phone": ""}
