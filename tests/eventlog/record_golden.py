"""Records a golden log: run once for each release, never again for an old one.

    python -m tests.eventlog.record_golden 0.3.0

What is written holds events, words and the state hash that this release folds them to, and under
`states/` the states themselves. Later releases must fold them to the same matters, though a
state may gain fields.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from deputies.shifts import Shift
from eventlog.events import Draft
from eventlog.identifiers import new_uuid7, uuid_text
from eventlog.log import Log
from matters.intake import history
from matters.intake.history import HistoricalRow
from matters.intake.numbering import rename_doubles
from matters.registers.categories import Category
from matters.registers.pages import Page
from matters.terms import MatterEvent
from stations.register_log import set_record
from tests.eventlog.arrivals import departing
from tests.eventlog.notes import START_MS, Clock
from tests.matters.county import (
    DEPUTY,
    LIAISON,
    OFFICE,
    ROADS,
    WATER,
    commanded,
    matter_of,
    message,
    open_county,
    raised,
)

FOLDER = Path(__file__).with_name("golden")
PUBLIC = ("桥栏杆", "栏杆断了")
DAY_MS = 86_400_000
UNHAPPY: dict[str, Any] = {
    "reply_rating": "basically",
    "result_rating": "unsatisfied",
    "comment": "还漏",
}


def live_through(log: Log, clock: Clock) -> None:
    """Let one of everything happen."""
    log.write(lambda t: set_record(t, "category", Category(id="streets", name="道路"), by="system"))
    solved = raised(log, publish="yes", name="王", phone="13900000000", place="村口").number
    clock.now_ms += 3_600_000
    commanded(log, solved, "adopt", DEPUTY, title="桥栏杆", category="streets", grade="urgent")
    commanded(log, solved, "assign", lead="roads", assisting=["water"], demand="尽快")
    commanded(log, solved, "accept", ROADS)
    commanded(log, solved, "progress", WATER, text="已勘察")
    message(log, solved, "又掉了一根")
    commanded(log, solved, "reply", ROADS, text="已修复", result="A")
    commanded(log, solved, "rate", DEPUTY, reply_rating="satisfied", result_rating="basically")
    commanded(log, solved, "close", text="办结")
    commanded(log, solved, "publish", title=PUBLIC[0], text=PUBLIC[1])
    commanded(log, solved, "withdraw", reason="家属要求")
    ways: tuple[tuple[str, dict[str, Any]], ...] = (
        ("answer", {"text": "当场答复"}),
        ("refer", {"to": "市", "reason": "上级"}),
        ("decline", {"reason": "诉讼", "route": "法院"}),
    )
    for name, fields in ways:
        commanded(log, raised(log, text=name).number, name, **fields)
    back = raised(log, kind="report", deputy="li").number
    commanded(log, back, "assign", lead="roads", limit="P20D")
    commanded(log, back, "return", ROADS, reason="不属本单位")
    commanded(log, back, "reclassify", kind="complaint", category="taps")
    commanded(log, back, "erase", what="contact", reason="本人要求")
    batch, later = history.import_identity(b"a"), history.import_identity(b"b")
    row = HistoricalRow("A1", "李", "139", "路灯", "路灯坏了", START_MS - 10**10)
    answer = row._replace(answer="修好了", replied_at=START_MS - 10**9)
    for identity, taken in ((batch, row), (later, answer)):
        log.write(lambda t, i=identity: history.begin_import(t, i, "old.xlsx", actor=OFFICE))  # type: ignore[misc]
        log.write(lambda t, i=identity, r=taken: history.take_rows(t, i, [r], actor=OFFICE))  # type: ignore[misc]
    log.write(lambda t: history.approve_import(t, later, actor=OFFICE))
    go_round_twice(log, clock)
    be_merged_and_split(log, clock)
    come_into_conflict(log)
    be_shown(log)
    be_timed(log)
    be_numbered_twice(log, clock)


def go_round_twice(log: Log, clock: Clock) -> None:
    """Let a matter be asked about, divided, prolonged, pressed, explained and decided."""
    number = raised(log, text="水渠漏水", people="12", publish="yes").number
    commanded(log, number, "key", key="yes", meeting="第三次主任会议")
    commanded(log, number, "assign", lead="roads", limit="十个工作日")
    commanded(log, number, "ask", ROADS, text="漏在哪一段？")
    clock.now_ms += 2 * DAY_MS
    message(log, number, "在桥下")
    commanded(log, number, "divide", ROADS, parts=[
        {"unit": "water", "task": "挖开", "until": "2026-09-28"},
    ])  # fmt: skip
    commanded(log, number, "ask-extension", ROADS, until="2026-12-01", reason="等材料")
    commanded(log, number, "grant-extension", granted="yes", reason="情况属实")
    commanded(log, number, "press", DEPUTY, text="请快一些")
    commanded(log, number, "inspect", DEPUTY, found="挖开了", problem="缺管", next="等管")
    commanded(log, number, "progress", WATER, text="挖开了", done="yes")
    happens(log, number, MatterEvent.LIMIT_MOVED, due_at=matter_of(log, number).due_at)
    clock.now_ms += 80 * DAY_MS
    happens(log, number, MatterEvent.ESCALATED, level="office")
    commanded(log, number, "explain", ROADS, cause="管子没到", until="2026-12-31")
    commanded(log, number, "reply", ROADS, text="补好了", result="B")
    commanded(log, number, "report-back", DEPUTY, text="电话告诉了本人")
    commanded(log, number, "evaluate", DEPUTY, **UNHAPPY)
    commanded(log, number, "rate", LIAISON, said_by="本人电话里说", **UNHAPPY)
    commanded(log, number, "decide", text="换新管", outcome="列入计划", until="2027-01-31")
    commanded(log, number, "reply", ROADS, text="换好了", result="A")
    happens(log, number, MatterEvent.LAPSED)


def be_merged_and_split(log: Log, clock: Clock) -> None:
    """Let a villager be told what the leading matter is answered, and rate it."""
    leading, follower = raised(log).number, raised(log, text="桥又坏了").number
    commanded(log, leading, "split", texts=["路灯不亮", "水管漏水"])
    commanded(log, follower, "merge", into=leading)
    commanded(log, leading, "assign", lead="water")
    clock.now_ms += DAY_MS
    commanded(log, leading, "reply", WATER, text="修好了", result="A")
    commanded(log, follower, "rate", LIAISON, **UNHAPPY)
    commanded(log, leading, "explain", WATER, cause="没有试水", until="2027-01-31")
    happens(log, follower, MatterEvent.ASSIGNED, lead="roads", limit="P1M")
    (step,) = matter_of(log, follower).contested
    event = uuid_text(step.event)
    commanded(log, follower, "resolve", event=event, keep="yes", reason="另办")


def come_into_conflict(log: Log) -> None:
    """Let two decide of one matter without knowing of each other, and the office resolve it."""
    number = raised(log).number
    commanded(log, number, "assign", lead="roads")
    happens(log, number, MatterEvent.ADOPTED)
    (step,) = matter_of(log, number).contested
    event = uuid_text(step.event)
    commanded(log, number, "resolve", event=event, keep="no", reason="已经派单")


def be_shown(log: Log) -> None:
    """Let a child's matter be published with pictures, and the county write a page of its own."""
    child = {"under_14": "yes", "guardian": "王大山", "guardian_consent": "yes"}
    number = raised(log, text="操场有坑", name="小明", publish="yes", **child).number
    commanded(log, number, "answer", text="填平了")
    before, after = ["a" * 64], ["b" * 64, "c" * 64]
    commanded(log, number, "publish", title="操场", text="有坑", before=before, after=after)
    commanded(log, number, "publish", title="操场", text="有一个坑", after=after)
    page = Page(id="campaign", title="代表在行动", text="进站接待。")
    shift = Shift(id="dahe-1", station="dahe", date="2026-12-02", cancelled=True)
    log.write(lambda t: set_record(t, "page", page, by="system"))
    log.write(lambda t: set_record(t, "shift", shift, by="system"))


