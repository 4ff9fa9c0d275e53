"""Repeats: whether a submission's id is taken, and which receipt was given for the same content."""

import sqlite3
from collections.abc import Sequence

from eventlog.transaction import Transaction
from matters import store
from matters.terms import MatterEvent


def is_taken(transaction: Transaction, identity: bytes) -> bool:
    """Return whether a submission's id is that of a matter, or of anything else in the log."""
    if transaction.exists(identity):
        return True
    return bool(store.first_event(transaction.connection, identity))


def given_number(connection: sqlite3.Connection, identity: bytes, marks: Sequence[bytes]) -> str:
    """Return the number that was given for the same content under that id, "" where none was.

    `marks` are what the content is marked with, by each receipt key that is known here, this
    node's own first. A matter that two nodes were sent has one for each (docs/decisions/0019).
    """
    matter = store.by_id(connection, identity)
    steps = matter.steps if matter is not None else []
    beginnings = [step for step in steps if step.type == MatterEvent.RAISED]
    for mark in marks:
        for step in beginnings:
            number = step.data.get("number")
            if step.data.get("content") == mark and isinstance(number, str):
                return number
    return ""
