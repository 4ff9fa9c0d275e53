"""The site as a whole: same bytes by either way, no dead link, no old page left."""

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from matters.public.notices import Notice
from publisher.content import Content
from publisher.machinery import REPOSITORY
from publisher.site import Publisher
from publisher.writing import files
from publisher.writing.touched import Changes
from tests.site import counties
from tests.site.whole_sites import BASE, NOTICES, built, copied, folders, tree
from tools.purging import specimen
from tools.purging.notices_in_memory import NoticesInMemory

pytestmark = pytest.mark.usefixtures("light")
# Followed on a tap only, and nothing is fetched from there.
MAPS = ("uri.amap.com", "api.map.baidu.com")


@pytest.fixture
def follow(tmp_path: Path) -> "Follow":
    """Publishes one content, then the change to another, and compares with a build of that.

    In the place of the first one may be a site of it.
    """

    def check(before: Content | Path, after: Content, changes: Changes) -> None:
        now = [after]
        out = tmp_path / "site"
        publisher = Publisher(lambda: now[0], out, BASE)
        if isinstance(before, Path):
            copied(before, out)
        else:
            now[0] = before
            publisher.build_full()
            now[0] = after
        publisher.publish(changes)
        assert tree(out) == built(after, tmp_path / "fresh")
        assert folders(out) == folders(tmp_path / "fresh")

    return check


Follow = Callable[[Content | Path, Content, Changes], None]
NEW = counties.notice(len(NOTICES))


def test_a_new_notice(follow: Follow) -> None:
    follow(
        counties.content(NOTICES),
        counties.content([*NOTICES, NEW]),
        Changes(notices=(NEW.number,)),
    )


def test_the_first_notice(follow: Follow) -> None:
    follow(counties.content(), counties.content(NOTICES[:1]), Changes(notices=(NOTICES[0].number,)))


def moved(notice: Notice) -> Notice:
    """A notice as if it had been about something else all along."""
    return counties.notice(
        9,
        number=notice.number,
        title="换了地方",
        month="2025-01",
        area=counties.VILLAGES[20],
        station="station-5",
        deputy="deputy-011",
    )


def test_a_notice_that_moves_leaves_every_list_it_stood_in(follow: Follow, standing: Path) -> None:
    follow(
        standing,
        counties.content([moved(NOTICES[63]), *NOTICES[:63]]),
        Changes(notices=(NOTICES[63].number,)),
    )


def test_a_withdrawn_notice_is_gone(follow: Follow, standing: Path) -> None:
    follow(
        standing,
        counties.content(NOTICES[1:]),
        Changes(notices=(NOTICES[0].number,)),
    )


def test_a_month_that_shrinks_loses_its_last_page(follow: Follow) -> None:
    many = [counties.notice(n, step_ms=3_600_000) for n in range(50)]
    follow(
        counties.content(many),
        counties.content(many[1:]),
        Changes(notices=(many[0].number,)),
    )


def test_a_month_that_empties_is_gone(follow: Follow) -> None:
    alone = counties.notice(0, month="2024-02")
    follow(
        counties.content([alone, *NOTICES[1:5]]),
        counties.content(NOTICES[1:5]),
        Changes(notices=(alone.number,)),
    )


def test_registers_that_change(follow: Follow) -> None:
    people = counties.deputies(60)
    fewer = counties.deputies(28)
    places = counties.stations(45)
    follow(
        counties.content(NOTICES, people=people, places=places),
        counties.content(NOTICES, people=fewer),
        Changes(registers=True),
    )


def test_only_touched_pages_are_written(tmp_path: Path, standing: Path) -> None:
    copied(standing, tmp_path / "site")
    content = counties.content([*NOTICES, NEW])
    publisher = Publisher(lambda: content, tmp_path / "site", BASE)
    before = {p: p.stat().st_ino for p in (tmp_path / "site").rglob("*") if p.is_file()}
    publisher.publish(Changes(notices=(NEW.number,)))
    changed = {
        p.relative_to(tmp_path / "site").as_posix().removesuffix("index.html")
        for p, inode in before.items()
        if p.suffix in {".html", ".xml", ".json"} and p.stat().st_ino != inode
    }
    notice = NEW
    assert changed == {
        *("", "ledger/", "sitemap/1.xml"),
        *(f"notices/{path}" for path in ("", "column/", "feed.xml", "latest.json")),
        *(f"notices/{notice.month[:4]}/", f"notices/{notice.month}/"),
        f"notices/category/{notice.category}/",
        f"areas/{notice.area}/",
        f"deputies/{notice.deputy}/",
        f"stations/{notice.station}/",
        f"stations/{notice.station}/notices/",
    }


def test_one_notice_touches_one_page_of_each_list(tmp_path: Path) -> None:
    """Of lists with many, too: what comes touches the newest, what goes the one it stood on."""
    notices = [
        counties.notice(n, step_ms=3_600_000, month="2025-06", deputy="deputy-003", category="road")
        for n in range(71)
    ]
    now = [counties.content(notices[:70])]
    out = tmp_path / "site"
    publisher = Publisher(lambda: now[0], out, BASE)
    publisher.build_full()
    assert (out / "notices/2025-06/4/index.html").exists()

    def lists_changed(content: Content, notice: Notice) -> set[str]:
        before = {p: p.stat().st_ino for p in out.rglob("index.html")}
        now[0] = content
        publisher.publish(Changes(notices=(notice.number,)))
        changed = {p.relative_to(out).parent.as_posix() for p, i in before.items() if inode(p) != i}
        roots = ("notices/2025-06", "notices/category/road", "deputies/deputy-003/notices")
        return {path for path in changed if path.startswith(roots)}

    def inode(path: Path) -> int:
        return path.stat().st_ino if path.exists() else 0

    came = lists_changed(counties.content(notices), notices[70])
    assert came == {
        "notices/2025-06",
        "notices/category/road",
        "deputies/deputy-003/notices",
    }
    left = replace(counties.content(notices[1:]), notices=NoticesInMemory(notices[1:], notices[:1]))
    gone = lists_changed(left, notices[0])
    # Each list's own page tells how many there are.
    assert gone == came | {f"{path}/2" for path in came}
    fresh = tmp_path / "fresh"
    Publisher(lambda: left, fresh, BASE).build_full()
    assert tree(out) == tree(fresh)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "a" and named.get("href"):
            self.links.append(named["href"] or "")


