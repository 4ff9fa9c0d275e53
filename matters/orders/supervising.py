"""督单: deputies press and inspect; what is overdue is raised level by level."""

from acts.field import Field, FieldKind
from acts.refusals import N_
from eventlog.events import Event
from matters.command import WITH_UNIT, Command, Fact, Situation
from matters.limits.deadlines import due_at
from matters.matter import Matter
from matters.orders.fields import until
from matters.shapes import text_in, time_in
from matters.terms import MatterEvent, Role, State

_ANSWER_BY = until(
    N_("要求单位在哪一天前回应"), required=False, hint=N_("不填就按办理规则里的催办时限")
)


def _pressed(matter: Matter, event: Event) -> None:
    matter.pressed += 1
    if matter.open_with_unit:
        matter.press_due_at = time_in(event.data, "until", None)


def _inspected(matter: Matter, event: Event) -> None:
    matter.inspected += 1
    if matter.open_with_unit:
        matter.press_due_at = time_in(event.data, "until", matter.press_due_at)


def _check_answer_by(situation: Situation) -> None:
    """A press or an inspection has a limit of its own, by which the unit answers it."""
    world = situation.known
    if "until" not in situation.data:
        situation.data["until"] = due_at(situation.now_ms, world.rules.press_within, world.calendar)


def _escalated(matter: Matter, event: Event) -> None:
    matter.level = text_in(event.data, "level")
    matter.late = True


COMMANDS = (
    Command(
        "press",
        MatterEvent.PRESSED,
        N_("督单：催办"),
        (Role.DEPUTY, Role.OFFICE),
        WITH_UNIT,
        None,
        (Field("text", FieldKind.WORDS, N_("催办的话"), max_length=2000), _ANSWER_BY),
        told=("text",),
        order=N_("督单"),
        check=_check_answer_by,
        change=_pressed,
    ),
    Command(
        "inspect",
        MatterEvent.INSPECTED,
        N_("督单：视察记录"),
        (Role.DEPUTY,),
        (*WITH_UNIT, State.REPLIED),
        None,
        (
            Field("found", FieldKind.WORDS, N_("办到哪一步了"), max_length=2000),
            Field("problem", FieldKind.WORDS, N_("有什么问题"), max_length=2000),
            Field("next", FieldKind.WORDS, N_("下一步怎么办"), max_length=2000),
            _ANSWER_BY,
        ),
        told=("found", "problem", "next"),
        order=N_("督单"),
        check=_check_answer_by,
        change=_inspected,
    ),
)

FACTS = (Fact(MatterEvent.ESCALATED, WITH_UNIT, None, change=_escalated),)
