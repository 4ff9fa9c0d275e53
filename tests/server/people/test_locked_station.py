"""A station's disk, running or torn out, reads as noise; its staff read on with a passphrase."""

import contextlib
import html
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from eventlog.clock import system_clock_ms
from eventlog.keys import load_keys
from server.data_folder import open_log
from server.people.station_accounts import VALID_MS, confirm
from sync.keeping.replica import ReplicaPlace
from sync.keeping.restores.restore import restore
from tests.hub import Hub, form_token
from tests.server.enrolled import (
    DEPUTY,
    OFFICER,
    PASSPHRASES,
    STATION,
    STATIONS,
    enrol,
    import_registers,
)

LOCKED = "已上锁，用口令登录后可看"
MARKERS = {
    "text": "村东头老石桥护栏断了三根",
    "place": "老石桥西侧第二个桥墩旁",
    "name": "慕容采薇",
    "phone": "13912345678",
    "draft": "先去桥上量过尺寸再说",
    "draft_name": "欧阳望舒",
    "attempt": "迟到的答复里写着的话",
    "answer": "桥栏当天就用钢管护住了",
    "message": "补充一句夜里没有灯",
    "rating": "护栏还是有点晃动呢",
}
CAMERA = b"marker-of-the-camera-0123456789"


class Station(Hub):
    """An enrolled station that runs by itself, with a folder of its own for temporary files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "data", "--role", "station")
        self.folder = folder
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        import_registers(self.data, folder)
        valid_until = system_clock_ms() + VALID_MS
        self.enrolled = enrol(self.data, folder, valid_until_ms=valid_until)
        self.keep_token(self.enrolled.token, "liaison")

    def signed_in(self, name: str) -> httpx2.Client:
        """Return a browser whose person has just signed in."""
        client = self.opened(httpx2.Client(base_url=self.url, follow_redirects=True, timeout=60))
        answer = sign_in(client, name)
        assert answer.status_code == 200 and "sign-in" not in str(answer.url), answer.text
        return client

    def bytes_of_disk(self) -> Iterator[tuple[Path, bytes]]:
        """Yield every file of the station, its replica, and its temporary files, also deleted."""
        for top in (self.data, self.replica, self.temporary):
            for path in sorted(top.rglob("*")):
                # One that the station removed meanwhile holds nothing.
                with contextlib.suppress(FileNotFoundError):
                    if path.is_file():
                        yield path, path.read_bytes()
        yield from self._open_files()

    def _open_files(self) -> Iterator[tuple[Path, bytes]]:
        if self.process is None:
            return
        for link in Path(f"/proc/{self.process.pid}/fd").iterdir():
            # The running station opens and closes files meanwhile.
            with contextlib.suppress(FileNotFoundError):
                target = link.readlink()
                if target.is_absolute() and link.is_file():
                    yield target, link.read_bytes()

    def seek_markers(self, photo: bytes) -> list[str]:
        """Return where anything that people wrote, said or photographed lies in plain sight."""
        wanted = {
            (name, marker.encode(code))
            for name, marker in MARKERS.items()
            for code in ("utf-8", "utf-16-le", "utf-16-be", "gb18030")
        } | {("photo", photo[at : at + 24]) for at in range(0, len(photo) - 24, len(photo) // 20)}
        wanted.add(("camera", CAMERA))
        return [
            f"{name} in {path}"
            for path, content in self.bytes_of_disk()
            for name, marker in wanted
            if marker in content
        ]


def sign_in(client: httpx2.Client, name: str, passphrase: str = "") -> httpx2.Response:
    """Send the sign-in form, by default with the person's own passphrase."""
    return client.post(
        "/console/sign-in", data={"name": name, "password": passphrase or PASSPHRASES[name]}
    )


def sign_out(client: httpx2.Client) -> None:
    """Leave the console by its button."""
    token = form_token(client.get("/console/").text)
    assert client.post("/console/sign-out", data={"form_token": token}).status_code == 200


