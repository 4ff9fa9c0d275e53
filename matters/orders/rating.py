"""评单: the person rates reply and result apart; it is closed, or goes round again."""

from acts.field import Field, FieldKind
from acts.refusals import N_, BadFields, NotNow, Refusal
from eventlog.events import Event
from matters.command import ANY_STATE, WITH_UNIT, Command, Fact, Situation
from matters.known import Known
from matters.matter import Matter
from matters.orders import clock
from matters.orders.fields import rating, until
from matters.refusals import NotContent, RoundsLeft
from matters.shapes import bytes_in, text_in, time_in
from matters.terms import MatterEvent, Rating, Role, State

_RATED = (State.REPLIED, State.MERGED, State.CLOSED)
_ANSWERED = (State.REPLIED, State.CLOSED, State.REFERRED, State.DECLINED, State.MERGED)


def _ratable(matter: Matter, at_ms: int) -> Refusal | None:
    """A merged matter is rated once its answer came; a closed one where nobody rated it."""
    if matter.state is State.MERGED and not matter.answered:
        return NotNow(N_("还没有答复，等有了答复再评。"))
    if matter.state is State.CLOSED and matter.result_rating:
        return NotNow(N_("这件事已经评过并办结了。"))
    return None


def _rated(matter: Matter, event: Event) -> None:
    matter.reply_rating = text_in(event.data, "reply_rating")
    matter.result_rating = text_in(event.data, "result_rating")
    matter.rated_at = event.at
    if matter.unsatisfied:
        _open_again(matter, event)


def _open_again(matter: Matter, event: Event) -> None:
    """It was closed because nobody spoke up; now somebody does. A verdict stands."""
    if matter.state is State.CLOSED and matter.answer != matter.verdict:
        matter.state, matter.closed_at = State.REPLIED, None
        matter.decided_rank = max(matter.decided_rank, event.rank)


def _check_rating(situation: Situation) -> None:
    data = situation.data
    unsatisfied = Rating.UNSATISFIED in (data["reply_rating"], data["result_rating"])
    if unsatisfied and not situation.texts.get("comment"):
        message = N_("不满意时，请说一说哪里不满意。")
        raise BadFields.of("comment", "required", message)


def _echo_rated(matter: Matter, event: Event) -> None:
    """A merged villager rated: their newest word counts, and opens what was closed without them."""
    follower = bytes_in(event.data, "from")
    if matter.state not in (State.REPLIED, State.CLOSED):
        # It goes round again already, or ended elsewhere: the step itself is all there is to keep.
        return
    ratings = (event.data.get("reply_rating"), event.data.get("result_rating"))
    matter.unhappy = tuple(other for other in matter.unhappy if other != follower)
    if Rating.UNSATISFIED in ratings:
        matter.unhappy = (*matter.unhappy, follower)
        _open_again(matter, event)


def _reported_back(matter: Matter, event: Event) -> None:
    matter.reported_at = event.at


def _evaluated(matter: Matter, event: Event) -> None:
    matter.deputy_reply_rating = text_in(event.data, "reply_rating")
    matter.deputy_result_rating = text_in(event.data, "result_rating")


def _decidable(matter: Matter, at_ms: int) -> Refusal | None:
    """Whether there is anything to decide; that the rounds are over, the county's rules say."""
    if matter.unsatisfied or matter.overdue(at_ms):
        return None
    return None if matter.round > 1 and not matter.content_with else NotNow(_NOTHING_TO_DECIDE)


_NOTHING_TO_DECIDE = N_("没有逾期，群众也没有说不满意，用不着常委会决定。")


def _rounds_over(matter: Matter, known: Known, now_ms: int) -> Refusal | None:
    """The last round has to fail as well; a unit that begins a further one keeps nobody waiting."""
    rounds = known.rules.rounds
    if matter.round < rounds:
        return RoundsLeft(round=matter.round, rounds=rounds)
    failed = matter.unsatisfied or matter.overdue(now_ms) or matter.round > rounds
    return None if failed else NotNow(_NOTHING_TO_DECIDE)


