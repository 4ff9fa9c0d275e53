"""定单: a deputy answers at once or takes the matter up; like ones merge, mixed ones are split.

What belongs to a higher level or a statutory channel is referred there; the person is told so.
"""

from acts.field import YES_NO, Field, FieldKind
from acts.refusals import N_, BadFields
from eventlog.events import Event
from matters.command import ANY_STATE, OPEN, UNFRAMED, Command, Fact, Situation
from matters.matter import Matter
from matters.orders import clock
from matters.orders.fields import CATEGORY, GRADE, REASON, TITLE
from matters.orders.raising import PEOPLE_MOST
from matters.registers.routes import RouteKind
from matters.shapes import WrongShape, all_bytes_in, bytes_in, known, number_in, text_in
from matters.terms import Grade, Kind, MatterEvent, Publicity, Role, State


def _adopted(matter: Matter, event: Event) -> None:
    matter.title = event.id
    matter.category = text_in(event.data, "category", matter.category)
    matter.grade = known(Grade, event.data.get("grade"), matter.grade)
    matter.body = text_in(event.data, "body", matter.body)
    matter.deputy = text_in(event.data, "deputy", matter.deputy)
    matter.alarm = False


def _check_adopted(situation: Situation) -> None:
    """File the suggestion with the body that it belongs to, and note who took it up (L14)."""
    data, actor, world = situation.data, situation.actor, situation.known
    if actor.deputy and not situation.matter.deputy:
        # Whom the villager wrote to stays named, though another takes it up.
        data["deputy"] = actor.deputy
    if "body" not in data:
        body = world.body_of_deputy.get(actor.deputy) or world.body_of_area.get(
            situation.matter.area
        )
        if body:
            data["body"] = body


def answered(matter: Matter, event: Event) -> None:
    """An answer in words: on the spot, or by the unit."""
    matter.answer = event.id
    matter.replied_at = event.at
    matter.result = text_in(event.data, "result")
    matter.reply_rating = matter.result_rating = ""
    matter.unhappy = ()
    if matter.due_at is not None and event.at > matter.due_at:
        matter.late = True
    matter.paused_at = matter.pause_until = matter.due_before = None
    matter.press_due_at = matter.extension_until = None


def _merged(matter: Matter, event: Event) -> None:
    """Follow another matter. What was answered before is no answer of the one it follows now."""
    into = bytes_in(event.data, "into")
    if not into or into == matter.id:
        raise WrongShape("into")
    matter.merged_into = into
    matter.answer, matter.replied_at, matter.result = b"", None, ""
    matter.reply_rating = matter.result_rating = ""
    matter.unhappy = ()
    clock.stop(matter, event)


def _check_merge(situation: Situation) -> None:
    if situation.data["into"] == situation.matter.id:
        _refuse("into", "itself", N_("不能和自己合并，请填另一件的编号。"))


def _refuse(field: str, code: str, message: str) -> None:
    raise BadFields.of(field, code, message)


def _joined(matter: Matter, event: Event) -> None:
    follower = bytes_in(event.data, "from")
    if follower and follower not in matter.followers:
        matter.followers = (*matter.followers, follower)
        matter.people += min(max(number_in(event.data, "people", 1), 1), PEOPLE_MOST)


def _parted(matter: Matter, event: Event) -> None:
    """A merging was undone in a conflict: its people are counted where they are."""
    follower = bytes_in(event.data, "from")
    people = min(max(number_in(event.data, "people", 1), 1), PEOPLE_MOST)
    matter.followers = tuple(other for other in matter.followers if other != follower)
    matter.unhappy = tuple(other for other in matter.unhappy if other != follower)
    matter.people = max(1, matter.people - people)


def _echoed(matter: Matter, event: Event) -> None:
    matter.answer = event.id
    matter.replied_at = event.at
    matter.result = text_in(event.data, "result")
    matter.reply_rating = matter.result_rating = ""


def _split(matter: Matter, event: Event) -> None:
    matter.split_into = (*matter.split_into, *all_bytes_in(event.data, "parts"))


def _ended(matter: Matter, event: Event) -> None:
    """Referred or declined: what is told the person is the answer in words."""
    matter.answer = event.id
    matter.replied_at = event.at
    clock.stop(matter, event)


def _check_referred(situation: Situation) -> None:
    """Tell the address and phone of a place that the county has on its list.

    That it is a higher level's stands in the event, since its hub is given the matter then.
    """
    texts = situation.texts
    for route in situation.known.routes.values():
        if texts["to"] in (route.id, route.name):
            texts["to"] = route.name
            if route.kind is RouteKind.HIGHER:
                situation.data["higher"] = True
            if not texts.get("address"):
                way = (route.address, route.phone, route.hours, route.note)
                texts["address"] = "\n".join(words for words in way if words)
    if not texts.get("address"):
        texts.pop("address", None)


