"""Liaison stations and points: where they are, when they are open, whom they serve."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import msgspec

from acts.text import clean_name
from stations.areas import AREA_EN, AREA_ZH
from stations.cells import (
    CellError,
    choice,
    clean_text,
    format_degrees,
    format_list,
    parse_degrees,
    parse_list,
    parse_phone,
    parse_whole,
)
from stations.duty import DutyRule as DutyRule
from stations.duty import check_duty, format_duty, parse_duty
from stations.registers import Column, Problem, Register, Registers, Resolver
from stations.shared_columns import id_column, picture_column, words_column


class StationKind(StrEnum):
    """The kinds of place where deputies meet people (L03)."""

    STATION = "station"
    TRADE_STATION = "trade-station"
    POINT = "point"
    HOME = "home"
    STUDIO = "studio"
    # X05, L04, S06.
    PRACTICE_BASE = "practice-base"
    LEGISLATIVE_POINT = "legislative-point"
    COLLECTION_OFFICE = "collection-office"


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """One station or point.

    `area` is the code of the township (or village) it stands in, `serves` the codes of the
    areas whose people it serves, `parent` the station that a point belongs to, or "".
    `latitude` and `longitude` are WGS 84 degrees, or None. `scope` and `procedure` say whom and
    what the station receives and how (X06); `host` names the place or team it stands in (S05);
    `boards` and `books` list what hangs and stands there (Q03, Q04); `constituencies` and
    `voters` say for how many it is there (Q02). `photo` is the SHA-256 of a picture, or "".
    """

    id: str
    name: str
    kind: StationKind
    area: str
    serves: tuple[str, ...] = ()
    parent: str = ""
    address: str = ""
    directions: str = ""
    latitude: float | None = None
    longitude: float | None = None
    phone: str = ""
    mobile: str = ""
    hours: str = ""
    head: str = ""
    officer: str = ""
    duty: tuple[DutyRule, ...] = ()
    scope: str = ""
    procedure: str = ""
    host: str = ""
    boards: tuple[str, ...] = ()
    books: tuple[str, ...] = ()
    constituencies: tuple[str, ...] = ()
    voters: int = 0
    photo: str = ""
    name_en: str = ""
    address_en: str = ""


STATION_ZH = "联络站（点）的编号，或名册里已有的站名"
STATION_EN = "the id of a station, or its name on the register"

_parse_kind, _format_kind = choice(
    {
        StationKind.STATION: (
            "联络站",
            "代表联络站",
            "人大代表联络站",
            "站",
            "中心站",
            "liaison station",
        ),
        StationKind.TRADE_STATION: (
            "行业代表联络站",
            "行业联络站",
            "行业站",
            "trade liaison station",
        ),
        StationKind.POINT: ("联络点", "代表联络点", "人大代表联络点", "点", "liaison point"),
        StationKind.HOME: ("代表之家", "人大代表之家", "家", "deputies' home"),
        StationKind.STUDIO: ("代表工作室", "工作室", "室", "deputy studio"),
        StationKind.PRACTICE_BASE: (
            "实践基地",
            "代表实践基地",
            "人大代表实践基地",
            "practice base",
        ),
        StationKind.LEGISLATIVE_POINT: (
            "基层立法联系点",
            "立法联系点",
            "legislative contact point",
        ),
        StationKind.COLLECTION_OFFICE: ("征集办公室", "征集办", "collection office"),
    }
)


def parse_areas(text: str, resolve: Resolver) -> tuple[str, ...]:
    """Return the codes of the areas that a cell lists by code or name, each once, in order."""
    return tuple(dict.fromkeys(resolve("area", part) for part in parse_list(text)))


def parse_stations(text: str, resolve: Resolver) -> tuple[str, ...]:
    """Return the ids of the stations that a cell lists by id or name, each once, in order."""
    return tuple(dict.fromkeys(resolve("station", part) for part in parse_list(text)))


def _complete(values: dict[str, Any], resolve: Resolver) -> None:
    """Read the kind off the name, where the row doesn't give it."""
    if "kind" not in values:
        name: str = values["name"]
        signs = {
            "实践基地": StationKind.PRACTICE_BASE,
            "立法联系点": StationKind.LEGISLATIVE_POINT,
            "征集办": StationKind.COLLECTION_OFFICE,
            "工作室": StationKind.STUDIO,
            "之家": StationKind.HOME,
            "行业": StationKind.TRADE_STATION,
            "点": StationKind.POINT,
        }
        found = (kind for sign, kind in signs.items() if sign in name)
        values["kind"] = next(found, StationKind.STATION)


