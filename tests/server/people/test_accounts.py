"""Who may sign in: one-time passwords, wrong ones, forged forms, and every page of the console."""

import httpx2
import pytest

from tests.hub import Hub, form_token, huiyin

pytestmark = pytest.mark.litestream


def test_a_one_time_password_must_be_replaced_before_anything_else(hub: Hub) -> None:
    password = huiyin(
        "users", "add", "王主任", "--role", "office", "--data", hub.data
    ).stdout.strip()
    with httpx2.Client(base_url=hub.url, follow_redirects=True) as client:
        client.post("/console/sign-in", data={"name": "王主任", "password": password})
        page = client.get("/console/")
        assert page.url.path == "/console/password"
        token = form_token(page.text)
        for wrong in (
            {"old": "no", "new": "new-password-1", "again": "new-password-1"},
            {"old": password, "new": "short", "again": "short"},
            {"old": password, "new": "new-password-1", "again": "new-password-2"},
            {"old": password, "new": password, "again": password},
        ):
            answer = client.post("/console/password", data={**wrong, "form_token": token})
            assert answer.status_code == 422, answer.text
        right = {"old": password, "new": "new-password-1", "again": "new-password-1"}
        answer = client.post("/console/password", data={**right, "form_token": token})
        assert answer.status_code == 200 and answer.url.path == "/console/waiting"
    with httpx2.Client(base_url=hub.url) as client:
        old = client.post("/console/sign-in", data={"name": "王主任", "password": password})
        assert old.status_code == 401
        new = {"name": "王主任", "password": "new-password-1"}
        assert client.post("/console/sign-in", data=new).status_code == 303


def test_a_name_is_the_same_however_it_is_spaced(hub: Hub) -> None:
    added = huiyin("users", "add", "李\u3000禾\u200b", "--role", "office", "--data", hub.data)
    password = added.stdout.strip()
    with httpx2.Client(base_url=hub.url) as client:
        for name in ("李禾", "李 禾", "\ufeff李\u3000禾\n"):
            signed_in = client.post("/console/sign-in", data={"name": name, "password": password})
            assert signed_in.status_code == 303, name
    for again in ("李禾", "李 禾"):
        done = huiyin("users", "add", again, "--role", "office", "--data", hub.data, check=False)
        assert done.returncode != 0 and "Traceback" not in done.stderr
    done = huiyin("users", "add", "\u200b", "--role", "office", "--data", hub.data, check=False)
    assert done.returncode != 0 and "Traceback" not in done.stderr


def test_a_name_is_given_once_and_an_account_needs_its_place(hub: Hub) -> None:
    for arguments in (
        ("office", "--role", "office"),
        ("someone", "--role", "liaison"),
        ("someone", "--role", "liaison", "--station", "no-such"),
        ("someone", "--role", "unit"),
        ("someone", "--role", "emperor"),
    ):
        done = huiyin("users", "add", *arguments, "--data", hub.data, check=False)
        assert done.returncode != 0 and "Traceback" not in done.stderr, arguments


def test_after_five_wrong_passwords_a_name_has_to_wait(hub: Hub) -> None:
    wrong = {"name": "nobody-of-that-name", "password": "guess"}
    codes = [httpx2.post(hub.url + "/console/sign-in", data=wrong).status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]
    assert hub.sign_in("office").get("/console/").status_code == 200


@pytest.mark.parametrize("token", ["", "forged"])
def test_a_form_that_the_session_did_not_make_does_nothing(hub: Hub, token: str) -> None:
    receipt = hub.raise_matter("伪造表单")
    number = receipt["number"]
    browser = hub.browser_of("office")
    answer = browser.post(
        f"/console/matters/{number}/adopt", data={"title": "改了", "form_token": token}
    )
    assert answer.status_code == 403
    assert hub.follow(receipt)["state"] == "received"


def test_a_cookie_is_no_token_and_a_token_no_cookie(hub: Hub) -> None:
    browser = hub.browser_of("office")
    assert browser.get("/api/v1/matters").status_code == 401
    posted = browser.post("/matters", data={"text": "冒名", "channel": "visit"})
    assert posted.status_code == 422
    answer = hub.client("office").get("/console/")
    assert answer.status_code == 303 and answer.headers["location"].endswith("console/sign-in")


@pytest.mark.parametrize("role", ["office", "liaison", "deputy", "unit", "admin"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_the_console_opens_for_whom_it_is(hub: Hub, role: str, language: str) -> None:
    hub.raise_matter("给每个人看", station="shiweng", area="990102100001")
    browser = hub.browser_of(role)
    mine = {
        "office": ("", "enter", "ledger", "imports", "system"),
        "admin": ("", "ledger", "imports", "system"),
        "liaison": ("", "enter", "ledger"),
        "deputy": ("", "enter", "ledger"),
        "unit": ("", "ledger"),
    }[role]
    for path in ("", "enter", "ledger", "imports", "system", "password"):
        answer = browser.get(f"/console/{path}", params={"lang": language})
        expected = 200 if path in (*mine, "password") else 403
        assert answer.status_code == expected, (path, answer.text)
        assert f'<html lang="{"en" if language == "en" else "zh"}' in answer.text
    for query in ("state=received", "overdue=1", "q=看", "flagged=1", "cursor=1.2", "since=x"):
        answer = browser.get(f"/console/?{query}")
        assert answer.status_code == (422 if query == "since=x" else 200), query


@pytest.mark.req("L08", "X07")
def test_staff_enter_a_visit_for_the_person(hub: Hub) -> None:
    browser = hub.browser_of("liaison")
    page = browser.get("/console/enter").text
    fields = {
        "form_token": form_token(page),
        "text": "来访:灌溉机井没电",
        "channel": "visit",
        "name": "赵大娘",
        "phone": "13900000009",
    }
    empty = browser.post("/console/enter", data={**fields, "text": ""})
    assert empty.status_code == 422 and "赵大娘" in empty.text
    done = browser.post("/console/enter", data=fields)
    assert done.status_code == 200 and "taken=" in str(done.url)
    number = done.url.params["taken"]
    matter = hub.client("office").get(f"/api/v1/matters/{number}").json()
    assert (matter["channel"], matter["text"]) == ("visit", "来访:灌溉机井没电")
    slip = browser.post("/console/enter", data={**fields, "text": "再来一件", "then": "slip"})
    assert slip.status_code == 200 and "/slip" in slip.url.path and "<path" in slip.text
