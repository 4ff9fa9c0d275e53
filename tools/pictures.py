"""Takes the pictures of the README from a running sample hub, with the browser of the tests.

Run as `.venv/bin/python tools/pictures.py docs/pictures`. It starts a hub of its own in a temporary
folder, takes a matter through its life, and writes small PNG files.
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests import seed
from tests.chromium import launched
from tests.hub import Hub, until

PHONE = {"width": 360, "height": 640}
DESK = {"width": 1100, "height": 760}


def main() -> None:
    """Write the pictures into the folder that is named."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        seed.keep_below(Path(folder) / "seeds")
        hub = Hub(Path(folder) / "data", "--sample")
        hub.start()
        try:
            take(hub, out)
        finally:
            hub.stop()
    for path in sorted(out.glob("*.png")):
        # A picture of a page has few colours; a palette makes it a quarter of the size.
        Image.open(path).convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(
            path, optimize=True
        )


def take(hub: Hub, out: Path) -> None:
    """Take a matter to its answer, and take the pictures on the way."""
    unit = hub.unit_of_sample()
    receipt = hub.raise_matter(
        "柳堰村三组的水渠堵了半个月,秧田没有水。村里说过两次,还没有人来清。",
        station="weidu",
        area="柳堰村",
        publish="yes",
        name="张大爷",
        phone="13900000000",
    )
    number = receipt["number"]
    office, handler = hub.client("office"), hub.client("unit", unit=unit)
    path = f"/api/v1/matters/{number}"
    for client, command, fields in (
        (office, "adopt", {"title": "柳堰村三组水渠堵塞", "category": ""}),
        (office, "assign", {"lead": unit, "demand": "请在插秧前疏通"}),
        (handler, "accept", {}),
        (handler, "progress", {"text": "已到现场看过,明天派挖机。"}),
    ):
        answer = client.post(f"{path}/{command}", json=fields)
        assert answer.status_code == 200, answer.text
    with sync_playwright() as playwright:
        browser = launched(playwright)
        desk = browser.new_context(viewport=DESK, java_script_enabled=False)
        page = desk.new_page()
        page.goto(hub.url + "/console/sign-in")
        name, password = hub.sign_ins()["office"]
        page.fill("[name=name]", name)
        page.fill("[name=password]", password)
        page.click("main button")
        page.goto(f"{hub.url}/console/matters/{number}")
        page.screenshot(path=out / "console.png")
        reply = {"text": "水渠已经疏通,秧田通水了。", "result": "A"}
        assert handler.post(f"{path}/reply", json=reply).status_code == 200
        phone = browser.new_context(viewport=PHONE, java_script_enabled=False)
        page = phone.new_page()
        page.goto(f"{hub.url}/m/{number}?key={receipt['key']}")
        page.screenshot(path=out / "matter.png")
        page.goto(hub.url + "/areas/")
        page.click("main a[href*='990102']")
        page.locator("main .hy-tiles a").first.click()
        until(lambda: page.locator("h1").count() == 1)
        page.screenshot(path=out / "village.png")
        browser.close()


if __name__ == "__main__":
    main()
