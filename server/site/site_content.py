"""What the site is made from, taken from the database, or from the registers at hand alone."""

import sqlite3
from dataclasses import replace
from functools import partial
from pathlib import Path

from acts.shanghai import day_of
from deputies.rota import duty_days
from matters.public.public import NoticeShelf, ledger
from publisher.content import Content
from server.county import county_registers
from server.county.bare_content import registers_only
from server.county.county_registers import CountyRegisters
from server.photos import attachments

DUTY_DAYS_SHOWN = 6


def read_content(connection: sqlite3.Connection, now_ms: int) -> Content:
    """Return what the site is made from, as the database has it at this moment.

    `now_ms` is the time as the node knows it, for the days of the rota.
    """
    return content_of(county_registers.read_all(connection), connection, now_ms)


def content_of(found: CountyRegisters, connection: sqlite3.Connection, now_ms: int) -> Content:
    """Return what the site is made from with these registers, be they saved or not.

    Pictures are read from the second database beside it.
    """
    folder = Path(connection.execute("PRAGMA database_list").fetchone()[2]).parent
    start = day_of(now_ms)
    deputies = tuple(found.deputies.values())
    return replace(
        registers_only(found, NoticeShelf(connection)),
        duty={
            station.id: duty_days(
                station,
                deputies,
                start,
                DUTY_DAYS_SHOWN,
                shifts=found.shifts.values(),
                calendar=found.calendar,
                fallen_out=True,
            )
            for station in found.stations.values()
        },
        ledger=ledger(connection),
        minimum_n=found.rules.minimum_n,
        picture=partial(attachments.photo_bytes, folder / attachments.FILE_NAME),
    )
