"""Bad commands: each is refused with clear words in both languages, and nothing typed is lost."""

import html
from typing import Any

import pytest

from tests.hub import Hub, form_token
from tests.server.desks.test_dispatching import today
from tests.server.walk import Walk, problem

pytestmark = pytest.mark.litestream


@pytest.fixture
def walk(hub: Hub) -> Walk:
    """A matter that its unit has in hand, with another unit assisting."""
    return in_hand(hub)


@pytest.fixture(scope="module")
def still(hub: Hub) -> Walk:
    """Such a matter for the tests that change nothing; each leaves it with its four steps."""
    return in_hand(hub)


def in_hand(hub: Hub) -> Walk:
    """Return a matter that its unit has in hand."""
    one = Walk(hub, "坏输入也不能丢字。")
    one.act("office", "adopt", title="坏输入")
    one.act("office", "assign", lead=one.unit_id, assisting=[one.other_unit])
    one.act("unit", "accept", handler="老周")
    return one


def attempts(hub: Hub, number: str, language: str = "") -> str:
    """Return the office's page of a matter, as text."""
    page = hub.browser_of("office").get(f"/console/matters/{number}", params={"lang": language})
    assert page.status_code == 200
    return html.unescape(page.text)


def test_two_people_act_on_one_matter_and_both_edits_are_kept(hub: Hub, walk: Walk) -> None:
    version = walk.matter["version"]
    walk.act("unit", "progress", text="先到的：材料进场")
    for seen, text in ((version, "后到的：办好了，见照片"), (99, "从没有过的版本"), (-1, "负数")):
        answer = walk.clients["unit"].post(
            f"/api/v1/matters/{walk.number}/reply",
            json={"seen": seen, "text": text, "result": "A"},
        )
        assert problem(answer, 409)["code"] == "stale"
    assert walk.look("unit")["state"] == "in_hand"
    page = attempts(hub, walk.number)
    for words in ("先到的：材料进场", "后到的：办好了，见照片", "从没有过的版本", "别人先办了"):
        assert words in page, words
    assert "后到的" not in walk.villager_reads()
    # Others see the matter, but not what somebody tried.
    assert "后到的" not in hub.browser_of("liaison").get(f"/console/matters/{walk.number}").text


def test_a_stale_form_in_the_console_comes_back_with_every_word(hub: Hub, walk: Walk) -> None:
    unit = hub.browser_of("unit")
    page = unit.get(f"/console/matters/{walk.number}").text
    walk.act("office", "press", text="请抓紧")
    fields = {
        "form_token": form_token(page),
        "seen": str(walk.matter["version"] - 1),
        "text": "写了一下午的答复 <b>&amp;",
        "result": "B",
    }
    answer = unit.post(f"/console/matters/{walk.number}/reply", data=fields)
    assert answer.status_code == 409
    shown = html.unescape(answer.text)
    assert "写了一下午的答复 <b>&amp;" in shown and "<b>&amp;" not in answer.text.split("<form")[0]
    assert 'value="B" checked' in answer.text.replace('id="reply-result" ', "")
    assert "别人已经办过这件事了" in shown
    assert "写了一下午的答复" in attempts(hub, walk.number)
    # The page that came back is of the matter as it stands: sent again, it goes through.
    again = {**fields, "form_token": form_token(answer.text), "seen": str(walk.matter["version"])}
    assert unit.post(f"/console/matters/{walk.number}/reply", data=again).status_code == 200
    assert walk.look()["state"] == "replied"


def test_from_the_wrong_state_it_is_told_and_the_words_are_kept(hub: Hub, still: Walk) -> None:
    tried: list[tuple[str, str, dict[str, Any], list[str]]] = [
        ("office", "split", {"texts": ["拆一：路灯", "拆二：水管"]}, ["拆一：路灯", "拆二：水管"]),
        ("office", "adopt", {"title": "又来定单", "grade": "urgent"}, ["又来定单"]),
        ("office", "refer", {"to": "市里", "reason": "归市里"}, ["市里", "归市里"]),
        ("liaison", "answer", {"text": "站上答了"}, ["站上答了"]),
        ("office", "close", {"text": "想提前办结"}, ["想提前办结"]),
    ]
    for role, command, fields, _ in tried:
        found = problem(still.try_to(role, command, **fields), 409)
        assert found["code"] == "not-from-this-state", command
        assert "办理中" in found["message_zh"] and "In hand" in found["message_en"]
    page = attempts(hub, still.number)
    for _, command, _, words in tried:
        assert all(one in page for one in words), command
    assert len(still.look()["steps"]) == 4


