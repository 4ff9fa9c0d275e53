"""Echoes between matters: who was merged still gets the answer, and still rates it (定单、评单).

A merged matter follows another. What the leading one is answered is written to each follower as
an event of its own, and how a follower rates it, to the leading one.
"""

from eventlog.events import Draft
from eventlog.transaction import Transaction
from matters import store
from matters.answers import answer_in
from matters.matter import Matter
from matters.terms import MatterEvent, State


def follow_through(
    transaction: Transaction, before: Matter, after: Matter, written: Draft, *, by: str
) -> None:
    """Write what a command on one matter means for those that follow it, or that it follows."""
    if written.type == MatterEvent.MERGED:
        _join(transaction, after, by=by)
    elif written.type == MatterEvent.RATED and after.state is State.MERGED:
        data = {"from": after.id, **written.data}
        _append(transaction, MatterEvent.ECHO_RATED, after.merged_into, data, by=by)
    if after.answer != before.answer and after.followers:
        _echo_to_all(transaction, after, by=by)


def _join(transaction: Transaction, follower: Matter, *, by: str) -> None:
    data = {"from": follower.id, "people": follower.people}
    _append(transaction, MatterEvent.JOINED, follower.merged_into, data, by=by)
    leading = store.by_id(transaction.connection, follower.merged_into)
    if leading is not None and leading.answered:
        _echo(transaction, leading, follower.id, by=by)


def _echo_to_all(transaction: Transaction, leading: Matter, *, by: str) -> None:
    """Tell every follower, and those that follow them; none twice, whatever merged with what."""
    told = {leading.id}
    waiting = list(leading.followers)
    while waiting:
        follower = waiting.pop()
        if follower in told:
            continue
        told.add(follower)
        _echo(transaction, leading, follower, by=by)
        found = store.by_id(transaction.connection, follower)
        if found is not None:
            waiting.extend(found.followers)


def _echo(transaction: Transaction, leading: Matter, follower: bytes, *, by: str) -> None:
    text = answer_in(leading, store.texts_of(transaction.connection, leading))
    data = {"of": leading.id, "answer": leading.answer, "result": leading.result}
    words = {"text": text} if text else {}
    transaction.append([Draft(MatterEvent.ECHOED, follower, data, words)], by=by)


def _append(
    transaction: Transaction, kind: MatterEvent, subject: bytes, data: dict[str, object], *, by: str
) -> None:
    transaction.append([Draft(kind, subject, data)], by=by)
