"""Similar matters: what the office might merge, and nothing that it can't."""

from pathlib import Path

import pytest

from eventlog.log import Log
from matters.listing import waiting
from matters.listing.similar import similar
from tests.eventlog.notes import START_MS, Clock
from tests.matters.county import AREAS, commanded, matter_of, open_county, raised

DAY_MS = 86_400_000


def alike(log: Log, number: str, now_ms: int = START_MS) -> list[str]:
    with log.reading() as connection:
        found = similar(connection, matter_of(log, number), now_ms=now_ms)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    return [one.matter.number for one in found]


TEXT = "村口的路灯坏了，晚上看不见路"
PLACES = {
    "village": {"area": AREAS[0], "station": ""},
    "station": {"area": "", "station": "dahe"},
    "none": {"area": "", "station": ""},
}


@pytest.mark.req("L10")
@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("place", PLACES)
def test_the_same_trouble_in_the_same_place_is_found(
    tmp_path: Path, place: str, indexed: bool
) -> None:
    log = open_county(tmp_path, Clock())
    here = PLACES[place]
    one = raised(log, text=TEXT, **here).number
    near = raised(log, text="路灯坏了好久，晚上看不见", **here).number
    other = raised(log, text="学校门前的井盖松动", **here).number
    far = raised(log, text=TEXT, area=AREAS[1], station="xiaohe").number
    merged = raised(log, text=TEXT + "啊", **here).number
    commanded(log, merged, "merge", into=far)
    if indexed:
        log.write(lambda t: waiting.work_off(t.connection))
    found = alike(log, one)
    assert near in found and not {one, other, merged} & set(found)
    assert (far in found) == (place == "none")
    assert alike(log, one, START_MS + 181 * DAY_MS) == []
    log.stop()
