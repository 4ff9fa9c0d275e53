"""The rota of a station for its wall: who sits when, three months ahead (Q08)."""

import datetime
from typing import Any

from deputies.rota import DutyDay
from publisher.words import wording
from server.paper.county import PaperCounty
from server.paper.posters import rule_words
from server.paper.sheets import Sheet, lines_of, sheet, size_class
from stations.stations import Station

MONTHS = 3
# In `rem`: how high and wide a month's column is, and for each size of print how high a sitting is
# without its names, a line of names, and a character of them.
_HIGH, _WIDE = 134.0, 58.0
_PRINT = ((17.0, 7.5, 5.8), (7.8, 5.7, 4.4), (5.7, 4.4, 3.4))
_LINES = (3, 3, 2)
# In the smallest print, of a line each.
_MOST = 30


def rota_sheet(county: PaperCounty, station: Station) -> Sheet:
    """Return a station's sittings from today to the end of the third month, a column a month."""
    first = county.today.replace(day=1)
    until = _months_on(first, MONTHS)
    days = county.sittings(station, until)
    months: list[tuple[str, list[dict[str, Any]]]] = []
    for at in range(MONTHS):
        start, end = _months_on(first, at), _months_on(first, at + 1)
        rows = [
            {
                "day": wording.week_day(day.date),
                "hours": f"{day.starts}–{day.ends}",
                "names": _who(county, day),
            }
            for day in days
            if start <= day.date < end
        ]
        months.append((wording.month_name(f"{start:%Y-%m}"), rows))
    size, lines = _print_for([[row["names"] for row in rows] for _, rows in months])
    return sheet(
        "rota.html",
        f"rota-{station.id}",
        county,
        station=station,
        fit=size_class(station.name, (9, 12, 16, 24)),
        duty=rule_words(station.duty),
        months=months,
        print=size,
        lines=lines,
        most=_MOST,
        empty=not days,
        made=wording.long_day(county.today),
        page=county.page_code(f"stations/{station.id}/"),
    )


def _who(county: PaperCounty, day: DutyDay) -> str:
    """Return who sits on a day, and what is not as the rule has it."""
    names = "、".join(county.names_of(day)) or ("代表待定" if day.held else "")
    return names + (f"（{day.note}）" if names and day.note else day.note)


def _print_for(months: list[list[str]]) -> tuple[int, int]:
    """Return the largest print in which every month fits, from 0, and how many lines names get."""
    for size, (base, line, character) in enumerate(_PRINT):
        for lines in range(_LINES[size], 0, -1):
            wanted = max(
                sum(
                    base + line * min(lines, lines_of(names, _WIDE / character - 0.4))
                    for names in month
                )
                for month in months
            )
            cut = any(
                lines_of(names, _WIDE / character - 0.4) > lines
                for month in months
                for names in month
            )
            if wanted <= _HIGH and (not cut or size == len(_PRINT) - 1):
                return size, lines
    return len(_PRINT), 1


def _months_on(first: datetime.date, count: int) -> datetime.date:
    """Return the first day of the month `count` months after that of `first`."""
    year, month = divmod(first.year * 12 + first.month - 1 + count, 12)
    return datetime.date(year, month + 1, 1)
