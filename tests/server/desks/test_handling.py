"""办单、督单、评单: somebody named, explained, inspected, rated; nothing ends without words."""

import html

import pytest

from tests.hub import Hub
from tests.server.desks.test_dispatching import today
from tests.server.walk import Walk, problem

pytestmark = pytest.mark.litestream


def dispatched(hub: Hub, text: str, **fields: str) -> Walk:
    """Return a matter that its unit has in hand."""
    walk = Walk(hub, text, **fields)
    walk.act("office", "adopt", title=text[:20])
    walk.act("office", "assign", lead=walk.unit_id)
    return walk


@pytest.mark.req("H09")
def test_every_matter_has_a_named_person(hub: Hub) -> None:
    walk = dispatched(hub, "信号灯坏了。")
    desk = hub.browser_of("unit").get(f"/console/matters/{walk.number}").text
    # The console insists on a name; a program that knows none is not turned away.
    assert 'name="handler" required' in desk and "承办人（姓名、电话）" in desk
    walk.act("unit", "accept", handler="赵科长 0000-5550413")
    for role in ("office", "deputy", "liaison", "unit"):
        assert "赵科长 0000-5550413" in str(walk.look(role)["steps"]), role
    page = hub.browser_of("office").get(f"/console/matters/{walk.number}").text
    assert "<dt>承办人</dt>" in page.replace("\n", "") and "赵科长 0000-5550413" in page
    # Who it is stays with the staff; the villager reads of the unit.
    assert "赵科长" not in walk.villager_reads()
    assert "赵科长" not in str(hub.follow(walk.receipt))


@pytest.mark.req("H27", "H29", "X16")
@pytest.mark.parametrize("result", ["C", "D"])
def test_what_cannot_be_solved_is_explained_and_the_deputy_rates_it(hub: Hub, result: str) -> None:
    walk = dispatched(hub, "请给每户发一台收割机。")
    assert problem(walk.try_to("unit", "reply", result=result), 422)["field"] == "text"
    assert problem(walk.try_to("unit", "reply", text="  ", result=result), 422)["field"] == "text"
    assert problem(walk.try_to("unit", "reply", text="办不到"), 422)["field"] == "result"
    why = "县里没有这笔钱；农机补贴可以申请三成，窗口在农技站。"
    walk.act("unit", "reply", text=why, result=result)
    seen = walk.look("deputy")
    assert seen["result"] == result and why in str(seen["steps"][-1]["words"])
    page = hub.browser_of("deputy").get(f"/console/matters/{walk.number}").text
    assert why in page
    walk.act("deputy", "report-back", text="和本人一条条讲了，本人说明白")
    assert (
        problem(
            walk.try_to(
                "deputy", "evaluate", reply_rating="satisfied", result_rating="unsatisfied"
            ),
            422,
        )["field"]
        == "comment"
    )
    matter = walk.act(
        "deputy",
        "evaluate",
        reply_rating="satisfied",
        result_rating="unsatisfied",
        comment="补贴窗口应当上门",
    )
    assert (matter["deputy_reply_rating"], matter["deputy_result_rating"]) == (
        "satisfied",
        "unsatisfied",
    )
    # The deputy's rating is the deputy's own: the person's stays theirs to give.
    assert (matter["reply_rating"], matter["result_rating"]) == ("", "")
    assert walk.rate("satisfied", "basically")["result_rating"] == "basically"
    assert "补贴窗口应当上门" not in walk.villager_reads()
    # Explained is answered, not settled: the ledger keeps the two apart.
    line = unit_line(walk)
    assert line["answered"] >= 1 and line["answered"] > line["settled"]


def unit_line(walk: Walk) -> dict[str, int]:
    """Return the ledger's line of the walk's unit."""
    ledger = walk.clients["office"].get("/api/v1/ledger", params={"by": "unit"}).json()
    found: dict[str, int] = next(one for one in ledger["lines"] if one["key"] == walk.unit_id)
    return found


@pytest.mark.req("L26", "X14", "H28")
def test_a_supervision_note_says_how_far_what_is_wrong_and_what_next(hub: Hub) -> None:
    walk = dispatched(hub, "水库放水不按点。")
    walk.act("unit", "accept", handler="孙站长")
    lacking = walk.try_to("deputy", "inspect", found="放了两次", next="下周再看")
    assert problem(lacking, 422)["field"] == "problem"
    assert problem(walk.try_to("liaison", "press", text="快"), 403)
    note = {"found": "放了两次", "problem": "没有通知下游", "next": "装喇叭"}
    past = walk.try_to("deputy", "inspect", **note, until=str(today(-1)))
    assert problem(past, 422)["code"] == "past"
    day = str(today(9))
    assert walk.act("deputy", "inspect", **note, until=day)["press_due_at"][:10] == day
    # The unit sees on its desk by which day it has to report, and answers in time.
    desk = hub.browser_of("unit").get(f"/console/matters/{walk.number}").text
    assert "没有通知下游" in desk and "前回应" in desk
    assert walk.act("unit", "progress", text="喇叭已装好")["press_due_at"] is None
    assert walk.act("deputy", "press", text="再报一次水位")["press_due_at"] is not None
    assert walk.act("office", "press", text="常委会也在等")["pressed"] == 2
    told = walk.villager_reads()
    for words in (*note.values(), "喇叭已装好", "再报一次水位"):
        assert words in told, words
    # All stand in the record, each with who said it and when.
    steps = [one["type"] for one in walk.look("liaison")["steps"]][3:]
    assert steps == [
        "matter.accepted",
        "matter.inspected",
        "matter.progressed",
        "matter.pressed",
        "matter.pressed",
    ]


