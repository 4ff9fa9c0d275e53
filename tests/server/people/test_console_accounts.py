"""Accounts in the console: added, given new passwords, switched off and on by an administrator."""

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx2
import pytest

from server.data_folder import open_log, prepare_folder
from server.folder.settings import Settings
from tests.hub import Hub, form_token

pytestmark = pytest.mark.litestream


def secret_of(page: str) -> str:
    """Return the one-time password that a page shows."""
    found = re.search(r'class="secret"><strong>([^<]+)<', page)
    assert found is not None, page
    return found[1]


def act_on(browser: httpx2.Client, name: str, act: str) -> httpx2.Response:
    """Post one of the acts for the account of a name, by the id that the list or log gives it."""
    page = browser.get("/console/accounts").text
    data = {"form_token": form_token(page)}
    return browser.post(f"/console/accounts/{identity_of(page, name)}/{act}", data=data)


def add(browser: httpx2.Client, **fields: str) -> httpx2.Response:
    """Add an account by the form."""
    data = {"form_token": form_token(browser.get("/console/accounts").text), **fields}
    return browser.post("/console/accounts", data=data)


@contextmanager
def signed_in(hub: Hub, name: str, password: str, own: str = "") -> Iterator[httpx2.Client]:
    """Yield a browser of a person, whose one-time password is replaced by `own`."""
    with httpx2.Client(base_url=hub.url, follow_redirects=True, timeout=30) as client:
        yield enter(client, name, password, own)


def enter(client: httpx2.Client, name: str, password: str, own: str = "") -> httpx2.Client:
    """Sign a browser in, and return it."""
    page = client.post("/console/sign-in", data={"name": name, "password": password})
    assert page.status_code == 200, page.text
    if own:
        words: Mapping[str, str] = {"old": password, "new": own, "again": own}
        page = client.post("/console/password", data={**words, "form_token": form_token(page.text)})
        assert page.url.path in ("/console/", "/console/waiting"), page.text
    return client


@pytest.mark.parametrize("role", ["office", "liaison", "deputy", "unit", "admin"])
def test_accounts_are_for_the_administrator(hub: Hub, role: str) -> None:
    browser = hub.browser_of(role)
    expected = 200 if role == "admin" else 403
    for language in ("en", "zh"):
        answer = browser.get("/console/accounts", params={"lang": language})
        assert answer.status_code == expected
    assert ("console/accounts" in browser.get("/console/").text) is (role == "admin")
    if role != "admin":
        data = {"form_token": form_token(browser.get("/console/password").text)}
        new = {**data, "name": f"from-{role}", "role": "admin"}
        assert browser.post("/console/accounts", data=new).status_code == 403
        assert browser.post("/console/accounts/abc/off", data=data).status_code == 403
        assert f"from-{role}" not in hub.browser_of("admin").get("/console/accounts").text


def test_an_account_is_added_and_its_password_shown_once(hub: Hub) -> None:
    admin = hub.browser_of("admin")
    page = add(admin, name="李联络", role="liaison", station="shiweng")
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    password = secret_of(page.text)
    again = admin.get("/console/accounts").text
    assert password not in again and "李联络" in again
    with signed_in(hub, "李联络", password, own="own-password-1") as person:
        assert person.get("/console/enter").status_code == 200
        assert person.get("/console/accounts").status_code == 403


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "", "role": "office"}, "name"),
        ({"name": "字" * 101, "role": "office"}, "name"),
        ({"name": "office", "role": "office"}, "name"),
        ({"name": "某人", "role": ""}, "role"),
        ({"name": "某人", "role": "villager"}, "role"),
        ({"name": "某人", "role": "liaison"}, "station"),
        ({"name": "某人", "role": "liaison", "station": "no-such"}, "station"),
        ({"name": "某人", "role": "unit", "station": "shiweng"}, "unit"),
        ({"name": "某人", "role": "admin", "unit": "agriculture"}, "unit"),
        ({"name": "某人", "role": "deputy", "deputy": "<b>"}, "deputy"),
        ({"name": "某人", "role": "office", "area": "123"}, "area"),
    ],
)
def test_a_bad_account_is_told_at_its_field(hub: Hub, fields: dict[str, str], field: str) -> None:
    admin = hub.browser_of("admin")
    answer = add(admin, **fields)
    assert answer.status_code == 422 and f'id="{field}-error"' in answer.text
    if fields["name"] == "某人":
        assert 'value="某人"' in answer.text
    assert "某人</td>" not in admin.get("/console/accounts").text


