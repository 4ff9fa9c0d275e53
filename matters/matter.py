"""A matter as its events fold to it: one value that says everything but the words."""

from typing import Any

import msgspec

from matters.terms import Channel, Desk, Grade, Kind, MatterEvent, Publicity, Rating, State


class Step(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One event in the life of a matter.

    `at` is milliseconds, UTC, by the clock of the node that wrote it; where that was wrong, the
    step counts from `received_at`, when the hub had it. `by` is as in the event; `event` its id,
    under which `words` (names of texts) are found. A contested step was illegal where it stood
    and changed nothing; `resolved` says what the office made of it then: "kept", "dropped", or ""
    as long as it waits.
    """

    at: int
    type: str
    by: str
    event: bytes
    rank: int
    data: dict[str, Any] = {}
    words: tuple[str, ...] = ()
    contested: bool = False
    resolved: str = ""
    received_at: int | None = None

    @property
    def counts_from(self) -> int:
        """The time from which what the step does is counted."""
        return self.at if self.received_at is None else self.received_at

    @property
    def stands(self) -> bool:
        """Whether the step counts: it was legal, or the office kept it."""
        return not self.contested or self.resolved == "kept"


class Task(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A unit's part of a matter that the lead unit divided (L23).

    Its text is the word `task-{index}` of `event`; `until` is ms, UTC.
    """

    unit: str
    until: int
    event: bytes
    index: int
    done: bool = False


class Matter(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The folded state of a matter. Times are milliseconds since 1970, UTC, or None.

    `version` is the highest rank, which forms carry as `seen`. `answer` and `public` point to the
    event whose words hold the answer and the public text. `batch` is the import it came with.
    `quarantine` is the id that it claimed although another matter has it (DESIGN decision 2).
    """

    id: bytes
    number: str = ""
    # Other numbers that it was given, by another node or before it was renumbered.
    numbers: tuple[str, ...] = ()
    state: State = State.RECEIVED
    version: int = 0
    kind: Kind = Kind.HELP
    category: str = ""
    area: str = ""
    station: str = ""
    deputy: str = ""
    # The body that a framed suggestion is filed with, by its deputy's level (L14).
    body: str = ""
    channel: Channel = Channel.WEB
    grade: Grade = Grade.NORMAL
    # Whether its first words sound urgent, as long as nobody has graded it (S20).
    alarm: bool = False
    # A key suggestion, chosen by the chairpersons' meeting (L20).
    key: bool = False
    # How many people raised it, those of the matters that were merged into it included (L10).
    people: int = 1
    share_phone: bool = False
    publish: bool = False
    under_14: bool = False
    has_contact: bool = False
    photos: tuple[dict[str, Any], ...] = ()
    content: bytes = b""
    quarantine: bytes = b""
    source_number: str = ""
    batch: bytes = b""
    merged_into: bytes = b""
    followers: tuple[bytes, ...] = ()
    split_from: bytes = b""
    split_into: tuple[bytes, ...] = ()
    # The handover that it was dispatched with.
    handover: bytes = b""
    received_at: int = 0
    assigned_at: int | None = None
    accepted_at: int | None = None
    due_at: int | None = None
    replied_at: int | None = None
    rated_at: int | None = None
    reported_at: int | None = None
    closed_at: int | None = None
    lead: str = ""
    # The event that names the person in charge at the lead unit (H09).
    handler: bytes = b""
    assisting: tuple[str, ...] = ()
    tasks: tuple[Task, ...] = ()
    # The limit, from when it counts, and whether a fixed date has taken its place.
    limit: str = ""
    limit_from: int | None = None
    limit_fixed: bool = False
    # Until when the unit may say that it is not theirs.
    return_by: int | None = None
    returns: int = 0
    # While the villager is asked something, since and at most until when, and the limit before.
    paused_at: int | None = None
    pause_until: int | None = None
    due_before: int | None = None
    paused_days: int = 0
    # An extension that is asked for and not yet decided; how many were granted.
    extension_until: int | None = None
    extensions: int = 0
    # How often it was pressed or inspected, and until when the unit has to answer that.
    pressed: int = 0
    press_due_at: int | None = None
    inspected: int = 0
    # Up to which level its being overdue was raised: "", head, office, committee.
    level: str = ""
    # Whether any limit was missed.
    late: bool = False
    round: int = 1
    result: str = ""
    reply_rating: str = ""
    result_rating: str = ""
    deputy_reply_rating: str = ""
    deputy_result_rating: str = ""
    # The merged matters whose villagers are unsatisfied with the present answer.
    unhappy: tuple[bytes, ...] = ()
    # The event by which the standing committee decided.
    verdict: bytes = b""
    publicity: Publicity = Publicity.NONE
    published_at: int | None = None
    title: bytes = b""
    answer: bytes = b""
    public: bytes = b""
    # The SHA-256 of pictures that stand with the public text (H13).
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    steps: list[Step] = []
    # The ranks at which the state was last decided, and its text last hidden from the public.
    decided_rank: int = -1
    hidden_rank: int = -1

    @property
    def contested(self) -> list[Step]:
        """The steps that were illegal where they stood, and wait for the office."""
        return [step for step in self.steps if step.contested and not step.resolved]

    @property
    def words_erased(self) -> bool:
        """Whether its words, and its photos with them, were erased."""
        return any(
            step.type == MatterEvent.ERASED and step.stands and step.data.get("what") == "words"
            for step in self.steps
        )

    @property
    def answered(self) -> bool:
        """Whether there is an answer in words on record (for the ledger)."""
        return self.replied_at is not None

    @property
    def answer_imported(self) -> bool:
        """Whether the present answer is that of an old file."""
        return any(
            step.event == self.answer
            and step.type in (MatterEvent.IMPORTED, MatterEvent.ANSWER_IMPORTED)
            for step in self.steps
        )

    @property
    def unsatisfied(self) -> bool:
        """Whether the person, or one who was merged with them, is not content with the answer."""
        return bool(self.unhappy) or Rating.UNSATISFIED in (
            self.reply_rating,
            self.result_rating,
        )

    @property
    def content_with(self) -> bool:
        """Whether the person rated, and is at least basically content with reply and result."""
        return bool(self.result_rating) and not self.unsatisfied

    @property
    def unrated(self) -> bool:
        """Whether it was closed though the person never said how content they are."""
        return self.state is State.CLOSED and not self.result_rating and not self.verdict

    @property
    def settled(self) -> bool:
        """Whether it is solved: an answer of class A, or none with a class, and nobody unhappy.

        "Answered" alone is never called settled (DESIGN decision 15).
        """
        if not self.answered or self.unsatisfied:
            return False
        return self.result == "A" or (not self.result and self.content_with)

    @property
    def paused(self) -> bool:
        """Whether the clock stands still until the villager answers."""
        return self.paused_at is not None

    @property
    def in_working_days(self) -> bool:
        """Whether its limit is counted in working days, and no fixed date has taken its place."""
        return self.limit.endswith("B") and not self.limit_fixed

    @property
    def open_with_unit(self) -> bool:
        """Whether a unit has it in hand, so that a limit runs."""
        return self.state in (State.ASSIGNED, State.IN_HAND)

    def overdue(self, now_ms: int) -> bool:
        """Return whether the unit's limit is over."""
        return self.open_with_unit and self.due_at is not None and now_ms > self.due_at

    @property
    def desk(self) -> Desk:
        """On whose desk it lies. Ended matters lie on none; every other lies on exactly one."""
        match self.state:
            case State.RECEIVED:
                return Desk.FRAME
            case State.ADOPTED:
                return Desk.DISPATCH
            case State.ASSIGNED:
                return Desk.ACCEPT
            case State.IN_HAND:
                return Desk.HANDLE
            case State.MERGED:
                return Desk.NONE if self.answered else Desk.FOLLOW
            case State.REPLIED:
                return self._desk_of_answer()
            case _:
                return Desk.NONE

    def _desk_of_answer(self) -> Desk:
        if self.unsatisfied:
            return Desk.EXPLAIN if self.lead else Desk.DISPATCH
        if self.batch and self.answer_imported:
            # A row of an old file waits for nothing.
            return Desk.NONE
        return Desk.CLOSE if self.result_rating else Desk.RATE
