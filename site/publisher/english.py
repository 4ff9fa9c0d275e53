"""The English words of the frame, by their Chinese msgid: the one place to translate from."""

from publisher.form_words import FORM

ENGLISH = {
    **FORM,
    "回音": "Huiyin",
    "跳到正文": "Skip to content",
    "首页": "Home",
    "代表": "Deputies",
    "联络站": "Stations",
    "公示": "Notices",
    "台账": "Ledger",
    "我要反映": "Raise a matter",
    "主导航": "Main navigation",
    "示例县,人物地名均为虚构": "Sample county",
    "怎么用": "How it works",
    "隐私说明": "Privacy",
    "查进度": "Follow up",
    "找代表": "Find my deputy",
    "事事有着落、件件有回音": "Every matter has an outcome, every piece an echo",
    "人大代表联络站": "Deputies' liaison stations",
}
