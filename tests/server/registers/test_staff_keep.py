"""Staff keep the public pages true: pictures, shifts, previews, tables in and YAML out."""

import io
import re
import time
import zipfile
from datetime import date, timedelta
from functools import partial
from html import unescape
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from tests.hub import Hub, form_token, huiyin, until
from tests.server.registers.test_console_registers import _place, fields_of

pytestmark = pytest.mark.litestream


def picture(
    colour: str = "teal", size: tuple[int, int] = (2400, 1800), form: str = "JPEG"
) -> bytes:
    """Return a generated picture; a JPEG says where it was taken."""
    made = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "CAMERA-OF-SOMEBODY"
    exif.get_ifd(0x8825)[1] = "N"
    Image.new("RGB", size, colour).save(made, form, **({"exif": exif} if form == "JPEG" else {}))
    return made.getvalue()


def post_record(
    browser: httpx2.Client, path: str, body: bytes = b"", **cells: str
) -> httpx2.Response:
    """Send a record's form with what is changed, and a file where there is one."""
    page = browser.get(f"/console/registers/{path}")
    assert page.status_code == 200, page.text
    typed = {**fields_of(page.text), **cells}
    typed.pop("photo_gone", None) if "photo_gone" not in cells else None
    files = {"photo_file": ("a.jpg", body)} if body else None
    return browser.post(f"/console/registers/{path}", data=typed, files=files)


def went_through(answer: httpx2.Response) -> bool:
    """Return whether a form was taken: the answer led on to another page."""
    return [one.status_code for one in answer.history] == [303]


def public_page_has(hub: Hub, path: str, text: str) -> bool:
    """Return whether a page of the site shows a text now."""
    return text in httpx2.get(f"{hub.url}/{path}").text


def some_id(browser: httpx2.Client, plural: str) -> str:
    found = re.search(
        rf"registers/{plural}/([a-z0-9-]+)\"", browser.get(f"/console/registers/{plural}/").text
    )
    assert found is not None
    return found[1]


def test_a_picture_is_kept_small_and_bare(hub: Hub) -> None:
    browser = hub.browser_of("office")
    deputy = some_id(browser, "deputies")
    saved = post_record(browser, f"deputies/{deputy}", picture())
    assert went_through(saved), saved.text
    page = browser.get(f"/console/registers/deputies/{deputy}").text
    sha = fields_of(page)["photo"]
    assert re.fullmatch("[0-9a-f]{64}", sha)
    kept = browser.get(f"/console/pictures/{sha}")
    assert kept.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(kept.content)) as image:
        assert max(image.size) == 1600 and not image.getexif()
    assert b"CAMERA-OF-SOMEBODY" not in kept.content
    # Saved again without a file it stays; ticked away it goes.
    assert went_through(post_record(browser, f"deputies/{deputy}"))
    assert fields_of(browser.get(f"/console/registers/deputies/{deputy}").text)["photo"] == sha
    assert went_through(post_record(browser, f"deputies/{deputy}", photo_gone="yes"))
    assert fields_of(browser.get(f"/console/registers/deputies/{deputy}").text)["photo"] == ""
    assert hub.browser_of("unit").get(f"/console/pictures/{sha}").status_code == 403


@pytest.mark.parametrize(
    "body", [b"%PDF-1.4", b"GIF89a", picture()[:5000], b"x" * (8 * 1024 * 1024 + 1)]
)
def test_what_is_no_picture_is_refused_and_no_word_lost(hub: Hub, body: bytes) -> None:
    browser = hub.browser_of("office")
    deputy = some_id(browser, "deputies")
    refused = post_record(browser, f"deputies/{deputy}", body, introduction="改到一半的介绍")
    assert refused.status_code == 422
    assert 'id="photo-error"' in refused.text and "改到一半的介绍" in refused.text


def test_a_preview_shows_the_public_page_and_saves_nothing(hub: Hub) -> None:
    browser = hub.browser_of("office")
    for plural, field in (("deputies", "introduction"), ("stations", "address"), ("pages", "text")):
        key = some_id(browser, plural)
        before = browser.get(f"/console/registers/{plural}/{key}").text
        cells = {field: "预览里的新话", "step": "preview"}
        shown = post_record(browser, f"{plural}/{key}", b"", **cells)
        assert shown.status_code == 200, shown.text
        srcdoc = re.search(r'srcdoc="([^"]*)"', shown.text)
        assert srcdoc is not None
        public = unescape(srcdoc[1])
        assert "<html" in public and "预览里的新话" in public, plural
        assert fields_of(before) == fields_of(
            browser.get(f"/console/registers/{plural}/{key}").text
        )
        # From the preview back to the form with every word, or on to the register.
        form = shown.text[shown.text.index("</iframe>") :]
        kept = {
            name: unescape(value)
            for name, value in re.findall(
                r'<(?:textarea|input)[^>]*name="(\w+)"(?:[^>]*value="([^"]*)")?', form
            )
        }
        kept |= {
            name: unescape(value)
            for name, value in re.findall(
                r'<textarea name="(\w+)" hidden>\n(.*?)</textarea>', form, re.S
            )
        }
        again = browser.post(f"/console/registers/{plural}/{key}", data={**kept, "step": "edit"})
        assert again.status_code == 200 and fields_of(again.text)[field] == "预览里的新话"
        saved = browser.post(f"/console/registers/{plural}/{key}", data={**kept, "step": "save"})
        assert went_through(saved)
        now = fields_of(browser.get(f"/console/registers/{plural}/{key}").text)
        was = fields_of(before)
        assert now[field] == "预览里的新话"
        assert {n: v for n, v in now.items() if n not in (field, "seen")} == {
            n: v for n, v in was.items() if n not in (field, "seen")
        }


