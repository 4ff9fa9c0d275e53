"""A station as it stands once it was enrolled: its people are the hub's, its key opens nothing."""

import json
from pathlib import Path
from typing import NamedTuple

from eventlog.keys import forget_unsealing, make_keys
from eventlog.transaction import Transaction
from server.county.county_registers import read_all
from server.data_folder import open_log, prepare_folder
from server.folder.settings import load_settings
from server.people import accounts
from server.people.accounts import Bound, add_account
from server.people.station_accounts import StationAccount, accounts_for_station, replace_accounts
from tests.hub import huiyin

STATION = "weidu"
OFFICER, DEPUTY = "韦小满", "陶长顺"
PASSPHRASES = {OFFICER: "杏花 春雨 2026", DEPUTY: "a long walk by the river"}
AREAS = [
    {"id": "990102000000", "name": "望禾县", "kind": "county"},
    {"id": "990102102000", "name": "苇渡镇", "kind": "township", "parent": "990102000000"},
    {"id": "990102102202", "name": "上河滩村", "kind": "village", "parent": "990102102000"},
]
STATIONS = [
    {
        "id": STATION,
        "name": "苇渡镇人大代表联络站",
        "kind": "station",
        "area": "990102102000",
        "serves": ["990102102202"],
    }
]
DEPUTIES = [
    {
        "id": "tao-changshun",
        "name": DEPUTY,
        "level": "township",
        "areas": ["990102102202"],
        "stations": [STATION],
    }
]


class Enrolled(NamedTuple):
    """What the test may need of a station: a program's token, and the hub's list for it."""

    token: str
    people: list[StationAccount]


def import_registers(data: Path, scratch: Path) -> None:
    """Bring the registers into a data folder as an operator would."""
    for noun, records in (("areas", AREAS), ("stations", STATIONS), ("deputies", DEPUTIES)):
        table = scratch / f"{noun}.json"
        table.write_text(json.dumps(records, ensure_ascii=False), "utf-8")
        huiyin("import", noun, table, "--data", data)


def enrol(data: Path, scratch: Path, *, valid_until_ms: int) -> Enrolled:
    """Make a data folder with registers the folder of an enrolled station."""
    keys = prepare_folder(load_settings(data, role="station"))
    log = open_log(data, keys)
    with log.reading() as connection:
        registers = read_all(connection)
    folder = scratch / "the-hub"
    folder.mkdir()
    hub = open_log(folder, make_keys())
    hub.write(_add_people)
    with hub.reading() as connection:
        people = accounts_for_station(
            connection, STATION, registers=registers, station_key=keys.unsealing
        )
    hub.stop()
    log.write(lambda transaction: replace_accounts(transaction, people, valid_until_ms))
    token = log.write(_add_program).result
    log.stop()
    forget_unsealing(data, keys)
    return Enrolled(token, people)


def _add_people(transaction: Transaction) -> None:
    for name, role, bound in (
        (OFFICER, "liaison", Bound(station=STATION)),
        (DEPUTY, "deputy", Bound(deputy="tao-changshun")),
    ):
        add_account(transaction, name, role, PASSPHRASES[name], bound=bound, one_time=False)


def _add_program(transaction: Transaction) -> str:
    bound = Bound(station=STATION)
    account = add_account(transaction, "program", "liaison", "", bound=bound)
    return accounts.add_token(transaction, account.id)
