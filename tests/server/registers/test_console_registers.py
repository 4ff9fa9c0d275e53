"""The county's registers in the console and the interface: edited by staff, without a command."""

import re
from html import unescape
from typing import Any

import httpx2
import pytest

from server.county.county_registers import ALL, BY_PLURAL
from tests.hub import Hub, form_token

pytestmark = pytest.mark.litestream

# What a liaison officer edits, too (`test_staff_keep.py`).
OF_A_STATION = ("shifts", "activities")
needs_days = pytest.mark.skipif("days" not in BY_PLURAL, reason="there is no register of days")


def fields_of(page: str) -> dict[str, Any]:
    """Return what the record form of a page would send."""
    form = page[page.index('class="record"') : page.index("</form>", page.index('class="record"'))]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name is None:
            continue
        text = unescape(value[1]) if value else ""
        if 'type="file"' in tag:
            continue
        if 'type="checkbox"' in tag:
            if " checked" in tag:
                found.setdefault(name[1], []).append(text)
        else:
            found[name[1]] = text
    for name, body in re.findall(
        r'<textarea id="\w+" name="(\w+)"[^>]*>\n(.*?)</textarea>', form, re.S
    ):
        found[name] = unescape(body)
    for name, body in re.findall(r'<select id="\w+" name="(\w+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', body)
        found[name] = unescape(chosen[1]) if chosen else ""
    return found


def add(browser: httpx2.Client, plural: str, **cells: str) -> httpx2.Response:
    """Add a record by the form."""
    page = browser.get(f"/console/registers/{plural}/_new")
    typed = {**fields_of(page.text), **cells}
    return browser.post(f"/console/registers/{plural}/_new", data=typed)


@pytest.mark.parametrize("role", ["office", "admin", "liaison", "deputy", "unit"])
def test_registers_open_for_admin_and_office_only(hub: Hub, role: str) -> None:
    browser = hub.browser_of(role)
    expected = 200 if role in ("office", "admin") else 403
    for register in ALL:
        plural = register.plural
        if role == "liaison" and plural in OF_A_STATION:
            continue
        for path in (f"{plural}/", f"{plural}/{register.only or '_new'}"):
            for language in ("zh", "en"):
                answer = browser.get(f"/console/registers/{path}", params={"lang": language})
                assert answer.status_code == expected, (path, answer.text)
    liaison = role == "liaison"
    assert browser.get("/console/registers/").status_code == (200 if liaison else expected)
    shown = "console/registers/" in browser.get("/console/").text
    assert shown is (expected == 200 or liaison)
    token = form_token(browser.get("/console/password").text)
    typed = {"form_token": token, "name": "不该有的", "id": f"by-{role}-form"}
    posted = browser.post("/console/registers/units/_new", data=typed)
    assert posted.status_code == expected
    client = hub.client(role, **_place(hub, role))
    put = client.put(f"/api/v1/registers/units/by-{role}-json", json={"name": "接口单位"})
    assert put.status_code == (201 if expected == 200 else 403)
    listed = client.get("/api/v1/registers/units").json()["records"]
    assert any(one["id"] == f"by-{role}-json" for one in listed) is (expected == 200)
    gone = client.delete(f"/api/v1/registers/units/by-{role}-json")
    assert gone.status_code == (204 if expected == 200 else 403)
    assert browser.get("/console/registers/units/no-such").status_code == (
        404 if expected == 200 else 403
    )


def _place(hub: Hub, role: str) -> dict[str, str]:
    return {
        "liaison": {"station": "shiweng"},
        "deputy": {"deputy": "chu-dashan"},
        "unit": {"unit": hub.unit_of_sample()},
    }.get(role, {})


@pytest.mark.parametrize("register", ALL, ids=lambda register: str(register.plural))
def test_saving_a_form_as_it_stands_changes_nothing(hub: Hub, register: Any) -> None:
    client = hub.client("office")
    records = client.get(f"/api/v1/registers/{register.plural}").json()["records"]
    browser = hub.browser_of("office")
    for record in records[:3]:
        address = f"/console/registers/{register.plural}/{record['id']}"
        page = browser.get(address)
        done = browser.post(address, data=fields_of(page.text))
        assert done.status_code == 200 and "saved=1" in str(done.url), done.text
    after = client.get(f"/api/v1/registers/{register.plural}").json()["records"]
    assert after == records  # The versions too: nothing was written.


def test_a_record_is_added_shown_found_changed_and_removed(hub: Hub) -> None:
    browser = hub.browser_of("office")
    saved = add(browser, "units", name="望禾县气象局", phone="0000-5550188")
    assert saved.status_code == 200 and "saved=1" in str(saved.url)
    identity = saved.url.path.rsplit("/", 1)[1]
    table = browser.get("/console/registers/units/", params={"q": "气象"}).text
    assert identity in table and "agriculture" not in table
    address = f"/console/registers/units/{identity}"
    typed = {**fields_of(browser.get(address).text), "phone": "0000-5550199"}
    page = browser.post(address, data=typed).text
    assert "0000-5550199" in page
    history = page[page.index('class="steps"') :]
    assert history.count("<li>") == 2 and "人大办公室" in history
    assert "写了：电话<" in history
    confirm = browser.get(f"{address}/remove").text
    token = {"form_token": form_token(confirm), "seen": "2"}
    stale = browser.post(f"{address}/remove", data={**token, "seen": "1"})
    assert stale.status_code == 409
    assert browser.post(f"{address}/remove", data=token).status_code == 200
    assert browser.get(address).status_code == 404
    assert identity not in browser.get("/console/registers/units/").text
    assert browser.post(f"{address}/remove", data=token).status_code == 404


