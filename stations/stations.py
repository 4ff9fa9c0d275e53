"""Liaison stations and points: where they are, when they are open, whom they serve."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from acts.refusals import N_, FieldProblem
from stations.cells import CellError
from stations.columns import (
    address,
    degrees,
    english_name,
    identity,
    kind,
    kind_by_name,
    line,
    lines,
    name,
    phone,
    picture,
    reference,
    references,
    texts,
    whole,
    words,
)
from stations.duty import DutyRule as DutyRule
from stations.duty import check_duty, format_duty, parse_duty
from stations.registers import Register, Registers


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


# What a place of a kind is called.
STATION_KINDS = {
    StationKind.STATION: N_("人大代表联络站"),
    StationKind.TRADE_STATION: N_("行业代表联络站"),
    StationKind.POINT: N_("联络点"),
    StationKind.HOME: N_("代表之家"),
    StationKind.STUDIO: N_("代表工作室"),
    StationKind.PRACTICE_BASE: N_("人大代表实践基地"),
    StationKind.LEGISLATIVE_POINT: N_("基层立法联系点"),
    StationKind.COLLECTION_OFFICE: N_("征集办公室"),
}
_KINDS = {
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


_KIND_SIGNS = (
    ("实践基地", StationKind.PRACTICE_BASE),
    ("立法联系点", StationKind.LEGISLATIVE_POINT),
    ("征集办", StationKind.COLLECTION_OFFICE),
    ("工作室", StationKind.STUDIO),
    ("之家", StationKind.HOME),
    ("行业", StationKind.TRADE_STATION),
    ("点", StationKind.POINT),
)


def _check(station: Station) -> Iterable[FieldProblem]:
    for rule in station.duty:
        try:
            check_duty(rule)
        except CellError as error:
            yield STATIONS.column("duty").problem(format_duty((rule,)), error)
    if (station.latitude is None) != (station.longitude is None):
        lacking = "latitude" if station.latitude is None else "longitude"
        yield STATIONS.column(lacking).problem("", CellError(N_("经度和纬度要么都填，要么都不填")))


def _check_among(station: Station, registers: Registers) -> Iterable[FieldProblem]:
    parent = registers.get("station", station.parent)
    if isinstance(parent, Station) and parent.kind in (StationKind.POINT, StationKind.STUDIO):
        yield STATIONS.column("parent").problem(
            station.parent, CellError(N_("上级应为联络站，不能是联络点或工作室"))
        )


STATIONS: Register[Station] = Register(
    noun="station",
    plural="stations",
    label="联络站",
    record=Station,
    identity=("name", "area"),
    complete=kind_by_name(_KIND_SIGNS, StationKind.STATION),
    check=_check,
    check_among=_check_among,
    columns=(
        identity("站点编号", "station id", "代码"),
        name("站名", "站点名称", "联络站名称", "station"),
        kind(
            "类型",
            "站点类型",
            "type",
            members=_KINDS,
            expected=N_("联络站、行业代表联络站、联络点、代表之家或代表工作室"),
        ),
        reference(
            "area",
            *("area", "所在地", "Area"),
            *("所在区划", "所在乡镇", "乡镇", "所属乡镇", "区划代码", "area code", "township"),
            required=True,
        ),
        references(
            "area",
            *("serves", "服务范围", "Serves"),
            *("服务村", "覆盖范围", "覆盖村", "辐射村", "areas served", "villages"),
        ),
        reference(
            "station",
            *("parent", "所属联络站", "Parent station"),
            *("上级", "上级站", "所属站", "中心站", "parent", "belongs to"),
        ),
        address("详细地址", "位置"),
        words("directions", "怎么走", "Directions", "路线", "交通", expected=N_("路线")),
        degrees("latitude", "纬度", "Latitude", "lat", limit=90),
        degrees("longitude", "经度", "Longitude", "lon", limit=180),
        phone("phone", "电话", "Phone", "联系电话", "固定电话", "座机", "telephone", "tel"),
        phone("mobile", "手机", "Mobile", "手机号", "手机号码", "cell phone"),
        words("hours", "开放时间", "Hours", "接待时间", "时间", expected=N_("开放时间")),
        line(
            *("head", "站长", "Head"),
            *("负责人", "站长姓名", "联络点负责人", "station head"),
            expected=N_("姓名或名称"),
        ),
        line(
            *("officer", "联络员", "Officer"),
            *("联络员姓名", "liaison officer"),
            expected=N_("姓名或名称"),
        ),
        lines(
            *("duty", "值班", "Duty"),
            *("值班安排", "坐班", "代表接待日", "接待日", "轮值", "rota", "duty days"),
            parse=parse_duty,
            format=format_duty,
            expected=N_("值班安排，如“每周三 08:30-11:30 2人”或“每月第2、4个周三 14:30-17:00 3人”"),
        ),
        words("scope", "接待范围", "Scope", "受理范围", "接待对象", "reception scope"),
        words("procedure", "接待流程", "Procedure", "工作流程", "流程"),
        words("host", "依托", "Host", "依托单位", "依托阵地", "挂靠", "host place"),
        texts("boards", "标牌设施", "Boards", "标识标牌", "公示设施", "设施"),
        texts("books", "学习资料", "Books", "图书柜", "图书", "学习材料", "study material"),
        texts("constituencies", "选区", "Constituencies", "所辖选区", "选区名称"),
        whole(
            *("voters", "选民人数", "Voters"),
            *("选民", "选民数", "number of voters"),
            least=0,
            most=100_000_000,
            format=lambda count: str(count) if count else "",
            expected=N_("人数，如 95530"),
        ),
        picture(),
        english_name(),
        words("address_en", "英文地址", "English address", expected=N_("英文地址")),
    ),
)
