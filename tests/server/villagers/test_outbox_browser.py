"""The outbox on a villager's phone: whatever dies, a submission arrives once, and is told right."""

import io
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, Route

from tests.hub import Hub, until
from tests.server.phones import (
    Phone,
    eventually,
    open_form,
    outbox,
    send,
    without_background_sync,
)
from tests.server.villagers.test_durable import known_ids

pytestmark = [pytest.mark.browser, pytest.mark.faults, pytest.mark.litestream]

SAFE = "✓ 已存妥"
NOT_YET = "… 已到县里"
# What the outbox says once sending has been tried: before, a send may still be under way.
TRIED = "现在连不上网"


def arrived(hub: Hub, before: set[str]) -> int:
    """Return how many submissions came since."""
    return len(known_ids(hub) - before)


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub that a test may kill, and starts again; and whose site it may change, and put back."""
    with Hub(tmp_path_factory.mktemp("mortal") / "data", "--sample") as running:
        running.start()
        yield running


def test_what_is_sent_and_typed_without_network_outlives_the_browser_and_the_server(
    mortal: Hub, phone: Phone
) -> None:
    """Photos are made small and upright before they are kept, and say nothing of the phone."""
    before = known_ids(mortal)
    page = phone.open()
    open_form(page, mortal.url)
    phone.context.set_offline(True)
    page.set_input_files("#photo", files=[picture(3000, 2000, turned=True), picture(300, 200)])
    send(page, "断网时写的：桥板断了")
    eventually(page, lambda: NOT_YET in outbox(page) and TRIED in outbox(page))
    page.fill("#text", "打了一半的字")
    page.fill("#place", "村口")
    page.check("#publish")
    eventually(page, lambda: kept(page) == 2)
    phone.kill()
    mortal.kill()
    assert arrived(mortal, before) == 0
    mortal.start()
    page = phone.open()
    page.goto(mortal.url + "/submit/")
    eventually(page, lambda: SAFE in outbox(page) and "照片：已存妥" in outbox(page))
    assert arrived(mortal, before) == 1
    photo = stored_photo(mortal, 2)
    assert photo.size == (853, 1280) and not photo.getexif()
    # Its words are on the phone no more, its number is; and nothing is sent again.
    assert "桥板" not in outbox(page) and "编号" in outbox(page)
    page.reload()
    eventually(page, lambda: SAFE in outbox(page))
    assert arrived(mortal, before) == 1
    eventually(page, lambda: page.input_value("#text") == "打了一半的字")
    assert page.input_value("#place") == "村口" and page.is_checked("#publish")
    page.click("article button[type=submit]")
    page.wait_for_url("**/m/*?key=*")
    open_form(page, mortal.url)
    eventually(page, lambda: outbox(page).count(SAFE) == 2)
    assert page.input_value("#text") == "" and arrived(mortal, before) == 2
    page.locator("#outbox a").last.click()
    page.wait_for_url("**/m/*?key=*")
    assert "断网时写的：桥板断了" in page.inner_text("article")


def test_a_server_that_dies_after_it_took_it_gives_the_same_receipt(
    mortal: Hub, phone: Phone
) -> None:
    before = known_ids(mortal)
    page = phone.open(background_sync=False)
    open_form(page, mortal.url)

    def cut(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/matters", cut)
    send(page, "收下了，回话断在路上")
    eventually(page, lambda: arrived(mortal, before) == 1 and TRIED in outbox(page))
    mortal.kill()
    page.unroute("**/matters")
    phone.kill()
    mortal.start()
    page = phone.open()
    page.goto(mortal.url + "/submit/")
    eventually(page, lambda: SAFE in outbox(page))
    assert arrived(mortal, before) == 1


def kept(page: Page) -> int:
    """Return how many entries the phone's store has."""
    found: int = page.evaluate(
        """() => new Promise((done) => {
          const root = document.querySelector("form[data-words]").action.replace(/matters$/, "");
          indexedDB.open("huiyin " + root, 1).onsuccess = (event) => {
            const base = event.target.result;
            base.transaction("kept").objectStore("kept").count().onsuccess =
              (counted) => { base.close(); done(counted.target.result); };
          };
        })"""
    )
    return found


PORTAL = {"status": 200, "content_type": "text/html", "body": "<h1>Wi-Fi</h1>"}
STRANGE = {"status": 200, "content_type": "application/json", "body": "{}"}
BUSY = {
    "status": 503,
    "headers": {"Retry-After": "1", "Content-Type": "application/json"},
    "body": '{"errors": [{"field": "", "code": "busy", "message": "现在太忙"}]}',
}


