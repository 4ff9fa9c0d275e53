"""A county of a million matters for the benchmark of lists: real events, the real fold and rows.

The events are written without the group commit and the sealing, in large transactions, and folded
and put into the tables by the projection that the server runs.
"""

import os
import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from eventlog import words
from eventlog.events import FORMAT, GENESIS, Event, digest, encode
from eventlog.log import Log
from eventlog.projections import Projection
from eventlog.transaction import refold
from matters.intake.receipts import new_number
from matters.listing import waiting
from matters.projection import MattersProjection
from server.data_folder import open_log, prepare_folder
from server.folder.settings import Settings

UNITS, DEPUTIES, STATIONS, AREAS = 10_000, 10_000, 1_000, 5_000
NOW_MS = 1_790_000_000_000
YEARS_MS = 10 * 365 * 86_400_000
DAY_MS = 86_400_000
IN_ONE = 20_000
CATEGORIES = ("roads", "water", "power", "schools", "health", "farming", "safety", "other")
_KINDS = ("help", "help", "help", "complaint", "suggestion", "inquiry", "report")
_CHANNELS = ("web", "web", "qr", "visit", "phone", "market")
_PLACES = [
    "村口",
    "桥头",
    "学校门前",
    "卫生室旁",
    "水库边",
    "集市里",
    "三组",
    "五组",
    "老街",
    "新街",
    "河堤",
    "田间",
    "渠边",
    "广场",
    "祠堂前",
]
_THINGS = [
    "路灯",
    "水管",
    "井盖",
    "电线杆",
    "桥栏杆",
    "公厕",
    "垃圾箱",
    "水渠",
    "路面",
    "变压器",
    "健身器材",
    "公交站牌",
    "排水沟",
    "围墙",
]
_TROUBLES = [
    "不亮",
    "漏水",
    "松动",
    "倾斜",
    "断了",
    "堵住了",
    "坏了",
    "没人管",
    "破损严重",
    "塌了一截",
    "有臭味",
    "被占用",
]
_DETAILS = [
    "晚上走路很不方便",
    "老人摔过两次",
    "孩子上学要绕远",
    "下雨就积水",
    "已经有三个月了",
    "反映过没有结果",
]
_ANSWERS = [
    "已派人修好",
    "更换了新件",
    "列入下月计划",
    "已与施工方约定",
    "现场核实后处理完毕",
    "经费已经落实",
]
_HAN = [chr(code) for code in range(0x4E00, 0x5A00)]


def unit(number: int) -> str:
    """Return the id of a unit."""
    return f"u{number:05d}"


def area(number: int) -> str:
    """Return the code of a village: 50 to a township."""
    return f"9901{number // 50 + 1:05d}{number % 50 + 1:03d}"


