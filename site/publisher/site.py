"""The whole site, and the parts of it that a change touches, as files.

Both go page by page through `Machinery`, so that one publish after another ends with the same
bytes as a build from nothing.
"""

import contextlib
import shutil
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Set
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from deputies.deputies import DEPUTIES
from matters.public.notices import ListKind
from publisher import addresses, offline
from publisher.content import Content, no_picture
from publisher.formats import contact_card, duty_calendar, feeds, sitemaps
from publisher.frame import rerooted
from publisher.machinery import Machinery
from publisher.pages import (
    county_pages,
    english_pages,
    every_page,
    ledger_pages,
    notice_pages,
    station_pages,
)
from publisher.pages.notice_lists import NoticeList
from publisher.site_registers import SiteRegisters
from publisher.sources import PageSource
from publisher.writing import files, list_upkeep, squeezing
from publisher.writing.page_writers import PageWriters
from publisher.writing.record import SiteRecord
from publisher.writing.touched import Changes
from publisher.writing.tree import Tree
from stations.stations import STATIONS

_ALL = 1_000_000
_LISTS_OF = {DEPUTIES.noun: ListKind.DEPUTY, STATIONS.noun: ListKind.STATION}


def _named_by_pages(content: Content, numbers: Collection[str]) -> bool:
    """Whether one of the county's own pages tells of one of these notices."""
    return any(page.notice in numbers for page in content.pages.values())