def test_a_preview_shows_the_picture_that_was_just_chosen(hub: Hub) -> None:
    browser = hub.browser_of("office")
    deputy = some_id(browser, "deputies")
    shown = post_record(browser, f"deputies/{deputy}", picture("olive"), step="preview")
    public = unescape(shown.text)
    assert "data:image/jpeg;base64," in public and "pictures/" not in public.split("<article")[1]


def test_a_page_of_staff_can_do_no_harm(hub: Hub) -> None:
    browser = hub.browser_of("office")
    key = some_id(browser, "pages")
    shown = post_record(
        browser,
        f"pages/{key}",
        text="<script>alert(1)</script>\n\n[点](javascript:alert(1))",
        step="preview",
    )
    public = unescape(re.search(r'srcdoc="([^"]*)"', shown.text)[1])  # type: ignore[index]
    assert (
        "<script>alert" not in public
        and "javascript:" not in public.replace("&#58;", ":").split("<h1>")[1]
    )


@pytest.mark.req("Q08", "L05")
def test_shifts_are_set_on_the_page_of_the_station(hub: Hub) -> None:
    browser = hub.browser_of("liaison")
    overview = browser.get("/console/registers/")
    assert overview.status_code == 200 and "registers/deputies/" not in overview.text
    station = re.search(r"console/shifts/([a-z0-9-]+)", overview.text)
    assert station is not None
    path = f"/console/shifts/{station[1]}"

    def forms(act: str) -> list[dict[str, str]]:
        page = browser.get(path).text
        return [
            dict(re.findall(r'<input[^>]*type="hidden" name="(\w+)" value="([^"]*)"', form))
            for form in re.findall(r"<form.*?</form>", page, re.S)
            if f'name="act" value="{act}"' in form
        ]

    of_the_sample = {form["date"] for form in forms("restore")}
    first, second, third = [f for f in forms("cancel") if f["date"] not in of_the_sample][:3]
    assert went_through(browser.post(path, data={**first, "note": "防汛"}))
    page = browser.get(path).text
    assert "这一天不接待；防汛" in page
    # On the public page as well, within moments.
    until(lambda: "防汛" in httpx2.get(f"{hub.url}/stations/{station[1]}/").text)
    stale = browser.post(path, data={**first, "note": "又一次"})
    assert stale.status_code == 409
    restore = next(form for form in forms("restore") if form["date"] == first["date"])
    assert went_through(browser.post(path, data=restore))
    assert "防汛" not in browser.get(path).text
    # Moved, with the same hours.
    day = str(date.fromisoformat(second["date"]) + timedelta(days=1))
    move = next(form for form in forms("move") if form["date"] == second["date"])
    assert went_through(browser.post(path, data={**move, "moved_to": day, "note": ""}))
    assert f"原定{int(move['date'][5:7])}月{int(move['date'][8:])}日" in browser.get(path).text
    # Somebody is away and nobody stands in: it says that there are too few.
    replace = next(form for form in forms("replace") if form["date"] == third["date"])
    section = browser.get(path).text.split(f'value="{third["date"]}"')[1]
    away = re.search(r'name="away" value="([^"]+)"', section)
    other = re.search(r'name="instead" value="([^"]+)"', section)
    assert away is not None and other is not None
    assert went_through(browser.post(path, data={**replace, "away": away[1]}))
    assert "这几天坐班的代表不够" in browser.get(path).text
    assert "人不够" in browser.get("/console/registers/").text
    replace = next(form for form in forms("replace") if form["date"] == third["date"])
    assert went_through(browser.post(path, data={**replace, "away": away[1], "instead": other[1]}))
    assert "替班" in browser.get(path).text
    for one in forms("restore"):
        if one["date"] not in of_the_sample:
            assert went_through(browser.post(path, data=one))
    assert "这几天坐班的代表不够" not in browser.get(path).text


