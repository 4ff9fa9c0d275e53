"""A real hub whose machine shows another time, years off: nothing happens by it, told, and healed.

The process is started with `wrong_clock.c` before its libraries, which gives it a time of day of
its own that a file sets.
"""

import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from eventlog.clock import FILE_NAME
from tests.counts import count
from tests.hub import Hub, form_token, huiyin, until
from tests.server.letters.test_staff_notices import configure
from tests.server.past import Past
from tests.server.receivers import Hook, Relay, hook, relay

COMPILER = shutil.which("gcc")
pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(COMPILER is None, reason="no C compiler: tools/setup deploy"),
]
DAY_S = 86_400
AHEAD_S, BEHIND_S = 400 * DAY_S, -3652 * DAY_S


class WrongClock:
    """A hub whose clock a test sets, with matters that are due in days and mail to send."""

    def __init__(self, hub: Hub, folder: Path, mail: Relay, receiver: Hook) -> None:
        self.hub, self.mail, self.receiver = hub, mail, receiver
        self._file, self._library = folder / "seconds", folder / "wrong_clock.so"
        assert COMPILER is not None
        source = Path(__file__).with_name("wrong_clock.c")
        subprocess.run(
            [COMPILER, "-shared", "-fPIC", "-O2", "-o", self._library, source], check=True
        )
        with Past(hub) as past:
            unit = min(past.registers.units)
            past.ago(5)
            self.assigned = past.raised("路灯坏了，晚上看不清路。")
            past.act(self.assigned["number"], "assign", lead=unit, limit="P10D")
            self.answered = past.raised("问一件小事。")
            past.act(self.answered["number"], "answer", text="可以办。")
            past.token("office")
        configure(hub, mail, webhook_urls=f'["{receiver.url}"]')
        huiyin(
            *("users", "add", "王主任", "--role", "office"),
            *("--email", "wang@wanghe.example", "--data", hub.data),
        )

    @property
    def environment(self) -> dict[str, str]:
        """What a process is given that shall see the clock."""
        return {
            "LD_PRELOAD": str(self._library),
            "WRONG_CLOCK": str(self._file),
        }

    def shows(self, off_s: int) -> None:
        """Set the clock to so many seconds from now, in one step."""
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{off_s}\n")
        beside.rename(self._file)

    def start(self) -> None:
        """Start the hub with it."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            self.hub.start()

    def health(self) -> dict[str, Any]:
        """Return what a supervisor is told of the clock; the node itself is well."""
        answer = httpx2.get(self.hub.url + "/healthz").json()
        assert answer["ok"] is True
        clock: dict[str, Any] = answer["clock"]
        return clock

    def doctor(self) -> list[str]:
        """Return what is wrong with the clock by `doctor`, on the same machine."""
        done = subprocess.run(
            [
                *(sys.executable, "-m", "server.command_line"),
                *("doctor", "--json", "--data", str(self.hub.data)),
            ],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        codes = [each["code"] for each in json.loads(done.stdout)["problems"]]
        return [code for code in codes if "clock" in code]

    def states(self) -> tuple[str, str, str]:
        """Return how the two matters stand: state and level of one, state of the other."""
        office = self.hub.client("office")
        assigned, answered = (
            office.get(f"/api/v1/matters/{receipt['number']}").json()
            for receipt in (self.assigned, self.answered)
        )
        return assigned["state"], assigned["level"], answered["state"]

    def is_noted(self) -> bool:
        """Whether the hub has looked at its clock, and written down that it is doubted."""
        kept = json.loads((self.hub.data / FILE_NAME).read_bytes())
        return kept["doubted_since_ms"] is not None


@pytest.fixture
def wrong(own_hub: Hub, tmp_path: Path) -> Iterator[WrongClock]:
    own_hub.options += ("--no-replica",)
    with relay() as mail, hook() as receiver:
        yield WrongClock(own_hub, tmp_path, mail, receiver)
        own_hub.stop()


@pytest.mark.parametrize("off_s", [AHEAD_S, BEHIND_S][: count(1, 2)], ids=str)
def test_nothing_is_closed_escalated_or_sent_by_a_clock_that_is_years_off(
    wrong: WrongClock, off_s: int
) -> None:
    wrong.shows(off_s)
    wrong.start()
    hub = wrong.hub
    told = wrong.health()
    assert told["trusted"] is False and abs(told["ahead_s"] - off_s) < 600
    assert "huiyin_clock_doubted 1" in httpx2.get(hub.url + "/metrics").text
    until(wrong.is_noted)
    assert wrong.doctor() == ["clock-doubted"]

    # Intake goes on, by the time that the hub knows.
    receipt = hub.raise_matter("村口的桥塌了。")
    received = datetime.datetime.fromisoformat(hub.follow(receipt)["received_at"])
    assert abs(received.timestamp() - time.time()) < 600
    page = hub.browser_of("office").get("/console/waiting").text
    assert "对不上" in page and told["shows"][:10] in page and "/clock-right" in page
    for_others = hub.browser_of("unit").get("/console/waiting").text
    assert "对不上" in for_others and "/clock-right" not in for_others
    refused = hub.browser_of("unit").post(
        "/console/clock-right", data={"form_token": form_token(for_others), "shown": "1"}
    )
    assert refused.status_code == 403

    before = ("assigned", "", "replied")
    assert wrong.states() == before and not wrong.mail.taken and not wrong.receiver.posts
    wrong.shows(0)
    until(lambda: wrong.health()["trusted"])
    # It goes on within a minute: the day's letters are made and sent.
    until(lambda: wrong.mail.taken and wrong.receiver.posts, within_s=60)
    assert wrong.states() == before and wrong.doctor() == []

    # At run: back, forth, and right again.
    for jump_s in (BEHIND_S, AHEAD_S, 0, AHEAD_S):
        wrong.shows(jump_s)
        assert wrong.health()["trusted"] is (jump_s == 0)
        assert wrong.states() == before
    until(wrong.is_noted, within_s=40)
    sent = len(wrong.mail.taken), len(wrong.receiver.posts)

    # Somebody whose page is from before the jump confirms nothing; who sees it, does.
    office = hub.browser_of("office")
    page = office.get("/console/system").text
    match = re.search(r'name="shown" value="(\d+)"', page)
    assert match is not None
    form = {"form_token": form_token(page), "shown": str(int(match[1]) - 86_400_000)}
    assert "/clock-right" in office.post("/console/clock-right", data=form).text
    assert wrong.health()["trusted"] is False and wrong.states() == before
    assert sent == (len(wrong.mail.taken), len(wrong.receiver.posts))
    office.post("/console/clock-right", data={**form, "shown": match[1]})
    assert wrong.health()["trusted"] is True
    # It was the doubt that held all this back: by a clock that is right, it happens.
    until(lambda: wrong.states() == ("assigned", "committee", "closed"), within_s=60)
    # 400 days later everybody has to sign in again, and reads who said that it is so late.
    assert "时钟由人确认过" in hub.sign_in("office").get("/console/system").text
    assert huiyin("matters", "verify", "--data", hub.data).returncode == 0
