"""Pages that the county writes itself: campaign, plan, leading group, rules, case stories."""

from enum import StrEnum

import msgspec

from acts.refusals import N_
from acts.text import clean_line
from stations.columns import identity, kind, line, references, whole, words
from stations.registers import Register


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


_KINDS = {
    PageKind.CAMPAIGN: ("主题活动", "活动", "专题"),
    PageKind.PLAN: ("实施方案", "方案", "计划"),
    PageKind.GROUP: ("领导小组", "leading group"),
    PageKind.RULES: ("制度", "规章制度", "职责", "管理制度", "上墙制度"),
    PageKind.CASE: ("典型案例", "案例", "履职故事", "case story"),
    PageKind.OTHER: ("其他", "其它"),
}

PAGES: Register[Page] = Register(
    noun="page",
    plural="pages",
    label="专题页面",
    record=Page,
    identity=("title",),
    columns=(
        identity("页面编号", "page id"),
        line("title", "标题", "Title", "题目", "页面标题", required=True),
        kind(
            "类型",
            "页面类别",
            "type",
            members=_KINDS,
            expected=N_("主题活动、实施方案、领导小组、制度、典型案例或其他"),
        ),
        words("text", "正文", "Text", "内容"),
        references(
            "station",
            *("stations", "上墙的联络站", "Stations"),
            *("联络站", "适用联络站"),
            expected=N_("用顿号分开的{named}；留空为全部"),
        ),
        line(
            *("notice", "公示编号", "Notice"),
            *("编号对应的公示", "公示", "notice number"),
            parse=lambda text: clean_line(text).replace(" ", ""),
            expected=N_("公示的编号"),
        ),
        whole(
            *("order", "次序", "Order"),
            *("排序", "顺序"),
            least=0,
            most=9999,
            format=lambda order: str(order) if order else "",
            expected=N_("数字，小的在前"),
        ),
        line("title_en", "英文标题", "English title", "title in english", expected=N_("英文标题")),
        words("text_en", "英文正文", "English text", "text in english"),
    ),
)
