"""What waits for a person: the desks that are theirs, each a list of matters with its count."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from acts.refusals import N_
from matters.actors import Actor
from matters.limits.lights import Raised
from matters.listing.counts import Count, by_state, total
from matters.listing.filters import Filters, Order
from matters.listing.lists import Row, listed
from matters.registers.rules import Rules
from matters.terms import Desk, Role

FIRST_MOST = 10


@dataclass(frozen=True)
class Awaited:
    """One kind of what waits: its name and words, how many, how many of them are pressing.

    `query` narrows the console's list to it; `first` are the most pressing matters.
    """

    desk: str
    label: str
    count: int
    capped: bool
    overdue: int
    query: str
    rows: list[Row]

    @property
    def first(self) -> list[tuple[str, int | None]]:
        """The number and due moment (ms, UTC) of the first matters, as digests tell them."""
        return [(row.matter.number, row.matter.due_at) for row in self.rows]


@dataclass(frozen=True)
class _Kind:
    """A kind of what waits: for whom, and which matters; `late` narrows to those that press."""

    name: str
    label: str
    narrowed: Filters
    late: str = ""
    committee: bool = False


_OFFICE = (
    _Kind("flagged", N_("存疑、有冲突，要核对"), Filters(flagged=True)),
    _Kind("frame", N_("新反映的，等定单"), Filters(desk=Desk.FRAME), "urgent"),
    _Kind("dispatch", N_("等派单"), Filters(desk=Desk.DISPATCH), "urgent"),
    _Kind("extension", N_("单位申请延期，等批"), Filters(extension=True), "overdue"),
    _Kind("close", N_("群众评过了，等办结"), Filters(desk=Desk.CLOSE)),
    _Kind("office", N_("逾期，报到办公室的"), Filters(level=Raised.OFFICE)),
    _Kind("committee", N_("逾期，报到常委会的"), Filters(level=Raised.COMMITTEE)),
    _Kind("decide", N_("几轮不满意，等常委会决定"), Filters(desk=Desk.EXPLAIN), "", True),
)
_UNIT = (
    _Kind("accept", N_("新派来的，等接单"), Filters(desk=Desk.ACCEPT), "overdue"),
    _Kind("handle", N_("正在办的"), Filters(desk=Desk.HANDLE, order=Order.DUE), "overdue"),
    _Kind("pressed", N_("催办了还没回应"), Filters(pressed_late=True)),
    _Kind("explain", N_("群众不满意，等说明原因"), Filters(desk=Desk.EXPLAIN)),
)
_HEAD = (
    _Kind("head", N_("逾期，报到您这里的"), Filters(level=Raised.HEAD)),
    _Kind("office", N_("逾期，已报人大办公室"), Filters(level=Raised.OFFICE)),
    _Kind("committee", N_("逾期，已报人大常委会"), Filters(level=Raised.COMMITTEE)),
    _Kind("explain", N_("群众不满意，等说明原因"), Filters(desk=Desk.EXPLAIN)),
)
_DEPUTY = (
    _Kind("frame", N_("群众新反映的，等您定单"), Filters(desk=Desk.FRAME), "urgent"),
    _Kind(
        "owed-late",
        N_("您接下的，单位逾期了"),
        Filters(mine=True, overdue=True, order=Order.DUE),
    ),
    _Kind("owed", N_("您接下的，正在办"), Filters(mine=True, desk=Desk.HANDLE, order=Order.DUE)),
    _Kind("tell", N_("您接下的，已有答复，请告诉本人"), Filters(mine=True, desk=Desk.RATE)),
    _Kind("unsatisfied", N_("您接下的，群众不满意"), Filters(mine=True, unsatisfied=True)),
)
_LIAISON = (
    _Kind("frame", N_("新反映的，等代表定单"), Filters(desk=Desk.FRAME), "urgent"),
    _Kind("asked", N_("问了群众，等回答"), Filters(asked=True)),
    _Kind("rate", N_("已有答复，请问群众满不满意"), Filters(desk=Desk.RATE)),
    _Kind("late", N_("本站逾期的"), Filters(overdue=True, order=Order.DUE)),
)
_KINDS: Mapping[Role, tuple[_Kind, ...]] = {
    Role.OFFICE: _OFFICE,
    Role.UNIT: _UNIT,
    Role.DEPUTY: _DEPUTY,
    Role.LIAISON: _LIAISON,
}


def awaiting(
    connection: sqlite3.Connection, actor: Actor, *, now_ms: int, rules: Rules, first: int = 0
) -> list[Awaited]:
    """Return what waits for the actor, each kind that has any, with its `first` matters."""
    awaited: list[Awaited] = []
    for kind in _HEAD if actor.head else _KINDS.get(actor.role, ()):
        if kind.committee and actor.presidium:
            continue
        narrowed = kind.narrowed
        if kind.committee:
            narrowed = narrowed._replace(round_from=rules.rounds)
        count = _count(connection, actor, narrowed, now_ms, rules)
        if not count.n:
            continue
        overdue = 0
        if kind.late:
            late = (
                narrowed._replace(overdue=True)
                if kind.late == "overdue"
                else (narrowed._replace(urgent=True))
            )
            overdue = _count(connection, actor, late, now_ms, rules).n
        rows: list[Row] = []
        if first:
            page = listed(connection, actor, narrowed, now_ms=now_ms, rules=rules)
            rows = page.rows[:first]
        awaited.append(
            Awaited(kind.name, kind.label, count.n, count.capped, overdue, _query(narrowed), rows)
        )
    return awaited


def _count(
    connection: sqlite3.Connection, actor: Actor, filters: Filters, now_ms: int, rules: Rules
) -> Count:
    return total(by_state(connection, actor, filters, now_ms=now_ms, rules=rules).values())


def _query(filters: Filters) -> str:
    values = {
        name: "1" if value is True else str(value)
        for name, value in filters._asdict().items()
        if value != Filters._field_defaults[name]
    }
    return "?" + urlencode(values)
