"""The root of the command line, with its commands in the order in which one meets them."""

import click

from server.command_line import (
    bundling,
    checking,
    exchanging,
    people,
    printing,
    recovery,
    serving,
    tables,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="huiyin", prog_name="huiyin")
def main() -> None:
    """Huiyin (回音): every matter has an outcome, every piece an echo.

    Every command takes --data DIR (default ./var).
    """


main.add_command(serving.serve)
main.add_command(serving.site)
main.add_command(tables.import_)
main.add_command(tables.export)
main.add_command(printing.paper)
main.add_command(people.users)
main.add_command(people.tokens)
main.add_command(exchanging.nodes_group)
main.add_command(exchanging.sync_group)
main.add_command(bundling.bundle)
main.add_command(recovery.restore)
main.add_command(checking.matters)
main.add_command(checking.doctor)
