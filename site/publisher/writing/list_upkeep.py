"""Keeping the lists of notices true: which pages of them a change touches, and their writing."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from matters.public.notices import Extent
from publisher import addresses
from publisher.content import Content
from publisher.pages import notice_lists
from publisher.pages.notice_lists import FRONT, NoticeList, last_page, page_of
from publisher.site_registers import SiteRegisters
from publisher.writing.record import SiteRecord
from publisher.writing.tree import Tree


@dataclass
class Touched:
    """What of one list is touched.

    `places` were left empty or changed where they are. From the place `came` on all may have
    moved by what came in. `whole`: what left the list for another one is not known any more.
    """

    places: set[int] = field(default_factory=set)
    came: int | None = None
    whole: bool = False


def touched(
    content: Content, record: SiteRecord, numbers: Iterable[str], *, careful: bool = False
) -> dict[NoticeList, Touched]:
    """The lists that some notices stood in before, or stand in now.

    Where they stood before is in the record. `careful` trusts nothing on the disk but that:
    after a publish that was cut short.
    """
    lists: dict[NoticeList, Touched] = {}
    for number in numbers:
        before = record.lists_of(number)
        notice = content.notices.by_number(number)
        now = notice_lists.lists_of(notice) if notice else set()
        for listed in before | now:
            change = lists.setdefault(listed, Touched())
            place = content.notices.place(*listed, number)
            if careful or place is None:
                change.whole = True
            elif listed in before:
                change.places.add(place)
            else:
                change.came = place if change.came is None else min(place, change.came)
    return lists


def write(registers: SiteRegisters, tree: Tree, listed: NoticeList, change: Touched) -> None:
    """Writes the touched pages of a list, its own last; removes change it has no more."""
    extent = registers.content.notices.extent(*listed)
    if not notice_lists.has_pages(registers, listed, extent.shown):
        tree.remove(listed.path)
        return
    last = last_page(extent.places)
    whole = change.whole or not _stands(tree, listed, FRONT)
    for number in _numbers(tree, listed, change, extent, last, whole=whole):
        tree.write(notice_lists.page(registers, listed, extent, number))
    if change.came is not None and not whole:
        _write_moved(registers, tree, listed, extent, page_of(change.came, extent.places))
    tree.write(notice_lists.page(registers, listed, extent, FRONT))
    while _stands(tree, listed, last + 1):
        last += 1
        tree.remove(addresses.cut(listed.path, last))


def _numbers(
    tree: Tree, listed: NoticeList, change: Touched, extent: Extent, last: int, *, whole: bool
) -> list[int]:
    """The pages to write but the front."""
    if whole:
        return list(range(FRONT + 1, last + 1))
    numbers = {page_of(place, extent.places) for place in change.places}
    number = last
    # Pages that the list has got now, and the one before them, which leads to the first of them.
    while number > FRONT and not _stands(tree, listed, number):
        numbers.add(number)
        number -= 1
    if number < last:
        numbers.add(number)
    return sorted(numbers - {FRONT})


def _write_moved(
    registers: SiteRegisters, tree: Tree, listed: NoticeList, extent: Extent, first: int
) -> None:
    """Writes from a page on, until one that shows something is as it was."""
    if first == FRONT:
        return
    for number in range(first, last_page(extent.places) + 1):
        page = notice_lists.page(registers, listed, extent, number)
        if not tree.write(page) and number > first and page.meta["notices"]:
            return


def _stands(tree: Tree, listed: NoticeList, number: int) -> bool:
    return (tree.root / addresses.cut(listed.path, number) / "index.html").exists()
