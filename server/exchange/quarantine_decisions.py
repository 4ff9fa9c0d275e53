"""What a person decides of an event that was put aside: it is taken in, or left out for good."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from acts.refusals import N_, Refusal
from eventlog.clock import TOLERANCE_MS
from eventlog.events import Event
from eventlog.transaction import Transaction
from sync.nodes import audit, nodes, quarantine
from sync.nodes.audit import Finding
from sync.rounds import downlink

# What follows from events that were taken in, as `HubDomain.taken` has it.
Taken: TypeAlias = Callable[[Transaction, Sequence[Event], Sequence[Event]], None]


class NoLongerWaits(Refusal):
    """Somebody decided already, or nothing of that id was put aside."""

    code = "no-longer-waits"
    status = 409
    message = N_("这一条已经有人决定过了。")


class AnotherStands(Refusal):
    """Another event stands under the same id, so this one has no place."""

    code = "another-stands"
    status = 409
    message = N_("同一个编号下已经有另一份内容，这一份收不进去。")
    advice = N_("请先问清两边各写了什么，再按“不收”；要紧的话请重新登记一件。")


def decide(
    transaction: Transaction,
    event: bytes,
    digest: bytes,
    *,
    accept: bool,
    by: str,
    taken: Taken,
) -> None:
    """Take an event in, or leave it and remove its texts; who decided is on record.

    A transaction is open, and is undone where this raises NoLongerWaits or AnotherStands.
    """
    connection, now = transaction.connection, transaction.now_ms()
    node = quarantine.bringer(connection, event, digest)
    decided = Finding.TAKEN if accept else Finding.REJECTED
    arrival = quarantine.take_out(connection, event, digest, f"{decided} {by}")
    if node is None or arrival is None:
        raise NoLongerWaits
    audit.note(connection, now, decided, node=node or None, detail=f"{event.hex()} {by}")
    if not accept:
        return
    if node:
        # Else what the node writes next in its log would seem to be in somebody else's.
        nodes.note_new_log(connection, node, arrival.event.log, now)
    taken_in = transaction.take_in([arrival])
    if taken_in.clashing:
        raise AnotherStands
    if node:
        downlink.give_back(connection, node, event)
    fresh = [one.event for one in taken_in.fresh]
    doubtful = [
        one for one in fresh if one.data.get("clock") == "unknown" or one.at > now + TOLERANCE_MS
    ]
    taken(transaction, fresh, doubtful)
