"""Numbers that two nodes gave twice: at the hub one of the two matters gets another."""

from collections.abc import Iterable

from eventlog.events import Draft
from eventlog.transaction import Transaction
from matters import store
from matters.actors import SYSTEM
from matters.intake.intake import free_number
from matters.terms import MatterEvent

# Whoever stands among the notices keeps the number, for it is the address of a page.
_DOUBLES = "SELECT id FROM matters WHERE number=? ORDER BY first_shown_at IS NULL, received_at, id"


def rename_doubles(transaction: Transaction, subjects: Iterable[bytes]) -> list[bytes]:
    """Give matters whose number another has another one, and return which they are.

    Called at a hub after events of `subjects` were taken in. Of two, the one that was received
    later is renamed, whichever of them came in now. The old number goes on to open it with its key
    (DESIGN decision 6).
    """
    renamed: list[bytes] = []
    for subject in subjects:
        number = store.number_of(transaction.connection, subject)
        if not number:
            continue
        rows = transaction.connection.execute(_DOUBLES, (number,)).fetchall()
        for (identity,) in rows[1:]:
            data = {
                "number": free_number(transaction.connection),
                "instead_of": number,
            }
            draft = Draft(MatterEvent.RENUMBERED, identity, data)
            transaction.append([draft], by=SYSTEM.signature)
            renamed.append(identity)
    return renamed
