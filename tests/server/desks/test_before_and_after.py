"""Before/after pictures of a notice: chosen at publishing, shown with consent, gone when erased."""

import io
import re
import sqlite3
from contextlib import closing
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.hub import Hub, form_token, until
from tests.server.registers.test_staff_keep import picture, went_through

pytestmark = [pytest.mark.litestream]

STATION = "shiweng"


def with_photo(hub: Hub, body: bytes, **fields: str) -> dict[str, Any]:
    """Raise a matter with a photo and return the receipt."""
    answer = httpx2.post(
        hub.url + "/matters",
        data={"text": "桥上的护栏断了一截", "station": STATION, **fields},
        files={"photo": ("a.jpg", body)},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 201, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


def answered(hub: Hub, number: str) -> None:
    client = hub.client("office")
    done = client.post(f"/api/v1/matters/{number}/answer", json={"text": "护栏修好了"})
    if done.status_code == 403:
        liaison = hub.client("liaison", station=STATION)
        done = liaison.post(f"/api/v1/matters/{number}/answer", json={"text": "护栏修好了"})
    assert done.status_code == 200, done.text


def kept_in(hub: Hub) -> set[str]:
    with closing(sqlite3.connect(f"file:{hub.data}/attachments.db?mode=ro", uri=True)) as database:
        return {row[0] for row in database.execute("SELECT sha256 FROM photos")}


def pictures_of(hub: Hub, number: str) -> set[str]:
    """Return the pictures that the public notice names."""
    page = httpx2.get(f"{hub.url}/notices/{number}/")
    return set(re.findall(r"pictures/([0-9a-f]{16})-\w+\.jpg", page.text))


def test_the_office_chooses_what_everyone_sees(hub: Hub) -> None:
    receipt = with_photo(hub, picture("brown"), publish="yes")
    number = receipt["number"]
    answered(hub, number)
    browser = hub.browser_of("office")
    path = f"/console/matters/{number}/publish"
    form = browser.get(path).text
    sent = re.search(r'name="before" value="([0-9a-f]{64})"', form)
    assert sent is not None and " checked" not in form
    seen = re.search(r'name="seen" value="(\d+)"', form)
    assert seen is not None
    typed = {
        "form_token": form_token(form),
        "seen": seen[1],
        "title": "修护栏",
        "text": "桥上护栏断了。",
        "before": sent[1],
        "step": "preview",
    }
    refused = browser.post(path, data=typed, files={"after_file": ("b.jpg", b"%PDF-1.4")})
    assert refused.status_code == 422 and 'id="after-error"' in refused.text
    preview = browser.post(path, data=typed, files={"after_file": ("b.jpg", picture("green"))})
    assert preview.status_code == 200 and "办理前" in preview.text and "办理后" in preview.text
    kept = re.search(r'type="hidden" name="after" value="([0-9a-f]{64})"', preview.text)
    assert kept is not None and kept[1] != sent[1]
    # Back to the form and on again, nothing of it is lost.
    again = browser.post(path, data={**typed, "after": kept[1], "step": "edit"})
    assert len(re.findall(r'type="checkbox" name="\w+" value="\w+" checked', again.text)) == 2
    published = browser.post(path, data={**typed, "after": kept[1], "step": "publish"})
    assert went_through(published), published.text
    until(lambda: httpx2.get(f"{hub.url}/notices/{number}/").status_code == 200)
    client = hub.client("office")
    steps = client.get(f"/api/v1/matters/{number}").json()["steps"]
    assert {"before": [sent[1]], "after": [kept[1]]}.items() <= _last(
        steps, "matter.published"
    ).items()
    withdrawn = client.post(f"/api/v1/matters/{number}/withdraw", json={"reason": "照片里有人脸"})
    assert withdrawn.status_code == 200
    until(lambda: httpx2.get(f"{hub.url}/notices/{number}/").status_code == 404)
    assert pictures_of(hub, number) == set()


def _last(steps: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    step = [one for one in steps if one["type"] == kind][-1]
    return {**step, **step.get("data", {})}


def test_without_consent_no_picture_is_taken(hub: Hub) -> None:
    receipt = with_photo(hub, picture("navy"))
    answered(hub, receipt["number"])
    browser = hub.browser_of("office")
    before = kept_in(hub)
    token = form_token(browser.get(f"/console/matters/{receipt['number']}").text)
    refused = browser.post(
        f"/console/matters/{receipt['number']}/publish",
        data={"form_token": token, "title": "题", "text": "文", "step": "preview"},
        files={"after_file": ("b.jpg", picture("gold"))},
    )
    assert refused.status_code == 409 and kept_in(hub) == before


@pytest.mark.parametrize(
    "wrong", [["zz"], "x" * 64, [1], {"a": 1}, ["0" * 63], [f"{n:064x}" for n in range(7)]]
)
def test_what_is_no_picture_is_refused(hub: Hub, wrong: Any) -> None:
    receipt = hub.raise_matter("路灯不亮", publish="yes", station=STATION)
    answered(hub, receipt["number"])
    client = hub.client("office")
    refused = client.post(
        f"/api/v1/matters/{receipt['number']}/publish",
        json={"title": "题", "text": "文", "after": wrong},
    )
    assert refused.status_code == 422
    assert [one["field"] for one in refused.json()["errors"]] == ["after"]


def test_erasing_the_words_takes_the_photos_that_no_other_names(own_hub: Hub) -> None:
    hub = own_hub
    hub.start()
    shared, alone = picture("red"), picture("blue")
    first, second = with_photo(hub, shared), with_photo(hub, alone, publish="yes")
    third = with_photo(hub, shared, text="还是那段护栏")
    answered(hub, second["number"])
    client, browser = hub.client("office"), hub.browser_of("office")
    (blue,) = [one["sha256"] for one in second["photos"]]
    (red,) = [one["sha256"] for one in first["photos"]]
    published = client.post(
        f"/api/v1/matters/{second['number']}/publish",
        json={"title": "修护栏", "text": "修好了", "before": [blue]},
    )
    assert published.status_code == 200, published.text
    assert {red, blue} <= kept_in(hub)
    for receipt in (first, second):
        path = f"/api/v1/matters/{receipt['number']}/erase"
        done = client.post(path, json={"what": "words", "reason": "本人要求"})
        assert done.status_code == 200, done.text
    # The third has the same photo as the first: it stays.
    until(lambda: blue not in kept_in(hub))
    assert red in kept_in(hub)
    assert browser.get(f"/console/matters/{second['number']}/photos/{blue}").status_code == 404
    assert "照片已删除" in browser.get(f"/console/matters/{second['number']}").text
    until(lambda: httpx2.get(f"{hub.url}/notices/{second['number']}/").status_code == 404)
    assert "photos" not in hub.follow(second)
    done = client.post(
        f"/api/v1/matters/{third['number']}/erase", json={"what": "words", "reason": "本人要求"}
    )
    assert done.status_code == 200
    until(lambda: red not in kept_in(hub))
    # Sent again it is a new photo, in a place of its own.
    again = with_photo(hub, alone, text="又断了")
    assert again["photos"][0]["safety"] == "durable" and blue in kept_in(hub)
    hub.stop()
    # What an older copy brings back goes at the next start; what others name stays.
    body = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(body, "JPEG")
    with closing(sqlite3.connect(hub.data / "attachments.db")) as database, database:
        database.execute(
            "INSERT INTO photos(sha256, media_type, body) VALUES (?,?,?)",
            (red, "image/jpeg", body.getvalue()),
        )
    hub.start()
    assert red not in kept_in(hub) and blue in kept_in(hub)
