"""A console form whose session is gone is never carried out, and never loses a word."""

import html
import re

import httpx2
import pytest

from tests.hub import Hub, form_token, huiyin


def kept_of(page: str) -> str:
    """Return what the sign-in page carries."""
    match = re.search(r'name="kept" value="([^"]*)"', page)
    assert match is not None, page
    return html.unescape(match[1])


def test_a_strange_page_gets_no_further_than_an_unsent_form(hub: Hub) -> None:
    """Without the cookie, with a cookie and a wrong token: shown at most, never carried out."""
    number = hub.raise_matter("外站冒名")["number"]
    path = f"{hub.url}/console/matters/{number}/decline"
    typed = {"reason": "<b>外站</b>的话", "route": "-", "form_token": "forged"}
    first = httpx2.post(path, data=typed)
    assert first.status_code == 401 and "<b>外站" not in first.text
    assert first.headers["cache-control"] == "no-store"
    browser = hub.browser_of("office")
    again = browser.post(path, data=typed)
    assert again.status_code == 403 and "还没有提交" in again.text and "<b>外站" not in again.text
    name, password = hub.sign_ins()["office"]
    signed = httpx2.post(
        hub.url + "/console/sign-in",
        data={"name": name, "password": password, "kept": kept_of(first.text)},
    )
    assert signed.status_code == 200 and "还没有提交" in signed.text
    assert hub.client("office").get(f"/api/v1/matters/{number}").json()["state"] == "received"


@pytest.mark.parametrize(
    "kept",
    [
        '{"place": "//evil.example/x", "fields": {"text": "坏"}}',
        '{"place": "../m/1", "fields": {"text": "坏"}}',
        '{"place": "password", "fields": {"new": "坏"}}',
        '{"place": 5, "fields": {"text": "坏"}}',
        '{"place": "enter", "fields": [1]}',
        "[" * 100_000,
        "null",
    ],
)
def test_what_the_sign_in_page_carries_leads_nowhere_else(hub: Hub, kept: str) -> None:
    name, password = hub.sign_ins()["office"]
    answer = httpx2.post(
        hub.url + "/console/sign-in", data={"name": name, "password": password, "kept": kept}
    )
    assert answer.status_code == 303 and answer.headers["location"] == "../console/waiting"


def test_words_of_a_form_that_is_not_ones_own_are_shown_to_copy(hub: Hub) -> None:
    """Somebody else signs in at the same PC, who may not see the matter."""
    number = hub.raise_matter("别处的事", area="990102100001")["number"]
    lost = httpx2.post(f"{hub.url}/console/matters/{number}/adopt", data={"title": "写好的标题"})
    name, password = hub.sign_ins()["unit"]
    shown = httpx2.post(
        hub.url + "/console/sign-in",
        data={"name": name, "password": password, "kept": kept_of(lost.text)},
    )
    assert shown.status_code == 200 and "写好的标题" in shown.text
    assert "别处的事" not in shown.text and 'type="submit">提交' not in shown.text


@pytest.mark.parametrize(
    ("place", "field"), [("enter", "text"), ("market", "0-text"), ("publish", "title")]
)
def test_every_form_that_lost_its_session_comes_back_filled(
    hub: Hub, place: str, field: str
) -> None:
    if place == "publish":
        place = f"matters/{hub.raise_matter('要公开的事', publish='yes')['number']}/publish"
    lost = httpx2.post(f"{hub.url}/console/{place}", data={field: "我<写>的话", "step": "publish"})
    assert lost.status_code == 401
    name, password = hub.sign_ins()["office"]
    with httpx2.Client(base_url=hub.url) as client:
        back = client.post(
            "/console/sign-in",
            data={"name": name, "password": password, "kept": kept_of(lost.text)},
        )
        assert back.status_code == 200 and "还没有提交" in back.text
        assert f'name="{field}"' in back.text and "我&lt;写&gt;的话" in back.text
        # The page that came is a whole one: its form goes through the new session.
        draft = client.post(
            "/console/drafts/enter",
            data={"form_token": form_token(back.text), "text": "x", "discard": "yes"},
        )
        assert draft.status_code == 303


def test_words_wait_as_a_draft_for_one_who_must_change_the_password_first(hub: Hub) -> None:
    done = huiyin("users", "add", "新来的", "--role", "office", "--data", hub.data)
    found = re.search(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", done.stdout)
    assert found is not None, done.stdout
    lost = httpx2.post(f"{hub.url}/console/enter", data={"text": "交接班时写的"})
    with httpx2.Client(base_url=hub.url, follow_redirects=True) as client:
        page = client.post(
            "/console/sign-in",
            data={"name": "新来的", "password": found[0], "kept": kept_of(lost.text)},
        )
        assert str(page.url).endswith("/console/password")
        new = {"old": found[0], "new": "一个新的密码,够长", "again": "一个新的密码,够长"}
        client.post("/console/password", data={**new, "form_token": form_token(page.text)})
        assert "交接班时写的" in client.get("/console/enter").text


def test_a_password_is_never_carried_along(hub: Hub) -> None:
    answer = httpx2.post(hub.url + "/console/password", data={"old": "旧的旧的", "new": "新的新的"})
    assert answer.status_code == 303 and answer.headers["location"].endswith("console/sign-in")