def test_bad_cells_are_told_at_their_fields_with_every_word_kept(hub: Hub) -> None:
    browser = hub.browser_of("admin")
    answer = add(
        browser,
        "stations",
        name="",
        area="990102101000",
        phone="没有电话机<b>",
        latitude="东经九十度",
        duty="每周八",
        directions="先往东\n再往西",
    )
    assert answer.status_code == 422
    for field in ("name", "phone", "latitude", "duty"):
        assert f'href="#{field}"' in answer.text, field
        assert f'id="{field}-error"' in answer.text, field
    kept = fields_of(answer.text)
    assert kept["phone"] == "没有电话机<b>" and kept["duty"] == "每周八"
    assert kept["directions"].splitlines() == ["先往东", "再往西"]
    assert kept["area"] == "990102101000"
    dangling = add(browser, "stations", name="悬空站", area="990102101000", parent="no-such-one")
    assert dangling.status_code == 422 and 'id="parent-error"' in dangling.text
    twice = add(browser, "units", id="agriculture", name="又一个农业局")
    assert twice.status_code == 422 and 'id="id-error"' in twice.text
    assert "又一个农业局" in twice.text


def test_two_people_at_once_both_see_both_texts(hub: Hub) -> None:
    first, second = hub.browser_of("office"), hub.browser_of("admin")
    address = (
        "/console/registers/categories/"
        + add(first, "categories", name="两人同改", order="77").url.path.rsplit("/", 1)[1]
    )
    mine, theirs = fields_of(first.get(address).text), fields_of(second.get(address).text)
    assert first.post(address, data={**mine, "order": "78"}).status_code == 200
    late = second.post(address, data={**theirs, "order": "79", "name": "两人同改(后)"})
    assert late.status_code == 409
    kept = fields_of(late.text)
    assert kept["order"] == "79" and "78" in late.text
    again = second.post(address, data=kept)
    assert again.status_code == 200 and fields_of(again.text)["order"] == "79"
    typed = fields_of(first.get(address).text)
    confirm = {"form_token": form_token(second.get(f"{address}/remove").text), "seen": kept["seen"]}
    assert second.post(f"{address}/remove", data=confirm).status_code == 409
    confirm["seen"] = typed["seen"]
    assert second.post(f"{address}/remove", data=confirm).status_code == 200
    removed = first.post(address, data={**typed, "order": "80"})
    assert removed.status_code == 409 and "重新登记" in removed.text
    assert first.post(address, data=fields_of(removed.text)).status_code == 200


def test_a_record_in_use_is_not_removed_and_what_uses_it_is_named(hub: Hub) -> None:
    browser = hub.browser_of("office")
    page = browser.get("/console/registers/stations/shiweng/remove").text
    assert "褚大山" in page and 'class="main" type="submit"' not in page
    token = {"form_token": form_token(page)}
    refused = browser.post("/console/registers/stations/shiweng/remove", data=token)
    assert refused.status_code == 409 and "褚大山" in refused.text
    only = browser.post("/console/registers/counties/county/remove", data=token)
    assert only.status_code == 404 or only.status_code == 409
    answer = hub.client("office").delete("/api/v1/registers/stations/shiweng")
    assert answer.status_code == 409 and answer.json()["errors"][0]["code"] == "in-use"
    assert browser.get("/stations/shiweng/").status_code == 200


def test_a_unit_with_matters_in_hand_is_not_removed(hub: Hub) -> None:
    office = hub.client("office")
    unit = office.put("/api/v1/registers/units/busy-unit", json={"name": "正忙的单位"}).json()
    number = hub.raise_matter("派给正忙的单位")["number"]
    office.post(f"/api/v1/matters/{number}/adopt", json={"title": "一件事"})
    done = office.post(f"/api/v1/matters/{number}/assign", json={"lead": unit["id"]})
    assert done.status_code == 200, done.text
    answer = office.delete("/api/v1/registers/units/busy-unit")
    assert answer.status_code == 409 and "1" in answer.json()["errors"][0]["message"]


def test_a_form_that_the_session_did_not_make_changes_nothing(hub: Hub) -> None:
    browser = hub.browser_of("admin")
    typed = fields_of(browser.get("/console/registers/units/agriculture").text)
    forged = browser.post(
        "/console/registers/units/agriculture", data={**typed, "form_token": "x", "name": "冒名局"}
    )
    assert forged.status_code == 403
    assert "冒名局" not in browser.get("/console/registers/units/agriculture").text


