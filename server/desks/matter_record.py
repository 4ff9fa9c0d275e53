"""A matter for staff: found by its number where it is theirs to see, and as programs get it."""

from typing import Any

from acts.refusals import NotThisRole
from acts.shanghai import iso
from eventlog.identifiers import uuid_text
from eventlog.log import Log
from matters import store
from matters.actors import Actor, may_see
from matters.intake.receipts import read_number
from matters.matter import Matter
from matters.public.public import is_public
from matters.refusals import NotFound
from server.desks.room import DesksRoom
from server.web.locked_texts import as_json

_MANY = ("followers", "parts")


def matter_for(log: Log, actor: Actor, number: str) -> Matter:
    """Return a matter by its number. Raises NotFound, or NotThisRole where it is not theirs."""
    with log.reading() as connection:
        matter = store.by_number(connection, read_number(number) or "")
    if matter is None:
        raise NotFound
    if not may_see(actor, matter):
        raise NotThisRole
    return matter


def matter_json(matter: Matter, title: str) -> dict[str, Any]:
    """Return a matter as lists give it."""
    return {
        "number": matter.number,
        "title": title,
        "state": str(matter.state),
        "desk": str(matter.desk),
        "version": matter.version,
        "kind": str(matter.kind),
        "category": matter.category,
        "area": matter.area,
        "station": matter.station,
        "deputy": matter.deputy,
        "channel": str(matter.channel),
        "grade": str(matter.grade),
        "lead": matter.lead,
        "assisting": list(matter.assisting),
        "limit": matter.limit,
        "round": matter.round,
        "received_at": iso(matter.received_at),
        "assigned_at": iso(matter.assigned_at),
        "due_at": iso(matter.due_at),
        "replied_at": iso(matter.replied_at),
        "closed_at": iso(matter.closed_at),
        "result": matter.result,
        "reply_rating": matter.reply_rating,
        "result_rating": matter.result_rating,
        "publicity": str(matter.publicity),
        "publish": matter.publish,
        "share_phone": matter.share_phone,
        "has_contact": matter.has_contact,
        "people": matter.people,
        "alarm": matter.alarm,
        "key": matter.key,
        "body": matter.body,
        "paused": matter.paused,
        "level": matter.level,
        "pressed": matter.pressed,
        "press_due_at": iso(matter.press_due_at),
        "extension_until": iso(matter.extension_until),
        "extensions": matter.extensions,
        "reported_at": iso(matter.reported_at),
        "deputy_reply_rating": matter.deputy_reply_rating,
        "deputy_result_rating": matter.deputy_result_rating,
        "unrated": matter.unrated,
        "contested": len(matter.contested),
        "quarantine": uuid_text(matter.quarantine) if matter.quarantine else None,
        "imported": bool(matter.batch),
        "numbers": list(matter.numbers),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return uuid_text(value) if len(value) == 16 else value.hex()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def whole_matter(room: DesksRoom, matter: Matter) -> dict[str, Any]:
    """Return a matter with its steps and texts, for staff who may see it."""
    with room.log.reading() as connection:
        texts = store.texts_of(connection, matter)
        answer = matter_json(matter, store.title_of(connection, matter))
        answer["repeats"] = store.likely_repeats(connection, matter)
        public = is_public(connection, matter.id)
        position = store.position_of(connection, matter.id)
        for name, related in (
            ("merged_into", (matter.merged_into,)),
            ("split_from", (matter.split_from,)),
            ("followers", matter.followers),
            ("parts", matter.split_into),
        ):
            numbers = [store.number_of(connection, other) for other in related if other]
            answer[name] = numbers if name in _MANY else "".join(numbers) or None
    answer["tasks"] = [
        {
            "unit": task.unit,
            "until": iso(task.until),
            "task": texts.get((task.event, f"task-{task.index}"), ""),
            "done": task.done,
        }
        for task in matter.tasks
    ]
    answer["safety"] = room.safety.of_matter(matter.id, position)
    answer["notice_url"] = f"{room.address}notices/{matter.number}/" if public else None
    answer["text"] = texts.get((matter.steps[0].event, "text"), "")
    answer["place"] = texts.get((matter.steps[0].event, "place"), "")
    answer["steps"] = [
        {
            "event": uuid_text(step.event),
            "at": iso(step.at),
            "received_at": iso(step.received_at),
            "type": step.type,
            "by": step.by,
            "version": step.rank,
            "contested": step.contested,
            "resolved": step.resolved or None,
            "data": {
                name: _plain(value)
                for name, value in step.data.items()
                if name not in ("content", "photos")
            },
            "words": {
                name: texts[step.event, name] for name in step.words if (step.event, name) in texts
            },
        }
        for step in matter.steps
    ]
    return as_json(answer)
