"""The table of commands: who may, from which state, with which fields, and where it leads.

Rules, routes, the console's buttons, the OpenAPI document and the role × state test all read this
one table; a further command of CONTRACT is a further row.
"""

from enum import StrEnum
from typing import NamedTuple

from matters.refusals import N_
from matters.terms import Grade, Kind, MatterEvent, Rating, ResultClass, Role, State


class FieldKind(StrEnum):
    """How a field is checked, and how the console asks for it."""

    WORDS = "words"
    LINE = "line"
    CHOICE = "choice"
    LIMIT = "limit"
    UNIT = "unit"
    UNITS = "units"
    CATEGORY = "category"
    AREA = "area"


class Field(NamedTuple):
    """One field of a command. Words and lines are free text and stand beside the log."""

    name: str
    kind: FieldKind
    label: str
    required: bool = True
    choices: tuple[str, ...] = ()
    max_length: int = 10_000
    hint: str = ""

    @property
    def is_text(self) -> bool:
        """Whether the value is free text, which never stands in an event."""
        return self.kind in (FieldKind.WORDS, FieldKind.LINE)


class Command(NamedTuple):
    """One command. `to` is the state that it leads to, or None where it changes none.

    `told` are the texts that the villager is shown on the matter's page. `only_lead` asks that a
    unit is the one that the matter is dispatched to.
    """

    name: str
    type: MatterEvent
    label: str
    roles: tuple[Role, ...]
    states: tuple[State, ...]
    to: State | None
    fields: tuple[Field, ...] = ()
    told: tuple[str, ...] = ()
    only_lead: bool = False
    order: str = ""


ANY_STATE = tuple(State)
_OPEN = (State.RECEIVED, State.ADOPTED)
_WITH_UNIT = (State.ASSIGNED, State.IN_HAND)
_ENDED = (State.REPLIED, State.CLOSED, State.REFERRED, State.DECLINED)

_RATINGS = tuple(Rating)
_TITLE = Field("title", FieldKind.LINE, N_("标题"), max_length=60)
_REASON = Field("reason", FieldKind.WORDS, N_("理由"), max_length=2000)

