"""Deputies of the five levels: who they are and whom they answer to."""

import re
from enum import StrEnum

import msgspec

from acts.text import clean_name, plain_digits
from stations.areas import AREA_EN, AREA_ZH
from stations.cells import CellError, clean_text, format_list, parse_list, parse_phone
from stations.registers import Column, Register, Resolver
from stations.shared_columns import id_column, picture_column
from stations.stations import STATION_EN, STATION_ZH, parse_areas, parse_stations


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


LEVELS_ZH = {
    Level.NATIONAL: "全国",
    Level.PROVINCE: "省",
    Level.CITY: "市",
    Level.COUNTY: "县",
    Level.TOWNSHIP: "乡镇",
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
    said = plain_digits(text).lower()
    words = re.sub(r"\b(?:people's|congress|deputy|level|npc)\b|[-']", " ", said).split()
    if len(words) == 1 and words[0] in _LEVEL_WORDS_EN:
        return _LEVEL_WORDS_EN[words[0]]
    word = _LEVEL_ENDINGS.sub("", said.replace(" ", ""))
    word = word.removesuffix("级") or word
    for ending, level in _LEVEL_WORDS_ZH:
        if word.endswith(ending):
            before = word.removesuffix(ending)
            if re.search("[、,;/和及]", before):
                raise CellError(
                    "一行只写一个层级；身兼两级的请写成两行",
                    "one level a row; write a deputy of two levels as two rows",
                )
            return level
    raise CellError


def parse_deputies(text: str, resolve: Resolver) -> tuple[str, ...]:
    """Return the ids of the deputies that a cell lists by id or name, each once, in order."""
    return tuple(dict.fromkeys(resolve("deputy", part) for part in parse_list(text)))


def deputies_column(field: str, label_zh: str, label_en: str, *aliases: str) -> Column:
    """Return the column of a list of deputies."""
    return Column(
        field=field,
        label_zh=label_zh,
        label_en=label_en,
        aliases=aliases,
        parse=parse_deputies,
        format=format_list,
        expected_zh="用顿号分开的代表编号或姓名",
        expected_en="a list of deputies by id or name",
        refers_to="deputy",
    )


def format_level(level: Level) -> str:
    """Return a level as it stands in a register."""
    return LEVELS_ZH[level]


DEPUTIES: Register[Deputy] = Register(
    noun="deputy",
    plural="deputies",
    label_zh="人大代表",
    record=Deputy,
    identity=("name", "level", "constituency"),
    columns=(
        id_column("代表编号", "代表证号", "deputy id"),
        Column(
            field="name",
            label_zh="姓名",
            label_en="Name",
            aliases=("代表姓名", "名字", "人大代表", "代表", "deputy", "full name"),
            required=True,
            parse=lambda text, _: clean_name(text),
            expected_zh="代表姓名",
            expected_en="the deputy's name",
        ),
        Column(
            field="level",
            label_zh="层级",
            label_en="Level",
            aliases=("级别", "代表层级", "代表级别", "代表类别", "类别", "deputy level"),
            required=True,
            parse=lambda text, _: parse_level(text),
            format=format_level,
            expected_zh="全国、省、市、县或乡镇",
            expected_en="national, province, city, county or township",
        ),
        Column(
            field="constituency",
            label_zh="选区",
            label_en="Constituency",
            aliases=(
                "选举单位",
                "原选举单位",
                "选区或选举单位",
                "选区名称",
                "代表团",
                "electing unit",
            ),
            parse=lambda text, _: clean_text(text),
            expected_zh="选区或原选举单位",
            expected_en="the constituency or electing unit",
        ),
        Column(
            field="areas",
            label_zh="联系区域",
            label_en="Areas",
            aliases=(
                "联系村",
                "联系范围",
                "所属区域",
                "区域",
                "服务区域",
                "联系村社区",
                "所在村",
                "所属村",
                "村",
                "村社区",
                "区划代码",
                "area",
                "area codes",
                "villages",
                "village",
            ),
            parse=parse_areas,
            format=format_list,
            expected_zh=f"用顿号分开的{AREA_ZH}",
            expected_en=f"a list of {AREA_EN}",
            refers_to="area",
        ),
        Column(
            field="stations",
            label_zh="联络站",
            label_en="Stations",
            aliases=(
                "联络站点",
                "所在联络站",
                "所属联络站",
                "进驻联络站",
                "联络点",
                "进站",
                "station",
                "liaison station",
                "liaison stations",
            ),
            parse=parse_stations,
            format=format_list,
            expected_zh=f"用顿号分开的{STATION_ZH}",
            expected_en=f"a list of {STATION_EN}",
            refers_to="station",
        ),
        Column(
            field="phone",
            label_zh="电话",
            label_en="Phone",
            aliases=(
                "联系电话",
                "手机",
                "手机号",
                "手机号码",
                "公开电话",
                "telephone",
                "mobile",
                "tel",
            ),
            parse=lambda text, _: parse_phone(text),
            expected_zh="电话号码（数字，单元格设为文本）",
            expected_en="a phone number (digits, in a cell set to text)",
        ),
        Column(
            field="post",
            label_zh="职务",
            label_en="Post",
            aliases=("单位及职务", "工作单位及职务", "单位职务", "职业", "occupation", "position"),
            parse=lambda text, _: clean_text(text),
            expected_zh="单位和职务",
            expected_en="the deputy's post",
        ),
        Column(
            field="introduction",
            label_zh="简介",
            label_en="Introduction",
            aliases=("个人简介", "代表简介", "介绍", "about", "biography"),
            parse=lambda text, _: clean_text(text),
            expected_zh="简介",
            expected_en="a few words about the deputy",
        ),
        picture_column(),
        Column(
            field="name_en",
            label_zh="英文名",
            label_en="English name",
            aliases=("英文姓名", "拼音", "姓名拼音", "name in English", "pinyin"),
            parse=lambda text, _: clean_name(text),
            expected_zh="英文名或拼音",
            expected_en="the name in Latin letters",
        ),
    ),
)
