"""Beside the six orders: what is public, what is erased, what became of a contested step.

And when the hub had what a node with a wrong clock wrote (`matters/limits/timing.py`).
"""

from acts.field import YES_NO, Field, FieldKind
from acts.refusals import N_, BadFields, FieldProblem, NotNow, Refusal
from eventlog.events import Event
from matters.command import ANY_STATE, Command, Fact, Situation
from matters.known import Known
from matters.matter import Matter
from matters.orders.fields import REASON, TITLE
from matters.refusals import NoConsent
from matters.shapes import texts_in
from matters.terms import Kind, MatterEvent, Publicity, Role, State

_ENDED = (State.REPLIED, State.CLOSED, State.REFERRED, State.DECLINED)
ERASABLE = ("contact", "words")


def may_publish(matter: Matter) -> bool:
    """Return whether a public text is allowed: with consent, and never for a report (举报)."""
    return (matter.publish or bool(matter.batch)) and matter.kind is not Kind.REPORT


def _publishable(matter: Matter, at_ms: int) -> Refusal | None:
    return None if may_publish(matter) else NoConsent()


def _published(matter: Matter, event: Event) -> None:
    matter.publicity = Publicity.PUBLISHED
    matter.published_at = event.at
    matter.public = event.id
    matter.before = texts_in(event.data, "before")
    matter.after = texts_in(event.data, "after")


def _hide(matter: Matter, event: Event) -> None:
    matter.hidden_rank = event.rank
    if matter.publicity is not Publicity.NONE:
        matter.publicity = Publicity.WITHDRAWN


def _shown_once(matter: Matter, at_ms: int) -> Refusal | None:
    """Who withdrew without seeing that another had is no conflict."""
    return NotNow(_NOT_PUBLIC) if matter.publicity is Publicity.NONE else None


_NOT_PUBLIC = N_("这件事没有公开，不用撤回。")


def _withdrawable(matter: Matter, known: Known, now_ms: int) -> Refusal | None:
    shown = matter.publicity in (Publicity.PUBLISHED, Publicity.DRAFT)
    return None if shown else NotNow(_NOT_PUBLIC)


def _conflict_waits(matter: Matter, known: Known, now_ms: int) -> Refusal | None:
    return None if matter.contested else NotNow(N_("这件事没有冲突要处理。"))


def _erased(matter: Matter, event: Event) -> None:
    # The contact goes with the words, too (`matters/erasing/erasing.py`).
    matter.has_contact = False
    if event.data.get("what") != "contact":
        _hide(matter, event)
        matter.before = matter.after = ()


def _check_resolved(situation: Situation) -> None:
    waiting = {step.event for step in situation.matter.contested}
    if situation.data["event"] not in waiting:
        problem = FieldProblem("event", "unknown", N_("没有这一步，或者它没有冲突、已经处理过了。"))
        raise BadFields([problem])


COMMANDS = (
    Command(
        "publish",
        MatterEvent.PUBLISHED,
        N_("公开结果"),
        (Role.OFFICE,),
        _ENDED,
        None,
        (
            TITLE,
            Field("text", FieldKind.WORDS, N_("公开的问题内容")),
            Field("answer", FieldKind.WORDS, N_("公开的答复内容"), required=False),
            Field("before", FieldKind.PICTURES, N_("办理前的照片"), required=False),
            Field("after", FieldKind.PICTURES, N_("办理后的照片"), required=False),
        ),
        stands=_publishable,
        change=_published,
    ),
    Command(
        "withdraw",
        MatterEvent.WITHDRAWN,
        N_("撤回公开"),
        (Role.OFFICE,),
        ANY_STATE,
        None,
        (REASON,),
        stands=_shown_once,
        allows=_withdrawable,
        change=_hide,
    ),
    Command(
        "resolve",
        MatterEvent.RESOLVED,
        N_("处理有冲突的步骤"),
        (Role.OFFICE,),
        ANY_STATE,
        None,
        (
            Field("event", FieldKind.EVENT, N_("哪一步")),
            Field("keep", FieldKind.CHOICE, N_("让它生效"), choices=YES_NO),
            REASON,
        ),
        allows=_conflict_waits,
        check=_check_resolved,
    ),
    Command(
        "erase",
        MatterEvent.ERASED,
        N_("删除个人信息"),
        (Role.OFFICE,),
        ANY_STATE,
        None,
        (
            Field("what", FieldKind.CHOICE, N_("删除什么"), choices=ERASABLE),
            REASON,
        ),
        change=_erased,
    ),
)

# What it changes, `fold` does before all else.
FACTS = (Fact(MatterEvent.TIMED, ANY_STATE, None),)
