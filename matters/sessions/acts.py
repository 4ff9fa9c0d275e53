"""What is done in a face-to-face session: its kinds, its events, and the table of its acts.

The console's forms, the interface, the OpenAPI document and the rules read this one table.
"""

from enum import StrEnum
from typing import NamedTuple

from acts.refusals import N_
from matters.terms import Role


class SessionKind(StrEnum):
    """How deputies meet those who handle matters (L20, L25, L27, X03, X17)."""

    FACE_TO_FACE = "face_to_face"
    DIRECTOR = "director"
    INQUIRY = "inquiry"
    RESEARCH = "research"


class SessionMode(StrEnum):
    """How the congress supervises: 深度、集中、专项监督 (X03)."""

    IN_DEPTH = "in_depth"
    CONCENTRATED = "concentrated"
    SPECIAL_ITEM = "special_item"


class SessionEvent(StrEnum):
    """Every type of event that a session's subject can hold."""

    OPENED = "session.opened"
    QUESTION_PUT = "session.question_put"
    ANSWER_GIVEN = "session.answer_given"
    PROMISE_MADE = "session.promise_made"
    PROMISE_KEPT = "session.promise_kept"
    FINDING_MADE = "session.finding_made"
    VOTE_HELD = "session.vote_held"
    CORRECTED = "session.corrected"
    ERASED = "session.erased"
    CLOSED = "session.closed"


class Ask(StrEnum):
    """What a field asks for, and so how it is checked and shown."""

    WORDS = "words"
    LINE = "line"
    CHOICE = "choice"
    DATE = "date"
    COUNT = "count"
    STATION = "station"
    UNIT = "unit"
    UNITS = "units"
    DEPUTIES = "deputies"
    DEPUTY = "deputy"
    MATTER = "matter"
    MATTERS = "matters"
    QUESTION = "question"
    PROMISE = "promise"
    ENTRY = "entry"


class SessionField(NamedTuple):
    """One field. Words and lines are free text and stand beside the log."""

    name: str
    ask: Ask
    label: str
    required: bool = True
    choices: tuple[str, ...] = ()
    max_length: int = 10_000
    hint: str = ""

    @property
    def is_text(self) -> bool:
        """Whether the value is free text, which never stands in an event."""
        return self.ask in (Ask.WORDS, Ask.LINE)


class Act(NamedTuple):
    """One act. `while_open`: only before the session is closed."""

    name: str
    type: SessionEvent
    label: str
    roles: tuple[Role, ...]
    fields: tuple[SessionField, ...]
    while_open: bool = True


_MINUTES = (Role.OFFICE, Role.DEPUTY, Role.LIAISON)
_ABOUT = SessionField(
    "about", Ask.MATTER, N_("关于哪一件（编号）"), required=False, hint=N_("不填就是不针对某一件。")
)
_UNIT = SessionField("unit", Ask.UNIT, N_("单位"))
_QUESTION = SessionField("question", Ask.QUESTION, N_("答的是哪一问"), required=False)

OPENING = (
    SessionField("kind", Ask.CHOICE, N_("形式"), choices=tuple(SessionKind)),
    SessionField("title", Ask.LINE, N_("主题"), max_length=100),
    SessionField("held_on", Ask.DATE, N_("哪一天")),
    SessionField("station", Ask.STATION, N_("在哪个联络站"), required=False),
    SessionField("mode", Ask.CHOICE, N_("监督方式"), required=False, choices=tuple(SessionMode)),
    SessionField("units", Ask.UNITS, N_("到场的单位"), hint=N_("由单位负责人到场。")),
    SessionField("deputies", Ask.DEPUTIES, N_("参加的代表"), required=False),
    SessionField(
        "matters",
        Ask.MATTERS,
        N_("要问的事项（编号）"),
        required=False,
        hint=N_("可以写几个编号，一行一个。"),
    ),
)

