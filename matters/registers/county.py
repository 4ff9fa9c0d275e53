"""What a county fixes for itself: its name, its office, the words for result classes."""

from collections.abc import Iterable

import msgspec

from acts.refusals import N_, FieldProblem
from stations.cells import CellError, format_labels, parse_labels, parse_web_address
from stations.columns import line, only, phone, reference, words, yes_no
from stations.registers import Register


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


def _check(county: County) -> Iterable[FieldProblem]:
    if county.id != "county":
        yield COUNTIES.column("id").problem(county.id, CellError(N_("县只有一个，编号应为 county")))
    if not set(county.results) <= set("ABCD"):
        yield COUNTIES.column("results").problem(
            format_labels(county.results), CellError(N_("办理结果只有 A、B、C、D 四类"))
        )


COUNTIES: Register[County] = Register(
    noun="county",
    plural="counties",
    label="县",
    record=County,
    only="county",
    check=_check,
    columns=(
        only("county"),
        line("name", "名称", "Name", "县名", "county", expected=N_("县名"), required=True),
        reference("area", "area", "区划代码", "Area", "代码", "area code"),
        words("office", "办公室", "Office", "人大办公室"),
        phone("office_phone", "办公室电话", "Office phone", "电话", "联系电话", "phone"),
        words("office_address", "办公室地址", "Office address", "地址", "address"),
        yes_no("sample", "样例", "Sample"),
        words("campaign", "活动名称", "Campaign", "主题活动"),
        line(
            *("results", "办理结果", "Results"),
            *("结果分类", "result classes"),
            parse=parse_labels,
            format=format_labels,
            expected=N_("结果分类，如“A:已经解决;B:正在解决”"),
        ),
        words("name_en", "英文名", "English name", "英文名称"),
        words("office_en", "办公室英文名", "English office name"),
        line(
            *("portal", "政务门户", "Portal"),
            *("门户网站", "政府网站", "政务服务网", "portal address"),
            parse=parse_web_address,
            expected=N_("以 https:// 开头的网址"),
        ),
    ),
)
