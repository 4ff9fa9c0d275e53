"""Printing from the console and the command line, and on machines that can't draw."""

import html
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2
import pytest

from tests.counts import count
from tests.hub import Hub, huiyin
from tests.server.printed import A3_MM, Printed

URL = "/console/paper/"
STATION = "shuangqiu"


@pytest.mark.req("S07", "Q04")
def test_the_office_prints_for_everyone(hub: Hub) -> None:
    office = hub.browser_of("office")
    page = office.get(URL).text
    for words in ("联络站海报", "村公示栏海报", "代表联系卡", "征集单", "接待日安排表", "代表名册"):
        assert words in page
    answer = office.get(f"{URL}stations.pdf", params={"station": STATION, "size": "A3"})
    assert answer.headers["content-type"] == "application/pdf"
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    found = Printed(answer.content)
    assert found.size_mm == A3_MM and "双楸镇人大代表联络站" in found.text
    assert f"{hub.url}/stations/{STATION}/" in {one.text for one in found.codes()}
    everyone = Printed(office.get(f"{URL}rota.pdf").content)
    assert everyone.pages > 5


def test_what_is_offered_is_there_in_both_languages(hub: Hub) -> None:
    office = hub.browser_of("office")
    assert "Station posters" in office.get(URL, params={"lang": "en"}).text
    assert 'href="../../console/paper/"' in office.get("/console/registers/").text


def test_a_liaison_officer_prints_for_their_own_station(hub: Hub) -> None:
    liaison = hub.browser_of("liaison")
    page = liaison.get(URL).text
    own = hub_station(hub)
    assert f'value="{own}"' in page
    stations = {"shuangqiu", "shiweng", "qingshui"} - {own}
    other = next(one for one in sorted(stations) if f'value="{one}"' not in page)
    assert liaison.get(f"{URL}rota.pdf", params={"station": own}).status_code == 200
    assert liaison.get(f"{URL}rota.pdf", params={"station": other}).status_code == 403
    assert Printed(liaison.get(f"{URL}slips.pdf", params={"count": "3"}).content).pages == 2


def hub_station(hub: Hub) -> str:
    """Return the station of the sample's liaison officer."""
    lines = (hub.data / "sample-sign-ins.txt").read_text("utf-8").splitlines()
    line = next(one for one in lines if "\tliaison\t" in one)
    return line.split("\t")[3].split(" ")[0]


def test_a_deputy_prints_their_own_card_and_poster(hub: Hub) -> None:
    deputy = hub.browser_of("deputy")
    page = deputy.get(URL).text
    assert "代表联系卡" in page and "征集单" not in page
    answer = deputy.get(f"{URL}cards.pdf", params={"count": "10"})
    assert len({one.text for one in Printed(answer.content).codes()}) == 1
    assert deputy.get(f"{URL}slips.pdf").status_code == 403
    other = deputy.get(f"{URL}cards.pdf", params={"deputy": "bai-youfu"})
    assert other.status_code == 403


@pytest.mark.parametrize("role", ["unit", "admin"])
def test_others_print_nothing(hub: Hub, role: str) -> None:
    client = hub.browser_of(role)
    assert client.get(URL).status_code == 403
    assert client.get(f"{URL}slips.pdf").status_code == 403
    assert "console/paper/" not in client.get("/console/").text


def test_nobody_prints_without_signing_in(hub: Hub) -> None:
    answer = httpx2.get(hub.url + URL + "slips.pdf")
    assert answer.status_code == 303 and "sign-in" in answer.headers["location"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("slips.pdf?count=501", "1 到 500"),
        ("slips.pdf?count=abc", "1 到 500"),
        ("stations.pdf?station=nowhere", "登记册里没有"),
        ("villages.pdf?area=999999999999", "登记册里没有"),
        ("notices.pdf?number=1", "没有公示"),
        ("month.pdf?month=1999-01", "没有可以打印的"),
        ("cards.pdf?count=100", "一次最多 300 张"),
    ],
)
def test_what_can_not_be_printed_is_told_on_the_page(hub: Hub, path: str, said: str) -> None:
    answer = hub.browser_of("office").get(URL + path)
    if path.startswith("cards") and answer.status_code == 200:
        # The sample has too few deputies to be too many.
        assert Printed(answer.content).pages <= 300
        return
    assert answer.status_code in (404, 422) and said in html.unescape(answer.text)
    assert "下载 PDF" in answer.text


