"""定单: answered at once, sorted by grade and class, filed by level, referred, talked over."""

import html

import httpx2
import pytest

from deputies.deputies import Level
from deputies.sample import sample_deputies
from matters.registers.categories import CATEGORIES
from matters.registers.routes import ROUTES, Route
from matters.sample import sample_registers
from stations.areas import AREAS
from tests.hub import Hub
from tests.server.walk import Walk, problem, signed_in

pytestmark = pytest.mark.litestream


def numbers(client: httpx2.Client, **query: str) -> list[str]:
    """Return the numbers that a list gives, in its order."""
    answer = client.get("/api/v1/matters", params=query)
    assert answer.status_code == 200, answer.text
    return [one["number"] for one in answer.json()["matters"]]


@pytest.mark.req("H21", "L13", "S20")
@pytest.mark.parametrize("role", ["liaison", "deputy", "office"])
def test_what_can_be_answered_is_answered_at_once(hub: Hub, role: str) -> None:
    walk = Walk(hub, "停水三天了，低保户怎么领水？")
    # An urgent word is heard before anybody has read the text, and leads to a telephone.
    assert walk.look()["alarm"] and walk.number in numbers(walk.clients["office"], urgent="1")
    matter = walk.act(role, "answer", text="到村委会领，每户每天五桶。")
    assert (matter["state"], matter["desk"], matter["due_at"]) == ("replied", "rate", None)
    followed = hub.follow(walk.receipt)
    assert followed["reply"] == "到村委会领，每户每天五桶。"
    assert "到村委会领，每户每天五桶。" in walk.villager_reads()
    assert walk.rate("satisfied", "satisfied")["result_rating"] == "satisfied"
    # Answered on the spot it was with no unit, and no limit ever ran.
    assert [step["type"] for step in followed["steps"]] == ["matter.raised", "matter.answered"]


@pytest.mark.req("L12", "S20")
def test_deputies_sort_into_grades_and_classes_and_the_urgent_come_first(hub: Hub) -> None:
    plain = Walk(hub, "村口想修一个凉亭。")
    urgent = Walk(hub, "井盖没了，孩子掉下去过。", name="王婶", phone="13900000007")
    later = Walk(hub, "广场想添两张凳子。")
    office = urgent.clients["office"]
    for client in (office, urgent.clients["deputy"]):
        desk = numbers(client, desk="frame")
        ours = [one for one in desk if one in (plain.number, urgent.number, later.number)]
        assert ours == [urgent.number, later.number, plain.number]
    category = sorted(sample_categories())[0]
    matter = urgent.act(
        "deputy", "adopt", title="井盖没了", grade="urgent", category=category, seen=0
    )
    assert (matter["grade"], matter["category"], matter["alarm"]) == ("urgent", category, False)
    assert urgent.number in numbers(office, urgent="1", category=category)
    assert plain.number not in numbers(office, urgent="1")
    page = hub.browser_of("deputy").get(f"/console/matters/{urgent.number}").text
    assert "紧急：请马上打电话" in page
    english = hub.browser_of("office").get(f"/console/matters/{urgent.number}?lang=en").text
    assert "phone" in english.lower() and 'href="tel:' in english
    # Urgent has a limit of its own, much shorter than a month.
    matter = urgent.act("office", "assign", lead=urgent.unit_id)
    assert matter["limit"] == "P7D"
    at_unit = hub.browser_of("unit").get(f"/console/matters/{urgent.number}").text
    assert "紧急：请马上打电话" in at_unit
    # The office may think otherwise: then it is urgent no more.
    matter = urgent.act("office", "reclassify", grade="normal", kind="complaint")
    assert (matter["grade"], matter["kind"]) == ("normal", "complaint")
    assert urgent.number not in numbers(office, urgent="1")


def sample_categories() -> list[str]:
    """Return the ids of the sample's categories."""
    return list(sample_registers().of(CATEGORIES))


@pytest.mark.req("L14", "H20")
def test_a_suggestion_is_filed_with_the_body_of_its_deputys_level(hub: Hub) -> None:
    township = Walk(hub, "镇上想要一个公厕。")
    deputies = sample_deputies()
    chosen = next(one for one in deputies if one.level is Level.COUNTY and one.areas)
    county = Walk(hub, "全县的校车都超载。", deputy=chosen.id)
    county.clients["deputy"] = hub.client("deputy", deputy=chosen.id)
    of_town = township.act("deputy", "adopt", title="公厕")["body"]
    of_county = county.act("deputy", "adopt", title="校车超载")["body"]
    assert (of_town.split("-")[0], of_county) == ("presidium", "committee")

    # The presidium's office sees what is its own, and not what is the committee's alone.
    clerk = signed_in(hub, "主席团办公室", "--role", "office", "--body", of_town)
    assert "公厕" in clerk.get(f"/console/matters/{township.number}").text
    listed = clerk.get("/console/", params={"state": "adopted"}).text
    assert township.number[:3] in listed and "公厕" in listed and "校车超载" not in listed
    assert clerk.get(f"/console/matters/{county.number}").status_code == 403
    # It dispatches like any office, but doesn't choose in the committee's name.
    page = clerk.get(f"/console/matters/{township.number}").text
    committee = hub.browser_of("office")
    assert "/assign" in page and "/key" not in page
    assert "/key" in committee.get(f"/console/matters/{township.number}").text
    assert "望禾县人民代表大会常务委员会" in committee.get(f"/console/matters/{county.number}").text
    filed = numbers(hub.client("office"), body=of_town)
    assert township.number in filed and county.number not in filed
    # Who adopts without a deputy files by the place.
    village = next(
        one.id
        for one in sample_registers().of(AREAS).values()
        if one.parent and one.parent[:9] == "990102102" and one.id != one.parent
    )
    placed = Walk(hub, "村里没有路灯。", area=village)
    assert placed.act("office", "adopt", title="没有路灯")["body"] == "presidium-weidu"


