"""The addresses of the county's registers."""

from server.county.county_registers import BY_PLURAL
from server.people.doors import ConsoleRoute
from server.people.interface import InterfaceRoute
from server.registers import (
    day_pages,
    register_files,
    register_interface,
    register_pages,
    shift_pages,
)
from server.registers.room import RegistersRoom
from server.web.operation import REFUSED, SEEN, TEXT, Operation
from server.web.routes import RoomRoute

_PLURALS = {"plural": tuple(BY_PLURAL)}
_RECORD = "/api/v1/registers/{plural}/{id}"
_RECORD_PAGE = "/console/registers/{plural}/{id}"

ROUTES: tuple[RoomRoute[RegistersRoom], ...] = (
    ConsoleRoute("GET", "/console/pictures/{sha256}", register_pages.picture),
    ConsoleRoute("GET", "/console/shifts/{station}", shift_pages.page),
    ConsoleRoute("POST", "/console/shifts/{station}", shift_pages.change, lists=shift_pages.LISTS),
    ConsoleRoute("GET", "/console/registers/", register_pages.overview),
    ConsoleRoute("GET", "/console/registers/import", register_files.page),
    ConsoleRoute("POST", "/console/registers/import", register_files.take),
    ConsoleRoute("GET", "/console/registers/export.zip", register_files.download),
    ConsoleRoute("GET", "/console/registers/days/", day_pages.page),
    ConsoleRoute("POST", "/console/registers/days/", day_pages.add),
    ConsoleRoute("GET", "/console/registers/{plural}/", register_pages.records),
    ConsoleRoute("GET", _RECORD_PAGE, register_pages.edit),
    ConsoleRoute("POST", _RECORD_PAGE, register_pages.save, lists=register_pages.lists_of),
    ConsoleRoute("GET", _RECORD_PAGE + "/remove", register_pages.removal),
    ConsoleRoute("POST", _RECORD_PAGE + "/remove", register_pages.remove),
    InterfaceRoute(
        "GET",
        "/api/v1/registers/{plural}",
        register_interface.list_records,
        Operation(
            "A page of a register's records, as text cells by field",
            query=("cursor",),
            choices=_PLURALS,
        ),
    ),
    InterfaceRoute(
        "PUT",
        _RECORD,
        register_interface.put_record,
        Operation(
            "Replace a record, or add it",
            description="by office, admin. Text cells by field, as a row of an import has them; a "
            "field that is left out is empty. `seen` is the version that the record was read at.",
            properties={"seen": SEEN},
            more_properties=TEXT,
            answers={
                "200": "done",
                "201": "added",
                "403": "not this role",
                "404": "no such register",
                "409": "stale: somebody else changed it",
                "422": REFUSED["422"],
            },
            choices=_PLURALS,
        ),
    ),
    InterfaceRoute(
        "DELETE",
        _RECORD,
        register_interface.delete_record,
        Operation(
            "Take a record off",
            query=("seen",),
            description="by office, admin",
            answers={
                "204": "done",
                "403": "not this role",
                "404": "no such record",
                "409": "stale, or other records still refer to it",
            },
            choices=_PLURALS,
        ),
    ),
)
