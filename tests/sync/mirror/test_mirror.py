"""A copy of a folder: cut at every byte, lied to, crashed, and still the same in the end."""

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # It ships no types.
import pytest

from sync.mirror.manifest import Change, Manifest, Page
from sync.mirror.mirror import Cursor, Fetched, Mirror, NotThere, OutOfStep
from sync.mirror.parts import BROTLI, PLAIN, SHARED, Begun, packed_shared
from sync.mirror.progress import Progress
from tests.drills import tell
from tests.sync.mirror.mirrored import COPIES, SITE, Hub, LineCut, files, place, round_of

_LINK = re.compile(r"to:(\S+)")
Open = Callable[[], Mirror]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(tmp_path)
    made.write(SITE)
    yield made
    made.manifest.close()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """What opens the copy, as a restart does."""
    made: list[Mirror] = []

    def open_it() -> Mirror:
        for one in made:
            one.close()
        made[:] = [
            Mirror(
                tmp_path / "copy",
                tmp_path / "parts",
                tmp_path / "copy.db",
                copies=COPIES,
                place=place,
                file_most_bytes=100_000,
            )
        ]
        return made[0]

    yield open_it
    for one in made:
        one.close()


def assert_nothing_leads_nowhere(copy: Path) -> None:
    """The home page and lists lead only to what is there; other pages may still lead home."""
    found = files(copy) if copy.exists() else {}
    for path, text in found.items():
        for to in _LINK.findall(text):
            assert to in found or to == "index.html", f"{path} leads to {to}"


def test_a_first_copy_is_the_same_and_a_second_round_fetches_nothing(
    hub: Hub, opened: Open, tmp_path: Path
) -> None:
    mirror = opened()
    told: list[Progress] = []
    mirror.take(hub.page(mirror.listed))
    done = mirror.work(hub.fetch, told.append)
    assert files(tmp_path / "copy") == SITE
    assert (done.files_done, done.files_left, done.bytes_left) == (6, 0, 0)
    assert done.bytes_done == sum(map(len, SITE.values()))
    assert done.fetched_bytes == hub.sent and told[-1] == done
    assert mirror.copied_at == 1000
    coded = (tmp_path / "copy" / "index.html.br").read_bytes()
    assert brotli.decompress(coded).decode() == SITE["index.html"]
    assert not (tmp_path / "parts").exists()
    hub.asked.clear()
    hub.at = 2000
    again = round_of(mirror, hub)
    assert (again.files_done, hub.asked, mirror.copied_at) == (0, [], 2000)
    assert mirror.done == mirror.listed == Cursor(hub.manifest.log, 6)


def test_cut_after_every_byte_it_goes_on_there_and_no_byte_comes_twice(
    hub: Hub, opened: Open, tmp_path: Path
) -> None:
    mirror = opened()
    mirror.take(hub.page(mirror.listed))
    rounds = 0
    while True:
        hub.room = 1
        rounds += 1
        try:
            mirror.work(hub.fetch)
            break
        except LineCut:
            assert mirror.copied_at is None
            assert_nothing_leads_nowhere(tmp_path / "copy")
            # Another process goes on.
            mirror = opened()
    assert files(tmp_path / "copy") == SITE
    whole = sum(
        len(brotli.compress(text.encode())) if path.endswith(".html") else len(text)
        for path, text in SITE.items()
    )
    assert hub.sent == whole and rounds > whole - 2
    assert mirror.copied_at == 1000


@pytest.mark.parametrize("cut_at", [0, 1, 30, 60, 90])
def test_what_was_cut_is_overtaken_by_a_newer_version(
    hub: Hub, opened: Open, tmp_path: Path, cut_at: int
) -> None:
    mirror = opened()
    hub.room = cut_at
    with pytest.raises(LineCut):
        round_of(mirror, hub)
    hub.room = float("inf")
    changed = {path: text + " again" for path, text in SITE.items()}
    hub.write(changed)
    hub.at = 3000
    round_of(mirror, hub)
    assert files(tmp_path / "copy") == changed
    assert mirror.copied_at == 3000


def test_a_changed_page_comes_after_what_it_leads_to_and_what_is_gone_goes_last(
    hub: Hub, opened: Open, tmp_path: Path
) -> None:
    mirror = opened()
    round_of(mirror, hub)
    hub.asked.clear()
    hub.write(
        {
            "index.html": "home to:stations/9/index.html",
            "notices/index.html": "none",
            "notices/1/index.html": None,
            "stations/9/index.html": "new to:pictures/9.webp",
            "pictures/9.webp": "RIFF",
        }
    )
    round_of(mirror, hub)
    assert [path for path, _ in hub.asked] == [
        "pictures/9.webp",
        "stations/9/index.html",
        "notices/index.html",
        "index.html",
    ]
    assert not (tmp_path / "copy" / "notices" / "1").exists()


