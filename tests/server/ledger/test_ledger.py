"""The ledger and the league, from matters that were raised and handled at a real hub."""

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.hub import Hub, huiyin, until

pytestmark = pytest.mark.litestream
STATION = "shiweng"
STATES = ("closed", "merged", "referred", "declined", "open")
NUMBER = re.compile(r'<a href="([^"]*console/\?[^"]*)">(\d+)</a>')
MATTER = re.compile(r'href="[^"]*console/matters/(\d{10})"')


def act(client: httpx2.Client, number: str, command: str, **fields: object) -> None:
    """Carry a command out."""
    answer = client.post(f"/api/v1/matters/{number}/{command}", json=fields)
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, dict[str, Any]]]:
    """A hub of ten suggestions, and their receipts.

    Six were answered by the sample's unit and rated, one of these badly, one by another unit
    and not rated; one was declined, one merged into the last, which waits.
    """
    hub = Hub(tmp_path_factory.mktemp("ledger") / "data", "--sample")
    try:
        hub.start()
        office = hub.client("office")
        first = hub.unit_of_sample()
        units = [one["id"] for one in office.get("/api/v1/units").json()["units"]]
        second = next(unit for unit in units if unit != first)
        receipts = [
            hub.raise_matter(f"建议{n}：给路口装镜子。", kind="suggestion", station=STATION)
            for n in range(10)
        ]
        for n, receipt in enumerate(receipts[:7]):
            unit = first if n < 6 else second
            number = str(receipt["number"])
            act(office, number, "assign", lead=unit, demand="请办")
            handler = hub.client("unit", unit=unit)
            act(handler, number, "accept")
            act(handler, number, "reply", text="已经装好。", result="A" if n < 4 else "B")
            if n == 6:
                continue
            rating = {
                "reply_rating": "satisfied",
                "result_rating": "unsatisfied" if n == 5 else "basically",
                "comment": "镜子装歪了。" if n == 5 else "",
            }
            rated = httpx2.post(
                f"{hub.url}/m/{number}/rating",
                json={"key": receipt["key"], **rating},
                headers={"Accept": "application/json"},
            )
            assert rated.status_code == 200, rated.text
            if n < 3:
                act(office, number, "close", text="群众满意，办结。")
        numbers = [str(receipt["number"]) for receipt in receipts]
        act(office, numbers[7], "decline", reason="镜子归公路局装。", route="找公路局")
        act(office, numbers[8], "merge", into=numbers[9])
        yield hub, {"receipts": receipts, "first": first, "second": second}
    finally:
        hub.close()


