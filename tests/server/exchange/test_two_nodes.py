"""One matter at two nodes, and two matters of one number, as the villager and the office see it."""

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from eventlog.events import Draft
from eventlog.identifiers import new_uuid7
from eventlog.log import Log
from matters.actors import VILLAGER
from matters.intake.intake import Raised, check_submission, raise_matter
from matters.intake.numbering import rename_doubles
from matters.intake.receipts import key_of, spoken_number
from matters.terms import MatterEvent
from server.data_folder import open_log
from tests.eventlog.arrivals import arrive, departing
from tests.hub import Hub, form_token, until
from tests.matters.test_fold import WRONG
from tests.server.past import PROJECTIONS, Past

SAID = "桥头第三盏灯不亮"


class Sent:
    """What was sent before the hub began to serve, by name; numbers and keys as they were told."""

    def __init__(self, past: Past, folder: Path) -> None:
        self.told: dict[str, tuple[str, str]] = {}
        self._past = past
        other = open_log(folder, past.keys, now_ms=lambda: past.now)
        for name, differing in (
            ("same", {}),
            ("otherwise", {"kind": "report", "text": "有人举报"}),
        ):
            fields: dict[str, Any] = {"text": SAID, "kind": "help"}
            here = self._raise(past.log, **fields)
            past.now += 60_000
            there = self._raise(other, here.id, **{**fields, **differing})
            self._tell(name, here)
            self._tell(f"{name} elsewhere", there)
        with other.reading() as connection:
            coming = departing(connection)
        other.stop()
        past.log.write(lambda t: arrive(t.connection, coming, PROJECTIONS))
        self._of_wrong_shapes()
        kept = self._raise(past.log, text="第一件")
        past.now += 60_000
        self._tell("kept", kept)
        self.later = new_uuid7(past.now)
        draft = Draft(MatterEvent.RAISED, self.later, {"number": kept.number}, {"text": "第二件"})
        past.log.write(lambda t: t.append([draft], by="villager", fresh_subject=True))
        self._tell("later", Raised(self.later, kept.number, False))

    def _raise(self, log: Log, identity: bytes | None = None, **fields: str) -> Raised:
        past = self._past
        known = past.registers.known
        submission = check_submission(fields, known, staff=False)
        # The hub's own event has the submission's id; that of another node has one of its own.
        return log.write(
            lambda t: raise_matter(
                t,
                submission._replace(id=identity or new_uuid7(past.now)),
                actor=VILLAGER,
                receipt_key=past.keys.receipt,
                event_id=new_uuid7(past.now) if identity else None,
            )
        ).result

    def _of_wrong_shapes(self) -> None:
        """Let a broken node write what no version of ours does."""
        broken = self._raise(self._past.log, text="坏了的软件")
        self._tell("broken", broken)
        drafts = [
            Draft(kind, broken.id, data)
            for _, kind, data in WRONG
            if "parts" not in data or isinstance(data["parts"], str | int)
        ]
        self._past.log.write(lambda t: t.append(drafts, by="office:o1"))

    def _tell(self, name: str, raised: Raised) -> None:
        self.told[name] = (raised.number, key_of(self._past.keys.receipt, raised.id))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, Sent]]:
    home = tmp_path_factory.mktemp("two")
    with Hub(home / "data", "--sample") as running:
        with Past(running) as past:
            past.token("office")
            sent = Sent(past, _made(home / "other"))
        running.start()
        yield running, sent


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def page(hub: Hub, told: tuple[str, str]) -> str:
    """Return the villager's page of a number with its key."""
    answer = httpx2.get(f"{hub.url}/m/{told[0]}", params={"key": told[1]}, timeout=60)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def follow(hub: Hub, told: tuple[str, str]) -> dict[str, Any]:
    return hub.follow({"number": told[0], "key": told[1]})


def test_both_receipts_open_one_page(served: tuple[Hub, Sent]) -> None:
    hub, sent = served
    one, other = sent.told["same"], sent.told["same elsewhere"]
    assert one[0] != other[0]
    # How safe it is may be told of one just before the replica has it, of the other just after.
    until(lambda: follow(hub, one) == follow(hub, other))
    assert follow(hub, one)["numbers"] == [other[0]]
    text = page(hub, other)
    assert spoken_number(one[0]) in text and spoken_number(other[0]) in text
    assert "同一件事也发到了另一处" in text and text.count(SAID) == 1
    flagged = hub.client("office").get("/api/v1/matters", params={"flagged": "1"}).json()
    assert one[0] not in {matter["number"] for matter in flagged["matters"]}
    for number in (one[0], other[0]):
        found = hub.client("office").get("/api/v1/matters", params={"q": number}).json()
        assert [matter["number"] for matter in found["matters"]] == [one[0]]
    opened = hub.client("office").get(f"/api/v1/matters/{other[0]}").json()
    assert (opened["number"], opened["numbers"]) == (one[0], [other[0]])


