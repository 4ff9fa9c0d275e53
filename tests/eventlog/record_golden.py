"""Records a golden log: run once for each release, never again for an old one.

    python -m tests.eventlog.record_golden 0.2.0

What is written holds events, words and the state hash that this release folds them to. Later
releases must fold them to the same matters, though a state may gain fields.
"""

import json
import sys
import tempfile
from pathlib import Path

from eventlog.log import Log
from matters import history
from matters.categories import Category
from matters.history import HistoricalRow
from stations.register_log import set_record
from tests.eventlog.arrivals import departing
from tests.eventlog.notes import START_MS, Clock
from tests.matters.county import (
    DEPUTY,
    OFFICE,
    ROADS,
    WATER,
    commanded,
    message,
    open_county,
    raised,
)

FOLDER = Path(__file__).with_name("golden")
PUBLIC = ("桥栏杆", "栏杆断了")


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
    for name, fields in (
        ("answer", {"text": "当场答复"}),
        ("refer", {"to": "市", "reason": "上级"}),
        ("decline", {"reason": "诉讼", "route": "法院"}),
    ):
        commanded(log, raised(log, text=name).number, name, OFFICE, None, **dict(fields))
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


def record(release: str) -> None:
    """Write the golden log of a release. Raises FileExistsError where there is one."""
    with tempfile.TemporaryDirectory() as home:
        clock = Clock()
        log = open_county(Path(home), clock)
        live_through(log, clock)
        found = log.verify()
        with log.reading() as connection:
            arrivals = departing(connection)
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


if __name__ == "__main__":
    record(sys.argv[1])
