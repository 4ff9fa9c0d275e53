"""What offline stations prepared is taken in whole, and who is turned away comes again."""

import contextlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from bench.exchange import senders
from bench.exchange.hubs import enrol_all
from bench.exchange.prepared import prepare
from bench.exchange.senders import ask
from eventlog.keys import make_keys
from server.data_folder import open_log
from server.exchange.exchange_wiring import hub_card, reception_of
from server.exchange.visibility import MattersVisibility
from server.registers.sample import seed_sample
from sync.rounds import downlink, envelope, wire
from sync.rounds.downlink import Downlink
from sync.rounds.envelope import MessageKind
from sync.rounds.wire import Answer


def test_prepared_questions_are_taken_in_whole(tmp_path: Path) -> None:
    keys, queue = make_keys(), Downlink(MattersVisibility())
    (tmp_path / "hub").mkdir()
    log = open_log(tmp_path / "hub", keys, queue=queue)
    seed_sample(log, tmp_path / "hub")
    names = ["first", "second", "third"]
    log.write(lambda t: downlink.begin_voice(t, log.voice.log))
    found = prepare(
        tmp_path / "offline", hub_card(keys, ""), names, 4, (log.voice.log, 1 << 40), seed=0
    )
    log.write(lambda t: enrol_all(t, queue, [one.identity for one in found]))
    reception = reception_of(log, keys, queue)
    # A question that is said once more brings nothing more.
    for message in [one.message for one in found] * 2:
        received = reception.read_question(message)
        outcome = log.write(partial(reception.take_question, received=received)).result
        assert not received.refused and not outcome.refused
    with log.reading() as connection:
        rows = connection.execute(
            "SELECT m.station, count(*), count(w.event) FROM matters m "
            "JOIN events e ON e.subject=m.id LEFT JOIN words w ON w.event=e.id GROUP BY m.station"
        ).fetchall()
    assert [tuple(row) for row in rows] == [(name, 4, 4) for name in names]
    log.stop()


class Busy(ThreadingHTTPServer):
    """Turns away the first so many, then answers as a hub."""

    def __init__(self, times: int) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.times = times
        self.key = SigningKey.generate()


class Answering(BaseHTTPRequestHandler):
    server: Busy

    def do_POST(self) -> None:
        question = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.times -= 1
        if self.server.times >= 0:
            self.wfile.write(b"HTTP/1.1 429 \r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")
            return
        content = wire.encode_message(Answer(1, durable=True))
        about = envelope.digest(question)
        answer = envelope.close(content, self.server.key, MessageKind.ANSWER, about=about)
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\n\r\n"
        self.wfile.write(head.encode() + answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving(hub: Busy) -> Iterator[str]:
    with hub:
        thread = threading.Thread(target=hub.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{hub.server_address[1]}/"
        finally:
            hub.shutdown()
            thread.join()


def test_who_is_turned_away_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []
    monkeypatch.setattr(senders, "sleep", paused.append)
    hub = Busy(3)
    with serving(hub) as url:
        found = ask(url, bytes(hub.key.verify_key), b"a question")
    assert found.durable and not found.failed and found.turned_away == 3
    assert len(paused) == 3 and all(7.0 <= pause <= 8.75 for pause in paused)