def test_what_was_withdrawn_does_not_stay_for_want_of_a_line(
    hub: Hub, opened: Open, tmp_path: Path
) -> None:
    mirror = opened()
    round_of(mirror, hub)
    hub.write({"notices/1/index.html": None, "index.html": "home"})
    mirror.take(hub.page(mirror.listed))
    hub.room = 0
    with pytest.raises(LineCut):
        mirror.work(hub.fetch)
    assert not (tmp_path / "copy" / "notices" / "1").exists()
    assert files(tmp_path / "copy")["index.html"] == SITE["index.html"]


def test_a_flipped_bit_is_noticed_and_the_file_fetched_anew(
    hub: Hub, opened: Open, tmp_path: Path
) -> None:
    whole = len(brotli.compress(SITE["index.html"].encode()))
    for byte in range(whole):
        mirror = opened()
        (tmp_path / "copy" / "index.html").unlink(missing_ok=True)
        flipped: list[int] = []

        def fetch(
            change: Change,
            begun: Begun,
            dictionary: bytes | None,
            byte: int = byte,
            flipped: list[int] = flipped,
        ) -> Fetched:
            came = hub.fetch(change, begun, dictionary)
            data = bytearray(b"".join(came.chunks))
            if change.path == "index.html" and not flipped:
                flipped.append(byte)
                data[byte] ^= 1
            return came._replace(chunks=[bytes(data)])

        mirror.take(hub.page(Cursor(b"", 0)), anew=True)
        assert mirror.work(fetch).files_left == 0
        assert flipped and files(tmp_path / "copy") == SITE
    tell("flips", whole, note="site pages")


def test_what_always_comes_wrong_is_never_put_in_place(
    hub: Hub, opened: Open, tmp_path: Path
) -> None:
    mirror = opened()

    def lying(change: Change, begun: Begun, dictionary: bytes | None) -> Fetched:
        hub.asked.append((change.path, begun.offset))
        return Fetched(PLAIN, 0, iter([b"false"] * 1_000_000))

    mirror.take(hub.page(mirror.listed))
    done = mirror.work(lying)
    assert (done.files_done, done.files_left) == (0, 6)
    # Twice each, and no more of it than the file could have.
    assert len(hub.asked) == 12 and done.fetched_bytes < 12 * 1500
    assert not (tmp_path / "copy").exists() and mirror.copied_at is None
    assert round_of(mirror, hub).files_left == 0


def test_a_file_that_changes_between_list_and_fetch_comes_with_the_next_round(
    hub: Hub, opened: Open, tmp_path: Path
) -> None:
    mirror = opened()
    mirror.take(hub.page(mirror.listed))
    (hub.site / "index.html").write_text("newer", "utf-8")
    (hub.site / "empty.txt").unlink()
    done = mirror.work(hub.fetch)
    assert (done.files_done, done.files_left) == (4, 2)
    assert "index.html" not in files(tmp_path / "copy") and mirror.copied_at is None
    assert mirror.done != mirror.listed
    hub.manifest.scan()
    assert round_of(mirror, hub).files_left == 0
    assert files(tmp_path / "copy") == files(hub.site)
    assert mirror.copied_at == 1000 and mirror.done == mirror.listed


def test_what_came_of_a_file_waits_while_it_can_not_be_had(
    hub: Hub, opened: Open, tmp_path: Path
) -> None:
    def nowhere(change: Change, begun: Begun, dictionary: bytes | None) -> Fetched:
        raise NotThere

    mirror = opened()
    hub.room = 30
    with pytest.raises(LineCut):
        round_of(mirror, hub)
    assert mirror.work(nowhere).files_left > 0
    hub.room = float("inf")
    mirror.work(hub.fetch)
    assert hub.asked[1] == (hub.asked[0][0], 30)
    assert files(tmp_path / "copy") == SITE


