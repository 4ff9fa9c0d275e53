"""Activities: what deputies did at and around their stations, as it is registered (Q06)."""

from enum import StrEnum

import msgspec

from acts.refusals import N_
from stations.columns import (
    day,
    identity,
    kind,
    line,
    picture,
    reference,
    references,
    words,
)
from stations.registers import Register


class ActivityKind(StrEnum):
    """What was done."""

    RECEPTION = "reception"
    VISIT = "visit"
    INSPECTION = "inspection"
    SURVEY = "survey"
    STUDY = "study"
    REPORT = "report"
    MARKET = "market"
    OTHER = "other"


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """One activity. `date` is yyyy-mm-dd; `station` is an id or ""; `deputies` took part.

    Everything in it is public: it stands on the pages of its station and deputies.
    """

    id: str
    date: str
    title: str
    kind: ActivityKind = ActivityKind.OTHER
    station: str = ""
    deputies: tuple[str, ...] = ()
    text: str = ""
    photo: str = ""


_KINDS = {
    ActivityKind.RECEPTION: ("接待选民", "接待", "接待群众"),
    ActivityKind.VISIT: ("联系走访", "走访", "入户走访"),
    ActivityKind.INSPECTION: ("视察", "检查", "执法检查"),
    ActivityKind.SURVEY: ("调研", "专题调研"),
    ActivityKind.STUDY: ("学习", "培训"),
    ActivityKind.REPORT: ("述职", "向选民述职", "report to voters"),
    ActivityKind.MARKET: ("赶集摆摊", "摆摊", "集市", "庙会", "market day"),
    ActivityKind.OTHER: ("其他", "其它"),
}

ACTIVITIES: Register[Activity] = Register(
    noun="activity",
    plural="activities",
    label="代表活动",
    record=Activity,
    identity=("date", "title", "station"),
    columns=(
        identity("活动编号", "activity id"),
        day("date", "日期", "Date", "活动日期", "时间", "day", required=True),
        line(
            *("title", "活动", "Title"),
            *("名称", "活动名称", "主题", "活动主题"),
            expected=N_("一句话说明做了什么"),
            required=True,
        ),
        kind(
            "类型",
            "活动类别",
            "type",
            members=_KINDS,
            expected=N_("接待选民、联系走访、视察、调研、学习、述职、赶集摆摊或其他"),
        ),
        reference("station", "station", "联络站", "Station", "站点", "联络点", "地点"),
        references("deputy", "deputies", "参加代表", "Deputies", "代表", "参加人员", "人大代表"),
        words("text", "内容", "Text", "活动内容", "情况", "纪要"),
        picture(),
    ),
)
