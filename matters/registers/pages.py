"""Pages that the county writes itself: campaign, plan, leading group, rules, case stories."""

from enum import StrEnum

import msgspec

from acts.text import clean_name
from stations.cells import choice, clean_text, format_list, parse_whole
from stations.registers import Column, Register
from stations.shared_columns import id_column, words_column
from stations.stations import STATION_EN, STATION_ZH, parse_stations


class PageKind(StrEnum):
    """What a page is about (H05, H08, L02, L11, Q01, Q07)."""

    CAMPAIGN = "campaign"
    PLAN = "plan"
    GROUP = "group"
    RULES = "rules"
    CASE = "case"
    OTHER = "other"


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the public site; its id stands in its address.

    `text` is Markdown of a small kind: headings, paragraphs, lists, tables, quotations, emphasis
    and links; no HTML. `stations` are ids of the stations on whose wall the rules hang, none
    meaning all. `notice` is the number of the notice that a case story tells of, or "".
    Pages are listed by `order` (0 last), then by id.
    """

    id: str
    title: str
    kind: PageKind = PageKind.OTHER
    text: str = ""
    stations: tuple[str, ...] = ()
    notice: str = ""
    order: int = 0
    title_en: str = ""
    text_en: str = ""


_parse_kind, _format_kind = choice(
    {
        PageKind.CAMPAIGN: ("主题活动", "活动", "专题"),
        PageKind.PLAN: ("实施方案", "方案", "计划"),
        PageKind.GROUP: ("领导小组", "leading group"),
        PageKind.RULES: ("制度", "规章制度", "职责", "管理制度", "上墙制度"),
        PageKind.CASE: ("典型案例", "案例", "履职故事", "case story"),
        PageKind.OTHER: ("其他", "其它"),
    }
)

PAGES: Register[Page] = Register(
    noun="page",
    plural="pages",
    label_zh="专题页面",
    record=Page,
    identity=("title",),
    columns=(
        id_column("页面编号", "page id"),
        Column(
            field="title",
            label_zh="标题",
            label_en="Title",
            aliases=("题目", "页面标题"),
            required=True,
            parse=lambda text, _: clean_name(text),
            expected_zh="标题",
            expected_en="the title",
        ),
        Column(
            field="kind",
            label_zh="类别",
            label_en="Kind",
            aliases=("类型", "页面类别", "type"),
            parse=lambda text, _: _parse_kind(text),
            format=_format_kind,
            expected_zh="主题活动、实施方案、领导小组、制度、典型案例或其他",
            expected_en="campaign, plan, group, rules, case or other",
        ),
        words_column("text", "正文", "Text", "内容"),
        Column(
            field="stations",
            label_zh="上墙的联络站",
            label_en="Stations",
            aliases=("联络站", "适用联络站"),
            parse=parse_stations,
            format=format_list,
            expected_zh=f"用顿号分开的{STATION_ZH}；留空为全部",
            expected_en=f"a list of {STATION_EN}; empty for all",
            refers_to="station",
        ),
        Column(
            field="notice",
            label_zh="公示编号",
            label_en="Notice",
            aliases=("编号对应的公示", "公示", "notice number"),
            parse=lambda text, _: clean_text(text).replace(" ", ""),
            expected_zh="公示的编号",
            expected_en="the number of a notice",
        ),
        Column(
            field="order",
            label_zh="次序",
            label_en="Order",
            aliases=("排序", "顺序"),
            parse=lambda text, _: parse_whole(0, 9999)(text),
            format=lambda order: str(order) if order else "",
            expected_zh="数字，小的在前",
            expected_en="a number, the lowest first",
        ),
        Column(
            field="title_en",
            label_zh="英文标题",
            label_en="English title",
            aliases=("title in english",),
            parse=lambda text, _: clean_name(text),
            expected_zh="英文标题",
            expected_en="the title in English",
        ),
        words_column("text_en", "英文正文", "English text", "text in english"),
    ),
)