def _check(station: Station) -> Iterable[Problem]:
    for rule in station.duty:
        try:
            check_duty(rule)
        except CellError as error:
            yield STATIONS.column("duty").problem(format_duty((rule,)), error)
    if (station.latitude is None) != (station.longitude is None):
        lacking = "latitude" if station.latitude is None else "longitude"
        yield STATIONS.column(lacking).problem(
            "",
            CellError("经度和纬度要么都填，要么都不填", "give both latitude and longitude or none"),
        )


def _check_among(station: Station, registers: Registers) -> Iterable[Problem]:
    parent = registers.get("station", station.parent)
    if isinstance(parent, Station) and parent.kind in (StationKind.POINT, StationKind.STUDIO):
        yield STATIONS.column("parent").problem(
            station.parent,
            CellError("上级应为联络站，不能是联络点或工作室", "a point can't belong to a point"),
        )


def _words(field: str, zh: str, en: str, expected: tuple[str, str], *aliases: str) -> Column:
    """Return the column of a text that may run over several lines."""
    return Column(
        field=field,
        label_zh=zh,
        label_en=en,
        aliases=aliases,
        parse=lambda text, _: clean_text(text),
        expected_zh=expected[0],
        expected_en=expected[1],
    )


def _lines(field: str, zh: str, en: str, *aliases: str) -> Column:
    """Return the column of a list of short texts."""
    return Column(
        field=field,
        label_zh=zh,
        label_en=en,
        aliases=aliases,
        parse=lambda text, _: tuple(parse_list(text)),
        format=format_list,
        expected_zh=f"用顿号分开的{zh}",
        expected_en=f"a list: {en.lower()}",
    )


def _name(field: str, zh: str, en: str, *aliases: str, required: bool = False) -> Column:
    return Column(
        field=field,
        label_zh=zh,
        label_en=en,
        aliases=aliases,
        required=required,
        parse=lambda text, _: clean_name(text),
        expected_zh="名称" if required else "姓名或名称",
        expected_en="a name",
    )


def _phone(field: str, zh: str, en: str, *aliases: str) -> Column:
    return Column(
        field=field,
        label_zh=zh,
        label_en=en,
        aliases=aliases,
        parse=lambda text, _: parse_phone(text),
        expected_zh="电话号码（数字，单元格设为文本）",
        expected_en="a phone number (digits, in a cell set to text)",
    )


def _degrees(field: str, zh: str, en: str, limit: int) -> Column:
    parse = parse_degrees(limit)
    return Column(
        field=field,
        label_zh=zh,
        label_en=en,
        aliases=(field[:3],),
        parse=lambda text, _: parse(text),
        format=format_degrees,
        expected_zh=f"-{limit} 至 {limit} 之间的度数，如 35.4210",
        expected_en=f"degrees from -{limit} to {limit}, such as 35.4210",
    )


