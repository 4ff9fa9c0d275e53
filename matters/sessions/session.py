"""Face-to-face sessions: what was asked, answered and promised, as one folded value.

`decide_opening` and `decide_act` may refuse; `fold` never raises, as for matters.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import date
from typing import Any

import msgspec

from acts.act import Act, refuse_role, refuse_stale
from acts.reader import County, read_fields
from acts.refusals import N_, BadFields, FieldProblem, NotThisRole, Refusal
from acts.shanghai import start_of_day
from eventlog.events import Draft, Event
from eventlog.identifiers import uuid_text
from matters.actors import Actor
from matters.sessions.acts import ACTS, MODES, OPENING, SessionEvent, SessionKind, SessionState
from matters.shapes import WrongShape, all_bytes_in, bytes_in, known, text_in, texts_in, time_of
from matters.terms import Role


class SessionClosed(Refusal):
    """The session is over; only checks, corrections and erasures go on."""

    code = "session-closed"
    status = 409
    message = N_("这次会已经散了，不能再记这一项。")
    advice = N_("承诺兑现没有，还可以查；写错的，可以更正。")


class Entry(msgspec.Struct, kw_only=True):
    """One event of a session.

    `at` is ms, UTC; `by` as in the event; `id` the event's, under which `words` (names of texts)
    are found. `refers` is the question, promise or entry that it is about, `matter` the matter's
    id, `until` ms, UTC. `kept` of a promise is "", "yes" or "no", by the check `checked`.
    `corrected` is the newest correction. `votes` are satisfied, basically, unsatisfied.
    """

    id: bytes
    type: str
    at: int
    by: str
    rank: int
    unit: str = ""
    deputy: str = ""
    matter: bytes = b""
    refers: bytes = b""
    until: int | None = None
    kept: str = ""
    checked: bytes = b""
    corrected: bytes = b""
    votes: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    erased: bool = False
    contested: bool = False


class Session(msgspec.Struct, kw_only=True):
    """The folded state of a session. `held_on` is yyyy-mm-dd; `matters` are ids; times ms, UTC."""

    id: bytes
    version: int = 0
    kind: SessionKind = SessionKind.FACE_TO_FACE
    mode: str = ""
    held_on: str = ""
    station: str = ""
    units: tuple[str, ...] = ()
    deputies: tuple[str, ...] = ()
    matters: tuple[bytes, ...] = ()
    opened_by: str = ""
    opened_at: int = 0
    closed_at: int | None = None
    closed_rank: int | None = None
    entries: list[Entry] = []

    @property
    def state(self) -> SessionState:
        """Whether it is over."""
        return SessionState.OPEN if self.closed_at is None else SessionState.CLOSED

    @property
    def promises(self) -> list[Entry]:
        """The promises that were made, in order."""
        return self.of(SessionEvent.PROMISE_MADE)

    @property
    def asking(self) -> tuple[str, ...]:
        """The deputies who took part: those of the list, and those who put a question."""
        questions = self.of(SessionEvent.QUESTION_PUT)
        asking = {*self.deputies, *(question.deputy for question in questions)}
        return tuple(sorted(asking - {""}))

    def of(self, type_: str) -> list[Entry]:
        """Return the entries of a type that are legal where they stand, in order."""
        return [entry for entry in self.entries if entry.type == type_ and not entry.contested]

    def entry(self, event: bytes) -> Entry | None:
        """Return the entry of an event, or None where it is not here or is contested."""
        entries = (entry for entry in self.entries if entry.id == event and not entry.contested)
        return next(entries, None)


def is_overdue(promise: Entry, now_ms: int) -> bool:
    """Return whether a promise's day is over, and nobody found it kept."""
    return promise.kept != "yes" and promise.until is not None and promise.until < now_ms


def may_open(actor: Actor) -> bool:
    """Return whether the actor may open sessions."""
    return actor.role in OPENING.roles


def may_see(actor: Actor, session: Session) -> bool:
    """Return whether the actor may read a session.

    The office sees all; a deputy those of their stations, those that they opened, and those that
    they take part in; a liaison officer those of their station; a unit those that it attends.
    """
    match actor.role:
        case Role.OFFICE | Role.SYSTEM:
            return True
        case Role.DEPUTY:
            return (
                (bool(actor.deputy) and actor.deputy in session.asking)
                or session.opened_by == actor.signature
                or (bool(session.station) and session.station in actor.stations)
            )
        case Role.LIAISON:
            return bool(session.station) and session.station in actor.stations
        case Role.UNIT:
            return bool(actor.unit) and actor.unit in session.units
        case _:
            return False


