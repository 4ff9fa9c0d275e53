"""派单: the office hands a matter to a lead unit and assisting units, with a time limit."""

from acts.field import Field, FieldKind
from acts.refusals import N_, BadFields, FieldProblem
from eventlog.events import Event
from matters.command import UNFRAMED, Command, Situation
from matters.limits.deadlines import due_at
from matters.matter import Matter
from matters.orders import clock
from matters.shapes import WrongShape, bytes_in, text_in, texts_in, time_in
from matters.terms import Grade, MatterEvent, Role, State


def _assigned(matter: Matter, event: Event) -> None:
    if matter.replied_at is not None:
        matter.round += 1
    lead = text_in(event.data, "lead")
    if not lead:
        raise WrongShape("lead")
    matter.lead = lead
    matter.assisting = texts_in(event.data, "assisting")
    matter.tasks = ()
    matter.handover = bytes_in(event.data, "handover", matter.handover)
    matter.assigned_at = event.at
    matter.accepted_at, matter.handler = None, b""
    matter.result = matter.reply_rating = matter.result_rating = ""
    matter.unhappy = ()
    clock.start(matter, event)
    matter.return_by = time_in(event.data, "return_by", None)


def _check_assigned(situation: Situation) -> None:
    """Set the limit where none is given, and count both limits by the county's calendar."""
    data, rules = situation.data, situation.known.rules
    assisting = data.get("assisting", ())
    if data["lead"] in assisting:
        problem = FieldProblem("assisting", "lead-too", N_("主办单位不能同时是协办单位。"))
        raise BadFields([problem])
    if "limit" not in data:
        urgent = situation.matter.grade is Grade.URGENT
        data["limit"] = rules.limit_for(assisting=len(assisting), urgent=urgent)
    calendar, now = situation.known.calendar, situation.now_ms
    data["due_at"] = due_at(now, data["limit"], calendar)
    data["return_by"] = due_at(now, rules.return_within, calendar)


COMMANDS = (
    Command(
        "assign",
        MatterEvent.ASSIGNED,
        N_("派单：交办"),
        (Role.OFFICE,),
        (*UNFRAMED, State.REPLIED),
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
                hint=N_(
                    "如“一个月”“20天”“10个工作日”；不填就按规则：单独办一个月，有协办两个月，紧急的更短"
                ),
            ),
            Field("demand", FieldKind.WORDS, N_("办理要求"), required=False, max_length=2000),
        ),
        order=N_("派单"),
        check=_check_assigned,
        change=_assigned,
    ),
)
