"""What steps, fields and choices are called on the server's pages; the domain's words beside."""

from collections.abc import Mapping

from acts.refusals import N_
from deputies.deputies import DEPUTY_LEVELS as DEPUTY_LEVELS
from matters.wording import CHANNELS as CHANNELS
from matters.wording import GRADES as GRADES
from matters.wording import KINDS as KINDS
from matters.wording import RATINGS as RATINGS
from matters.wording import ROLES as ROLES
from matters.wording import STATES as STATES
from stations.stations import STATION_KINDS as STATION_KINDS

STEPS: Mapping[str, str] = {
    "matter.raised": N_("群众点单"),
    "matter.imported": N_("历史件录入"),
    "matter.answer_imported": N_("历史答复录入"),
    "matter.messaged": N_("群众补充"),
    "matter.renumbered": N_("换了编号"),
    "matter.adopted": N_("定单受理"),
    "matter.answered": N_("当场答复"),
    "matter.merged": N_("合并到另一件"),
    "matter.joined": N_("并入另一件"),
    "matter.parted": N_("不再合并，分开办理"),
    "matter.echoed": N_("合并办理，答复在此"),
    "matter.echo_rated": N_("合并进来的群众评单"),
    "matter.split": N_("拆成几件"),
    "matter.keyed": N_("重点建议"),
    "matter.referred": N_("转送上级或法定渠道"),
    "matter.declined": N_("不予受理"),
    "matter.assigned": N_("人大派单"),
    "matter.accepted": N_("单位接单"),
    "matter.returned": N_("单位退回"),
    "matter.asked": N_("向群众提问"),
    "matter.divided": N_("分给几个单位办"),
    "matter.extension_asked": N_("申请延期"),
    "matter.extension_decided": N_("批延期"),
    "matter.limit_moved": N_("节假日调整，期限重算"),
    "matter.progressed": N_("办理进展"),
    "matter.replied": N_("单位答复"),
    "matter.pressed": N_("催办"),
    "matter.inspected": N_("代表视察"),
    "matter.escalated": N_("逾期上报"),
    "matter.rated": N_("群众评单"),
    "matter.explained": N_("说明原因，重新办理"),
    "matter.reported_back": N_("代表回访"),
    "matter.evaluated": N_("代表评价"),
    "matter.decided": N_("常委会决定"),
    "matter.lapsed": N_("到期未评，办结（未评价）"),
    "matter.reclassified": N_("调整类别"),
    "matter.resolved": N_("处理冲突"),
    "matter.erased": N_("删除个人信息"),
    "matter.timed": N_("县里核定收到的时间"),
    "matter.closed": N_("办结"),
    "matter.published": N_("公开结果"),
    "matter.withdrawn": N_("撤回公开"),
}
REGISTER_EDIT = N_("登记册的改动")
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
    "refused": N_("不归这台机器写，没有写"),
    "stopped": N_("已停"),
    "current-same-disk": N_("正常，但和数据在同一块盘上"),
    "none": N_("没有备份"),
}
NODE_ROLES: Mapping[str, str] = {"hub": N_("县级服务器"), "station": N_("联络站服务器")}
# Why nothing went to the hub above, and what to do about it; by the codes of `sync`.
SYNC_FAILURES: Mapping[str, str] = {
    "unreachable": N_("连不上县里。写下的都在这台机器上，网络一通就自动送。"),
    "not-the-hub": N_("答话的不是县里的服务器，可能这个网络要先登录。什么也没有丢，稍后自动再送。"),
    "busy": N_("正在送，请稍等。"),
    "not-joined": N_("这台机器还没有加入哪个县。请向县里要加入码，在管理台“送到县里”页加入。"),
    "bad-code": N_("加入码不对、用过了或过期了。请向县里再要一个。"),
    "bad-signature": N_("县里认不出这台机器的签名。请联系县里的系统管理员。"),
    "unknown-node": N_("县里没有登记这台机器。请向县里要加入码，重新加入。"),
    "revoked": N_("县里停用了这台机器。写下的还在；请联系县里的系统管理员。"),
    "malformed": N_("县里读不懂送去的内容，可能两边的程序版本不合。请联系县里的系统管理员。"),
    "bad-message": N_("送去的内容在路上坏了，会自动再送。"),
    "disk-full": N_("这台机器的硬盘满了或坏了，什么也没有丢。请腾出地方，腾出来就自动再送。"),
    "hub-full": N_("县里服务器的硬盘满了，没有收下。写下的都在这台机器上，稍后自动再送。"),
    "error": N_("程序出了意外的错，请联系县里的系统管理员。"),
    "bad-address": N_("这不是网址。县里的网址像 https://… 开头，请照着抄一遍。"),
    "bad-invitation": N_("这不是县里给的邀请文件，请向县里再要一份。"),
}
# Why a node was not invited.
INVITING_FAILURES: Mapping[str, str] = {
    "bad-name": N_("请给这台机器起个名字，最多 60 个字。"),
    "name-taken": N_("这个名字的机器已经加入了，请换一个名字；机器丢了或坏了，先停用它。"),
    "no-station": N_("名册里没有这个联络站。"),
}
# Why the hub put an event aside, for the station that wrote it and for the hub's office.
PUT_ASIDE: Mapping[str, str] = {
    "revoked": N_("这台机器已经停用"),
    "wrong-words": N_("文字和当时登记的对不上"),
    "clash": N_("同一个编号已有另一份不同的内容"),
    "another's-log": N_("写在别的机器的记录里"),
    "not-a-stations-role": N_("这一步不归联络站的人做"),
    "hub-only": N_("这一步只有县里能做"),
    "other-station": N_("是别的联络站的"),
    "no-record": N_("少了登记的内容"),
    "wrong-subject": N_("和县里登记的不是同一种事"),
}
NODE_STATES: Mapping[str, str] = {
    "invited": N_("已发加入码，还没有加入"),
    "enrolled": N_("在用"),
    "revoked": N_("已停用"),
}
# Why a bundle on a stick was not read or written, and what to do.
BUNDLE_FAILURES: Mapping[str, str] = {
    "bundle-damaged": N_(
        "这个文件坏了或没有写完，里面的一件也没有收。请在写它的机器上重新写一次。"
    ),
    "not-a-bundle": N_("这不是回音的数据包。请选U盘上名字以 .huiyin 结尾的文件。"),
    "bundle-for-another": N_(
        "这个数据包是写给另一台机器的，或者开头坏了，在这里打不开。"
        "站里写的包拿到县里读，县里写的回执包拿回原来的站读。"
    ),
    "bundle-from-another": N_("这个数据包不是本站所属的县里写的，没有收。请向县里核对。"),
    "bundle-wrong-way": N_("这个包不该在这里读：站里写的包在县里读，县里写的回执包在站里读。"),
    "bundle-too-large": N_("这个文件超过 512 MB，收不下。请先用网络送，或少带一些照片。"),
    "bundle-too-new": N_("写这个包的程序比这台机器上的新。请先更新这台机器上的程序。"),
    "nothing-to-answer": N_("没有这个站的包等着回。请先读站里带来的U盘。"),
    "several-nodes": N_("有几个站的包等着回，请选一个站。"),
    "not-joined": N_("这台机器还没有加入哪个县。请向县里要加入码，在管理台“送到县里”页加入。"),
    "no-file": N_("请先选U盘上的文件，再按按钮。"),
    "no-room": N_("U盘或硬盘写不进去，可能满了或拔掉了。原来的文件没有动，请换一个U盘再试。"),
}
# What an exchange came upon, for those who look after the hub.
FINDINGS: Mapping[str, str] = {
    "forged": N_("有人冒充：签名不对，没有收下"),
    "unknown-node": N_("没有登记的机器来过"),
    "revoked": N_("已停用的机器来过；停用以前写的另放着，等人决定"),
    "malformed": N_("来了读不懂的内容，没有收下"),
    "wrong-words": N_("文字和当时登记的对不上，另放着"),
    "fork": N_("同一块盘在两台机器上用过：两边写的都留着，请查清是哪一台"),
    "behind": N_("联络站的机器恢复到了旧的状态，缺的已经补给它"),
    "clash": N_("同一个编号有两份不同的内容，另放着"),
    "quarantined": N_("有联络站不该写的内容，另放着"),
    "bad-code": N_("加入码不对"),
    "enrolled": N_("加入了"),
    "invited": N_("发了加入码"),
    "revoking": N_("停用了"),
    "refilled": N_("从联络站补回了丢失的内容"),
    "clock-off": N_("联络站的时钟不准"),
    "new-voice": N_("从新的一段写起"),
    "another's-log": N_("写进了别人的记录，另放着"),
    "anothers-bundle": N_("有人拿来写给别的机器的数据包，没有收"),
    "seen": N_("警报看过了"),
    "taken": N_("决定收下另放着的一条"),
    "rejected": N_("决定不收另放着的一条"),
}
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
    "shifts": (N_("换班与停班"), N_("哪一天的值班有变动：换人、停班、改期。")),
    "activities": (N_("代表活动"), N_("代表在站里站外做了什么；都是公开的。")),
    "pages": (N_("专题页面"), N_("网站上县里自己写的：活动、方案、领导小组、制度、典型案例。")),
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
    "guardian": N_("监护人姓名"),
    "guardian_consent": N_("监护人同意"),
    "share_phone": N_("同意承办单位看到电话"),
    "publish": N_("同意公开"),
    "people": N_("几个人一起反映"),
    "grade": N_("轻重缓急"),
    "slip": N_("征集单编号"),
}
HANDOVERS: Mapping[str, str] = {
    "grid": N_("网格问题反馈清单"),
    "session": N_("会议建议"),
    "meeting": N_("交办会"),
}
YES_NO: Mapping[str, str] = {"yes": N_("是"), "no": N_("否")}
DESKS: Mapping[str, str] = {
    "frame": N_("待定单"),
    "dispatch": N_("待派单"),
    "accept": N_("待接单"),
    "handle": N_("办理中"),
    "rate": N_("待评单"),
    "explain": N_("不满意，待说明"),
    "close": N_("已评，待办结"),
    "follow": N_("等合并的那件"),
    "none": N_("已了结"),
}
# On whom a matter waits at each desk, in a sentence; {unit} is the lead unit's name.
TURNS: Mapping[str, str] = {
    "frame": N_("现在等代表定单：能当场答复的就答复，要办的就受理。"),
    "dispatch": N_("现在等人大办公室派单：选承办单位，定期限。"),
    "accept": N_("现在等{unit}接单；不归它管的，可以退回。"),
    "handle": N_("{unit}正在办，办好了要答复。"),
    "rate": N_("已经答复，等群众评价；代表可以先回访。"),
    "explain": N_("群众不满意，等{unit}说明原因，再办一次。"),
    "close": N_("群众评过了，等人大办公室办结。"),
    "follow": N_("已合并，等那一件的答复。"),
}
# The six orders, as whoever is new reads them: the order, who does it, and what.
ORDERS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (N_("点单"), ("villager", "liaison"), N_("群众在网页上说，或由联络员登记。")),
    (N_("定单"), ("deputy",), N_("代表看一看：能答的当场答复，要办的受理，拟个标题。")),
    (N_("派单"), ("office",), N_("人大办公室交给承办单位，定期限。")),
    (N_("办单"), ("unit",), N_("承办单位接单、办理、答复。办不完可以申请延期。")),
    (N_("督单"), ("deputy", "office"), N_("代表和办公室看进度，催办、视察。")),
    (
        N_("评单"),
        ("villager", "liaison", "deputy"),
        N_("代表回访，群众评价。不满意，单位再办一次；满意了，办公室办结。"),
    ),
)
LEVELS: Mapping[str, str] = {
    "unit": N_("逾期"),
    "head": N_("逾期，已报单位负责人"),
    "office": N_("逾期，已报人大办公室"),
    "committee": N_("逾期，已报人大常委会"),
}
RAISED: Mapping[str, str] = {
    "head": N_("已报单位负责人"),
    "office": N_("已报人大办公室"),
    "committee": N_("已报人大常委会"),
}
LIGHTS: Mapping[str, str] = {
    "green": N_("绿灯"),
    "yellow": N_("黄灯"),
    "red": N_("红灯"),
}
# Which list a choice of a command belongs to.
CHOICES: Mapping[str, Mapping[str, str]] = {
    "grade": GRADES,
    "kind": KINDS,
    "result": RESULTS,
    "reply_rating": RATINGS,
    "result_rating": RATINGS,
    "what": ERASABLE,
    "granted": YES_NO,
    "done": YES_NO,
    "keep": YES_NO,
    "key": YES_NO,
}

# In place of a text that lies sealed on a station's disk while nobody has unlocked it.
LOCKED_TEXT = N_("已上锁，用口令登录后可看")


def event_words(type: str) -> str:
    """Return what an event is called, also one that is no step of a matter; else its type."""
    if type in STEPS:
        return STEPS[type]
    return REGISTER_EDIT if type.partition(".")[2] in ("set", "removed") else type
