"""The forms about matters, shown again with words that came without their session."""

import re

from starlette.responses import Response

from matters.commands import COMMANDS
from server.desks import matter_pages, publishing_pages
from server.desks.matter_record import matter_for
from server.desks.room import DesksRoom
from server.entry.entry_pages import entry_form
from server.entry.market_pages import stall_page
from server.entry.room import EntryRoom
from server.entry.stall import read_stall
from server.people.doors import Visit
from server.people.unsent import Kept, NotSentYet

_ON_MATTER = re.compile(r"matters/(\d+)/([a-z-]+)")


def form_of(
    entry: EntryRoom, desks: DesksRoom, visit: Visit, kept: Kept, status: int
) -> Response | None:
    """Return the page of the kept form, or None where it has none here. Raises a Refusal."""
    if kept.place == "enter":
        return entry_form(entry, visit, typed=kept.fields, status=status, unsent=True)
    if kept.place == "market":
        return stall_page(entry, visit, read_stall(kept.fields), status=status, unsent=True)
    on_matter = _ON_MATTER.fullmatch(kept.place)
    if on_matter is None or on_matter[2] not in COMMANDS:
        return None
    matter = matter_for(desks.log, visit.actor, on_matter[1])
    if on_matter[2] == "publish":
        return publishing_pages.shown_again(desks, visit, matter, kept.fields, NotSentYet())
    return matter_pages.matter_page(
        desks,
        visit,
        matter,
        status=status,
        command=COMMANDS[on_matter[2]],
        typed=kept.fields,
        unsent=True,
    )
