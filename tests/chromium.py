"""The browser that tests drive: Chromium, sending nothing of its own over the network."""

from playwright.sync_api import Browser, Playwright

CHROMIUM = "/usr/bin/chromium"
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP station.test 127.0.0.1",
)


def launched(playwright: Playwright) -> Browser:
    """Return a running browser without a profile; close it afterwards."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
