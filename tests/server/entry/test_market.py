"""A market stall's list: many matters at once, a row each."""

import html
import re
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from eventlog.identifiers import new_uuid7, uuid_text
from server.entry.pasted_lines import read_pasted
from tests.hub import Hub, form_token

URL = "/console/market"
VILLAGE = "990102100001"


def village_name(hub: Hub) -> str:
    """Return the name of a village of the sample, as the list offers it."""
    page = hub.browser_of("liaison").get(URL).text
    found = re.search(r'<option value="([^"]+)">[^<]+</option>\s*</datalist>', page)
    assert found is not None
    return html.unescape(found[1])


def rows(*many: dict[str, str]) -> dict[str, str]:
    """Return rows as the form sends them, each with an id of its own."""
    return {
        f"{at}-{name}": value
        for at, row in enumerate(many)
        for name, value in {"id": uuid_text(new_uuid7()), **row}.items()
    }


def send(client: httpx2.Client, fields: dict[str, str], **more: str) -> httpx2.Response:
    """Send a list with the page's token."""
    token = form_token(client.get(URL).text)
    return client.post(URL, data={"form_token": token, "step": "save", **fields, **more})


def numbers_of(page: str) -> list[str]:
    """Return the numbers that a page says are registered."""
    done = page.partition('class="done"')[2].partition("</ul>")[0]
    return re.findall(r"console/matters/(\d{10})", done)


def matters(hub: Hub, text: str) -> list[dict[str, Any]]:
    """Return the matters in whose text the words stand."""
    answer = hub.client("office").get("/api/v1/matters", params={"q": text})
    found: list[dict[str, Any]] = answer.json()["matters"]
    return found


def sign_in(page: Page, hub: Hub, role: str) -> None:
    page.goto(hub.url + "/console/")
    name, password = hub.sign_ins()[role]
    page.fill("[name=name]", name)
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/console/(waiting)?$"))


@pytest.mark.browser
@pytest.mark.litestream
@pytest.mark.req("L07")
def test_a_market_day_with_the_keyboard_alone(hub: Hub, browser: Browser) -> None:
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, java_script_enabled=False
    )
    page = context.new_page()
    sign_in(page, hub, "liaison")
    village = village_name(hub)
    page.goto(hub.url + URL)
    keys = page.keyboard
    expect(page.locator("[id='0-text']")).to_be_focused()
    for at in range(5):
        # The first cell has the focus; village, place, name, phone, kind and people follow.
        for cell in (f"集市第{at}件:路灯", village, "桥头", f"来人{at}", f"1390000000{at}"):
            keys.insert_text(cell)
            keys.press("Tab")
        keys.press("Tab")
        keys.insert_text(str(at + 1))
        # Enter in the last cell goes on to the next empty row.
        keys.press("Enter")
        expect(page.locator(f"[id='{at + 1}-text']")).to_be_focused()
        assert page.input_value(f"[id='{at}-text']") == f"集市第{at}件:路灯"
        assert page.input_value(f"[id='{at}-people']") == str(at + 1)
    save = page.get_by_role("button", name="保存", exact=True)
    assert save.get_attribute("accesskey") == "s"
    while not save.evaluate("button => button === document.activeElement"):
        keys.press("Tab")
    keys.press("Enter")
    expect(page.locator(".done")).to_contain_text("已登记 5 件")
    numbers = [link.inner_text().replace(" ", "") for link in page.locator(".done a.number").all()]
    assert len(numbers) == 5
    office = hub.client("office")
    first = office.get(f"/api/v1/matters/{numbers[0]}").json()
    assert first["text"] == "集市第0件:路灯" and first["channel"] == "market"
    assert first["place"] == "桥头" and first["area"]
    contact = office.get(f"/api/v1/matters/{numbers[4]}/contact").json()
    assert contact == {"name": "来人4", "phone": "13900000004"}
    # One page of slips, each with a key that opens the person's page.
    page.get_by_role("link", name="打印回执（一页）").click()
    assert page.locator(".slips li").count() == 5
    key = page.locator(".slips li").first.locator(".big").nth(1).inner_text()
    opened = httpx2.get(f"{hub.url}/m/{numbers[0]}", params={"key": key})
    assert opened.status_code == 200
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1
    context.close()


