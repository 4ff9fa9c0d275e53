"""What a county decides for itself about handling: limits, rounds, warning colours, raising.

The places differ in these, so none is fixed in code; `DEFAULT_RULES` is where a county starts.
"""

from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise

import msgspec

from acts.limit import BadLimit, format_limit, parse_limit, read_limit
from acts.text import clean_line
from stations.cells import CellError, choice, format_list, parse_id, parse_list, parse_whole
from stations.registers import Column, Problem, Register


class Extension(StrEnum):
    """What an extension needs: the office's approval, or nothing but to be on record."""

    APPROVED = "approved"
    RECORDED = "recorded"


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The county's rules. `id` is always "county", for there is one set.

    Limits are written as in `limits`: `alone`, `joint` and `urgent` to handle a matter,
    `return_within` to send it back as not ours, `press_within` to answer a press,
    `answer_within` the pause while the villager is asked, `rate_within` until a matter is
    closed as unrated. After `rounds` rounds the standing committee decides. A light turns
    yellow and red with `yellow_days` and `red_days` left; a matter that is `head_days`,
    `office_days`, `committee_days` overdue is raised to the unit's head, the office, the
    standing committee. A rate is told of `minimum_n` matters or more. What `hot_people` people
    raised is hot, what is open for `long_days` is long unsolved. A text with one of
    `urgent_words` is offered as urgent.
    """

    id: str = "county"
    alone: str = "P1M"
    joint: str = "P2M"
    urgent: str = "P7D"
    return_within: str = "P5B"
    press_within: str = "P5B"
    answer_within: str = "P15D"
    rate_within: str = "P15D"
    rounds: int = 2
    extension: Extension = Extension.APPROVED
    yellow_days: int = 7
    red_days: int = 3
    head_days: int = 1
    office_days: int = 5
    committee_days: int = 15
    minimum_n: int = 5
    hot_people: int = 10
    long_days: int = 90
    urgent_words: tuple[str, ...] = (
        *("触电", "漏电", "断电", "断水", "停水", "着火", "起火", "火灾", "煤气", "燃气泄漏"),
        *("爆炸", "中毒", "溺水", "落水", "塌方", "滑坡", "垮塌", "倒塌", "塌陷", "决口", "洪水"),
        *("井盖", "电线掉", "危房", "受伤", "救命", "失踪"),
    )

    def limit_for(self, *, assisting: int = 0, urgent: bool = False) -> str:
        """Return the limit of a matter for which the office sets none (H24, H25)."""
        return self.urgent if urgent else self.joint if assisting else self.alone

    def urgent_word_in(self, text: str) -> str:
        """Return the first of the urgent words that stands in `text`, or ""."""
        return next((word for word in self.urgent_words if word in text), "")


LIMITS = (
    *("alone", "joint", "urgent"),
    *("return_within", "press_within", "answer_within", "rate_within"),
)
NONE_ZH = "无"


def _parse_words(text: str) -> tuple[str, ...]:
    words = (clean_line(part) for part in parse_list(text))
    return tuple(dict.fromkeys(word for word in words if word.lower() not in (NONE_ZH, "none")))


def _format_words(words: tuple[str, ...]) -> str:
    """Return 无 for no words at all: an empty cell leaves the words as they are by default."""
    return format_list(words) or NONE_ZH


def _parse_limit(text: str) -> str:
    try:
        return read_limit(text)
    except BadLimit:
        raise CellError from None


def _check(rules: Rules) -> Iterable[Problem]:
    if rules.id != "county":
        yield RULES.column("id").problem(
            rules.id,
            CellError("规则只有一份，编号应为 county", "there is one set, its id is “county”"),
        )
    for name in LIMITS:
        try:
            parse_limit(getattr(rules, name))
        except BadLimit:
            yield RULES.column(name).problem(getattr(rules, name))
    if rules.red_days >= rules.yellow_days:
        yield RULES.column("red_days").problem(
            str(rules.red_days),
            CellError(
                f"应比黄灯天数（{rules.yellow_days}）少",
                f"should be fewer than the yellow light's {rules.yellow_days}",
            ),
        )
    levels = ("head_days", "office_days", "committee_days")
    for lower, higher in pairwise(levels):
        least = getattr(rules, lower)
        if getattr(rules, higher) <= least:
            yield RULES.column(higher).problem(
                str(getattr(rules, higher)),
                CellError(
                    f"应比前一级（{least} 天）多",
                    f"should be more than the {least} of the level below",
                ),
            )


def _limit(field: str, label_zh: str, label_en: str, *aliases: str) -> Column:
    return Column(
        field=field,
        label_zh=label_zh,
        label_en=label_en,
        aliases=aliases,
        parse=lambda text, _: _parse_limit(text),
        format=format_limit,
        expected_zh="时限，如“一个月”“20天”“10个工作日”，不超过两年",
        expected_en="a limit such as “1 month”, “20 days” or “10 working days”, two years at most",
    )


def _count(field: str, label_zh: str, label_en: str, lowest: int, highest: int) -> Column:
    parse = parse_whole(lowest, highest)
    return Column(
        field=field,
        label_zh=label_zh,
        label_en=label_en,
        parse=lambda text, _: parse(text),
        expected_zh=f"{lowest} 至 {highest} 的整数",
        expected_en=f"a whole number from {lowest} to {highest}",
    )


_parse_extension, _format_extension = choice(
    {
        Extension.APPROVED: ("要批准", "批准", "审批", "需批准"),
        Extension.RECORDED: ("只备案", "备案", "登记"),
    }
)

RULES: Register[Rules] = Register(
    noun="rule",
    plural="rules",
    label_zh="办理规则",
    record=Rules,
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
        _limit("alone", "一家单独办的时限", "Limit, one unit alone", "单办时限"),
        _limit("joint", "几家一起办的时限", "Limit, several units", "会办时限"),
        _limit("urgent", "急事的时限", "Limit, urgent", "紧急时限"),
        _limit("return_within", "不归本单位，几天内退回", "Limit to return", "退回时限"),
        _limit("press_within", "催办后几天内回话", "Limit to answer a press", "催办时限"),
        _limit("answer_within", "问群众后最多等多久", "Longest wait for the person", "补充时限"),
        _limit("rate_within", "答复后多久没评价就算未评", "Closed as unrated after", "评价时限"),
        _count("rounds", "几轮不满意交常委会定", "Rounds before the committee decides", 1, 9),
        Column(
            field="extension",
            label_zh="延期要不要批准",
            label_en="Extension",
            aliases=("延期",),
            parse=lambda text, _: _parse_extension(text),
            format=_format_extension,
            expected_zh="要批准或只备案",
            expected_en="approved or recorded",
        ),
        _count("yellow_days", "还剩几天亮黄灯", "Yellow light, days left", 1, 365),
        _count("red_days", "还剩几天亮红灯", "Red light, days left", 0, 364),
        _count("head_days", "逾期几天报单位负责人", "Overdue days, unit's head", 1, 365),
        _count("office_days", "逾期几天报人大办公室", "Overdue days, office", 1, 365),
        _count("committee_days", "逾期几天报常委会", "Overdue days, standing committee", 1, 730),
        _count("minimum_n", "满几件才算比率", "Fewest matters for a rate", 1, 1000),
        _count("hot_people", "几个人反映算热点", "People that make it hot", 2, 10_000),
        _count("long_days", "几天没了结算久拖", "Days that make it long unsolved", 1, 3650),
        Column(
            field="urgent_words",
            label_zh="急事用语",
            label_en="Urgent words",
            aliases=("紧急词",),
            parse=lambda text, _: _parse_words(text),
            format=_format_words,
            expected_zh="用顿号分开的词，如“触电、漏电”；没有就写“无”",
            expected_en="words divided by commas; “none” for none",
        ),
    ),
)

DEFAULT_RULES = Rules()
