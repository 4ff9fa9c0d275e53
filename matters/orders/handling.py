"""办单: the unit takes a matter in hand or returns it, divides it, asks, reports and replies."""

from acts.field import YES_NO, Field, FieldKind
from acts.refusals import N_, BadFields, FieldProblem, NotNow, Refusal
from eventlog.events import Event
from matters.command import WITH_UNIT, Command, Fact, Situation
from matters.known import Known
from matters.limits.deadlines import due_at
from matters.matter import Matter, Task
from matters.orders import clock
from matters.orders.fields import REASON, until
from matters.orders.framing import answered
from matters.refusals import TooLate
from matters.registers.rules import Extension
from matters.shapes import maps_in, text_in, time_in, time_of
from matters.terms import MatterEvent, ResultClass, Role, State


def _is_dispatched(matter: Matter, at_ms: int) -> Refusal | None:
    return None if matter.lead else NotNow(N_("这件事没有交办给哪个单位。"))


def _accepted(matter: Matter, event: Event) -> None:
    matter.accepted_at = event.at
    matter.handler = event.id if "handler" in event.words else b""


def _returned(matter: Matter, event: Event) -> None:
    matter.lead, matter.assisting, matter.tasks = "", (), ()
    matter.returns += 1
    if matter.replied_at is not None:
        # The round that the unit did not go counts when another unit is given it.
        matter.round = max(1, matter.round - 1)
    clock.stop(matter, event)


def _returnable(matter: Matter, known: Known, now_ms: int) -> Refusal | None:
    late = matter.return_by is not None and now_ms > matter.return_by
    return TooLate() if late else None


def _check_asked(situation: Situation) -> None:
    """Say until when the clock waits at most, and where the limit then stands."""
    matter, data, world = situation.matter, situation.data, situation.known
    until = due_at(situation.now_ms, world.rules.answer_within, world.calendar)
    due = clock.due_while_asked(matter, situation.now_ms, until, world.calendar)
    data["until"] = until
    if due is not None:
        data["due_at"] = due


def _divided(matter: Matter, event: Event) -> None:
    tasks = [
        Task(unit=text_in(part, "unit"), until=time_of(part.get("until")), event=event.id, index=n)
        for n, part in enumerate(maps_in(event.data, "parts"))
    ]
    matter.tasks = (*matter.tasks, *tasks)
    others = {task.unit for task in tasks} - {matter.lead, *matter.assisting}
    matter.assisting = (*matter.assisting, *sorted(others))


def _check_divided(situation: Situation) -> None:
    due = situation.matter.due_at
    if due is None or due < situation.now_ms:
        # What is overdue as a whole has no limit that a part could keep.
        return
    for part in situation.data["parts"]:
        if part["until"] > due:
            message = N_("分给各单位的期限，不能晚于整件事的期限。")
            raise BadFields.of("parts", "after-due", message)


def _extension_asked(matter: Matter, event: Event) -> None:
    day = time_of(event.data.get("until"))
    if event.data.get("granted"):
        matter.extensions += 1
        clock.extend(matter, event, day)
    else:
        matter.extension_until = day


def _one_at_a_time(matter: Matter, at_ms: int) -> Refusal | None:
    if matter.extension_until is not None:
        return NotNow(N_("已经申请过延期，正等办公室批。"))
    return None


def _check_extension(situation: Situation) -> None:
    """An extension leads past the present limit; some counties record it at once (H26)."""
    due = situation.matter.due_at
    if due is not None and situation.data["until"] <= due:
        problem = FieldProblem("until", "not-later", N_("新期限要晚于现在的期限。"))
        raise BadFields([problem])
    if situation.known.rules.extension is Extension.RECORDED:
        situation.data["granted"] = True


def _extension_decided(matter: Matter, event: Event) -> None:
    day = matter.extension_until
    matter.extension_until = None
    if event.data.get("granted") == "yes" and day is not None:
        matter.extensions += 1
        clock.extend(matter, event, day)


def _extension_waits(matter: Matter, at_ms: int) -> Refusal | None:
    if matter.extension_until is None:
        return NotNow(N_("现在没有要批的延期申请。"))
    return None


def _progressed(matter: Matter, event: Event) -> None:
    matter.press_due_at = None
    unit = text_in(event.data, "unit")
    if event.data.get("done") == "yes" and unit:
        for task in matter.tasks:
            if task.unit == unit:
                task.done = True


def _check_progress(situation: Situation) -> None:
    situation.data["unit"] = situation.actor.unit


def _explained(matter: Matter, event: Event) -> None:
    """The unit said why, and takes it up again: the matter goes round once more (H30)."""
    matter.round += 1
    matter.reply_rating = matter.result_rating = ""
    matter.unhappy = ()
    clock.fix(matter, event, time_of(event.data.get("until")))


