"""Files on their way: kept as they came, and unpacked no further than they may be."""

from pathlib import Path

import brotli  # type: ignore[import-untyped]  # It ships no types.

from sync.mirror.parts import (
    BROTLI,
    PLAIN,
    Begun,
    Content,
    Parts,
    packed_shared,
    unpacked,
    unpacked_shared,
)

ABC = bytes.fromhex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")


def test_what_came_is_kept_and_proved_once_it_is_whole(tmp_path: Path) -> None:
    parts, came = Parts(tmp_path / "parts"), list[int]()
    assert parts.begun(ABC) == Begun("", 0)
    parts.append(ABC, PLAIN, [b"a"], most_bytes=3, came=came.append)
    again = Parts(tmp_path / "parts")
    assert again.begun(ABC) == Begun(PLAIN, 1)
    assert again.content(ABC, PLAIN, 3, None) is None
    again.append(ABC, PLAIN, [b"b", b"c"], most_bytes=3, came=came.append)
    assert again.content(ABC, PLAIN, 3, None) == Content(b"abc", None)
    assert came == [1, 1, 1]
    again.drop(ABC)
    coded = brotli.compress(b"abc")
    again.append(ABC, BROTLI, [coded], most_bytes=3, came=came.append)
    assert again.content(ABC, BROTLI, 3, None) == Content(b"abc", coded)
    again.clear()
    assert again.begun(ABC) == Begun("", 0)


def test_no_more_is_kept_than_can_be_of_a_file(tmp_path: Path) -> None:
    parts, came = Parts(tmp_path / "parts"), list[int]()
    parts.append(ABC, PLAIN, iter([bytes(500)] * 1_000_000), most_bytes=3, came=came.append)
    assert sum(came) == parts.begun(ABC).offset == 1000


def test_a_bomb_is_not_unpacked() -> None:
    bomb = brotli.compress(bytes(50_000_000))
    assert len(bomb) < 1000
    assert unpacked(bomb, 1000) is None
    assert unpacked(brotli.compress(b"abc"), 3) == b"abc"
    assert unpacked(brotli.compress(b"abcd"), 3) is None
    assert unpacked(brotli.compress(b"abc")[:-1], 3) is None
    assert unpacked(brotli.compress(b"abc") + b"x", 3) is None


def test_what_is_packed_with_a_dictionary_needs_that_one_and_no_more_room_than_told() -> None:
    coded = packed_shared(b"page" * 100, b"pages")
    assert unpacked_shared(coded, 400, b"pages") == b"page" * 100
    for size, dictionary in ((399, b"pages"), (401, b"pages"), (400, b"other"), (400, None)):
        assert unpacked_shared(coded, size, dictionary) is None
    for length in range(len(coded)):
        assert unpacked_shared(coded[:length], 400, b"pages") is None
    assert unpacked_shared(packed_shared(bytes(50_000_000), b"pages"), 1000, b"pages") is None
