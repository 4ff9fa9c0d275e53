"""Shifts: a duty day that is not as the rule has it, by substitution or by falling out (Q08)."""

import msgspec

from stations.columns import day, identity, reference, references, words, yes_no
from stations.registers import Register


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """What is different on one day at one station.

    `date` is yyyy-mm-dd. `away` are ids of deputies whose turn it was and who can't come,
    `instead` of those who sit in their place. `cancelled`: nobody sits that day. `moved_to` is
    the day on which the sitting is held instead, or "".
    """

    id: str
    station: str
    date: str
    away: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    cancelled: bool = False
    moved_to: str = ""
    note: str = ""


SHIFTS: Register[Shift] = Register(
    noun="shift",
    plural="shifts",
    label="换班与停班",
    record=Shift,
    identity=("station", "date"),
    columns=(
        identity("换班编号", "shift id"),
        reference("station", "station", "联络站", "Station", "站点", "联络点", required=True),
        day("date", "日期", "Date", "接待日", "day", required=True),
        references("deputy", "away", "不能来的代表", "Away", "请假", "请假代表"),
        references("deputy", "instead", "替班代表", "Instead", "替班", "代班", "顶班"),
        yes_no("cancelled", "停班", "Cancelled", "取消", "当天不接待"),
        day("moved_to", "改到", "Moved to", "改期", "改期到", "补班日期"),
        words("note", "说明", "Note", "备注", "原因"),
    ),
)
