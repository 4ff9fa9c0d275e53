"""The page for the day the server burned, walked by its letter.

In `make test` its commands of Huiyin run in an empty folder of this machine; in full all of them
run on a bare Debian that systemd has booted, which has nothing of the hub that burned but its
replica, the kit on paper and the copy of what was erased.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from tests.counts import FULL
from tests.deploy.bare_machine import BareMachine, NoBareMachine
from tests.deploy.burned_page import ADDRESS, PAGE, PROGRAM, Step, steps
from tests.hub import Hub, huiyin, until
from tests.server.folder.record_golden import small_photo

pytestmark = [pytest.mark.faults, pytest.mark.litestream]
ANSWERS_JSON = {"Accept": "application/json"}


class Burned(NamedTuple):
    """What is left of a hub that burned, and what it had said before."""

    replica: Path
    kit: str
    erasures: str
    token: str
    matters: list[dict[str, Any]]
    state_hash: str
    port: int


@pytest.fixture
def burned(tmp_path: Path) -> Iterator[Burned]:
    """A hub of the sample county with matters, contacts, photos and settings, and its end.

    Starts a hub, because it dies.
    """
    with (
        # Where a disk is mounted: of temporary places and /dev the unit shows the program its own.
        tempfile.TemporaryDirectory(
            dir="/mnt" if os.access("/mnt", os.W_OK) else None
        ) as elsewhere,
        Hub(tmp_path / "lost" / "data", "--sample") as hub,
    ):
        replica = Path(elsewhere) / "replica"
        (hub.data / "huiyin.toml").write_text(
            f'replica = "{replica}"\nsame_disk_counts = true\nsession_hours = 9.0\n'
        )
        hub.start()
        token = hub.token("office")
        office = {"Authorization": f"Bearer {token}"}
        matters = []
        for number in range(3):
            receipt = hub.raise_matter(
                f"桥板断了 {number}", name=f"王{number}", phone=f"1390000000{number}"
            )
            matters.append({**receipt, "name": f"王{number}"})
        with_photo = httpx2.post(
            hub.url + "/matters",
            data={"text": "照片在这里", "name": "赵", "phone": "13900000009"},
            files={"photo": ("a.jpg", small_photo(), "image/jpeg")},
            headers=ANSWERS_JSON,
        ).json()
        matters.append({**with_photo, "name": "赵"})
        erase = f"{hub.url}/api/v1/matters/{matters[0]['number']}/erase"
        fields = {"what": "contact", "reason": "本人要求"}
        assert httpx2.post(erase, json=fields, headers=office).status_code == 200
        matters[0]["name"] = ""
        until(lambda: all(hub.follow(one)["safety"] == "durable" for one in matters))
        until(lambda: httpx2.get(hub.url + "/healthz").json()["durable_lag_s"] == 0)
        kit = (hub.data / "recovery-kit.txt").read_text()
        erasures = (hub.data / "erasures.jsonl").read_text()
        hub.stop()
        state_hash = huiyin("matters", "verify", "--data", hub.data).stdout.split()[0]
        shutil.rmtree(hub.data)
        yield Burned(replica, kit, erasures, token, matters, state_hash, hub.port)


def steps_here() -> list[Step]:
    """Return the page's steps, for a replica that is a folder: the other kinds are not walked."""
    return [step for step in steps() if step.kind not in ("sftp", "s3")]


def typed(kit: str) -> str:
    """Return the three lines that a clerk types from the paper: in lower case, without spaces."""
    lines = re.findall(r"(?m)^((?:unsealing|signing|receipt) key): (.*)$", kit)
    assert len(lines) == 3
    return "".join(f"{label}: {code.replace(' ', '').lower()}\n" for label, code in lines)


def assert_all_is_there(url: str, burned: Burned) -> None:
    """Each matter follows its key, each contact opens but the erased one, and pages are served."""
    for matter in burned.matters:
        address = f"{url}/m/{matter['number']}"
        answer = httpx2.get(address, params={"key": matter["key"]}, headers=ANSWERS_JSON)
        assert answer.status_code == 200, matter
        contact = httpx2.get(
            f"{url}/api/v1/matters/{matter['number']}/contact",
            headers={"Authorization": f"Bearer {burned.token}"},
        )
        if matter["name"]:
            assert contact.json()["name"] == matter["name"]
        else:
            assert contact.status_code != 200 or not contact.json()["name"]
    new = httpx2.post(
        url + "/matters", data={"text": "恢复以后的一件"}, headers=ANSWERS_JSON
    ).json()

    def is_durable() -> bool:
        address = f"{url}/m/{new['number']}"
        told = httpx2.get(address, params={"key": new["key"]}, headers=ANSWERS_JSON).json()
        return bool(told["safety"] == "durable")

    until(is_durable, within_s=60)
    until(lambda: "联络站" in httpx2.get(url + "/stations/").text, within_s=100)


