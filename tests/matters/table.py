"""The rules of CONTRACT and the county, written down by hand, and matters that they speak of.

For each command the roles, the states it is possible from and where it leads; in `refusal_of`,
what the matter has to be like beside its state; and every case of a matter, lived through.
"""

from collections.abc import Iterator
from typing import NamedTuple

from eventlog.identifiers import parse_uuid
from matters.actors import VILLAGER, Actor
from matters.lifecycle import fold
from matters.matter import Matter
from matters.terms import MatterEvent, Role
from tests.eventlog.notes import START_MS
from tests.matters.county import (
    ADMIN,
    AREAS,
    CONTESTED,
    DEPUTY,
    DEPUTY_ELSEWHERE,
    LIAISON,
    LIAISON_ELSEWHERE,
    OFFICE,
    ROADS,
    WATER,
    History,
)

DAY_MS = 86_400_000
UNFRAMED = "received adopted"
WITH_UNIT = "assigned in_hand"
ANY = "received adopted assigned in_hand replied closed merged referred declined"

# command: (roles, states that it is possible from, the state that it leads to or "")
TABLE = {
    "adopt": ("deputy office", "received", "adopted"),
    "answer": ("liaison deputy office", UNFRAMED, "replied"),
    "merge": ("office", UNFRAMED, "merged"),
    "split": ("office", UNFRAMED, ""),
    "refer": ("office", UNFRAMED, "referred"),
    "decline": ("office", UNFRAMED, "declined"),
    "key": ("office", f"{UNFRAMED} {WITH_UNIT} replied", ""),
    "assign": ("office", f"{UNFRAMED} replied", "assigned"),
    "accept": ("unit", "assigned", "in_hand"),
    "return": ("unit", WITH_UNIT, "adopted"),
    "ask": ("liaison deputy office unit", f"{UNFRAMED} {WITH_UNIT}", ""),
    "divide": ("unit", WITH_UNIT, ""),
    "ask-extension": ("unit", WITH_UNIT, ""),
    "grant-extension": ("office", WITH_UNIT, ""),
    "progress": ("unit", WITH_UNIT, ""),
    "reply": ("unit", WITH_UNIT, "replied"),
    "press": ("deputy office", WITH_UNIT, ""),
    "inspect": ("deputy", f"{WITH_UNIT} replied", ""),
    "rate": ("liaison deputy villager", "replied merged closed", ""),
    "explain": ("unit", f"{WITH_UNIT} replied", "in_hand"),
    "report-back": ("deputy", "replied closed merged referred declined", ""),
    "evaluate": ("deputy", "replied closed", ""),
    "decide": ("office", f"{WITH_UNIT} replied", "closed"),
    "reclassify": ("office", ANY, ""),
    "resolve": ("office", ANY, ""),
    "erase": ("office", ANY, ""),
    "close": ("office", "replied", "closed"),
    "publish": ("office", "replied closed referred declined", ""),
    "withdraw": ("office", ANY, ""),
}
LEAD_ONLY = ["accept", "return", "divide", "ask-extension", "reply", "explain"]
COMMITTEE_ONLY = ["key", "decide"]
ROUNDS = 2


class Person(NamedTuple):
    """An actor, and how they stand to a matter of Dahe that roads leads and water assists in.

    `near` are those whose place it is, and who speak for the whole county; `unit` is lead,
    assisting or stranger; `presidium` an office that does not speak for the standing committee.
    """

    actor: Actor
    near: bool = True
    unit: str = ""
    presidium: bool = False