def ledger(hub: Hub, **query: str) -> dict[str, Any]:
    """Return what the interface says of the ledger."""
    answer = hub.client("office").get("/api/v1/ledger", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.req("H23", "L32")
def test_every_line_adds_up_and_names_things_as_they_are(
    counted: tuple[Hub, dict[str, Any]],
) -> None:
    hub, made = counted
    found = ledger(hub, by="unit")
    total = found["total"]
    assert total["received"] == 10 == total["people"] and total["received"] == sum(
        total[name] for name in STATES
    )
    assert (total["merged"], total["declined"], total["closed"], total["open"]) == (1, 1, 3, 5)
    for line in (total, *found["lines"]):
        assert line["received"] == line["answered"] + line["pending"]
    first, second = found["lines"]
    assert (first["key"], second["key"]) == (made["first"], made["second"])
    assert first["received"] == 6 and first["rates"]["response"]["value"] == 1.0
    # Answered is not settled, and the one who is not content is not counted as settled.
    assert first["rates"]["settled"] == {"value": 4 / 6, "part": 4, "n": 6}
    assert first["rates"]["satisfied"] == {"value": 5 / 6, "part": 5, "n": 6}
    assert first["rates"]["reply_satisfied"]["value"] == 1.0
    assert second["rates"]["response"] == {"value": None, "part": 1, "n": 1}
    assert found["minimum_n"] == 5


@pytest.mark.req("H23")
def test_every_number_of_the_ledger_opens_the_list_that_makes_it(
    counted: tuple[Hub, dict[str, Any]],
) -> None:
    hub, _ = counted
    office = hub.browser_of("office")
    for by in ("month", "category", "station", "unit", "area"):
        page = office.get("/console/ledger", params={"by": by})
        assert page.status_code == 200
        links = NUMBER.findall(page.text)
        assert len(links) > 10
        for address, count in links:
            found = office.get(str(page.url.join(unescape(address))))
            assert len(set(MATTER.findall(found.text))) == int(count), (by, address)
    league = office.get("/console/league")
    for address, count in NUMBER.findall(league.text):
        found = office.get(str(league.url.join(unescape(address))))
        assert len(set(MATTER.findall(found.text))) == int(count), address


@pytest.mark.req("S16")
def test_no_suggestion_is_left_out_of_what_still_waits_for_feedback(
    counted: tuple[Hub, dict[str, Any]],
) -> None:
    """Each of the ten has an answer on its own page, or stands in the list of the pending."""
    hub, made = counted
    listed = hub.client("office").get("/api/v1/matters", params={"counted": "pending"})
    waiting = {matter["number"] for matter in listed.json()["matters"]}
    for receipt in made["receipts"]:
        followed = hub.follow(receipt)
        assert bool(followed["reply"]) != (receipt["number"] in waiting), followed
    assert len(waiting) == ledger(hub)["total"]["pending"]


@pytest.mark.req("L32")
def test_the_league_ranks_who_has_enough_ratings_and_sets_the_others_apart(
    counted: tuple[Hub, dict[str, Any]],
) -> None:
    hub, _ = counted
    for role, status in (
        ("office", 200),
        ("admin", 200),
        ("deputy", 200),
        ("unit", 200),
        ("liaison", 403),
    ):
        for language in ("zh", "en"):
            page = hub.browser_of(role).get("/console/league", params={"lang": language})
            assert page.status_code == status
    text = hub.browser_of("office").get("/console/league", params={"lang": "zh"}).text
    ranked, apart = text.split("n 太少，不排名", 1)
    assert ranked.count('class="number place"') == 1 and "83%" in ranked
    assert apart.count('scope="row"') == 1 and "%" not in apart.split("</table>")[0]


def test_a_period_and_a_part_narrow_every_number(counted: tuple[Hub, dict[str, Any]]) -> None:
    hub, made = counted
    month = ledger(hub)["lines"][0]["key"]
    assert ledger(hub, **{"from": month, "to": month})["total"]["received"] == 10
    assert ledger(hub, to="2020-01")["total"]["received"] == 0
    assert ledger(hub, lead=made["second"])["total"]["received"] == 1
    assert ledger(hub, station=STATION)["total"]["received"] == 10
    assert ledger(hub, station="weidu")["lines"] == []
    assert ledger(hub, within="990102000000")["total"]["received"] == 0
    office = hub.client("office")
    for query in ({"from": "2020-13"}, {"to": "spring"}, {"by": "moon"}):
        assert office.get("/api/v1/ledger", params=query).status_code == 422
    assert office.get("/api/v1/matters", params={"counted": "x"}).status_code == 422
    assert httpx2.get(hub.url + "/api/v1/ledger").status_code == 401
    browser = hub.browser_of("office")
    assert browser.get("/console/ledger", params={"from": "x"}).status_code == 422
    for sort in ("pending", "satisfied", "median", "nonsense"):
        assert (
            browser.get("/console/ledger", params={"sort": sort, "by": "unit"}).status_code == 200
        )
    sorted_by = browser.get("/console/ledger", params={"sort": "response", "by": "unit"}).text
    assert sorted_by.count('scope="row"') == 2


def test_the_table_to_take_away_says_the_same(counted: tuple[Hub, dict[str, Any]]) -> None:
    hub, made = counted
    browser = hub.browser_of("deputy")
    answer = browser.get("/console/ledger.csv", params={"lead": made["first"]})
    assert answer.headers["content-disposition"] == 'attachment; filename="ledger.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [rows[0][name] for name in ("分项", "收到", "已答复", "待答复", "结果满意率(%)")] == [
        *("合计", "6", "6", "0", "83"),
    ]
    sheet = browser.get("/console/ledger.xlsx")
    assert sheet.status_code == 200 and sheet.content.startswith(b"PK")


@pytest.mark.req("L30", "H23")
def test_the_public_ledger_is_open_to_everybody_with_rates_and_their_n(
    counted: tuple[Hub, dict[str, Any]],
) -> None:
    hub, made = counted
    receipt = hub.raise_matter("请修桥栏杆。", publish="yes", kind="suggestion")
    office = hub.client("office")
    number = str(receipt["number"])
    act(office, number, "decline", reason="桥归公路局管。", route="找公路局")
    act(office, number, "publish", title="桥栏杆", text="请修桥栏杆。", answer="桥归公路局管。")
    # Nobody is signed in here.
    page = until(lambda: _with("不予受理 2", httpx2.get(hub.url + "/ledger/").text))
    assert "满意结果（评价的里面）" in page and "83%，n=6" in page
    assert "对结果满意 83%(6)" in page and "n 太少，不列" in page
    assert "收到</dt><dd>11" in page and "合并 1" in page
    act(office, number, "withdraw", reason="试完了")
    assert made["first"] not in page, "units are named, their ids are nobody's business"


def _with(words: str, page: str) -> str:
    return page if words in page else ""


@pytest.mark.req("S18")
def test_the_days_from_receipt_to_answer_are_told(hub: Hub, tmp_path: Path) -> None:
    """In a month of which the shared hub knows nothing else."""
    file = tmp_path / "old.csv"
    rows = [
        ("编号", "内容", "类别", "留言时间", "答复意见", "答复时间"),
        ("1", "甲", "道路交通", "1994-03-01", "好", "1994-03-04"),
        ("2", "乙", "道路交通", "1994-03-01", "好", "1994-03-06"),
        ("3", "丙", "道路交通", "1994-03-02", "好", "1994-04-11"),
        ("4", "丁", "道路交通", "1994-03-02", "", ""),
    ]
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(rows)
    huiyin("import", "matters", file, "--data", hub.data)
    found = ledger(hub, by="category", **{"from": "1994-03", "to": "1994-03"})
    (line,) = found["lines"]
    assert (line["received"], line["answered"], line["median_days_to_answer"]) == (4, 3, 5)
    assert found["total"]["median_days_to_answer"] == 5
    assert line["rates"]["in_time"]["n"] == 0, "an old file has no limit, so nothing is in time"
