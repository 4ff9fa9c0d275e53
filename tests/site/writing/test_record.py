"""What a site notes of itself: read once, a line more for each change, and no harm by a crash."""

import shutil
from pathlib import Path

import msgspec
import pytest

from publisher.site import Publisher
from publisher.writing.record import NAME, SiteRecord
from publisher.writing.touched import Changes
from tests.site import counties
from tests.site.whole_sites import BASE, NOTICES, built, tree

pytestmark = pytest.mark.usefixtures("light")


def test_a_notice_more_adds_a_line_and_a_title_none(tmp_path: Path) -> None:
    now = [counties.small(NOTICES[:5])]
    publisher = Publisher(lambda: now[0], tmp_path / "site", BASE)
    publisher.build_full()
    record = tmp_path / "site" / NAME
    whole = record.read_bytes()
    now[0] = counties.small(NOTICES[:6])
    publisher.publish(Changes(notices=(NOTICES[5].number,)))
    added = record.read_bytes()
    assert added.startswith(whole)
    assert added.count(b"\n") == 2
    retitled = msgspec.structs.replace(NOTICES[5], title="改过的题目")
    now[0] = counties.small([*NOTICES[:5], retitled])
    publisher.publish(Changes(notices=(NOTICES[5].number,)))
    assert record.read_bytes() == added
    assert tree(tmp_path / "site") == built(now[0], tmp_path / "fresh")


def test_a_line_that_a_crash_tore_is_passed_over_and_written_anew(tmp_path: Path) -> None:
    now = [counties.small(NOTICES[:5])]
    Publisher(lambda: now[0], tmp_path / "site", BASE).build_full()
    record = tmp_path / "site" / NAME
    with record.open("ab") as file:
        file.write(b'{"notices":{"Q0')
    now[0] = counties.small(NOTICES[:6])
    Publisher(lambda: now[0], tmp_path / "site", BASE).publish(
        Changes(notices=(NOTICES[5].number,))
    )
    assert record.read_bytes().endswith(b"\n")
    assert tree(tmp_path / "site") == built(now[0], tmp_path / "fresh")


def test_it_is_read_again_only_where_another_process_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [counties.small(NOTICES[:5])]
    publisher = Publisher(lambda: now[0], tmp_path / "site", BASE)
    publisher.build_full()
    times = 0
    read = SiteRecord.read

    def counted(root: Path) -> SiteRecord | None:
        nonlocal times
        times += 1
        return read(root)

    monkeypatch.setattr(SiteRecord, "read", counted)
    for count in (6, 7):
        now[0] = counties.small(NOTICES[:count])
        publisher.publish(Changes(notices=(NOTICES[count - 1].number,)))
    assert times == 0
    shutil.rmtree(tmp_path / "site")
    moved = msgspec.structs.replace(NOTICES[0], category="water")
    now[0] = counties.small([moved, *NOTICES[1:7]])
    Publisher(lambda: now[0], tmp_path / "site", BASE).build_full()
    now[0] = counties.small(NOTICES[:7])
    publisher.publish(Changes(notices=(NOTICES[0].number,)))
    assert times == 1
    monkeypatch.setattr(SiteRecord, "read", read)
    assert tree(tmp_path / "site") == built(now[0], tmp_path / "fresh")
