"""The form's English words by their Chinese, and what its script says, in both languages."""

import json

FORM = {
    "还有几处要改": "Please mend the following",
    "写给：": "To: ",
    "什么事？（必填）": "What is it about? (required)",
    "什么事、在哪里、多久了。只有这一项必填，下面的可以不填。": (
        "What, where, since when. Only this must be filled in; the rest may be left empty."
    ),
    "这是": "This is",
    "类别": "Category",
    "不清楚": "Not sure",
    "乡镇、村": "Township or village",
    "请选择": "Please choose",
    "具体地点": "Where exactly",
    "照片（最多 3 张）": "Photos (at most 3)",
    "怎么找到您": "How we can reach you",
    "姓名和电话都可以不填。填了，只用来核实和回复您；只有联络站和人大的工作人员能看到，每看一次都留记录；"
    "不会公开。不再需要时由人大办公室删除，您打个电话也随时可以查、改、删。": (
        "You may leave name and phone empty. If given, they are used only to check the facts and "
        "to answer you; only staff of the station and the congress office see them, and each look "
        "is put on record; they are never published. The office deletes them when they are no "
        "longer needed; you can ask to see, correct or delete them at any time."
    ),
    "姓名": "Name",
    "电话": "Phone",
    "我未满 14 岁（要请家长同意）": "I am under 14 (a parent must agree)",
    "未满 14 岁：请家长填这里": "Under 14: a parent fills in here",
    "家长写下姓名并打勾，孩子和家长的姓名、电话才会保存，用法同上。不同意，事情照样收下、照样办，只是姓名、"
    "电话不保存，也不公示。": (
        "The child's and the parent's name and phone are kept, for the uses above, only if a "
        "parent writes their name and ticks the box. Without it the matter is taken and handled "
        "all the same, but no name or phone is kept and nothing is published."
    ),
    "父母或其他监护人姓名": "Name of a parent or other guardian",
    "我是监护人，我同意": "I am the guardian and I agree",
    "您同意吗？": "Do you agree?",
    "两项分开选，不选也照样办理；以后可以撤回。": (
        "Choose each by itself; your matter is handled either way, and you can withdraw later."
    ),
    "同意承办单位看到我的电话": "The handling unit may see my phone number",
    "同意公示（改写后的文字，不含姓名电话）": (
        "A rewritten text without name and phone may be published"
    ),
    "举报一律不公示。": "Reports of wrongdoing are never published.",
    "没有网络时交不了，写的字也不会替您存着：请等有网再提交。": (
        "Without a network this cannot be sent, nor is what you typed kept: "
        "please send it when you are online."
    ),
    "提交": "Send",
    "有信号、上不了网？也可以发短信给联络站，工作人员替您登记：": (
        "Signal but no data? Send a text message to the station, and staff will enter it for you:"
    ),
}
KINDS = {
    "inquiry": "an inquiry",
    "help": "a request for help",
    "complaint": "a complaint",
    "report": "a report of wrongdoing",
    "suggestion": "a suggestion",
}
# What the script says, by the names that site/publisher/phone/page.js knows: Chinese, English.
_SCRIPT = {
    "promise": (
        "没有网络也能写、能交：先存在这部手机上，网络一通就自动送出。",
        "You can write and send without a network: it is kept on this phone and goes by itself.",
    ),
    "title": ("这部手机上交的", "Sent from this phone"),
    "number": ("编号", "Number"),
    "phone": ("在这部手机上", "on this phone"),
    "at_station": ("已到联络站", "at the station"),
    "at_hub": ("已到县里", "at the county"),
    "durable": ("已存妥", "safely stored"),
    "photos": ("照片：", "Photos: "),
    "offline": (
        "现在连不上网，还存在这部手机上，网通了自动送。",
        "There is no network. It is kept on this phone and goes when there is one.",
    ),
    "portal": (
        "连上的网络要先登录，或不是人大的网站，还没有送出。",
        "The network you are on wants a sign-in first; this has not been sent yet.",
    ),
    "send": ("现在就送", "Send now"),
    "edit": ("改一改再交", "Mend and send"),
    "see": ("看进度", "Follow it"),
    "remove": ("从手机上删掉", "Remove from this phone"),
    "sure": (
        "还没有存妥，删了就可能丢。真的删吗？",
        "It is not safe yet and may be lost. Remove it?",
    ),
    "forget": ("忘掉这部手机上的一切", "Forget everything on this phone"),
    "sureAll": (
        "这部手机上写的、交的和存的页面都要删掉；没送出的就没有了。真的删吗？",
        "All that was written, sent and kept on this phone goes; what was not sent is lost. Go on?",
    ),
    "full": (
        "这部手机存不下了。写的字还在；有网时再按一次“提交”，直接送出。",
        "This phone has no room left. Your words are still here: when online, press Send again.",
    ),
}


def script_words(lang: str) -> str:
    """What the script says in a language, as JSON."""
    words = {name: both[lang == "en"] for name, both in _SCRIPT.items()}
    return json.dumps(words, ensure_ascii=False, separators=(",", ":"))