def test_what_was_divided_in_vain_is_kept_line_by_line(hub: Hub, walk: Walk) -> None:
    parts = [{"unit": walk.other_unit, "task": "迁一迁水管", "until": str(today(9))}]
    walk.act("unit", "reply", text="已经办好。", result="A")
    answer = walk.try_to("unit", "divide", parts=parts)
    assert problem(answer, 409)["code"] == "not-from-this-state"
    unit = hub.browser_of("unit")
    token = form_token(unit.get(f"/console/matters/{walk.number}").text)
    sent = unit.post(
        f"/console/matters/{walk.number}/divide",
        data={"form_token": token, "parts-0-unit": walk.other_unit, "parts-0-task": "再迁一次"},
    )
    assert sent.status_code == 409 and "再迁一次" in sent.text
    page = attempts(hub, walk.number)
    assert "迁一迁水管" in page and "再迁一次" in page


def test_the_wrong_role_unit_or_place(hub: Hub, still: Walk) -> None:
    units = still.clients["office"].get("/api/v1/units").json()["units"]
    third = next(one["id"] for one in units if one["id"] not in (still.unit_id, still.other_unit))
    still.clients["stranger"] = hub.client("unit", unit=third)
    still.clients["far"] = hub.client("liaison", station="yunduo")
    still.clients["admin"] = hub.client("admin")
    tried: list[tuple[str, str, dict[str, Any]]] = [
        ("liaison", "assign", {"lead": still.unit_id}),
        ("unit", "close", {"text": "自己办结"}),
        ("assisting", "reply", {"text": "协办代答", "result": "A"}),
        ("assisting", "ask-extension", {"until": str(today(99)), "reason": "等"}),
        ("deputy", "decide", {"text": "我定", "outcome": "我"}),
        ("unit", "grant-extension", {"granted": "yes", "reason": "自己批"}),
        ("stranger", "progress", {"text": "别的单位"}),
        ("far", "ask", {"text": "别的站"}),
        ("admin", "close", {"text": "管理员办结"}),
    ]
    for role, command, fields in tried:
        answer = still.try_to(role, command, **fields)
        assert problem(answer, 403)["code"] == "not-this-role", (role, command)
    nobody = hub.client("office").post(
        f"/api/v1/matters/{still.number}/close",
        json={"text": "冒充"},
        headers={"Authorization": "Bearer none"},
    )
    assert problem(nobody, 401)
    assert len(still.look()["steps"]) == 4


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2020-01-01", "past"),
        ("9999-12-31", "too-far"),
        ("0000-00-00", "bad-day"),
        ("2027-02-30", "bad-day"),
        ("后天", "bad-day"),
        ("-1", "bad-day"),
        ("1e9", "bad-day"),
        ("99999-01-01", "bad-day"),
    ],
)
def test_days_that_cannot_be(still: Walk, day: str, code: str) -> None:
    for role, command, fields in (
        ("unit", "ask-extension", {"reason": "等"}),
        ("deputy", "press", {"text": "快"}),
        ("deputy", "inspect", {"found": "一", "problem": "二", "next": "三"}),
    ):
        found = problem(still.try_to(role, command, **fields, until=day), 422)
        assert (found["field"], found["code"]) == ("until", code), command
    parts = [{"unit": still.other_unit, "task": "迁", "until": day}]
    found = problem(still.try_to("unit", "divide", parts=parts), 422)
    assert (found["field"], found["code"]) == ("parts", code)


