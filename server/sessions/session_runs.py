"""Opening sessions and acting in them, for the console and the interface alike."""

from collections.abc import Mapping
from typing import Any

from acts.act import Act, repeated_names
from acts.refusals import NotThisRole
from matters import attempts
from matters.actors import Actor
from matters.refusals import NotFound
from matters.sessions import store as sessions_store
from matters.sessions.acts import ACTS, OPENING
from matters.sessions.execution import carry_out_act, open_session
from matters.sessions.session import Session, may_see
from server.folder.safe_writes import commit_or_keep
from server.people.doors import StaffRoom
from server.web.values import read_seen, read_subject

SESSION_LISTS = repeated_names((OPENING, *ACTS.values()))


def act_named(name: str) -> Act:
    """Return an act by its name in the address. Raises NotFound."""
    act = ACTS.get(name)
    if act is None:
        raise NotFound
    return act


def session_for(room: StaffRoom, actor: Actor, text: str) -> Session:
    """Return a session by its id. Raises NotFound, or NotThisRole where it is not theirs."""
    with room.log.reading() as connection:
        session = sessions_store.by_id(connection, read_subject(text))
    if session is None:
        raise NotFound
    if not may_see(actor, session):
        raise NotThisRole
    return session


def run_opening(room: StaffRoom, actor: Actor, raw: Mapping[str, Any]) -> Session:
    """Open a session, wait for the replica, and return it. Raises a Refusal."""
    known = room.registers.current().known
    committed = room.writes.commit(
        lambda transaction: open_session(transaction, raw, actor=actor, known=known)
    )
    return committed.result


def run_act(
    room: StaffRoom, actor: Actor, session: bytes, act: Act, raw: Mapping[str, Any]
) -> Session:
    """Carry an act out, wait for the replica, and return the session as it is then.

    What is refused with 409 is kept on record with the words that were typed. Raises a Refusal.
    """
    known = room.registers.current().known
    seen = read_seen(raw.get("seen"))
    return commit_or_keep(
        room.log,
        room.writes,
        lambda transaction: carry_out_act(
            transaction,
            session,
            act,
            raw,
            actor=actor,
            known=known,
            seen=seen,
            folder=room.log.folder,
        ),
        lambda transaction, code: attempts.record(
            transaction, {"session": session}, act, raw, by=actor.signature, code=code, seen=seen
        ),
    )