def test_a_new_one_time_password_ends_the_old_one_and_the_sessions(hub: Hub) -> None:
    admin = hub.browser_of("admin")
    first = secret_of(add(admin, name="忘密码的人", role="office").text)
    with signed_in(hub, "忘密码的人", first, own="own-password-2") as person:
        page = act_on(admin, "忘密码的人", "password")
        assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
        assert person.get("/console/").url.path == "/console/sign-in"
    wrong = {"name": "忘密码的人", "password": "own-password-2"}
    assert httpx2.post(hub.url + "/console/sign-in", data=wrong).status_code == 401
    with signed_in(hub, "忘密码的人", secret_of(page.text)) as person:
        assert person.get("/console/").url.path == "/console/password"


def test_switched_off_means_at_once_and_on_again_with_the_old_password(hub: Hub) -> None:
    admin = hub.browser_of("admin")
    first = secret_of(add(admin, name="离岗的人", role="office").text)
    sign_in = {"name": "离岗的人", "password": "own-password-3"}
    with signed_in(hub, "离岗的人", first, own="own-password-3") as person:
        assert act_on(admin, "离岗的人", "off").status_code == 200
        assert person.get("/console/").url.path == "/console/sign-in"
        assert httpx2.post(hub.url + "/console/sign-in", data=sign_in).status_code == 401
        assert act_on(admin, "离岗的人", "on").status_code == 200
        assert person.get("/console/").url.path == "/console/sign-in"
        assert httpx2.post(hub.url + "/console/sign-in", data=sign_in).status_code == 303


def test_a_program_that_is_switched_off_has_no_token_any_more(own_hub: Hub) -> None:
    own_hub.start()
    program = own_hub.client("office")
    assert program.get("/api/v1/matters").status_code == 200
    admin = own_hub.browser_of("admin")
    assert act_on(admin, "token-0-office", "password").status_code == 404
    act_on(admin, "token-0-office", "off")
    assert program.get("/api/v1/matters").status_code == 401
    act_on(admin, "token-0-office", "on")
    assert program.get("/api/v1/matters").status_code == 401
    assert act_on(admin, "liaison", "no-such-act").status_code == 404
    own_hub.stop()
    settings = Settings(data=own_hub.data)
    log = open_log(own_hub.data, prepare_folder(settings))
    with log.reading() as connection:
        rows = connection.execute(
            "SELECT type, body FROM events WHERE type LIKE 'account.%' ORDER BY position"
        ).fetchall()
    log.stop()
    acts = [row[0] for row in rows][-2:]
    assert acts == ["account.switched_off", "account.switched_on"]
    assert all(b"admin:" in row[1] and b"token-0" not in row[1] for row in rows[-2:])


def identity_of(page: str, name: str) -> str:
    """Return the id of an account that the list offers to switch off or on."""
    part = page[page.index(f'<td role="cell" class="title">{name}') :]
    found = re.search(r"console/accounts/([0-9a-f]+)/", part[: part.index("</tr>")])
    assert found is not None, part
    return found[1]


def test_nobody_switches_off_themselves_and_an_administrator_always_stays(own_hub: Hub) -> None:
    own_hub.start()
    first = own_hub.browser_of("admin")
    page = add(first, name="第二管理员", role="admin")
    with signed_in(own_hub, "第二管理员", secret_of(page.text), own="own-password-4") as second:
        pages = [browser.get("/console/accounts").text for browser in (first, second)]
        of_second = identity_of(pages[0], "第二管理员")
        of_first = identity_of(pages[1], "admin")
        tokens = [form_token(one) for one in pages]
        own = first.post(f"/console/accounts/{of_first}/off", data={"form_token": tokens[0]})
        assert own.status_code == 409 and "自己" in own.text
        # Each switches the other off at once: whoever comes second is nobody any more.
        with ThreadPoolExecutor(2) as pool:
            answers = [
                pool.submit(
                    browser.post,
                    f"/console/accounts/{other}/off",
                    data={"form_token": token},
                )
                for browser, other, token in (
                    (first, of_second, tokens[0]),
                    (second, of_first, tokens[1]),
                )
            ]
            assert all(one.result().status_code in (200, 403) for one in answers)
        left = [
            browser
            for browser in (first, second)
            if browser.get("/console/accounts").url.path == "/console/accounts"
        ]
        assert len(left) == 1
