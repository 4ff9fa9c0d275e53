"""No command works on a folder whose keys are missing, damaged or another's: all are walked."""

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest

from eventlog.database import connect
from eventlog.keys import FILE_NAME, load_keys, make_keys
from eventlog.log import FILE_NAME as LOG_FILE
from matters.actors import VILLAGER
from matters.intake.intake import check_submission, raise_matter
from server.command_line import main
from server.county.county_registers import read_all
from server.data_folder import open_log
from server.folder.own_keys import are_own
from tests.hub import huiyin
from tests.server.command_line.harms import HARMS, content

# What each command is called with; what is in braces is a path outside of the data folder.
ARGUMENTS = {
    "serve": ("--port", "0"),
    "site build": ("--out", "{out}"),
    "import": ("areas", "{csv}"),
    "export": ("ledger", "{out}.csv"),
    "paper posters": ("--out", "{out}"),
    "paper cards": ("--out", "{out}"),
    "paper slips": ("--out", "{out}"),
    "paper notices": ("--out", "{out}"),
    "paper rota": ("--out", "{out}"),
    "paper roll": ("--out", "{out}"),
    "users add": ("王主任", "--role", "office"),
    "tokens add": ("hotline", "--role", "office"),
    "nodes enrol": ("石瓮站",),
    "nodes join": ("{csv}",),
    "nodes revoke": ("石瓮站",),
    "nodes move": ("石瓮站", "{csv}"),
    "nodes list": (),
    "sync now": (),
    "bundle write": ("{out}",),
    "bundle read": ("{csv}",),
    "matters verify": (),
    "matters rebuild": (),
    "keys kit": (),
    "doctor": (),
    "restore": ("--from", "{out}", "--new-keys"),
}
# The cure, which has tests of its own.
NOT_WALKED = {"keys restore"}


def leaves(group: click.Group, before: str = "") -> Iterator[str]:
    """Yield every command that does something, by the words that one types."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from leaves(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub's data folder that nobody has open."""
    folder = tmp_path_factory.mktemp("whole") / "data"
    huiyin("users", "add", "李主任", "--role", "office", "--data", folder)
    return folder


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """`serve` sets levels for its process, which is the test's here."""
    loggers = [logging.getLogger(name) for name in ("huiyin", "huiyin.access")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def test_every_command_is_walked() -> None:
    assert set(leaves(main)) == set(ARGUMENTS) | NOT_WALKED


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("command", ARGUMENTS)
def test_a_command_refuses_in_a_sentence_and_changes_nothing(
    whole: Path, tmp_path: Path, command: str, harm: str
) -> None:
    data, table = tmp_path / "data", tmp_path / "areas.csv"
    shutil.copytree(whole, data)
    HARMS[harm](data)
    table.write_text("id,name\n", "utf-8")
    before = content(data)
    places = {"out": tmp_path / "out", "csv": table}
    words = [word.format(**places) for word in ARGUMENTS[command]]
    if command == "restore" and harm == "half restored":
        # The one command that goes on there; from a replica that is not there it brings nothing.
        before.pop("restore-begun")
    done = huiyin(*command.split(), *words, "--data", data, check=False)
    after = content(data)
    if command == "restore":
        after.pop("restore-begun", None)
    assert done.returncode != 0
    assert after == before
    told = done.stderr if command != "doctor" else done.stdout
    assert told.count("\n") == (1 if command != "doctor" else 2), told
    assert command == "restore" or "huiyin keys restore" in told or "huiyin restore" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "left", ["attachments.db", "voice.json", "clock.json", "erasures.jsonl", "recovery-kit.txt"]
)
def test_what_only_a_node_leaves_keeps_keys_from_being_made(tmp_path: Path, left: str) -> None:
    (tmp_path / left).write_bytes(b"")
    done = huiyin("users", "add", "王主任", "--role", "office", "--data", tmp_path, check=False)
    assert done.returncode == 1 and left in done.stderr
    assert content(tmp_path) == {left: b""}


def no_file(data: Path) -> None:
    """Put a folder where the keys' file was."""
    (data / FILE_NAME).unlink()
    (data / FILE_NAME).mkdir()


def written(**changes: object) -> Callable[[Path], None]:
    """Return what writes other values into the keys' file."""

    def change(data: Path) -> None:
        path = data / FILE_NAME
        path.write_text(json.dumps(json.loads(path.read_bytes()) | changes))

    return change


def holding(content: bytes) -> Callable[[Path], None]:
    """Return what puts this into the keys' file."""

    def change(data: Path) -> None:
        (data / FILE_NAME).write_bytes(content)

    return change


DAMAGES = {
    "empty": holding(b""),
    "not JSON": holding(b"\x00\xff{"),
    "a list": holding(b"[]"),
    "no file": no_file,
    "31 bytes": written(signing="A" * 42),
    "no key": written(receipt=""),
    "no sealing key": written(unsealing=""),
    "a number": written(receipt=5),
    "not base64": written(unsealing="?"),
    "halves that don't fit": written(sealing_public="A" * 43 + "="),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_keys_are_a_sentence(whole: Path, tmp_path: Path, damage: str) -> None:
    data = tmp_path / "data"
    shutil.copytree(whole, data)
    secrets = list(json.loads((data / FILE_NAME).read_bytes()).values())
    DAMAGES[damage](data)
    before = content(data)
    refused = huiyin("matters", "verify", "--data", data, check=False)
    assert refused.returncode == 1 and refused.stderr.count("\n") == 1
    told = huiyin("doctor", "--json", "--data", data, check=False)
    assert [each["code"] for each in json.loads(told.stdout)["problems"]] == ["keys-damaged"]
    assert content(data) == before
    assert not any(secret in refused.stderr + told.stdout for secret in secrets)


def test_a_folder_of_an_older_release_tells_other_keys_by_what_is_sealed(
    whole: Path, tmp_path: Path
) -> None:
    """Before the keys were written down, the newest contact says whose they are."""
    data = tmp_path / "data"
    shutil.copytree(whole, data)
    keys = load_keys(data)
    assert keys is not None
    assert are_own(data / LOG_FILE, keys) is True
    with closing(connect(data / LOG_FILE)) as connection:
        connection.execute("DELETE FROM own_keys")
    assert are_own(data / LOG_FILE, keys) is None
    log = open_log(data, keys)
    with log.reading() as connection:
        known = read_all(connection).known
    submission = check_submission({"text": "路灯坏了", "phone": "13800000000"}, known, staff=False)
    log.write(lambda job: raise_matter(job, submission, actor=VILLAGER, receipt_key=keys.receipt))
    log.stop()
    with closing(connect(data / LOG_FILE)) as connection:
        connection.execute("DROP TABLE own_keys")
    assert are_own(data / LOG_FILE, keys) is True
    assert are_own(data / LOG_FILE, make_keys()) is False