_ROWS = (
    Act(
        "question",
        SessionEvent.QUESTION_PUT,
        N_("记一个提问"),
        _MINUTES,
        (
            SessionField("asker", Ask.LINE, N_("谁问的"), required=False, max_length=60),
            SessionField("deputy", Ask.DEPUTY, N_("提问的代表"), required=False),
            _UNIT._replace(label=N_("问哪个单位")),
            SessionField("text", Ask.WORDS, N_("问了什么")),
            _ABOUT,
        ),
    ),
    Act(
        "answer",
        SessionEvent.ANSWER_GIVEN,
        N_("记一个回答"),
        (*_MINUTES, Role.UNIT),
        (
            _QUESTION,
            _UNIT._replace(label=N_("答的单位")),
            SessionField("person", Ask.LINE, N_("谁答的（姓名、职务）"), max_length=60),
            SessionField("text", Ask.WORDS, N_("怎么答的")),
        ),
    ),
    Act(
        "promise",
        SessionEvent.PROMISE_MADE,
        N_("记一个承诺"),
        (*_MINUTES, Role.UNIT),
        (
            _QUESTION._replace(label=N_("为哪一问承诺")),
            _UNIT._replace(label=N_("承诺的单位")),
            SessionField(
                "person", Ask.LINE, N_("谁负责（主管领导或专班）"), required=False, max_length=60
            ),
            SessionField("text", Ask.WORDS, N_("承诺办到什么")),
            SessionField("until", Ask.DATE, N_("哪一天前办到")),
            _ABOUT,
        ),
    ),
    Act(
        "keep",
        SessionEvent.PROMISE_KEPT,
        N_("查承诺：兑现了没有"),
        (Role.OFFICE, Role.DEPUTY),
        (
            SessionField("promise", Ask.PROMISE, N_("哪一个承诺")),
            SessionField("kept", Ask.CHOICE, N_("兑现了没有"), choices=("yes", "no")),
            SessionField("text", Ask.WORDS, N_("查到的情况"), max_length=2000),
        ),
        while_open=False,
    ),
    Act(
        "finding",
        SessionEvent.FINDING_MADE,
        N_("记一条发现：问题的症结"),
        _MINUTES,
        (
            SessionField("text", Ask.WORDS, N_("查明了什么")),
            _ABOUT,
        ),
    ),
    Act(
        "vote",
        SessionEvent.VOTE_HELD,
        N_("记满意度测评"),
        _MINUTES,
        (
            SessionField("topic", Ask.LINE, N_("测评什么"), max_length=100),
            _ABOUT,
            _UNIT._replace(label=N_("测评哪个单位"), required=False),
            SessionField("satisfied", Ask.COUNT, N_("满意（票）")),
            SessionField("basically", Ask.COUNT, N_("基本满意（票）")),
            SessionField("unsatisfied", Ask.COUNT, N_("不满意（票）")),
        ),
    ),
    Act(
        "correct",
        SessionEvent.CORRECTED,
        N_("更正一条记录"),
        (*_MINUTES, Role.UNIT),
        (
            SessionField("entry", Ask.ENTRY, N_("哪一条")),
            SessionField("text", Ask.WORDS, N_("更正后的文字")),
            SessionField("reason", Ask.LINE, N_("为什么更正"), max_length=200),
        ),
        while_open=False,
    ),
    Act(
        "close",
        SessionEvent.CLOSED,
        N_("散会：不再记提问和回答"),
        (Role.OFFICE, Role.DEPUTY),
        (SessionField("text", Ask.WORDS, N_("小结"), required=False),),
    ),
    Act(
        "erase",
        SessionEvent.ERASED,
        N_("删除一条的文字"),
        (Role.OFFICE,),
        (
            SessionField("entry", Ask.ENTRY, N_("哪一条")),
            SessionField("reason", Ask.LINE, N_("理由"), max_length=200),
        ),
        while_open=False,
    ),
)

ACTS: dict[str, Act] = {act.name: act for act in _ROWS}

KINDS: dict[str, str] = {
    "face_to_face": N_("面对面"),
    "director": N_("局长进站"),
    "inquiry": N_("专题询问"),
    "research": N_("专项调研"),
}
MODES: dict[str, str] = {
    "in_depth": N_("深度监督"),
    "concentrated": N_("集中监督"),
    "special_item": N_("专项监督"),
}
EVENTS: dict[str, str] = {
    "session.opened": N_("开会"),
    "session.question_put": N_("问"),
    "session.answer_given": N_("答"),
    "session.promise_made": N_("承诺"),
    "session.promise_kept": N_("查承诺"),
    "session.finding_made": N_("发现"),
    "session.vote_held": N_("测评"),
    "session.corrected": N_("更正"),
    "session.erased": N_("删除文字"),
    "session.closed": N_("散会"),
}
KEPT: dict[str, str] = {"yes": N_("兑现了"), "no": N_("没有兑现")}
# Which list a choice of a field belongs to.
CHOICES: dict[str, dict[str, str]] = {"kind": KINDS, "mode": MODES, "kept": KEPT}
