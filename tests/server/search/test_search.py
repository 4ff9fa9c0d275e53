"""The search from outside: what it finds and in which order, and that it forgets."""

import http.client
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]  # It ships no types.
import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # no types
from playwright.sync_api import Browser, Page

from tests.hub import Hub, until

# In the sample county: a village with one name, its township, one of its deputies.
VILLAGE, VILLAGE_CODE, TOWNSHIP = "柳堰", "990102102205", "苇渡镇"


@pytest.fixture(scope="module")
def warm(hub: Hub) -> Hub:
    """The shared hub, which has published something already."""
    publish(hub, "头一件公示")
    return hub


def found(hub: Hub, query: str, **more: str) -> dict[str, Any]:
    """Return what the search answers to a program."""
    answer = httpx2.get(
        hub.url + "/search", params={"q": query, **more}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def numbers(hub: Hub, query: str, **more: str) -> list[str]:
    """Return the numbers of the notices that are found, in their order."""
    return [notice["number"] for notice in found(hub, query, **more)["notices"]]


def page_of(hub: Hub, query: str, **more: str) -> str:
    """Return the page that a browser gets."""
    answer = httpx2.get(hub.url + "/search", params={"q": query, **more})
    assert answer.status_code == 200, answer.text
    return answer.text


def act(hub: Hub, number: str, command: str, **fields: str | int) -> None:
    """Carry a command of the office out on the matter as it is now."""
    office = hub.client("office")
    seen = office.get(f"/api/v1/matters/{number}").json()["version"]
    answer = office.post(f"/api/v1/matters/{number}/{command}", json={"seen": seen, **fields})
    assert answer.status_code == 200, answer.text


def publish(
    hub: Hub, title: str, text: str = "村里的事", answer: str = "已办好", **fields: str
) -> str:
    """Take a matter to its notice, wait until the page stands, and return its number."""
    number = str(hub.raise_matter("原话不公开", publish="yes", **fields)["number"])
    act(hub, number, "answer", text="已办好")
    act(hub, number, "publish", title=title, text=text, answer=answer)
    until(lambda: httpx2.get(f"{hub.url}/notices/{number}/").status_code == 200)
    return number


def bytes_on_disk(hub: Hub) -> bytes:
    """Return every byte of the index and of its write-ahead log."""
    return b"".join(path.read_bytes() for path in sorted(hub.data.glob("search.db*")))


def test_a_notice_is_found_as_soon_as_it_is_live_and_no_longer_than_that(warm: Hub) -> None:
    number = publish(warm, "鹊桥边的跷跷板", text="麒麟台下的跷跷板松动", answer="饕餮纹的螺丝换了")
    # A few hundredths after its page; a busy machine gets more.
    until(lambda: number in numbers(warm, "跷跷板"), within_s=5)
    # By title, text and answer; by one character, a pair, a phrase, and words in any order.
    for query in ("鹊", "麒麟", "饕餮纹的螺丝", "螺丝 麒麟", "鹊桥边的跷跷板", number):
        assert numbers(warm, query) == [number], query
    # A phrase that nobody wrote, though each pair of it stands there; and what is not public.
    assert numbers(warm, "跷跷板松动鹊桥") == []
    assert number not in numbers(warm, "原话")
    assert "麒麟".encode() in bytes_on_disk(warm)

    act(warm, number, "withdraw", reason="当事人要求")
    assert numbers(warm, "跷跷板") == []
    # The file forgets it as well: no byte of it is left, in the index or in its log.
    for word in ("鹊桥", "跷跷", "麒麟", "饕餮", "鹊桥边的跷跷板"):
        until(lambda word=word: word.encode() not in bytes_on_disk(warm))  # type: ignore[misc]


def test_an_erased_notice_leaves_nothing_and_a_changed_one_no_old_words(warm: Hub) -> None:
    number = publish(warm, "貔貅石像倒了", text="貔貅石像倒在路边")
    until(lambda: number in numbers(warm, "貔貅"))
    act(warm, number, "publish", title="獬豸石像倒了", text="獬豸石像倒在路边")
    until(lambda: numbers(warm, "獬豸") == [number])
    assert numbers(warm, "貔貅") == []
    until(lambda: "貔貅".encode() not in bytes_on_disk(warm))
    act(warm, number, "erase", what="words", reason="本人要求删除")
    assert numbers(warm, "獬豸") == []
    until(lambda: "獬豸".encode() not in bytes_on_disk(warm))


def test_titles_come_before_texts_and_the_newer_before_the_older(warm: Hub) -> None:
    in_text = publish(warm, "修路的事", text="蝲蛄渠旁边的路坏了")
    older = publish(warm, "蝲蛄渠清淤")
    newer = publish(warm, "蝲蛄渠加盖板")
    until(lambda: len(numbers(warm, "蝲蛄")) == 3)
    assert numbers(warm, "蝲蛄") == [newer, older, in_text]
    shown = page_of(warm, "蝲蛄")
    assert shown.index("加盖板") < shown.index("清淤") < shown.index("修路的事")
    assert "<mark>蝲蛄</mark>" in shown


def test_letters_and_digits_are_found_however_wide_or_tall(warm: Hub) -> None:
    number = publish(warm, "ＸＺＱ７１路公交站牌", text="Bus line XZQ71 has no sign; 第3组")
    for query in ("xzq71", "XZQ71", "ｘｚｑ７１", "第３组", "SIGN bus"):
        until(lambda query=query: number in numbers(warm, query))  # type: ignore[misc]
    assert "<mark>ＸＺＱ７１</mark>" in page_of(warm, "xzq71")


def test_a_notice_is_found_by_its_place(warm: Hub) -> None:
    number = publish(warm, "犄角旮旯的灯", area=VILLAGE_CODE)
    for query in (f"{VILLAGE} 旮旯", f"{VILLAGE}村 旮旯", f"{TOWNSHIP} 旮旯"):
        until(lambda query=query: numbers(warm, query) == [number])  # type: ignore[misc]
    assert numbers(warm, "磨盘村 旮旯") == []


@pytest.mark.req("H13", "Q04")
def test_two_characters_of_a_village_bring_its_deputies_and_station(hub: Hub) -> None:
    answer = found(hub, VILLAGE, kind="area")
    assert answer["areas"][0]["code"] == VILLAGE_CODE
    village = answer["village"]
    assert village["full_name"] == f"{TOWNSHIP}{VILLAGE}村" and village["stations"]
    page = page_of(hub, VILLAGE, kind="area")
    for deputy in village["deputies"]:
        assert f"deputies/{deputy['id']}/" in page and deputy["name"] in page
        assert httpx2.get(deputy["url"]).status_code == 200
        if deputy["phone"]:
            assert f'href="tel:{deputy["phone"]}"' in page
    assert any(deputy["phone"] for deputy in village["deputies"])
    # The village's page is one tap away, too; and so is everything else of that name.
    assert f"areas/{VILLAGE_CODE}/" in page and "一起找" in page


@pytest.mark.req("H13")
@pytest.mark.parametrize(
    "query", ["柳", "柳堰村", "苇渡镇柳堰村", "苇渡 柳堰", "liuyan", "LY", "ｌｙ"]
)
def test_a_village_is_found_by_any_of_its_names(hub: Hub, query: str) -> None:
    assert VILLAGE_CODE in [area["code"] for area in found(hub, query)["areas"]][:1]


@pytest.mark.req("H13", "Q04")
def test_several_villages_are_listed_with_their_townships(hub: Hub) -> None:
    answer = found(hub, "河滩", kind="area")
    assert answer["village"] is None
    assert {area["name"] for area in answer["areas"]} == {"上河滩村", "下河滩村"}
    page = page_of(hub, "河滩", kind="area")
    for area in answer["areas"]:
        assert f"areas/{area['code']}/" in page and area["full_name"] in page


@pytest.mark.req("Q04")
def test_deputies_and_stations_are_found_by_what_is_public_of_them(hub: Hub) -> None:
    assert found(hub, "柏有福")["deputies"][0]["id"] == "bai-youfu"
    for query in ("柏", "bai", "byf", "baiyoufu", "护林员 柏", "云垛乡第一选区"):
        assert "bai-youfu" in [one["id"] for one in found(hub, query)["deputies"]], query
    # A name comes before a text that holds it.
    assert found(hub, "云垛乡 代表", kind="deputy")["total"]["deputies"] > 1
    stations = found(hub, "苇渡", kind="station")["stations"]
    assert "weidu" in [station["id"] for station in stations]
    assert all(httpx2.get(station["url"]).status_code == 200 for station in stations)


def test_results_are_cut_into_pages_and_by_kind(warm: Hub) -> None:
    made = [publish(warm, f"鹁鸪岭第{number}件") for number in range(12)]
    until(lambda: found(warm, "鹁鸪")["total"]["notices"] == 12)
    first, second = found(warm, "鹁鸪"), found(warm, "鹁鸪", page="2")
    listed = [notice["number"] for notice in (*first["notices"], *second["notices"])]
    assert listed == made[::-1] and first["next"] and second["next"] is None
    assert httpx2.get(first["next"], headers={"Accept": "application/json"}).json() == second
    # A phrase is proved text by text, and cut into pages all the same.
    phrase = [numbers(warm, "鹁鸪岭第", page=str(page)) for page in (1, 2, 3)]
    assert [number for page in phrase for number in page] == made[::-1]
    page = page_of(warm, "鹁鸪")
    assert "page=2" in page and "12 件" in page and "上一页" not in page
    assert "上一页" in page_of(warm, "鹁鸪", page="2")
    for page_number in ("99999999999", "-1", "x", "٣"):
        assert page_of(warm, "鹁鸪", page=page_number)
    deputies = found(warm, "代表", kind="deputy")
    assert len(deputies["deputies"]) == 10 and deputies["notices"] == [] and deputies["next"]
    assert "全部" in page_of(warm, "代表")


HOSTILE = {
    "operators": 'AND OR NOT NEAR("a" b) * ^ col:x "',
    "quotes": "'; DROP TABLE notices; --",
    "wildcards": "%_*?[a-z]",
    "html": "<script>alert(1)</script>\"'><img src=x onerror=y>",
    "controls": "路\x00灯\x07\x1b[2J\u202e\u200b",
    "surrogate": "%ED%A0%80",
    "not utf-8": "%ff%fe%80",
    "emoji": "😀👨‍👩‍👧‍👦🏳️‍🌈",
    "marks": "a" + "\u0301" * 300,
    "one sign": "。",
    "long word": "x" * 10_000,
    "long": "村" * 10_000,
    "many words": " ".join(map(str, range(2_000))),
    "format": "{0} %s %(query)s {{ 7*7 }}",
}


@pytest.mark.parametrize("query", HOSTILE.values(), ids=HOSTILE.keys())
def test_nonsense_is_answered_in_clear_words(hub: Hub, query: str) -> None:
    status, page = asked_raw(hub, query)
    assert status == 200
    assert "没有找到" in page or "没有可以找的字" in page or "hy-list" in page
    assert "<script" not in page and "onerror=y>" not in page.replace("onerror=y&gt;", "")
    assert re.search(r'<input id="q"[^>]*>', page)
    if len(query) > 5_000:
        assert "只按前面 100 个字找" in page


def asked_raw(hub: Hub, query: str) -> tuple[int, str]:
    """Ask as a careless program would; what is percent-encoded already goes as it is."""
    encoded = query if query.startswith("%E") or query.startswith("%f") else quoted(query)
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=20)
    try:
        connection.request("GET", f"/search?q={encoded}")
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def quoted(text: str) -> str:
    """Return a text with every byte percent-encoded."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def test_an_empty_search_shows_the_form_and_the_way_by_taps(hub: Hub) -> None:
    for page in (
        httpx2.get(hub.url + "/search").text,
        page_of(hub, "  "),
        page_of(hub, "", kind="?"),
    ):
        assert 'name="q"' in page and "areas/" in page and TOWNSHIP in page
        assert '<meta name="robots" content="noindex">' in page


def test_the_page_is_light(warm: Hub) -> None:
    for query in ("村", "代表", VILLAGE, "路", ""):
        answer = httpx2.get(warm.url + "/search", params={"q": query})
        assert len(brotli.compress(answer.content)) <= 9 * 1024, query


def test_the_page_speaks_english(hub: Hub) -> None:
    page = page_of(hub, "liuyan", lang="en")
    assert (
        "Liuyan Village" in page
        and "Call" in page
        and "Liaison" in page.replace("liaison", "Liaison")
    )
    assert "Nothing was found" in page_of(hub, "zzzz", lang="en")


def test_the_form_stands_where_people_look_for_their_deputy(hub: Hub) -> None:
    for path in ("/", "/areas/"):
        page = httpx2.get(hub.url + path).text
        assert re.search(r'<form action="[^"]*/search" method="get"', page)
        assert 'name="kind" value="area"' in page and "areas" in page
    # The address of the static copy's stand-in is the search itself here.
    assert 'name="q"' in httpx2.get(hub.url + "/search/").text


@pytest.fixture
def lone_hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub of the test's own without a replica, not started yet."""
    with Hub(tmp_path / "data", "--sample", "--no-replica") as running:
        yield running


