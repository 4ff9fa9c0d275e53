"""What a county fixes for itself: its name, its office, the words for result classes."""

import msgspec


class County(msgspec.Struct, frozen=True, kw_only=True):
    """The county that a hub serves. `id` is always "county", for there is one.

    `area` is the county's own area code. `sample` marks an invented county on every page.
    `results` are the labels of the result classes A to D, which differ from place to place.
    """

    id: str = "county"
    name: str
    area: str = ""
    office: str = ""
    office_phone: str = ""
    office_address: str = ""
    sample: bool = False
    campaign: str = ""
    results: dict[str, str] = {}
    name_en: str = ""
    office_en: str = ""
