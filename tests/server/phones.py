"""A villager's phone: a Chromium of the test's own to kill, or a page of the session's browser."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.chromium import CHROMIUM, SWITCHES
from tests.hub import until

_MORE = ("--remote-debugging-port=0", "about:blank")


class Phone:
    """One phone: what it stored lies in `profile` and outlives the browser."""

    def __init__(self, playwright: Playwright, profile: Path) -> None:
        self._playwright = playwright
        self._profile = profile
        self._process: subprocess.Popen[bytes] | None = None
        self._browser: Browser | None = None

    def open(self, *, background_sync: bool = True) -> Page:
        """Start the browser, and return its page; many browsers have no background sync."""
        port = self._profile / "DevToolsActivePort"
        port.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [CHROMIUM, *SWITCHES, *_MORE, f"--user-data-dir={self._profile}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until(lambda: port.exists() and port.read_text().count("\n") == 1, within_s=30)
        address = f"http://127.0.0.1:{port.read_text().splitlines()[0]}"
        self._browser = self._playwright.chromium.connect_over_cdp(address)
        page = self.context.pages[0] if self.context.pages else self.context.new_page()
        if not background_sync:
            without_background_sync(page)
        return in_the_hand(page)

    @property
    def context(self) -> BrowserContext:
        """What all its pages share."""
        assert self._browser is not None
        return self._browser.contexts[0]

    def kill(self) -> None:
        """End the browser as an empty battery would, with all its processes."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=30)
        self._process = None


def in_the_hand(page: Page) -> Page:
    """Make a page that of a small phone, whose owner says yes to what is asked; and return it."""
    page.set_viewport_size({"width": 360, "height": 640})
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def without_background_sync(page: Page) -> None:
    """Have the page's browser send nothing by itself, as many cannot, from the next load on."""
    page.add_init_script("if (self.SyncManager) delete SyncManager.prototype.register")


def eventually(page: Page, look: Callable[[], Any], within_s: float = 20.0) -> Any:
    """Return what `look` finds once it is true; the page goes on meanwhile.

    It looks often at first and then more seldom: each look is work for a browser and two programs.
    """
    deadline, pause_ms = time.monotonic() + within_s, 25.0
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s; the outbox says: {outbox(page)}")
        page.wait_for_timeout(pause_ms)
        pause_ms = min(pause_ms * 2, 400.0)


def open_form(page: Page, url: str, query: str = "") -> None:
    """Open the form, and wait until the worker has taken over."""
    # The site is built beside a hub that answers already.
    until(lambda: httpx2.get(url + "/sw.js").status_code == 200, within_s=60)
    page.goto(f"{url}/submit/{query}")
    eventually(page, lambda: page.evaluate("!!navigator.serviceWorker.controller"))
    eventually(page, lambda: "存在这部手机上" in page.inner_text("#offline"))


def outbox(page: Page) -> str:
    """Return what the page says of the outbox."""
    found = page.locator("#outbox")
    return found.inner_text() if found.count() else ""


def send(page: Page, text: str) -> None:
    """Type a submission and send it."""
    page.fill("#text", text)
    page.click("article button[type=submit]")
