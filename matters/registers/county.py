"""What a county fixes for itself: its name, its office, the words for result classes."""

from collections.abc import Iterable

import msgspec

from acts.text import clean_name
from stations.areas import AREA_EN, AREA_ZH
from stations.cells import (
    CellError,
    format_labels,
    format_yes,
    parse_id,
    parse_labels,
    parse_phone,
    parse_web_address,
    parse_yes,
)
from stations.registers import Column, Problem, Register
from stations.shared_columns import words_column


class County(msgspec.Struct, frozen=True, kw_only=True):
    """The county that a hub serves. `id` is always "county", for there is one.

    `area` is the county's own area code. `sample` marks an invented county on every page.
    `portal` is the address of the county's portal or city app, https only (S08).
    `results` are the labels of the result classes A to D, which differ from place to place.
    """

    id: str = "county"
    name: str
    area: str = ""
    office: str = ""
    office_phone: str = ""
    office_address: str = ""
    sample: bool = False
    campaign: str = ""
    results: dict[str, str] = {}
    name_en: str = ""
    office_en: str = ""
    portal: str = ""


def _check(county: County) -> Iterable[Problem]:
    if county.id != "county":
        yield COUNTIES.column("id").problem(
            county.id, CellError("县只有一个，编号应为 county", "there is one, its id is “county”")
        )
    if not set(county.results) <= set("ABCD"):
        yield COUNTIES.column("results").problem(
            format_labels(county.results),
            CellError("办理结果只有 A、B、C、D 四类", "the result classes are A, B, C and D"),
        )


COUNTIES: Register[County] = Register(
    noun="county",
    plural="counties",
    label_zh="县",
    record=County,
    check=_check,
    columns=(
        Column(
            field="id",
            label_zh="编号",
            label_en="Id",
            parse=lambda text, _: parse_id(text),
            expected_zh="county",
            expected_en="county",
        ),
        Column(
            field="name",
            label_zh="名称",
            label_en="Name",
            aliases=("县名", "county"),
            required=True,
            parse=lambda text, _: clean_name(text),
            expected_zh="县名",
            expected_en="the county's name",
        ),
        Column(
            field="area",
            label_zh="区划代码",
            label_en="Area",
            aliases=("代码", "area code"),
            parse=lambda text, resolve: resolve("area", text),
            expected_zh=AREA_ZH,
            expected_en=AREA_EN,
            refers_to="area",
        ),
        words_column("office", "办公室", "Office", "人大办公室"),
        Column(
            field="office_phone",
            label_zh="办公室电话",
            label_en="Office phone",
            aliases=("电话", "联系电话", "phone"),
            parse=lambda text, _: parse_phone(text),
            expected_zh="电话号码（数字，单元格设为文本）",
            expected_en="a phone number (digits, in a cell set to text)",
        ),
        words_column("office_address", "办公室地址", "Office address", "地址", "address"),
        Column(
            field="sample",
            label_zh="样例",
            label_en="Sample",
            parse=lambda text, _: parse_yes(text),
            format=format_yes,
            expected_zh="是或否",
            expected_en="yes or no",
        ),
        words_column("campaign", "活动名称", "Campaign", "主题活动"),
        Column(
            field="results",
            label_zh="办理结果",
            label_en="Results",
            aliases=("结果分类", "result classes"),
            parse=lambda text, _: parse_labels(text),
            format=format_labels,
            expected_zh="结果分类，如“A:已经解决;B:正在解决”",
            expected_en="result classes, such as “A:solved;B:in progress”",
        ),
        words_column("name_en", "英文名", "English name", "英文名称"),
        words_column("office_en", "办公室英文名", "English office name"),
        Column(
            field="portal",
            label_zh="政务门户",
            label_en="Portal",
            aliases=("门户网站", "政府网站", "政务服务网", "portal address"),
            parse=lambda text, _: parse_web_address(text),
            expected_zh="以 https:// 开头的网址",
            expected_en="an address that begins with https://",
        ),
    ),
)
