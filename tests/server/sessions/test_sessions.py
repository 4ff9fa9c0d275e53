"""Face-to-face sessions through the interface and the console: asked, answered, promised, kept."""

import datetime
import re
from contextlib import closing
from typing import Any

import httpx2
import pytest

from deputies.sample import sample_deputies
from eventlog.database import connect
from eventlog.identifiers import uuid_text
from matters import store
from matters.actors import Actor
from matters.sample import sample_units
from matters.sessions import acts as session_acts
from matters.sessions import store as sessions_store
from matters.terms import Role
from server.county.county_registers import read_all
from server.registers.sample import sign_ins
from server.web.pages import environment
from tests.hub import Hub, form_token

pytestmark = pytest.mark.litestream
TODAY = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date()


def day(offset: int) -> str:
    """Return the day that many days from today, in Asia/Shanghai."""
    return (TODAY + datetime.timedelta(days=offset)).isoformat()


def opened(client: httpx2.Client, units: list[str], **fields: object) -> dict[str, Any]:
    """Open a session and return it."""
    given = {"kind": "face_to_face", "title": "柳堰村水渠面对面", "held_on": day(0), **fields}
    answer = client.post("/api/v1/sessions", json={"units": units, **given})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def act(client: httpx2.Client, session: dict[str, Any], name: str, **fields: object) -> Any:
    """Do something in a session, and return the session."""
    answer = client.post(f"/api/v1/sessions/{session['id']}/{name}", json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(client: httpx2.Client, session: dict[str, Any], name: str, **fields: object) -> Any:
    """Try something that is refused; return its status, and the fields and codes of its errors."""
    answer = client.post(f"/api/v1/sessions/{session['id']}/{name}", json=fields)
    return answer.status_code, [(one["field"], one["code"]) for one in answer.json()["errors"]]


def entries(session: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the entries of a type."""
    return [one for one in session["entries"] if one["type"] == f"session.{kind}"]


def bound(hub: Hub) -> tuple[str, str]:
    """Return the station and deputy of the sample's sign-ins."""
    places = {one.role: one.place.partition(" ")[0] for one in sign_ins(hub.data)}
    return places["liaison"], places["deputy"]


@pytest.mark.req("L25", "L27", "L24")
def test_a_question_leads_to_an_answer_a_promise_and_the_check_whether_it_was_kept(
    hub: Hub,
) -> None:
    station, deputy_id = bound(hub)
    unit_id = hub.unit_of_sample()
    office, unit = hub.client("office"), hub.client("unit", unit=unit_id)
    deputy = hub.client("deputy", deputy=deputy_id)
    number = hub.raise_matter("水渠年年堵,年年没人管。", station=station)["number"]
    session = opened(
        deputy, [unit_id], kind="director", station=station, held_on=day(-3), matters=[number]
    )
    assert session["deputies"] == [deputy_id] and session["matters"] == [number]

    session = act(
        deputy, session, "question", unit=unit_id, text="哪天能通水?", about=number, seen=0
    )
    question = entries(session, "question_put")[0]
    assert question["deputy"] == deputy_id and question["about"] == number
    assert question["by"].startswith("deputy:")

    # The unit speaks for itself, and what it says belongs to the matter that was asked about.
    session = act(
        unit, session, "answer", question=question["id"], person="水利局长", text="正在招标。"
    )
    session = act(
        unit,
        session,
        "promise",
        question=question["id"],
        text="三十天内通水",
        person="分管副县长,水渠专班",
        until=day(-1),
    )
    answer, promise = entries(session, "answer_given")[0], entries(session, "promise_made")[0]
    assert answer["about"] == promise["about"] == number
    assert answer["unit"] == promise["unit"] == unit_id
    assert answer["by"].startswith("unit:") and promise["words"]["person"].endswith("水渠专班")
    assert promise["until"] == f"{day(-1)}T23:59:59+08:00"
    assert promise["overdue"] and session["promises_overdue"] == 1

    def ids(client: httpx2.Client, **query: str) -> list[str]:
        answer = client.get("/api/v1/sessions", params=query)
        return [one["id"] for one in answer.json()["sessions"]]

    for client in (office, deputy, unit, hub.client("liaison", station=station)):
        assert session["id"] in ids(client, promises="overdue")
    # Found not kept, it is still owed; found kept, it is owed no more.
    session = act(deputy, session, "keep", promise=promise["id"], kept="no", text="渠里还没有水。")
    assert session["id"] in ids(office, promises="open")
    assert refused(unit, session, "keep", promise=promise["id"], kept="yes", text="好了")[0] == 403
    session = act(office, session, "close", text="水渠一事再看一次。")
    session = act(office, session, "keep", promise=promise["id"], kept="yes", text="已通水。")
    assert entries(session, "promise_made")[0]["kept"] == "yes"
    assert [one["kept"] for one in entries(session, "promise_kept")] == ["no", "yes"]
    assert session["id"] not in ids(office, promises="open")


@pytest.mark.req("L27")
def test_forty_suggestions_in_one_session_with_many_heads_and_deputies(hub: Hub) -> None:
    office = hub.client("office")
    units = sorted(one.id for one in sample_units())[:18]
    deputies = sorted(one.id for one in sample_deputies())[:40]
    numbers = [str(hub.raise_matter(f"第{n}条建议:修路。")["number"]) for n in range(40)]
    session = opened(office, units, deputies=deputies, matters=numbers)
    assert sorted(session["matters"]) == sorted(numbers)
    assert session["deputies"] == deputies and session["units"] == units
    for place, number in enumerate(numbers):
        unit = units[place % len(units)]
        given = {"deputy": deputies[place % len(deputies)], "text": "怎么办?", "about": number}
        session = act(office, session, "question", unit=unit, **given)
        question = entries(session, "question_put")[-1]["id"]
        session = act(office, session, "answer", question=question, person="局长", text="办。")
    assert {one["about"] for one in entries(session, "answer_given")} == set(numbers)
    assert (session["questions"], session["version"]) == (40, 80)


@pytest.mark.req("X03", "X17", "L20")
def test_research_finds_the_crux_and_an_inquiry_ends_with_a_vote(hub: Hub) -> None:
    office, unit_id = hub.client("office"), hub.unit_of_sample()
    number = str(hub.raise_matter("全县都喝不上干净水。")["number"])
    research = opened(office, [unit_id], kind="research", mode="special_item", matters=[number])
    research = act(office, research, "finding", text="症结:管网老化,无人维护。", about=number)
    assert entries(research, "finding_made")[0]["about"] == number

    inquiry = opened(office, [unit_id], kind="inquiry", mode="in_depth", title="年底满意度测评")
    inquiry = act(
        office,
        inquiry,
        "vote",
        topic="饮水建议办得怎么样",
        about=number,
        satisfied=21,
        basically="9",
        unsatisfied=3,
    )
    vote = entries(inquiry, "vote_held")[0]
    assert (vote["satisfied"], vote["basically"], vote["unsatisfied"], vote["n"]) == (21, 9, 3, 33)
    assert vote["words"]["topic"] == "饮水建议办得怎么样"
    nothing = {"topic": "没有人投票", "satisfied": 0, "basically": 0, "unsatisfied": 0}
    assert refused(office, inquiry, "vote", **nothing) == (422, [("satisfied", "nobody")])
    wrong = {**nothing, "satisfied": -1, "basically": "很多", "unsatisfied": 2.5}
    assert refused(office, inquiry, "vote", **wrong)[1] == [
        (name, "not-a-number") for name in ("satisfied", "basically", "unsatisfied")
    ]


def test_nobody_else_sees_or_acts_in_a_session(hub: Hub) -> None:
    station, deputy_id = bound(hub)
    unit_id, other = hub.unit_of_sample(), sorted(one.id for one in sample_units())[1]
    office = hub.client("office")
    mine = opened(office, [unit_id], station=station)
    elsewhere = opened(office, [other])
    for role, place in (("unit", {"unit": unit_id}), ("liaison", {"station": station})):
        client = hub.client(role, **place)
        listed = client.get("/api/v1/sessions").json()["sessions"]
        assert mine["id"] in [one["id"] for one in listed]
        assert elsewhere["id"] not in [one["id"] for one in listed]
        assert client.get(f"/api/v1/sessions/{mine['id']}").status_code == 200
        assert client.get(f"/api/v1/sessions/{elsewhere['id']}").status_code == 403
        assert client.post("/api/v1/sessions", json={}).status_code == 403
    unit, liaison = hub.client("unit", unit=unit_id), hub.client("liaison", station=station)
    put = {"unit": unit_id, "asker": "村民李某", "text": "什么时候修?"}
    assert refused(unit, mine, "question", **put)[0] == 403
    mine = act(liaison, mine, "question", **put)
    assert entries(mine, "question_put")[0]["by"].startswith("liaison:")
    assert refused(liaison, mine, "close")[0] == 403
    # A unit that says it is another still answers for itself.
    mine = act(unit, mine, "answer", unit=other, person="科长", text="下周。")
    assert entries(mine, "answer_given")[0]["unit"] == unit_id
    admin = hub.client("admin")
    assert admin.get("/api/v1/sessions").json()["sessions"] == []
    assert admin.get(f"/api/v1/sessions/{mine['id']}").status_code == 403
    assert hub.client("deputy", deputy=deputy_id).get(f"/api/v1/sessions/{elsewhere['id']}")
    assert httpx2.get(hub.url + "/api/v1/sessions").status_code == 401
    assert office.get("/api/v1/sessions/no-such").status_code == 404


def test_stale_closed_and_wrong_acts_are_refused_with_clear_words(hub: Hub) -> None:
    unit_id, office = hub.unit_of_sample(), hub.client("office")
    session = opened(office, [unit_id])
    put = {"unit": unit_id, "asker": "代表", "text": "问"}
    session = act(office, session, "question", seen=0, **put)
    assert refused(office, session, "question", seen=0, **put) == (409, [("", "stale")])
    other = sorted(one.id for one in sample_units())[1]
    assert refused(office, session, "question", **{**put, "unit": other}) == (
        422,
        [("unit", "not-here")],
    )
    assert refused(office, session, "question", unit=unit_id, text="问", about="123") == (
        422,
        [("about", "unknown")],
    )
    made = {"unit": unit_id, "text": "办到", "until": day(-1)}
    assert refused(office, session, "promise", **made) == (422, [("until", "past")])
    assert refused(office, session, "promise", **{**made, "until": "明天"}) == (
        422,
        [("until", "bad-day")],
    )
    missing = "0190f0e0-0000-7000-8000-000000000000"
    assert refused(office, session, "keep", promise=missing, kept="yes", text="好") == (
        422,
        [("promise", "unknown")],
    )
    act(office, session, "close")
    assert refused(office, session, "question", **put) == (409, [("", "session-closed")])
    assert refused(office, session, "close") == (409, [("", "session-closed")])
    bad = office.post("/api/v1/sessions", json={"kind": "party", "units": ["nobody"]})
    assert [(one["field"], one["code"]) for one in bad.json()["errors"]] == [
        ("kind", "unknown"),
        ("title", "required"),
        ("held_on", "required"),
        ("units", "unknown"),
    ]


def test_days_limits_and_names_are_read_as_a_clerk_writes_them(hub: Hub) -> None:
    unit, office = sample_units()[1], hub.client("office")
    said = f"{TODAY.month}月{TODAY.day}日"
    session = opened(office, [unit.name], held_on=said)
    assert (session["units"], session["held_on"]) == ([unit.id], day(0))
    session = act(office, session, "promise", unit=unit.name, text="通水", until="十天")
    soon = TODAY + datetime.timedelta(days=30)
    later = {"unit": unit.name, "text": "清淤", "until": f"{soon.month}月{soon.day}日"}
    browser = hub.browser_of("office")
    path = f"/console/sessions/{session['id']}"
    token = form_token(browser.get(path).text)
    done = browser.post(f"{path}/promise", data={"form_token": token, **later})
    assert done.status_code == 200, done.text
    session = office.get(f"/api/v1/sessions/{session['id']}").json()
    first, second = entries(session, "promise_made")
    assert (first["unit"], first["until"][:10]) == (unit.id, day(10))
    assert (second["unit"], second["until"][:10]) == (unit.id, day(30))


def test_an_entry_is_corrected_beside_what_was_written_and_its_words_can_be_erased(
    hub: Hub,
) -> None:
    unit_id, office = hub.unit_of_sample(), hub.client("office")
    session = opened(office, [unit_id])
    unit = hub.client("unit", unit=unit_id)
    session = act(unit, session, "answer", person="局长张某", text="月底通水")
    answer = entries(session, "answer_given")[0]
    session = act(
        unit, session, "correct", entry=answer["id"], text="下月底通水", reason="当场说错了"
    )
    answer = entries(session, "answer_given")[0]
    assert (answer["text"], answer["words"]["text"]) == ("下月底通水", "月底通水")
    session = act(office, session, "question", unit=unit_id, asker="代表", text="为什么?")
    question = entries(session, "question_put")[0]["id"]
    assert refused(unit, session, "correct", entry=question, text="不问", reason="改") == (
        422,
        [("entry", "not-yours")],
    )
    session = act(office, session, "erase", entry=answer["id"], reason="本人要求")
    answer = entries(session, "answer_given")[0]
    assert answer["erased"] and answer["words"] == {} and answer["text"] == ""
    assert "通水" not in office.get(f"/api/v1/sessions/{session['id']}").text


@pytest.mark.req("L25", "L27")
def test_the_minutes_are_kept_in_the_console_with_plain_forms(hub: Hub) -> None:
    station, _ = bound(hub)
    unit_id = hub.unit_of_sample()
    office, unit = hub.browser_of("office"), hub.browser_of("unit")
    page = office.get("/console/sessions/", params={"promises": "open"})
    assert page.status_code == 200
    page = office.get("/console/sessions/")
    assert page.status_code == 200
    assert 'href="../../console/sessions/new"' in page.text
    token = form_token(office.get("/console/sessions/new").text)
    typed = {"form_token": token, "kind": "face_to_face", "held_on": day(0), "units": unit_id}
    again = office.post("/console/sessions/new", data=typed)
    assert again.status_code == 422 and 'href="#new-title"' in again.text
    page = office.post(
        "/console/sessions/new", data={**typed, "title": "站点问政", "station": station}
    )
    assert page.status_code == 200
    path = page.url.path
    assert re.fullmatch(r"/console/sessions/[0-9a-f-]{36}", path)

    def send(client: httpx2.Client, name: str, **fields: str) -> httpx2.Response:
        shown = client.get(path).text
        seen = re.search(r'name="seen" value="(\d+)"', shown)
        assert seen is not None, shown
        given = {"form_token": form_token(shown), "seen": seen[1], **fields}
        return client.post(f"{path}/{name}", data=given)

    page = send(office, "question", unit=unit_id, asker="老王", text="<b>几时</b>修桥?")
    assert "&lt;b&gt;几时&lt;/b&gt;修桥?" in page.text
    link = re.search(r"\?act=answer&amp;for=([0-9a-f-]{36})#act-answer", unit.get(path).text)
    assert link is not None
    opened_form = unit.get(path, params={"act": "answer", "for": link[1]}).text
    assert f'<option value="{link[1]}" selected>' in opened_form
    assert '<details id="act-answer" open>' in opened_form
    assert "session.question_put" not in opened_form and "记一个提问" not in opened_form
    send(unit, "answer", question=link[1], person="局长", text="春节前修好。")
    page = send(unit, "promise", question=link[1], text="春节前修好桥", until=day(30))
    assert "春节前修好桥" in page.text and day(30) in page.text
    listed = unit.get("/console/sessions/", params={"promises": "open"}).text
    assert path.removeprefix("/") in listed and "还差 1 个" in listed
    stale = office.post(
        f"{path}/question",
        data={
            "form_token": form_token(office.get(path).text),
            "seen": "1",
            "unit": unit_id,
            "asker": "老王",
            "text": "这句话不能丢",
        },
    )
    assert stale.status_code == 409 and "这句话不能丢" in stale.text
    assert "Record a question" in office.get(path, params={"lang": "en"}).text
    hidden = hub.browser_of("admin")
    assert "console/sessions/" not in hidden.get("/console/").text
    assert hidden.get("/console/sessions/").status_code == 403


@pytest.mark.req("L27")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_matters_page_can_show_what_was_asked_of_it(hub: Hub, language: str) -> None:
    unit_id, office = hub.unit_of_sample(), hub.client("office")
    number = str(hub.raise_matter("桥塌了一角。")["number"])
    session = opened(office, [unit_id], matters=[number], title="问桥")
    put = {"unit": unit_id, "asker": "老王", "text": "几时<修>?", "about": number}
    session = act(office, session, "question", **put)
    made = {"unit": unit_id, "text": "春节前修好", "until": day(9), "about": number}
    act(office, session, "promise", **made)
    unit = Actor(Role.UNIT, "u", unit="nobody")
    with closing(connect(hub.data / "huiyin.db", read_only=True)) as connection:
        matter = store.by_number(connection, number)
        assert matter is not None
        notes = sessions_store.about(connection, matter.id)
        assert sessions_store.about(connection, matter.id, actor=unit) == []
        registers = read_all(connection)
    page = environment(language).get_template("console/session_notes.html")
    shown = page.render(
        notes=notes, S=session_acts, identify=uuid_text, registers=registers, root="", now_ms=0
    )
    assert "几时&lt;修&gt;?" in shown and "春节前修好" in shown and day(9) in shown
    assert f"console/sessions/{session['id']}" in shown
    assert ("by " + day(9) in shown) == (language == "en")


def test_the_interface_tells_of_every_act(hub: Hub) -> None:
    paths = httpx2.get(hub.url + "/api/v1/openapi.json").json()["paths"]
    assert set(paths["/api/v1/sessions"]) == {"get", "post"}
    for name in ("question", "answer", "promise", "keep", "finding", "vote", "correct", "close"):
        schema = paths[f"/api/v1/sessions/{{id}}/{name}"]["post"]["requestBody"]["content"]
        assert "seen" in schema["application/json"]["schema"]["properties"]