def test_what_says_otherwise_is_the_offices_to_judge(served: tuple[Hub, Sent]) -> None:
    hub, sent = served
    one, other = sent.told["otherwise"], sent.told["otherwise elsewhere"]
    for told in (one, other):
        assert "有人举报" not in page(hub, told) and SAID in page(hub, told)
        assert [step["type"] for step in follow(hub, told)["steps"]] == ["matter.raised"]
    office = hub.browser_of("office")
    flagged = hub.client("office").get("/api/v1/matters", params={"flagged": "1"}).json()
    assert one[0] in {matter["number"] for matter in flagged["matters"]}
    shown = html.unescape(office.get(f"/console/matters/{other[0]}").text)
    for words in ("有人举报", "有冲突，没有生效", "另一处也收到了"):
        assert words in shown
    assert spoken_number(other[0]) in shown and "举报" in shown
    fields = {
        "form_token": form_token(shown),
        "event": shown.split('name="event" value="')[1].split('"')[0],
        "reason": "一件事说了两遍",
    }
    path = f"/console/matters/{one[0]}/resolve"
    # A beginning can't be kept beside the one that stands; nothing of it is lost when dropped.
    assert "只能不采用" in office.post(path, data={**fields, "keep": "yes"}).text
    done = office.post(path, data={**fields, "keep": "no"})
    assert done.status_code == 200 and "办公室核对后不采用" in done.text and "有人举报" in done.text
    assert "有人举报" not in page(hub, other)


def test_what_has_a_wrong_shape_can_be_looked_at_and_dropped(served: tuple[Hub, Sent]) -> None:
    hub, sent = served
    told = sent.told["broken"]
    path = f"/console/matters/{told[0]}"
    office = hub.browser_of("office")
    shown = office.get(path)
    assert shown.status_code == 200 and shown.text.count("有冲突，没有生效") > len(WRONG) // 2
    assert "坏了的软件" in page(hub, told)
    fields = {
        "form_token": form_token(shown.text),
        "event": shown.text.split('name="event" value="')[1].split('"')[0],
        "keep": "no",
        "reason": "看不懂",
    }
    done = office.post(path + "/resolve", data=fields)
    assert done.status_code == 200 and "办公室核对后不采用" in done.text
    as_json = hub.client("office").get(f"/api/v1/matters/{told[0]}")
    assert as_json.status_code == 200 and as_json.json()["contested"] > len(WRONG) // 2


def test_the_key_decides_whom_a_number_means(served: tuple[Hub, Sent]) -> None:
    hub, sent = served
    kept, later = sent.told["kept"], sent.told["later"]
    assert kept[0] == later[0] and kept[1] != later[1]
    assert "第一件" in page(hub, kept) and "第二件" in page(hub, later)
    said = httpx2.post(
        f"{hub.url}/m/{later[0]}/message",
        data={"key": later[1], "text": "还没有亮"},
        headers={"Accept": "application/json"},
    )
    assert said.status_code == 200 and [step["text"] for step in said.json()["steps"]] == [
        "第二件",
        "还没有亮",
    ]
    assert len(follow(hub, kept)["steps"]) == 1
    for key in ("0" * 13, sent.told["same"][1]):
        answer = httpx2.get(f"{hub.url}/m/{kept[0]}", params={"key": key})
        assert answer.status_code == 404

    # The hub renames the later one, as it does when it takes in what a station wrote.
    hub.stop()
    with Past(hub) as past:
        past.log.write(lambda t: rename_doubles(t, [sent.later]))
    hub.start()
    now = follow(hub, later)
    assert now["number"] != later[0] and now["numbers"] == [later[0]]
    renamed = (now["number"], later[1])
    # As above: the replica may have it just between the two.
    until(lambda: follow(hub, renamed) == follow(hub, later))
    assert follow(hub, kept)["number"] == kept[0] and "numbers" not in follow(hub, kept)
    text = page(hub, later)
    assert f"编号 {spoken_number(later[0])} 换成了 {spoken_number(now['number'])}" in text
    assert "第二件" in text and "第一件" not in text
    english = httpx2.get(f"{hub.url}/m/{later[0]}", params={"key": later[1], "lang": "en"}).text
    assert "the old number goes on to work" in english
