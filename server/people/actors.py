"""The person of an account as the rules see them."""

from matters.actors import Actor
from matters.registers.bodies import BodyKind
from matters.terms import Role
from server.county.county_registers import CountyRegisters
from server.people.accounts import Account


def actor_for(registers: CountyRegisters, account: Account) -> Actor:
    """Return the account as the rules see it, with the stations and areas it answers for."""
    stations = {account.station} if account.station else set()
    areas: set[str] = set()
    if account.role is Role.DEPUTY:
        deputy = registers.deputies.get(account.deputy)
        if deputy is not None:
            stations.update(deputy.stations)
            areas.update(deputy.areas)
    elif account.station in registers.stations:
        areas.update(registers.stations[account.station].serves)
        stations.update(
            station.id
            for station in registers.stations.values()
            if station.parent == account.station
        )
    presidium = False
    if account.role is Role.OFFICE:
        body = registers.bodies.get(account.body)
        presidium = body is not None and body.kind is not BodyKind.STANDING_COMMITTEE
        # A presidium's office works for its township; an area of its own may bind any office.
        bound = account.area or (body.area if body is not None and presidium else "")
        areas = {bound} - {""}
    return Actor(
        account.role,
        account.id,
        account.unit,
        account.deputy,
        frozenset(stations),
        frozenset(registers.with_villages(areas)),
        account.body,
        presidium,
        head=account.role is Role.UNIT and bool(account.body),
    )
