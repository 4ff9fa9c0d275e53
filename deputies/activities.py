"""Activities: what deputies did at and around their stations, as it is registered (Q06)."""

from enum import StrEnum

import msgspec

from acts.text import clean_name
from deputies.deputies import deputies_column
from stations.cells import choice
from stations.registers import Column, Register
from stations.shared_columns import day_column, id_column, picture_column, words_column
from stations.stations import STATION_EN, STATION_ZH


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


_parse_kind, _format_kind = choice(
    {
        ActivityKind.RECEPTION: ("接待选民", "接待", "接待群众"),
        ActivityKind.VISIT: ("联系走访", "走访", "入户走访"),
        ActivityKind.INSPECTION: ("视察", "检查", "执法检查"),
        ActivityKind.SURVEY: ("调研", "专题调研"),
        ActivityKind.STUDY: ("学习", "培训"),
        ActivityKind.REPORT: ("述职", "向选民述职", "report to voters"),
        ActivityKind.MARKET: ("赶集摆摊", "摆摊", "集市", "庙会", "market day"),
        ActivityKind.OTHER: ("其他", "其它"),
    }
)

ACTIVITIES: Register[Activity] = Register(
    noun="activity",
    plural="activities",
    label_zh="代表活动",
    record=Activity,
    identity=("date", "title", "station"),
    columns=(
        id_column("活动编号", "activity id"),
        day_column("date", "日期", "Date", "活动日期", "时间", "day", required=True),
        Column(
            field="title",
            label_zh="活动",
            label_en="Title",
            aliases=("名称", "活动名称", "主题", "活动主题"),
            required=True,
            parse=lambda text, _: clean_name(text),
            expected_zh="一句话说明做了什么",
            expected_en="what was done, in a line",
        ),
        Column(
            field="kind",
            label_zh="类别",
            label_en="Kind",
            aliases=("类型", "活动类别", "type"),
            parse=lambda text, _: _parse_kind(text),
            format=_format_kind,
            expected_zh="接待选民、联系走访、视察、调研、学习、述职、赶集摆摊或其他",
            expected_en="reception, visit, inspection, survey, study, report, market or other",
        ),
        Column(
            field="station",
            label_zh="联络站",
            label_en="Station",
            aliases=("站点", "联络点", "地点"),
            parse=lambda text, resolve: resolve("station", text),
            expected_zh=STATION_ZH,
            expected_en=STATION_EN,
            refers_to="station",
        ),
        deputies_column("deputies", "参加代表", "Deputies", "代表", "参加人员", "人大代表"),
        words_column("text", "内容", "Text", "活动内容", "情况", "纪要"),
        picture_column(),
    ),
)