def test_the_countys_own_record_is_a_form_at_once(hub: Hub) -> None:
    browser = hub.browser_of("office")
    page = browser.get("/console/registers/counties/")
    assert page.url.path == "/console/registers/counties/county"
    typed = fields_of(page.text)
    assert "id" not in typed
    changed = browser.post(page.url.path, data={**typed, "campaign": "新的活动名称"})
    assert changed.status_code == 200 and "新的活动名称" in changed.text
    back = browser.post(
        page.url.path, data={**fields_of(changed.text), "campaign": typed["campaign"]}
    )
    assert back.status_code == 200
    assert browser.get("/console/registers/counties/other").status_code == 404


def test_the_interface_takes_text_cells_and_tells_every_problem(hub: Hub) -> None:
    client = hub.client("admin")
    address = "/api/v1/registers/stations/json-point"
    cells = {"name": "接口联络点", "kind": "联络点", "area": "石瓮镇", "parent": "shiweng"}
    made = client.put(address, json=cells)
    assert made.status_code == 201 and made.json()["area"] == "990102101000"
    version = made.json()["version"]
    changed = client.put(address, json={**cells, "hours": "随时", "seen": version})
    assert changed.status_code == 200 and changed.json()["version"] == version + 1
    assert client.put(address, json={**cells, "seen": version}).status_code == 409
    bad = client.put(address, json={"name": "", "area": "没有的镇", "phone": "x"})
    assert bad.status_code == 422
    assert {one["field"] for one in bad.json()["errors"]} == {"name", "area", "phone"}
    for body, field in (
        ({**cells, "color": "red"}, "color"),
        ({**cells, "phone": 5}, "phone"),
        ({**cells, "id": "other"}, "id"),
        ({**cells, "seen": "yesterday"}, "seen"),
    ):
        answer = client.put(address, json=body)
        assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == field
    assert client.put("/api/v1/registers/nothing/x", json=cells).status_code == 404
    assert client.put("/api/v1/registers/units/Bad_Id", json={"name": "x"}).status_code == 422
    assert client.get("/api/v1/registers/nothing").status_code == 404
    assert client.delete(address, params={"seen": str(version)}).status_code == 409
    assert client.delete(address).status_code == 204
    assert client.delete(address).status_code == 404
    assert httpx2.get(hub.url + "/api/v1/registers/units").status_code == 401
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert {"put", "delete"} <= set(paths["/api/v1/registers/{plural}/{id}"])


def test_more_than_fifty_records_come_in_pages(hub: Hub) -> None:
    client = hub.client("office")
    for number in range(52):
        client.put(
            f"/api/v1/registers/templates/page-{number:02}",
            json={"name": f"翻页{number:02}", "text": "您好，＿＿"},
        )
    browser = hub.browser_of("office")
    first = browser.get("/console/registers/templates/", params={"q": "翻页"}).text
    second = browser.get("/console/registers/templates/", params={"q": "翻页", "page": "2"}).text
    assert len(re.findall(r"templates/page-", first)) == 50
    assert len(re.findall(r"templates/page-", second)) == 2
    for page in ("0", "99", "-1", "x", "٣"):
        query = {"q": "翻页", "page": page}
        assert browser.get("/console/registers/templates/", params=query).status_code == 200
    for number in range(52):
        client.delete(f"/api/v1/registers/templates/page-{number:02}")


@needs_days
def test_a_day_is_added_pasted_and_shown_by_year(hub: Hub) -> None:
    browser = hub.browser_of("office")
    page = browser.get("/console/registers/days/").text
    token = {"form_token": form_token(page)}
    one = {"step": "one", "id": "2031-01-01", "kind": "放假", "name": "元旦"}
    added = browser.post("/console/registers/days/", data={**token, **one})
    assert added.status_code == 200 and "2031-01-01" in added.text and "元旦" in added.text
    twice = browser.post("/console/registers/days/", data={**token, **one, "name": "又一个"})
    assert twice.status_code == 422 and 'value="又一个"' in twice.text
    lines = "2031-01-22 holiday 除夕\n2031-02-30 放假 没有这天\n\n2031年1月26日 上班\n昨天 放假\n"
    pasted = browser.post(
        "/console/registers/days/", data={**token, "step": "lines", "lines": lines}
    )
    assert pasted.status_code == 422
    for word in ("第 2 行", "没有这天", "第 5 行", "昨天", "2031-01-22", "2031-01-26"):
        assert word in pasted.text, word
    box = re.search(r'<textarea id="lines"[^>]*>\n(.*?)</textarea>', pasted.text, re.S)
    assert box is not None
    assert box[1].split("\n")[:2] == ["2031-02-30 放假 没有这天", "昨天 放假"]
    days = hub.client("office").get("/api/v1/registers/days").json()["records"]
    assert {"2031-01-01", "2031-01-22", "2031-01-26"} <= {one["id"] for one in days}
    for role in ("liaison", "unit"):
        other = hub.browser_of(role)
        refused = other.post(
            "/console/registers/days/",
            data={"form_token": form_token(other.get("/console/password").text), **one},
        )
        assert refused.status_code == 403