def test_the_pages_commands_bring_a_hub_back_into_an_empty_folder(
    tmp_path: Path, burned: Burned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Starts the hub that comes back."""
    home = tmp_path / "srv"
    home.mkdir()
    stick = tmp_path / "usb"
    stick.mkdir()
    (stick / "erasures.jsonl").write_text(burned.erasures)
    monkeypatch.setenv("HUIYIN_REPLICA", str(burned.replica))
    places = {"/srv/huiyin": str(home), "/mnt/usb": str(stick), "-o huiyin -g huiyin ": ""}
    seen: dict[str, str] = {}
    for step in steps_here():
        for line in step.lines:
            for place, here in places.items():
                line = line.replace(place, here)
            words = shlex.split(line)
            if words[0] == "nano":
                Path(words[1]).write_text(typed(burned.kit))
            elif words[0] == "install":
                subprocess.run(words, check=True)
            elif "/opt/huiyin/.venv/bin/huiyin" in words and "restore" in words:
                own = words[words.index("/opt/huiyin/.venv/bin/huiyin") + 1 :]
                seen["restore"] = huiyin(*own).stdout
            elif words[:2] == ["systemctl", "enable"]:
                monkeypatch.delenv("HUIYIN_REPLICA")
                back = Hub(home / "data")
                back.start()
                try:
                    assert_all_is_there(back.url, burned)
                    doctor = huiyin("doctor", "--data", home / "data", check=False)
                finally:
                    back.close()
                assert "联系方式" not in doctor.stdout
    assert seen["restore"].split()[0] == burned.state_hash
    # The settings came back with it.
    assert "session_hours = 9.0" in (home / "data" / "huiyin.toml").read_text()


def test_the_page_says_what_the_program_says() -> None:
    """What the page has in code is what stands in the program, and each command's options exist."""
    text = PAGE.read_text("utf-8")
    program = "".join(
        path.read_text("utf-8")
        for folder in ("eventlog", "server/command_line", "server/folder", "sync/keeping")
        for path in (PAGE.parents[1] / folder).rglob("*.py")
    )
    rows = text.partition("| 屏幕上有 | 怎么办 |")[2].partition("\n\n")[0]
    for said in re.findall(r"`([^`]*[a-z][^`]*)`", rows):
        english = re.sub(r"^[^a-z]*", "", said).rstrip(": …")
        assert english in program, said
    assert "一切正常 / nothing is wrong" in program
    for step in steps():
        for line in step.lines:
            assert shlex.split(line), line


@pytest.mark.skipif(not FULL, reason="a bare Debian takes minutes to make: in full only")
@pytest.mark.timeout(3600)
def test_a_clerk_brings_the_hub_back_on_a_bare_machine(tmp_path: Path, burned: Burned) -> None:
    """Boots a bare Debian and types what the page says, line by line."""
    stick = tmp_path / "usb"
    stick.mkdir()
    (stick / "erasures.jsonl").write_text(burned.erasures)
    try:
        machine = BareMachine.made(tmp_path, installing=[
            line.replace(PROGRAM, "/mnt/program")
            for step in steps() if step.kind == "install" for line in step.lines
        ])  # fmt: skip
    except NoBareMachine as error:
        pytest.skip(str(error))
    printed: dict[int, str] = {}
    url = f"http://127.0.0.1:{burned.port}"
    with machine.booted({burned.replica: str(burned.replica), stick: "/mnt/usb"}):
        for step in steps_here():
            if step.kind == "install":
                continue
            for line in step.lines:
                if line.startswith("nano "):
                    machine.write(line.split()[1], typed(burned.kit))
                    continue
                # The port comes back with the settings: a county's is 8000, a test's is lent.
                line = line.replace(ADDRESS, str(burned.replica)).replace(
                    ":8000", f":{burned.port}"
                )
                told = machine.typed(line)
                printed[step.number] = printed.get(step.number, "") + told
            if step.number == 8:
                try:
                    until(lambda: machine.typed(f"curl -s {url}/healthz"), within_s=60)
                except AssertionError as error:
                    raise AssertionError(machine.typed("journalctl -u huiyin -n 40")) from error
            if step.number == 9:
                assert_served(machine, burned)
    assert printed[2].splitlines()[-1:] in ([], [""]) or "huiyin" in printed[2]
    assert "huiyin, version" in printed[3]
    assert burned.state_hash in printed[5]
    assert printed[8].rstrip().endswith("active")
    assert '"ok":true' in printed[9].replace(" ", "")
    sys.stdout.write("".join(f"{number}: {text}\n" for number, text in printed.items()))


def assert_served(machine: BareMachine, burned: Burned) -> None:
    """Ask the hub on the bare machine, which has a network of its own, from inside it."""
    url = f"http://127.0.0.1:{burned.port}"
    for matter in burned.matters:
        told = machine.typed(
            f"curl -fsS -H 'Accept: application/json' "
            f"'{url}/m/{matter['number']}?key={matter['key']}'"
        )
        assert json.loads(told)["number"] == matter["number"]
        contact = machine.typed(
            f"curl -sS -H 'Authorization: Bearer {burned.token}' "
            f"{url}/api/v1/matters/{matter['number']}/contact"
        )
        assert (matter["name"] in contact) if matter["name"] else "1390" not in contact
    new = json.loads(machine.typed(
        f"curl -fsS -H 'Accept: application/json' -d text=new {url}/matters"
    ))  # fmt: skip
    deadline = time.monotonic() + 60
    while True:
        told = machine.typed(
            f"curl -fsS -H 'Accept: application/json' '{url}/m/{new['number']}?key={new['key']}'"
        )
        if json.loads(told)["safety"] == "durable":
            break
        assert time.monotonic() < deadline, told
    until(lambda: "联络站" in machine.typed(f"curl -s {url}/stations/"), within_s=120)
