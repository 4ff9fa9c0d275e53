"""Every door of the console, walked: no form gets in without a session and a token of its own."""

import re
from typing import Any

import httpx2
import pytest

from server.application import routes
from server.people.doors import ConsoleRoute, OpenRoute, UploadRoute
from tests.hub import Hub, form_token

JSON = {"accept": "application/json"}
FORMS = [
    route
    for route in routes()
    if route.path.startswith("/console/") and route.method not in ("GET", "HEAD")
]
SIGNED = [route.path for route in FORMS if isinstance(route, ConsoleRoute)]

UPLOADS = [route for route in FORMS if isinstance(route, UploadRoute)]


def address(hub: Hub, path: str) -> str:
    """Return an address of a route, its parts filled with something that is there nowhere."""
    return hub.url + re.sub(r"{\w+(:\w+)?}", "0", path)


def code(answer: httpx2.Response) -> str:
    """Return the first problem's code."""
    told: str = answer.json()["errors"][0]["code"]
    return told


def test_what_needs_nobody_signed_in_is_named_here() -> None:
    opened = [route.path for route in FORMS if isinstance(route, OpenRoute)]
    assert opened == ["/console/sign-in", "/console/sync/join"]
    assert len(SIGNED) + len(UPLOADS) + len(opened) == len(FORMS)


@pytest.mark.parametrize("path", SIGNED)
def test_no_form_gets_in_without_a_session_and_its_own_token(hub: Hub, path: str) -> None:
    url, typed = address(hub, path), {"reason": "外站", "form_token": "forged"}
    strange = httpx2.post(url, data=typed, headers=JSON)
    assert (strange.status_code, code(strange)) == (401, "not-signed-in")
    browser, other = hub.browser_of("admin"), hub.browser_of("office")
    theirs = form_token(other.get(hub.url + "/console/password").text)
    for token in ("", "forged", theirs):
        answer = browser.post(url, data={**typed, "form_token": token}, headers=JSON)
        assert (answer.status_code, code(answer)) == (403, "wrong-form-token")
    bare = browser.post(url, headers=JSON)
    assert (bare.status_code, code(bare)) == (403, "wrong-form-token")


@pytest.mark.parametrize("path", SIGNED)
def test_a_page_of_one_who_is_gone_leads_to_the_sign_in_page(hub: Hub, path: str) -> None:
    answer = httpx2.post(address(hub, path), data={})
    assert answer.status_code == 303 and answer.headers["location"].endswith("console/sign-in")


@pytest.mark.parametrize("route", UPLOADS, ids=lambda route: route.path)
def test_no_file_gets_in_without_a_session_and_its_own_token(
    hub: Hub, route: UploadRoute[Any]
) -> None:
    url, files = address(hub, route.path), {route.file_field: b"x"}
    assert httpx2.post(url, files=files).status_code == 303
    browser = hub.browser_of("admin")
    for token in ("", "forged"):
        answer = browser.post(url, files=files, data={"form_token": token}, headers=JSON)
        assert (answer.status_code, code(answer)) == (403, "wrong-form-token")


def test_the_joining_page_asks_a_stranger_at_a_hub_to_sign_in(hub: Hub) -> None:
    answer = httpx2.post(hub.url + "/console/sync/join", data={"code": "x"}, headers=JSON)
    assert (answer.status_code, code(answer)) == (401, "not-signed-in")