def photo() -> bytes:
    """Return a photo of over a megabyte, with a comment by its camera."""
    made = io.BytesIO()
    noise = Image.frombytes("RGB", (900, 700), os.urandom(900 * 700 * 3))
    noise.save(made, "JPEG", quality=90, comment=CAMERA)
    return made.getvalue()


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A served station; each test leaves it locked."""
    running = Station(tmp_path_factory.mktemp("station"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TMPDIR", str(running.temporary))
        running.start()
        try:
            yield running
        finally:
            running.stop()


def sent(station: Station, picture: bytes = b"", **fields: str) -> dict[str, Any]:
    """Raise a matter as a villager on the station's Wi-Fi does, and return the receipt."""
    files = {"photo": ("a.jpg", picture, "image/jpeg")} if picture else None
    values = {"text": MARKERS["text"], "station": STATION, **fields}
    answer = httpx2.post(
        station.url + "/matters",
        data=values,
        files=files,
        headers={"Accept": "application/json"},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


def page_of(client: httpx2.Client, receipt: dict[str, Any]) -> str:
    """Return a matter's page in the console as people read it."""
    answer = client.get(f"/console/matters/{receipt['number']}")
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def test_a_locked_station_takes_matters_and_shows_steps_without_words(station: Station) -> None:
    receipt = sent(station, photo(), name=MARKERS["name"], phone=MARKERS["phone"])
    assert receipt["safety"] == "at_station"
    program = station.client("liaison")
    found = program.get(f"/api/v1/matters/{receipt['number']}").json()
    assert found["locked"] is True and found["text"] is None and found["title"] is None
    assert [step["type"] for step in found["steps"]] == ["matter.raised"]
    listed = program.get("/api/v1/matters").json()
    assert receipt["number"] in {one["number"] for one in listed["matters"]}
    searched = program.get("/api/v1/matters", params={"q": "石桥"}).json()
    assert searched["matters"] == [] and searched["locked"] is True
    contact = program.get(f"/api/v1/matters/{receipt['number']}/contact")
    assert contact.status_code == 423 and contact.json()["errors"][0]["code"] == "locked"
    followed = station.follow(receipt)
    assert followed["locked"] is True and followed["steps"][0]["text"] is None
    address = f"{station.url}/m/{receipt['number']}"
    page = httpx2.get(address, params={"key": receipt["key"]}, timeout=60).text
    assert LOCKED in page and MARKERS["text"] not in page
    assert "联络站的人登录以后才显示" in page


def test_a_passphrase_opens_for_all_who_may_see_and_signing_out_locks(station: Station) -> None:
    receipt = sent(station, photo(), name=MARKERS["name"], phone=MARKERS["phone"])
    number = receipt["number"]
    program = station.client("liaison")
    stranger = station.opened(httpx2.Client(base_url=station.url, timeout=60))
    wrong = sign_in(stranger, OFFICER, "not the passphrase")
    assert wrong.status_code == 401 and "名字或密码不对" in wrong.text
    assert program.get(f"/api/v1/matters/{number}").json()["text"] is None

    officer = station.signed_in(OFFICER)
    page = page_of(officer, receipt)
    assert MARKERS["text"] in page and LOCKED not in page
    assert program.get(f"/api/v1/matters/{number}").json()["text"] == MARKERS["text"]
    contact = program.get(f"/api/v1/matters/{number}/contact").json()
    assert (contact["name"], contact["phone"]) == (MARKERS["name"], MARKERS["phone"])
    picture = re.search(rf"/console/matters/{number}/photos/[0-9a-f]+", page)
    assert picture is not None
    shown = officer.get(picture[0])
    assert shown.status_code == 200 and CAMERA in shown.content
    found = officer.get("/console/", params={"q": "石桥护栏"}).text
    assert f"console/matters/{number}" in found
    assert station.follow(receipt)["steps"][0]["text"] == MARKERS["text"]

    deputy = station.signed_in(DEPUTY)
    sign_out(officer)
    assert MARKERS["text"] in page_of(deputy, receipt)
    sign_out(deputy)
    assert program.get(f"/api/v1/matters/{number}").json()["text"] is None
    assert station.follow(receipt)["locked"] is True


def test_whoever_has_not_heard_from_the_hub_in_time_lets_nobody_in(station: Station) -> None:
    def until(moment_ms: int) -> None:
        keys = load_keys(station.data)
        assert keys is not None
        log = open_log(station.data, keys)
        log.write(lambda transaction: confirm(transaction, moment_ms))
        log.stop()

    client = station.opened(httpx2.Client(base_url=station.url, timeout=60))
    assert "最晚" in client.get("/console/sign-in").text
    until(system_clock_ms() - 1)
    assert "现在谁也不能登录" in client.get("/console/sign-in").text
    refused = sign_in(client, OFFICER)
    assert refused.status_code == 403 and "太久没有和县级服务器联系" in refused.text
    assert sent(station)["safety"] == "at_station"
    until(system_clock_ms() + VALID_MS)
    officer = station.signed_in(OFFICER)
    account = officer.get("/console/password").text
    assert "要在县级平台上改" in account and 'name="new"' not in account
    sign_out(officer)


@pytest.mark.litestream
@pytest.mark.faults
def test_nothing_that_people_wrote_lies_in_plain_sight(station: Station) -> None:
    picture = photo()
    receipt = sent(
        station,
        picture,
        name=MARKERS["name"],
        phone=MARKERS["phone"],
        place=MARKERS["place"],
    )
    number = receipt["number"]
    officer = station.signed_in(OFFICER)
    page = page_of(officer, receipt)
    token, seen = form_token(page), re.search(r'name="seen" value="(\d+)"', page)
    assert seen is not None
    marks = {"form_token": token, "seen": seen[1]}
    draft = {"form_token": token, "text": MARKERS["draft"], "name": MARKERS["draft_name"]}
    assert officer.post("/console/drafts/enter", data=draft).status_code == 200
    for text, status in ((MARKERS["answer"], 200), (MARKERS["attempt"], 409)):
        answer = officer.post(f"/console/matters/{number}/answer", data={**marks, "text": text})
        assert answer.status_code == status, answer.text
    said = {"key": receipt["key"], "text": MARKERS["message"]}
    message = httpx2.post(f"{station.url}/m/{number}/message", data=said, timeout=60)
    assert message.status_code == 303
    rated = {
        "key": receipt["key"],
        "reply_rating": "satisfied",
        "result_rating": "basically",
        "comment": MARKERS["rating"],
    }
    assert (
        httpx2.post(f"{station.url}/m/{number}/rating", data=rated, timeout=60).status_code == 303
    )
    page = page_of(officer, receipt)
    for name in ("text", "place", "answer", "message", "rating"):
        assert MARKERS[name] in page, name
    assert MARKERS["draft"] in officer.get("/console/enter").text
    assert f"console/matters/{number}" in officer.get("/console/", params={"q": "钢管"}).text
    assert station.seek_markers(picture) == []
    # The search sees what does lie there in plain sight: the registers, which are public.
    known = STATIONS[0]["name"]
    assert any(str(known).encode() in content for _, content in station.bytes_of_disk())
    _restored(station)
    assert station.seek_markers(picture) == []
    station.kill()
    assert station.seek_markers(picture) == []

    station.start()
    page = page_of(officer, receipt)
    assert LOCKED in page and "用口令登录" in page
    assert not [name for name, marker in MARKERS.items() if marker in page]
    shot = re.search(rf"/console/matters/{number}/photos/[0-9a-f]+", page)
    assert shot is None and "照片 1 张" in page
    refused = officer.get(f"/console/matters/{number}/photos/{'0' * 64}")
    assert refused.status_code == 404
    token = form_token(page)
    late = {"form_token": token, "text": "另一段话"}
    assert officer.post("/console/drafts/enter", data=late).status_code == 423
    echoed = {**late, "text": LOCKED, "seen": "9"}
    assert officer.post(f"/console/matters/{number}/answer", data=echoed).status_code == 423
    assert "内容已上锁" in officer.get("/console/", params={"q": "钢管"}).text
    assert sign_in(officer, OFFICER).status_code == 200
    assert MARKERS["answer"] in page_of(officer, receipt)
    assert MARKERS["draft"] in officer.get("/console/enter").text
    station.stop()
    assert station.seek_markers(picture) == []
    station.start()


def _restored(station: Station) -> None:
    """Bring both databases back from the replica beside the others, to be looked through."""
    assert station.replica.exists()
    for name in ("huiyin", "attachments"):
        place = ReplicaPlace.parse(station.replica.absolute().as_uri()).below(name)
        target = station.temporary / f"restored-{name}.db"
        target.unlink(missing_ok=True)
        restore(name, place, target)
