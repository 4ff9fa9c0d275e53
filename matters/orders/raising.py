"""点单: what a villager raises and adds; how a row of an old file becomes a matter."""

from eventlog.events import Event
from matters.command import ANY_STATE, Fact
from matters.matter import Matter
from matters.orders.clock import resume
from matters.shapes import WrongShape, bytes_in, known, maps_in, number_in, text_in, time_of
from matters.terms import Channel, Grade, Kind, MatterEvent, Publicity, State

PEOPLE_MOST = 99_999


def raised(matter: Matter, event: Event) -> bool:
    """Begin the matter; return False where it has no number, or has begun with something else.

    A phone may send one submission to two nodes, which know nothing of each other.
    """
    data = event.data
    number = text_in(data, "number")
    if matter.number and number and event.rank == 0:
        return _raised_elsewhere(matter, event, number)
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


def _raised_elsewhere(matter: Matter, event: Event, number: str) -> bool:
    """Take in that another node was sent the submission too; return whether it says the same.

    Number and photos are the matter's in either case, for the person was given the one and sent the
    others. What one submission left empty, the other fills in; of the consents only what was given
    both times stands.
    """
    data = event.data
    if number not in (matter.number, *matter.numbers):
        matter.numbers = (*matter.numbers, number)
    kind = known(Kind, data.get("kind"), Kind.HELP)
    places = {field: text_in(data, field) for field in ("category", "area", "station", "deputy")}
    people = min(max(number_in(data, "people", 1), 1), PEOPLE_MOST)
    there = {str(photo.get("sha256", "")) for photo in matter.photos}
    photos = [
        photo for photo in maps_in(data, "photos") if str(photo.get("sha256", "")) not in there
    ]
    matter.photos = (*matter.photos, *photos)
    if kind is not matter.kind or any(step.type == MatterEvent.IMPORTED for step in matter.steps):
        return False
    for field, value in places.items():
        if value and getattr(matter, field) not in ("", value):
            return False
    for field, value in places.items():
        setattr(matter, field, getattr(matter, field) or value)
    if known(Grade, data.get("grade"), Grade.NORMAL) is Grade.URGENT:
        matter.grade = Grade.URGENT
    matter.alarm = matter.alarm or bool(data.get("alarm"))
    matter.people = max(matter.people, people)
    matter.share_phone = matter.share_phone and bool(data.get("share_phone"))
    matter.publish = matter.publish and bool(data.get("publish"))
    matter.under_14 = matter.under_14 or bool(data.get("under_14"))
    matter.has_contact = (
        matter.has_contact or "contact" in event.words or bool(data.get("contact_there"))
    )
    return True


def _renumbered(matter: Matter, event: Event) -> None:
    """Give the matter another number, for another matter has its own; the old one opens it, too."""
    number = text_in(event.data, "number")
    if not number:
        raise WrongShape("number")
    others = (*matter.numbers, matter.number)
    matter.numbers = tuple(dict.fromkeys(other for other in others if other != number))
    matter.number = number


def imported(matter: Matter, event: Event) -> bool:
    """Begin the matter from a row of an old file: its own dates, no clock, a draft public text.

    A report (举报) has no public text, whichever way it came.
    """
    if matter.number or not raised(matter, event):
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
    Fact(MatterEvent.RENUMBERED, ANY_STATE, None, change=_renumbered),
)
