"""What waits for a person: the desks that are theirs, each a list of matters with its count."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from matters import store
from matters.actors import Actor
from matters.refusals import N_
from matters.rules import Rules
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
    rows: list[store.Row]

    @property
    def first(self) -> list[tuple[str, int | None]]:
        """The number and due moment (ms, UTC) of the first matters, as digests tell them."""
        return [(row.matter.number, row.matter.due_at) for row in self.rows]


@dataclass(frozen=True)
class _Kind:
    """A kind of what waits: for whom, and which matters; `late` narrows to those that press."""

    name: str
    label: str
    narrowed: Callable[[Rules], Mapping[str, str]]
    late: Mapping[str, str]
    committee: bool = False


def _kind(
    name: str, label: str, *, late: str = "", committee: bool = False, **narrowed: str
) -> _Kind:
    return _Kind(name, label, lambda rules: narrowed, {late: "1"} if late else {}, committee)


_OFFICE = (
    _kind("flagged", N_("存疑、有冲突，要核对"), flagged="1"),
    _kind("frame", N_("新反映的，等定单"), late="urgent", desk=Desk.FRAME),
    _kind("dispatch", N_("等派单"), late="urgent", desk=Desk.DISPATCH),
    _kind("extension", N_("单位申请延期，等批"), late="overdue", extension="1"),
    _kind("close", N_("群众评过了，等办结"), desk=Desk.CLOSE),
    _kind("office", N_("逾期，报到办公室的"), level="office"),
    _kind("committee", N_("逾期，报到常委会的"), level="committee"),
    _Kind(
        "decide",
        N_("几轮不满意，等常委会决定"),
        lambda rules: {"desk": Desk.EXPLAIN, "round_from": str(rules.rounds)},
        {},
        committee=True,
    ),
)
_UNIT = (
    _kind("accept", N_("新派来的，等接单"), late="overdue", desk=Desk.ACCEPT),
    _kind("handle", N_("正在办的"), late="overdue", desk=Desk.HANDLE, order="due"),
    _kind("pressed", N_("催办了还没回应"), pressed_late="1"),
    _kind("explain", N_("群众不满意，等说明原因"), desk=Desk.EXPLAIN),
)
_DEPUTY = (
    _kind("frame", N_("群众新反映的，等您定单"), late="urgent", desk=Desk.FRAME),
    _kind("owed-late", N_("您接下的，单位逾期了"), mine="1", overdue="1", order="due"),
    _kind("owed", N_("您接下的，正在办"), mine="1", desk=Desk.HANDLE, order="due"),
    _kind("tell", N_("您接下的，已有答复，请告诉本人"), mine="1", desk=Desk.RATE),
    _kind("unsatisfied", N_("您接下的，群众不满意"), mine="1", unsatisfied="1"),
)
_LIAISON = (
    _kind("frame", N_("新反映的，等代表定单"), late="urgent", desk=Desk.FRAME),
    _kind("asked", N_("问了群众，等回答"), asked="1"),
    _kind("rate", N_("已有答复，请问群众满不满意"), desk=Desk.RATE),
    _kind("late", N_("本站逾期的"), overdue="1", order="due"),
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
    found: list[Awaited] = []
    for kind in _KINDS.get(actor.role, ()):
        if kind.committee and actor.presidium:
            continue
        given = {name: str(value) for name, value in kind.narrowed(rules).items()}
        count = store.count(
            connection, actor, store.filters_from(given), now_ms=now_ms, rules=rules
        )
        if not count.n:
            continue
        overdue = 0
        if kind.late:
            late = store.filters_from({**given, **kind.late})
            overdue = store.count(connection, actor, late, now_ms=now_ms, rules=rules).n
        rows: list[store.Row] = []
        if first:
            page = store.listed(
                connection, actor, store.filters_from(given), now_ms=now_ms, rules=rules
            )
            rows = page.rows[:first]
        found.append(
            Awaited(
                kind.name, kind.label, count.n, count.capped, overdue, "?" + urlencode(given), rows
            )
        )
    return found
