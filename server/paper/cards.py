"""Deputy cards: as large as a business card, ten on a sheet of A4 with marks to cut along."""

from collections.abc import Sequence

from deputies.deputies import Deputy
from publisher.words import wording
from server.paper.county import PaperCounty
from server.paper.posters import rule_words
from server.paper.sheets import Sheet, sheet, size_class

ON_A_SHEET = 10


def cards(county: PaperCounty, deputies: Sequence[Deputy], copies: int = 1) -> list[Sheet]:
    """Return the sheets with `copies` cards of each deputy."""
    wanted = [deputy for deputy in deputies for _ in range(copies)]
    sheets = []
    for at in range(0, len(wanted), ON_A_SHEET):
        on_sheet = wanted[at : at + ON_A_SHEET]
        sole_id = on_sheet[0].id if len({deputy.id for deputy in on_sheet}) == 1 else ""
        number = at // ON_A_SHEET + 1
        sheets.append(
            sheet(
                "cards.html",
                f"cards-{sole_id}-{number}" if sole_id else f"cards-{number}",
                county,
                cards=[_card(county, deputy) for deputy in on_sheet],
            )
        )
    return sheets


def _card(county: PaperCounty, deputy: Deputy) -> dict[str, object]:
    stations = [county.found.stations[id] for id in deputy.stations if id in county.found.stations]
    return {
        "name": deputy.name,
        "fit": size_class(deputy.name, (4, 7, 12)),
        "level": wording.LEVELS[deputy.level],
        "phone": deputy.phone,
        "station": stations[0] if stations else None,
        "duty": rule_words(stations[0].duty)[:2] if stations else [],
        "qr": county.writing_code("deputy", deputy.id),
    }
