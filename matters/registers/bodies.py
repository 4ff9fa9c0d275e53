"""Bodies of the congress to which suggestions and decisions belong, by level."""

from enum import StrEnum

import msgspec

from acts.refusals import N_
from stations.columns import (
    address,
    english_name,
    identity,
    kind,
    kind_by_name,
    name,
    phone,
    reference,
)
from stations.registers import Register


class BodyKind(StrEnum):
    """The county's committee, a township's presidium, a sub-district's working committee."""

    STANDING_COMMITTEE = "standing_committee"
    PRESIDIUM = "presidium"
    WORKING_COMMITTEE = "working_committee"


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """One body of the congress. `area` is the code of the area that elects it, or ""."""

    id: str
    name: str
    kind: BodyKind
    area: str = ""
    phone: str = ""
    address: str = ""
    name_en: str = ""


_KINDS = {
    BodyKind.STANDING_COMMITTEE: ("人大常委会", "常委会", "standing committee"),
    BodyKind.PRESIDIUM: ("乡镇人大主席团", "主席团", "乡镇人大", "presidium"),
    BodyKind.WORKING_COMMITTEE: ("街道人大工委", "人大工委", "工委", "working committee"),
}


_KIND_SIGNS = (
    ("主席团", BodyKind.PRESIDIUM),
    ("工委", BodyKind.WORKING_COMMITTEE),
    ("工作委员会", BodyKind.WORKING_COMMITTEE),
    ("常委会", BodyKind.STANDING_COMMITTEE),
    ("常务委员会", BodyKind.STANDING_COMMITTEE),
)

BODIES: Register[Body] = Register(
    noun="body",
    plural="bodies",
    label="人大机构",
    record=Body,
    identity=("name",),
    complete=kind_by_name(_KIND_SIGNS),
    columns=(
        identity("机构编号", "代码", "body id"),
        name("机构", "机构名称", "body", expected=N_("机构全称")),
        kind(
            "类型",
            "机构类别",
            "type",
            members=_KINDS,
            expected=N_("人大常委会、乡镇人大主席团或街道人大工委"),
        ),
        reference("area", "area", "区划", "Area", "所属区划", "区划代码", "area code"),
        phone("phone", "电话", "Phone", "telephone", "tel", "联系电话", "办公电话"),
        address("办公地址"),
        english_name(),
    ),
)