def build(folder: Path, count: int, say: Callable[[str], None]) -> Log:
    """Return the log of a new data folder with so many matters, all of them indexed."""
    settings = Settings(data=folder)
    keys = prepare_folder(settings)
    log = open_log(folder, keys, now_ms=lambda: NOW_MS)
    log.drain()
    connection = log._connection  # the writer's own, after its thread has ended
    # Nothing is at stake: a build that is cut off is thrown away.
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-400000")
    writer = _Writer(connection, {"matter": MattersProjection()})
    rnd = random.Random(7)
    for start in range(0, count, IN_ONE):
        connection.execute("BEGIN")
        for number in range(start, min(start + IN_ONE, count)):
            # In the order of receipt, with a few that come together.
            writer.live(rnd, NOW_MS - YEARS_MS + YEARS_MS * number // count)
        while waiting.work_off(connection, IN_ONE):
            pass
        connection.execute("COMMIT")
        if start % 100_000 == 0:
            say(f"lists: {start:,} matters written")
    connection.execute("PRAGMA journal_mode=WAL")
    log.close()
    return open_log(folder, keys, now_ms=lambda: NOW_MS)


class _Writer:
    """Writes events of one voice, and folds what they touch."""

    def __init__(self, connection: sqlite3.Connection, projections: dict[str, Projection]) -> None:
        self._connection = connection
        self._projections = projections
        self._log = b"benchlog"
        self._sequence = 0
        self._previous = GENESIS

    def live(self, rnd: random.Random, at: int, told: "Iterable[Told]" = ()) -> None:
        """Write one matter with all that happened to it: what is `told`, or something made up."""
        subject = _identity(rnd, at)
        events: list[Event] = []
        position = 0
        for type_, days, by, data, texts in told or _history(rnd, at):
            held = {field: words.commit(text) for field, text in texts.items()}
            self._sequence += 1
            moment = at + int(days * DAY_MS)
            identity = _identity(rnd, moment) if events else subject
            event = Event(
                FORMAT,
                self._log,
                self._sequence,
                self._previous,
                identity,
                subject,
                type_,
                len(events),
                moment,
                by,
                data,
                {field: word.commitment for field, word in held.items()},
            )
            body = encode(event)
            self._previous = digest(body)
            cursor = self._connection.execute(
                "INSERT INTO events(id, log, sequence, subject, rank, type, body) "
                "VALUES (?,?,?,?,?,?,?)",
                (identity, self._log, self._sequence, subject, event.rank, type_, body),
            )
            position = cursor.lastrowid or 0
            for field, word in held.items():
                words.store(self._connection, identity, field, word)
            events.append(event)
        refold(self._connection, self._projections, subject, events, position)


def _identity(rnd: random.Random, at: int) -> bytes:
    """Return an id that begins with its time, as UUIDv7 do."""
    return at.to_bytes(6, "big") + b"\x70" + rnd.randbytes(1) + b"\x80" + rnd.randbytes(7)


def _text(rnd: random.Random) -> str:
    name = "".join(rnd.choices(_HAN, k=3))
    return (
        f"{rnd.choice(_PLACES)}{name}家附近的{rnd.choice(_THINGS)}{rnd.choice(_TROUBLES)}，"
        f"{rnd.choice(_DETAILS)}，{rnd.choice(_DETAILS)}。请尽快派人来看一看。"
    )


Told = tuple[str, float, str, dict[str, Any], dict[str, str]]


def _history(rnd: random.Random, at: int) -> Iterator[Told]:
    """Yield type, days after receipt, author, data and texts of a matter's events."""
    village = rnd.randrange(AREAS)
    deputy = f"d{rnd.randrange(DEPUTIES):05d}"
    # Few units have most of the work.
    lead = unit(int(UNITS * rnd.random() ** 3))
    data: dict[str, Any] = {
        "number": new_number(),
        "kind": rnd.choice(_KINDS),
        "content": os.urandom(16),
        "area": area(village),
        "station": f"s{village // 5:04d}",
        "channel": rnd.choice(_CHANNELS),
        "category": rnd.choice(CATEGORIES),
        "publish": True,
    }
    if rnd.random() < 0.3:
        data["deputy"] = deputy
    if rnd.random() < 0.01:
        data["alarm"] = True
    yield "matter.raised", 0, "villager", data, {"text": _text(rnd)}
    age = (NOW_MS - at) / DAY_MS
    fate = rnd.random()
    open_share = 0.9 if age < 60 else 0.02
    if fate < open_share / 3:
        return
    if fate > 0.985:
        yield "matter.declined", 1, "office:o1", {"route": "petition"}, {"reason": "不在受理范围"}
        return
    account = f"deputy:{deputy}" if rnd.random() < 0.5 else "office:o1"
    grade = "urgent" if rnd.random() < 0.03 else "normal"
    taken = {"grade": grade, "body": f"b{village // 50}", "deputy": deputy}
    yield (
        "matter.adopted",
        1,
        account,
        taken,
        {"title": "".join(rnd.choices(_THINGS, k=2)) + "的事"},
    )
    if fate < open_share / 2.5:
        return
    limit_ms = at + 32 * DAY_MS
    assigned: dict[str, Any] = {"lead": lead, "limit": "P1M", "due_at": limit_ms}
    if rnd.random() < 0.2:
        assigned["assisting"] = [unit(rnd.randrange(UNITS))]
    yield "matter.assigned", 2, "office:o1", assigned, {}
    if fate < open_share:
        yield "matter.accepted", 3, f"unit:{lead}", {}, {}
        if rnd.random() < 0.2:
            yield "matter.pressed", 9, account, {"until": at + 14 * DAY_MS}, {"text": "请尽快办理"}
        if rnd.random() < 0.1:
            asked = {"until": at + 60 * DAY_MS}
            yield "matter.extension_asked", 12, f"unit:{lead}", asked, {"reason": "材料未到"}
        return
    answer = {"text": f"{rnd.choice(_ANSWERS)}，请群众放心。"}
    yield "matter.replied", 20, f"unit:{lead}", {"result": rnd.choice("AAAB")}, answer
    if fate < open_share + 0.01:
        return
    happy = rnd.random() < 0.9
    rating = {"reply_rating": "satisfied", "result_rating": "satisfied" if happy else "unsatisfied"}
    yield "matter.rated", 22, "villager", rating, {}
    if happy and fate < 0.98:
        yield "matter.closed", 25, "office:o1", {}, {"text": "办结"}
