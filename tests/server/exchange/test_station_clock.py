"""A station whose clock is wrong says so, and everyone sees when the county had what it wrote."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from acts.shanghai import DAY_MS, iso, minute_text
from eventlog.clock import FILE_NAME
from eventlog.keys import for_station, make_keys, save_keys
from matters import store
from matters.actors import Actor
from matters.limits.timing import time_arrivals
from matters.terms import Role
from server.folder.settings import FILE_NAME as SETTINGS_NAME
from tests.hub import Hub, huiyin
from tests.server.past import Past

YEARS_MS = 3652 * DAY_MS
HEARD = "当时机器的时钟不准；县里 {} 收到"
UNKNOWN = "当时联络站的时钟不准，以县里收到的时间为准"


class Timed:
    """A matter that a station wrote ten years ago, by its clock; the hub had it at `heard_ms`."""

    def __init__(self, past: Past) -> None:
        past.ago(3652)
        self.written_ms = past.now
        self.receipt = past.raised("站里的钟停了，路灯也坏了。", station="weidu")
        liaison = Actor(Role.LIAISON, "past", stations=frozenset({"weidu"}))
        matter = past.act(self.receipt["number"], "answer", liaison, text="已经换了灯泡。")
        past.ago(2)
        self.heard_ms = past.now
        arrived = [step.event for step in matter.steps]
        past.log.write(lambda t: time_arrivals(t, arrived, self.heard_ms))
        with past.log.reading() as connection:
            found = store.by_number(connection, self.receipt["number"])
        assert found is not None and found.replied_at == self.heard_ms


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, Timed]]:
    with Hub(tmp_path_factory.mktemp("timed") / "data", "--sample", "--no-replica") as hub:
        with Past(hub) as past:
            timed = Timed(past)
            past.token("office")
        hub.start()
        yield hub, timed


def page_of(hub: Hub, receipt: dict[str, str], **query: str) -> str:
    """Return the villager's page."""
    answer = httpx2.get(f"{hub.url}/m/{receipt['number']}", params={"key": receipt["key"], **query})
    assert answer.status_code == 200
    return answer.text


def test_the_villager_reads_both_times(hub: tuple[Hub, Timed]) -> None:
    node, timed = hub
    page = page_of(node, timed.receipt)
    assert page.count(HEARD.format(minute_text(timed.heard_ms))) == 2
    assert minute_text(timed.written_ms) in page and "县里核定" not in page
    english = page_of(node, timed.receipt, lang="en")
    assert f"wrong; the county had this on {minute_text(timed.heard_ms)}" in english


def test_programs_read_both_times(hub: tuple[Hub, Timed]) -> None:
    node, timed = hub
    found = node.follow(timed.receipt)
    assert found["received_at"] == iso(timed.heard_ms) and found["state"] == "replied"
    assert [step["type"] for step in found["steps"]] == ["matter.raised", "matter.answered"]
    for step in found["steps"]:
        assert step["at"] == iso(timed.written_ms) and step["received_at"] == iso(timed.heard_ms)
        assert step["clock"] == HEARD.format(minute_text(timed.heard_ms))
    staff = node.client("office").get(f"/api/v1/matters/{timed.receipt['number']}").json()
    assert staff["received_at"] == iso(timed.heard_ms)
    assert [step["received_at"] for step in staff["steps"]] == [iso(timed.heard_ms)] * 2 + [
        None
    ] * 2
    assert [step["type"] for step in staff["steps"][2:]] == ["matter.timed"] * 2
    assert "received_at" in json.dumps(httpx2.get(node.url + "/api/v1/openapi.json").json())


def test_the_console_lists_both_times(hub: tuple[Hub, Timed]) -> None:
    node, timed = hub
    page = node.browser_of("office").get(f"/console/matters/{timed.receipt['number']}").text
    steps = page[page.index('<ol class="steps">') :]
    assert steps.count(HEARD.format(minute_text(timed.heard_ms))) == 2
    assert minute_text(timed.written_ms) in steps and steps.count("县里核定收到的时间") == 2
    # The timekeeper of the hub counts from then: it is not closed as unrated after ten years.
    assert node.follow(timed.receipt)["state"] == "replied"


def clock_file(folder: Path, **kept: Any) -> None:
    """Leave a station what its clock had kept; `system_ms` and `last_ms` are now at first."""
    now = time.time_ns() // 1_000_000
    found = {"last_ms": now - 60_000, "system_ms": now - 60_000, "known": True, **kept}
    folder.mkdir(exist_ok=True)
    save_keys(folder, for_station(make_keys()))
    (folder / FILE_NAME).write_text(json.dumps(found))
    (folder / SETTINGS_NAME).write_text('role = "station"\n')


def problems(folder: Path) -> dict[str, str]:
    """Return what `doctor` says of the clock, by its codes."""
    done = huiyin("doctor", "--json", "--data", folder, check=False)
    found = {one["code"]: one["what"] for one in json.loads(done.stdout)["problems"]}
    return {code: what for code, what in found.items() if "clock" in code or "time" in code}


@pytest.mark.parametrize(
    ("kept", "code", "words"),
    [
        ({}, "", ""),
        ({"skew_ms": 4 * 60_000}, "", ""),
        ({"skew_ms": -600_000, "heard_at_ms": 1}, "clock-wrong", "慢了 10 分钟"),
        ({"skew_ms": 7_200_000, "last_ms": 1_770_000_000_000}, "clock-wrong", "快了 120 分钟"),
        ({"last_ms": 1_770_000_000_000, "system_ms": 2**42}, "time-unknown", "不知道现在是几点"),
        ({"doubted": True}, "time-unknown", "不知道现在是几点"),
    ],
)
def test_doctor_says_what_is_wrong_with_the_clock(
    tmp_path: Path, kept: dict[str, Any], code: str, words: str
) -> None:
    clock_file(tmp_path / "data", **kept)
    found = problems(tmp_path / "data")
    assert list(found) == ([code] if code else [])
    assert words in "".join(found.values())


def test_a_hub_goes_by_its_system_clock(tmp_path: Path) -> None:
    clock_file(tmp_path / "data", doubted=True)
    (tmp_path / "data" / SETTINGS_NAME).write_text('role = "hub"\n')
    assert problems(tmp_path / "data") == {}


def test_a_station_that_does_not_know_the_time_says_so(tmp_path: Path) -> None:
    data = tmp_path / "data"
    last_ms = time.time_ns() // 1_000_000 + 300 * DAY_MS
    clock_file(data, last_ms=last_ms)
    station = Hub(data, "--sample", "--no-replica")
    try:
        station.start()
        # A command beside it has no other idea of the time.
        receipt = station.raise_matter("站里的钟停了，路灯也坏了。")
        (step,) = station.follow(receipt)["steps"]
        assert step["clock"] == UNKNOWN and step["received_at"] is None
        assert (iso(last_ms) or "") <= step["at"] < (iso(last_ms + DAY_MS) or "")
        assert UNKNOWN in page_of(station, receipt)
        page = station.browser_of("admin").get("/console/system").text
        assert "这台机器不知道现在是几点" in page and "还没有" in page
        staff = station.client("office").get(f"/api/v1/matters/{receipt['number']}").json()
        assert staff["steps"][0]["data"]["clock"] == "unknown"
    finally:
        station.stop()
    kept = json.loads((data / FILE_NAME).read_text())
    assert kept["last_ms"] > last_ms and kept["known"]
    assert huiyin("matters", "verify", "--data", data).returncode == 0
    assert "time-unknown" in problems(data)
