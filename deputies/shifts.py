"""Shifts: a duty day that is not as the rule has it, by substitution or by falling out (Q08)."""

import msgspec

from deputies.deputies import deputies_column
from stations.cells import format_yes, parse_yes
from stations.registers import Column, Register
from stations.shared_columns import day_column, id_column, words_column
from stations.stations import STATION_EN, STATION_ZH


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
    label_zh="换班与停班",
    record=Shift,
    identity=("station", "date"),
    columns=(
        id_column("换班编号", "shift id"),
        Column(
            field="station",
            label_zh="联络站",
            label_en="Station",
            aliases=("站点", "联络点"),
            required=True,
            parse=lambda text, resolve: resolve("station", text),
            expected_zh=STATION_ZH,
            expected_en=STATION_EN,
            refers_to="station",
        ),
        day_column("date", "日期", "Date", "接待日", "day", required=True),
        deputies_column("away", "不能来的代表", "Away", "请假", "请假代表"),
        deputies_column("instead", "替班代表", "Instead", "替班", "代班", "顶班"),
        Column(
            field="cancelled",
            label_zh="停班",
            label_en="Cancelled",
            aliases=("取消", "当天不接待"),
            parse=lambda text, _: parse_yes(text),
            format=format_yes,
            expected_zh="是或否",
            expected_en="yes or no",
        ),
        day_column("moved_to", "改到", "Moved to", "改期", "改期到", "补班日期"),
        words_column("note", "说明", "Note", "备注", "原因"),
    ),
)
