"""The form by keys alone, and in a text browser."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.hub import Hub
from tests.server.villagers.test_durable import known_ids

pytestmark = [pytest.mark.browser, pytest.mark.litestream]


@pytest.fixture(params=[True, False], ids=["script on", "script off"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A small phone with keys, and no finger on the glass."""
    context = browser.new_context(
        viewport={"width": 360, "height": 640}, java_script_enabled=request.param
    )
    yield context.new_page()
    context.close()


_FOCUS = """() => {
  const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
  return {
    name: e.name || e.id || e.tagName, box: box.width * box.height,
    seen: box.bottom > 0 && box.top < innerHeight,
    outlined: style.outlineStyle != "none" && parseFloat(style.outlineWidth) >= 2,
  };
}"""


def test_the_form_by_keys_alone(hub: Hub, page: Page) -> None:
    page.goto(hub.url + "/submit/?station=shiweng")
    page.wait_for_load_state()
    reached: list[str] = []
    while len(reached) < 60:
        page.keyboard.press("Tab")
        focus = page.evaluate(_FOCUS)
        if focus["name"] == "BODY":
            break
        reached.append(focus["name"])
        assert focus["box"] > 0 and focus["seen"] and focus["outlined"], focus
        if focus["name"] == "text":
            page.keyboard.type("只用按键写的")
        elif focus["name"] == "kind":
            page.keyboard.press("ArrowRight")
        elif focus["name"] == "category":
            page.keyboard.press("ArrowDown")
        elif focus["name"] in ("SUMMARY", "guardian_consent", "under_14"):
            page.keyboard.press("Space")
        elif focus["name"] == "guardian":
            page.keyboard.type("王大山")
    wanted = ["text", "kind", "category", "area", "place", "photo", "name", "phone", "under_14"]
    wanted += ["SUMMARY", "guardian", "guardian_consent", "share_phone", "publish", "BUTTON"]
    assert [name for name in dict.fromkeys(reached) if name in wanted] == wanted
    assert page.locator("[name=kind]:checked").count() == 1
    assert page.input_value("#category")
    page.focus("#publish")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/m/*?key=*")
    assert "只用按键写的" in page.inner_text("article")


def test_a_refused_form_leads_by_keys_to_what_is_wrong(hub: Hub, page: Page) -> None:
    page.goto(hub.url + "/submit/")
    page.wait_for_load_state()
    page.evaluate("document.querySelector('form').noValidate = true")
    page.fill("#place", "村口")
    # The ordinary way, past the outbox.
    page.evaluate("document.querySelector('form').submit()")
    page.wait_for_url("**/matters")
    assert page.title().startswith("还有几处要改")
    assert page.evaluate("document.activeElement.id") == "errors"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/matters#text")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") in ("text", "kind", "")
    assert page.input_value("#place") == "村口"


def w3m(*arguments: str) -> str:
    """Return what w3m shows of an address, with room for a whole line."""
    plain = ["-o", "use_cookie=0", "-I", "UTF-8", "-O", "UTF-8", "-cols", "80", "-dump"]
    done = subprocess.run(
        ["w3m", *plain, *arguments],
        capture_output=True,
        timeout=30,
        check=True,
    )
    return done.stdout.decode()


def test_a_text_browser_shows_the_whole_form(hub: Hub) -> None:
    shown = w3m(hub.url + "/submit/?station=shiweng")
    for words in ("什么事？（必填）", "照片", "姓名和电话都可以不填", "监护人", "同意公示", "提交"):
        assert words in shown, words
    # What is said of name and phone stands before their fields, and no promise is made.
    assert shown.index("只用来核实和回复您") < shown.index("我未满 14 岁")
    assert "没有网络时交不了" in shown
    english = w3m(hub.url + "/submit/?lang=en")
    assert "What is it about? (required)" in english and "Send" in english


def test_a_text_browser_sends_the_form(hub: Hub, tmp_path: Path) -> None:
    before = known_ids(hub)
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nprintf '文字浏览器写的' > \"$1\"\n")
    editor.chmod(0o755)
    environment = {**os.environ, "EDITOR": str(editor), "LANG": "C.UTF-8", "TERM": "xterm"}
    environment |= {"HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe("w3m", ["w3m", hub.url + "/submit/"], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
    try:
        screen(terminal, "什么事")
        # To the text by search, then the editor; to the button by search, then press it.
        os.write(terminal, "/必填\n".encode())
        os.write(terminal, b"\t\n")
        screen(terminal, "文字浏览器写的")
        os.write(terminal, "/再提交\n".encode() + b"\t\n")
        receipt = screen(terminal, "查询码")
        assert re.search(r"编号", receipt)
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(terminal)
    assert len(known_ids(hub) - before) == 1


def screen(terminal: int, words: str, within_s: float = 20.0) -> str:
    """Return what the terminal showed until it showed some words."""
    shown = b""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 65536)
            if words in shown.decode(errors="replace"):
                return shown.decode(errors="replace")
    raise AssertionError(f"no {words} in {shown.decode(errors='replace')[-2000:]}")
