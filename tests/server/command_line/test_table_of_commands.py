"""Commands are imported when they are run: what `--help` says of them stands in a table."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from server.command_line.main import COMMANDS, main

# Each takes a tenth of a second or more to import, and few commands need it.
HEAVY = {"mkdocs", "openpyxl", "PIL", "weasyprint", "starlette"}
RUN_AND_LIST_MODULES = """
import sys
from server.command_line.main import main
main(sys.argv[1:], standalone_mode=False)
print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize("words", [["--help"], ["tokens", "add", "hotline", "--role", "office"]])
def test_a_short_command_imports_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    command = subprocess.run(
        [sys.executable, "-c", RUN_AND_LIST_MODULES, *words],
        env={"HUIYIN_DATA": str(tmp_path / "data"), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert command.stdout
    assert not HEAVY & set(command.stderr.split())


def test_help_says_of_each_command_what_the_command_says_of_itself() -> None:
    context = click.Context(main)
    assert main.list_commands(context) == sorted(COMMANDS)
    for name, place in COMMANDS.items():
        command = main.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.help
        assert command.help.startswith(place.help)
        for room in (20, 45, 80):
            shown = click.Command(name, help=place.help).get_short_help_str(room)
            assert shown.rstrip(".") == command.get_short_help_str(room).rstrip(".")
    assert main.get_command(context, "unknown") is None
