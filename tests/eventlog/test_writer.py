"""The one writer: groups, failures that stay alone, a full disk, two processes, the stop."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from eventlog.database import connect
from eventlog.events import Event
from eventlog.log import Log
from eventlog.transaction import Transaction
from eventlog.writer import Committed, StorageFull, WriterBusy, WriterStopped
from tests.eventlog.failing_calls import FailingCall
from tests.eventlog.notes import add, line, line_count, open_notes

WAIT_S = 20


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    opened = open_notes(tmp_path)
    yield opened
    opened.stop()


class Gate:
    """Holds the writer within a job, so that what is submitted meanwhile becomes one group."""

    def __init__(self, log: Log) -> None:
        self._open = threading.Event()
        held = threading.Event()

        def hold(transaction: Transaction) -> None:
            held.set()
            assert self._open.wait(WAIT_S)

        self._held: Future[Committed[None]] = log.writer.submit(hold)
        assert held.wait(WAIT_S)

    def open(self) -> None:
        """Let the writer go on."""
        self._open.set()
        self._held.result(WAIT_S)


def count(transaction: Transaction) -> int:
    return int(transaction.connection.execute("SELECT count(*) FROM events").fetchone()[0])


def adding(note: int) -> Callable[[Transaction], list[Event]]:
    return lambda transaction: add(transaction, line(note, "一行"))


def test_jobs_that_wait_share_one_commit_in_their_order(tmp_path: Path) -> None:
    commits: list[int] = []
    log = open_notes(tmp_path, on_commit=commits.append)
    gate = Gate(log)
    waiting = [log.writer.submit(adding(1)) for _ in range(100)]
    assert log.writer.waiting == 100
    gate.open()
    done = [job.result(WAIT_S) for job in waiting]
    assert {one.position for one in done} == {100}
    assert commits == [0, 100]
    events = [event for one in done for event in one.result]
    assert [event.sequence for event in events] == list(range(1, 101))
    assert [event.rank for event in events] == list(range(100))
    log.stop()


def test_a_job_that_fails_is_undone_alone(log: Log) -> None:
    class Nonsense(Exception):
        pass

    def fails(transaction: Transaction) -> None:
        add(transaction, line(1, "不算"), line(2, "也不算"))
        raise Nonsense("no")

    gate = Gate(log)
    before = log.writer.submit(adding(1))
    failing = log.writer.submit(fails)
    after = log.writer.submit(adding(1))
    gate.open()
    (first,), (second,) = before.result(WAIT_S).result, after.result(WAIT_S).result
    with pytest.raises(Nonsense):
        failing.result(WAIT_S)
    assert (first.sequence, second.sequence) == (1, 2)
    assert line_count(log, 1) == 2 and line_count(log, 2) == 0
    assert log.verify().ok


@pytest.mark.parametrize(
    "statement", ["SELECT nothing FROM nowhere", "INSERT INTO notes VALUES (NULL, NULL)"]
)
def test_wrong_sql_in_a_job_is_its_own_fault_and_no_full_disk(log: Log, statement: str) -> None:
    gate = Gate(log)
    before = log.writer.submit(adding(1))
    failing = log.writer.submit(lambda t: t.connection.execute(statement))
    after = log.writer.submit(adding(1))
    gate.open()
    assert before.result(WAIT_S).position == after.result(WAIT_S).position == 2
    with pytest.raises(sqlite3.Error):
        failing.result(WAIT_S)


def test_an_id_that_is_taken_is_refused_and_the_chain_goes_on(log: Log) -> None:
    log.write(lambda t: add(t, line(1, "一", id=b"1" * 16)))
    with pytest.raises(sqlite3.IntegrityError):
        log.write(lambda t: add(t, line(2, "二", id=b"1" * 16)))
    (event,) = log.write(adding(3)).result
    assert event.sequence == 2 and log.verify().ok and line_count(log, 2) == 0


def test_a_full_disk_refuses_and_the_node_goes_on_by_itself(log: Log) -> None:
    log.write(adding(1))

    def set_most(transaction: Transaction, pages: int) -> None:
        transaction.connection.execute(f"PRAGMA max_page_count={pages}")

    pages = log.write(lambda t: t.connection.execute("PRAGMA page_count").fetchone()[0]).result
    log.write(lambda t: set_most(t, pages + 4))
    large = line(2, "长" * 40_000)
    gate = Gate(log)
    small, full = log.writer.submit(adding(1)), log.writer.submit(lambda t: add(t, large))
    gate.open()
    for refused in (small, full):
        # Those that shared the transaction are refused with it: their senders have them still.
        with pytest.raises(StorageFull):
            refused.result(WAIT_S)
    assert line_count(log, 1) == 1 and log.verify().ok
    log.write(lambda t: set_most(t, 1_000_000))
    (event,) = log.write(lambda t: add(t, large)).result
    assert event.sequence == 2 and line_count(log, 2) == 1
    assert log.verify().ok


def test_a_job_that_refused_keeps_its_reason_when_the_disk_is_full(log: Log) -> None:
    def refuses(transaction: Transaction) -> None:
        raise KeyError("not this role")

    def breaks(transaction: Transaction) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    gate = Gate(log)
    refusing, breaking = log.writer.submit(refuses), log.writer.submit(breaks)
    gate.open()
    with pytest.raises(KeyError):
        refusing.result(WAIT_S)
    with pytest.raises(StorageFull):
        breaking.result(WAIT_S)
    assert log.write(adding(1)).position == 1


def test_a_disk_that_is_full_for_the_mark_does_not_end_the_writer(tmp_path: Path) -> None:
    def no_room(connection: sqlite3.Connection) -> None:
        raise OSError(28, "No space left on device")

    log = open_notes(tmp_path, between_groups=no_room)
    assert log.write(adding(1)).position == 1
    assert log.writer.submit(adding(1)).result(WAIT_S).position == 2
    log.stop()


def test_a_listener_that_fails_does_not_keep_a_sender_waiting(tmp_path: Path) -> None:
    def listener(position: int) -> None:
        raise RuntimeError("the listener is broken")

    log = open_notes(tmp_path, on_commit=listener)
    assert log.writer.submit(adding(1)).result(WAIT_S).position == 1
    assert log.writer.submit(adding(1)).result(WAIT_S).position == 2
    log.stop()


@pytest.mark.parametrize("error", [MemoryError, SystemExit])
def test_whatever_call_of_its_own_fails_all_are_answered_and_it_goes_on(
    log: Log, error: type[BaseException]
) -> None:
    written, calls = 0, 0
    while True:
        calls += 1
        failing = FailingCall(calls, error)
        answers = [log.writer.submit(lambda transaction, at=failing: at.arm())]  # type: ignore[misc]
        answers += [log.writer.submit(adding(10 * calls + job)) for job in range(2)]
        kept = [answer.exception(WAIT_S) is None for answer in answers]
        log.writer.submit(lambda transaction: sys.setprofile(None)).exception(WAIT_S)
        known = log.writer.submit(count).result(WAIT_S).result
        # What was called kept is kept; what was committed may have been called refused.
        assert written + sum(kept[1:]) <= known <= written + 2
        written = known
        if not failing.came:
            break
    assert calls > 100
    assert log.verify().ok


def test_a_sender_who_gave_up_does_not_end_the_writer(log: Log) -> None:
    gate = Gate(log)
    given_up = log.writer.submit(adding(1))
    assert given_up.cancel()
    gate.open()
    assert log.writer.submit(adding(1)).result(WAIT_S).result[0].rank >= 0


def test_a_node_that_stops_finishes_what_waits_and_refuses_the_rest(tmp_path: Path) -> None:
    log = open_notes(tmp_path)
    gate = Gate(log)
    waiting = [log.writer.submit(adding(1)) for _ in range(300)]
    stopping = threading.Thread(target=log.stop)
    stopping.start()
    gate.open()
    stopping.join(WAIT_S)
    assert not stopping.is_alive()
    done = refused = 0
    for job in waiting:
        try:
            job.result(WAIT_S)
            done += 1
        except WriterStopped:
            refused += 1
    assert (done, refused) == (300, 0)
    with pytest.raises(WriterStopped):
        log.writer.submit(adding(1))
    again = open_notes(tmp_path)
    assert line_count(again, 1) == 300 and again.verify().ok
    again.stop()


def test_nobody_is_left_without_an_answer_by_a_stop(tmp_path: Path) -> None:
    # Submitters race with the stop; each gets a result or WriterStopped, none waits for ever.
    for round_ in range(10):
        log = open_notes(tmp_path)
        answers: list[str] = []

        def keep_on(log: Log = log, answers: list[str] = answers) -> None:
            while True:
                try:
                    log.writer.submit(adding(1)).result(WAIT_S)
                    answers.append("taken")
                except WriterStopped:
                    return

        threads = [threading.Thread(target=keep_on) for _ in range(4)]
        for thread in threads:
            thread.start()
        log.writer.submit(adding(2)).result(WAIT_S)
        log.stop()
        for thread in threads:
            thread.join(WAIT_S)
            assert not thread.is_alive()
        again = open_notes(tmp_path)
        assert line_count(again, 2) == round_ + 1 and again.verify().ok
        again.stop()


def test_asyncio_senders_are_woken_with_results_and_errors(log: Log) -> None:
    async def fails(number: int) -> str:
        def job(transaction: Transaction) -> None:
            add(transaction, line(9, "不算"))
            raise LookupError(str(number))

        try:
            await log.write_async(job)
        except LookupError as error:
            return str(error)
        return "no error"

    async def all_at_once() -> tuple[list[Committed[list[Event]]], list[str]]:
        taken = asyncio.gather(*(log.write_async(adding(1)) for _ in range(40)))
        failed = asyncio.gather(*(fails(number) for number in range(5)))
        given_up = asyncio.ensure_future(log.write_async(adding(2)))
        await asyncio.sleep(0)
        given_up.cancel()
        return await taken, await failed

    taken, failed = asyncio.run(all_at_once())
    assert [one.result[0].sequence for one in taken] == sorted(
        one.result[0].sequence for one in taken
    )
    assert failed == ["0", "1", "2", "3", "4"]
    assert line_count(log, 1) == 40 and line_count(log, 9) == 0
    # What a cancelled request had handed over is written all the same.
    log.write(count)
    assert line_count(log, 2) == 1


def test_no_thread_is_left_behind(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    for _ in range(3):
        log = open_notes(tmp_path)
        log.write(adding(1))
        log.stop()
    assert set(threading.enumerate()) == before


def test_a_long_job_in_parts_lets_others_have_their_turn(log: Log) -> None:
    turns, over = 0, threading.Event()
    other = connect(log.path)
    other.execute("PRAGMA busy_timeout=0")

    def part(transaction: Transaction) -> None:
        over.wait(0.02)

    def write() -> None:
        for _ in range(10):
            log.write_in_turn(part)
        over.set()

    writing = threading.Thread(target=write)
    writing.start()
    while not over.wait(0.002):
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            continue
        other.execute("ROLLBACK")
        turns += 1
    writing.join()
    other.close()
    # As many as there are gaps, and more where a gap has room for several.
    assert turns >= 10


def test_two_processes_write_one_whole_chain(tmp_path: Path) -> None:
    # A command that is run beside the server writes to the same log, as the same voice.
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.eventlog.notes import add, line, open_notes\n"
        "log = open_notes(Path(sys.argv[1]))\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "for number in range(60):\n"
        "    log.write(lambda t: add(t, line(1, '一行'), line(2, '二行')))\n"
        "log.stop()\n"
    )
    open_notes(tmp_path).stop()

    def start() -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    with start() as one, start() as two:
        for process in (one, two):
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
        for process in (one, two):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        assert one.wait(60) == 0 and two.wait(60) == 0
    log = open_notes(tmp_path)
    found = log.verify()
    assert found.ok and found.events == 240, found
    assert line_count(log, 1) == line_count(log, 2) == 120
    with log.reading() as connection:
        logs: list[Any] = connection.execute("SELECT DISTINCT log FROM events").fetchall()
    assert len(logs) == 1
    log.stop()


def test_a_database_that_another_process_holds_is_busy_and_not_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventlog.database.BUSY_TIMEOUT_S", 0.05)
    log = open_notes(tmp_path)
    other = sqlite3.connect(log.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(WriterBusy):
        log.write(adding(1))
    other.execute("ROLLBACK")
    other.close()
    assert len(log.write(adding(1)).result) == 1
    log.stop()
