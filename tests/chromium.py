"""The browser that tests drive: Chromium, sending nothing of its own over the network."""

from pathlib import Path

from playwright.sync_api import Browser, Playwright

# The whole browser, in a window that nobody sees.
CHROMIUM = "/usr/bin/chromium"
# The same engine without the window, whose own pages cost more than those that tests look at.
SHELL = "/usr/bin/chromium-headless-shell"
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
    # A corner that is drawn again in part is not, to the pixel, one that is drawn at once.
    "--disable-partial-raster",
)


def launched(playwright: Playwright, *, whole: bool = False) -> Browser:
    """Return a running browser without a profile, with its window if `whole`; close it afterwards.

    The shell lacks what the window's browser does by itself, such as background sync.
    """
    shell = not whole and Path(SHELL).exists()
    return playwright.chromium.launch(
        executable_path=SHELL if shell else CHROMIUM, args=list(SWITCHES)
    )