def test_only_a_receipt_counts_as_sent(hub: Hub, phone_page: Page) -> None:
    page, before = phone_page, known_ids(hub)
    without_background_sync(page)
    open_form(page, hub.url)
    for sent, (answer, told) in enumerate(
        [(PORTAL, "要先登录"), (STRANGE, "要先登录"), (BUSY, "现在太忙")]
    ):
        page.route("**/matters", partial(_answer, answer))
        send(page, "还没有送到")
        eventually(page, lambda told=told: told in outbox(page) and NOT_YET in outbox(page))  # type: ignore[misc]  # a loop's own words
        assert arrived(hub, before) == sent
        page.unroute("**/matters")
        eventually(page, lambda sent=sent: outbox(page).count(SAFE) == sent + 1)  # type: ignore[misc]  # likewise
        assert arrived(hub, before) == sent + 1


def _answer(answer: dict[str, Any], route: Route) -> None:
    """Answer in the county's place."""
    route.fulfill(**answer)


def test_the_browser_sends_it_by_itself_where_it_can(hub: Hub, phone_page: Page) -> None:
    page, before = phone_page, known_ids(hub)
    open_form(page, hub.url)
    page.route("**/matters", lambda route: route.abort())
    send(page, "页面送不出去，浏览器在后台送")
    tags = "async () => (await (await navigator.serviceWorker.ready).sync.getTags()).length"
    eventually(page, lambda: page.evaluate(tags) or arrived(hub, before))
    page.goto("about:blank")
    eventually(page, lambda: arrived(hub, before) == 1)


def test_what_the_server_refuses_comes_back_into_the_form(hub: Hub, phone_page: Page) -> None:
    page, before = phone_page, known_ids(hub)
    open_form(page, hub.url)
    told = '{"errors": [{"field": "", "code": "too-large", "message": "内容太大，收不下。"}]}'
    large = {"status": 413, "content_type": "application/json", "body": told}
    page.route("**/matters", partial(_answer, large))
    send(page, "照片太大")
    eventually(page, lambda: "内容太大" in page.inner_text("#said"))
    assert page.input_value("#text") == "照片太大"
    page.unroute("**/matters")
    page.fill("#place", "村口老槐树下")
    send(page, "   ")
    eventually(page, lambda: "请写下要反映的事情" in page.inner_text("#said"))
    assert page.input_value("#place") == "村口老槐树下"
    send(page, "这回写清楚了")
    page.wait_for_url("**/m/*?key=*")
    assert arrived(hub, before) == 1


def test_a_full_phone_is_told_and_the_form_goes_the_ordinary_way(
    hub: Hub, phone_page: Page
) -> None:
    page, before = phone_page, known_ids(hub)
    open_form(page, hub.url)
    devtools = phone_page.context.new_cdp_session(page)
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": hub.url, "quotaSize": 1})
    send(page, "手机满了也要说" + "。" * 9000)
    eventually(page, lambda: "这部手机存不下了" in page.inner_text("#said"))
    assert page.input_value("#text").startswith("手机满了也要说")
    page.click("article button[type=submit]")
    page.wait_for_url("**/m/*?key=*")
    assert arrived(hub, before) == 1


def test_two_tabs_lose_nothing_and_send_nothing_twice(hub: Hub, phone_page: Page) -> None:
    first, before = phone_page, known_ids(hub)
    open_form(first, hub.url)
    first.fill("#text", "第一页写的")
    eventually(first, lambda: kept(first) == 1)
    second = phone_page.context.new_page()
    open_form(second, hub.url)
    assert second.input_value("#text") == ""
    phone_page.context.set_offline(True)
    send(second, "第二页写的")
    send(first, "第一页写的")
    for page in (first, second):
        eventually(page, lambda page=page: outbox(page).count(TRIED) == 2)  # type: ignore[misc]  # a loop's own page
    phone_page.context.set_offline(False)
    for page in (first, second):
        eventually(page, lambda page=page: outbox(page).count(SAFE) == 2)  # type: ignore[misc]  # likewise
    assert arrived(hub, before) == 2


@contextmanager
def worker_files(hub: Hub) -> Iterator[list[Path]]:
    """The worker of a hub's site and its compressed copies, put back at the end."""
    paths = sorted((hub.data / "site").glob("sw.js*"))
    bodies = [path.read_bytes() for path in paths]
    try:
        yield paths
    finally:
        for path, body in zip(paths, bodies, strict=True):
            path.write_bytes(body)


def test_a_new_worker_takes_over_under_an_open_page(mortal: Hub, phone_page: Page) -> None:
    page, before = phone_page, known_ids(mortal)
    without_background_sync(page)
    open_form(page, mortal.url)
    page.route("**/matters", lambda route: route.abort())
    send(page, "旧程序存下的")
    eventually(page, lambda: NOT_YET in outbox(page) and TRIED in outbox(page))
    with worker_files(mortal) as (worker, *compressed):
        worker.write_bytes(worker.read_bytes() + b"// another release\n")
        for path in compressed:
            path.unlink()
        page.evaluate(
            """async () => {
              const changed = new Promise((done) =>
                navigator.serviceWorker.addEventListener("controllerchange", done));
              await (await navigator.serviceWorker.ready).update();
              await changed;
            }"""
        )
    assert "旧程序存下的" in outbox(page)
    page.unroute("**/matters")
    eventually(page, lambda: SAFE in outbox(page))
    assert arrived(mortal, before) == 1


