"""The sample county: registers, a few staff to sign in as, and nothing else."""

from pathlib import Path
from typing import NamedTuple

from deputies.deputies import DEPUTIES
from eventlog.files import write_atomically
from eventlog.log import Log
from eventlog.transaction import Transaction
from matters.actors import SYSTEM
from matters.sample import sample_registers
from matters.terms import Role
from matters.units import UNITS
from server import accounts
from server.county_registers import ALL
from stations.register_log import set_record
from stations.stations import STATIONS

FILE_NAME = "sample-sign-ins.txt"


class SignIn(NamedTuple):
    """One account of the sample; the passwords are random for each data folder."""

    name: str
    password: str
    role: str


def seed_sample(log: Log, folder: Path) -> None:
    """Fill an empty county with the sample, and write down its sign-ins (mode 0600)."""
    with log.reading() as connection:
        if connection.execute("SELECT 1 FROM records LIMIT 1").fetchone() is not None:
            return
    made: list[SignIn] = log.write(_seed).result
    lines = "".join(f"{one.name}\t{one.password}\t{one.role}\n" for one in made)
    write_atomically(folder / FILE_NAME, lines.encode(), mode=0o600)


def sign_ins(folder: Path) -> list[SignIn]:
    """Return the sample's sign-ins, none where the folder is not a sample."""
    try:
        lines = (folder / FILE_NAME).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [SignIn(*line.split("\t")) for line in lines if line.count("\t") == 2]


def _seed(transaction: Transaction) -> list[SignIn]:
    registers = sample_registers()
    for register in ALL:
        for record in registers.of(register).values():
            set_record(transaction, register.noun, record, by=SYSTEM.signature)
    stations = registers.of(STATIONS)
    deputies = registers.of(DEPUTIES)
    units = registers.of(UNITS)
    main = next(station for station in stations.values() if station.kind == "station")
    deputy = next(one for one in deputies.values() if main.id in one.stations and one.areas)
    unit = next(iter(units.values()))
    bounds = {
        Role.OFFICE: accounts.Bound(),
        Role.LIAISON: accounts.Bound(station=main.id),
        Role.DEPUTY: accounts.Bound(deputy=deputy.id),
        Role.UNIT: accounts.Bound(unit=unit.id),
        Role.ADMIN: accounts.Bound(),
    }
    made: list[SignIn] = []
    for role, binding in bounds.items():
        password = accounts.new_password()
        accounts.add_account(transaction, role, role, password, bound=binding, one_time=False)
        made.append(SignIn(role, password, role))
    return made
