"""A record of a register as the public page that the site would make of it, before it is saved."""

from typing import Any

import msgspec
from markupsafe import escape

from deputies.deputies import DEPUTIES
from matters.registers.pages import PAGES, Page
from publisher import deputy_pages, station_pages
from publisher.registers import Registers
from publisher.written import rendered
from server.county_registers import CountyRegisters, read_all
from server.node import Node
from server.publishing import content_of
from stations.registers import Register, record_id
from stations.stations import STATIONS

PREVIEWED = (DEPUTIES.noun, STATIONS.noun, PAGES.noun)


def preview(node: Node, register: Register[Any], record: msgspec.Struct) -> str:
    """Return the whole public page of a record of PREVIEWED as HTML; its links lead nowhere."""
    if isinstance(record, Page):
        return _written(node, record)
    base_url = node.settings.address
    with node.log.reading() as connection:
        connection.execute("BEGIN")
        found = with_record(read_all(connection), register, record)
        registers = Registers(content_of(found, connection, node.attachments.body))
        if register.noun == DEPUTIES.noun:
            source = deputy_pages.deputy(registers, record, base_url)  # type: ignore[arg-type]  # by its noun
        else:
            source = station_pages.station(registers, record, base_url)  # type: ignore[arg-type]  # likewise
        return node.site.asked.text(source)


def _written(node: Node, page: Page) -> str:
    body = f"<h1>{escape(page.title)}</h1>\n{rendered(page.text)}"
    if page.text_en:
        body += f'<hr><div lang="en"><h2>{escape(page.title_en)}</h2>{rendered(page.text_en)}</div>'
    return node.site.frame().render(page.title, body, "")


def with_record(
    found: CountyRegisters, register: Register[Any], record: msgspec.Struct
) -> CountyRegisters:
    """Return the registers as they would be with a record of PREVIEWED saved."""
    there = getattr(found, register.plural)
    return found._replace(**{register.plural: {**there, record_id(record): record}})
