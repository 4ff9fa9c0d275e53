"""With which body a suggestion is filed: by the level of its deputy, and by the place (L14)."""

from collections.abc import Mapping

from deputies.deputies import Deputy, Level
from matters.registers.bodies import Body, BodyKind
from stations.areas import Area


def bodies_of_areas(bodies: Mapping[str, Body], areas: Mapping[str, Area]) -> dict[str, str]:
    """Return the township body of each area that lies in one, by area code (L14)."""
    of_township = {
        body.area: body.id
        for body in bodies.values()
        if body.area and body.kind is not BodyKind.STANDING_COMMITTEE
    }
    body_of: dict[str, str] = {}
    for area in areas.values():
        body = of_township.get(area.id) or of_township.get(area.parent)
        if body:
            body_of[area.id] = body
    return body_of


def bodies_of_deputies(
    bodies: Mapping[str, Body], deputies: Mapping[str, Deputy], areas: Mapping[str, Area]
) -> dict[str, str]:
    """Return the body with which each deputy files a suggestion, by deputy id (L14).

    A township deputy files with the presidium of the township; all others with the standing
    committee.
    """
    committee = next(
        (body.id for body in bodies.values() if body.kind is BodyKind.STANDING_COMMITTEE), ""
    )
    of_area = bodies_of_areas(bodies, areas)
    body_of: dict[str, str] = {}
    for deputy in deputies.values():
        local = next((of_area[code] for code in deputy.areas if code in of_area), "")
        body = local if deputy.level is Level.TOWNSHIP and local else committee
        if body:
            body_of[deputy.id] = body
    return body_of
