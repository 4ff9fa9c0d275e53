"""Slips for the letterbox (征集单, S07): numbered, with a stub by which the person follows it."""

from matters.intake.receipts import key_of, new_number, slip_identity
from server.paper.county import PaperCounty
from server.paper.sheets import Sheet, sheet
from stations.stations import Station

ON_A_SHEET = 2


def slips(county: PaperCounty, station: Station | None, count: int) -> list[Sheet]:
    """Return sheets of `count` slips, each with a number that no matter here has.

    Nothing is stored: a slip's matter and key follow from its number (docs/decisions/0014).
    """
    numbers: dict[str, None] = {}
    while len(numbers) < count:
        number = new_number()
        if not county.taken(number):
            numbers[number] = None
    made = [_slip(county, number) for number in numbers]
    return [
        sheet(
            "slips.html",
            f"slips-{made[at]['number']}",
            county,
            slips=made[at : at + ON_A_SHEET],
            station=station,
        )
        for at in range(0, len(made), ON_A_SHEET)
    ]


def _slip(county: PaperCounty, number: str) -> dict[str, object]:
    key = key_of(county.receipt_key, slip_identity(county.receipt_key, number))
    return {"number": number, "key": key, "qr": county.code(f"m/{number}?key={key}")}