def test_a_list_that_is_sent_twice_makes_nothing_twice(hub: Hub) -> None:
    liaison = hub.browser_of("liaison")
    fields = rows({"text": "双击的一行甲"}, {"text": "双击的一行乙"})
    first, second = send(liaison, fields), send(liaison, fields)
    assert len(numbers_of(first.text)) == 2
    assert numbers_of(first.text) == numbers_of(second.text)
    assert len(matters(hub, "双击的一行")) == 2


def test_the_right_rows_are_registered_and_the_wrong_ones_come_again(hub: Hub) -> None:
    liaison = hub.browser_of("liaison")
    fields = rows(
        {"text": "对的一行", "area": VILLAGE},
        {"text": "村名不对的一行", "area": "天边村", "phone": "1" * 41},
        {"text": "", "kind": "help"},
        {"text": "", "name": "只有名字"},
    )
    answer = send(liaison, fields, note="四月三日青山集市")
    page = html.unescape(answer.text)
    assert answer.status_code == 422
    assert len(numbers_of(page)) == 1 and len(matters(hub, "对的一行")) == 1
    assert "没有“天边村”这个村" in page and "41 个字" in page and "请写下要反映的事情" in page
    assert 'value="天边村"' in page and 'value="只有名字"' in page and "村名不对的一行" in page
    assert "对的一行</textarea>" not in page.replace("不对的一行", "")
    # What is left is a draft too, with the numbers that are done.
    assert "村名不对的一行" in liaison.get(URL).text
    mended = {
        **dict(re.findall(r'name="(\d-id)" value="([^"]+)"', page)),
        "0-text": "村名不对的一行",
        "1-text": "一行也不少",
        "taken": " ".join(numbers_of(page)),
    }
    done = send(liaison, mended, note="四月三日青山集市")
    assert done.status_code == 200 and len(numbers_of(done.text)) == 3
    assert "存的草稿" not in liaison.get(URL).text
    number = matters(hub, "对的一行")[0]["number"]
    assert hub.client("office").get(f"/api/v1/matters/{number}").json()["place"] == (
        "四月三日青山集市"
    )


@pytest.mark.req("L10")
def test_several_people_with_one_matter_are_one_row(hub: Hub) -> None:
    page = hub.browser_of("liaison").get(URL).text
    assert re.search(r'<label for="0-people">\s*人数', page)
    fields = rows({"text": "十二户一起来说停水", "people": "12", "area": VILLAGE})
    done = send(hub.browser_of("liaison"), fields, channel="visit")
    (number,) = numbers_of(done.text)
    matter = hub.client("office").get(f"/api/v1/matters/{number}").json()
    assert matter["channel"] == "visit" and matter["station"]
    assert matter["people"] == 12


def test_more_rows_keep_what_is_typed(hub: Hub) -> None:
    liaison = hub.browser_of("liaison")
    fields = {
        "form_token": form_token(liaison.get(URL).text),
        **rows({"text": "写到一半", "name": "某某"}),
    }
    page = liaison.post(URL, data={**fields, "step": "more"}).text
    assert page.count('-text" rows') == 11 and "写到一半" in page and 'value="某某"' in page
    assert fields["0-id"] in page


