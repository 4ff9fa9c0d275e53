"""Categories of matters: a flat list that each county keeps for itself."""

import msgspec


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """One category. `order` is its place in lists, from 1; 0 sorts last."""

    id: str
    name: str
    order: int = 0
    name_en: str = ""
