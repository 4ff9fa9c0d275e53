"""A record of a register as the public page that the site would make of it, before it is saved."""

import base64

import msgspec

from deputies.deputies import Deputy
from eventlog.log import Log
from matters.registers.pages import Page
from publisher import addresses
from publisher.pages import county_pages, deputy_pages, station_pages
from publisher.site_registers import SiteRegisters
from publisher.sources import PageSource
from publisher.writing import pictures
from server.county.county_registers import CountyRegisters, read_all
from server.site.publishing import SiteKeeper
from server.site.site_content import content_of
from stations.stations import Station


def preview(log: Log, site: SiteKeeper, address: str, record: Deputy | Station | Page) -> str:
    """Return the whole public page of a record as HTML, its pictures inside.

    `address` is that of the site. Its links lead nowhere.
    """
    with log.reading() as connection:
        connection.execute("BEGIN")
        county = with_record(read_all(connection), record)
        registers = SiteRegisters(content_of(county, connection, log.now_ms()))
        source = _source(registers, record, address)
        html = site.asked.text(source)
        for sha256, kind in source.pictures:
            html = _with_picture(html, registers.content.picture(sha256), sha256, kind)
        return html


def with_record(county: CountyRegisters, record: msgspec.Struct) -> CountyRegisters:
    """Return the registers as they would be with a deputy, station or page saved."""
    if isinstance(record, Deputy):
        return county._replace(deputies={**county.deputies, record.id: record})
    if isinstance(record, Station):
        return county._replace(stations={**county.stations, record.id: record})
    if isinstance(record, Page):
        return county._replace(pages={**county.pages, record.id: record})
    return county


def _source(registers: SiteRegisters, record: Deputy | Station | Page, base_url: str) -> PageSource:
    if isinstance(record, Deputy):
        return deputy_pages.deputy(registers, record, base_url)
    if isinstance(record, Station):
        return station_pages.station(registers, record, base_url)
    path = addresses.page(record.id)
    return next(page for page in county_pages.every(registers) if page.path == path)


def _with_picture(html: str, body: bytes | None, sha256: str, kind: pictures.PictureKind) -> str:
    """Put a picture in the place of its addresses: the site has no file of it yet."""
    made = pictures.renditions(body, kind) if body is not None else None
    for extension, data in (made or {}).items():
        media = "jpeg" if extension == "jpg" else extension
        inside = f"data:image/{media};base64,{base64.b64encode(data).decode()}"
        for before in ('"../../', '"'):
            name = f"{pictures.FOLDER}{pictures.name(sha256, kind)}.{extension}"
            html = html.replace(f"{before}{name}", f'"{inside}')
    return html
