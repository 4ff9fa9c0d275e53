"""Handling units: the bureaus, townships, courts and companies that matters are dispatched to."""

from enum import StrEnum

import msgspec

from acts.refusals import N_
from stations.columns import english_name, identity, kind, kind_by_name, name, phone, reference
from stations.registers import Register


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


_KINDS = {
    UnitKind.GOVERNMENT: ("政府部门", "政府", "县直部门", "局", "government department"),
    UnitKind.TOWNSHIP: ("乡镇政府", "乡镇", "街道办事处", "街道", "township government"),
    UnitKind.SUPERVISION: ("监察委员会", "监委", "supervision committee"),
    UnitKind.COURT: ("法院", "人民法院"),
    UnitKind.PROCURATORATE: ("检察院", "人民检察院"),
    UnitKind.COMPANY: ("企业", "公司", "国有企业", "enterprise"),
}

_KIND_SIGNS = (
    ("监察委员会", UnitKind.SUPERVISION),
    ("检察院", UnitKind.PROCURATORATE),
    ("法院", UnitKind.COURT),
    ("公司", UnitKind.COMPANY),
    ("镇人民政府", UnitKind.TOWNSHIP),
    ("乡人民政府", UnitKind.TOWNSHIP),
    ("街道办事处", UnitKind.TOWNSHIP),
)


UNITS: Register[Unit] = Register(
    noun="unit",
    plural="units",
    label="承办单位",
    record=Unit,
    identity=("name",),
    complete=kind_by_name(_KIND_SIGNS, UnitKind.GOVERNMENT, at_end=True),
    columns=(
        identity("单位编号", "代码", "unit id"),
        name("单位", "单位名称", "承办单位", "unit", "handling unit", expected=N_("单位全称")),
        kind(
            "类型",
            "单位类别",
            "单位性质",
            "type",
            members=_KINDS,
            expected=N_("政府部门、乡镇政府、监察委员会、法院、检察院或企业"),
        ),
        reference(
            "area",
            *("area", "区划", "Area"),
            *("所在地", "所属区划", "区划代码", "管辖区域", "area code"),
        ),
        phone("phone", "电话", "Phone", "联系电话", "办公电话", "telephone", "tel"),
        english_name(),
    ),
)
