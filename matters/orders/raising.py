"""点单: what a villager raises and adds; how a row of an old file becomes a matter."""

from eventlog.events import Event
from matters.command import ANY_STATE, Fact
from matters.matter import Matter
from matters.orders.clock import resume
from matters.shapes import WrongShape, bytes_in, known, maps_in, number_in, text_in, time_of
from matters.terms import Channel, Grade, Kind, MatterEvent, Publicity, State

PEOPLE_MOST = 99_999


def raised(matter: Matter, event: Event) -> bool:
    """Begin the matter; return False where it has begun, or has no number."""
    data = event.data
    number = text_in(data, "number")
    if matter.number or not number:
        return False
    matter.number = number
    matter.kind = known(Kind, data.get("kind"), Kind.HELP)
    matter.channel = known(Channel, data.get("channel"), Channel.WEB)
    matter.grade = known(Grade, data.get("grade"), Grade.NORMAL)
    matter.alarm = bool(data.get("alarm"))
    matter.category = text_in(data, "category")
    matter.area = text_in(data, "area")
    matter.station = text_in(data, "station")
    matter.deputy = text_in(data, "deputy")
    matter.people = min(max(number_in(data, "people", 1), 1), PEOPLE_MOST)
    matter.share_phone = bool(data.get("share_phone"))
    matter.publish = bool(data.get("publish"))
    matter.under_14 = bool(data.get("under_14"))
    matter.photos = maps_in(data, "photos")
    matter.content = bytes_in(data, "content")
    matter.quarantine = bytes_in(data, "quarantine")
    matter.split_from = bytes_in(data, "split_from")
    matter.has_contact = "contact" in event.words or bool(data.get("contact_there"))
    matter.received_at = event.at
    return True


def imported(matter: Matter, event: Event) -> bool:
    """Begin the matter from a row of an old file: its own dates, no clock, a draft public text.

    A report (举报) has no public text, whichever way it came.
    """
    if not raised(matter, event):
        return False
    data = event.data
    matter.received_at = time_of(data.get("received_at", event.at))
    if data.get("replied_at") is not None:
        matter.replied_at = time_of(data["replied_at"])
    matter.batch = bytes_in(data, "batch")
    matter.source_number = text_in(data, "source_number")
    if matter.kind is not Kind.REPORT:
        matter.publicity = Publicity.DRAFT
    matter.public = event.id
    matter.title = event.id if "title" in event.words else b""
    if matter.replied_at is not None:
        matter.state = State.REPLIED
        matter.answer = event.id
    return True


def _late_answer(matter: Matter, event: Event) -> None:
    """An answer from a later file to a row that an earlier one brought in without."""
    if not matter.batch:
        raise WrongShape("batch")
    matter.replied_at = time_of(event.data.get("replied_at"))
    matter.answer = event.id
    # The public text is that of the later file, to be approved with it.
    matter.public = event.id
    matter.batch = bytes_in(event.data, "batch", matter.batch)


FACTS = (
    Fact(
        MatterEvent.ANSWER_IMPORTED,
        (State.RECEIVED,),
        State.REPLIED,
        change=_late_answer,
    ),
    Fact(MatterEvent.MESSAGED, ANY_STATE, None, told=("text",), change=resume),
)
