"""What counts of a matter in the ledger, as one number: a bit for each column of `Count`."""

from enum import IntFlag

from acts.shanghai import DAY_MS
from matters.matter import Matter
from matters.terms import Rating, State


class Mark(IntFlag):
    """Columns of the ledger that a matter may stand in; their values are in the tables."""

    ANSWERED = 1
    SETTLED = 1 << 1
    WITH_LIMIT = 1 << 2
    IN_TIME = 1 << 3
    RATED = 1 << 4
    REPLY_SATISFIED = 1 << 5
    SATISFIED = 1 << 6
    MERGED = 1 << 7
    REFERRED = 1 << 8
    DECLINED = 1 << 9
    AGAIN = 1 << 10
    CLOSED = 1 << 11
    UNRATED = 1 << 12


_NO_MARK = Mark(0)
_CONTENT = (Rating.SATISFIED, Rating.BASICALLY)


def marks_of(matter: Matter) -> Mark:
    """Return the columns that the matter stands in, as `Count` describes them."""
    answered = matter.answered
    if matter.state is State.RECEIVED and not answered and matter.round == 1:
        # What has just come in, which must not take long.
        return _NO_MARK
    # What is overdue and unanswered counts as well, for silence is no way to be in time.
    with_limit = matter.due_at is not None and (answered or matter.late)
    rated = answered and bool(matter.reply_rating or matter.result_rating)
    columns = {
        Mark.ANSWERED: answered,
        Mark.SETTLED: matter.settled,
        Mark.WITH_LIMIT: with_limit,
        Mark.IN_TIME: with_limit and not matter.late,
        Mark.RATED: rated,
        Mark.REPLY_SATISFIED: rated and matter.reply_rating in _CONTENT,
        Mark.SATISFIED: rated and matter.result_rating in _CONTENT,
        Mark.MERGED: matter.state is State.MERGED,
        Mark.REFERRED: matter.state is State.REFERRED,
        Mark.DECLINED: matter.state is State.DECLINED,
        Mark.AGAIN: matter.round > 1,
        Mark.CLOSED: matter.state is State.CLOSED,
        Mark.UNRATED: matter.unrated,
    }
    marks = Mark(0)
    for mark, stands in columns.items():
        if stands:
            marks |= mark
    return marks


def people_of(matter: Matter) -> int:
    """Return how many people stand behind it; those of a merged one count where it went."""
    return 0 if matter.state is State.MERGED else matter.people


def days_to_answer(matter: Matter) -> int | None:
    """Return the whole days from receipt to the answer, or None without one (S18)."""
    if matter.replied_at is None:
        return None
    return max(0, (matter.replied_at - matter.received_at) // DAY_MS)
