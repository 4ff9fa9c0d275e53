"""A matter as its events fold to it: one value that says everything but the words."""

from typing import Any

import msgspec

from matters.terms import Channel, Grade, Kind, Publicity, State


class Step(msgspec.Struct, kw_only=True):
    """One event in the life of a matter.

    `at` is milliseconds, UTC; `by` as in the event; `event` its id, under which `words` (names
    of texts) are found. A contested step was illegal where it stood and changed nothing.
    """

    at: int
    type: str
    by: str
    event: bytes
    rank: int
    data: dict[str, Any] = {}
    words: tuple[str, ...] = ()
    contested: bool = False


class Matter(msgspec.Struct, kw_only=True):
    """The folded state of a matter. Times are milliseconds since 1970, UTC, or None.

    `version` is the highest rank, which forms carry as `seen`. `answer` and `public` point to the
    event whose words hold the answer and the public text. `batch` is the import it came with.
    `quarantine` is the id that it claimed although another matter has it (DESIGN decision 2).
    """

    id: bytes
    number: str = ""
    state: State = State.RECEIVED
    version: int = 0
    kind: Kind = Kind.HELP
    category: str = ""
    area: str = ""
    station: str = ""
    deputy: str = ""
    channel: Channel = Channel.WEB
    grade: Grade = Grade.NORMAL
    share_phone: bool = False
    publish: bool = False
    under_14: bool = False
    has_contact: bool = False
    photos: tuple[dict[str, Any], ...] = ()
    content: bytes = b""
    quarantine: bytes = b""
    source_number: str = ""
    batch: bytes = b""
    received_at: int = 0
    assigned_at: int | None = None
    due_at: int | None = None
    replied_at: int | None = None
    closed_at: int | None = None
    lead: str = ""
    assisting: tuple[str, ...] = ()
    limit: str = ""
    round: int = 1
    result: str = ""
    reply_rating: str = ""
    result_rating: str = ""
    publicity: Publicity = Publicity.NONE
    published_at: int | None = None
    title: bytes = b""
    answer: bytes = b""
    public: bytes = b""
    steps: list[Step] = []
    # The ranks at which the state was last decided, and its text last hidden from the public.
    decided_rank: int = -1
    hidden_rank: int = -1

    @property
    def contested(self) -> list[Step]:
        """The steps that were illegal where they stood."""
        return [step for step in self.steps if step.contested]

    @property
    def answered(self) -> bool:
        """Whether there is an answer in words on record (for the ledger)."""
        return self.replied_at is not None
