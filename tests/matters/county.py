"""A county of a few ids, the people who act in it, and matters that stand where a test needs."""

import itertools
from pathlib import Path
from typing import Any

from eventlog.events import Event
from eventlog.identifiers import new_uuid7
from eventlog.keys import make_keys
from eventlog.log import Log
from eventlog.projections import Projection
from matters import store
from matters.actors import VILLAGER, Actor
from matters.attempts import AttemptsProjection
from matters.commands import COMMANDS
from matters.execution import add_message, carry_out
from matters.intake.intake import Raised, Submission, check_submission, raise_matter
from matters.known import Known
from matters.matter import Matter
from matters.projection import ImportsProjection, MattersProjection
from matters.registers.routes import Route
from matters.schema import migrations as matters_migrations
from matters.terms import MatterEvent, Role
from stations.register_log import RegisterProjection
from stations.register_log import migrations as register_migrations
from tests.eventlog.notes import START_MS, Clock

KEYS = make_keys()
UNITS = ("roads", "schools", "water")
STATIONS = ("dahe", "xiaohe")
AREAS = ("990102001001", "990102001002")
DEPUTIES = ("li", "wang")
CATEGORIES = ("streets", "taps")
BODIES = ("committee", "presidium-dahe")
ROUTE = Route(
    id="petition", name="县信访局", address="人民路 1 号", phone="0990-1002000", hours="周一至周五"
)
KNOWN = Known(
    units=frozenset(UNITS),
    categories=frozenset(CATEGORIES),
    areas=frozenset(AREAS),
    stations=frozenset(STATIONS),
    deputies=frozenset(DEPUTIES),
    bodies=frozenset(BODIES),
    routes={ROUTE.id: ROUTE},
    body_of_deputy={"li": "presidium-dahe"},
    body_of_area={AREAS[0]: "presidium-dahe"},
    area_codes={"大河村": AREAS[0], "小河村": AREAS[1]},
)

OFFICE = Actor(Role.OFFICE, "o1")
ADMIN = Actor(Role.ADMIN, "a1")
LIAISON = Actor(Role.LIAISON, "l1", stations=frozenset({"dahe"}), areas=frozenset({AREAS[0]}))
LIAISON_ELSEWHERE = Actor(Role.LIAISON, "l2", stations=frozenset({"xiaohe"}))
DEPUTY = Actor(Role.DEPUTY, "d1", deputy="li", areas=frozenset({AREAS[0]}))
DEPUTY_ELSEWHERE = Actor(Role.DEPUTY, "d2", deputy="wang", areas=frozenset({AREAS[1]}))
ROADS = Actor(Role.UNIT, "u1", unit="roads")
WATER = Actor(Role.UNIT, "u2", unit="water")
ACTORS = (
    OFFICE,
    ADMIN,
    LIAISON,
    LIAISON_ELSEWHERE,
    DEPUTY,
    DEPUTY_ELSEWHERE,
    ROADS,
    WATER,
    VILLAGER,
    Actor(Role.SYSTEM),
)
MIGRATIONS = (register_migrations, matters_migrations)
PROJECTIONS: dict[str, Projection] = {
    one.noun: one
    for one in (
        MattersProjection(),
        ImportsProjection(),
        AttemptsProjection(),
        RegisterProjection("category"),
    )
}


def open_county(folder: Path, clock: Clock | None = None) -> Log:
    """Return the log of a data folder with the projections of matters and categories."""
    folder.mkdir(exist_ok=True)
    return Log(
        folder,
        projections=list(PROJECTIONS.values()),
        migrations=MIGRATIONS,
        sealer=KEYS.sealer,
        now_ms=clock or Clock(),
    )


def submission(**fields: Any) -> Submission:
    """Return a checked submission; text is there already, and station and area of LIAISON."""
    raw = {"text": "村口的桥栏杆断了", "station": "dahe", "area": AREAS[0], **fields}
    return check_submission(raw, KNOWN, staff="people" in fields)


def raised(log: Log, **fields: Any) -> Raised:
    """Raise a matter in a log."""
    one = submission(**fields)
    return log.write(
        lambda t: raise_matter(t, one, actor=VILLAGER, receipt_key=KEYS.receipt)
    ).result


def commanded(
    log: Log,
    number: str,
    name: str,
    actor: Actor = OFFICE,
    seen: int | None = None,
    known: Known = KNOWN,
    **fields: Any,
) -> Matter:
    """Carry a command out in a log."""
    return log.write(
        lambda t: carry_out(
            t,
            number,
            COMMANDS[name],
            fields,
            actor=actor,
            known=known,
            seen=seen,
            folder=log.folder,
        )
    ).result


