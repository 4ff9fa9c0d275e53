"""What the closed lists of the lifecycle are called, in Chinese to be translated."""

from collections.abc import Mapping

from acts.refusals import N_

STATES: Mapping[str, str] = {
    "received": N_("已收到"),
    "adopted": N_("已受理"),
    "assigned": N_("已交办"),
    "in_hand": N_("办理中"),
    "replied": N_("已答复"),
    "closed": N_("已办结"),
    "merged": N_("已合并"),
    "referred": N_("已转送"),
    "declined": N_("不予受理"),
}
ROLES: Mapping[str, str] = {
    "villager": N_("群众"),
    "liaison": N_("联络员"),
    "deputy": N_("人大代表"),
    "office": N_("人大办公室"),
    "unit": N_("承办单位"),
    "admin": N_("系统管理员"),
    "system": N_("系统"),
}
KINDS: Mapping[str, str] = {
    "inquiry": N_("咨询"),
    "help": N_("求助"),
    "complaint": N_("投诉"),
    "report": N_("举报"),
    "suggestion": N_("建议"),
}
CHANNELS: Mapping[str, str] = {
    "web": N_("网页"),
    "qr": N_("扫码"),
    "visit": N_("来访"),
    "phone": N_("电话"),
    "letter": N_("来信"),
    "market": N_("集市摆摊"),
    "letterbox": N_("红色邮筒"),
    "sms": N_("短信"),
    "hotline": N_("热线"),
    "import": N_("历史件"),
}
RATINGS: Mapping[str, str] = {
    "satisfied": N_("满意"),
    "basically": N_("基本满意"),
    "unsatisfied": N_("不满意"),
}
GRADES: Mapping[str, str] = {"normal": N_("一般"), "urgent": N_("紧急")}
