"""The manifest of a folder: what is new, changed and gone, and nothing read twice."""

import hashlib
import os
import time
from pathlib import Path

import msgspec
import pytest

from sync.mirror import manifest
from sync.mirror.manifest import BadPage, Change, Manifest, Page, decode_page, encode_page, is_kept

COPIES = (".br", ".gz", ".zst")
LOG = bytes(8)
HOSTILE = (
    *("", "/etc/passwd", "..", "../x.html", "a/../../x", "a//b", "a/", "./a", "a/./b", ".hidden"),
    *("a/.x", "a\\b", "C:\\x", "a\0b", "a\nb", "index.html.br", "a" * 201, "a/" * 600 + "b"),
)


def put(site: Path, **files: str) -> None:
    """Write files by name; `__` stands for a slash, `_` for a dot."""
    for name, text in files.items():
        path = site / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    made = tmp_path / "site"
    put(made, index_html="home", notices__1__index_html="one", index_html_br="coded")
    put(made, pictures__a_webp="picture", notices__feed_xml="feed")
    (made / ".index.html.4711").write_text("half a page")
    (made / "link").symlink_to(tmp_path)
    return made


def opened(site: Path) -> Manifest:
    return Manifest(site, site.with_name("site-manifest.db"), copies=COPIES)


def paths(page: Page) -> list[str]:
    return [one.path for one in page.changes]


def test_a_first_scan_lists_what_is_there_and_what_leads_to_others_last(site: Path) -> None:
    kept = opened(site)
    assert kept.scan() == 4
    page = kept.changes(b"", 0, 100, at_ms=7)
    assert paths(page) == [
        "pictures/a.webp",
        "notices/1/index.html",
        "index.html",
        "notices/feed.xml",
    ]
    assert (page.log, page.since, page.until, page.more, page.at) == (kept.log, 0, 4, False, 7)
    home = page.changes[2]
    assert (home.sha256, home.size) == (hashlib.sha256(b"home").digest(), 4)
    assert len(kept.log) == 8
    kept.close()


def test_only_what_changed_since_is_told(site: Path) -> None:
    kept = opened(site)
    kept.scan()
    assert kept.scan() == 0
    put(site, index_html="home again", stations__index_html="new")
    (site / "notices" / "1" / "index.html").unlink()
    assert kept.scan() == 3
    page = kept.changes(kept.log, 4, 100, at_ms=1)
    assert paths(page) == ["stations/index.html", "index.html", "notices/1/index.html"]
    assert page.changes[2] == Change("notices/1/index.html", 7, None, None)
    assert (page.until, page.more) == (7, False)
    assert paths(kept.changes(kept.log, 7, 100, at_ms=1)) == []
    # Who has nothing is not told of what is gone.
    assert "notices/1/index.html" not in paths(kept.changes(kept.log, 0, 100, at_ms=1))
    put(site, notices__1__index_html="one")
    kept.scan()
    assert paths(kept.changes(kept.log, 7, 100, at_ms=1)) == ["notices/1/index.html"]
    kept.close()


def test_it_is_cut_into_pages(site: Path) -> None:
    kept = opened(site)
    kept.scan()
    since, found = 0, []
    while True:
        page = kept.changes(kept.log, since, 3, at_ms=1)
        found += paths(page)
        assert page.since == since
        since = page.until
        if not page.more:
            break
    assert len(found) == len(set(found)) == since == 4
    kept.close()


def test_a_copy_of_another_log_or_ahead_of_this_one_begins_anew(site: Path) -> None:
    kept = opened(site)
    kept.scan()
    for log, since in ((b"another!", 3), (kept.log, 5), (b"", 3)):
        page = kept.changes(log, since, 100, at_ms=1)
        assert (page.since, len(page.changes)) == (0, 4)
    kept.close()