def _reclassified(matter: Matter, event: Event) -> None:
    matter.category = text_in(event.data, "category", matter.category)
    matter.area = text_in(event.data, "area", matter.area)
    matter.kind = known(Kind, event.data.get("kind"), matter.kind)
    matter.grade = known(Grade, event.data.get("grade"), matter.grade)
    if "grade" in event.data:
        matter.alarm = False
    if matter.kind is Kind.REPORT:
        matter.hidden_rank = event.rank
        if matter.publicity is not Publicity.NONE:
            matter.publicity = Publicity.WITHDRAWN


def _check_reclassified(situation: Situation) -> None:
    if not situation.data:
        _refuse("category", "required", N_("请至少改一项。"))


def _keyed(matter: Matter, event: Event) -> None:
    matter.key = event.data.get("key") == "yes"


COMMANDS = (
    Command(
        "adopt",
        MatterEvent.ADOPTED,
        N_("定单：受理"),
        (Role.DEPUTY, Role.OFFICE),
        (State.RECEIVED,),
        State.ADOPTED,
        (
            TITLE,
            CATEGORY,
            GRADE,
            Field(
                "body",
                FieldKind.BODY,
                N_("提交给哪个机构"),
                required=False,
                hint=N_(
                    "不选就按代表的层级定：县级以上代表交县人大常委会，乡镇代表交乡镇人大主席团"
                ),
            ),
        ),
        order=N_("定单"),
        check=_check_adopted,
        change=_adopted,
    ),
    Command(
        "answer",
        MatterEvent.ANSWERED,
        N_("当场答复"),
        (Role.LIAISON, Role.DEPUTY, Role.OFFICE),
        UNFRAMED,
        State.REPLIED,
        (Field("text", FieldKind.WORDS, N_("答复内容")),),
        told=("text",),
        order=N_("定单"),
        change=answered,
    ),
    Command(
        "merge",
        MatterEvent.MERGED,
        N_("合并到另一件"),
        (Role.OFFICE,),
        UNFRAMED,
        State.MERGED,
        (
            Field(
                "into",
                FieldKind.MATTER,
                N_("并到哪一件（编号）"),
                max_length=20,
                hint=N_("合并以后，这一位群众照样收到那一件的答复，也照样评价"),
            ),
        ),
        order=N_("定单"),
        check=_check_merge,
        change=_merged,
    ),
    Command(
        "split",
        MatterEvent.SPLIT,
        N_("拆成几件"),
        (Role.OFFICE,),
        UNFRAMED,
        None,
        (
            Field(
                "texts",
                FieldKind.TEXTS,
                N_("拆出来的事"),
                hint=N_("一格写一件，各得一个编号，群众在原来的页面上都看得到"),
            ),
        ),
        order=N_("定单"),
        change=_split,
    ),
    Command(
        "refer",
        MatterEvent.REFERRED,
        N_("转送上级或法定渠道"),
        (Role.OFFICE,),
        UNFRAMED,
        State.REFERRED,
        (
            Field("to", FieldKind.LINE, N_("转往何处"), max_length=200),
            REASON,
            Field(
                "address",
                FieldKind.WORDS,
                N_("地址和电话"),
                required=False,
                max_length=500,
                hint=N_("登记册里有的地方，不填也会自动带上"),
            ),
        ),
        told=("to", "reason", "address"),
        order=N_("定单"),
        check=_check_referred,
        change=_ended,
    ),
    Command(
        "decline",
        MatterEvent.DECLINED,
        N_("不予受理"),
        (Role.OFFICE,),
        UNFRAMED,
        State.DECLINED,
        (
            REASON,
            Field("route", FieldKind.WORDS, N_("可以找谁"), max_length=2000),
        ),
        told=("reason", "route"),
        order=N_("定单"),
        change=_ended,
    ),
    Command(
        "key",
        MatterEvent.KEYED,
        N_("重点建议：主任会议选定"),
        (Role.OFFICE,),
        OPEN,
        None,
        (
            Field("key", FieldKind.CHOICE, N_("列为重点建议"), choices=YES_NO),
            Field("meeting", FieldKind.LINE, N_("哪一次主任会议"), max_length=200),
        ),
        committee=True,
        order=N_("派单"),
        change=_keyed,
    ),
    Command(
        "reclassify",
        MatterEvent.RECLASSIFIED,
        N_("改类别"),
        (Role.OFFICE,),
        ANY_STATE,
        None,
        (
            CATEGORY,
            Field("kind", FieldKind.CHOICE, N_("性质"), required=False, choices=tuple(Kind)),
            GRADE,
            Field("area", FieldKind.AREA, N_("村（社区）"), required=False),
        ),
        check=_check_reclassified,
        change=_reclassified,
    ),
)

FACTS = (
    Fact(MatterEvent.JOINED, ANY_STATE, None, change=_joined),
    Fact(MatterEvent.PARTED, ANY_STATE, None, change=_parted),
    Fact(MatterEvent.ECHOED, (State.MERGED,), None, told=("text",), change=_echoed),
)
