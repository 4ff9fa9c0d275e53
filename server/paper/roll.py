"""The roll of a station's deputies, to be put up or filed (登记成册, Q10)."""

from publisher.words import wording
from server.paper.county import PaperCounty
from server.paper.sheets import Sheet, sheet, size_class
from stations.stations import Station


def roll_sheet(county: PaperCounty, station: Station) -> Sheet:
    """Return the roll of a station, over as many pages as it takes."""
    registers = county.registers
    rows = [
        {
            "name": deputy.name,
            "level": wording.LEVELS[deputy.level],
            "constituency": deputy.constituency,
            "areas": "、".join(filter(None, map(registers.area_name, deputy.areas))),
            "phone": deputy.phone,
            "post": deputy.post,
        }
        for deputy in registers.sitting_at(station.id)
    ]
    return sheet(
        "roll.html",
        f"roll-{station.id}",
        county,
        station=station,
        fit=size_class(station.name, (9, 12, 16, 24)),
        rows=rows,
        made=wording.long_day(county.today),
    )
