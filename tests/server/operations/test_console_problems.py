"""What is wrong stands on the console: all of it on the page 系统, one line on the others."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from server import frame
from server.registers.sample import sign_ins
from tests.hub import until
from tests.server.operations.troubled import TroubledNode, running

pytestmark = [pytest.mark.litestream, pytest.mark.usefixtures("light")]
WHAT, DO = "放副本的地方不在了", "看盘挂上没有"
WHAT_ENGLISH = "The replica&#39;s place is not there"
LINE = "收件照常，但新的没有备份"


def browser_of(node: TroubledNode, role: str) -> TestClient:
    """Return a client in a session of the sample's first sign-in of that role."""
    browser = TestClient(node.client.app, base_url="http://127.0.0.1")
    name, password = next(
        (each.name, each.password) for each in sign_ins(node.data) if each.role == role
    )
    browser.post("/console/sign-in", data={"name": name, "password": password})
    return browser


def test_who_can_have_it_put_right_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replica = tmp_path / "replica"
    with running(tmp_path / "data", str(replica), sample=True) as node:
        roles = ("office", "admin", "liaison", "unit")
        browsers = {role: browser_of(node, role) for role in roles}
        until(lambda: node.raise_matter() == (201, "durable"), within_s=20)
        for browser in browsers.values():
            assert LINE not in browser.get("/console/").text
        aside = tmp_path / "aside"
        replica.rename(aside)
        replica.write_text("a file in the way")
        node.shows("replica-missing")
        for role in ("office", "admin"):
            page = browsers[role].get("/console/system").text
            assert WHAT in page and DO in page and "Not a directory" in page
            assert str(replica) in page and "运行正常" not in page
            # It has lasted for seconds only.
            assert LINE not in browsers[role].get("/console/").text
        assert WHAT_ENGLISH in browsers["admin"].get("/console/system?lang=en").text
        monkeypatch.setattr(frame, "NOT_DURABLE_S", 0.0)
        shown = {role: LINE in browsers[role].get("/console/?lang=zh").text for role in roles}
        assert shown == {"office": True, "admin": True, "liaison": False, "unit": False}
        replica.unlink()
        aside.rename(replica)
        node.heals()
        for browser in browsers.values():
            assert LINE not in browser.get("/console/").text
        for browser in browsers.values():
            browser.close()