def test_a_crash_between_place_and_note_fetches_nothing_twice(
    hub: Hub, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = opened()
    mirror.take(hub.page(mirror.listed))
    with monkeypatch.context() as crash:
        crash.setattr(mirror, "_note", lambda change: (_ for _ in ()).throw(LineCut))
        with pytest.raises(LineCut):
            mirror.work(hub.fetch)
    first = list(hub.asked)
    assert len(first) == 1 and len(files(tmp_path / "copy")) == 1
    mirror = opened()
    mirror.work(hub.fetch)
    assert len(hub.asked) == len({path for path, _ in hub.asked}) == 6
    assert files(tmp_path / "copy") == SITE


def test_a_part_that_a_power_cut_left_full_of_zeros_is_fetched_anew(
    hub: Hub, opened: Open, tmp_path: Path
) -> None:
    mirror = opened()
    sha256 = hashlib.sha256(SITE["index.html"].encode()).digest()
    mirror.take(hub.page(mirror.listed))
    mirror.stage(sha256, BROTLI, bytes(10))
    assert mirror.work(hub.fetch).files_left == 0
    assert files(tmp_path / "copy") == SITE


def test_a_new_log_compares_and_fetches_only_what_differs(
    hub: Hub, opened: Open, tmp_path: Path
) -> None:
    mirror = opened()
    round_of(mirror, hub)
    (tmp_path / "copy" / "left.html").write_text("of another time")
    (tmp_path / "copy" / "sitemap.xml").write_text("broken")
    restored = Manifest(hub.site, tmp_path / "other.db", copies=COPIES)
    hub.manifest.close()
    hub.manifest = restored
    hub.put(notices__2__index_html="two")
    hub.asked.clear()
    # In pages of one: nothing may go before the last of them was taken.
    page = hub.page(mirror.listed, 1)
    mirror.take(page)
    mirror.work(hub.fetch)
    assert set(files(tmp_path / "copy")) >= {*SITE, "left.html"}
    round_of(mirror, hub, 1)
    assert files(tmp_path / "copy") == files(hub.site)
    assert [path for path, _ in hub.asked] == ["notices/2/index.html", "sitemap.xml"]
    assert mirror.done == Cursor(restored.log, 7)


def test_the_same_content_elsewhere_is_taken_from_here(
    hub: Hub, opened: Open, tmp_path: Path
) -> None:
    mirror = opened()
    round_of(mirror, hub)
    hub.asked.clear()
    page = SITE["notices/1/index.html"]
    hub.write({"old/1/index.html": page, "notices/1/index.html": None})
    round_of(mirror, hub)
    assert hub.asked == []
    assert files(tmp_path / "copy")["old/1/index.html"] == page
    assert (tmp_path / "copy" / "old" / "1" / "index.html.br").exists()


def test_a_file_where_a_folder_was_and_the_reverse(hub: Hub, opened: Open, tmp_path: Path) -> None:
    mirror = opened()
    hub.put(a__b_html="deep", c_html="flat")
    round_of(mirror, hub)
    (hub.site / "a" / "b.html").unlink()
    (hub.site / "a").rmdir()
    (hub.site / "c.html").unlink()
    (hub.site / "a").write_text("flat")
    (hub.site / "c.html").mkdir()
    (hub.site / "c.html" / "d.html").write_text("deep")
    hub.manifest.scan()
    round_of(mirror, hub)
    assert files(tmp_path / "copy") == files(hub.site)


def test_pages_are_taken_once_and_none_is_skipped(hub: Hub, opened: Open, tmp_path: Path) -> None:
    mirror = opened()
    first = hub.page(mirror.listed)
    mirror.take(first)
    mirror.work(hub.fetch)
    hub.put(index_html="second")
    second = hub.page(mirror.listed)
    hub.put(index_html="third")
    third = hub.page(Cursor(second.log, second.until))
    with pytest.raises(OutOfStep):
        mirror.take(third)
    mirror.take(second)
    mirror.take(third)
    # What is older than what is known changes nothing.
    mirror.take(second)
    mirror.take(first)
    mirror.work(hub.fetch)
    assert files(tmp_path / "copy")["index.html"] == "third"
    with pytest.raises(OutOfStep):
        mirror.take(Page(b"another!", 5, 6, False, 1, ()))


def test_what_is_too_large_is_left_out(hub: Hub, opened: Open, tmp_path: Path) -> None:
    mirror = opened()
    round_of(mirror, hub)
    hub.put(index_html="x" * 100_001)
    hub.asked.clear()
    assert round_of(mirror, hub).files_left == 0
    assert hub.asked == [] and "index.html" not in files(tmp_path / "copy")


def test_the_dictionary_comes_first_and_helps_with_the_rest(hub: Hub, tmp_path: Path) -> None:
    mirror = Mirror(
        tmp_path / "copy",
        tmp_path / "parts",
        tmp_path / "copy.db",
        copies=COPIES,
        place=place,
        dictionary="notices/index.html",
    )
    asked: list[tuple[str, bytes | None]] = []

    def sharing(change: Change, begun: Begun, dictionary: bytes | None) -> Fetched:
        asked.append((change.path, dictionary))
        if dictionary is None:
            return hub.fetch(change, begun, None)
        other = (hub.site / "notices" / "index.html").read_bytes()
        assert dictionary == hashlib.sha256(other).digest()
        coded = packed_shared((hub.site / change.path).read_bytes(), other)
        return Fetched(SHARED, begun.offset, hub.over_the_line(coded[begun.offset :]))

    mirror.take(hub.page(mirror.listed))
    hub.room = 100
    while True:
        try:
            mirror.work(sharing)
            break
        except LineCut:
            hub.room = 30
    assert files(tmp_path / "copy") == SITE
    assert asked[0] == ("notices/index.html", None)
    assert None not in [dictionary for path, dictionary in asked if path != asked[0][0]]
    mirror.close()