_ROWS = (
    Command(
        "adopt",
        MatterEvent.ADOPTED,
        N_("定单：受理"),
        (Role.DEPUTY, Role.OFFICE),
        (State.RECEIVED,),
        State.ADOPTED,
        (
            _TITLE,
            Field("category", FieldKind.CATEGORY, N_("类别"), required=False),
            Field("grade", FieldKind.CHOICE, N_("轻重缓急"), required=False, choices=tuple(Grade)),
        ),
        order=N_("定单"),
    ),
    Command(
        "answer",
        MatterEvent.ANSWERED,
        N_("当场答复"),
        (Role.LIAISON, Role.DEPUTY, Role.OFFICE),
        _OPEN,
        State.REPLIED,
        (Field("text", FieldKind.WORDS, N_("答复内容")),),
        told=("text",),
        order=N_("定单"),
    ),
    Command(
        "assign",
        MatterEvent.ASSIGNED,
        N_("派单：交办"),
        (Role.OFFICE,),
        (*_OPEN, State.REPLIED),
        State.ASSIGNED,
        (
            Field("lead", FieldKind.UNIT, N_("主办单位")),
            Field("assisting", FieldKind.UNITS, N_("协办单位"), required=False),
            Field(
                "limit",
                FieldKind.LIMIT,
                N_("办理时限"),
                required=False,
                max_length=12,
                hint=N_("P1M 是一个月，P20D 是二十天；不填则单独办理一个月，有协办两个月"),
            ),
            Field("demand", FieldKind.WORDS, N_("办理要求"), required=False, max_length=2000),
        ),
        order=N_("派单"),
    ),
    Command(
        "refer",
        MatterEvent.REFERRED,
        N_("转送上级或法定渠道"),
        (Role.OFFICE,),
        _OPEN,
        State.REFERRED,
        (
            Field("to", FieldKind.LINE, N_("转往何处"), max_length=200),
            _REASON,
        ),
        told=("to", "reason"),
        order=N_("派单"),
    ),
    Command(
        "decline",
        MatterEvent.DECLINED,
        N_("不予受理"),
        (Role.OFFICE,),
        _OPEN,
        State.DECLINED,
        (
            _REASON,
            Field("route", FieldKind.WORDS, N_("可以找谁"), max_length=2000),
        ),
        told=("reason", "route"),
        order=N_("定单"),
    ),
    Command(
        "accept",
        MatterEvent.ACCEPTED,
        N_("办单：接单"),
        (Role.UNIT,),
        (State.ASSIGNED,),
        State.IN_HAND,
        only_lead=True,
        order=N_("办单"),
    ),
    Command(
        "return",
        MatterEvent.RETURNED,
        N_("退回：不属本单位"),
        (Role.UNIT,),
        _WITH_UNIT,
        State.ADOPTED,
        (_REASON,),
        only_lead=True,
        order=N_("办单"),
    ),
    Command(
        "progress",
        MatterEvent.PROGRESSED,
        N_("记录进展"),
        (Role.UNIT,),
        _WITH_UNIT,
        None,
        (Field("text", FieldKind.WORDS, N_("进展情况")),),
        told=("text",),
        order=N_("办单"),
    ),
    Command(
        "reply",
        MatterEvent.REPLIED,
        N_("办单：答复"),
        (Role.UNIT,),
        _WITH_UNIT,
        State.REPLIED,
        (
            Field("text", FieldKind.WORDS, N_("答复内容")),
            Field("result", FieldKind.CHOICE, N_("办理结果"), choices=tuple(ResultClass)),
        ),
        told=("text",),
        only_lead=True,
        order=N_("办单"),
    ),
    Command(
        "rate",
        MatterEvent.RATED,
        N_("评单：代群众评价"),
        (Role.LIAISON, Role.DEPUTY, Role.VILLAGER),
        (State.REPLIED,),
        None,
        (
            Field("reply_rating", FieldKind.CHOICE, N_("对答复"), choices=_RATINGS),
            Field("result_rating", FieldKind.CHOICE, N_("对结果"), choices=_RATINGS),
            Field("comment", FieldKind.WORDS, N_("意见"), required=False, max_length=2000),
            Field("said_by", FieldKind.LINE, N_("谁说的"), required=False, max_length=60),
        ),
        told=("comment",),
        order=N_("评单"),
    ),
    Command(
        "reclassify",
        MatterEvent.RECLASSIFIED,
        N_("改类别"),
        (Role.OFFICE,),
        ANY_STATE,
        None,
        (
            Field("category", FieldKind.CATEGORY, N_("类别"), required=False),
            Field("kind", FieldKind.CHOICE, N_("性质"), required=False, choices=tuple(Kind)),
            Field("grade", FieldKind.CHOICE, N_("轻重缓急"), required=False, choices=tuple(Grade)),
            Field("area", FieldKind.AREA, N_("村（社区）"), required=False),
        ),
    ),
    Command(
        "close",
        MatterEvent.CLOSED,
        N_("办结"),
        (Role.OFFICE,),
        (State.REPLIED,),
        State.CLOSED,
        (Field("text", FieldKind.WORDS, N_("办结说明"), max_length=2000),),
        told=("text",),
        order=N_("评单"),
    ),
    Command(
        "publish",
        MatterEvent.PUBLISHED,
        N_("公开结果"),
        (Role.OFFICE,),
        _ENDED,
        None,
        (
            _TITLE,
            Field("text", FieldKind.WORDS, N_("公开的问题内容")),
            Field("answer", FieldKind.WORDS, N_("公开的答复内容"), required=False),
        ),
    ),
    Command(
        "withdraw",
        MatterEvent.WITHDRAWN,
        N_("撤回公开"),
        (Role.OFFICE,),
        ANY_STATE,
        None,
        (_REASON,),
    ),
    Command(
        "erase",
        MatterEvent.ERASED,
        N_("删除个人信息"),
        (Role.OFFICE,),
        ANY_STATE,
        None,
        (
            Field("what", FieldKind.CHOICE, N_("删除什么"), choices=("contact", "words")),
            _REASON,
        ),
    ),
)

COMMANDS: dict[str, Command] = {command.name: command for command in _ROWS}
COMMAND_OF_TYPE: dict[str, Command] = {command.type: command for command in _ROWS}