STATIONS: Register[Station] = Register(
    noun="station",
    plural="stations",
    label_zh="联络站",
    record=Station,
    identity=("name", "area"),
    complete=_complete,
    check=_check,
    check_among=_check_among,
    columns=(
        id_column("站点编号", "station id", "代码"),
        _name("name", "名称", "Name", "站名", "站点名称", "联络站名称", "station", required=True),
        Column(
            field="kind",
            label_zh="类别",
            label_en="Kind",
            aliases=("类型", "站点类型", "type"),
            parse=lambda text, _: _parse_kind(text),
            format=_format_kind,
            expected_zh="联络站、行业代表联络站、联络点、代表之家或代表工作室",
            expected_en="station, trade-station, point, home or studio",
        ),
        Column(
            field="area",
            label_zh="所在地",
            label_en="Area",
            aliases=(
                "所在区划",
                "所在乡镇",
                "乡镇",
                "所属乡镇",
                "区划代码",
                "area code",
                "township",
            ),
            required=True,
            parse=lambda text, resolve: resolve("area", text),
            expected_zh=AREA_ZH,
            expected_en=AREA_EN,
            refers_to="area",
        ),
        Column(
            field="serves",
            label_zh="服务范围",
            label_en="Serves",
            aliases=("服务村", "覆盖范围", "覆盖村", "辐射村", "areas served", "villages"),
            parse=parse_areas,
            format=format_list,
            expected_zh=f"用顿号分开的{AREA_ZH}",
            expected_en=f"a list of {AREA_EN}",
            refers_to="area",
        ),
        Column(
            field="parent",
            label_zh="所属联络站",
            label_en="Parent station",
            aliases=("上级", "上级站", "所属站", "中心站", "parent", "belongs to"),
            parse=lambda text, resolve: resolve("station", text),
            expected_zh=STATION_ZH,
            expected_en=STATION_EN,
            refers_to="station",
        ),
        _words("address", "地址", "Address", ("地址", "the address"), "详细地址", "位置"),
        _words("directions", "怎么走", "Directions", ("路线", "the way there"), "路线", "交通"),
        _degrees("latitude", "纬度", "Latitude", 90),
        _degrees("longitude", "经度", "Longitude", 180),
        _phone("phone", "电话", "Phone", "联系电话", "固定电话", "座机", "telephone", "tel"),
        _phone("mobile", "手机", "Mobile", "手机号", "手机号码", "cell phone"),
        _words("hours", "开放时间", "Hours", ("开放时间", "opening hours"), "接待时间", "时间"),
        _name("head", "站长", "Head", "负责人", "站长姓名", "联络点负责人", "station head"),
        _name("officer", "联络员", "Officer", "联络员姓名", "liaison officer"),
        Column(
            field="duty",
            label_zh="值班",
            label_en="Duty",
            aliases=("值班安排", "坐班", "代表接待日", "接待日", "轮值", "rota", "duty days"),
            parse=lambda text, _: parse_duty(text),
            format=format_duty,
            expected_zh="值班安排，如“每周三 08:30-11:30 2人”或“每月第2、4个周三 14:30-17:00 3人”",
            expected_en="a duty rule, such as “Wednesday 08:30-11:30 2 deputies”",
        ),
        words_column("scope", "接待范围", "Scope", "受理范围", "接待对象", "reception scope"),
        words_column("procedure", "接待流程", "Procedure", "工作流程", "流程"),
        words_column("host", "依托", "Host", "依托单位", "依托阵地", "挂靠", "host place"),
        _lines("boards", "标牌设施", "Boards", "标识标牌", "公示设施", "设施"),
        _lines("books", "学习资料", "Books", "图书柜", "图书", "学习材料", "study material"),
        _lines("constituencies", "选区", "Constituencies", "所辖选区", "选区名称"),
        Column(
            field="voters",
            label_zh="选民人数",
            label_en="Voters",
            aliases=("选民", "选民数", "number of voters"),
            parse=lambda text, _: parse_whole(0, 100_000_000)(text),
            format=lambda count: str(count) if count else "",
            expected_zh="人数，如 95530",
            expected_en="a number, such as 95530",
        ),
        picture_column(),
        _name("name_en", "英文名", "English name", "英文名称", "name in English"),
        _words("address_en", "英文地址", "English address", ("英文地址", "the address in English")),
    ),
)
