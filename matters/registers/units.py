"""Handling units: the bureaus, townships, courts and companies that matters are dispatched to."""

from enum import StrEnum
from typing import Any

import msgspec

from acts.text import clean_name
from stations.areas import AREA_EN, AREA_ZH
from stations.cells import choice, parse_phone
from stations.registers import Column, Register, Resolver
from stations.shared_columns import english_name_column, id_column


class UnitKind(StrEnum):
    """To which of the bodies under the congress's supervision a unit belongs (一府一委两院)."""

    GOVERNMENT = "government"
    TOWNSHIP = "township"
    SUPERVISION = "supervision"
    COURT = "court"
    PROCURATORATE = "procuratorate"
    COMPANY = "company"


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """One handling unit. `area` is the code of the area it works for, or ""."""

    id: str
    name: str
    kind: UnitKind = UnitKind.GOVERNMENT
    area: str = ""
    phone: str = ""
    name_en: str = ""


_parse_kind, _format_kind = choice(
    {
        UnitKind.GOVERNMENT: ("政府部门", "政府", "县直部门", "局", "government department"),
        UnitKind.TOWNSHIP: ("乡镇政府", "乡镇", "街道办事处", "街道", "township government"),
        UnitKind.SUPERVISION: ("监察委员会", "监委", "supervision committee"),
        UnitKind.COURT: ("法院", "人民法院"),
        UnitKind.PROCURATORATE: ("检察院", "人民检察院"),
        UnitKind.COMPANY: ("企业", "公司", "国有企业", "enterprise"),
    }
)

_KIND_SIGNS = (
    ("监察委员会", UnitKind.SUPERVISION),
    ("检察院", UnitKind.PROCURATORATE),
    ("法院", UnitKind.COURT),
    ("公司", UnitKind.COMPANY),
    ("镇人民政府", UnitKind.TOWNSHIP),
    ("乡人民政府", UnitKind.TOWNSHIP),
    ("街道办事处", UnitKind.TOWNSHIP),
)


def _complete(values: dict[str, Any], resolve: Resolver) -> None:
    """Read the kind off the name, where the row doesn't give it."""
    if "kind" not in values:
        name: str = values["name"]
        found = (kind for sign, kind in _KIND_SIGNS if name.endswith(sign))
        values["kind"] = next(found, UnitKind.GOVERNMENT)


UNITS: Register[Unit] = Register(
    noun="unit",
    plural="units",
    label_zh="承办单位",
    record=Unit,
    identity=("name",),
    complete=_complete,
    columns=(
        id_column("单位编号", "代码", "unit id"),
        Column(
            field="name",
            label_zh="名称",
            label_en="Name",
            aliases=("单位", "单位名称", "承办单位", "unit", "handling unit"),
            required=True,
            parse=lambda text, _: clean_name(text),
            expected_zh="单位全称",
            expected_en="the unit's full name",
        ),
        Column(
            field="kind",
            label_zh="类别",
            label_en="Kind",
            aliases=("类型", "单位类别", "单位性质", "type"),
            parse=lambda text, _: _parse_kind(text),
            format=_format_kind,
            expected_zh="政府部门、乡镇政府、监察委员会、法院、检察院或企业",
            expected_en="government, township, supervision, court, procuratorate or company",
        ),
        Column(
            field="area",
            label_zh="区划",
            label_en="Area",
            aliases=("所在地", "所属区划", "区划代码", "管辖区域", "area code"),
            parse=lambda text, resolve: resolve("area", text),
            expected_zh=AREA_ZH,
            expected_en=AREA_EN,
            refers_to="area",
        ),
        Column(
            field="phone",
            label_zh="电话",
            label_en="Phone",
            aliases=("联系电话", "办公电话", "telephone", "tel"),
            parse=lambda text, _: parse_phone(text),
            expected_zh="电话号码（数字，单元格设为文本）",
            expected_en="a phone number (digits, in a cell set to text)",
        ),
        english_name_column(),
    ),
)
