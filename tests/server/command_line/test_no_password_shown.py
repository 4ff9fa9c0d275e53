"""A replica's address may hold a password and access keys: none is printed, shown or kept."""

import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from eventlog.keys import KIT_NAME
from sync.keeping.process import command_line
from tests.hub import Hub, huiyin, until
from tests.sync.keeping.replica_servers import nats_server

SECRET = "geheim"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub whose replica has a password in its address."""
    home = tmp_path_factory.mktemp("told")
    with nats_server(home / "nats") as address, Hub(home / "data", "--sample") as hub:
        assert f":{SECRET}@" in address
        settings = hub.data / "huiyin.toml"
        settings.write_text(
            f'replica = "{address}?token={SECRET}-2"\n'
            f'smtp_host = "127.0.0.1"\nsmtp_from = "a@example.org"\n'
            f'smtp_user = "a"\nsmtp_password = "{SECRET}-3"\nwebhook_secret = "{SECRET}-4"\n'
            f'webhook_urls = ["http://127.0.0.1:9/{SECRET}-5"]\n'
        )
        settings.chmod(0o600)
        hub.start()
        until(lambda: hub.raise_matter("路灯坏了")["safety"] == "durable", within_s=60)
        yield hub


def check(text: str) -> None:
    """No secret stands in what was shown."""
    assert text and SECRET not in text


def test_pages_and_health_show_none(told: Hub) -> None:
    page = told.browser_of("admin").get("/console/system").text
    check(page)
    assert "nats://127.0.0.1:" in page
    for path in ("/healthz", "/metrics"):
        check(httpx2.get(told.url + path).text)


def test_commands_print_none(told: Hub, tmp_path: Path) -> None:
    for words in (["doctor"], ["doctor", "--json"], ["keys", "kit"], ["matters", "verify"]):
        done = huiyin(*words, "--data", told.data, check=False)
        check(done.stdout + done.stderr)
    check((told.data / KIT_NAME).read_text("utf-8"))
    address = re.search(r'replica = "(.*)"', (told.data / "huiyin.toml").read_text())
    assert address is not None
    wrong = address[1].replace(f":{SECRET}@", f":{SECRET}-1@")
    done = huiyin("restore", "--new-keys", "--from", wrong, "--data", tmp_path, check=False)
    check(done.stderr)
    assert done.returncode == 1


@pytest.mark.parametrize(
    "address",
    [
        f"ftp://u:{SECRET}@host/",
        f"sftp://u:%zz{SECRET}@host/srv",
        f"sftp://u:{SECRET}/{SECRET}@host/srv",
        f"sftp://u:{SECRET} {SECRET}@host/srv",
        f"sftp://u:{SECRET}#{SECRET}@host/srv",
        f"sftp://u:{SECRET}@[::1",
        f"s3://?token={SECRET}",
        f"s3://{SECRET}:{SECRET}@bucket/a",
        f"s3://bucket/a?endpoint=https://{SECRET}:{SECRET}@minio",
        f"sftp://u:{SECRET}@host:99999/srv",
        f"nats://{SECRET}^@host/b",
    ],
)
def test_an_address_that_is_wrong_is_not_quoted(tmp_path: Path, address: str) -> None:
    """Litestream would quote it in its log, and Python in a traceback."""
    for words in (
        ["serve", "--port", "0", "--replica", address],
        ["restore", "--new-keys", "--from", address],
    ):
        done = huiyin(*words, "--data", tmp_path / "data", check=False)
        assert done.returncode == 1 and done.stderr.count("\n") == 1
        check(done.stderr)
    assert not (tmp_path / "data" / "huiyin.db").exists()


def test_settings_that_others_can_read_are_told(tmp_path: Path) -> None:
    huiyin("users", "add", "李主任", "--role", "office", "--data", tmp_path)
    path = tmp_path / "huiyin.toml"
    path.write_text(f'replica = "nats://huiyin:{SECRET}@backup/county"\n')
    for mode, is_told in ((0o644, True), (0o600, False)):
        path.chmod(mode)
        told = huiyin("doctor", "--json", "--data", tmp_path, check=False).stdout
        assert ("settings-readable" in told) is is_told
        check(told)


def test_processes_have_none_in_their_arguments(told: Hub) -> None:
    assert told.process is not None
    check(" ".join(command_line(told.process.pid)))
    until(lambda: (told.data / "litestream.pid").exists())
    started = [
        words
        for path in Path("/proc").iterdir()
        if path.name.isdecimal() and (words := command_line(int(path.name)))
        if any(str(told.data) in word for word in words)
    ]
    for words in started:
        check(" ".join(words))
    assert sys.executable in {words[0] for words in started}


def test_files_have_none_but_the_settings(told: Hub) -> None:
    """Also what the server printed and logged, and the database, which is replicated.

    The server is killed, which leaves more behind than one that stops.
    """
    told.kill()
    check(told.printed)
    assert "nats://127.0.0.1:" in told.printed
    check((told.data.parent / f"serve-{told.port}.log").read_text())
    with closing(sqlite3.connect(told.data / "huiyin.db")) as connection:
        kept = dict(connection.execute("SELECT name, value FROM kept_settings").fetchall())
    assert kept["replica"].startswith('"nats://huiyin@127.0.0.1:')
    assert kept["smtp_user"] == '"a"'
    holding = {
        path.name
        for path in told.data.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    }
    assert holding == {"huiyin.toml", "litestream.yml"}
    for name in (*holding, "litestream.log"):
        assert (told.data / name).stat().st_mode & 0o077 == 0
