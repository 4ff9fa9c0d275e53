"""Areas: the county, its townships and their villages, by the 12-digit statistical code."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import msgspec

from acts.refusals import N_, FieldProblem
from stations.cells import CellError, parse_area_code
from stations.columns import english_name, kind, line, name, reference
from stations.registers import Register, Registers, Resolver


class AreaKind(StrEnum):
    """What an area is, from the widest to the narrowest."""

    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """One area. `id` is its 12-digit code; `parent` is the code of the area above, or ""."""

    id: str
    name: str
    kind: AreaKind
    parent: str = ""
    name_en: str = ""


_KINDS = {
    AreaKind.COUNTY: ("县", "区", "市", "县级", "旗", "district"),
    AreaKind.TOWNSHIP: ("乡镇", "乡", "镇", "街道", "乡级", "town", "sub-district"),
    AreaKind.VILLAGE: ("村", "社区", "村（社区）", "居委会", "村委会", "村级", "community"),
}


def _complete(values: dict[str, Any], resolve: Resolver) -> None:
    """Read the kind off the code, and the parent too where an area of that code is known."""
    code: str = values["id"]
    if "kind" not in values:
        values["kind"] = (
            AreaKind.COUNTY
            if code.endswith("000000")
            else AreaKind.TOWNSHIP
            if code.endswith("000")
            else AreaKind.VILLAGE
        )
    above = {
        AreaKind.COUNTY: "",
        AreaKind.TOWNSHIP: code[:6] + "000000",
        AreaKind.VILLAGE: code[:9] + "000",
    }[values["kind"]]
    if "parent" not in values and above and above != code:
        try:
            values["parent"] = resolve("area", above)
        except CellError:
            return


def _check_among(area: Area, registers: Registers) -> Iterable[FieldProblem]:
    parent = registers.get("area", area.parent)
    order = list(AreaKind)
    if isinstance(parent, Area) and order.index(parent.kind) >= order.index(area.kind):
        yield AREAS.column("parent").problem(
            area.parent, CellError(N_("上级应比它大一级：村的上级是乡镇，乡镇的上级是县"))
        )


AREAS: Register[Area] = Register(
    noun="area",
    plural="areas",
    label="区划",
    record=Area,
    complete=_complete,
    check_among=_check_among,
    columns=(
        line(
            *("id", "区划代码", "Code"),
            *("代码", "编号", "行政区划代码", "统计用区划代码", "area code", "area"),
            parse=parse_area_code,
            expected=N_("12 位区划代码（数字，单元格设为文本）"),
            required=True,
        ),
        name("地名", "区划名称", "村名", "乡镇名称", "area name", expected=N_("地名，如“柳堰村”")),
        kind("级别", "类型", "层级", "level", "type", members=_KINDS, expected=N_("县、乡镇或村")),
        reference(
            "area",
            *("parent", "上级", "Parent"),
            *("上级代码", "上级区划", "所属乡镇", "乡镇", "所属", "parent code", "township"),
        ),
        english_name("英文"),
    ),
)
