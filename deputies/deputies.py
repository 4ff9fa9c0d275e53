"""Deputies of the five levels: who they are and whom they answer to."""

import re
from enum import StrEnum

import msgspec

from acts.refusals import N_
from acts.text import plain_digits
from stations.cells import CellError
from stations.columns import choice, identity, line, phone, picture, references, words
from stations.registers import Register


class Level(StrEnum):
    """The five levels of people's congresses (H02), from the highest."""

    NATIONAL = "national"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"


class Deputy(msgspec.Struct, frozen=True, kw_only=True):
    """One deputy.

    `areas` are the codes of the areas whose people they answer to, `stations` the ids of the
    stations where they sit (a deputy names stations, never the other way round). `phone` is
    the number that the deputy publishes, or ""; `photo` the SHA-256 of a picture, or "".
    """

    id: str
    name: str
    level: Level
    constituency: str
    areas: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    phone: str = ""
    post: str = ""
    introduction: str = ""
    photo: str = ""
    name_en: str = ""


# What a level is called in a cell.
LEVELS = {
    Level.NATIONAL: "全国",
    Level.PROVINCE: "省",
    Level.CITY: "市",
    Level.COUNTY: "县",
    Level.TOWNSHIP: "乡镇",
}

# What a deputy of a level is called.
DEPUTY_LEVELS = {
    Level.NATIONAL: N_("全国人大代表"),
    Level.PROVINCE: N_("省人大代表"),
    Level.CITY: N_("市人大代表"),
    Level.COUNTY: N_("县人大代表"),
    Level.TOWNSHIP: N_("乡镇人大代表"),
}

_LEVEL_ENDINGS = re.compile("(?:(?:人民)?代表大会|人大|人民)?代表$|人大$|级$")
_LEVEL_WORDS_ZH = (
    # (how the word ends, the level): the county-level city before the city.
    ("全国", Level.NATIONAL),
    ("县级市", Level.COUNTY),
    ("县(市、区)", Level.COUNTY),
    ("县市区", Level.COUNTY),
    ("乡(镇)", Level.TOWNSHIP),
    ("自治区", Level.PROVINCE),
    ("直辖市", Level.PROVINCE),
    ("自治州", Level.CITY),
    ("设区的市", Level.CITY),
    ("省", Level.PROVINCE),
    ("市", Level.CITY),
    ("县", Level.COUNTY),
    ("区", Level.COUNTY),
    ("旗", Level.COUNTY),
    ("乡", Level.TOWNSHIP),
    ("镇", Level.TOWNSHIP),
)
_LEVEL_WORDS_EN = {
    "national": Level.NATIONAL,
    "nation": Level.NATIONAL,
    "province": Level.PROVINCE,
    "provincial": Level.PROVINCE,
    "city": Level.CITY,
    "municipal": Level.CITY,
    "prefecture": Level.CITY,
    "county": Level.COUNTY,
    "district": Level.COUNTY,
    "township": Level.TOWNSHIP,
    "town": Level.TOWNSHIP,
}


def parse_level(text: str) -> Level:
    """Return the level that a cell names: 全国/省/市/县/乡镇, 县人大代表, 县级, national …

    With a place before it too (望禾县人大代表). Two levels in one cell are a `CellError`.
    """
    typed = plain_digits(text).lower()
    words = re.sub(r"\b(?:people's|congress|deputy|level|npc)\b|[-']", " ", typed).split()
    if len(words) == 1 and words[0] in _LEVEL_WORDS_EN:
        return _LEVEL_WORDS_EN[words[0]]
    word = _LEVEL_ENDINGS.sub("", typed.replace(" ", ""))
    word = word.removesuffix("级") or word
    for ending, level in _LEVEL_WORDS_ZH:
        if word.endswith(ending):
            before = word.removesuffix(ending)
            if re.search("[、,;/和及]", before):
                raise CellError(N_("一行只写一个层级；身兼两级的请写成两行"))
            return level
    raise CellError


DEPUTIES: Register[Deputy] = Register(
    noun="deputy",
    plural="deputies",
    label="人大代表",
    record=Deputy,
    identity=("name", "level", "constituency"),
    columns=(
        identity("代表编号", "代表证号", "deputy id"),
        line(
            *("name", "姓名", "Name"),
            *("代表姓名", "名字", "人大代表", "代表", "deputy", "full name"),
            expected=N_("代表姓名"),
            required=True,
        ),
        choice(
            *("level", "层级", "Level"),
            *("级别", "代表层级", "代表级别", "代表类别", "类别", "deputy level"),
            members={level: (word,) for level, word in LEVELS.items()},
            parse=parse_level,
            expected=N_("全国、省、市、县或乡镇"),
            required=True,
        ),
        words(
            *("constituency", "选区", "Constituency"),
            *("选举单位", "原选举单位", "选区或选举单位", "选区名称", "代表团", "electing unit"),
            expected=N_("选区或原选举单位"),
        ),
        references(
            "area",
            *("areas", "联系区域", "Areas"),
            *("联系村", "联系范围", "所属区域", "区域", "服务区域", "联系村社区", "所在村"),
            *("所属村", "村", "村社区", "区划代码", "area", "area codes", "villages", "village"),
        ),
        references(
            "station",
            *("stations", "联络站", "Stations"),
            *("联络站点", "所在联络站", "所属联络站", "进驻联络站", "联络点", "进站"),
            *("station", "liaison station", "liaison stations"),
        ),
        phone(
            *("phone", "电话", "Phone"),
            *("联系电话", "手机", "手机号", "手机号码", "公开电话", "telephone", "mobile", "tel"),
        ),
        words(
            *("post", "职务", "Post"),
            *("单位及职务", "工作单位及职务", "单位职务", "职业", "occupation", "position"),
            expected=N_("单位和职务"),
        ),
        words(
            *("introduction", "简介", "Introduction"),
            *("个人简介", "代表简介", "介绍", "about", "biography"),
            expected=N_("简介"),
        ),
        picture(),
        line(
            *("name_en", "英文名", "English name"),
            *("英文姓名", "拼音", "姓名拼音", "name in English", "pinyin"),
            expected=N_("英文名或拼音"),
        ),
    ),
)
