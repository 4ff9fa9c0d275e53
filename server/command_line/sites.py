"""`huiyin site build`: the whole static site to a folder."""

from pathlib import Path

import click

from eventlog.log import FILE_NAME
from server.command_line.folders import data_option, keys_of, settings_for
from server.data_folder import open_log
from server.site.publishing import build_whole


@click.group()
def site() -> None:
    """The static site."""


@site.command("build")
@data_option
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="where to"
)
@click.option("--base-url", default="", metavar="URL", help="where the site will stand")
@click.option("--server-url", default="", metavar="URL", help="where its forms post to")
@click.option("--from-files", is_flag=True, help="links name index.html, for opening from a stick")
def site_build(data: Path, out: Path, base_url: str, server_url: str, from_files: bool) -> None:
    """Write the whole static site to a folder, in place of what stood there.

    Example: huiyin site build --out public --base-url https://example.org/
    """
    database = data.absolute() / FILE_NAME
    keys = keys_of(settings_for(data))
    if not database.exists():
        open_log(data.absolute(), keys).stop()
    build_whole(
        database,
        out.absolute(),
        base_url=base_url,
        server_url=server_url,
        from_files=from_files,
    )
    click.echo(str(out))
