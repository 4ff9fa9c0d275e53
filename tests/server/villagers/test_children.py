"""What is kept of somebody under 14 (docs/decisions/0013-children.md)."""

import sqlite3

import httpx2
import pytest

from tests.hub import Hub

pytestmark = pytest.mark.litestream

DETAILS = {"name": "小明", "phone": "13900000007", "share_phone": "yes", "publish": "yes"}


def page(hub: Hub, receipt: dict[str, str]) -> str:
    """Return the person's page."""
    address = f"{hub.url}/m/{receipt['number']}?key={receipt['key']}"
    return httpx2.get(address, timeout=30).text


def test_with_a_guardian_who_agrees_all_is_kept_and_erased_together(hub: Hub) -> None:
    receipt = hub.raise_matter(
        "校门口没有斑马线", under_14="yes", guardian="王大山", guardian_consent="yes", **DETAILS
    )
    path = f"/api/v1/matters/{receipt['number']}"
    office = hub.client("office")
    contact = office.get(f"{path}/contact").json()
    assert contact == {"name": "小明", "phone": "13900000007", "guardian": "王大山"}
    assert "没有保存" not in page(hub, receipt)
    seen = office.get(path).json()["version"]
    fields = {"what": "contact", "reason": "家长要求", "seen": seen}
    assert office.post(f"{path}/erase", json=fields).status_code == 200
    contact = office.get(f"{path}/contact").json()
    assert not any(contact.values())


def test_without_a_guardian_the_words_are_taken_and_nothing_else(hub: Hub) -> None:
    receipt = hub.raise_matter("操场的滑梯坏了", under_14="yes", guardian="王大山", **DETAILS)
    assert "操场的滑梯坏了" in page(hub, receipt) and "姓名和电话没有保存" in page(hub, receipt)
    office = hub.client("office")
    answer = office.get(f"/api/v1/matters/{receipt['number']}/contact")
    assert not any(answer.json().values())
    assert office.get(f"/api/v1/matters/{receipt['number']}").json()["has_contact"] is False
    console = hub.browser_of("office")
    shown = console.get(f"/console/matters/{receipt['number']}").text
    assert "没有监护人同意" in shown


def test_no_guardian_stands_in_an_event(hub: Hub) -> None:
    hub.raise_matter("路太窄", under_14="yes", guardian="欧阳守山", guardian_consent="yes")
    connection = sqlite3.connect(f"file:{hub.data}/huiyin.db?mode=ro", uri=True)
    try:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                assert not any("欧阳守山".encode() in told(cell) for cell in row), table
    finally:
        connection.close()


def told(cell: object) -> bytes:
    """Return a cell as bytes."""
    return cell if isinstance(cell, bytes) else str(cell).encode()


def test_staff_enter_for_a_child_with_the_guardian(hub: Hub) -> None:
    console = hub.browser_of("liaison")
    form = console.get("/console/enter").text
    assert 'name="guardian"' in form and 'name="guardian_consent"' in form
    assert '<option value="sms"' in form
