"""Big print for the notice board: one notice a sheet, or a month's list (L11, Q04)."""

from collections.abc import Iterable, Iterator

from matters.public.notices import Notice
from publisher import addresses
from publisher.words import wording
from server.paper.county import PaperCounty
from server.paper.sheets import Sheet, cut_to, cut_to_lines, lines_of, sheet, size_class

LIST_MOST = 300
# How many lines of a list stand on the first sheet and on the others: where it ends, with the code
# at the foot, and where it goes on.
_ON_THE_FIRST = (8, 10)
_ON_THE_OTHERS = (10, 12)
# In `rem`, of which a sheet is 297 high: what a notice's sheet has beside its title and its texts.
_BESIDE = 143.0
_LINE = 11.7


def notice_sheet(county: PaperCounty, notice: Notice) -> Sheet:
    """Return one notice in print that is read from two steps away; what is too long is cut."""
    found = county.found
    title = wording.visible(notice.title)
    text, answer = wording.visible(notice.text), wording.visible(notice.answer)
    fit = size_class(title, (13, 32))
    across, high = ((13.0, 17.5), (16.0, 14.4), (18.5, 12.5))[int(fit[-1])]
    title_lines = min(lines_of(title, across), 3)
    room = int((297 - _BESIDE - title_lines * high) / _LINE)
    wanted_text, wanted_answer = lines_of(text, 20.5), lines_of(answer or "一", 20.5)
    # Each may have half of the room, and what the other leaves.
    answer_lines = min(wanted_answer, max(room - wanted_text, room - room // 2))
    said_lines = min(wanted_text, room - answer_lines)
    return sheet(
        "notice.html",
        f"notice-{notice.number}",
        county,
        notice=notice,
        fit=fit,
        title=title,
        text=cut_to_lines(text, 20.5, said_lines),
        answer=cut_to_lines(answer, 20.5, answer_lines),
        said_lines=said_lines,
        answer_lines=answer_lines,
        cut=said_lines < wanted_text or answer_lines < wanted_answer,
        place=county.registers.area_name(notice.area),
        received=wording.day_said(notice.received_at),
        answered=wording.day_said(notice.answered_at) if notice.answered_at else "",
        state=wording.STATES.get(notice.state, notice.state),
        units="、".join(found.units[unit].name for unit in notice.units if unit in found.units),
        result=found.county.results.get(notice.result, ""),
        rating=wording.RATINGS.get(notice.ratings.get("result", ""), ""),
        page=county.page_code(addresses.notice(notice.number)),
    )


def month_list(
    county: PaperCounty, month: str, notices: Iterable[Notice], title: str = ""
) -> Sheet:
    """Return a month's notices as a list, over as many pages as it takes.

    `title` says whose they are, where they are not the whole county's.
    """
    rows = [
        {
            "title": cut_to(wording.visible(notice.title), 16),
            "place": county.registers.area_name(notice.area),
            "state": wording.STATES.get(notice.state, notice.state),
            "received": wording.day_said(notice.received_at),
        }
        for notice in notices
    ][:LIST_MOST]
    pages = list(_pages(rows))
    name = wording.month_name(month)
    return sheet(
        "month.html",
        f"notices-{month}",
        county,
        month=name,
        fit=size_class(title or name, (9, 12, 16, 24)),
        whose=title,
        pages=pages,
        count=len(rows),
        page=county.page_code(addresses.month(month)),
    )


def _pages(rows: list[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    """Yield the lines of each sheet; the last has at least one."""
    ending, going_on = _ON_THE_FIRST
    while len(rows) > ending:
        here = min(going_on, len(rows) - 1)
        yield rows[:here]
        rows = rows[here:]
        ending, going_on = _ON_THE_OTHERS
    yield rows
