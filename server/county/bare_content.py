"""The registers as pages of the site take them, with nothing counted and nothing else read."""

from matters.ledgers.figures import NOTHING
from matters.ledgers.ledger import Ledger
from publisher.content import Content, NoNotices, Notices
from server.county.county_registers import CountyRegisters

_NO_LEDGER = Ledger(total=NOTHING, months=(), categories=(), stations=(), units=())


def registers_only(found: CountyRegisters, notices: Notices | None = None) -> Content:
    """Return the registers with nothing counted: a whole ledger would take too long for a form.

    There are no duty days and no pictures in it, and no notices but those given.
    """
    return Content(
        county=found.county,
        areas=found.areas,
        stations=found.stations,
        deputies=found.deputies,
        units=found.units,
        categories=found.categories,
        activities=found.activities,
        pages=found.pages,
        ledger=_NO_LEDGER,
        notices=NoNotices() if notices is None else notices,
    )
