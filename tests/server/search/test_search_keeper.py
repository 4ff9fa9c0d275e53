"""The keeper of the index of the notices: whatever is wrong with the file when it opens it."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eventlog.log import Log
from server.search import index as search_index
from server.search.keeper import FILE_NAME, SearchKeeper
from tests.matters.county import commanded, open_county, raised


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    opened = open_county(tmp_path)
    yield opened
    opened.stop()


def published(log: Log, title: str) -> str:
    """Take a matter to its notice and return its number."""
    return announced(log, answered(log), title)


def answered(log: Log) -> str:
    """Raise a matter that is answered at once, and return its number."""
    number = raised(log, publish="yes").number
    commanded(log, number, "answer", text="已办好")
    return number


def announced(log: Log, number: str, title: str) -> str:
    """Publish a matter and return its number."""
    commanded(log, number, "publish", title=title, text="村里的事", answer="已办好")
    return number


def kept(log: Log) -> Path:
    """Have a keeper that was just made bring the index up to date; return the file."""
    keeper = SearchKeeper(log, log.folder)
    assert keeper.making
    while keeper.follow(log.newest_position()):
        assert not keeper.making
    assert not keeper.making
    keeper.close()
    return keeper.path


def found(index: Path, query: str) -> list[str]:
    """Return the numbers that a search finds in the index."""
    connection = sqlite3.connect(index)
    try:
        return list(search_index.find(connection, [query], {}, 0, 10).numbers)
    finally:
        connection.close()


def lost(index: Path) -> None:
    """The index is gone."""
    index.unlink()


def broken(index: Path) -> None:
    """Pages in its middle are not what SQLite wrote."""
    whole = index.read_bytes()
    index.write_bytes(whole[:5000] + b"\xff" * 3000 + whole[8000:])


def cut(index: Path) -> None:
    """Its end is missing."""
    index.write_bytes(index.read_bytes()[:-4096])


def stale(index: Path) -> None:
    """It holds a notice that is public no more, and lacks one that is, as after a kill."""
    connection = sqlite3.connect(index)
    connection.execute("UPDATE notices SET number='0000000000', body='睚眦必报'")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("spoil", [lost, broken, cut, stale])
def test_an_index_that_is_not_right_is_put_right(log: Log, spoil: Callable[[Path], None]) -> None:
    number = published(log, "夔龙沟的桥")
    index = kept(log)
    assert index == log.folder / FILE_NAME and found(index, "夔龙") == [number]
    spoil(index)
    assert kept(log) == index and found(index, "夔龙") == [number]
    for path in log.folder.glob(f"{FILE_NAME}*"):
        assert "睚眦必报".encode() not in path.read_bytes()


def test_what_was_withdrawn_while_no_keeper_ran_is_found_no_more(log: Log) -> None:
    number = published(log, "螭吻坡的井")
    assert found(kept(log), "螭吻") == [number]
    commanded(log, number, "withdraw", reason="当事人要求")
    index = kept(log)
    assert found(index, "螭吻") == []
    for path in log.folder.glob(f"{FILE_NAME}*"):
        assert "螭吻".encode() not in path.read_bytes()


def test_the_newest_notice_is_found_first_though_its_matter_is_older(log: Log) -> None:
    keeper = SearchKeeper(log, log.folder)
    keeper.follow(log.newest_position())
    oldest = answered(log)
    first, second = published(log, "狻猊岭的灯"), announced(log, oldest, "狻猊岭的桥")
    keeper.follow(log.newest_position())
    keeper.close()
    assert found(keeper.path, "狻猊") == [second, first]


def test_what_is_published_while_more_waits_stands_above_it(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = SearchKeeper(log, log.folder)
    keeper.follow(log.newest_position())
    with monkeypatch.context() as patch:
        # A piece of work is over before it begins.
        patch.setattr("server.search.keeper.PIECE_S", 0.0)
        first = published(log, "狻猊岭的灯")
        assert keeper.follow(log.newest_position())
        second = published(log, "狻猊岭的桥")
        assert keeper.follow(log.newest_position())
    assert not keeper.follow(log.newest_position())
    keeper.close()
    assert found(keeper.path, "狻猊") == [second, first]
