"""Areas: the county, its townships and their villages, by the 12-digit statistical code."""

from enum import StrEnum

import msgspec


class AreaKind(StrEnum):
    """What an area is, from the widest to the narrowest."""

    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """One area. `id` is its 12-digit code; `parent` is the code of the area above, or ""."""

    id: str
    name: str
    kind: AreaKind
    parent: str = ""
    name_en: str = ""
