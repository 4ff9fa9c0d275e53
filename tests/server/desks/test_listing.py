"""Lists and searches from outside: filters in the address, while what came waits and afterwards."""

import sqlite3
from typing import Any

from tests.hub import Hub, until


def numbers(hub: Hub, **asked: Any) -> list[str]:
    answer = hub.client("office").get("/api/v1/matters", params=asked)
    assert answer.status_code == 200, answer.text
    return [one["number"] for one in answer.json()["matters"]]


def test_a_matter_is_found_at_once_and_when_it_is_indexed(hub: Hub) -> None:
    urgent = hub.raise_matter("北坡的变压器漏电，孩子差点触电")["number"]
    other = hub.raise_matter("北坡的变压器有噪声")["number"]

    def found() -> None:
        assert numbers(hub, q="北坡的变压器") == [other, urgent]
        assert numbers(hub, q="变压器 漏电", urgent="1") == [urgent]
        framing = numbers(hub, desk="frame")
        assert framing.index(urgent) < framing.index(other)
        assert urgent not in numbers(hub, desk="handle")
        assert numbers(hub, q="北坡的变压器", light="red", order="due") == []
        assert numbers(hub, q=urgent) == [urgent]

    found()

    def none_waits() -> bool:
        with sqlite3.connect(f"file:{hub.data / 'huiyin.db'}?mode=ro", uri=True) as connection:
            return bool(connection.execute("SELECT count(*)=0 FROM waiting").fetchone()[0])

    until(none_waits, within_s=30)
    found()


def test_what_nobody_could_mean_narrows_and_is_no_error(hub: Hub) -> None:
    for asked in ({"handover": "x"}, {"light": "blue"}, {"level": "'"}, {"desk": "x"}):
        assert numbers(hub, **asked) == []
    assert numbers(hub, cursor="x", round_from="x") == numbers(hub)
