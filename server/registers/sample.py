"""The sample county: registers, a few staff to sign in as, and nothing else."""

from pathlib import Path
from typing import NamedTuple

from deputies.deputies import DEPUTIES, Deputy, Level
from eventlog.files import write_atomically
from eventlog.log import Log
from eventlog.transaction import Transaction
from matters.actors import SYSTEM
from matters.filing import bodies_of_deputies
from matters.registers.bodies import BODIES, Body, BodyKind
from matters.registers.units import UNITS, Unit
from matters.sample import sample_registers
from matters.terms import Role
from server.county.county_registers import ALL
from server.people import accounts, passwords
from stations.areas import AREAS
from stations.register_log import set_record
from stations.registers import record_id
from stations.stations import STATIONS, Station, StationKind

FILE_NAME = "sample-sign-ins.txt"


class SignIn(NamedTuple):
    """One account of the sample; the passwords are random for each data folder.

    `place` is the id and name of the station, deputy or unit that it acts for, or "".
    """

    name: str
    password: str
    role: str
    place: str = ""


def seed_sample(log: Log, folder: Path) -> None:
    """Fill an empty county with the sample, and write down its sign-ins (mode 0600)."""
    with log.reading() as connection:
        if connection.execute("SELECT 1 FROM records LIMIT 1").fetchone() is not None:
            return
    made: list[SignIn] = log.write(_seed).result
    lines = "".join("\t".join(sign_in) + "\n" for sign_in in made)
    write_atomically(folder / FILE_NAME, lines.encode(), mode=0o600)


def sign_ins(folder: Path) -> list[SignIn]:
    """Return the sample's sign-ins, none where the folder is not a sample."""
    try:
        lines = (folder / FILE_NAME).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [SignIn(*line.split("\t")) for line in lines if line.count("\t") == 3]


def _seed(transaction: Transaction) -> list[SignIn]:
    registers = sample_registers()
    for register in ALL:
        for record in registers.of(register).values():
            set_record(transaction, register.noun, record, by=SYSTEM.signature)
    stations = registers.of(STATIONS)
    station = next(place for place in stations.values() if place.kind is StationKind.STATION)
    deputy = next(
        deputy
        for deputy in registers.of(DEPUTIES).values()
        if station.id in deputy.stations and deputy.level is Level.TOWNSHIP
    )
    # The first that the interface lists, so that it is the one that people try.
    unit = min(registers.of(UNITS).values(), key=record_id)
    bodies = registers.of(BODIES)
    # The presidium that the deputy files with, so that both see the same matters.
    filed_with = bodies_of_deputies(bodies, registers.of(DEPUTIES), registers.of(AREAS))
    presidium = bodies[filed_with[deputy.id]]
    committee = next(body for body in bodies.values() if body.kind is BodyKind.STANDING_COMMITTEE)
    people: tuple[tuple[str, Role, accounts.Bound, Body | Station | Deputy | Unit | None], ...] = (
        ("office", Role.OFFICE, accounts.Bound(), None),
        ("presidium", Role.OFFICE, accounts.Bound(body=presidium.id), presidium),
        ("liaison", Role.LIAISON, accounts.Bound(station=station.id), station),
        ("deputy", Role.DEPUTY, accounts.Bound(deputy=deputy.id), deputy),
        ("unit", Role.UNIT, accounts.Bound(unit=unit.id), unit),
        ("head", Role.UNIT, accounts.Bound(unit=unit.id, body=committee.id), unit),
        ("admin", Role.ADMIN, accounts.Bound(), None),
    )
    made: list[SignIn] = []
    for name, role, bound, record in people:
        place = "" if record is None else f"{record.id} {record.name}"
        password = passwords.new_password()
        accounts.add_account(transaction, name, role, password, bound=bound, one_time=False)
        made.append(SignIn(name, password, role, place))
    return made
