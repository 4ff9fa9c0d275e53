"""The systemd unit: systemd finds nothing wrong with it, and a node works under what it forbids."""

import shutil
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.deploy.restricted import UNIT
from tests.hub import free_port, until

STATION = UNIT.with_name("station.conf")
# Tenths of systemd's exposure, 0 to 100.
EXPOSURE_MOST = 20
pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd is not installed"
)
TRY = """
import ctypes, mmap, os, socket
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    print("memory")
except OSError:
    pass
try:
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
    print("netlink")
except OSError:
    pass
if ctypes.CDLL(None).chroot(b"/") == 0:
    print("chroot")
"""


@pytest.fixture(params=["hub", "station"])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The unit as it is installed, for a hub, and for a station with what differs there."""
    path = tmp_path / "huiyin.service"
    folder = tmp_path / "huiyin.service.d"
    folder.mkdir()
    sources = {UNIT: path}
    if request.param == "station":
        sources[STATION] = folder / "station.conf"
    for source, target in sources.items():
        # The program is not installed where systemd will look for it.
        text = source.read_text("utf-8").replace("/opt/huiyin/.venv/bin/huiyin", "/bin/true")
        target.write_text(text)
    return path


def test_systemd_finds_nothing_wrong_and_little_exposed(unit: Path) -> None:
    """What systemd does not know, or knows to be weak, it says on standard error."""
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    exposed = subprocess.run(
        [
            *("systemd-analyze", "security", "--offline=yes", "--no-pager"),
            *(f"--threshold={EXPOSURE_MOST}", str(unit)),
        ],
        capture_output=True,
        text=True,
    )
    assert exposed.returncode == 0, exposed.stdout


def test_a_node_works_under_the_units_restrictions(tmp_path: Path) -> None:
    """Starts a hub that may do only what the unit allows, its Litestream with it."""
    command = [sys.executable, "-m", "tests.deploy.restricted", sys.executable]
    tried = subprocess.run([*command, "-c", TRY], capture_output=True, text=True, check=True)
    assert tried.stdout == "", "the restrictions are not in force"
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    data = tmp_path / "data"
    data.mkdir()
    (data / "huiyin.toml").write_text("same_disk_counts = true\n")
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen(
        [*command, "-m", "server.command_line", "serve", "--data", str(data), "--port", str(port)],
        stdout=log,
        stderr=log,
    )

    def answers() -> bool:
        assert process.poll() is None, (tmp_path / "log").read_text()
        try:
            return httpx2.get(url + "/healthz").status_code == 200
        except httpx2.TransportError:
            return False

    try:
        until(answers, within_s=60)
        sent = httpx2.post(
            url + "/matters", data={"text": "桥断了"}, headers={"Accept": "application/json"}
        )
        assert sent.status_code == 201
        until(lambda: httpx2.get(url + "/healthz").json()["durable_lag_s"] == 0)
        receipt = sent.json()
        address = f"{url}/m/{receipt['number']}?key={receipt['key']}"
        accept = {"Accept": "application/json"}
        until(lambda: httpx2.get(address, headers=accept).json()["safety"] == "durable")
        # A PDF needs cffi's libraries and a process of its own.
        sheet = subprocess.run(
            [*command, "-m", "server.command_line", "paper", "slips", "--count", "1",
             "--out", str(tmp_path / "slips.pdf"), "--data", str(data)],
            capture_output=True, text=True,
        )  # fmt: skip
        assert sheet.returncode == 0, sheet.stderr
        assert (tmp_path / "slips.pdf").read_bytes().startswith(b"%PDF")
    finally:
        process.terminate()
        process.wait(10)
        log.close()
    assert b"Traceback" not in (tmp_path / "log").read_bytes()
