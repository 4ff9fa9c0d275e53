"""Notices in a list in memory and on the shelf of the database: one suite for both."""

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eventlog.log import Log
from matters.public.notices import ListKind, Notice
from matters.public.public import NoticeShelf
from publisher.content import Notices
from tests.eventlog.notes import Clock
from tests.matters.county import AREAS, OFFICE, commanded, open_county, raised
from tools.purging.notices_in_memory import NoticesInMemory

PUBLIC: dict[str, Any] = {"title": "大桥栏杆", "text": "村民反映栏杆断裂", "answer": "已经修复"}


class County:
    """Seven notices, of which two were withdrawn, one of them and one more edited."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.log: Log = open_county(folder, self.clock)
        self.numbers: list[str] = []
        self.last: dict[str, Notice] = {}

    def fill(self) -> None:
        """Make the history."""
        for n in range(7):
            where = {"area": AREAS[n % 2], "station": ("dahe", "xiaohe")[n % 2]}
            number = raised(self.log, text=f"第{n}件事", publish="yes", **where).number
            self.numbers.append(number)
            commanded(self.log, number, "answer", text="修好了")
            self.clock.now_ms += 1000 * 3600
        for number in self.numbers:
            commanded(self.log, number, "publish", OFFICE, None, **PUBLIC)
            self.clock.now_ms += 1000 * 3600
        self.remember()
        commanded(self.log, self.numbers[5], "publish", OFFICE, None, **{**PUBLIC, "title": "改过"})
        self.remember()
        for n in (1, 4):
            commanded(self.log, self.numbers[n], "withdraw", reason="要改")

    def remember(self) -> None:
        """Keep what each notice was when it was seen last."""
        with self.log.reading() as connection:
            shelf = NoticeShelf(connection)
            for number in self.numbers:
                if (notice := shelf.by_number(number)) is not None:
                    self.last[number] = notice


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    made = County(tmp_path_factory.mktemp("county"))
    made.fill()
    yield made
    assert made.log.verify().ok
    made.log.stop()


@pytest.fixture(params=["shelf", "memory"])
def notices(request: Any, county: County) -> Iterator[Notices]:
    with county.log.reading() as connection:
        shelf = NoticeShelf(connection)
        if request.param == "shelf":
            yield shelf
        else:
            shown = [n for number in county.numbers if (n := shelf.by_number(number))]
            gone = [county.last[number] for number in county.numbers if not shelf.by_number(number)]
            yield NoticesInMemory(shown, gone)


def of(county: County, *places: int) -> list[str]:
    return [county.numbers[n] for n in places]


def numbers(found: Any) -> list[str]:
    return [notice.number for notice in found]


def test_who_came_last_is_first_and_an_edit_moves_nobody(notices: Notices, county: County) -> None:
    assert numbers(notices.latest(99)) == of(county, 6, 5, 3, 2, 0)
    assert numbers(notices.latest(2)) == of(county, 6, 5)
    edited = notices.by_number(county.numbers[5])
    assert edited is not None and edited.title == "改过"
    assert edited.published_at > edited.standing_since


def test_a_list_has_what_is_of_it(notices: Notices, county: County) -> None:
    assert numbers(notices.of(ListKind.AREA, AREAS[0], 99)) == of(county, 6, 2, 0)
    assert numbers(notices.of(ListKind.STATION, "xiaohe", 99)) == of(county, 5, 3)
    assert numbers(notices.of(ListKind.AREA, AREAS[0], 2)) == of(county, 6, 2)
    assert notices.of(ListKind.DEPUTY, "nobody", 9) == []


def test_a_withdrawn_notice_leaves_its_place_empty(notices: Notices, county: County) -> None:
    extent = notices.extent(ListKind.ALL, "")
    assert (extent.places, extent.shown) == (7, 5)
    # 1, 3 and 5 came to this station.
    extent = notices.extent(ListKind.STATION, "xiaohe")
    assert (extent.places, extent.shown) == (3, 2)
    places = [notices.place(ListKind.ALL, "", number) for number in county.numbers]
    assert places == list(range(7))
    assert notices.place(ListKind.STATION, "xiaohe", county.numbers[1]) == 0
    assert notices.place(ListKind.STATION, "xiaohe", county.numbers[5]) == 2
    assert notices.place(ListKind.STATION, "dahe", county.numbers[5]) is None
    assert notices.place(ListKind.ALL, "", "unknown") is None
    assert notices.by_number(county.numbers[1]) is None


def test_places_are_read_in_pieces(notices: Notices, county: County) -> None:
    assert numbers(notices.at(ListKind.ALL, "", 0, 3)) == of(county, 2, 0)
    assert numbers(notices.at(ListKind.ALL, "", 3, 3)) == of(county, 5, 3)
    assert numbers(notices.at(ListKind.ALL, "", 6, 3)) == of(county, 6)
    assert numbers(notices.at(ListKind.STATION, "xiaohe", 0, 1)) == []
    assert list(notices.numbers()) == of(county, 0, 2, 3, 5, 6)
    assert list(notices.numbers(1, 4)) == of(county, 2, 3)


def test_lists_are_named_with_how_many_they_show(notices: Notices) -> None:
    assert dict(notices.keys(ListKind.STATION)) == {"dahe": 3, "xiaohe": 2}
    months = notices.keys(ListKind.MONTH)
    assert list(months) == sorted(months) and sum(count for _, count in months) == 5
    assert all(datetime.date.fromisoformat(f"{month}-01") for month, _ in months)


@pytest.mark.parametrize("kind", ListKind)
def test_each_list_is_read_along_its_index(county: County, kind: ListKind) -> None:
    """Nothing is sorted, and no row of the table is looked at that is not shown."""
    key = "" if kind is ListKind.ALL else "x"
    asked: list[Callable[[NoticeShelf], Any]] = [
        lambda shelf: shelf.of(kind, key, 5),
        lambda shelf: shelf.extent(kind, key),
        lambda shelf: shelf.at(kind, key, 0, 20),
        lambda shelf: list(shelf.numbers(0, 20)),
    ]
    if kind is not ListKind.ALL:
        asked.append(lambda shelf: shelf.keys(kind))
    with county.log.reading() as connection:
        shelf = NoticeShelf(connection)
        for ask in asked:
            said: list[str] = []
            connection.set_trace_callback(said.append)
            ask(shelf)
            connection.set_trace_callback(None)
            for statement in said:
                plan = [r[3] for r in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
                assert not any("TEMP B-TREE" in line for line in plan), (statement, plan)
                if "first_shown_at IS NOT NULL" in statement:
                    of_list = kind is not ListKind.ALL and "m.number, m.shown" not in statement
                    index = f"matters_place_{kind} " if of_list else "matters_place "
                    assert any(index in f"{line} " for line in plan), (statement, plan)
