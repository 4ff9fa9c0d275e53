"""The one thread class under a node's threads: woken, ended in time, not dying of an error."""

import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from eventlog.worker import DEAD, Worker, told, troubles
from eventlog.writer import WriterStopped
from tests.eventlog.failing_calls import FailingCall
from tests.hub import until

LONG_S = 600.0


class Steps:
    """Steps that are counted, and come to what the test says: a pause, or an error."""

    def __init__(self, *outcomes: float | BaseException | None) -> None:
        self._outcomes = list(outcomes)
        self.count = 0

    def __call__(self) -> float | None:
        """Come to the next outcome; to the last again and again."""
        outcome = self._outcomes[min(self.count, len(self._outcomes) - 1)]
        self.count += 1
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


Start = Callable[..., Worker]


@pytest.fixture
def started() -> Iterator[Start]:
    """Return what starts a worker; all of them are stopped at the end."""
    workers: list[Worker] = []

    def start(steps: Callable[[], float | None], **options: object) -> Worker:
        worker = Worker("tried", steps, **options)  # type: ignore[arg-type]  # As the test says.
        workers.append(worker)
        worker.start()
        return worker

    yield start
    for worker in workers:
        worker.stop()
        assert not worker.alive


@pytest.mark.parametrize("pause_s", [LONG_S, None])
def test_a_pause_ends_when_it_is_woken(started: Start, pause_s: float | None) -> None:
    steps = Steps(pause_s)
    worker = started(steps)
    until(lambda: steps.count == 1)
    worker.wake()
    until(lambda: steps.count == 2)


def test_a_pause_ends_when_it_is_over(started: Start) -> None:
    steps = Steps(0.01)
    started(steps)
    until(lambda: steps.count > 3)


def test_an_error_is_told_logged_and_tried_again(
    started: Start, caplog: pytest.LogCaptureFixture
) -> None:
    steps = Steps(ValueError("once"), ValueError("twice"), LONG_S)
    worker = started(steps, first_pause_s=0.05)
    until(lambda: worker.last_error)
    assert told(worker.last_error) == "ValueError: once" and worker.alive
    until(lambda: steps.count == 3 and worker.last_error is None)
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 2 and {record.name for record in errors} == {"huiyin.tried"}
    assert [bool(record.exc_info) for record in errors] == [True, False], "the first of a row only"
    assert told(worker.last_error) == ""


def test_an_error_that_is_foreseen_is_told_and_not_logged(
    started: Start, caplog: pytest.LogCaptureFixture
) -> None:
    worker = started(Steps(OSError("no line")), foreseen=(OSError,), first_pause_s=LONG_S)
    until(lambda: worker.last_error)
    assert not caplog.records


def test_the_pause_after_an_error_grows_and_is_cut_by_who_is_in_a_hurry_alone(
    started: Start,
) -> None:
    steps = Steps(ValueError())
    worker = started(steps, first_pause_s=0.01, longest_pause_s=LONG_S)
    began = time.monotonic()
    until(lambda: steps.count == 5)
    # 0.01, 0.02, 0.04 and 0.08.
    assert time.monotonic() - began >= 0.12
    slow = Steps(ValueError())
    worker = started(slow, first_pause_s=LONG_S, longest_pause_s=LONG_S)
    until(lambda: worker.last_error)
    worker.wake()
    time.sleep(0.05)
    assert slow.count == 1
    worker.hurry()
    until(lambda: slow.count == 2)


def test_it_ends_with_the_writer(started: Start, caplog: pytest.LogCaptureFixture) -> None:
    worker = started(Steps(WriterStopped("the node is stopping")))
    until(lambda: not worker.alive)
    assert not caplog.records


def test_a_step_that_rests_ends_at_once_where_it_is_told_to() -> None:
    rested: list[bool] = []
    resting = threading.Event()

    def rest() -> None:
        resting.set()
        rested.append(worker.rest(LONG_S))

    worker = Worker("tried", rest)
    worker.start()
    resting.wait()
    worker.stop()
    assert rested == [False] and worker.stopping and not worker.alive


def test_a_step_that_hangs_is_broken_off_or_left_behind() -> None:
    broken_off, hanging = threading.Event(), threading.Event()

    def hang() -> None:
        hanging.set()
        broken_off.wait()

    worker = Worker("tried", hang)
    worker.start()
    hanging.wait()
    worker.stop(0.01)
    assert worker.alive
    worker.stop(interrupt=broken_off.set)
    assert not worker.alive


def test_it_is_started_once_and_again_after_a_stop() -> None:
    steps = Steps(LONG_S)
    worker = Worker("tried", steps)
    worker.stop()
    worker.start(LONG_S)
    worker.start()
    worker.wake()
    until(lambda: steps.count == 1)
    worker.stop()
    worker.start()
    until(lambda: steps.count == 2)
    worker.stop()


@pytest.mark.parametrize("error", [MemoryError(), SystemExit(3), KeyboardInterrupt()], ids=repr)
def test_no_kind_of_error_ends_it(started: Start, error: BaseException) -> None:
    steps = Steps(error, LONG_S)
    worker = started(steps, first_pause_s=0.01)
    until(lambda: steps.count == 2 and worker.last_error is None)
    assert worker.alive


def test_whatever_call_of_its_own_fails_it_goes_on(started: Start) -> None:
    armed: list[FailingCall] = []

    def step() -> float:
        if armed:
            armed.pop().arm()
        return 0.001

    worker = started(step, first_pause_s=0.001)
    calls, failing = 0, FailingCall(1, MemoryError)
    while calls < 60:
        calls += 1
        failing = FailingCall(calls, MemoryError)
        armed.append(failing)
        until(lambda: failing.came)  # noqa: B023 - looked at here and now.
        until(lambda: not armed and worker.last_error is None)
        assert worker.alive


def test_what_fails_is_known_and_a_thread_that_is_gone(
    started: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = started(Steps(ValueError("no")), first_pause_s=LONG_S)
    until(lambda: troubles() == {"tried": "ValueError: no"})
    worker.stop()
    assert not troubles()
    # No error ends it, so it is made to end by itself.
    monkeypatch.setattr(Worker, "_run", lambda self, after_s: None)
    gone = started(Steps(LONG_S))
    until(lambda: not gone.alive)
    assert troubles() == {"tried": DEAD}