@pytest.mark.req("Q06")
@pytest.mark.parametrize("role", ["office", "admin", "liaison", "deputy", "unit"])
def test_who_may_write_shifts_and_activities(hub: Hub, role: str) -> None:
    place = _place(hub, role)
    client = hub.client(role, **place)
    own = _place(hub, "liaison")["station"]
    other = next(
        one["id"]
        for one in hub.client("office").get("/api/v1/registers/stations").json()["records"]
        if one["id"] != own and one["parent"] != own and one["duty"]
    )
    everywhere, here = role in ("office", "admin"), role in ("office", "admin", "liaison")
    for plural, cells in (
        ("shifts", {"date": "2027-03-03", "cancelled": "是"}),
        ("activities", {"date": "2026-11-01", "title": "走访"}),
    ):
        path = f"/api/v1/registers/{plural}/of-{role}"
        put = client.put(path, json={**cells, "station": own})
        assert put.status_code == (201 if here else 403), put.text
        moved = client.put(path, json={**cells, "station": other})
        assert moved.status_code == (200 if everywhere else 422 if here else 403)
        # What is another station's is neither changed nor taken away.
        foreign = f"/api/v1/registers/{plural}/foreign-{role}"
        hub.client("office").put(foreign, json={**cells, "station": other})
        taken = client.put(foreign, json={**cells, "station": own})
        assert taken.status_code == (200 if everywhere else 403)
        hub.client("office").put(foreign, json={**cells, "station": other})
        assert client.delete(foreign).status_code == (204 if everywhere else 403)
        assert client.delete(path).status_code == (204 if here else 403)
        if not everywhere:
            hub.client("office").delete(foreign)
    browser = hub.browser_of(role)
    assert browser.get(f"/console/shifts/{own}").status_code == (200 if here else 403)
    assert browser.get(f"/console/shifts/{other}").status_code == (200 if everywhere else 403)
    for path in ("registers/import", "registers/export.zip"):
        assert browser.get(f"/console/{path}").status_code == (200 if everywhere else 403)


def test_a_saved_edit_is_on_the_public_page_within_a_second(hub: Hub) -> None:
    browser = hub.browser_of("office")
    deputy = some_id(browser, "deputies")
    took = []
    for phone in ("0000-7700166", "0000-7711266", "0000-7722366"):
        assert went_through(post_record(browser, f"deputies/{deputy}", phone=phone))
        began = time.monotonic()
        until(partial(public_page_has, hub, f"deputies/{deputy}/", phone))
        took.append(time.monotonic() - began)
    # On an idle machine it is there within 1 s; one that runs tests beside it is given more.
    assert min(took) < 3


def test_a_table_is_looked_at_before_it_is_taken(hub: Hub) -> None:
    browser = hub.browser_of("office")
    path = "/console/registers/import"
    token = form_token(browser.get(path).text)
    table = "编号,单位名称\nfrom-table-a,表格来的局\nfrom-table-b,\n".encode()
    typed = {"form_token": token, "register": "units", "step": "look"}
    looked = browser.post(path, data=typed, files={"file": ("a.csv", table)})
    assert looked.status_code == 200 and "还没有写进去" in looked.text, looked.text
    assert 'data-label="行">3<' in looked.text
    assert "表格来的局" not in browser.get("/console/registers/units/").text
    kept = re.search(r'name="kept" value="([^"]+)"', looked.text)
    assert kept is not None
    taking = {**typed, "step": "take", "kept": kept[1]}
    assert "已经写进去了" in browser.post(path, data=taking).text
    assert "表格来的局" in browser.get("/console/registers/units/?q=表格来的局").text
    history = browser.get("/console/registers/units/from-table-a").text
    assert "人大办公室" in history[history.index("<h2>修改记录") :]
    assert browser.post(path, data=taking).status_code == 422
    for kept_name in ("../huiyin.db", "/etc/passwd", "0" * 64):
        assert browser.post(path, data={**taking, "kept": kept_name}).status_code == 422
    image = browser.post(path, data=typed, files={"file": ("a.xlsx", picture(size=(9, 9)))})
    assert image.status_code == 422 and "图片" in image.text
    browser.post(path, data={**typed, "register": "", "step": "look"})


def test_what_is_exported_is_read_again_without_change(hub: Hub, tmp_path: Path) -> None:
    packed = hub.browser_of("office").get("/console/registers/export.zip")
    assert packed.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "zip")
    folder = tmp_path / "out"
    huiyin("export", "registers", f"{folder}/", "--data", hub.data)
    written = {str(one.relative_to(folder)) for one in folder.rglob("*.yaml")}
    assert written == names
    fresh = tmp_path / "fresh"
    order = (
        "areas",
        "stations",
        "deputies",
        "units",
        "categories",
        "shifts",
        "activities",
        "pages",
    )
    for plural in order:
        huiyin("import", plural, tmp_path / "zip" / plural, "--data", fresh)
    again = tmp_path / "again"
    huiyin("export", "registers", again, "--data", fresh)
    for plural in order:
        for path in sorted((again / plural).iterdir()):
            assert path.read_bytes() == (folder / plural / path.name).read_bytes()
        assert len(list((again / plural).iterdir())) == len(list((folder / plural).iterdir()))
    # Into the folder that it came from it changes nothing.
    said = huiyin("import", "shifts", folder / "shifts", "--data", fresh).stdout
    assert "taken 0" in said