def refuse_act(session: Session, act: Act, actor: Actor) -> None:
    """Raise NotThisRole where the actor's role, unit or place does not allow the act."""
    if actor.role not in act.roles or not may_see(actor, session):
        raise NotThisRole


def possible(session: Session, act: Act, actor: Actor) -> bool:
    """Return whether the console should offer the act now."""
    if actor.role not in act.roles or not may_see(actor, session):
        return False
    if session.state not in act.states:
        return False
    if act.name == "keep":
        return any(promise.kept != "yes" for promise in session.promises)
    if act.name == "correct":
        return any(may_correct(entry, actor) for entry in session.entries)
    return True


def may_correct(entry: Entry, actor: Actor) -> bool:
    """Return whether the actor may correct an entry: the office all, others what they wrote."""
    return (
        not entry.contested
        and "text" in entry.words
        and not entry.erased
        and entry.type not in (SessionEvent.CORRECTED, SessionEvent.ERASED)
        and (actor.role is Role.OFFICE or entry.by == actor.signature)
    )


def decide_opening(
    subject: bytes, raw: Mapping[str, Any], *, actor: Actor, county: County, now_ms: int
) -> Draft:
    """Return the event that opens a session. Raises NotThisRole or BadFields."""
    refuse_role(OPENING, actor.role)
    data, texts = read_fields(OPENING.fields, raw, county, now_ms)
    if actor.role is Role.DEPUTY and actor.deputy:
        data["deputies"] = sorted({*data.get("deputies", ()), actor.deputy})
    return Draft(SessionEvent.OPENED, subject, data, texts)


def decide_act(
    session: Session,
    act: Act,
    raw: Mapping[str, Any],
    *,
    actor: Actor,
    county: County,
    seen: int | None = None,
) -> Draft:
    """Return the event that an act gives; days without a year are counted from the session's.

    Raises NotThisRole, Stale, SessionClosed or BadFields, in this order.
    """
    refuse_act(session, act, actor)
    refuse_stale(seen, session.version)
    if session.state not in act.states:
        raise SessionClosed
    raw = {**raw, **_own(act, actor)}
    if not raw.get("unit") and raw.get("question"):
        raw["unit"] = _unit_asked(session, raw["question"])
    data, texts = read_fields(act.fields, raw, county, _day_held(session))
    problems = _cross_check(session, act, data, texts, actor)
    if problems:
        raise BadFields(problems)
    _inherit(session, data)
    return Draft(act.type, session.id, data, texts)


def _day_held(session: Session) -> int:
    """Return the beginning of the session's day, or when it was opened where that is none."""
    try:
        return start_of_day(date.fromisoformat(session.held_on))
    except ValueError:
        return session.opened_at


def _own(act: Act, actor: Actor) -> dict[str, str]:
    """What an actor can say of nobody else: a unit answers and promises for itself."""
    names = {field.name for field in act.fields}
    if actor.role is Role.UNIT and "unit" in names:
        return {"unit": actor.unit}
    if actor.role is Role.DEPUTY and actor.deputy and "deputy" in names:
        return {"deputy": actor.deputy}
    return {}


def _unit_asked(session: Session, question: Any) -> str:
    """Return the unit that a question was put to, as it was sent; "" where there is none."""
    for entry in session.of(SessionEvent.QUESTION_PUT):
        if uuid_text(entry.id) == question:
            return entry.unit
    return ""


def _cross_check(
    session: Session,
    act: Act,
    data: Mapping[str, Any],
    texts: Mapping[str, str],
    actor: Actor,
) -> list[FieldProblem]:
    problems: list[FieldProblem] = []

    def wrong(field: str, code: str, message: str) -> None:
        problems.append(FieldProblem(field, code, message))

    if data.get("unit") and data["unit"] not in session.units:
        wrong("unit", "not-here", N_("这个单位没有参加这次会。"))
    if act.name == "question" and not texts.get("asker") and not data.get("deputy"):
        wrong("asker", "required", N_("请写上是谁问的，或者选提问的代表。"))
    question = session.entry(data["question"]) if "question" in data else None
    if question is not None and question.unit != data.get("unit"):
        wrong("question", "other-unit", N_("这一问问的是别的单位。"))
    if "entry" in data:
        entry = session.entry(data["entry"])
        if act.name == "correct" and not (entry and may_correct(entry, actor)):
            wrong("entry", "not-yours", N_("这一条不是您记的，请让记的人或人大办公室更正。"))
    if act.name == "vote" and not sum(data[name] for name in _VOTES if name in data):
        wrong("satisfied", "nobody", N_("三项票数不能都是零。"))
    return problems