@pytest.mark.parametrize("from_files", [False, True])
def test_no_link_is_dead_or_absolute(tmp_path: Path, from_files: bool) -> None:
    out = tmp_path / "site"
    content = counties.content(NOTICES, people=counties.deputies(100))
    Publisher(lambda: content, out, BASE, from_files=from_files).build_full()
    for page in out.rglob("index.html"):
        here = "/" + page.relative_to(out).as_posix().removesuffix("index.html")
        links = _Links()
        links.feed(page.read_text(encoding="utf-8"))
        for link in links.links:
            parts = urlsplit(link)
            if parts.scheme in ("tel", "geo") or not parts.path:
                continue
            if parts.netloc in MAPS and "/stations/" in here:
                continue
            assert not parts.scheme and not parts.netloc and not link.startswith("/"), link
            path = unquote(urljoin(here, parts.path))
            if not from_files:
                path += "index.html" if path.endswith("/") else ""
            assert (out / path[1:]).is_file(), (here, link)


def test_a_villager_taps_down_to_the_deputy(standing: Path) -> None:
    out = standing
    township, village = counties.TOWNSHIPS[1], counties.VILLAGES[10]
    assert f'href="{township}/"' in (out / "areas/index.html").read_text()
    assert f'href="../{village}/"' in (out / f"areas/{township}/index.html").read_text()
    page = (out / f"areas/{village}/index.html").read_text()
    assert 'href="../../deputies/deputy-010/"' in page
    assert 'href="../../stations/station-1/"' in page
    assert "12月2日 周三" in page
    deputy = (out / "deputies/deputy-010/index.html").read_text()
    assert 'href="tel:13800000010"' in deputy
    assert "submit/?deputy=deputy-010" in deputy


def test_every_page_of_a_sample_county_says_so(tmp_path: Path, standing: Path) -> None:
    for page in standing.rglob("*.html"):
        assert "示例县,人物地名均为虚构" in page.read_text(encoding="utf-8"), page
    built(counties.content(NOTICES[:5], sample=False), tmp_path / "real")
    for page in (tmp_path / "real").rglob("*.html"):
        assert "示例县" not in page.read_text(encoding="utf-8"), page


def test_forms_post_to_the_server(tmp_path: Path, standing: Path) -> None:
    content = counties.small()
    Publisher(lambda: content, tmp_path / "a", BASE, "https://server.example.org/").build_full()
    assert (
        'action="https://server.example.org/matters"'
        in (tmp_path / "a/submit/index.html").read_text()
    )
    assert 'action="../matters"' in (standing / "submit/index.html").read_text()
    assert 'action="../track"' in (standing / "track/index.html").read_text()


def test_machines_find_feed_sitemap_and_404(standing: Path) -> None:
    feed = (standing / "notices/feed.xml").read_text()
    assert feed.count("<entry>") == 20
    index = (standing / "sitemap.xml").read_text()
    for part in ("pages", "1"):
        assert f"<loc>{BASE}sitemap/{part}.xml</loc>" in index
    part_of_notices = (standing / "sitemap/1.xml").read_text()
    assert f"<loc>{BASE}notices/{NOTICES[5].number}/</loc>" in part_of_notices
    assert "lastmod" not in part_of_notices
    assert f"<loc>{BASE}ledger/</loc>" in (standing / "sitemap/pages.xml").read_text()
    assert 'href="/qinghe/deputies/"' in (standing / "404.html").read_text()


def test_building_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content = counties.small(NOTICES[:3])
    publisher = Publisher(lambda: content, tmp_path / "site", BASE)
    publisher.build_full()
    publisher.publish(Changes(notices=(NOTICES[0].number,), registers=True))
    assert capfd.readouterr() == ("", "")


def test_a_publish_cut_short_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after each file in turn, the next publish still finds every list to mend."""
    out = tmp_path / "site"
    before, after = NOTICES[:4], [moved(NOTICES[3]), *NOTICES[:3]]
    changes = Changes(notices=(NOTICES[3].number,))
    built(counties.content(before), tmp_path / "before")
    content = counties.content(after)
    whole = built(content, tmp_path / "fresh")
    publisher = Publisher(lambda: content, out, BASE)
    put = files.put
    survived = False
    for step in range(1, 40):
        copied(tmp_path / "before", out)
        left = [step]

        def dying(target: Path, *how: Any, left: list[int] = left, **more: Any) -> None:
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt
            put(target, *how, **more)

        with monkeypatch.context() as patch:
            patch.setattr(files, "put", dying)
            try:
                publisher.publish(changes)
                survived = True
            except KeyboardInterrupt:
                pass
        publisher.publish(changes)
        assert tree(out) == whole, step
        if survived:
            break
    assert survived


def test_every_template_is_among_the_specimens() -> None:
    shown = {page.template for page in specimen.pages()}
    shown |= {"main.html", "parts.html", "frame.html", "404.html"}
    assert {path.name for path in (REPOSITORY / "site/overrides").glob("*.html")} == shown
