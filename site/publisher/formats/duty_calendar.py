"""duty.ics: the coming duty days of a station, for the calendar on a phone (RFC 5545)."""

import datetime
from collections import Counter
from collections.abc import Sequence

from acts.shanghai import SHANGHAI
from publisher.content import DutyDay
from publisher.formats.folding import escaped, lines
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


def _summary(day: DutyDay, sitting: str) -> str:
    if not day.held:
        return "不接待（代表接待日停一次）"
    return f"代表接待日：{sitting}" if sitting else "代表接待日"


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
        "X-WR-TIMEZONE:Asia/Shanghai",
        # How often a phone that follows the address looks again (RFC 7986 5.7, and before it).
        "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
        "X-PUBLISHED-TTL:PT12H",
        *_ZONE,
    ]
    sittings: Counter[str] = Counter()
    for day in days:
        starts, ends = _moment(day.date, day.starts), _moment(day.date, day.ends)
        sitting = "、".join(names[id] for id in day.deputies if id in names)
        uid = f"{station.id}-{starts:%Y%m%dT%H%M}"
        sittings[uid] += 1
        if sittings[uid] > 1:
            # A sitting that was moved to the hours of another.
            uid += f"-{sittings[uid]}"
        content += [
            "BEGIN:VEVENT",
            f"UID:{escaped(uid)}@huiyin",
            f"DTSTAMP:{starts.astimezone(datetime.UTC):%Y%m%dT%H%M%SZ}",
            f"DTSTART;TZID=Asia/Shanghai:{starts:%Y%m%dT%H%M%S}",
            f"DTEND;TZID=Asia/Shanghai:{ends:%Y%m%dT%H%M%S}",
            f"SUMMARY:{escaped(_summary(day, sitting))}",
            *([f"DESCRIPTION:{escaped(day.note)}"] if day.note else []),
            f"STATUS:{'CONFIRMED' if day.held else 'CANCELLED'}",
            f"LOCATION:{escaped(' '.join(filter(None, (station.name, station.address))))}",
            "END:VEVENT",
        ]
    return lines([*content, "END:VCALENDAR"])