def test_limits_that_are_none(hub: Hub) -> None:
    walk = Walk(hub, "时限为零。")
    for limit in ("P0D", "0", "零天", "-5天", "P-1M", "P9999D", "一万年", "P1M" * 4, "NaN", "∞"):
        found = problem(walk.try_to("office", "assign", lead=walk.unit_id, limit=limit), 422)
        assert (found["field"], found["code"]) == ("limit", "bad-limit"), limit
    assert walk.look()["state"] == "received" and walk.matter["due_at"] is None


def test_ten_thousand_lines(hub: Hub, walk: Walk) -> None:
    lines = "\n".join(f"第{n}行" for n in range(10_000))
    found = problem(walk.try_to("unit", "reply", text=lines, result="A"), 422)
    assert found["code"] == "too-long" and str(len(lines)) in found["message"].replace(",", "")
    unit = hub.browser_of("unit")
    token = form_token(unit.get(f"/console/matters/{walk.number}").text)
    sent = unit.post(
        f"/console/matters/{walk.number}/reply",
        data={"form_token": token, "text": lines, "result": "A"},
    )
    assert sent.status_code == 422 and lines in sent.text.replace("\r\n", "\n")
    texts = [f"第{n}件" for n in range(10_000)]
    fresh = Walk(hub, "一万件并成一件。")
    assert problem(fresh.try_to("office", "split", texts=texts), 422)["code"] == "too-many"
    parts = [{"unit": walk.other_unit, "task": "x", "until": str(today(3))}] * 500
    assert problem(walk.try_to("unit", "divide", parts=parts), 422)["code"] == "too-many"
    units = [walk.other_unit] * 10_000
    assert fresh.act("office", "assign", lead=fresh.unit_id, assisting=units)["assisting"] == [
        walk.other_unit
    ]


@pytest.mark.parametrize(
    ("command", "fields", "field"),
    [
        ("reply", {"text": 5, "result": "A"}, "text"),
        ("reply", {"text": {"zh": "好"}, "result": "A"}, "text"),
        ("reply", {"text": "好", "result": ["A"]}, "result"),
        ("reply", {"text": "好", "result": "E"}, "result"),
        ("reply", {"text": "好", "result": True}, "result"),
        ("divide", {"parts": "x"}, "parts"),
        ("divide", {"parts": [1, 2]}, "parts"),
        ("divide", {"parts": [{"unit": 5, "task": "a", "until": "2027-01-01"}]}, "parts"),
        ("divide", {"parts": [{"unit": "nobody", "task": "a", "until": "2027-01-01"}]}, "parts"),
        ("divide", {"parts": [{"task": "没有单位"}]}, "parts"),
        ("divide", {"parts": []}, "parts"),
        ("progress", {"text": "好", "done": "perhaps"}, "done"),
        ("progress", {"text": None}, "text"),
        ("ask-extension", {"until": 20270101, "reason": "等"}, "until"),
        ("ask", {"text": "问" * 2001}, "text"),
        ("reply", {"text": "好", "result": "A", "seen": "昨天"}, "seen"),
        ("reply", {"text": "好", "result": "A", "seen": 1.5}, "seen"),
        ("reply", {"text": "好", "result": "A", "seen": [1]}, "seen"),
    ],
)
def test_fields_of_a_wrong_type_are_named(
    still: Walk, command: str, fields: dict[str, Any], field: str
) -> None:
    assert problem(still.try_to("unit", command, **fields), 422)["field"] == field
    assert still.look()["state"] == "in_hand" and len(still.matter["steps"]) == 4


def test_bodies_that_are_no_fields(walk: Walk) -> None:
    path = f"/api/v1/matters/{walk.number}/progress"
    unit = walk.clients["unit"]
    for content in (b"[]", b"null", b'"x"', b"{", b"\xff"):
        answer = unit.post(path, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422), (content, answer.text)
        problem(answer, answer.status_code)
    answer = unit.post(path, content=b"x", headers={"Content-Type": "text/csv"})
    assert problem(answer, 415)
    unknown = unit.post("/api/v1/matters/0000000000/progress", json={"text": "哪一件"})
    assert problem(unknown, 404)
    assert problem(unit.post(path.replace("progress", "burn"), json={}), 404)
    form = unit.post(path, data={"text": "表单也行", "seen": str(walk.matter["version"])})
    assert form.status_code == 200, form.text
