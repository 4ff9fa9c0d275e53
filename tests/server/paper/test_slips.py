"""The letterbox slip (征集单): printed, entered by its number, followed by its stub."""

import html
import re
import shutil
from pathlib import Path
from typing import Any

import httpx2
import pytest

from matters.actors import Actor
from matters.intake.intake import check_submission, raise_matter
from matters.intake.receipts import check_digit, key_of, new_number, read_number, slip_identity
from matters.known import Known
from matters.terms import Role
from server.data_folder import open_log, prepare_folder
from server.folder.settings import Settings
from tests.hub import Hub, form_token, huiyin
from tests.server.printed import Printed

pytestmark = pytest.mark.req("S07")

OFFICE = Actor(Role.OFFICE, "1")
JSON = {"Accept": "application/json"}


def print_slips(hub: Hub, folder: Path, count: int = 1) -> list[tuple[str, str]]:
    """Return (number, key) of slips, read off the codes on their stubs."""
    out = folder / "slips.pdf"
    huiyin(
        *("paper", "slips", "--data", hub.data, "--out", out),
        *("--station", "shuangqiu", "--count", str(count)),
    )
    found = Printed(out.read_bytes())
    codes = [one.text for page in range(found.pages) for one in found.codes(page + 1)]
    read = [re.search(r"/m/(\d{10})\?key=(\w{13})$", code) for code in codes]
    assert len(codes) == count
    return [(one[1], one[2]) for one in read if one is not None]


def enter(hub: Hub, slip: str, text: str, **fields: str) -> httpx2.Response:
    return hub.client("office").post(
        "/matters", data={"slip": slip, "text": text, **fields}, headers=JSON
    )


def follow(hub: Hub, number: str, key: str) -> httpx2.Response:
    return httpx2.get(f"{hub.url}/m/{number}", params={"key": key}, headers=JSON)


def matter(hub: Hub, number: str) -> dict[str, Any]:
    found: dict[str, Any] = hub.client("office").get(f"/api/v1/matters/{number}").json()
    return found


def test_a_slip_has_number_lines_boxes_and_a_stub(hub: Hub, tmp_path: Path) -> None:
    slips = print_slips(hub, tmp_path, 3)
    assert len({number for number, _ in slips}) == 3
    found = Printed((tmp_path / "slips.pdf").read_bytes())
    assert found.pages == 2 and found.size_mm == (210, 297) and all(found.embedded)
    for number, key in slips:
        assert read_number(number) == number
        assert found.text.count(number) == 2 and key in found.text
    for words in (
        *("□咨询", "□求助", "□投诉", "□举报", "□建议"),
        *("我同意承办单位看到我的电话", "我同意把改写后的文字公开", "未满14岁"),
        *("自己留着", "红色邮筒", "双楸镇人大代表联络站", "/track/", "事事有着落、件件有回音"),
    ):
        assert words in found.text, words


def test_the_stub_opens_the_matter_once_its_slip_is_entered(hub: Hub, tmp_path: Path) -> None:
    ((number, key),) = print_slips(hub, tmp_path)
    before = follow(hub, number, key)
    assert before.status_code == 404 and "还没有登记" in before.text
    wrong = follow(hub, number, "0" * 13)
    assert wrong.status_code == 404 and "还没有登记" not in wrong.text
    receipt = enter(hub, f"{number[:3]} {number[3:6]} {number[6:]}", "路灯三个月不亮")
    assert receipt.status_code == 201, receipt.text
    assert (receipt.json()["number"], receipt.json()["key"]) == (number, key)
    assert follow(hub, number, key).json()["state"] == "received"
    assert matter(hub, number)["channel"] == "letterbox"
    again = enter(hub, number, "路灯三个月不亮")
    assert again.status_code == 200 and again.json()["number"] == number


def test_a_slip_entered_twice_with_other_words_is_a_conflict_and_not_lost(
    hub: Hub, tmp_path: Path
) -> None:
    ((number, key),) = print_slips(hub, tmp_path)
    enter(hub, number, "第一次写的")
    other = enter(hub, number, "别人写的")
    assert other.status_code == 201 and other.json()["number"] != number
    assert follow(hub, number, key).json()["steps"][0]["text"] == "第一次写的"
    kept = other.json()["number"]
    page = hub.browser_of("office").get(f"/console/matters/{kept}").text
    assert "别人写的" in page and "存疑" in page
    again = enter(hub, number, "别人写的")
    assert again.status_code == 200 and again.json()["number"] == kept


def test_a_wrong_check_digit_is_refused_in_clear_words(hub: Hub) -> None:
    number = new_number()
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    for said in (wrong, "12", "abc"):
        answer = enter(hub, said, "写错了编号")
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["field"], error["code"]) == ("slip", "bad-number")
        assert "10 个数字" in error["message_zh"]


def test_a_number_of_another_matter_is_refused_in_clear_words(hub: Hub) -> None:
    taken = hub.raise_matter("网上来的事")["number"]
    answer = enter(hub, taken, "单子上的事")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("slip", "taken")
    assert "给新编号" in error["message_zh"]


def test_slips_are_for_staff(hub: Hub) -> None:
    answer = httpx2.post(
        hub.url + "/matters", data={"slip": new_number(), "text": "自己填编号"}, headers=JSON
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "staff-only"


def test_staff_type_the_number_at_the_console(hub: Hub, tmp_path: Path) -> None:
    ((number, key),) = print_slips(hub, tmp_path)
    liaison = hub.browser_of("liaison")

    def send(text: str, slip: str) -> str:
        page = liaison.get("/console/enter?channel=letterbox").text
        fields = {"form_token": form_token(page), "text": text, "slip": slip}
        answer = liaison.post("/console/enter", data={**fields, "channel": "letterbox"})
        return html.unescape(answer.text)

    assert "征集单编号" in liaison.get("/console/enter").text
    spoken = f"{number[:3]} {number[3:6]} {number[6:]}"
    done = send("邮筒里的单子", spoken)
    assert "已登记" in done and spoken in done and "早先" not in done
    assert follow(hub, number, key).status_code == 200
    assert "早先已经登记过" in send("又一张", number)
    refused = send("抄错的单子", number[:-1] + str((int(number[-1]) + 1) % 10))
    assert "抄错了一位" in refused and "抄错的单子" in refused


def test_a_slip_outlives_the_node_that_printed_it(hub: Hub, tmp_path: Path) -> None:
    """After a restore, or at a second node with the same kit, the receipt key is enough."""
    ((number, key),) = print_slips(hub, tmp_path)
    folder = tmp_path / "restored"
    folder.mkdir()
    shutil.copy(hub.data / "keys.json", folder)
    keys = prepare_folder(Settings(data=folder))
    log = open_log(folder, keys)
    try:
        submission = check_submission(
            {"slip": number, "text": "换了机器以后才开箱"}, Known(), staff=True
        )
        raised = log.write(
            lambda transaction: raise_matter(
                transaction, submission, actor=OFFICE, receipt_key=keys.receipt
            )
        ).result
    finally:
        log.stop()
    assert (raised.number, key_of(keys.receipt, raised.id)) == (number, key)


def test_nobody_without_the_key_can_tell_what_a_slip_opens() -> None:
    number = "123456789" + check_digit("123456789")
    one, other = slip_identity(b"a" * 32, number), slip_identity(b"b" * 32, number)
    assert one != other and one[6] >> 4 == 8 and one[8] >> 6 == 2
    assert key_of(b"a" * 32, one) != key_of(b"a" * 32, slip_identity(b"a" * 32, number[::-1]))
