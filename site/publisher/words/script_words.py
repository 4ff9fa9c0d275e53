"""What the script of the form says."""

import json

from acts.refusals import N_
from publisher.words import english

# By the names that site/publisher/phone/page.js knows.
_SCRIPT = {
    "promise": N_("没有网络也能写、能交：先存在这部手机上，网络一通就自动送出。"),
    "title": N_("这部手机上交的"),
    "number": N_("编号"),
    "phone": N_("在这部手机上"),
    "at_station": N_("已到联络站"),
    "at_hub": N_("已到县里"),
    "durable": N_("已存妥"),
    "photos": N_("照片："),
    "offline": N_("现在连不上网，还存在这部手机上，网通了自动送。"),
    "portal": N_("连上的网络要先登录，或不是人大的网站，还没有送出。"),
    "send": N_("现在就送"),
    "edit": N_("改一改再交"),
    "see": N_("看进度"),
    "remove": N_("从手机上删掉"),
    "sure": N_("还没有存妥，删了就可能丢。真的删吗？"),
    "forget": N_("忘掉这部手机上的一切"),
    "sureAll": N_("这部手机上写的、交的和存的页面都要删掉；没送出的就没有了。真的删吗？"),
    "full": N_("这部手机存不下了。写的字还在；有网时再按一次“提交”，直接送出。"),
}


def script_words(lang: str) -> str:
    """What the script says in a language, as JSON."""
    words = english.words(lang)
    translations = {name: words.gettext(text) for name, text in _SCRIPT.items()}
    return json.dumps(translations, ensure_ascii=False, separators=(",", ":"))