def _inherit(session: Session, data: dict[str, Any]) -> None:
    """An answer or promise to a question is about what the question is about."""
    question = session.entry(data["question"]) if "question" in data else None
    if question is not None and question.matter and "about" not in data:
        data["about"] = question.matter


_VOTES = ("satisfied", "basically", "unsatisfied")


def fold(events: Sequence[Event]) -> Session:
    """Return the session that the events give; they come in (rank, id) order.

    Never raises. What is illegal where it stands becomes a contested entry and changes nothing
    else; types that are not known here are skipped.
    """
    session = Session(id=events[0].subject if events else b"", entries=[])
    for event in events:
        session.version = max(session.version, event.rank)
        if event.type not in _TYPES:
            continue
        entry = Entry(
            id=event.id,
            type=event.type,
            at=0,
            by=event.by,
            rank=event.rank,
            words=tuple(sorted(event.words)),
        )
        before, bare = copy(session), copy(entry)
        try:
            bare.at = entry.at = time_of(event.at)
            entry.contested = not _apply(session, event, entry)
        except WrongShape:
            # The entry is shown as contested, and nothing of it stays, though half applied.
            session, entry = before, bare
            entry.contested = True
        session.entries.append(entry)
    return session


_TYPES = frozenset(SessionEvent)
_WHILE_OPEN = frozenset(act.type for act in ACTS.values() if SessionState.CLOSED not in act.states)
_REFERS = {
    SessionEvent.ANSWER_GIVEN: ("question", SessionEvent.QUESTION_PUT, False),
    SessionEvent.PROMISE_MADE: ("question", SessionEvent.QUESTION_PUT, False),
    SessionEvent.PROMISE_KEPT: ("promise", SessionEvent.PROMISE_MADE, True),
    SessionEvent.CORRECTED: ("entry", None, True),
    SessionEvent.ERASED: ("entry", None, True),
}


def _apply(session: Session, event: Event, entry: Entry) -> bool:
    """Change the session by one event; return whether it was legal. Raises WrongShape."""
    data = event.data
    if event.type == SessionEvent.OPENED:
        return _apply_opening(session, event)
    if not session.opened_by:
        return False
    if event.type in _WHILE_OPEN and _is_late(session, event):
        return False
    entry.unit = text_in(data, "unit")
    entry.deputy = text_in(data, "deputy")
    entry.matter = bytes_in(data, "about")
    if data.get("until") is not None:
        entry.until = time_of(data["until"])
    about = None
    if event.type in _REFERS:
        field, type_, needed = _REFERS[SessionEvent(event.type)]
        entry.refers = bytes_in(data, field)
        about = session.entry(entry.refers)
        if (needed or entry.refers) and (about is None or (type_ and about.type != type_)):
            return False
    match event.type:
        case SessionEvent.VOTE_HELD:
            entry.votes = tuple(_count(data.get(name)) for name in _VOTES)
        case SessionEvent.PROMISE_KEPT if about is not None:
            about.kept = "yes" if text_in(data, "kept") == "yes" else "no"
            about.checked = entry.id
            entry.kept = about.kept
            entry.unit, entry.matter = about.unit, about.matter
        case SessionEvent.CORRECTED if about is not None:
            about.corrected = entry.id
        case SessionEvent.ERASED if about is not None:
            about.erased = True
        case SessionEvent.CLOSED:
            session.closed_at, session.closed_rank = entry.at, event.rank
    return True


def _is_late(session: Session, event: Event) -> bool:
    """Return whether an event came after the close; what did not see the close is kept."""
    if session.closed_rank is None:
        return False
    return event.type == SessionEvent.CLOSED or event.rank > session.closed_rank


def _apply_opening(session: Session, event: Event) -> bool:
    data = event.data
    if session.opened_by:
        return False
    session.held_on = text_in(data, "held_on")
    session.station = text_in(data, "station")
    session.units = texts_in(data, "units")
    session.deputies = texts_in(data, "deputies")
    session.matters = all_bytes_in(data, "matters")
    session.kind = known(SessionKind, text_in(data, "kind"), SessionKind.FACE_TO_FACE)
    mode = text_in(data, "mode")
    session.mode = mode if mode in MODES else ""
    session.opened_by, session.opened_at = event.by, event.at
    return True


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= 10_000_000:
        raise WrongShape("count")
    return value