def matter_of(log: Log, number: str) -> Matter:
    """Return the matter of that number as the tables have it."""
    with log.reading() as connection:
        found = store.by_number(connection, number)
    assert found is not None
    return found


OTHER_NUMBER = "0000000017"
CONTESTED = "01a00000-0000-7000-8000-0000000000c0"
GOOD_FIELDS: dict[str, dict[str, Any]] = {
    "adopt": {"title": "桥栏杆"},
    "answer": {"text": "已经答复"},
    "assign": {"lead": "roads"},
    "refer": {"to": "信访局", "reason": "属于信访事项"},
    "decline": {"reason": "不属于受理范围", "route": "请找法院"},
    "return": {"reason": "不属本单位"},
    "progress": {"text": "正在施工"},
    "reply": {"text": "已经修好", "result": "A"},
    "rate": {"reply_rating": "satisfied", "result_rating": "satisfied"},
    "reclassify": {"category": "streets"},
    "close": {"text": "办结"},
    "publish": {"title": "桥栏杆", "text": "桥栏杆断了", "answer": "修好了"},
    "withdraw": {"reason": "家属要求"},
    "erase": {"what": "contact", "reason": "本人要求"},
    "merge": {"into": OTHER_NUMBER},
    "split": {"texts": ["路灯不亮", "水管漏水"]},
    "key": {"key": "yes", "meeting": "第 12 次主任会议"},
    "ask": {"text": "是哪一座桥？"},
    "divide": {"parts": [{"unit": "water", "task": "迁水管", "until": "2026-10-10"}]},
    "ask-extension": {"until": "2026-12-01", "reason": "材料没到"},
    "grant-extension": {"granted": "yes", "reason": "情况属实"},
    "explain": {"cause": "原来的焊点不牢", "until": "2026-12-01"},
    "press": {"text": "请尽快修好"},
    "inspect": {"found": "修了一半", "problem": "缺人", "next": "下周再看"},
    "report-back": {"text": "当面告诉了本人，本人说知道了"},
    "evaluate": {"reply_rating": "satisfied", "result_rating": "basically"},
    "decide": {"text": "由交通局列入下年计划", "outcome": "列入计划"},
    "resolve": {"event": CONTESTED, "keep": "yes", "reason": "两件事都要办"},
}


class History:
    """Events of one matter, written by hand: each gets the next rank unless it is told."""

    def __init__(self, **data: Any) -> None:
        self._minutes = itertools.count()
        self.subject = new_uuid7(START_MS)
        self.events: list[Event] = []
        given = {"number": "1234567890", "station": "dahe", "area": AREAS[0], **data}
        self.add(MatterEvent.RAISED, given, by="villager", id=self.subject)

    def add(
        self,
        type: str,
        data: dict[str, Any] | None = None,
        *,
        by: str = "office:o1",
        rank: int | None = None,
        id: bytes | None = None,
        at: int | None = None,
        words: tuple[str, ...] = ("text",),
    ) -> "History":
        """Add an event and return the history."""
        minute = START_MS + next(self._minutes) * 60_000
        self.events.append(
            Event(
                1,
                b"l" * 8,
                len(self.events) + 1,
                bytes(32),
                id or new_uuid7(minute),
                self.subject,
                str(type),
                max((event.rank for event in self.events), default=-1) + 1
                if rank is None
                else rank,
                minute if at is None else at,
                by,
                data or {},
                dict.fromkeys(words, b"c" * 32),
            )
        )
        return self

    def at(self, state: str) -> "History":
        """Bring the matter to a state, along the shortest way; ROADS leads, WATER assists."""
        assign = (MatterEvent.ASSIGNED, {"lead": "roads", "assisting": ["water"], "limit": "P2M"})
        ways: dict[str, list[tuple[str, dict[str, Any]]]] = {
            "received": [],
            "adopted": [(MatterEvent.ADOPTED, {})],
            "assigned": [assign],
            "in_hand": [assign, (MatterEvent.ACCEPTED, {})],
            "replied": [assign, (MatterEvent.REPLIED, {"result": "A"})],
            "closed": [assign, (MatterEvent.REPLIED, {"result": "A"}), (MatterEvent.CLOSED, {})],
            "referred": [(MatterEvent.REFERRED, {})],
            "declined": [(MatterEvent.DECLINED, {})],
        }
        for type_, data in ways[state]:
            self.add(type_, data)
        return self


def message(log: Log, number: str, text: str) -> Matter:
    """Write a villager's further message."""
    return log.write(lambda t: add_message(t, number, text, known=KNOWN)).result
