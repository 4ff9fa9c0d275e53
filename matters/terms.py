"""The closed lists of the lifecycle: states, roles, kinds, channels, ratings, event types."""

from enum import StrEnum


class State(StrEnum):
    """Where a matter stands."""

    RECEIVED = "received"
    ADOPTED = "adopted"
    ASSIGNED = "assigned"
    IN_HAND = "in_hand"
    REPLIED = "replied"
    CLOSED = "closed"
    MERGED = "merged"
    REFERRED = "referred"
    DECLINED = "declined"


class Role(StrEnum):
    """Who acts. A villager has no account; `system` is the node itself."""

    VILLAGER = "villager"
    LIAISON = "liaison"
    DEPUTY = "deputy"
    OFFICE = "office"
    UNIT = "unit"
    ADMIN = "admin"
    SYSTEM = "system"


STAFF = (Role.LIAISON, Role.DEPUTY, Role.OFFICE, Role.UNIT, Role.ADMIN)


class Kind(StrEnum):
    """What a villager wants: 咨询、求助、投诉、举报、建议."""

    INQUIRY = "inquiry"
    HELP = "help"
    COMPLAINT = "complaint"
    REPORT = "report"
    SUGGESTION = "suggestion"


class Channel(StrEnum):
    """How a matter came in (L08). All but the first two are for staff."""

    WEB = "web"
    QR = "qr"
    VISIT = "visit"
    PHONE = "phone"
    LETTER = "letter"
    MARKET = "market"
    LETTERBOX = "letterbox"
    SMS = "sms"
    HOTLINE = "hotline"
    IMPORT = "import"


PUBLIC_CHANNELS = (Channel.WEB, Channel.QR)


class Rating(StrEnum):
    """How content a person is: 满意、基本满意、不满意."""

    SATISFIED = "satisfied"
    BASICALLY = "basically"
    UNSATISFIED = "unsatisfied"


class ResultClass(StrEnum):
    """What came of a matter; the labels are the county's, for local use differs."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class Grade(StrEnum):
    """How pressing a matter is (L12, S20)."""

    NORMAL = "normal"
    URGENT = "urgent"


class Publicity(StrEnum):
    """What the public may read of a matter beyond its line in the ledger."""

    NONE = "none"
    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class MatterEvent(StrEnum):
    """Every type of event that a matter's subject can hold."""

    RAISED = "matter.raised"
    IMPORTED = "matter.imported"
    ANSWER_IMPORTED = "matter.answer_imported"
    MESSAGED = "matter.messaged"
    RENUMBERED = "matter.renumbered"
    ADOPTED = "matter.adopted"
    ANSWERED = "matter.answered"
    MERGED = "matter.merged"
    JOINED = "matter.joined"
    PARTED = "matter.parted"
    ECHOED = "matter.echoed"
    ECHO_RATED = "matter.echo_rated"
    SPLIT = "matter.split"
    KEYED = "matter.keyed"
    REFERRED = "matter.referred"
    DECLINED = "matter.declined"
    ASSIGNED = "matter.assigned"
    ACCEPTED = "matter.accepted"
    RETURNED = "matter.returned"
    ASKED = "matter.asked"
    DIVIDED = "matter.divided"
    EXTENSION_ASKED = "matter.extension_asked"
    EXTENSION_DECIDED = "matter.extension_decided"
    LIMIT_MOVED = "matter.limit_moved"
    PROGRESSED = "matter.progressed"
    REPLIED = "matter.replied"
    PRESSED = "matter.pressed"
    INSPECTED = "matter.inspected"
    ESCALATED = "matter.escalated"
    RATED = "matter.rated"
    EXPLAINED = "matter.explained"
    REPORTED_BACK = "matter.reported_back"
    EVALUATED = "matter.evaluated"
    DECIDED = "matter.decided"
    LAPSED = "matter.lapsed"
    RECLASSIFIED = "matter.reclassified"
    RESOLVED = "matter.resolved"
    ERASED = "matter.erased"
    TIMED = "matter.timed"
    CLOSED = "matter.closed"
    PUBLISHED = "matter.published"
    WITHDRAWN = "matter.withdrawn"


class Desk(StrEnum):
    """On whose desk a matter lies: what has to be done with it next, and so by whom."""

    FRAME = "frame"
    DISPATCH = "dispatch"
    ACCEPT = "accept"
    HANDLE = "handle"
    RATE = "rate"
    EXPLAIN = "explain"
    CLOSE = "close"
    FOLLOW = "follow"
    NONE = "none"


class RecordEvent(StrEnum):
    """Events beside matters: what was refused, who looked at a contact, imports as a whole."""

    ATTEMPTED = "attempt.refused"
    CONTACT_READ = "contact.read"
    IMPORT_STARTED = "import.started"
    IMPORT_APPROVED = "import.approved"