def test_a_worker_that_is_withdrawn_goes_away(mortal: Hub, phone_page: Page) -> None:
    page = phone_page
    open_form(page, mortal.url)
    with worker_files(mortal) as paths:
        for path in paths:
            path.unlink()
        page.evaluate("localStorage.clear()")
        page.reload()
        found = "async () => !!(await navigator.serviceWorker.getRegistration())"
        eventually(page, lambda: not page.evaluate(found))
    assert page.evaluate("async () => (await caches.keys()).length") == 0
    send(page, "没有它也照样送")
    page.wait_for_url("**/m/*?key=*")


def test_pages_that_were_looked_at_are_there_without_network(hub: Hub, phone_page: Page) -> None:
    page = phone_page
    page.goto(hub.url + "/")
    eventually(page, lambda: page.evaluate("!!navigator.serviceWorker.controller"))
    looked_at = ["/deputies/bai-youfu/", "/stations/shiweng/", "/areas/"]
    for path in looked_at:
        page.goto(hub.url + path)
    receipt = hub.raise_matter("不许存在手机上")
    page.goto(f"{hub.url}/m/{receipt['number']}?key={receipt['key']}")
    keys = (
        "async () => (await (await caches.open((await caches.keys())[0])).keys()).map(k => k.url)"
    )
    eventually(page, lambda: all(hub.url + path in page.evaluate(keys) for path in looked_at))
    assert not [url for url in page.evaluate(keys) if "/m/" in url or "key=" in url]
    phone_page.context.set_offline(True)
    for path in ["/", "/submit/", *looked_at]:
        page.goto(hub.url + path)
        assert "没有网络" in page.inner_text("article")
        assert page.locator("h1").count() == 1
    # A form for a deputy that was never opened is the bare form, and learns whom it is for.
    page.goto(hub.url + "/submit/?deputy=bai-youfu")
    assert page.input_value("[name=deputy]") == "bai-youfu"
    page.goto(hub.url + "/stations/")
    assert page.url == hub.url + "/"


def test_over_plain_http_nothing_is_promised_and_the_form_works(hub: Hub, phone_page: Page) -> None:
    page, before = phone_page, known_ids(hub)
    address = f"http://station.test:{hub.port}"
    page.goto(address + "/submit/")
    assert page.evaluate("isSecureContext") is False
    assert "没有网络时交不了" in page.inner_text("#offline")
    page.set_input_files("#photo", files=[picture(2000, 3000)])
    send(page, "联络站的无线网")
    page.wait_for_url("**/m/*?key=*")
    assert arrived(hub, before) == 1
    assert stored_photo(hub, 1).size == (853, 1280)


def picture(width: int, height: int, *, turned: bool = False) -> FilePayload:
    """A JPEG as a phone takes it: heavy, and with EXIF that may say it lies on its side."""
    noise = Image.effect_noise((width // 4, height // 4), 80).resize((width, height)).convert("RGB")
    exif = Image.Exif()
    exif[0x0110] = "A phone"
    if turned:
        exif[0x0112] = 6
    body = io.BytesIO()
    noise.save(body, "JPEG", quality=95, exif=exif)
    return {"name": "DCIM_1.jpg", "mimeType": "image/jpeg", "buffer": body.getvalue()}


def stored_photo(hub: Hub, photos: int) -> Image.Image:
    """Return the largest of so many newest photos, having checked that all are light."""

    def bodies() -> list[bytes]:
        connection = sqlite3.connect(f"file:{hub.data}/attachments.db?mode=ro", uri=True)
        try:
            newest = "SELECT body FROM photos ORDER BY position DESC LIMIT ?"
            return [row[0] for row in connection.execute(newest, (photos,))]
        finally:
            connection.close()

    found = until(bodies)
    assert all(len(body) <= 200_000 for body in found)
    return max((Image.open(io.BytesIO(body)) for body in found), key=lambda photo: photo.size)


def test_everything_is_forgotten_at_a_press(hub: Hub, phone_page: Page) -> None:
    page = phone_page
    open_form(page, hub.url)
    send(page, "公用手机上写的")
    page.wait_for_url("**/m/*?key=*")
    open_form(page, hub.url)
    page.fill("#text", "没写完的")
    eventually(page, lambda: kept(page) == 2)
    page.get_by_role("button", name="忘掉这部手机上的一切").click()
    eventually(page, lambda: "编号" not in outbox(page) and page.input_value("#text") == "")
    assert kept(page) == 0
