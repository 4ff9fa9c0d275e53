"""duty.ics: the coming duty days of a station, for the calendar on a phone (RFC 5545)."""

import datetime
from collections.abc import Sequence

from publisher.content import DutyDay
from publisher.folding import escaped, lines
from publisher.wording import SHANGHAI
from stations.stations import Station

_ZONE = (
    "BEGIN:VTIMEZONE",
    "TZID:Asia/Shanghai",
    "BEGIN:STANDARD",
    "DTSTART:19910915T010000",
    "TZOFFSETFROM:+0900",
    "TZOFFSETTO:+0800",
    "TZNAME:CST",
    "END:STANDARD",
    "END:VTIMEZONE",
)


def _moment(date: datetime.date, time: str) -> datetime.datetime:
    hours, minutes = time.split(":")
    return datetime.datetime.combine(date, datetime.time(int(hours), int(minutes)), tzinfo=SHANGHAI)


def calendar(station: Station, days: Sequence[DutyDay], names: dict[str, str]) -> bytes:
    """The calendar of a station. `names` are deputies' names by id.

    DTSTAMP must be there and is the event's own start: a clock would change the bytes.
    """
    content = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Huiyin//duty//ZH",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(station.name)}",
        *_ZONE,
    ]
    for day in days:
        starts, ends = _moment(day.date, day.starts), _moment(day.date, day.ends)
        sitting = "、".join(names[id] for id in day.deputies if id in names)
        content += [
            "BEGIN:VEVENT",
            f"UID:{escaped(station.id)}-{starts:%Y%m%dT%H%M}@huiyin",
            f"DTSTAMP:{starts.astimezone(datetime.UTC):%Y%m%dT%H%M%SZ}",
            f"DTSTART;TZID=Asia/Shanghai:{starts:%Y%m%dT%H%M%S}",
            f"DTEND;TZID=Asia/Shanghai:{ends:%Y%m%dT%H%M%S}",
            f"SUMMARY:{escaped(f'代表接待日：{sitting}' if sitting else '代表接待日')}",
            *([f"DESCRIPTION:{escaped(day.note)}"] if day.note else []),
            *([] if day.held else ["STATUS:CANCELLED"]),
            f"LOCATION:{escaped(' '.join(filter(None, (station.name, station.address))))}",
            "END:VEVENT",
        ]
    return lines([*content, "END:VCALENDAR"])
