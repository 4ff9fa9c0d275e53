"""Where a matter goes that the county can't settle: higher levels and the channels of law.

A villager who is referred is told the place, the telephone and the hours, so that the way is
not made in vain.
"""

from enum import StrEnum

import msgspec

from acts.refusals import N_
from stations.columns import address, english_name, identity, kind, name, phone, words
from stations.registers import Register


class RouteKind(StrEnum):
    """What kind of place it is."""

    HIGHER = "higher"
    COURT = "court"
    PROCURATORATE = "procuratorate"
    PETITION = "petition"
    ARBITRATION = "arbitration"
    POLICE = "police"
    OTHER = "other"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One place to go. `hours` are its opening hours, `note` what to bring or to know."""

    id: str
    name: str
    kind: RouteKind = RouteKind.OTHER
    address: str = ""
    phone: str = ""
    hours: str = ""
    note: str = ""
    name_en: str = ""


_KINDS = {
    RouteKind.HIGHER: ("上级人大", "上级", "higher level"),
    RouteKind.COURT: ("法院", "诉讼", "人民法院"),
    RouteKind.PROCURATORATE: ("检察院", "检察", "人民检察院"),
    RouteKind.PETITION: ("信访", "信访复查", "信访局", "petition office"),
    RouteKind.ARBITRATION: ("仲裁", "劳动仲裁", "仲裁委员会"),
    RouteKind.POLICE: ("公安", "公安机关", "派出所"),
    RouteKind.OTHER: ("其他", "其它"),
}

ROUTES: Register[Route] = Register(
    noun="route",
    plural="routes",
    label="上级与法定渠道",
    record=Route,
    identity=("name",),
    columns=(
        identity("渠道编号", "代码", "route id"),
        name("渠道", "渠道名称", "单位名称", "route", expected=N_("去处的全称")),
        kind(
            "类型",
            "渠道类别",
            "type",
            members=_KINDS,
            expected=N_("上级人大、法院、检察院、信访、仲裁、公安或其他"),
        ),
        address("办公地址"),
        phone("phone", "电话", "Phone", "telephone", "tel", "联系电话", "办公电话"),
        words("hours", "开门时间", "Hours", "办公时间", "接待时间", "opening hours"),
        words("note", "说明", "Note", "备注", "要带什么", "notes"),
        english_name(),
    ),
)
