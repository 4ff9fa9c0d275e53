"""A whole build: the same bytes by every way, and nothing half done in the old one's place."""

from pathlib import Path

import msgspec
import pytest

from publisher.site import Publisher
from publisher.sources import PageSource
from publisher.writing.page_writers import PagesNotWrittenError
from publisher.writing.record import NAME
from publisher.writing.touched import Changes
from publisher.writing.tree import Tree
from tests.site import counties
from tests.site.whole_sites import BASE, NOTICES, built, copied, tree

pytestmark = pytest.mark.usefixtures("light")


def test_a_full_build_gives_the_same_bytes_twice(tmp_path: Path, standing: Path) -> None:
    assert built(counties.content(NOTICES), tmp_path / "site") == tree(standing)


def test_processes_side_by_side_give_the_same_bytes(tmp_path: Path, standing: Path) -> None:
    content = counties.content(NOTICES)
    Publisher(lambda: content, tmp_path / "site", BASE).build_full(processes=2)
    assert tree(tmp_path / "site") == tree(standing)


@pytest.mark.parametrize("death", [RuntimeError("no"), SystemExit(3)])
def test_a_process_that_fails_leaves_the_old_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, death: BaseException
) -> None:
    publisher = Publisher(lambda: counties.small(NOTICES[:5]), tmp_path / "site", BASE)
    publisher.build_full()
    before = tree(tmp_path / "site")

    def failing(self: Tree, source: PageSource) -> bool:
        raise death

    monkeypatch.setattr(Tree, "write", failing)
    with pytest.raises(PagesNotWrittenError):
        publisher.build_full(processes=2)
    assert tree(tmp_path / "site") == before


def test_a_full_build_replaces_the_old_site_and_leaves_nothing_beside_it(
    tmp_path: Path, standing: Path
) -> None:
    out = tmp_path / "site"
    copied(standing, out)
    (out / "stray.html").write_text("old")
    built(counties.small(NOTICES[:3]), out)
    assert not (out / "stray.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_build_that_fails_leaves_the_old_site(tmp_path: Path) -> None:
    out = tmp_path / "site"
    old = built(counties.small(NOTICES[:3]), out)
    broken = counties.small([counties.notice(0, number="../x")])
    with pytest.raises(ValueError, match="cannot be an address"):
        built(broken, out)
    assert tree(out) == old


def test_a_swap_cut_short_is_undone_at_the_next_start(tmp_path: Path) -> None:
    out = tmp_path / "site"
    old = built(counties.small(NOTICES[:3]), out)
    out.rename(tmp_path / "site.old")
    Publisher(lambda: counties.small(NOTICES[:3]), out, BASE)
    assert tree(out) == old


def test_without_a_site_a_publish_builds_all(tmp_path: Path) -> None:
    content = counties.small(NOTICES[:5])
    Publisher(lambda: content, tmp_path / "site", BASE).publish(Changes(notices=("Q000000",)))
    assert tree(tmp_path / "site") == built(content, tmp_path / "fresh")


@pytest.mark.parametrize("left", [None, b"", b"{"])
def test_a_site_without_a_record_is_built_whole(tmp_path: Path, left: bytes | None) -> None:
    """Such as one of 0.4.0: nobody knows where a notice stood that has moved since."""
    now = [counties.small(NOTICES[:5])]
    publisher = Publisher(lambda: now[0], tmp_path / "site", BASE)
    publisher.build_full()
    record = tmp_path / "site" / NAME
    record.unlink() if left is None else record.write_bytes(left)
    moved = msgspec.structs.replace(NOTICES[0], category="water")
    now[0] = counties.small([moved, *NOTICES[1:5]])
    publisher.publish(Changes(notices=(moved.number,)))
    assert tree(tmp_path / "site") == built(now[0], tmp_path / "fresh")
