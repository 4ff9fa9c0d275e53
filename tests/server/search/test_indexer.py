"""The thread that indexes what was written, beside others who want to write."""

from pathlib import Path

from eventlog.database import connect
from eventlog.keys import make_keys
from eventlog.transaction import Transaction
from matters.actors import Actor
from matters.intake.intake import check_submission, raise_matter
from matters.known import Known
from matters.listing import waiting
from matters.terms import Role
from server.data_folder import open_log
from server.search.indexer import Indexer
from tests.hub import until

MATTERS = 2000
OFFICE = Actor(Role.OFFICE, "office")


def raise_many(transaction: Transaction) -> None:
    for number in range(MATTERS):
        fields = {"text": f"第{number}盏路灯不亮,夜里走路看不见"}
        submission = check_submission(fields, Known(), staff=False)
        raise_matter(transaction, submission, actor=OFFICE, receipt_key=bytes(32))


def test_a_command_beside_the_server_gets_its_turn_while_much_is_indexed(tmp_path: Path) -> None:
    log = open_log(tmp_path, make_keys())
    log.write(raise_many)
    beside = connect(log.path)
    indexer = Indexer(log)

    def left() -> int:
        with log.reading() as connection:
            return waiting.count(connection)

    assert left() == MATTERS
    indexer.start()
    try:
        until(lambda: left() < MATTERS)
        turns = 0
        while left():
            beside.execute("BEGIN IMMEDIATE")
            beside.execute("ROLLBACK")
            turns += 1
        # Not only once all was done.
        assert turns > 20, turns
    finally:
        indexer.stop()
        beside.close()
        log.stop()