def test_an_unknown_kind_is_not_found(hub: Hub) -> None:
    assert hub.browser_of("office").get(URL + "nonsense.pdf").status_code == 404


def test_intake_does_not_wait_for_a_pile_of_slips(hub: Hub) -> None:
    office, slips = hub.browser_of("office"), count(30, 100)
    done: list[httpx2.Response] = []

    def fetch() -> None:
        done.append(office.get(f"{URL}slips.pdf", params={"count": slips}, timeout=240))

    thread = threading.Thread(target=fetch)
    thread.start()
    waits: list[float] = []
    while thread.is_alive():
        began = time.monotonic()
        hub.raise_matter(f"打印的时候来的事 {len(waits)}")
        waits.append(time.monotonic() - began)
        thread.join(0.05)
    assert Printed(done[0].content).pages == slips // 2
    assert len(waits) > 5 and sorted(waits)[len(waits) // 2] < 0.5


@pytest.mark.req("L06", "S07", "Q08", "Q10")
def test_the_command_line_prints_beside_a_running_server(hub: Hub, tmp_path: Path) -> None:
    one = tmp_path / "cards.pdf"
    done = huiyin(
        *("paper", "cards", "--data", hub.data, "--out", one, "--deputy", "du-yulan"),
        *("--count", "10"),
    )
    assert done.stdout.split() == [str(one)] and len(Printed(one.read_bytes()).codes()) == 10
    folder = tmp_path / "posters"
    done = huiyin("paper", "posters", "--data", hub.data, "--out", folder, "--area", "990102100201")
    assert done.stdout.split() == [str(folder / "village-990102100201.pdf")]
    done = huiyin("paper", "rota", "--data", hub.data, "--out", folder, "--size", "A3")
    assert len(done.stdout.split()) == len(list(folder.glob("rota-*.pdf"))) > 5
    done = huiyin("paper", "roll", "--data", hub.data, "--out", folder, "--station", STATION)
    assert Path(done.stdout.strip()).name == f"roll-{STATION}.pdf"
    blocked = tmp_path / "file"
    blocked.touch()
    there = huiyin("paper", "roll", "--data", hub.data, "--out", blocked, check=False)
    assert there.returncode == 1 and "写不进去" in there.stderr and "Traceback" not in there.stderr
    wrong = huiyin(
        *("paper", "roll", "--data", hub.data, "--out", folder, "--station", "nowhere"), check=False
    )
    assert wrong.returncode == 1 and "--station" in wrong.stderr
    assert "Not on the register" in wrong.stderr and "Traceback" not in wrong.stderr


def without(tmp_path: Path, what: str) -> dict[str, str]:
    """Return the environment of a machine that lacks a font, or Pango."""
    if what == "font":
        config = tmp_path / "fonts.conf"
        config.write_text("<fontconfig><cachedir>/tmp/no-cache</cachedir></fontconfig>")
        return {**os.environ, "FONTCONFIG_FILE": str(config)}
    stub = tmp_path / "stub"
    stub.mkdir()
    (stub / "weasyprint.py").write_text(
        "print('-----')\nraise OSError('cannot load library libpango-1.0-0')\n"
    )
    return {**os.environ, "PYTHONPATH": f"{stub}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}


@pytest.mark.parametrize("what", ["font", "pango"])
def test_a_machine_that_can_not_draw_says_so(hub: Hub, tmp_path: Path, what: str) -> None:
    environment = without(tmp_path, what)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            input="<p>站",
        )

    data = str(hub.data)
    done = run(
        *("-m", "server.command_line", "paper", "roll"),
        *("--data", data, "--out", str(tmp_path / "x.pdf")),
    )
    assert done.returncode == 1 and done.stdout == ""
    assert "tools/setup paper" in done.stderr and "Traceback" not in done.stderr
    doctor = run("-m", "server.command_line", "doctor", "--data", data, "--json")
    assert "no-paper" in {one["code"] for one in json.loads(doctor.stdout)["problems"]}
    assert run("-m", "server.paper.drawing").returncode == 3