def _has_to_explain(matter: Matter, at_ms: int) -> Refusal | None:
    answered = matter.state is State.REPLIED and matter.unsatisfied
    if matter.lead and (answered or matter.overdue(at_ms)):
        return None
    return NotNow(N_("没有逾期，群众也没有说不满意，现在不用说明原因。"))


def _limit_moved(matter: Matter, event: Event) -> None:
    if time_in(event.data, "due_at", None) is not None:
        clock.moved(matter, event)


COMMANDS = (
    Command(
        "accept",
        MatterEvent.ACCEPTED,
        N_("办单：接单"),
        (Role.UNIT,),
        (State.ASSIGNED,),
        State.IN_HAND,
        (
            Field(
                "handler",
                FieldKind.LINE,
                N_("承办人（姓名、电话）"),
                required=False,
                max_length=60,
                insisted=True,
                hint=N_("每件事都有人负责；办公室、代表和联络员看得到"),
            ),
        ),
        only_lead=True,
        order=N_("办单"),
        stands=_is_dispatched,
        change=_accepted,
    ),
    Command(
        "return",
        MatterEvent.RETURNED,
        N_("退回：不属本单位"),
        (Role.UNIT,),
        WITH_UNIT,
        State.ADOPTED,
        (REASON,),
        only_lead=True,
        order=N_("办单"),
        allows=_returnable,
        change=_returned,
    ),
    Command(
        "reply",
        MatterEvent.REPLIED,
        N_("办单：答复"),
        (Role.UNIT,),
        WITH_UNIT,
        State.REPLIED,
        (
            Field("text", FieldKind.WORDS, N_("答复内容")),
            Field("result", FieldKind.CHOICE, N_("办理结果"), choices=tuple(ResultClass)),
        ),
        told=("text",),
        only_lead=True,
        order=N_("办单"),
        change=answered,
    ),
    Command(
        "progress",
        MatterEvent.PROGRESSED,
        N_("记录进展"),
        (Role.UNIT,),
        WITH_UNIT,
        None,
        (
            Field("text", FieldKind.WORDS, N_("进展情况")),
            Field(
                "done",
                FieldKind.CHOICE,
                N_("分给本单位的部分办完了吗"),
                required=False,
                choices=YES_NO,
            ),
        ),
        told=("text",),
        order=N_("办单"),
        check=_check_progress,
        change=_progressed,
    ),
    Command(
        "ask",
        MatterEvent.ASKED,
        N_("问群众一个问题"),
        (Role.LIAISON, Role.DEPUTY, Role.OFFICE, Role.UNIT),
        (State.RECEIVED, State.ADOPTED, *WITH_UNIT),
        None,
        (
            Field(
                "text",
                FieldKind.WORDS,
                N_("要问的话"),
                max_length=2000,
                hint=N_("群众在自己的页面上看到并回答；回答之前，办理期限停着"),
            ),
        ),
        told=("text",),
        order=N_("办单"),
        check=_check_asked,
        change=clock.pause,
    ),
    Command(
        "divide",
        MatterEvent.DIVIDED,
        N_("分给几个单位办"),
        (Role.UNIT,),
        WITH_UNIT,
        None,
        (Field("parts", FieldKind.PARTS, N_("分工"), max_length=500),),
        only_lead=True,
        order=N_("办单"),
        check=_check_divided,
        change=_divided,
    ),
    Command(
        "ask-extension",
        MatterEvent.EXTENSION_ASKED,
        N_("申请延期"),
        (Role.UNIT,),
        WITH_UNIT,
        None,
        (until(N_("延到哪一天")), REASON),
        told=("reason",),
        only_lead=True,
        order=N_("办单"),
        stands=_one_at_a_time,
        check=_check_extension,
        change=_extension_asked,
    ),
    Command(
        "grant-extension",
        MatterEvent.EXTENSION_DECIDED,
        N_("批延期"),
        (Role.OFFICE,),
        WITH_UNIT,
        None,
        (
            Field("granted", FieldKind.CHOICE, N_("同意延期"), choices=YES_NO),
            REASON,
        ),
        told=("reason",),
        order=N_("派单"),
        stands=_extension_waits,
        change=_extension_decided,
    ),
    Command(
        "explain",
        MatterEvent.EXPLAINED,
        N_("说明原因，重新办理"),
        (Role.UNIT,),
        (*WITH_UNIT, State.REPLIED),
        State.IN_HAND,
        (
            Field("cause", FieldKind.WORDS, N_("为什么没办好"), max_length=2000),
            until(N_("重新办到哪一天")),
        ),
        told=("cause",),
        only_lead=True,
        order=N_("办单"),
        stands=_has_to_explain,
        change=_explained,
    ),
)

FACTS = (Fact(MatterEvent.LIMIT_MOVED, WITH_UNIT, None, change=_limit_moved),)
