"""Documents through the interface and the console: drafted from the figures, edited, signed."""

import datetime
import re
from typing import Any

import httpx2
import pytest

from matters.sample import sample_units
from tests.hub import Hub, form_token

pytestmark = pytest.mark.litestream
TODAY = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date().isoformat()
PERIOD = {"from": TODAY, "to": TODAY}


def drafted(client: httpx2.Client, kind: str) -> dict[str, Any]:
    """Draft a document and return it."""
    answer = client.post("/api/v1/documents", json={"kind": kind, **PERIOD})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def act(client: httpx2.Client, document: dict[str, Any], name: str, **fields: object) -> Any:
    """Edit, sign or withdraw; return the document, or the code of the refusal."""
    answer = client.post(f"/api/v1/documents/{document['id']}/{name}", json=fields)
    found = answer.json()
    return found if answer.status_code == 200 else (answer.status_code, found["errors"][0]["code"])


@pytest.mark.req("L32", "L33")
def test_the_figures_draft_it_and_a_person_edits_and_signs_it(own_hub: Hub) -> None:
    own_hub.start()
    good, poor, small = sorted(sample_units(), key=lambda one: one.id)[:3]
    office = own_hub.client("office")
    for unit, count, rating in ((good, 6, "satisfied"), (poor, 6, "unsatisfied"), (small, 2, "")):
        handler = own_hub.client("unit", unit=unit.id)
        for number in range(count):
            receipt = own_hub.raise_matter(f"{unit.name}第{number}件")
            path = f"/api/v1/matters/{receipt['number']}"
            for client, name, fields in (
                (office, "assign", {"lead": unit.id}),
                (handler, "reply", {"text": "办了", "result": "A"}),
            ):
                assert client.post(f"{path}/{name}", json=fields).status_code == 200
            if rating:
                given = {"key": receipt["key"], "reply_rating": rating, "result_rating": rating}
                answer = httpx2.post(
                    f"{own_hub.url}/m/{receipt['number']}/rating",
                    json={**given, "comment": "没有修好"},
                    headers={"Accept": "application/json"},
                )
                assert answer.status_code == 200, answer.text

    commend, criticise = drafted(office, "commend"), drafted(office, "criticise")
    assert (commend["units"], criticise["units"]) == ([good.id], [poor.id])
    assert f"{good.name}：收到6件；答复6件（100%）；解决6件（100%）" in commend["text"]
    assert poor.name not in commend["text"] and small.name not in commend["text"]
    assert "群众评价6件，满意和基本满意0件（0%）" in criticise["text"]
    report = drafted(office, "report")
    assert good.name in report["text"] and small.name not in report["text"]

    # A draft is the office's; what is signed, all staff read.
    reader = own_hub.client("unit", unit=poor.id)
    assert reader.get(f"/api/v1/documents/{criticise['id']}").status_code == 403
    assert reader.get("/api/v1/documents").json()["documents"] == []
    edited = act(
        office,
        criticise,
        "edit",
        title="关于办理不力的通报",
        text="六件都没有办好,请说明原因。",
        units=[poor.id],
        seen=0,
    )
    assert edited["text"] == "六件都没有办好,请说明原因。" and edited["state"] == "drafted"
    assert act(office, criticise, "sign", signer="主任 何某", seen=0) == (409, "stale")
    assert act(office, criticise, "withdraw", reason="错了") == (409, "not-signed")
    for client in (reader, own_hub.client("admin")):
        assert act(client, criticise, "sign", signer="我") == (403, "not-this-role")
        refused = client.post("/api/v1/documents", json={"kind": "report", **PERIOD})
        assert refused.status_code == 403
    signed = act(office, criticise, "sign", signer="主任 何某", seen=1)
    assert signed["state"] == "signed" and signed["signer"] == "主任 何某"
    assert signed["signed_by"].startswith("office:") and signed["signed_at"].startswith(TODAY)
    assert act(office, criticise, "edit", title="改", text="改") == (409, "document-signed")
    assert act(office, criticise, "sign", signer="主任") == (409, "document-signed")
    read = reader.get(f"/api/v1/documents/{criticise['id']}").json()
    assert read["text"] == "六件都没有办好,请说明原因。"
    assert own_hub.client("admin").get("/api/v1/documents").json()["documents"] == []

    withdrawn = act(office, criticise, "withdraw", reason="数字有误")
    assert (withdrawn["state"], withdrawn["reason"]) == ("withdrawn", "数字有误")
    assert withdrawn["text"] == signed["text"]
    assert act(office, criticise, "withdraw", reason="再撤") == (409, "document-signed")


