"""Deputies of the five levels: who they are and whom they answer to."""

from enum import StrEnum

import msgspec


class Level(StrEnum):
    """The five levels of people's congresses (H02), from the highest."""

    NATIONAL = "national"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"


class Deputy(msgspec.Struct, frozen=True, kw_only=True):
    """One deputy.

    `areas` are the codes of the areas whose people they answer to, `stations` the ids of the
    stations where they sit (a deputy names stations, never the other way round). `phone` is
    the number that the deputy publishes, or "".
    """

    id: str
    name: str
    level: Level
    constituency: str
    areas: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    phone: str = ""
    post: str = ""
    introduction: str = ""
    name_en: str = ""