def test_a_site_that_is_built_anew_with_the_same_bytes_changes_nothing(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = opened(site)
    kept.scan()
    for path in site.rglob("*.*"):
        if path.is_file():
            data = path.read_bytes()
            path.unlink()
            path.write_bytes(data)
            os.utime(path, ns=(1, time.time_ns()))
    assert kept.scan() == 0
    # And was noted, so that it is not read again.
    monkeypatch.setattr(manifest, "_read", lambda path: pytest.fail(f"read again: {path}"))
    assert kept.scan() == 0
    kept.close()


def test_the_log_goes_on_when_it_is_opened_again_and_anew_when_it_is_broken(site: Path) -> None:
    kept = opened(site)
    kept.scan()
    log, version = kept.log, kept.version
    kept.close()
    again = opened(site)
    assert (again.log, again.version, again.scan()) == (log, version, 0)
    again.close()
    site.with_name("site-manifest.db").write_bytes(b"not a database at all" * 300)
    anew = opened(site)
    assert anew.log != log
    assert anew.scan() == 4
    anew.close()


def test_a_folder_that_is_missing_or_swapped_meanwhile_is_not_taken_for_an_empty_one(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = opened(site)
    kept.scan()
    away = site.with_name("away")
    site.rename(away)
    assert kept.scan() == 0
    away.rename(site)
    # Another folder takes its place after its first file was seen.
    fresh = site.with_name("fresh")
    put(fresh, index_html="home", only_html="new")
    seen = manifest.files_in

    def swapping(folder: Path, copies: tuple[str, ...]) -> object:
        for one in seen(folder, copies):
            if fresh.exists():
                folder.rename(folder.with_name("old"))
                fresh.rename(folder)
            yield one

    monkeypatch.setattr(manifest, "files_in", swapping)
    assert kept.scan() == 4
    page = kept.changes(kept.log, 4, 100, at_ms=1)
    assert {one.path for one in page.changes if one.sha256} == {"only.html"}
    kept.close()


def test_ten_thousand_files_that_did_not_change_are_looked_at_and_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(10_000):
        folder = tmp_path / "site" / str(n // 100)
        if n % 100 == 0:
            folder.mkdir(parents=True)
        (folder / f"{n}.html").touch()
    kept = opened(tmp_path / "site")
    assert kept.scan() == 10_000
    monkeypatch.setattr(manifest, "_read", lambda path: pytest.fail(f"read: {path}"))
    began = time.process_time()
    assert kept.scan() == 0
    # 0.1 s where it was measured.
    assert time.process_time() - began < 2
    kept.close()


@pytest.mark.parametrize("path", HOSTILE)
def test_no_path_leads_out_of_the_folder(path: str) -> None:
    assert not is_kept(path, COPIES)
    page = Page(LOG, 0, 1, False, 1, (Change(path, 1, bytes(32), 1),))
    with pytest.raises(BadPage):
        decode_page(encode_page(page), COPIES)


def test_chinese_paths_are_paths() -> None:
    assert is_kept("村务/公示 1/index.html", COPIES)
    assert not is_kept("\ud800", COPIES)


GOOD = Page(LOG, 3, 5, False, 1, (Change("a", 4, bytes(32), 1), Change("b", 5, None, None)))


def test_a_page_comes_back_as_it_was() -> None:
    assert decode_page(encode_page(GOOD), COPIES) == GOOD


@pytest.mark.parametrize(
    "changed",
    [
        {"log": b"short"},
        {"since": -1},
        {"until": 2},
        {"changes": (Change("a", 3, bytes(32), 1),)},
        {"changes": (Change("a", 6, bytes(32), 1),)},
        {"changes": (Change("a", 5, bytes(32), 1), Change("b", 5, None, None))},
        {"changes": (Change("a", 4, bytes(31), 1),)},
        {"changes": (Change("a", 4, bytes(32), -1),)},
        {"changes": (Change("a", 4, bytes(32), None),)},
        {"changes": (Change("a", 4, None, 1),)},
    ],
)
def test_a_page_that_does_not_hold_together_is_refused(changed: dict[str, object]) -> None:
    page = msgspec.structs.replace(GOOD, **changed)
    with pytest.raises(BadPage):
        decode_page(encode_page(page), COPIES)


def test_a_page_cut_at_every_byte_is_refused() -> None:
    whole = encode_page(GOOD)
    for length in range(len(whole)):
        with pytest.raises(BadPage):
            decode_page(whole[:length], COPIES)