def test_lines_from_a_spreadsheet_are_filled_in_for_checking(hub: Hub) -> None:
    liaison = hub.browser_of("liaison")
    village = village_name(hub)
    pasted = (
        "电话\t姓名\t内容\t村\t备注\n"
        f'13900000001\t张三\t"水渠\n堵了"\t{village}\t急\n'
        "\t李四\t路灯不亮\t\t\n"
    )
    before = len(matters(hub, "路灯不亮"))
    page = html.unescape(send(liaison, rows({"text": "先写的一行"}), pasted=pasted).text)
    assert "还没有保存" in page and len(matters(hub, "路灯不亮")) == before
    values = dict(re.findall(r'name="(\d-\w+)" type="\w+" maxlength="\d+" value="([^"]*)"', page))
    assert values["1-phone"] == "13900000001" and values["1-area"] == village
    assert values["2-name"] == "李四"
    assert "先写的一行" in page and "水渠\n堵了\n备注：急" in page.replace("\r", "")
    assert re.search(r'<textarea id="pasted"[^>]*>\s*</textarea>', page)


def test_ten_thousand_pasted_lines_are_refused_in_clear_words_and_stay(hub: Hub) -> None:
    liaison = hub.browser_of("liaison")
    lines = [f"第{at}件,某村,某人,13900000000,村东头第{at}户门前的那条路" for at in range(10_000)]
    answer = send(liaison, rows({"text": "手写的"}), pasted="\n".join(lines))
    page = html.unescape(answer.text)
    assert answer.status_code == 422
    assert "10000 行" in page and "最多 200 行" in page and "huiyin import matters" in page
    assert lines[0] in page and lines[-1] in page and "手写的" in page


def test_ten_thousand_pasted_lines_survive_a_lost_session(hub: Hub) -> None:
    pasted = "\n".join(f"第{at}件贴过来的事" for at in range(10_000))
    lost = httpx2.post(hub.url + URL, data={"pasted": pasted, "step": "save"}, timeout=30)
    assert lost.status_code == 401
    kept = re.search(r'name="kept" value="([^"]*)"', lost.text)
    assert kept is not None
    name, password = hub.sign_ins()["liaison"]
    again = httpx2.post(
        hub.url + "/console/sign-in",
        data={"name": name, "password": password, "kept": html.unescape(kept[1])},
        timeout=30,
    )
    assert again.status_code == 200 and "第9999件贴过来的事" in again.text


def test_an_empty_list_says_so(hub: Hub) -> None:
    answer = send(hub.browser_of("liaison"), rows({"kind": "help"}, {"text": "  "}))
    assert answer.status_code == 422 and "一行也没有填" in answer.text


def test_slips_are_for_those_who_entered_the_matters(hub: Hub) -> None:
    liaison = hub.browser_of("liaison")
    (number,) = numbers_of(send(liaison, rows({"text": "回执给本人"})).text)
    others = hub.raise_matter("网上来的")["number"]
    page = liaison.get(f"{URL}/slips", params={"numbers": f"{number} {others}"})
    assert page.text.count("<svg") == 1 and page.headers["referrer-policy"] == "no-referrer"
    assert hub.browser_of("office").get(f"{URL}/slips?numbers={number}").status_code == 404


@pytest.mark.parametrize(("role", "status"), [("unit", 403), ("admin", 403), ("deputy", 200)])
def test_who_may_enter_lists(hub: Hub, role: str, status: int) -> None:
    assert hub.browser_of(role).get(URL).status_code == status


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\n\t\n", []),
        ("路灯不亮", [{"text": "路灯不亮"}]),
        ("text,village\na,b", [{"text": "a", "area": "b"}]),
        ("内容\n路不平", [{"text": "路不平"}]),
        ('他说"不行\n第二行', [{"text": '他说"不行'}, {"text": "第二行"}]),
        ('"没有收尾\n第二行', [{"text": '"没有收尾'}, {"text": "第二行"}]),
        (
            "a\tb\tc\td\te\tf",
            [{"text": "a\nf", "area": "b", "name": "c", "phone": "d", "place": "e"}],
        ),
        ("\t某村", [{"area": "某村"}]),
    ],
)
def test_pasted_lines(text: str, expected: list[dict[str, str]]) -> None:
    assert read_pasted(text) == expected