def test_what_cannot_be_drafted_is_told(hub: Hub) -> None:
    office = hub.client("office")
    answer = office.post("/api/v1/documents", json={"kind": "ode", "from": TODAY, "to": "上月"})
    assert answer.status_code == 422
    found = [(one["field"], one["code"]) for one in answer.json()["errors"]]
    assert found == [("kind", "unknown"), ("to", "bad-day")]
    answer = office.post(
        "/api/v1/documents", json={"kind": "report", "from": TODAY, "to": "2020-01-01"}
    )
    assert answer.json()["errors"][0]["code"] == "before"
    document = drafted(office, "report")
    assert act(office, document, "edit", title="", text="正文") == (422, "required")
    assert act(office, document, "edit", title="题" * 101, text="正文") == (422, "too-long")
    assert act(office, document, "edit", title="题", text="正文", units=["no"]) == (422, "unknown")
    assert act(office, document, "burn") == (404, "not-found")


def test_days_limits_and_names_are_read_as_a_clerk_writes_them(hub: Hub) -> None:
    office, today = hub.client("office"), datetime.date.fromisoformat(TODAY)
    given = {"kind": "report", "from": "十天", "to": f"{today.month}月{today.day}日"}
    answer = office.post("/api/v1/documents", json=given)
    assert answer.status_code == 201, answer.text
    document = answer.json()
    assert document["from"] == str(today - datetime.timedelta(days=10))
    assert document["to"] == TODAY
    first, second = sorted(sample_units(), key=lambda unit: unit.id)[:2]
    named = {"title": "题", "text": "正文", "units": f"{first.name}、{second.name}"}
    assert act(office, document, "edit", **named)["units"] == [first.id, second.id]
    browser = hub.browser_of("office")
    token = form_token(browser.get("/console/documents/new").text)
    page = browser.post("/console/documents/new", data={"form_token": token, **given})
    read = office.get(f"/api/v1/documents/{page.url.path.rpartition('/')[2]}").json()
    assert (read["from"], read["to"]) == (document["from"], document["to"])


@pytest.mark.req("L32")
def test_a_document_is_written_and_signed_in_the_console(hub: Hub) -> None:
    office = hub.browser_of("office")
    page = office.get("/console/documents/new")
    given = {"form_token": form_token(page.text), "kind": "report", **PERIOD}
    again = office.post("/console/documents/new", data={**given, "to": ""})
    assert again.status_code == 422 and 'href="#to"' in again.text
    page = office.post("/console/documents/new", data=given)
    path = page.url.path
    assert re.fullmatch(r"/console/documents/[0-9a-f-]{36}", path)
    assert "草稿，没有签发" in page.text and "关于办理群众事项情况的报告" in page.text

    def send(name: str, **fields: str) -> httpx2.Response:
        shown = office.get(path).text
        seen = re.search(r'name="seen" value="(\d+)"', shown)
        token = form_token(shown)
        return office.post(
            f"{path}/{name}",
            data={"form_token": token, "seen": seen[1] if seen else "", **fields},
        )

    assert "<b>" not in send("edit", title="季度<b>报告", text="第一句").text
    stale = send("edit", seen="0", title="旧页面写的", text="这句不能丢")
    assert stale.status_code == 409 and "这句不能丢" in stale.text
    page = send("sign", signer="主任 何某")
    assert "主任 何某" in page.text and "/edit" not in page.text and "草稿，没有" not in page.text
    for role in ("unit", "deputy", "liaison"):
        reader = hub.browser_of(role)
        assert "季度&lt;b&gt;报告" in reader.get("/console/documents/").text
        shown = reader.get(path, params={"lang": "en"}).text
        assert "Signed" in shown and "/withdraw" not in shown
        assert reader.get("/console/documents/new").status_code == 403
    assert hub.browser_of("admin").get("/console/documents/").status_code == 403
    page = send("withdraw", reason="另写")
    assert "已撤回，不再有效。理由：" in page.text and "另写" in page.text
