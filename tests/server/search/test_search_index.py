"""The index of the notices by itself: order, proof, and that nothing stays of what is taken out."""

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.search import index as search_index
from server.search.directory import initials_of
from server.search.found_text import marked
from server.search.index import Entry

_HAN = [chr(code) for code in range(0x4E00, 0x9000)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "search.db"


@pytest.fixture
def index(path: Path) -> Iterator[sqlite3.Connection]:
    connection = search_index.make(path, "log")
    yield connection
    connection.close()


def put(index: sqlite3.Connection, entries: dict[int, Entry]) -> None:
    index.execute("BEGIN IMMEDIATE")
    search_index.put(index, entries)
    index.execute("COMMIT")


def entry(number: str, title: str, text: str = "", area: str = "") -> Entry:
    return Entry(number, 1, area, f"{title}\n{text}\n")


def found(index: sqlite3.Connection, query: str, offset: int = 0, limit: int = 10) -> list[str]:
    words = search_index.words_of(query)
    return list(search_index.find(index, words, {}, offset, limit).numbers)


def test_nothing_is_left_of_what_was_taken_out(index: sqlite3.Connection, path: Path) -> None:
    """However the pages of the file were split, merged and filled again in between."""
    rnd = random.Random(1)
    secret = {f"9{number:05d}": "".join(rnd.choices(_HAN, k=8)) for number in range(60)}
    common = ["路灯不亮", "井盖丢了", "水管漏水", "晚上走路很不方便", "老人摔过两次"]
    entries: dict[int, Entry] = {}
    for seq in range(1, 500):
        filler = "，".join(rnd.sample(common, 3)) + "".join(rnd.choices(_HAN, k=rnd.randrange(100)))
        entries[seq] = entry(f"1{seq:05d}", "公示", filler)
    for n, (number, words) in enumerate(secret.items()):
        entries[2_000 + n] = entry(number, words[:4], words[4:] * rnd.randrange(1, 100))
    seqs = list(entries)
    rnd.shuffle(seqs)
    for start in range(0, len(seqs), 40):
        put(index, {seq: entries[seq] for seq in seqs[start : start + 40]})
    order = list(secret)
    rnd.shuffle(order)
    for n, number in enumerate(order):
        index.execute("BEGIN IMMEDIATE")
        search_index.take_out(index, number)
        assert search_index.held(index, number) is None
        if n % 3 == 0:
            search_index.take_out(index, f"1{rnd.randrange(1, 500):05d}")
        index.execute("COMMIT")
    search_index.sweep(index)
    assert search_index.settle(index)
    held = b"".join(one.read_bytes() for one in path.parent.glob("search.db*"))
    kept = {pair for row in index.execute("SELECT body FROM notices") for pair in pairs(row[0])}
    for words in secret.values():
        assert words.encode() not in held
        for pair in pairs(words[:4]) | pairs(words[4:]):
            assert pair in kept or pair.encode() not in held, pair


def pairs(text: str) -> set[str]:
    """Return the neighbouring characters of a text."""
    return {text[at : at + 2] for at in range(len(text) - 1)}


def test_the_order_and_the_pages(index: sqlite3.Connection) -> None:
    put(
        index,
        {
            1: entry("a", "桥头的路灯"),
            2: entry("b", "修路", "桥头的路灯不亮"),
            3: entry("c", "桥头的路灯换了"),
            4: entry("d", "别的", "路灯亮，桥头不亮"),
        },
    )
    assert found(index, "桥头 路灯") == ["c", "a", "d", "b"]
    assert found(index, "桥头的路灯") == ["c", "a", "b"]
    assert [found(index, "桥头的路灯", at, 1) for at in range(4)] == [["c"], ["a"], ["b"], []]
    assert found(index, "路灯不亮") == ["b"] and found(index, "路灯桥头") == []
    first = search_index.find(index, ["路灯"], {}, 0, 2)
    assert (first.total, first.more, first.cut_short) == (4, True, False)
    proved = search_index.find(index, ["桥头的路灯"], {}, 0, 3)
    assert (proved.numbers, proved.more) == (("c", "a", "b"), False)


def test_a_place_stands_for_a_word(index: sqlite3.Connection) -> None:
    put(index, {1: entry("a", "路灯", area="1"), 2: entry("b", "柳堰村的路灯", area="2")})
    words = ["柳堰村", "路灯"]
    assert search_index.find(index, words, {"柳堰村": ["1"]}, 0, 10).numbers == ("b", "a")


def test_a_phrase_that_nobody_wrote_is_not_looked_for_for_ever(
    index: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(index, {seq: entry(str(seq), "公示", "路灯亮，灯不亮") for seq in range(1, 300)})
    monkeypatch.setattr(search_index, "LOOKED_THROUGH", 100)
    result = search_index.find(index, ["路灯不亮"], {}, 0, 10)
    assert (result.numbers, result.total, result.cut_short) == ((), None, True)


def test_an_index_of_another_log_or_version_is_not_used(path: Path) -> None:
    search_index.make(path, "one").close()
    sound = search_index.open_sound(path, "one")
    assert sound is not None
    assert search_index.open_sound(path, "two") is None
    sound.execute("UPDATE made SET version=0")
    assert search_index.open_sound(path, "one") is None
    sound.close()
    path.write_bytes(b"no database")
    assert search_index.open_sound(path, "one") is None


@pytest.mark.parametrize(
    ("pinyin", "initials"),
    [
        ("liuyan", "ly"),
        ("zhangzhuang", "zz"),
        ("qiushuyuan", "qsy"),
        ("xinghuayu", "xhy"),
        ("shangwengcun", "swc"),
        ("danangou", "dng"),
        ("", ""),
        ("street", ""),
        ("r2d2", ""),
    ],
)
def test_the_initials_of_pinyin(pinyin: str, initials: str) -> None:
    assert initials_of(pinyin) == initials


@pytest.mark.parametrize(
    ("text", "words", "html"),
    [
        ("修路灯", ["路灯"], "修<mark>路灯</mark>"),
        ("路路灯灯", ["路灯", "灯灯"], "路<mark>路灯</mark><mark>灯</mark>"),
        ("<b>ＡＢ</b>", ["ab"], "&lt;b&gt;<mark>ＡＢ</mark>&lt;/b&gt;"),
        ("㎡大小", ["m2大"], "<mark>㎡大</mark>小"),
        ("路", [], "路"),
    ],
)
def test_words_are_marked_however_they_are_written(text: str, words: list[str], html: str) -> None:
    assert marked(text, words) == html
