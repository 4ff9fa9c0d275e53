"""A site of many pages is built while all else answers; what fails or hangs is told and redone."""

import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bench.publishing import fill
from publisher.site import Publisher
from server.application import make_application
from server.folder.settings import load_settings
from server.node import Node
from server.registers.sample import seed_sample
from server.site import publishing, site_building
from tests.hub import huiyin, until

ACCEPT = {"Accept": "text/html"}
PAGES = ("/", "/en/", "/deputies/", "/notices/", "/notices/feed.xml")


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    """A hub of more pages than are built before it serves, as after a restore: without a site."""
    monkeypatch.setattr(publishing, "BEFORE_MOST", 0)
    made = Node(load_settings(tmp_path / "data", sample=True, replica="off"))
    try:
        seed_sample(made.log, made.folder)
        fill(made.log, 3)
        yield made
    finally:
        made.stop()


def program(tmp_path: Path, name: str, *lines: str) -> str:
    """Return a program that is run for the build instead of the right one."""
    script = tmp_path / name
    script.write_text("\n".join(("#!/bin/sh", *lines)) + "\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return str(script)


def health(client: TestClient) -> dict[str, object]:
    """Return what a supervisor is told."""
    answer = client.get("/healthz")
    assert answer.status_code == 200
    told: dict[str, object] = answer.json()
    return told


def doctor(node: Node) -> tuple[list[str], str]:
    """Return the codes that `doctor` finds of the site, and what it says of a build."""
    done = huiyin("doctor", "--json", "--data", node.folder, check=False)
    known = json.loads(done.stdout)
    return [one["code"] for one in known["problems"] if "site" in one["code"]], known["site"]


def test_all_but_the_pages_answers_while_the_site_is_built(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, gate = sys.executable, tmp_path / "gate"
    os.mkfifo(gate)
    monkeypatch.setattr(
        sys, "executable", program(tmp_path, "late", f"cat {gate}", f'exec {right} "$@"')
    )
    node.start()
    with TestClient(make_application(node), follow_redirects=False) as client:
        # The thread begins at once; until it has, there is none to be told of.
        until(lambda: health(client)["site"] == "building")
        assert health(client)["ok"] is True and doctor(node) == ([], "building")
        for path in PAGES:
            answer = client.get(path, headers=ACCEPT)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "10"), path
            assert answer.headers["cache-control"] == "no-store"
            assert "县里的网页正在生成" in answer.text and 'submit/">' in answer.text
        english = client.get("/", params={"lang": "en"}).text
        assert "pages are being made" in english
        head = client.head("/")
        assert head.status_code == 503 and head.content == b""
        # Its stations are told nothing, and not that every page is gone.
        assert client.get("/sync/site", params={"nonce": "00" * 16}).status_code == 503
        assert "<form" in client.get("/submit/").text
        sent = client.post(
            "/matters", data={"text": "路灯坏了"}, headers={"Accept": "application/json"}
        )
        assert sent.status_code == 201
        followed = client.get(f"/m/{sent.json()['number']}", params={"key": sent.json()["key"]})
        assert followed.status_code == 200 and "路灯坏了" in followed.text
        assert client.get("/search", params={"q": "路灯"}).status_code == 200
        gate.write_bytes(b"")
        until(lambda: health(client)["site"] == "ready", within_s=60)
        for path in PAGES:
            assert client.get(path).status_code == 200, path
        assert client.get("/nothing/").status_code == 404
        offered = client.get("/sync/site", params={"nonce": "00" * 16})
        assert offered.status_code == 200
    assert site_building.read(node.folder) is None and doctor(node) == ([], "")


def test_a_build_that_fails_or_hangs_is_told_and_begun_again(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = sys.executable
    monkeypatch.setattr(publishing, "BUILD_MOST_S", 0.5)
    monkeypatch.setattr(node.site._worker, "_first_pause_s", 0.05)
    monkeypatch.setattr(node.site._worker, "_longest_pause_s", 0.05)
    failing = program(tmp_path, "failing", "echo no room for pages >&2", "exit 1")
    monkeypatch.setattr(sys, "executable", failing)
    node.start()
    until(lambda: "no room for pages" in node.site.last_error)
    assert node.site.standing == "failed" and doctor(node) == (["site-not-built"], "")
    monkeypatch.setattr(sys, "executable", program(tmp_path, "hung", "exec sleep 600"))
    until(lambda: "not built within" in node.site.last_error)
    # What was begun before is known to the next start, and is what a build is told from.
    began = site_building.read(node.folder)
    assert began is not None and "not built within" in began.error
    monkeypatch.setattr(publishing, "BUILD_MOST_S", 600.0)
    monkeypatch.setattr(sys, "executable", right)
    until(lambda: node.site.standing == "ready", within_s=60)
    assert (node.site.out / "index.html").exists() and doctor(node) == ([], "")


def test_a_small_site_that_can_not_be_built_keeps_nobody_from_serving(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "BEFORE_MOST", 1000)

    def no_room(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Publisher, "build_full", no_room)
    node.start()
    assert not (node.site.out / "index.html").exists()
    # The next try is the thread's, and in a process of its own.
    until(lambda: node.site.standing == "ready", within_s=60)
    assert (node.site.out / "index.html").exists()
