"""What steps, fields and choices are called on the server's pages; the domain's words beside."""

from collections.abc import Mapping

from matters.refusals import N_
from matters.wording import CHANNELS, GRADES, KINDS, RATINGS, ROLES, STATES

STEPS: Mapping[str, str] = {
    "matter.raised": N_("群众点单"),
    "matter.imported": N_("历史件录入"),
    "matter.answer_imported": N_("历史答复录入"),
    "matter.messaged": N_("群众补充"),
    "matter.adopted": N_("定单受理"),
    "matter.answered": N_("当场答复"),
    "matter.referred": N_("转送上级或法定渠道"),
    "matter.declined": N_("不予受理"),
    "matter.assigned": N_("人大派单"),
    "matter.accepted": N_("单位接单"),
    "matter.returned": N_("单位退回"),
    "matter.progressed": N_("办理进展"),
    "matter.replied": N_("单位答复"),
    "matter.rated": N_("群众评单"),
    "matter.reclassified": N_("调整类别"),
    "matter.erased": N_("删除个人信息"),
    "matter.closed": N_("办结"),
    "matter.published": N_("公开结果"),
    "matter.withdrawn": N_("撤回公开"),
}
SAFETY: Mapping[str, str] = {
    "at_station": N_("已存入联络站"),
    "at_hub": N_("已存入县级服务器"),
    "durable": N_("已存入县级服务器，并有备份"),
}
PUBLICITY: Mapping[str, str] = {
    "none": N_("没有公开"),
    "draft": N_("公开稿待批准"),
    "published": N_("已公开"),
    "withdrawn": N_("已撤回公开"),
}
# What a replica's state is called; the last two are `/healthz`'s own.
REPLICA: Mapping[str, str] = {
    "starting": N_("正在启动"),
    "current": N_("正常"),
    "lagging": N_("没有跟上，正在再试"),
    "broken": N_("坏了，正在重做"),
    "stopped": N_("已停"),
    "current-same-disk": N_("正常，但和数据在同一块盘上"),
    "none": N_("没有备份"),
}
NODE_ROLES: Mapping[str, str] = {"hub": N_("县级服务器"), "station": N_("联络站服务器")}
ERASABLE: Mapping[str, str] = {"contact": N_("联系方式"), "words": N_("全部文字和联系方式")}
RESULTS: Mapping[str, str] = {
    "A": N_("已经解决或基本解决"),
    "B": N_("正在解决或列入计划"),
    "C": N_("因条件限制暂不能解决"),
    "D": N_("留作参考"),
}
# What each register is called, by its plural, and what it is for.
REGISTERS: Mapping[str, tuple[str, str]] = {
    "areas": (N_("区划"), N_("县、乡镇和村（社区）。")),
    "stations": (N_("联络站点"), N_("联络站、联络点、代表之家：在哪里、服务哪些村、哪天值班。")),
    "deputies": (N_("代表名册"), N_("各级代表：为哪些村服务、在哪个站接待。")),
    "units": (N_("承办单位"), N_("可以派单的部门、乡镇和单位。")),
    "categories": (N_("事项类别"), N_("事项分哪几类，按什么顺序排。")),
    "counties": (N_("本县信息"), N_("县名、人大办公室的电话和地址、结果分类。只有一份。")),
    "bodies": (N_("人大机构"), N_("常委会、主席团这些机构，建议转给谁。")),
    "routes": (N_("上级与法定渠道"), N_("不归本县办的事，请群众去哪里。")),
    "templates": (N_("答复模板"), N_("写答复时可以套用的文字。")),
    "rules": (N_("办理规则"), N_("时限、几轮、亮灯和逾期上报的天数。只有一份。")),
    "days": (N_("节假日与调休"), N_("哪天放假、哪个周末上班，按工作日算的时限跟着变。")),
}
FIELDS: Mapping[str, str] = {
    "text": N_("什么事"),
    "kind": N_("这是"),
    "category": N_("类别"),
    "area": N_("村（社区）"),
    "place": N_("具体地点"),
    "station": N_("联络站"),
    "deputy": N_("代表"),
    "name": N_("姓名"),
    "phone": N_("电话"),
    "photo": N_("照片"),
    "channel": N_("渠道"),
    "id": N_("提交标识"),
    "under_14": N_("未满 14 岁"),
    "share_phone": N_("同意承办单位看到电话"),
    "publish": N_("同意公开"),
}
# Which list a choice of a command belongs to.
CHOICES: Mapping[str, Mapping[str, str]] = {
    "grade": GRADES,
    "kind": KINDS,
    "result": RESULTS,
    "reply_rating": RATINGS,
    "result_rating": RATINGS,
    "what": ERASABLE,
}

__all__ = [
    "CHANNELS",
    "CHOICES",
    "ERASABLE",
    "FIELDS",
    "GRADES",
    "KINDS",
    "NODE_ROLES",
    "PUBLICITY",
    "RATINGS",
    "REGISTERS",
    "REPLICA",
    "RESULTS",
    "ROLES",
    "SAFETY",
    "STATES",
    "STEPS",
]
