"""Copies of text files, compressed: always of the page that stands there, never left behind."""

import gzip
import itertools
import os
from collections.abc import Callable
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # It ships no types.
import pytest
import zstandard

from publisher.site import Publisher
from publisher.writing import compressed, files
from publisher.writing.squeezing import mark, squeeze
from publisher.writing.touched import Changes
from tests.site import counties
from tests.site.whole_sites import copied, tree

BASE = "https://hui.example.org/qinghe/"
READ = {
    ".br": brotli.decompress,
    ".gz": gzip.decompress,
    ".zst": lambda data: zstandard.ZstdDecompressor().decompress(data),
}
NOTICES = [counties.notice(n) for n in range(6)]


@pytest.fixture(autouse=True)
def nearly_squeezed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Squeezes by brotli's ninth level, which is still better than quick: a fifteenth of the time.

    By how much the tenth is better is seen in `tests/site/test_weight.py`.
    """
    monkeypatch.setattr(compressed, "_FEW", 9)


@pytest.fixture(scope="module")
def squeezed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of all `NOTICES`; to be read, or copied by `copied`."""
    site = tmp_path_factory.mktemp("squeezed") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compressed, "_FEW", 9)
        Publisher(lambda: counties.content(NOTICES), site, BASE).build_full()
    return site


def check_copies(out: Path, *, all_there: bool = True) -> int:
    """Every copy is one of the file beside it; returns how many there are."""
    count = 0
    for file in out.rglob("*"):
        if file.is_file() and file.suffix in READ:
            assert READ[file.suffix](file.read_bytes()) == file.with_suffix("").read_bytes(), file
            count += 1
    if all_there:
        texts = [
            f
            for f in out.rglob("*")
            if f.suffix in {".html", ".xml", ".ics", ".vcf", ".js", ".json"}
        ]
        assert count == 3 * len(texts) > 0
    return count


def test_each_text_has_its_copies(squeezed: Path) -> None:
    out = squeezed
    assert check_copies(out) > 300
    for path in ("index.html.br", "notices/feed.xml.gz", "sitemap.xml.zst", "404.html.br"):
        assert (out / path).exists(), path
    assert (out / "stations/station-1/duty.ics.br").exists()
    assert (out / "deputies/deputy-001/card.vcf.zst").exists()


def test_a_withdrawn_notice_leaves_no_copy(tmp_path: Path, squeezed: Path) -> None:
    out = tmp_path / "site"
    copied(squeezed, out)
    content = counties.content(NOTICES[1:])
    publisher = Publisher(lambda: content, out, BASE)
    publisher.publish(Changes(notices=(NOTICES[0].number,)))
    check_copies(out)
    assert not (out / "notices" / NOTICES[0].number).exists()
    found = [f for f in out.rglob("*.html") if NOTICES[0].number in f.read_text("utf-8")]
    assert found == []


def test_no_copy_ever_stands_beside_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at each step on the disk in turn, all copies are true, and the next publish mends."""
    target = tmp_path / "index.html"
    other = {suffix: f"copy{suffix}".encode() for suffix in READ}
    steps = ("unlink", "replace")
    survived = False
    for step in range(20):
        files.put(target, b"old", dict.fromkeys(READ, b"old"))
        left = [step]

        def dying(
            self: Path,
            *arguments: object,
            call: Callable[..., object],
            left: list[int] = left,
            **options: object,
        ) -> object:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            return call(self, *arguments, **options)

        with monkeypatch.context() as patch:
            for name in steps:
                call = getattr(Path, name)
                patch.setattr(
                    Path,
                    name,
                    lambda self, *a, call=call, **o: dying(self, *a, call=call, **o),
                )
            try:
                files.put(target, b"new", other)
                survived = True
            except KeyboardInterrupt:
                pass
        data = target.read_bytes()
        for suffix in READ:
            copy = files.read(target.with_name(target.name + suffix))
            assert copy in ({b"old", None} if data == b"old" else {other[suffix], None}), step
        files.sweep(tmp_path)
        assert all(not path.name.startswith(".") for path in tmp_path.iterdir())
        if survived:
            break
    assert survived and step > 5


def test_a_quick_build_is_squeezed_to_the_same_bytes(tmp_path: Path, squeezed: Path) -> None:
    """Also by another process, after the first was killed over it."""
    content = counties.content(NOTICES)
    out = tmp_path / "site"
    Publisher(lambda: content, out, BASE).build_full(quick=True)
    check_copies(out)
    changed = list(itertools.islice(squeeze(out), 5))
    assert len(set(changed)) == 5 and mark(out).exists()
    rest = list(squeeze(out))
    assert len(rest) > 50 and not set(changed) & set(rest)
    assert not mark(out).exists() and not list(squeeze(out))
    assert tree(out) == tree(squeezed)


def test_a_build_that_is_not_quick_leaves_nothing_to_squeeze(tmp_path: Path) -> None:
    publisher = Publisher(lambda: counties.small(NOTICES), tmp_path / "site", BASE)
    publisher.build_full(quick=True)
    assert mark(tmp_path / "site").exists()
    publisher.build_full()
    assert not mark(tmp_path / "site").exists()


def test_missing_copies_are_made_again(tmp_path: Path, squeezed: Path) -> None:
    content = counties.content(NOTICES)
    out = tmp_path / "site"
    copied(squeezed, out)
    publisher = Publisher(lambda: content, out, BASE)
    for suffix in READ:
        (out / f"index.html{suffix}").unlink()
    (out / f".index.html.{os.getpid()}").write_text("left by a crash")
    (tmp_path / "site.unfinished").touch()
    publisher.publish(Changes())
    check_copies(out)
    assert not list(out.rglob(".index.html.*"))
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
