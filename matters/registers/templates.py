"""Templates for replies: a beginning that a clerk fills in and makes their own."""

import msgspec

from acts.text import clean_name
from stations.cells import clean_text
from stations.registers import Column, Register
from stations.shared_columns import id_column


class ReplyTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """One template. `unit` is the id of the only unit that is offered it, or "" for all.

    What is to be filled in stands in the text as ＿＿.
    """

    id: str
    name: str
    text: str
    unit: str = ""


TEMPLATES: Register[ReplyTemplate] = Register(
    noun="template",
    plural="templates",
    label_zh="答复模板",
    record=ReplyTemplate,
    identity=("name", "unit"),
    columns=(
        id_column("模板编号", "template id"),
        Column(
            field="name",
            label_zh="名称",
            label_en="Name",
            aliases=("模板", "模板名称", "标题", "template"),
            required=True,
            parse=lambda text, _: clean_name(text),
            expected_zh="模板名称",
            expected_en="the template's name",
        ),
        Column(
            field="text",
            label_zh="内容",
            label_en="Text",
            aliases=("模板内容", "正文", "答复内容", "body"),
            required=True,
            parse=lambda text, _: clean_text(text),
            expected_zh="答复的文字",
            expected_en="the words of the reply",
        ),
        Column(
            field="unit",
            label_zh="承办单位",
            label_en="Unit",
            aliases=("单位", "适用单位", "handling unit"),
            parse=lambda text, resolve: resolve("unit", text),
            expected_zh="承办单位的编号，或名册里已有的名称；留空给所有单位用",
            expected_en="the id of a unit, or its name on the register; empty for all units",
            refers_to="unit",
        ),
    ),
)
