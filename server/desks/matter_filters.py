"""Which matters an address asks for, of the console's list or of the interface's."""

import datetime
from collections.abc import Mapping

from acts.refusals import N_, BadFields
from acts.shanghai import SHANGHAI
from matters.listing.filters import Filters, filters_from
from server.county.county_registers import CountyRegisters
from server.ledger.ledger_queries import read_counted, read_scope


def read_filters(query: Mapping[str, str], registers: CountyRegisters) -> Filters:
    """Return a list's filters from the address. Raises BadFields for what is no time."""
    since = 0
    if query.get("since"):
        try:
            moment = datetime.datetime.fromisoformat(query["since"])
        except ValueError as error:
            raise BadFields.of("since", "not-a-time", N_("时间写法如 2026-11-21。")) from error
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=SHANGHAI)
        since = int(moment.timestamp() * 1000)
    return filters_from(query)._replace(
        since=since,
        unit=registers.known.id_of("unit", query.get("unit", "")),
        station=registers.known.id_of("station", query.get("station", "")),
        area=registers.known.id_of("area", query.get("area", "")),
        scope=read_scope(query, registers)[0],
        counted=read_counted(query),
    )
