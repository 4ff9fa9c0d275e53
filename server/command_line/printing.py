"""`huiyin paper …`: posters, cards, slips, notices, rota and roll as PDFs."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from acts.refusals import Refusal
from acts.shanghai import day_of
from eventlog.files import write_atomically
from server.command_line.folders import data_option, keys_of, opened, settings_for
from server.paper.county import read_county
from server.paper.drawing import draw, why_missing
from server.paper.kinds import CARDS_MOST, NOTICES_MOST, SLIPS_MOST, PaperKind, Wanted, made
from server.paper.sheets import Sheet, Size, document
from server.web.languages import CHINESE, ENGLISH
from server.web.problems import page_errors

_OPTIONS = {
    "size": click.option(
        "--size",
        type=click.Choice([size.value for size in Size], case_sensitive=False),
        default=Size.A4.value,
        show_default=True,
        help="the paper",
    ),
    "station": click.option("--station", default="", metavar="ID", help="of this station alone"),
    "deputy": click.option("--deputy", default="", metavar="ID", help="of this deputy alone"),
    "area": click.option(
        "--area", default="", metavar="CODE", help="of this village, or a township's villages"
    ),
}


def _options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what gives a command its --out, --data and those of the shared options."""

    def dress(command: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            command = _OPTIONS[name](command)
        command = click.option(
            "--out",
            type=click.Path(path_type=Path),
            required=True,
            help="a folder for a file each, or FILE.pdf for all in one",
        )(command)
        return data_option(command)

    return dress


@click.group()
def paper() -> None:
    """What is printed, as PDF: posters, cards, slips, notices, rota and roll."""


@paper.command()
@_options("size", "station", "deputy", "area")
def posters(data: Path, out: Path, size: str, station: str, deputy: str, area: str) -> None:
    """Posters with QR codes: of all stations, villages and deputies, or of those named.

    Example: huiyin paper posters --out posters --station shuangqiu --size A3
    """
    asked = {
        PaperKind.STATIONS: Wanted(station=station),
        PaperKind.VILLAGES: Wanted(area=area),
        PaperKind.DEPUTIES: Wanted(deputy=deputy),
    }
    named = {
        kind: wanted
        for (kind, wanted), given in zip(asked.items(), (station, area, deputy), strict=True)
        if given
    }
    _print(data, out, named or asked, size)


@paper.command()
@_options("station", "deputy")
@click.option("--count", type=click.IntRange(1, CARDS_MOST), default=1, help="cards of each deputy")
def cards(data: Path, out: Path, station: str, deputy: str, count: int) -> None:
    """Deputies' cards, ten on a sheet of A4 with marks to cut along.

    Example: huiyin paper cards --out cards.pdf --deputy du-yulan --count 10
    """
    _print(data, out, {PaperKind.CARDS: Wanted(station=station, deputy=deputy, copies=count)})


@paper.command()
@_options("station")
@click.option(
    "--count", type=click.IntRange(1, SLIPS_MOST), default=20, show_default=True, help="how many"
)
def slips(data: Path, out: Path, station: str, count: int) -> None:
    """Numbered slips for the letterbox, two on a sheet, with a stub for the person to keep.

    Nothing is stored: print as many as you like, whenever you like.

    Example: huiyin paper slips --out slips.pdf --station shuangqiu --count 100
    """
    _print(data, out, {PaperKind.SLIPS: Wanted(station=station, copies=count)})


@paper.command()
@_options("size", "station", "deputy", "area")
@click.option(
    "--count",
    type=click.IntRange(1, NOTICES_MOST),
    default=5,
    show_default=True,
    help="how many of the newest",
)
@click.option("--number", default="", metavar="NUMBER", help="the notice of this number")
@click.option("--month", default="", metavar="YYYY-MM", help="the list of this month instead")
def notices(data: Path, out: Path, size: str, month: str, count: int, **wanted: Any) -> None:
    """Published notices in big print for the board: the newest, a sheet each, or a month's list.

    Example: huiyin paper notices --out board.pdf --size A3 --area 990102100201
    """
    if month and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise click.BadParameter(f"{month}: 要写成 2026-11 / write it like 2026-11")
    kind = PaperKind.MONTH if month else PaperKind.NOTICES
    _print(data, out, {kind: Wanted(month=month, copies=count, **wanted)}, size)


@paper.command()
@_options("size", "station")
def rota(data: Path, out: Path, size: str, station: str) -> None:
    """The rota for the wall: who sits when, three months ahead.

    Example: huiyin paper rota --out rota --size A3
    """
    _print(data, out, {PaperKind.ROTA: Wanted(station=station)}, size)


@paper.command()
@_options("station")
def roll(data: Path, out: Path, station: str) -> None:
    """The roll of a station's deputies, to be filed.

    Example: huiyin paper roll --out roll.pdf --station shuangqiu
    """
    _print(data, out, {PaperKind.ROLL: Wanted(station=station)})


def _print(
    data: Path, out: Path, asked: dict[PaperKind, Wanted], size: str = Size.A4.value
) -> None:
    """Write what was asked for, and print the paths."""
    missing = why_missing()
    if missing:
        raise click.ClickException(
            "还不能生成打印件,请运行 tools/setup paper / nothing can be drawn here, run "
            f"tools/setup paper ({missing})"
        )
    settings = settings_for(data)
    try:
        with opened(data) as log, log.reading() as connection:
            today = day_of(log.now_ms())
            county = read_county(connection, settings.address, today, keys_of(settings).receipt)
            sheets = made(county, asked)
    except Refusal as refusal:
        raise click.ClickException(_said(refusal)) from refusal
    try:
        _write(out, sheets, Size(size.upper()))
    except OSError as error:
        raise click.ClickException(f"{out}: 写不进去 / can't be written: {error}") from error


def _said(refusal: Refusal) -> str:
    lines = zip(page_errors(CHINESE, refusal), page_errors(ENGLISH, refusal), strict=True)
    return "\n".join(
        (f"--{zh['field']}: " if zh["field"] else "") + f"{zh['message']} / {en['message']}"
        for zh, en in lines
    )


def _write(out: Path, sheets: list[Sheet], size: Size) -> None:
    if out.suffix.lower() == ".pdf":
        out.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(out, draw(document(sheets, size)))
        click.echo(str(out))
        return
    out.mkdir(parents=True, exist_ok=True)
    for sheet in sheets:
        path = out / f"{sheet.name}.pdf"
        write_atomically(path, draw(document([sheet], size)))
        click.echo(str(path))
