"""Acceptance: what the hub takes in of a station's events, and what it keeps in quarantine.

A station acts for villagers, for its liaison officers and for deputies. An office's, a unit's or an
administrator's act from there is none: its key was stolen, or its software is not ours. Such an
event is kept and shown, and is not folded. What its data says is left to `fold`, and of the types
that are not known here nothing is judged: they have to come back byte for byte.
"""

from enum import StrEnum
from typing import Any

import msgspec

from deputies.activities import ACTIVITIES, Activity
from deputies.shifts import SHIFTS, Shift
from eventlog.events import Event
from matters.commands import COMMAND_OF_TYPE
from matters.documents.document import DocumentEvent
from matters.nodes.concerns import REACH, Places, Reach
from matters.sessions.acts import SessionEvent
from matters.terms import MatterEvent, RecordEvent, Role
from stations.register_log import subject_of


class Reason(StrEnum):
    """Why an event of a station's is not folded; a code that is kept with it."""

    ROLE = "not-a-stations-role"
    HUB_ONLY = "hub-only"
    OTHER_STATION = "other-station"
    NO_RECORD = "no-record"
    SUBJECT = "wrong-subject"


AT_STATIONS = (Role.VILLAGER, Role.LIAISON, Role.DEPUTY)
_STAFF = (Role.LIAISON, Role.DEPUTY)
# Facts that stand beside what people do; all others the hub's office and timekeeper write.
_FACTS: dict[str, tuple[Role, ...]] = {
    MatterEvent.RAISED: AT_STATIONS,
    MatterEvent.MESSAGED: AT_STATIONS,
    MatterEvent.ECHOED: _STAFF,
    MatterEvent.ECHO_RATED: AT_STATIONS,
    RecordEvent.ATTEMPTED: _STAFF,
    RecordEvent.CONTACT_READ: (Role.LIAISON,),
}
_EDITED: dict[str, type[Shift | Activity]] = {SHIFTS.noun: Shift, ACTIVITIES.noun: Activity}
_OTHERS = {*MatterEvent, *RecordEvent, *SessionEvent, *DocumentEvent, "handover.held"}


def why_not(
    event: Event,
    *,
    station: str,
    places: Places,
    noun: str = "",
    record: str | None = None,
    standing: str | None = None,
) -> str:
    """Return why the hub does not fold an event of a station's, a `Reason`; "" where it does.

    `noun` is the one that the hub folds the subject by already, or "". For an edit of a register
    `record` is the text that came with the event, and `standing` the record that stands at the
    hub under that id; None where there is none.
    """
    if noun and event.noun in REACH and event.noun != noun:
        # What is one thing at the hub can't be made another by an event of low rank.
        return Reason.SUBJECT
    if REACH.get(event.noun) is Reach.EVERYWHERE:
        return _why_not_edit(event, station, places, record, standing)
    role = event.by.partition(":")[0]
    command = COMMAND_OF_TYPE.get(event.type)
    if command is not None or event.type in _FACTS:
        allowed = command.roles if command is not None else _FACTS[event.type]
        if not any(allowed_role in AT_STATIONS for allowed_role in allowed):
            return Reason.HUB_ONLY
        return "" if role in AT_STATIONS and role in allowed else Reason.ROLE
    return Reason.HUB_ONLY if event.type in _OTHERS else ""


def _why_not_edit(
    event: Event, station: str, places: Places, record: str | None, standing: str | None
) -> str:
    """A liaison officer keeps the shifts and activities of their own station and its points."""
    verb = event.type.partition(".")[2]
    if verb not in ("set", "removed"):
        return ""
    kind = _EDITED.get(event.noun)
    if kind is None:
        return Reason.HUB_ONLY
    if event.by.partition(":")[0] != Role.LIAISON:
        return Reason.ROLE
    if event.subject != subject_of(event.noun, str(event.data.get("id", ""))):
        return Reason.SUBJECT
    if verb == "set" and record is None:
        return Reason.NO_RECORD
    for text in (record if verb == "set" else None, standing):
        if text is None:
            continue
        edited: Any = _read(text, kind)
        if edited is None or edited.id != event.data.get("id"):
            return Reason.NO_RECORD
        if not places.is_of(edited.station, station):
            return Reason.OTHER_STATION
    return ""


def _read(text: str, kind: type[Shift | Activity]) -> Shift | Activity | None:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError:
        return None
