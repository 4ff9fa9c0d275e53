"""What the county puts on its registers stands on the pages that villagers open."""

import contextlib
import json
import re
from collections.abc import Iterator
from html import unescape

import httpx2
import pytest

from tests.hub import Hub, until

STATION = "stations/shuangqiu/"
_KEPT = {
    "name": "双楸镇人大代表联络站",
    "kind": "联络站",
    "area": "990102100000",
    "serves": "990102100001、990102100201、990102100205",
    "address": "双楸镇老街中段",
    "head": "杜玉兰",
    "officer": "秦晓禾",
    "scope": "道路、饮水、低保、养老的意见建议",
    "procedure": "登记，接待，交办，反馈",
    "host": "双楸镇新时代文明实践所",
    "boards": "站牌、公示栏、电视屏",
    "books": "代表法、选举法、中国人大、人民代表报",
    "constituencies": "第一选区、第二选区",
    "voters": "95530",
    "duty": "每周三 08:30-11:30 2人",
    "name_en": "Shuangqiu Town Liaison Station",
    "address_en": "Old Street",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A sample county whose office has written down what this file's tests look for."""
    hub = Hub(tmp_path_factory.mktemp("villagers") / "data", "--sample")
    hub.start()
    try:
        office = hub.client("admin")
        _put(office, "stations/shuangqiu", _KEPT)
        _put(
            office,
            "pages/campaign",
            {
                "title": "替乡亲跑腿",
                "kind": "主题活动",
                "text": "## 做什么\n- 听民声",
                "order": "1",
                "title_en": "Deputies in action",
                "text_en": "They *listen*.",
            },
        )
        _put(
            office,
            "pages/plan",
            {"title": "实施方案", "kind": "实施方案", "text": "三个固定、五项机制、两项工作"},
        )
        _put(
            office,
            "pages/group",
            {
                "title": "领导小组名单",
                "kind": "领导小组",
                "text": "| 职务 | 姓名 |\n|---|---|\n| 组长 | 杜玉兰 |",
            },
        )
        _put(
            office,
            "pages/reception",
            {
                "title": "接待选民制度",
                "kind": "制度",
                "text": "1. 有登记\n2. 有回音",
                "stations": "shuangqiu",
            },
        )
        _put(
            office,
            "pages/duties",
            {"title": "联络站十项职责", "kind": "制度", "text": "组织代表接待选民"},
        )
        _put(
            office,
            "pages/bridge",
            {
                "title": "一座桥的护栏",
                "order": "1",
                "kind": "典型案例",
                "text": "> “心里踏实多了。”\n\n2026年9月装好护栏。\n\n<script>alert(1)</script>",
            },
        )
        _put(
            office,
            "activities/fair",
            {
                "date": "2026-10-20",
                "title": "庙会上听民声",
                "kind": "赶集摆摊",
                "station": "shuangqiu",
                "deputies": "song-laogen",
                "text": "记下九件事",
            },
        )
        for id, kind, name in (
            ("base", "实践基地", "果园实践基地"),
            ("law", "基层立法联系点", "东街立法联系点"),
            ("collect", "征集办公室", "双楸镇民意征集办"),
        ):
            _put(office, f"stations/{id}", {"name": name, "kind": kind, "area": "990102100001"})
        until(lambda: "双楸镇民意征集办" in _page(hub, "stations/"), within_s=60)
        until(lambda: "庙会上听民声" in _page(hub, STATION), within_s=60)
        until(lambda: "一座桥的护栏" in _page(hub, ""), within_s=60)
        yield hub
    finally:
        hub.close()


def _put(office: httpx2.Client, path: str, cells: dict[str, str]) -> None:
    known = office.get(f"/api/v1/registers/{path}")
    seen = {"seen": str(known.json()["version"])} if known.status_code == 200 else {}
    answer = office.put(f"/api/v1/registers/{path}", json={**cells, **seen})
    assert answer.status_code in (200, 201), answer.text


def _page(hub: Hub, path: str) -> str:
    answer = httpx2.get(f"{hub.url}/{path}")
    return answer.text if answer.status_code == 200 else ""


def _words(hub: Hub, path: str) -> str:
    """The words of a page's article."""
    html = _page(hub, path).partition("<article")[2].partition("</article>")[0]
    return unescape(re.sub(r"<[^>]+>|\s+", " ", html))


def _has(hub: Hub, path: str, *wanted: str) -> None:
    """Wait until a page has these words: of one publish some pages are written before others."""
    with contextlib.suppress(AssertionError):
        until(lambda: all(words in _words(hub, path) for words in wanted))
    standing = _words(hub, path)
    assert [words for words in wanted if words not in standing] == [], standing


@pytest.mark.req("L02")
def test_the_campaigns_name_leads_to_its_page(told: Hub) -> None:
    for path in ("", "deputies/", "ledger/"):
        assert re.search(r'href="[^"]*pages/[^"]*">为人民履职、替乡亲跑腿', _page(told, path)), path
    assert 'href="pages/campaign/">为人民履职' in _page(told, "")
    _has(told, "pages/campaign/", "替乡亲跑腿", "听民声")


@pytest.mark.req("H05")
@pytest.mark.req("Q01")
def test_plan_and_leading_group_have_pages(told: Hub) -> None:
    _has(told, "pages/", "实施方案", "领导小组名单")
    _has(told, "pages/plan/", "三个固定、五项机制、两项工作")
    assert "<td>杜玉兰</td>" in _page(told, "pages/group/")


@pytest.mark.req("H08")
@pytest.mark.req("Q07")
def test_written_rules_hang_where_they_belong(told: Hub) -> None:
    _has(told, STATION, "接待选民制度", "联络站十项职责")
    other = _words(told, "stations/weidu/")
    assert "联络站十项职责" in other and "接待选民制度" not in other
    _has(told, "pages/reception/", "有登记", "双楸镇人大代表联络站")


@pytest.mark.req("L11")
def test_a_case_story_is_told_with_its_quotation(told: Hub) -> None:
    _has(told, "", "一座桥的护栏", "心里踏实多了")
    assert "<blockquote>" in _page(told, "pages/bridge/")
    _has(told, "pages/bridge/", "2026年9月", "<script>alert(1)</script>")
    assert "<script>alert" not in _page(told, "pages/bridge/")


@pytest.mark.req("L03")
@pytest.mark.req("L04")
@pytest.mark.req("X05")
@pytest.mark.req("S06")
def test_sites_of_every_kind_are_listed(told: Hub) -> None:
    _has(told, "stations/", "双楸镇", "行业代表联络站", "代表工作室", "果园实践基地")
    for kind, name in (
        ("practice-base", "果园实践基地"),
        ("legislative-point", "东街立法联系点"),
        ("collection-office", "双楸镇民意征集办"),
    ):
        assert f'href="kind/{kind}/"' in _page(told, "stations/")
        _has(told, f"stations/kind/{kind}/", name)
    _has(told, STATION, "下设联络点", "油坊沟")


@pytest.mark.req("X06")
@pytest.mark.req("S05")
def test_a_station_says_whom_it_receives_and_how(told: Hub) -> None:
    _has(told, STATION, _KEPT["scope"], _KEPT["procedure"], _KEPT["host"])


@pytest.mark.req("Q02")
@pytest.mark.req("Q03")
@pytest.mark.req("Q04")
def test_a_station_says_what_it_has_and_for_how_many(told: Hub) -> None:
    _has(told, STATION, "第一选区、第二选区", "95,530 人", "代表法、选举法", "站牌、公示栏、电视屏")


@pytest.mark.req("Q05")
def test_a_station_names_its_posts(told: Hub) -> None:
    words = _words(told, STATION)
    assert re.search(r"站长\s+杜玉兰", words) and re.search(r"联络员\s+秦晓禾", words)
    assert "负责人 秦月娥" in words


@pytest.mark.req("Q06")
def test_an_activity_stands_with_its_station_and_its_deputy(told: Hub) -> None:
    _has(told, STATION, "庙会上听民声", "2026年10月20日", "记下九件事")
    _has(told, "deputies/song-laogen/", "庙会上听民声")


@pytest.mark.req("Q08")
@pytest.mark.req("Q10")
def test_a_station_shows_its_rota_and_its_roll(told: Hub) -> None:
    _has(told, STATION, "每周三 08:30-11:30 2人（代表周三见）", "近期接待日", "进站代表（")
    assert re.search(r"下次接待： \d+月\d+日 周[三四] 8:30–11:30", _words(told, STATION))
    calendar = _page(told, STATION + "duty.ics")
    assert "BEGIN:VEVENT" in calendar and "TZID=Asia/Shanghai" in calendar
    assert len(re.findall(r'href="../../deputies/[a-z-]+/"', _page(told, STATION))) >= 8


@pytest.mark.req("S08")
def test_a_portal_can_take_the_newest_notices(told: Hub) -> None:
    found = json.loads(_page(told, "notices/latest.json"))
    assert found["url"].endswith("/notices/") and isinstance(found["notices"], list)
    answer = httpx2.get(f"{told.url}/notices/column/")
    assert "x-frame-options" not in answer.headers
    assert "frame-ancestors *" in answer.headers["content-security-policy"]
    assert "<header" not in answer.text and "全部公示" in answer.text
    home = httpx2.get(f"{told.url}/")
    assert home.headers["x-frame-options"] == "DENY"


def test_outsiders_find_a_station_in_english(told: Hub) -> None:
    for path in (
        "en/",
        "en/find/",
        "en/areas/990102100000/",
        f"en/{STATION}",
        "en/pages/campaign/",
    ):
        html = _page(told, path)
        assert '<html lang="en"' in html, path
        assert 'hreflang="zh"' in html, path
    _has(told, f"en/{STATION}", "Shuangqiu Town Liaison Station", "Old Street", "Next duty")
    assert "They <em>listen</em>." in _page(told, "en/pages/campaign/")
    for path in ("", STATION, "areas/990102100000/", "pages/campaign/", "help/", "privacy/"):
        assert re.search(r'rel="alternate" hreflang="en" href="[^"]*/en/', _page(told, path)), path


def test_a_page_that_is_taken_away_is_gone_in_both_languages(told: Hub) -> None:
    office = told.client("admin")
    _put(
        office,
        "pages/short",
        {"title": "暂时", "text": "一", "title_en": "For now", "text_en": "One"},
    )
    until(lambda: "For now" in _page(told, "en/pages/short/"))
    assert office.delete("/api/v1/registers/pages/short").status_code == 204
    until(lambda: not _page(told, "pages/short/") and not _page(told, "en/pages/short/"))
    assert "暂时" not in _words(told, "pages/")