def _check_decided(situation: Situation) -> None:
    if "until" in situation.data and not situation.matter.lead:
        message = N_("现在没有承办单位，请先派单，或者不填日期。")
        raise BadFields.of("until", "no-unit", message)


def _decided(matter: Matter, event: Event) -> None:
    """The standing committee explains and decides; with a day, the unit has to act until then."""
    matter.verdict = matter.answer = event.id
    matter.replied_at = event.at
    matter.unhappy = ()
    day = time_in(event.data, "until", None)
    if day is None or not matter.lead:
        matter.closed_at = event.at
        clock.stop(matter, event)
        return
    matter.state = State.IN_HAND
    matter.round += 1
    matter.reply_rating = matter.result_rating = ""
    clock.fix(matter, event, day)


def _closed(matter: Matter, event: Event) -> None:
    matter.closed_at = event.at


def _unrated(matter: Matter, at_ms: int) -> Refusal | None:
    """A merged villager's discontent is a rating, too: what they rated does not lapse."""
    if matter.result_rating or matter.unsatisfied:
        return NotNow(N_("这件事已经评过了。"))
    return None if matter.answered else NotNow(_NOT_ANSWERED)


def _closable(matter: Matter, at_ms: int) -> Refusal | None:
    if matter.unsatisfied:
        return NotContent()
    return None if matter.answered else NotNow(_NOT_ANSWERED)


_NOT_ANSWERED = N_("还没有答复，不能办结。")


COMMANDS = (
    Command(
        "report-back",
        MatterEvent.REPORTED_BACK,
        N_("评单：向群众回访"),
        (Role.DEPUTY,),
        _ANSWERED,
        None,
        (Field("text", FieldKind.WORDS, N_("怎么告诉本人的，本人怎么说"), max_length=2000),),
        told=("text",),
        order=N_("评单"),
        change=_reported_back,
    ),
    Command(
        "rate",
        MatterEvent.RATED,
        N_("评单：代群众评价"),
        (Role.LIAISON, Role.DEPUTY, Role.VILLAGER),
        _RATED,
        None,
        (
            *rating(N_("意见")),
            Field(
                "said_by",
                FieldKind.LINE,
                N_("谁说的"),
                required=False,
                max_length=60,
                insisted=True,
                hint=N_("如“本人电话里说”“本人写在评单上”“其子王某代说”"),
            ),
        ),
        told=("comment",),
        order=N_("评单"),
        stands=_ratable,
        check=_check_rating,
        change=_rated,
    ),
    Command(
        "evaluate",
        MatterEvent.EVALUATED,
        N_("评单：代表自己的评价"),
        (Role.DEPUTY,),
        (State.REPLIED, State.CLOSED),
        None,
        rating(N_("代表的意见")),
        order=N_("评单"),
        check=_check_rating,
        change=_evaluated,
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
        stands=_closable,
        change=_closed,
    ),
    Command(
        "decide",
        MatterEvent.DECIDED,
        N_("常委会决定"),
        (Role.OFFICE,),
        (*WITH_UNIT, State.REPLIED),
        State.CLOSED,
        (
            Field("text", FieldKind.WORDS, N_("决定和理由（告诉本人）"), max_length=5000),
            Field("outcome", FieldKind.LINE, N_("决定的结果"), max_length=200),
            until(
                N_("要求单位再办到哪一天"),
                required=False,
                hint=N_("填了日期，单位就要再办；不填，就此办结"),
            ),
        ),
        told=("text", "outcome"),
        committee=True,
        order=N_("评单"),
        stands=_decidable,
        allows=_rounds_over,
        check=_check_decided,
        change=_decided,
    ),
)

FACTS = (
    Fact(MatterEvent.ECHO_RATED, ANY_STATE, None, change=_echo_rated),
    Fact(MatterEvent.LAPSED, (State.REPLIED,), State.CLOSED, stands=_unrated, change=_closed),
)
