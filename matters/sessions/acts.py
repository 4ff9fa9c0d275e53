"""What is done in a face-to-face session: its kinds, its events, and the table of its acts.

The console's forms, the interface, the OpenAPI document and the rules read this one table.
"""

from enum import StrEnum

from acts.act import Act
from acts.field import YES_NO, Field, FieldKind
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


class SessionState(StrEnum):
    """Whether questions and answers are still put down."""

    OPEN = "open"
    CLOSED = "closed"


_OPEN = (SessionState.OPEN,)
_ALWAYS = tuple(SessionState)
_MINUTES = (Role.OFFICE, Role.DEPUTY, Role.LIAISON)
_ABOUT = Field(
    "about",
    FieldKind.MATTER,
    N_("关于哪一件（编号）"),
    required=False,
    hint=N_("不填就是不针对某一件。"),
)
_UNIT = Field("unit", FieldKind.UNIT, N_("单位"))
_QUESTION = Field("question", FieldKind.QUESTION, N_("答的是哪一问"), required=False)

OPENING = Act(
    "open",
    SessionEvent.OPENED,
    N_("开会"),
    (Role.OFFICE, Role.DEPUTY),
    (),
    SessionState.OPEN,
    (
        Field("kind", FieldKind.CHOICE, N_("形式"), choices=tuple(SessionKind)),
        Field("title", FieldKind.LINE, N_("主题"), max_length=100),
        Field("held_on", FieldKind.DAY, N_("哪一天")),
        Field("station", FieldKind.STATION, N_("在哪个联络站"), required=False),
        Field("mode", FieldKind.CHOICE, N_("监督方式"), required=False, choices=tuple(SessionMode)),
        Field("units", FieldKind.UNITS, N_("到场的单位"), hint=N_("由单位负责人到场。")),
        Field("deputies", FieldKind.DEPUTIES, N_("参加的代表"), required=False),
        Field(
            "matters",
            FieldKind.MATTERS,
            N_("要问的事项（编号）"),
            required=False,
            hint=N_("可以写几个编号，一行一个。"),
        ),
    ),
)

_ROWS = (
    Act(
        "question",
        SessionEvent.QUESTION_PUT,
        N_("记一个提问"),
        _MINUTES,
        _OPEN,
        None,
        (
            Field("asker", FieldKind.LINE, N_("谁问的"), required=False, max_length=60),
            Field("deputy", FieldKind.DEPUTY, N_("提问的代表"), required=False),
            _UNIT._replace(label=N_("问哪个单位")),
            Field("text", FieldKind.WORDS, N_("问了什么")),
            _ABOUT,
        ),
    ),
    Act(
        "answer",
        SessionEvent.ANSWER_GIVEN,
        N_("记一个回答"),
        (*_MINUTES, Role.UNIT),
        _OPEN,
        None,
        (
            _QUESTION,
            _UNIT._replace(label=N_("答的单位")),
            Field("person", FieldKind.LINE, N_("谁答的（姓名、职务）"), max_length=60),
            Field("text", FieldKind.WORDS, N_("怎么答的")),
        ),
    ),
    Act(
        "promise",
        SessionEvent.PROMISE_MADE,
        N_("记一个承诺"),
        (*_MINUTES, Role.UNIT),
        _OPEN,
        None,
        (
            _QUESTION._replace(label=N_("为哪一问承诺")),
            _UNIT._replace(label=N_("承诺的单位")),
            Field(
                "person",
                FieldKind.LINE,
                N_("谁负责（主管领导或专班）"),
                required=False,
                max_length=60,
            ),
            Field("text", FieldKind.WORDS, N_("承诺办到什么")),
            Field("until", FieldKind.UNTIL, N_("哪一天前办到")),
            _ABOUT,
        ),
    ),
    Act(
        "keep",
        SessionEvent.PROMISE_KEPT,
        N_("查承诺：兑现了没有"),
        (Role.OFFICE, Role.DEPUTY),
        _ALWAYS,
        None,
        (
            Field("promise", FieldKind.PROMISE, N_("哪一个承诺")),
            Field("kept", FieldKind.CHOICE, N_("兑现了没有"), choices=YES_NO),
            Field("text", FieldKind.WORDS, N_("查到的情况"), max_length=2000),
        ),
    ),
    Act(
        "finding",
        SessionEvent.FINDING_MADE,
        N_("记一条发现：问题的症结"),
        _MINUTES,
        _OPEN,
        None,
        (
            Field("text", FieldKind.WORDS, N_("查明了什么")),
            _ABOUT,
        ),
    ),
    Act(
        "vote",
        SessionEvent.VOTE_HELD,
        N_("记满意度测评"),
        _MINUTES,
        _OPEN,
        None,
        (
            Field("topic", FieldKind.LINE, N_("测评什么"), max_length=100),
            _ABOUT,
            _UNIT._replace(label=N_("测评哪个单位"), required=False),
            Field("satisfied", FieldKind.COUNT, N_("满意（票）")),
            Field("basically", FieldKind.COUNT, N_("基本满意（票）")),
            Field("unsatisfied", FieldKind.COUNT, N_("不满意（票）")),
        ),
    ),
    Act(
        "correct",
        SessionEvent.CORRECTED,
        N_("更正一条记录"),
        (*_MINUTES, Role.UNIT),
        _ALWAYS,
        None,
        (
            Field("entry", FieldKind.ENTRY, N_("哪一条")),
            Field("text", FieldKind.WORDS, N_("更正后的文字")),
            Field("reason", FieldKind.LINE, N_("为什么更正"), max_length=200),
        ),
    ),
    Act(
        "close",
        SessionEvent.CLOSED,
        N_("散会：不再记提问和回答"),
        (Role.OFFICE, Role.DEPUTY),
        _OPEN,
        SessionState.CLOSED,
        (Field("text", FieldKind.WORDS, N_("小结"), required=False),),
    ),
    Act(
        "erase",
        SessionEvent.ERASED,
        N_("删除一条的文字"),
        (Role.OFFICE,),
        _ALWAYS,
        None,
        (
            Field("entry", FieldKind.ENTRY, N_("哪一条")),
            Field("reason", FieldKind.LINE, N_("理由"), max_length=200),
        ),
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