@pytest.mark.req("H22", "X13")
@pytest.mark.parametrize(
    ("to", "kept"), [("city-congress", "岚川市人大"), ("petition-hall", "望禾县信访接待大厅")]
)
def test_what_belongs_elsewhere_is_referred_and_the_person_told_where(
    hub: Hub, to: str, kept: str
) -> None:
    walk = Walk(hub, "对信访答复不服，也想请省里修高铁站。")
    refused = walk.try_to("office", "refer", to=to)
    assert problem(refused, 422)["field"] == "reason"
    assert problem(walk.try_to("deputy", "refer", to=to, reason="归别处"), 403)
    matter = walk.act("office", "refer", to=to, reason="这件事要由他们来定，不是不管。")
    assert (matter["state"], matter["desk"], matter["due_at"]) == ("referred", "none", None)
    followed = hub.follow(walk.receipt)
    page = html.unescape(walk.villager_reads())
    route = sample_route(to)
    for told in (kept, route.address, route.phone, "这件事要由他们来定，不是不管。"):
        assert told in followed["reply"] and told in page, told
    assert route.hours in page and route.note in page


def sample_route(identity: str) -> Route:
    """Return one of the places that the sample county refers to."""
    found: Route = sample_registers().of(ROUTES)[identity]
    return found


@pytest.mark.req("S17")
def test_a_suggestion_is_talked_over_with_its_author_and_the_department(hub: Hub) -> None:
    walk = Walk(hub, "建议把旧粮站改成老年食堂。", kind="suggestion")
    walk.act("deputy", "adopt", title="旧粮站改老年食堂")
    # Before it is dispatched, the deputy asks; no clock runs yet that could pause.
    matter = walk.act("deputy", "ask", text="大约有多少老人会来吃？")
    assert matter["paused"] and matter["due_at"] is None
    assert hub.follow(walk.receipt)["question"] == "大约有多少老人会来吃？"
    walk.say("光我们村就有六十多位。")
    assert not walk.look("deputy")["paused"]
    walk.act("office", "assign", lead=walk.unit_id)
    due = walk.act("unit", "accept", handler="赵科长 0000-5550413")["due_at"]
    assert walk.act("unit", "ask", text="早饭也要供吗？")["due_at"] > due
    walk.say("中午一顿就够了。")
    assert walk.look("unit")["due_at"] == due
    # All that was said stands in the record of all who work on it, each word with who said it.
    said = [
        (step["by"].partition(":")[0], step["words"]["text"])
        for step in walk.look("deputy")["steps"]
        if step["type"] in ("matter.asked", "matter.messaged")
    ]
    assert said == [
        ("deputy", "大约有多少老人会来吃？"),
        ("villager", "光我们村就有六十多位。"),
        ("unit", "早饭也要供吗？"),
        ("villager", "中午一顿就够了。"),
    ]
    walk.act("unit", "reply", text="已写进镇上的养老办法，九月开张。", result="A")
    assert "九月开张" in str(hub.follow(walk.receipt)["reply"])
    for text in ("六十多位", "早饭也要供吗", "九月开张"):
        assert text in walk.villager_reads()


@pytest.mark.req("L10")
def test_several_people_with_one_matter_stay_counted(hub: Hub) -> None:
    liaison = hub.client("liaison", station="weidu")
    answer = liaison.post(
        "/matters",
        data={"text": "一起来说停电", "people": "23", "channel": "market"},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 201, answer.text
    number = answer.json()["number"]
    found = liaison.get(f"/api/v1/matters/{number}").json()
    assert (found["people"], found["channel"], found["version"]) == (23, "market", 0)
    # At the first moment the station hands it on, the same hour, to the department.
    office = hub.client("office")
    done = office.post(f"/api/v1/matters/{number}/assign", json={"lead": hub.unit_of_sample()})
    assert done.status_code == 200
    unit = hub.client("unit", unit=hub.unit_of_sample())
    assert number in numbers(unit, desk="accept")
    assert "23 人反映" in hub.browser_of("unit").get(f"/console/matters/{number}").text
