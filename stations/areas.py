"""Areas: the county, its townships and their villages, by the 12-digit statistical code."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import msgspec

from acts.text import clean_name
from stations.cells import CellError, choice, parse_area_code
from stations.registers import Column, Problem, Register, Registers, Resolver
from stations.shared_columns import english_name_column


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


AREA_ZH = "12 位区划代码，或名册里已有的地名（重名的写成“乡镇/村”）"
AREA_EN = "a 12-digit area code, or a name on the register (township/village where it repeats)"

_parse_kind, _format_kind = choice(
    {
        AreaKind.COUNTY: ("县", "区", "市", "县级", "旗", "district"),
        AreaKind.TOWNSHIP: ("乡镇", "乡", "镇", "街道", "乡级", "town", "sub-district"),
        AreaKind.VILLAGE: ("村", "社区", "村（社区）", "居委会", "村委会", "村级", "community"),
    }
)


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


def _check_among(area: Area, registers: Registers) -> Iterable[Problem]:
    parent = registers.get("area", area.parent)
    order = list(AreaKind)
    if isinstance(parent, Area) and order.index(parent.kind) >= order.index(area.kind):
        yield AREAS.column("parent").problem(
            area.parent,
            CellError(
                "上级应比它大一级：村的上级是乡镇，乡镇的上级是县",
                "the area above must be wider: a township above a village, a county above that",
            ),
        )


AREAS: Register[Area] = Register(
    noun="area",
    plural="areas",
    label_zh="区划",
    record=Area,
    complete=_complete,
    check_among=_check_among,
    columns=(
        Column(
            field="id",
            label_zh="区划代码",
            label_en="Code",
            aliases=("代码", "编号", "行政区划代码", "统计用区划代码", "area code", "area"),
            required=True,
            parse=lambda text, _: parse_area_code(text),
            expected_zh="12 位区划代码（数字，单元格设为文本）",
            expected_en="a 12-digit area code (digits, in a cell set to text)",
        ),
        Column(
            field="name",
            label_zh="名称",
            label_en="Name",
            aliases=("地名", "区划名称", "村名", "乡镇名称", "area name"),
            required=True,
            parse=lambda text, _: clean_name(text),
            expected_zh="地名，如“柳堰村”",
            expected_en="the area's name",
        ),
        Column(
            field="kind",
            label_zh="类别",
            label_en="Kind",
            aliases=("级别", "类型", "层级", "level", "type"),
            parse=lambda text, _: _parse_kind(text),
            format=_format_kind,
            expected_zh="县、乡镇或村",
            expected_en="county, township or village",
        ),
        Column(
            field="parent",
            label_zh="上级",
            label_en="Parent",
            aliases=("上级代码", "上级区划", "所属乡镇", "乡镇", "所属", "parent code", "township"),
            parse=lambda text, resolve: resolve("area", text),
            expected_zh=AREA_ZH,
            expected_en=AREA_EN,
            refers_to="area",
        ),
        english_name_column("英文"),
    ),
)
