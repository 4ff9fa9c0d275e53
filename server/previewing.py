"""A record of a register as the public page that the site would make of it, before it is saved."""

import msgspec
from markupsafe import escape

from deputies.deputies import DEPUTIES, Deputy
from matters.registers.pages import PAGES, Page
from publisher import deputy_pages, station_pages
from publisher.registers import Registers
from publisher.written import rendered
from server.county_registers import CountyRegisters, read_all
from server.node import Node
from server.publishing import content_of
from stations.stations import STATIONS, Station

PREVIEWED = (DEPUTIES.noun, STATIONS.noun, PAGES.noun)


def preview(node: Node, record: msgspec.Struct) -> str:
    """Return the whole public page of a record of PREVIEWED as HTML; its links lead nowhere."""
    if isinstance(record, Page):
        return _written(node, record)
    base_url = node.settings.address
    with node.log.reading() as connection:
        connection.execute("BEGIN")
        found = with_record(read_all(connection), record)
        registers = Registers(content_of(found, connection))
        if isinstance(record, Deputy):
            source = deputy_pages.deputy(registers, record, base_url)
        elif isinstance(record, Station):
            source = station_pages.station(registers, record, base_url)
        else:
            raise TypeError(type(record))
        return node.site.asked.text(source)


def _written(node: Node, page: Page) -> str:
    body = f"<h1>{escape(page.title)}</h1>\n{rendered(page.text)}"
    if page.text_en:
        body += f'<hr><div lang="en"><h2>{escape(page.title_en)}</h2>{rendered(page.text_en)}</div>'
    return node.site.frame().render(page.title, body, "")


def with_record(found: CountyRegisters, record: msgspec.Struct) -> CountyRegisters:
    """Return the registers as they would be with a deputy or station saved."""
    if isinstance(record, Deputy):
        return found._replace(deputies={**found.deputies, record.id: record})
    if isinstance(record, Station):
        return found._replace(stations={**found.stations, record.id: record})
    return found