def test_a_broken_index_is_made_anew_when_a_killed_hub_starts(lone_hub: Hub) -> None:
    """It is killed with the index open. What else may be wrong: `test_search_keeper.py`."""
    lone_hub.start()
    number = publish(lone_hub, "夔龙沟的桥")
    withdrawn = publish(lone_hub, "螭吻坡的井")
    until(lambda: numbers(lone_hub, "螭吻") == [withdrawn])
    lone_hub.kill()
    index = lone_hub.data / "search.db"
    held = index.read_bytes()
    for name in ("search.db-wal", "search.db-shm"):
        (lone_hub.data / name).unlink(missing_ok=True)
    index.write_bytes(held[:5000] + b"\xff" * 3000 + held[8000:])
    lone_hub.start()
    until(lambda: numbers(lone_hub, "夔龙") == [number], within_s=60)
    act(lone_hub, withdrawn, "withdraw", reason="当事人要求")
    until(lambda: "螭吻".encode() not in bytes_on_disk(lone_hub), within_s=60)


@pytest.mark.browser
@pytest.mark.req("H13")
def test_a_villager_types_two_characters_and_calls_the_deputy(hub: Hub, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 640}, java_script_enabled=False)
    page = context.new_page()
    try:
        page.goto(hub.url + "/areas/")
        finder = page.get_by_role("search")
        finder.get_by_role("searchbox").fill(VILLAGE)
        finder.get_by_role("button").click()
        call = page.get_by_role("link", name="打电话").first
        assert str(call.get_attribute("href")).startswith("tel:")
        village: Mapping[str, Any] = found(hub, VILLAGE, kind="area")["village"]
        page.get_by_role("link", name=village["deputies"][0]["name"]).first.click()
        page.wait_for_load_state()
        # One tap from the answer to the deputy.
        assert page.url == village["deputies"][0]["url"]
    finally:
        context.close()


@pytest.fixture(scope="module")
def small_screen(browser: Browser) -> Iterator[Page]:
    """A page on a phone's screen, which the cases go on with one after another."""
    context = browser.new_context(viewport={"width": 360, "height": 640}, bypass_csp=True)
    yield context.new_page()
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("query", ["", "柳堰", "村", "代表", "没有这样的字", "路"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_result_page_is_open_to_everyone(
    hub: Hub, small_screen: Page, query: str, lang: str
) -> None:
    """axe-core finds nothing; nothing stands out of a small screen, and targets are large."""
    page = small_screen
    page.goto(f"{hub.url}/search?q={query}&lang={lang}", wait_until="load")
    violations = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in violations] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.evaluate(
        "[...document.querySelectorAll('main a, article a, article input:not([type=hidden]),"
        " article button')].filter(e => e.getBoundingClientRect().height < 44)"
        ".map(e => e.outerHTML.slice(0, 90))"
    )
    assert small == []
