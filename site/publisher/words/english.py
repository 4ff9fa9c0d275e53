"""The English words of the frame, by their Chinese msgid: the one place to translate from."""

from deputies.deputies import Level
from publisher.words.form_words import FORM
from stations.stations import StationKind

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
LEVELS = {
    Level.NATIONAL: "National deputy",
    Level.PROVINCE: "Provincial deputy",
    Level.CITY: "City deputy",
    Level.COUNTY: "County deputy",
    Level.TOWNSHIP: "Township deputy",
}
STATION_KINDS = {
    StationKind.STATION: "Liaison station",
    StationKind.TRADE_STATION: "Trade liaison station",
    StationKind.POINT: "Liaison point",
    StationKind.HOME: "Deputies' home",
    StationKind.STUDIO: "Deputy studio",
    StationKind.PRACTICE_BASE: "Practice base",
    StationKind.LEGISLATIVE_POINT: "Legislative contact point",
    StationKind.COLLECTION_OFFICE: "Collection office",
}

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
    "打电话": "Call",
    "找我的代表：村（社区）名": "Find my deputy: village or community",
    "搜索": "Search",
    "这份拷贝没有连着服务器，不能搜索，请一步一步点。": (
        "This copy has no server to search on: please go step by step."
    ),
    "写两个字就行": "two characters will do",
    "找我的村": "Find my village",
    "找代表": "Find my deputy",
    "事事有着落、件件有回音": "Every matter has an outcome, every piece an echo",
    "人大代表联络站": "Deputies' liaison stations",
}
