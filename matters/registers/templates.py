"""Templates for replies: a beginning that a clerk fills in and makes their own."""

import msgspec

from acts.refusals import N_
from stations.columns import identity, name, reference, words
from stations.registers import Register


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
    label="答复模板",
    record=ReplyTemplate,
    identity=("name", "unit"),
    columns=(
        identity("模板编号", "template id"),
        name("模板", "模板名称", "标题", "template", expected=N_("模板名称")),
        words(
            *("text", "内容", "Text"),
            *("模板内容", "正文", "答复内容", "body"),
            expected=N_("答复的文字"),
            required=True,
        ),
        reference(
            "unit",
            *("unit", "承办单位", "Unit"),
            *("单位", "适用单位", "handling unit"),
            expected=N_("承办单位的编号，或名册里已有的名称；留空给所有单位用"),
        ),
    ),
)
