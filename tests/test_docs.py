"""The documents say what is: every command, setting and address, and nothing that is not there."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from server.application import routes
from server.command_line.main import main
from server.folder.settings import Settings

ROOT = Path(__file__).parents[1]
OPERATING = (ROOT / "docs" / "operating.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")


def commands(
    group: click.Command = main, path: str = "huiyin"
) -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its words."""
    if not isinstance(group, click.Group):
        yield path, group
        return
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield from commands(command, f"{path} {name}")


def test_every_command_is_documented_with_its_options() -> None:
    for path, command in commands():
        line = next((one for one in OPERATING.splitlines() if f"`{path}" in one), "")
        assert line, f"{path} is not in docs/operating.md"
        for option in command.params:
            for name in option.opts:
                known = name in ("--data", "--help") or not name.startswith("--")
                assert known or name in line, f"{path} {name} is not in docs/operating.md"


def test_every_documented_command_exists() -> None:
    known = {path for path, _ in commands()}
    for text in (README, OPERATING):
        for said in re.findall(r"`huiyin ([a-z ]+)", text):
            words = f"huiyin {said}".strip()
            assert any(words.startswith(path) for path in known), words


def test_every_command_has_help_that_shows_and_an_example_where_it_takes_arguments() -> None:
    for path, command in commands():
        assert command.help, path
        takes = any(isinstance(one, click.Argument) for one in command.params)
        assert not takes or "Example:" in command.help, path


def test_every_setting_is_documented() -> None:
    for field in fields(Settings):
        if field.name != "data":
            assert f"`{field.name}`" in OPERATING, field.name


def test_every_address_is_documented_and_every_documented_one_is_there() -> None:
    paths = {route.path for route in routes() if not route.path.startswith("/console/")}
    for path in paths:
        assert f"`{path}`" in OPERATING or f" {path}`" in OPERATING, path
    for said in re.findall(
        r"`(?:POST )?(/(?:m|api|track|healthz|metrics|matters)[^`]*)`", OPERATING
    ):
        assert said in paths, said


def test_every_link_and_picture_of_a_document_is_there() -> None:
    for document in [ROOT / "README.md", *ROOT.glob("*/**/README.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document}: {target}"


@pytest.mark.parametrize(
    "folder",
    ["eventlog", "acts", "stations", "deputies", "matters", "sync", "site", "server", "tests"],
)
def test_every_top_level_folder_says_its_one_job(folder: str) -> None:
    lines = (ROOT / folder / "README.md").read_text("utf-8").splitlines()
    assert 8 <= len(lines) <= 40


@pytest.mark.parametrize("above", ["server", "sync"])
def test_every_room_says_its_one_job_and_names_its_files(above: str) -> None:
    rooms = [path.parent for path in (ROOT / above).glob("*/__init__.py")]
    listed = (ROOT / above / "README.md").read_text("utf-8")
    for room in rooms:
        words = (room / "README.md").read_text("utf-8")
        assert f"({room.name}/README.md)" in listed, room
        # What a room is handed and its addresses mean the same in each (`server/web/README.md`).
        files = {path.name for path in room.glob("*.py")}
        for name in files - {"__init__.py", "__main__.py", "room.py", "routes.py"}:
            assert f"`{name}`" in words, f"{room}: {name}"


def test_the_coverage_of_the_requirements_is_what_the_tests_say() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "coverage.py", ROOT / "docs" / "coverage.md", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


FOLDERS = (
    "eventlog",
    "acts",
    "stations",
    "deputies",
    "matters",
    "sync",
    "site",
    "server",
    "tests",
    "bench",
)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_module_has_grown_two_concepts(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        assert len(path.read_text("utf-8").splitlines()) <= 400, path
        assert path.stem not in ("utils", "helpers", "common", "misc")


def test_every_drill_of_the_page_on_reliability_has_its_tests() -> None:
    words = (ROOT / "tools" / "reliability.py").read_text("utf-8")
    named = re.findall(r'"(tests/[^"]+\.py)"', words)
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []
