"""What counts as a problem, what is logged of it, and who is told how much."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from acts.catalogue import catalogue
from eventlog.worker import DEAD, Worker
from server.folder.node_status import SIZE_BYTES, NodeStatus, StatusFile, ToldProblem, read_status
from server.operations import watch
from server.operations.problems import WORDS, for_strangers, told_problem
from server.operations.watch import Watch
from server.web.languages import CATALOGUE
from sync.keeping.causes import Cause, cause_of
from sync.keeping.troubles import Trouble
from tests.hub import until

SAID = "no connection to sftp://me:geheim@10.0.0.7/backup?password=geheim"


class Watched:
    """A watch over a replica whose trouble is in the test's hands."""

    def __init__(self, folder: Path) -> None:
        self.trouble: Trouble | None = None
        self.watch = Watch(folder, "10.0.0.7", lambda: self.trouble, lambda: None, ())

    def codes(self) -> list[str]:
        return [problem.code for problem in self.watch.problems if problem.code in set(Cause)]


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(watch, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(watch, "SETTLED_S", 0.2)
    monkeypatch.setattr(watch, "GRACE_S", 0.0)
    made = Watched(tmp_path)
    made.watch.start()
    yield made
    made.watch.stop()


def test_a_problem_is_logged_when_it_comes_and_when_it_is_over(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "huiyin.health")
    watched.trouble = Trouble(Cause.UNREACHABLE, SAID)
    until(lambda: watched.codes() == [Cause.UNREACHABLE])
    assert not watched.watch.is_well
    # What is said of it is another at each try.
    for number in range(5):
        watched.trouble = Trouble(Cause.UNREACHABLE, f"{SAID} {number}")
        until(lambda: watched.watch.problems[-1].said.endswith(f" {number}"))  # noqa: B023
    watched.trouble = None
    until(lambda: not watched.codes())
    lines = [record.getMessage() for record in caplog.records]
    lines = [line for line in lines if line.startswith("replica-")]
    assert len(lines) == 2 and lines[1].endswith("好了 / over"), lines
    assert "can't be reached" in lines[0] and "geheim" not in lines[0]


def test_what_passes_at_once_is_no_problem(watched: Watched) -> None:
    seen = set()
    for _ in range(20):
        watched.trouble = Trouble(Cause.DEAD) if watched.trouble is None else None
        looked = watched.watch._looked_at
        until(lambda: watched.watch._looked_at > looked)  # noqa: B023
        seen |= set(watched.codes())
    assert not seen


@pytest.mark.parametrize("cause", [Cause.NONE, Cause.SAME_DISK])
def test_what_is_so_by_a_setting_makes_no_node_unwell(
    watched: Watched, cause: Cause, caplog: pytest.LogCaptureFixture
) -> None:
    watched.trouble = Trouble(cause)
    until(lambda: watched.codes() == [cause])
    assert watched.watch.not_durable_for(0) is None
    assert not [record for record in caplog.records if cause in record.getMessage()]


def test_in_its_first_seconds_a_node_is_well(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "GRACE_S", 60.0)
    watched.trouble = Trouble(Cause.UNREACHABLE, SAID)
    until(watched.codes)
    assert watched.watch.is_well
    assert watched.watch.not_durable_for(0) is not None
    assert watched.watch.not_durable_for(60) is None


def test_a_part_that_died_is_told(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "troubles", lambda: {"indexer": DEAD})
    until(lambda: "thread-dead" in [problem.code for problem in watched.watch.problems])
    assert not watched.watch.is_well


def test_of_a_part_that_fails_the_kind_of_error_is_told_and_not_its_words(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "SETTLED_LATER_S", {})

    def step() -> None:
        raise KeyError("张三 13800000000")

    worker = Worker("indexer", step)
    worker.start()
    try:
        until(lambda: "thread-fails" in [problem.code for problem in watched.watch.problems])
        told = str([told_problem(problem) for problem in watched.watch.problems])
        assert "KeyError" in told and "indexer" in told and "张三" not in told
    finally:
        worker.stop()


def test_a_status_is_read_as_it_was_written_and_goes_with_its_node(
    watched: Watched, tmp_path: Path
) -> None:
    watched.trouble = Trouble(Cause.DENIED, SAID)
    until(lambda: (status := read_status(tmp_path)) is not None and status.problems)
    status = read_status(tmp_path)
    assert status is not None and status.age_s < 10
    assert status.problems[-1].code == "replica-denied"
    assert "geheim" not in (tmp_path / "node-status.json").read_text()
    watched.watch.stop()
    assert read_status(tmp_path) is None


def test_a_status_that_is_too_long_keeps_its_codes(tmp_path: Path) -> None:
    problems = [ToldProblem(code=code, said="字" * 400) for code in WORDS]
    file = StatusFile(tmp_path)
    file.write(NodeStatus(at_ms=1, pid=1, replica="", durable_lag_s=0.0, problems=problems))
    status = read_status(tmp_path)
    assert (tmp_path / "node-status.json").stat().st_size == SIZE_BYTES
    assert status is not None and [problem.code for problem in status.problems] == list(WORDS)
    file.end()


def test_every_cause_has_words_in_both_languages() -> None:
    english = catalogue("en", CATALOGUE)
    assert set(Cause) <= set(WORDS)
    for words in WORDS.values():
        for text in (words.what, words.do):
            assert english.gettext(text) != text


def test_every_code_stands_in_the_manual() -> None:
    manual = (Path(__file__).parents[3] / "docs" / "operating.md").read_text("utf-8")
    assert [code for code in WORDS if f"`{code}`" not in manual] == []


def test_a_stranger_is_told_no_address_and_no_error() -> None:
    values = {"place": "sftp://backup.county/srv", "free_mb": 1, "seconds": 1}
    problem = ToldProblem(code=Cause.UNREACHABLE, values=values, said=SAID)
    assert "backup.county" in str(told_problem(problem))
    told = str(told_problem(for_strangers(problem)))
    assert "backup.county" not in told and "10.0.0.7" not in told and "连不上" in told


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("write /b/0.ltx.tmp: no space left on device", Cause.FULL),
        ("[Errno 122] Disk quota exceeded", Cause.FULL),
        ("nats: insufficient storage resources available", Cause.FULL),
        ("[Errno 13] Permission denied: '/mnt/backup/claim.json'", Cause.DENIED),
        ("NoSuchBucket: The specified bucket does not exist", Cause.MISSING),
        ("no key to sign in with: there is no /etc/huiyin/id_ed25519", Cause.DENIED),
        ("sftp://h/p: the host's key is not known, so anybody could pretend", Cause.HOST_KEY),
        ("dial tcp: lookup backup.county: no such host", Cause.UNREACHABLE),
        ("can't read claim.json: [Errno 113] No route to host", Cause.UNREACHABLE),
        ("nats: no responders available for request", Cause.UNREACHABLE),
        ("read tcp 127.0.0.1:4: use of closed network connection", Cause.UNREACHABLE),
        ("no restore: Error: no matching backup files available", Cause.BROKEN),
        ("something that nobody has met", Cause.UNKNOWN),
    ],
)
def test_a_cause_is_known_by_what_is_said(said: str, cause: Cause) -> None:
    assert cause_of(said) is cause
