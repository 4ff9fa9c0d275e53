"""The root of the command line, with its commands in the order in which one meets them."""

from importlib import import_module
from typing import NamedTuple

import click


class Place(NamedTuple):
    """Where a command stands, and the first sentence of its help."""

    module: str
    variable: str
    help: str


COMMANDS = {
    "serve": Place("serving", "serve", "Run a node; an empty data folder is initialised."),
    "site": Place("sites", "site", "The static site."),
    "import": Place(
        "tables",
        "import_",
        "Take in a .csv, .xlsx or .json file, or a folder of YAML; again, it changes nothing.",
    ),
    "export": Place(
        "tables",
        "export",
        "Write matters, registers or the ledger to a .csv, .xlsx or .json file.",
    ),
    "paper": Place(
        "printing",
        "paper",
        "What is printed, as PDF: posters, cards, slips, notices, rota and roll.",
    ),
    "users": Place("people", "users", "People who sign in at the console."),
    "tokens": Place("people", "tokens", "Bearer tokens for the interface."),
    "nodes": Place(
        "exchanging",
        "nodes_group",
        "The machines that exchange with this one: stations below a hub, and the hub above.",
    ),
    "sync": Place(
        "exchanging",
        "sync_group",
        "Carrying what waits to the hub above, and bringing back what is new.",
    ),
    "bundle": Place(
        "bundling",
        "bundle",
        "Exchange by stick, for a station without a line: one file there, one file back.",
    ),
    "restore": Place(
        "recovery",
        "restore",
        "Bring an empty data folder back from a replica, and print the state hash.",
    ),
    "keys": Place(
        "keys",
        "keys_group",
        "The node's keys: put back from the recovery kit, and the kit written again.",
    ),
    "matters": Place("checking", "matters", "The log of matters and the tables made from it."),
    "doctor": Place(
        "checking",
        "doctor",
        "Say what is wrong with this node and what to do; ends with 1 where anything is.",
    ),
}


class Program(click.Group):
    """The commands of `COMMANDS`, each imported when it is run: together they import it all."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names as `--help` lists them."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, None where there is none of that name."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        command = getattr(import_module(f"server.command_line.{place.module}"), place.variable)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their short helps, as click does, from the table alone."""
        names = self.list_commands(ctx)
        room = formatter.width - 6 - max(map(len, names))
        commands = [click.Command(name, help=COMMANDS[name].help) for name in names]
        with formatter.section("Commands"):
            formatter.write_dl(
                [(command.name or "", command.get_short_help_str(room)) for command in commands]
            )


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="huiyin", prog_name="huiyin")
def main() -> None:
    """Huiyin (回音): every matter has an outcome, every piece an echo.

    Every command takes --data DIR (default ./var).
    """
