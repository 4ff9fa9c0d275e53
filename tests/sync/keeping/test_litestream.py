"""One Litestream, always, and never one too many."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sync.keeping.litestream_status import LitestreamState
from sync.keeping.process import command_line, end_previous
from sync.keeping.program import binary_path, environment
from tests.sync.node import Node, until

pytestmark = pytest.mark.litestream


def test_files_are_private_and_go_with_the_process(node: Node) -> None:
    for name in ("litestream.yml", "litestream.sock"):
        assert (node.folder / name).stat().st_mode & 0o777 == 0o600
    pid = node.litestream.status.pid
    assert pid is not None
    assert command_line(pid)
    node.litestream.stop(2)
    assert command_line(pid) == []
    assert node.litestream.status.state is LitestreamState.STOPPED
    assert not (node.folder / "litestream.sock").exists()
    assert not (node.folder / "litestream.pid").exists()


def test_a_killed_litestream_is_started_again(node: Node) -> None:
    for restarts in (1, 2):
        before = node.litestream.status.pid
        node.kill_litestream()
        status = node.litestream.status
        assert status.restarts == restarts
        assert status.pid != before
        assert "ended with -9" in status.last_error


def test_one_that_never_comes_up_is_called_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.keeping.litestream.LONGEST_PAUSE_S", 0.05)
    monkeypatch.setattr("sync.keeping.program.binary_path", lambda: Path("/bin/false"))
    node = Node(tmp_path)
    try:
        assert not node.litestream.start(0.1)
        until(lambda: node.litestream.status.state is LitestreamState.DEAD)
        assert "ended with 1" in node.litestream.status.last_error
        monkeypatch.setattr("sync.keeping.program.binary_path", binary_path)
        until(lambda: node.litestream.status.state is LitestreamState.RUNNING)
        assert node.litestream.status.down_for_s == 0
    finally:
        node.close()


def test_a_deep_data_folder_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    node = Node(tmp_path / ("回音" * 20))
    try:
        node.start()
        socket = node.litestream.socket_path
        assert len(os.fsencode(socket)) <= 107
        assert not socket.is_relative_to(node.folder)
        assert node.durability.await_durable(node.commit(), 5)
    finally:
        node.close()
    assert not socket.parent.exists()
    assert node.restored_up_to() == 1


def test_litestream_goes_with_a_killed_server(tmp_path: Path) -> None:
    script = (
        "import sys, threading\n"
        "from pathlib import Path\n"
        "from tests.sync.node import Node\n"
        "node = Node(Path(sys.argv[1])).start()\n"
        "node.commit()\n"
        "print(node.litestream.status.pid, flush=True)\n"
        "threading.Event().wait()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        server.kill()
    until(lambda: command_line(pid) == [])
    node = Node(tmp_path)
    try:
        assert node.start().litestream.status.restarts == 0
        assert node.durability.await_durable(0, 5), "0 stands for all that was there at the start"
        assert node.restored_up_to() == 1
    finally:
        node.close()


def test_one_that_outlived_its_server_is_ended_first(tmp_path: Path) -> None:
    node = Node(tmp_path).start()
    node.close()
    config = str(node.folder / "litestream.yml")
    with subprocess.Popen(
        [str(binary_path()), "replicate", "-config", config],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as orphan:
        (node.folder / "litestream.pid").write_text(str(orphan.pid))
        until((node.folder / "litestream.sock").exists)
        orphan.send_signal(signal.SIGSTOP)
        again = Node(tmp_path)
        try:
            again.start()
            assert orphan.wait(5) is not None
            assert again.litestream.status.pid != orphan.pid
        finally:
            again.close()


def test_a_process_id_that_was_given_again_is_left_alone(tmp_path: Path) -> None:
    pid_file = tmp_path / "litestream.pid"
    pid_file.write_text(str(os.getpid()))
    assert not end_previous(pid_file, f"{tmp_path}/litestream", timeout_s=1)
    pid_file.write_text("")
    assert not end_previous(pid_file, f"{tmp_path}/litestream", timeout_s=1)


def test_what_stops_litestream_is_not_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere.pem")
    monkeypatch.setenv("LOG_LEVEL", "trace")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "kept")
    assert not {"AWS_CA_BUNDLE", "LOG_LEVEL"} & set(environment())
    assert environment()["AWS_ACCESS_KEY_ID"] == "kept"


def test_a_long_log_is_emptied_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.keeping.program.LOG_LIMIT_BYTES", 1000)
    node = Node(tmp_path)
    log = node.folder / "litestream.log"
    log.write_text("x" * 2000)
    try:
        node.start()
        assert log.stat().st_size < 1000
        assert log.with_suffix(".log.1").stat().st_size == 2000
    finally:
        node.close()