class Publisher:
    """Writes the site to `out`. One publish runs at a time; call it from a thread.

    `base_url` is where the site will stand (for QR codes, canonical links, the sitemap; without
    it there are none), `server_url` where its forms post to ("" for the server that serves the
    pages). `from_files` makes links name index.html, for a copy that is opened from a stick.
    """

    def __init__(
        self,
        content_source: Callable[[], Content],
        out: Path,
        base_url: str = "",
        server_url: str = "",
        *,
        from_files: bool = False,
    ) -> None:
        self._source = content_source
        self._out = out
        self._base_url = base_url.rstrip("/") + "/" if base_url else ""
        self._lock = threading.Lock()
        # What the further pages of the ledger were last written from.
        self._ledger_parts: dict[str, int] = {}
        self._machinery = Machinery.of_site(self._base_url, server_url, from_files=from_files)
        self._tree = Tree(out, self._machinery, no_picture)
        self._record: SiteRecord | None = None
        self._unfinished = out.with_name(f"{out.name}.unfinished")
        files.recover(out)

    def build_full(self, *, quick: bool = False, processes: int = 0) -> None:
        """Writes the whole site beside `out` and swaps it in; a crash leaves the old pages.

        A `quick` one is left for `squeezing.squeeze` to be done with. With `processes` they
        write the pages, and no other thread may be running.
        """
        with self._lock:
            registers = self._machinery.registers(self._source())
            fresh = self._out.with_name(f"{self._out.name}.new")
            shutil.rmtree(fresh, ignore_errors=True)
            tree = Tree(fresh, self._machinery, registers.content.picture, fresh=True, quick=quick)
            tree.album.adopt(self._out)
            record = SiteRecord()
            record.note_names(registers.content)
            with contextlib.ExitStack() as stack:
                write: Callable[[PageSource], object] = tree.write
                if processes:
                    write = stack.enter_context(PageWriters(tree.write, processes)).write
                for source in self._every_page(registers, record):
                    # Who shows a picture is noted beside it, by one process.
                    (tree.write if source.pictures else write)(source)
            for path in self._machinery.hand_written():
                tree.write_hand_written(path)
            for path, data in self._every_file(registers):
                tree.write_file(path, data)
            tree.album.sweep()
            record.write_whole(fresh, flushed=False)
            unsqueezed = squeezing.mark(self._out)
            if quick:
                unsqueezed.touch()
            files.swap(fresh, self._out)
            self._record = record
            if not quick:
                unsqueezed.unlink(missing_ok=True)
            self._unfinished.unlink(missing_ok=True)
            self._ledger_parts.clear()

    def publish(self, changes: Changes) -> None:
        """Writes the pages that `changes` touch, each atomically; removes withdrawn ones."""
        # What fails below leaves no record in memory that its file knows nothing of.
        record, self._record = self._record, None
        if record is None or not record.is_of(self._out):
            record = SiteRecord.read(self._out)
        if changes.everything or record is None or not (self._out / "index.html").exists():
            self.build_full()
            return
        with self._lock:
            registers = self._machinery.registers(self._source())
            self._tree = Tree(self._out, self._machinery, registers.content.picture)
            if careful := self._unfinished.exists():
                self._tree.sweep()
            # Stays where a publish is cut short: the next one takes away what it left behind.
            self._unfinished.touch()
            self._follow(registers, changes, record, careful=careful)
            self._unfinished.unlink()
            self._record = record

    def _follow(
        self, registers: SiteRegisters, changes: Changes, record: SiteRecord, *, careful: bool
    ) -> None:
        """Writes and removes what `changes` touch. Called with the lock held.

        `careful` where the last publish was cut short.
        """
        content = registers.content
        named = record.renamed(content) if changes.registers else set()
        # What whoever edited it looks at first; what has another name follows with all of its.
        self._write_owners(
            registers, {NoticeList(_LISTS_OF[noun], id) for noun, id in changes.edited} - named
        )
        numbers = dict.fromkeys(changes.notices)
        for listed in named:
            numbers.update((n.number, None) for n in content.notices.of(*listed, _ALL))
        lists = list_upkeep.touched(content, record, numbers, careful=careful)
        for listed in named:
            lists[listed] = list_upkeep.Touched(whole=True)
        # A new page comes before the lists that link to it, an old one after them. So does what
        # the record says: until they are written it alone knows where a notice stood.
        for number in numbers:
            if number not in record.notices:
                record.note(number, content.notices.by_number(number))
        record.write(self._out)
        known = {n for n in numbers if (self._out / addresses.notice(n)).exists()}
        self._write_notices(registers, (n for n in numbers if n not in known))
        for listed in sorted(lists):
            list_upkeep.write(registers, self._tree, listed, lists[listed])
        if changes.pages or changes.registers or _named_by_pages(content, numbers):
            self._write_county_pages(registers)
        if not changes.registers:
            self._write_owners(registers, lists)
        self._write_years(registers, {key[:4] for kind, key in lists if kind is ListKind.MONTH})
        self._write_all(every_page.summaries(registers))
        for path, data in self._summary_files(registers):
            self._tree.write_file(path, data)
        if self._base_url:
            self._write_sitemap(registers, numbers, known, careful=careful)
        self._write_notices(registers, (n for n in numbers if n in known))
        self._write_ledger_parts(registers)
        if changes.registers:
            self._write_registers(registers)
            # After all else: until then it knows who was called otherwise.
            record.note_names(content)
        for number in numbers:
            record.note(number, content.notices.by_number(number))
        record.write(self._out)

    def _every_page(self, registers: SiteRegisters, record: SiteRecord) -> Iterator[PageSource]:
        """All pages; each notice is fetched once, and noted in the record."""
        yield from every_page.every(registers, self._base_url)
        for number in registers.content.notices.numbers():
            notice = registers.content.notices.by_number(number)
            if notice is not None:
                record.note(number, notice)
                yield notice_pages.notice(registers, notice)

    def _summary_files(self, registers: SiteRegisters) -> Iterator[tuple[str, bytes]]:
        content = registers.content
        title = f"{content.county.name}回音公示"
        latest = content.notices.latest(feeds.LATEST)
        yield "notices/feed.xml", feeds.atom(title, latest, self._base_url)
        yield "notices/latest.json", feeds.latest_json(registers, self._base_url)
        if self._base_url:
            yield sitemaps.INDEX, sitemaps.index(registers, self._base_url)
            yield sitemaps.PAGES, sitemaps.pages(self._paths(registers), self._base_url)

    def _paths(self, registers: SiteRegisters) -> Iterator[str]:
        """Every page worth finding but the notices."""
        yield from ("", "deputies/", "stations/", "areas/", "notices/", "ledger/", "submit/")
        yield from ("track/", *sorted(self._machinery.hand_written()))
        yield from english_pages.paths(registers)
        yield from ("pages/", *(addresses.page(p.id) for p in registers.pages))
        yield from (addresses.area(a.id) for a in (*registers.townships, *registers.villages))
        yield from (addresses.station(s.id) for s in registers.stations)
        yield from (addresses.deputy(d.id) for d in registers.deputies)

    def _register_files(self, registers: SiteRegisters) -> Iterator[tuple[str, bytes]]:
        content = registers.content
        names = {d.id: d.name for d in registers.deputies}
        for deputy in registers.deputies:
            path = addresses.deputy(deputy.id)
            address = self._base_url + addresses.href(path) if self._base_url else ""
            yield f"{path}card.vcf", contact_card.card(deputy, content.county.office, address)
        for station in registers.stations:
            days = content.duty.get(station.id, ())
            path = addresses.station(station.id)
            yield f"{path}duty.ics", duty_calendar.calendar(station, days, names)

    def _every_file(self, registers: SiteRegisters) -> Iterator[tuple[str, bytes]]:
        yield from self._register_files(registers)
        yield from self._summary_files(registers)
        yield from offline.files()
        if self._base_url:
            for part in range(1, sitemaps.parts(registers) + 1):
                data = sitemaps.notices(registers, part, self._base_url)
                yield sitemaps.part_path(part), data
        source = PageSource("404/", "missing.html", {"title": "找不到这一页", "unlisted": True})
        root = urlsplit(self._base_url).path or "/"
        yield "404.html", rerooted(self._machinery.text(source), root).encode()

    def _write_all(self, sources: Iterable[PageSource]) -> set[str]:
        """Writes some pages and returns their paths."""
        paths = set()
        for source in sources:
            self._tree.write(source)
            paths.add(source.path)
        return paths

    def _write_owners(self, registers: SiteRegisters, lists: Iterable[NoticeList]) -> None:
        """Writes the pages of the areas, stations and deputies that some lists are of."""
        for listed in lists:
            self._write_all(every_page.of_owner(registers, listed, self._base_url))

    def _write_notices(self, registers: SiteRegisters, numbers: Iterable[str]) -> None:
        """Writes the pages of some notices; removes those of withdrawn ones."""
        for number in numbers:
            notice = registers.content.notices.by_number(number)
            if notice is not None:
                self._tree.write(notice_pages.notice(registers, notice))
            else:
                self._tree.remove(addresses.notice(number))

    def _write_years(self, registers: SiteRegisters, years: Iterable[str]) -> None:
        """Writes the pages of some years; removes those of years without any notice."""
        pages = {page.path: page for page in notice_pages.years(registers)}
        for path in map(notice_pages.year_path, sorted(years)):
            if path in pages:
                self._tree.write(pages[path])
            else:
                self._tree.remove(path)

    def _write_sitemap(
        self, registers: SiteRegisters, numbers: Iterable[str], known: Set[str], *, careful: bool
    ) -> None:
        """Writes the touched parts of the sitemap; removes those that it no longer has."""
        last = sitemaps.parts(registers)
        touched: set[int] = set()
        for number in numbers:
            place = registers.content.notices.place(ListKind.ALL, "", number)
            if careful or place is None:
                touched.update(range(1, last + 1))
            elif number in known:
                touched.add(sitemaps.part_of(place))
            else:
                touched.update(range(sitemaps.part_of(place), last + 1))
        for part in sorted(touched):
            data = sitemaps.notices(registers, part, self._base_url)
            self._tree.write_file(sitemaps.part_path(part), data)
        while self._tree.remove_file(sitemaps.part_path(last + 1)):
            last += 1

    def _write_ledger_parts(self, registers: SiteRegisters) -> None:
        """Writes the further pages of the ledger that changed; removes those it no longer fills.

        There may be hundreds of them, of which a matter touches a few; what stands on them was
        written by this publisher or is written again.
        """
        before, self._ledger_parts = self._ledger_parts, {}
        for source in ledger_pages.parts(registers):
            digest = hash(msgspec.json.encode(source.meta))
            if before.get(source.path) != digest:
                self._tree.write(source)
            self._ledger_parts[source.path] = digest
        self._remove_others(["ledger"], {"ledger/", *self._ledger_parts})

    def _write_county_pages(self, registers: SiteRegisters) -> None:
        """Writes the county's own pages and the stations that link to them; removes old ones."""
        written = self._write_all(county_pages.every(registers))
        self._tree.write(english_pages.home(registers))
        self._remove_others(("pages", "en/pages"), written)
        for station in registers.stations:
            self._tree.write(station_pages.station(registers, station, self._base_url))

    def _remove_others(self, parents: Iterable[str], written: Collection[str]) -> None:
        """Removes the pages below some folders that are not among those written."""
        for parent in parents:
            for page in sorted((self._out / parent).glob("**/index.html"), reverse=True):
                path = page.parent.relative_to(self._out).as_posix() + "/"
                # Lists of notices go with their owner, or are seen to by themselves.
                if path not in written and "/notices/" not in path:
                    self._tree.remove(path)

    def _write_registers(self, registers: SiteRegisters) -> None:
        """Writes all pages of deputies, stations and areas; removes those that are gone."""
        written = self._write_all(every_page.of_registers(registers, self._base_url))
        for path, data in self._register_files(registers):
            self._tree.write_file(path, data)
        self._remove_others(("areas", "deputies", "stations", "en/areas", "en/stations"), written)
