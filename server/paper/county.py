"""What sheets are made from: the registers, the notices and the address that stands on paper."""

import datetime
import sqlite3
from collections.abc import Callable
from functools import cached_property
from itertools import takewhile
from typing import Any

from deputies.rota import DutyDay, duty_days
from matters import store
from matters.public.public import NoticeShelf
from publisher import addresses
from publisher.content import Notices
from publisher.drawings import qr
from publisher.site_registers import SiteRegisters
from server.county import county_registers
from server.county.bare_content import registers_only
from server.county.county_registers import CountyRegisters
from stations.stations import Station

# More sittings than any station has in three months.
_SITTINGS_MOST = 400


class PaperCounty:
    """A county as its sheets show it. `address` is that of its site, ending in a slash."""

    def __init__(
        self,
        found: CountyRegisters,
        notices: Notices,
        address: str,
        today: datetime.date,
        receipt_key: bytes,
        taken: Callable[[str], bool],
    ) -> None:
        """`taken` says whether a number is a matter's already."""
        self.found = found
        self.notices = notices
        self.address = address
        self.today = today
        self.receipt_key = receipt_key
        self.taken = taken

    @cached_property
    def registers(self) -> SiteRegisters:
        """Who answers to whom, and who sits where."""
        return SiteRegisters(registers_only(self.found, self.notices))

    @property
    def typed_address(self) -> str:
        """The site's address as a person types it: without scheme and last slash."""
        return self.address.partition("://")[2].rstrip("/")

    def code(self, path: str) -> dict[str, Any]:
        """Return the QR code of an address below the root of the site."""
        return qr.code(self.address + path)

    def page_code(self, path: str) -> dict[str, Any]:
        """Return the QR code of a page of the site; `path` is not quoted yet."""
        return self.code(addresses.href(path))

    def writing_code(self, field: str, id: str) -> dict[str, Any]:
        """Return the QR code of the form, filled in with where the person came from (L08)."""
        return self.code(f"submit/?{field}={addresses.href(id)}&channel=qr")

    def sittings(
        self, station: Station, until: datetime.date | None = None, count: int = _SITTINGS_MOST
    ) -> list[DutyDay]:
        """Return a station's sittings from today on, with shifts and holidays.

        Up to `until` where it is given, and then with those that fall out among them.
        """
        days = duty_days(
            station,
            self.found.deputies.values(),
            self.today,
            count,
            shifts=self.found.shifts.values(),
            calendar=self.found.calendar,
            fallen_out=until is not None,
        )
        return list(takewhile(lambda day: until is None or day.date < until, days))

    def names_of(self, day: DutyDay) -> list[str]:
        """Return the names of those who sit on a day, who are on the register."""
        known = self.found.deputies
        return [known[id].name for id in day.deputies if id in known]


def read_county(
    connection: sqlite3.Connection,
    address: str,
    today: datetime.date,
    receipt_key: bytes,
) -> PaperCounty:
    """Return the county as the database has it. The connection is read from later, too."""
    return PaperCounty(
        county_registers.read_all(connection),
        NoticeShelf(connection),
        address,
        today,
        receipt_key,
        lambda number: store.number_taken(connection, number),
    )