HERE, ELSEWHERE = frozenset({AREAS[0]}), frozenset({AREAS[1]})
PEOPLE = {
    "villager": Person(VILLAGER),
    "liaison of the station": Person(LIAISON),
    "liaison of the station alone": Person(Actor(Role.LIAISON, stations=frozenset({"dahe"}))),
    "liaison of another": Person(LIAISON_ELSEWHERE, near=False),
    "liaison of none": Person(Actor(Role.LIAISON, stations=frozenset({""})), near=False),
    "deputy of the village": Person(DEPUTY),
    "deputy of another": Person(DEPUTY_ELSEWHERE, near=False),
    "office of the committee": Person(OFFICE),
    "office of the township's presidium": Person(
        Actor(Role.OFFICE, "o2", areas=HERE, body="presidium-dahe", presidium=True),
        presidium=True,
    ),
    "office of the presidium that it is filed with": Person(
        Actor(Role.OFFICE, "o3", areas=ELSEWHERE, body="filed-with", presidium=True),
        presidium=True,
    ),
    "office of another presidium": Person(
        Actor(Role.OFFICE, "o4", areas=ELSEWHERE, body="other", presidium=True),
        near=False,
        presidium=True,
    ),
    "lead unit": Person(ROADS, unit="lead"),
    "assisting unit": Person(WATER, unit="assisting"),
    "other unit": Person(Actor(Role.UNIT, "u3", unit="schools"), unit="stranger"),
    "unit of no name": Person(Actor(Role.UNIT, "u4"), unit="stranger"),
    "administrator": Person(ADMIN),
    "the node": Person(Actor(Role.SYSTEM)),
}


class Case(NamedTuple):
    """What a matter is like, in the words of the rules."""

    state: str
    rating: str = ""
    round: int = 1
    overdue: bool = False
    return_over: bool = False
    extension_asked: bool = False
    conflict: bool = False
    consent: bool = True
    published: bool = False
    answered: bool = False

    @property
    def dispatched(self) -> bool:
        """Whether units see it."""
        return self.state in ("assigned", "in_hand", "replied", "closed")


def cases() -> Iterator[Case]:
    """Yield what a matter can be like, in every state."""
    for state in ANY.split():
        for conflict in (False, True):
            yield Case(state, conflict=conflict, answered=True)
        match state:
            case "assigned" | "in_hand":
                for round in (1, 2, 3):
                    for overdue in (False, True):
                        for asked in (False, True):
                            yield Case(state, round=round, overdue=overdue, extension_asked=asked)
                yield Case(state, return_over=True)
            case "replied" | "closed":
                ratings = ["", "satisfied", "basically"]
                for rating in [*ratings, "unsatisfied"] if state == "replied" else ratings:
                    for round in (1, 2, 3):
                        yield Case(state, rating, round)
                yield Case(state, consent=False)
                yield Case(state, published=True)
            case "merged":
                yield Case(state)
                yield Case(state, "unsatisfied", answered=True)
            case "referred" | "declined":
                yield Case(state, published=True)
                yield Case(state, consent=False)


CASES = list(cases())


def refusal_of(person: Person, name: str, case: Case) -> str:
    """Return the code with which the command is to be refused, "" where it is possible."""
    roles, states, _ = TABLE[name]
    if person.actor.role not in roles.split() or not person.near:
        return "not-this-role"
    if person.actor.role is Role.UNIT:
        if person.unit == "stranger" or not case.dispatched:
            return "not-this-role"
        if person.unit == "assisting" and name in LEAD_ONLY:
            return "not-this-role"
    if name in COMMITTEE_ONLY and person.presidium:
        return "not-this-role"
    if case.state not in states.split():
        return "not-from-this-state"
    unsatisfied = case.rating == "unsatisfied"
    failed = case.overdue or unsatisfied
    match name:
        case "return" if case.return_over or case.overdue:
            return "too-late"
        case "divide" if case.overdue:
            # No part may end after the whole, and no day that is over may be set.
            return "bad-fields"
        case "ask-extension" if case.extension_asked:
            return "not-now"
        case "grant-extension" if not case.extension_asked:
            return "not-now"
        case "explain" if not failed:
            return "not-now"
        case "decide":
            return decidable(case, failed)
        case "rate" if case.state == "merged" and not case.answered:
            return "not-now"
        case "rate" if case.state == "closed" and case.rating:
            return "not-now"
        case "close" if unsatisfied:
            return "not-content"
        case "publish" if not case.consent:
            return "no-consent"
        case "withdraw" if not case.published:
            return "not-now"
        case "resolve" if not case.conflict:
            return "not-now"
    return ""


