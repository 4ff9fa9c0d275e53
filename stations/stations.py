"""Liaison stations and points: where they are, when they are open, whom they serve."""

from enum import StrEnum

import msgspec


class StationKind(StrEnum):
    """The kinds of place where deputies meet people (L03)."""

    STATION = "station"
    TRADE_STATION = "trade-station"
    POINT = "point"
    HOME = "home"
    STUDIO = "studio"


class DutyRule(msgspec.Struct, frozen=True, kw_only=True):
    """On which days deputies sit at a station.

    `weekday` is ISO (1 = Monday … 7 = Sunday). `weeks` are the weeks of the month counted by
    that weekday (2 and 4: the second and fourth such day, 双周三); empty means every week
    (代表周三见). `starts` and `ends` are HH:MM, Asia/Shanghai. `deputies` is how many sit.
    """

    weekday: int
    weeks: tuple[int, ...] = ()
    starts: str = "08:30"
    ends: str = "11:30"
    deputies: int = 2


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """One station or point.

    `area` is the code of the township (or village) it stands in, `serves` the codes of the
    areas whose people it serves, `parent` the station that a point belongs to, or "".
    `latitude` and `longitude` are WGS 84 degrees, or None.
    """

    id: str
    name: str
    kind: StationKind
    area: str
    serves: tuple[str, ...] = ()
    parent: str = ""
    address: str = ""
    directions: str = ""
    latitude: float | None = None
    longitude: float | None = None
    phone: str = ""
    mobile: str = ""
    hours: str = ""
    head: str = ""
    officer: str = ""
    duty: tuple[DutyRule, ...] = ()
    name_en: str = ""
    address_en: str = ""