@pytest.mark.req("L28", "L29", "H30", "X16")
def test_people_rate_by_a_slip_and_it_goes_round_until_an_answer_holds(hub: Hub) -> None:
    walk = dispatched(hub, "垃圾没人清。", name="钱奶奶", phone="13900000009")
    walk.act("unit", "reply", text="清了。", result="A")
    walk.act("deputy", "report-back", text="上门说了")
    rating = {"reply_rating": "satisfied", "result_rating": "unsatisfied"}
    said = {"comment": "第二天又堆起来", "said_by": "本人写在评单上"}
    assert problem(walk.try_to("unit", "rate", **rating, **said), 403)
    assert problem(walk.try_to("liaison", "rate", **rating, said_by="本人"), 422)["field"] == (
        "comment"
    )
    matter = walk.act("liaison", "rate", **rating, **said)
    assert (matter["reply_rating"], matter["result_rating"]) == ("satisfied", "unsatisfied")
    assert matter["desk"] == "explain"
    assert "本人写在评单上" in hub.browser_of("office").get(f"/console/matters/{walk.number}").text
    # Nobody may close it over their head, and the unit says why and until when.
    assert problem(walk.try_to("office", "close", text="办结"), 409)["code"] == "not-content"
    past = walk.try_to("unit", "explain", cause="人手不够", until=str(today(-1)))
    assert problem(past, 422)["code"] == "past"
    matter = walk.act("unit", "explain", cause="人手不够", until=str(today(5)))
    assert (matter["round"], matter["due_at"][:10]) == (2, str(today(5)))
    page = html.unescape(walk.villager_reads())
    assert "人手不够" in page and "第二天又堆起来" in page
    walk.act("unit", "reply", text="每天两清，有人签字。", result="A")
    assert hub.follow(walk.receipt)["reply"] == "每天两清，有人签字。"
    assert walk.rate("satisfied", "satisfied")["round"] == 2
    walk.look()
    assert walk.act("office", "close", text="本人满意")["state"] == "closed"


@pytest.mark.req("Q09", "L31")
@pytest.mark.parametrize(
    ("role", "command", "fields", "words"),
    [
        ("office", "answer", {}, ("text",)),
        ("office", "refer", {"to": "petition-hall"}, ("reason",)),
        ("office", "decline", {"route": "村委会"}, ("reason",)),
        ("office", "decline", {"reason": "不归人大管"}, ("route",)),
        ("unit", "reply", {"result": "A"}, ("text",)),
        ("office", "close", {}, ("text",)),
        ("office", "decide", {"text": "列入计划"}, ("outcome",)),
        ("office", "decide", {"outcome": "专班"}, ("text",)),
    ],
)
def test_nothing_ends_without_words(
    hub: Hub, role: str, command: str, fields: dict[str, str], words: tuple[str, ...]
) -> None:
    walk = Walk(hub, "没有话就不算完。")
    if command in ("reply", "close", "decide"):
        walk.act("office", "assign", lead=walk.unit_id)
    if command in ("close", "decide"):
        walk.act("unit", "reply", text="办了。", result="A")
    if command == "decide":
        for cause in ("还没好", "还是没好"):
            if walk.matter["round"] == 1 and walk.matter["result_rating"]:
                walk.act("unit", "explain", cause=cause, until=str(today(9)))
                walk.act("unit", "reply", text="又办了。", result="A")
            walk.rate("satisfied", "unsatisfied", cause)
            walk.look()
    for empty in ({}, *({name: blank} for name in words for blank in ("", " \n\u3000", "\u200b"))):
        answer = walk.try_to(role, command, **fields, **empty)
        assert problem(answer, 422)["field"] in words, (command, empty)
    before = walk.look()["state"]
    assert before not in ("closed", "referred", "declined")
    ended = walk.act(role, command, **fields, **dict.fromkeys(words, "话说到了。"))
    assert ended["state"] != before
    assert "话说到了。" in walk.villager_reads()
    if command != "close":
        assert "话说到了。" in hub.follow(walk.receipt)["reply"]
    else:
        assert hub.follow(walk.receipt)["reply"] == "办了。"


@pytest.mark.req("Q09")
def test_merging_is_no_way_to_end_a_matter_in_silence(hub: Hub) -> None:
    leading, follower = Walk(hub, "渡口没有船。"), Walk(hub, "渡口的船坏了。")
    follower.act("office", "merge", into=leading.number)
    assert hub.follow(follower.receipt)["reply"] is None
    assert problem(leading.try_to("office", "merge", into=follower.number), 409)["code"] == "stale"
    leading.look()
    round_about = leading.try_to("office", "merge", into=follower.number)
    assert problem(round_about, 422)["code"] == "merged"
    assert problem(leading.try_to("office", "merge", into=leading.number), 422)["code"] == "itself"
    leading.act("office", "decline", reason="渡口由邻县管。", route="邻县交通局 0000-5550701")
    for told in ("渡口由邻县管。", "邻县交通局 0000-5550701"):
        assert told in hub.follow(follower.receipt)["reply"]
        assert told in follower.villager_reads()
