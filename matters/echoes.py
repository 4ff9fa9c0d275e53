"""Echoes between matters: who was merged still gets the answer, and still rates it (定单、评单).

A merged matter follows another. What the leading one is answered is written to each follower as
an event of its own, and how a follower rates it, to the leading one. A follower may be followed
itself: its followers have the same leading matter, at the end of the way.
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
    """Write what a change of one matter means for those that follow it, or that it follows."""
    merged = after.state is State.MERGED
    left = before.merged_into or _dropped(before, written)
    if left and left != after.merged_into:
        _part(transaction, after, left, by=by)
    if merged and before.merged_into != after.merged_into:
        _join(transaction, after, by=by)
    elif merged and written.type == MatterEvent.RATED:
        leading = _leading(transaction, after)
        if leading is not None:
            data = {"from": after.id, **written.data}
            transaction.append([Draft(MatterEvent.ECHO_RATED, leading.id, data)], by=by)
    elif after.answer != before.answer:
        _echo_to_all(transaction, after, list(after.followers), by=by)


def catch_up(transaction: Transaction, follower: Matter, *, by: str) -> bool:
    """Write what a merged matter still lacks of its leading one; return whether it lacked any.

    Two nodes that know nothing of each other may merge a matter and answer the leading one.
    """
    leading = _leading(transaction, follower)
    if leading is None or not leading.answer or _heard(follower) == leading.answer:
        return False
    _echo(transaction, leading, follower.id, by=by)
    return True


def _heard(follower: Matter) -> bytes:
    """Return the event of the leading matter's answer that the follower was told last."""
    echoes = [
        step.data for step in follower.steps if step.type == MatterEvent.ECHOED and step.stands
    ]
    answer = echoes[-1].get("answer") if echoes else b""
    return answer if isinstance(answer, bytes) else b""


def _leading(transaction: Transaction, follower: Matter) -> Matter | None:
    """Return the matter at the end of the way, None where it is not here or goes in a circle."""
    leading: Matter | None = follower
    passed: set[bytes] = set()
    while leading is not None and leading.state is State.MERGED:
        if leading.id in passed:
            return None
        passed.add(leading.id)
        leading = store.by_id(transaction.connection, leading.merged_into)
    return leading


def _dropped(before: Matter, written: Draft) -> bytes:
    """Return the matter that a dropped merging had led to, b"" where none was dropped."""
    if written.type != MatterEvent.RESOLVED or written.data["keep"] == "yes":
        return b""
    for step in before.contested:
        if step.event == written.data["event"] and step.type == MatterEvent.MERGED:
            into = step.data.get("into")
            return into if isinstance(into, bytes) else b""
    return b""


def _part(transaction: Transaction, follower: Matter, left: bytes, *, by: str) -> None:
    """Take a follower away from the matter that it left, and its people from all on the way."""
    leading = store.by_id(transaction.connection, left)
    if leading is None or follower.id not in leading.followers:
        return
    data = {"from": follower.id, "people": follower.people}
    passed: set[bytes] = set()
    while leading is not None and leading.id not in passed:
        passed.add(leading.id)
        transaction.append([Draft(MatterEvent.PARTED, leading.id, data)], by=by)
        leading = store.by_id(transaction.connection, leading.merged_into)


def _join(transaction: Transaction, follower: Matter, *, by: str) -> None:
    data = {"from": follower.id, "people": follower.people}
    transaction.append([Draft(MatterEvent.JOINED, follower.merged_into, data)], by=by)
    leading = _leading(transaction, follower)
    if leading is not None and leading.answered:
        _echo_to_all(transaction, leading, [follower.id], by=by)


def _echo_to_all(
    transaction: Transaction, leading: Matter, waiting: list[bytes], *, by: str
) -> None:
    """Tell followers, and those that follow them; none twice, whatever merged with what.

    One that no longer follows, for its merging was dropped in a conflict, has its own answers.
    """
    reached = {leading.id}
    while waiting:
        identity = waiting.pop()
        follower = store.by_id(transaction.connection, identity)
        if identity in reached or follower is None or follower.state is not State.MERGED:
            continue
        reached.add(identity)
        _echo(transaction, leading, identity, by=by)
        waiting.extend(follower.followers)


def _echo(transaction: Transaction, leading: Matter, follower: bytes, *, by: str) -> None:
    text = answer_in(leading, store.texts_of(transaction.connection, leading))
    data = {"of": leading.id, "answer": leading.answer, "result": leading.result}
    words = {"text": text} if text else {}
    transaction.append([Draft(MatterEvent.ECHOED, follower, data, words)], by=by)