def decidable(case: Case, failed: bool) -> str:
    """The committee decides what failed in its last round, or has begun one beyond the last."""
    if not failed and (case.round == 1 or case.rating):
        return "not-now"
    if case.round < ROUNDS:
        return "rounds-left"
    return "" if failed or case.round > ROUNDS else "not-now"


ASSIGNED = {"lead": "roads", "assisting": ["water"], "limit": "P2M"}
UNHAPPY = {"reply_rating": "satisfied", "result_rating": "unsatisfied"}
RETURN_BY = START_MS + 10 * DAY_MS


def history_of(case: Case) -> History:
    """Live through what brings a matter there; each event is legal where it stands."""
    history = History(**({"publish": True} if case.consent else {}))
    history.add(MatterEvent.RECLASSIFIED, {"category": "streets"})
    if case.state in ("adopted", "assigned", "in_hand", "replied", "closed"):
        history.add(MatterEvent.ADOPTED, {"body": "filed-with"})
    if case.state in ("assigned", "in_hand", "replied", "closed"):
        go_round(history, case)
    match case.state:
        case "referred":
            history.add(MatterEvent.REFERRED)
        case "declined":
            history.add(MatterEvent.DECLINED)
        case "merged":
            history.add(MatterEvent.MERGED, {"into": b"o" * 16})
            if case.answered:
                history.add(MatterEvent.ECHOED, {"of": b"o" * 16})
    if case.rating:
        rating = {"reply_rating": case.rating, "result_rating": case.rating}
        history.add(MatterEvent.RATED, rating)
    if case.state == "closed":
        history.add(MatterEvent.CLOSED)
    if case.published:
        history.add(MatterEvent.PUBLISHED)
    if case.extension_asked:
        history.add(MatterEvent.EXTENSION_ASKED, {"until": START_MS + 90 * DAY_MS})
    if case.conflict:
        kind = MatterEvent.REPLIED if case.state == "received" else MatterEvent.ADOPTED
        history.add(kind, id=parse_uuid(CONTESTED))
    return history


def go_round(history: History, case: Case) -> None:
    """Dispatch, and let the unit handle it as often as the case says."""
    history.add(MatterEvent.ASSIGNED, {**ASSIGNED, "return_by": RETURN_BY})
    for _ in range(case.round - 1):
        history.add(MatterEvent.REPLIED, {"result": "B"}).add(MatterEvent.RATED, UNHAPPY)
        history.add(MatterEvent.ASSIGNED, {**ASSIGNED, "return_by": RETURN_BY})
    if case.state != "assigned":
        history.add(MatterEvent.ACCEPTED)
    if case.state in ("replied", "closed"):
        history.add(MatterEvent.REPLIED, {"result": "A"})


def now_of(case: Case) -> int:
    """Return the time at which the case is looked at: GOOD_FIELDS' days are still to come."""
    days = 70 if case.overdue else 11 if case.return_over else 1
    return START_MS + days * DAY_MS


def matter_of(case: Case) -> Matter:
    """Return the matter, which is what the case says it is."""
    matter = fold(history_of(case).events)
    if case.state not in ("adopted", "assigned", "in_hand", "replied", "closed"):
        matter.body = "filed-with"
    assert matter.state == case.state and matter.round == case.round, case
    assert bool(matter.contested) == case.conflict, case
    assert matter.overdue(now_of(case)) == case.overdue, case
    assert matter.result_rating == case.rating and matter.publish == case.consent, case
    assert (matter.publicity == "published") == case.published, case
    return matter