def be_timed(log: Log) -> None:
    """Let the hub say when it had what a station with a wrong clock wrote, as that says itself."""
    number = raised(log, text="站里的钟停了").number
    matter = matter_of(log, number)
    happens(log, number, MatterEvent.ANSWERED, clock="unknown")
    answered = matter_of(log, number).steps[-1].event
    for event in (matter.id, answered):
        happens(log, number, MatterEvent.TIMED, event=event, at=START_MS + 90 * DAY_MS)


def be_numbered_twice(log: Log, clock: Clock) -> None:
    """Let another node give a number that a matter here has."""
    number = raised(log, text="路灯又不亮").number
    clock.now_ms += DAY_MS
    other = new_uuid7(clock.now_ms)
    draft = Draft(MatterEvent.RAISED, other, {"number": number}, id=other)
    log.write(lambda t: t.append([draft], by="villager", fresh_subject=True))
    log.write(lambda t: rename_doubles(t, [other]))


def happens(log: Log, number: str, kind: MatterEvent, **data: Any) -> None:
    """Write what the node itself writes."""
    matter = matter_of(log, number).id
    log.write(lambda t: t.append([Draft(kind, matter, data)], by="system"))


def record(release: str) -> None:
    """Write the golden log of a release. Raises FileExistsError where there is one."""
    with tempfile.TemporaryDirectory() as home:
        clock = Clock()
        log = open_county(Path(home), clock)
        live_through(log, clock)
        found = log.verify()
        with log.reading() as connection:
            arrivals = departing(connection)
            states = connection.execute(
                "SELECT subject, state FROM states ORDER BY subject"
            ).fetchall()
        log.stop()
    events = [
        {
            "body": arrival.row[6].hex(),
            "words": [
                [raw.hex() if isinstance(raw, bytes) else raw for raw in word]
                for word in arrival.words
            ],
        }
        for arrival in arrivals
    ]
    golden = {"release": release, "state_hash": found.state_hash, "events": events}
    with (FOLDER / f"{release}.json").open("x", encoding="utf-8") as file:
        json.dump(golden, file, indent=1)
        file.write("\n")
    with (FOLDER / "states" / f"{release}.json").open("x", encoding="utf-8") as file:
        json.dump({row[0].hex(): row[1].hex() for row in states}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    record(sys.argv[1])
