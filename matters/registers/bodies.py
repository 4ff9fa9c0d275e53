"""Bodies of the congress to which suggestions and decisions belong, by level."""

from enum import StrEnum
from typing import Any

import msgspec

from acts.text import clean_name
from stations.areas import AREA_EN, AREA_ZH
from stations.cells import choice
from stations.registers import Column, Register, Resolver
from stations.shared_columns import (
    address_column,
    english_name_column,
    id_column,
    phone_column,
)


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


_parse_kind, _format_kind = choice(
    {
        BodyKind.STANDING_COMMITTEE: ("人大常委会", "常委会", "standing committee"),
        BodyKind.PRESIDIUM: ("乡镇人大主席团", "主席团", "乡镇人大", "presidium"),
        BodyKind.WORKING_COMMITTEE: ("街道人大工委", "人大工委", "工委", "working committee"),
    }
)


def _complete(values: dict[str, Any], resolve: Resolver) -> None:
    """Read the kind off the name, where the row doesn't give it."""
    if "kind" not in values:
        name: str = values["name"]
        if "主席团" in name:
            values["kind"] = BodyKind.PRESIDIUM
        elif "工委" in name or "工作委员会" in name:
            values["kind"] = BodyKind.WORKING_COMMITTEE
        elif "常委会" in name or "常务委员会" in name:
            values["kind"] = BodyKind.STANDING_COMMITTEE


BODIES: Register[Body] = Register(
    noun="body",
    plural="bodies",
    label_zh="人大机构",
    record=Body,
    identity=("name",),
    complete=_complete,
    columns=(
        id_column("机构编号", "代码", "body id"),
        Column(
            field="name",
            label_zh="名称",
            label_en="Name",
            aliases=("机构", "机构名称", "body"),
            required=True,
            parse=lambda text, _: clean_name(text),
            expected_zh="机构全称",
            expected_en="the body's full name",
        ),
        Column(
            field="kind",
            label_zh="类别",
            label_en="Kind",
            aliases=("类型", "机构类别", "type"),
            parse=lambda text, _: _parse_kind(text),
            format=_format_kind,
            expected_zh="人大常委会、乡镇人大主席团或街道人大工委",
            expected_en="standing committee, presidium or working committee",
        ),
        Column(
            field="area",
            label_zh="区划",
            label_en="Area",
            aliases=("所属区划", "区划代码", "area code"),
            parse=lambda text, resolve: resolve("area", text),
            expected_zh=AREA_ZH,
            expected_en=AREA_EN,
            refers_to="area",
        ),
        phone_column("联系电话", "办公电话"),
        address_column("办公地址"),
        english_name_column(),
    ),
)
