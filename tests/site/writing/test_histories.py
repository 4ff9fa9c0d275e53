"""Whatever happens to notices in whatever order, the site is as if it had been built anew."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from matters.public.notices import Notice
from publisher.content import Content
from publisher.formats import sitemaps
from publisher.pages import notice_lists
from publisher.site import Publisher
from publisher.writing.touched import Changes
from tests.site import counties
from tests.site.whole_sites import BASE, folders, tree
from tools.purging.notices_in_memory import NoticesInMemory

pytestmark = pytest.mark.usefixtures("light")
PEOPLE = counties.small().deputies
PLACES = counties.small().stations


class Office:
    """Publishes, edits, withdraws and moves notices at random."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.shown: dict[str, Notice] = {}
        self.withdrawn: dict[str, Notice] = {}
        self.count = 0
        self.moved: set[str] = set()

    def content(self) -> Content:
        """The county as it is now."""
        made = counties.small(self.shown.values())
        notices = NoticesInMemory(self.shown.values(), self.withdrawn.values())
        return replace(made, notices=notices)

    def act(self, *, moving: bool = True) -> str:
        """Do one thing and return the number of the notice that it was done to."""
        acts = [self.publish] * 5
        if self.shown:
            acts += [self.withdraw] * 3 + [self.edit] + [self.reclassify] * (2 if moving else 0)
        if self.withdrawn:
            acts += [self.again]
        return self.random.choice(acts)()

    def publish(self) -> str:
        """A notice more; now and then one that stood before others, as a station's clock says."""
        self.count += 1
        place: dict[str, Any] = {
            "month": self.random.choice(("2024-12", "2025-06")),
            "deputy": self.random.choice([*PEOPLE, "", "deputy-unknown"]),
            "station": self.random.choice([*PLACES, ""]),
            "area": self.random.choice(counties.VILLAGES[:2]),
        }
        late = self.random.random() < 0.2
        since = counties.START_MS + (self.random.randrange(self.count) if late else self.count)
        notice = counties.notice(self.count, **place, published_at=since, first_published_at=since)
        self.shown[notice.number] = notice
        return notice.number

    def withdraw(self) -> str:
        number = self.random.choice(sorted(self.shown))
        self.withdrawn[number] = self.shown.pop(number)
        return number

    def again(self) -> str:
        number = self.random.choice(sorted(self.withdrawn))
        self.shown[number] = self.withdrawn.pop(number)
        return number

    def edit(self) -> str:
        number = self.random.choice(sorted(self.shown))
        notice = self.shown[number]
        later = notice.published_at + counties.DAY_MS
        self.shown[number] = msgspec.structs.replace(
            notice, title=f"改过的题目{self.random.random()}", published_at=later
        )
        return number

    def reclassify(self) -> str:
        number = self.random.choice(sorted(self.shown))
        self.moved.add(number)
        self.shown[number] = msgspec.structs.replace(
            self.shown[number],
            category=self.random.choice(("road", "water", "")),
            area=self.random.choice(counties.VILLAGES[:2]),
        )
        return number


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pages of three, so that lists have many."""
    monkeypatch.setattr(notice_lists, "PER_PAGE", 3)
    monkeypatch.setattr(notice_lists, "FRONT_LEAST", 2)
    monkeypatch.setattr(notice_lists, "SHOWN_THERE", 2)
    monkeypatch.setattr(sitemaps, "PLACES", 4)
    yield


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize("seed", range(2))
def test_any_history_ends_with_the_bytes_of_a_full_build(tmp_path: Path, seed: int) -> None:
    office = Office(seed)
    out, fresh = tmp_path / "site", tmp_path / "fresh"
    for _ in range(office.random.choice((0, 12))):
        office.act()
    publisher = Publisher(office.content, out, BASE)
    publisher.build_full()
    builder = Publisher(office.content, fresh, BASE)
    for step in range(1, 16):
        stood = set(office.shown)
        numbers = {office.act() for _ in range(office.random.choice((1, 1, 1, 3, 8)))}
        # What was moved and withdrawn at once left a place behind that only a build finds
        # (`server.site.site_news`).
        unseen = not office.moved <= (stood & office.shown.keys())
        office.moved.clear()
        publisher.publish(Changes(notices=tuple(sorted(numbers)), everything=unseen))
        if step % 5 == 0:
            builder.build_full()
            assert tree(out) == tree(fresh), step
            assert folders(out) == folders(fresh), step
    for number in list(office.shown):
        office.withdrawn[number] = office.shown.pop(number)
        publisher.publish(Changes(notices=(number,)))
    builder.build_full()
    assert tree(out) == tree(fresh)
    assert folders(out) == folders(fresh)
    assert not [one for one in (out / "notices").iterdir() if one.name[0].isdigit()]


@pytest.mark.usefixtures("short_pages")
def test_who_is_called_otherwise_is_so_everywhere(tmp_path: Path) -> None:
    office = Office(7)
    for _ in range(20):
        office.publish()
    now = [office.content()]
    out, fresh = tmp_path / "site", tmp_path / "fresh"
    publisher = Publisher(lambda: now[0], out, BASE)
    publisher.build_full()
    people = dict(PEOPLE)
    del people["deputy-001"]
    people["deputy-000"] = msgspec.structs.replace(people["deputy-000"], name="<新>的&名字")
    people["deputy-unknown"] = msgspec.structs.replace(people["deputy-002"], id="deputy-unknown")
    now[0] = replace(now[0], deputies=people)
    publisher.publish(Changes(registers=True))
    Publisher(lambda: now[0], fresh, BASE).build_full()
    assert tree(out) == tree(fresh)
    assert folders(out) == folders(fresh)
