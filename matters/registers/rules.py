"""What a county decides for itself about handling: limits, rounds, warning colours, raising.

The places differ in these, so none is fixed in code; `DEFAULT_RULES` is where a county starts.
"""

from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise

import msgspec

from acts.limit import BadLimit, format_limit, parse_limit, read_limit
from acts.refusals import N_, FieldProblem
from acts.text import clean_line
from stations.cells import CellError, format_list, parse_list
from stations.columns import choice, line, lines, only, whole
from stations.registers import Column, Register


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
NONE = "无"


def _parse_words(text: str) -> tuple[str, ...]:
    words = (clean_line(part) for part in parse_list(text))
    return tuple(dict.fromkeys(word for word in words if word.lower() not in (NONE, "none")))


def _format_words(words: tuple[str, ...]) -> str:
    """Return 无 for no words at all: an empty cell leaves the words as they are by default."""
    return format_list(words) or NONE


def _parse_limit(text: str) -> str:
    try:
        return read_limit(text)
    except BadLimit:
        raise CellError from None


def _check(rules: Rules) -> Iterable[FieldProblem]:
    if rules.id != "county":
        yield RULES.column("id").problem(rules.id, CellError(N_("规则只有一份，编号应为 county")))
    for name in LIMITS:
        try:
            parse_limit(getattr(rules, name))
        except BadLimit:
            yield RULES.column(name).problem(getattr(rules, name))
    if rules.red_days >= rules.yellow_days:
        yield RULES.column("red_days").problem(
            str(rules.red_days),
            CellError(N_("应比黄灯天数（{days}）少"), days=rules.yellow_days),
        )
    levels = ("head_days", "office_days", "committee_days")
    for lower, higher in pairwise(levels):
        least = getattr(rules, lower)
        if getattr(rules, higher) <= least:
            yield RULES.column(higher).problem(
                str(getattr(rules, higher)),
                CellError(N_("应比前一级（{days} 天）多"), days=least),
            )


def _limit(*names: str) -> Column:
    return line(
        *names,
        parse=_parse_limit,
        format=format_limit,
        expected=N_("时限，如“一个月”“20天”“10个工作日”，不超过两年"),
    )


_EXTENSIONS = {
    Extension.APPROVED: ("要批准", "批准", "审批", "需批准"),
    Extension.RECORDED: ("只备案", "备案", "登记"),
}

RULES: Register[Rules] = Register(
    noun="rule",
    plural="rules",
    label="办理规则",
    record=Rules,
    only="county",
    check=_check,
    columns=(
        only("county"),
        _limit("alone", "一家单独办的时限", "Limit, one unit alone", "单办时限"),
        _limit("joint", "几家一起办的时限", "Limit, several units", "会办时限"),
        _limit("urgent", "急事的时限", "Limit, urgent", "紧急时限"),
        _limit("return_within", "不归本单位，几天内退回", "Limit to return", "退回时限"),
        _limit("press_within", "催办后几天内回话", "Limit to answer a press", "催办时限"),
        _limit("answer_within", "问群众后最多等多久", "Longest wait for the person", "补充时限"),
        _limit("rate_within", "答复后多久没评价就算未评", "Closed as unrated after", "评价时限"),
        whole(
            "rounds", "几轮不满意交常委会定", "Rounds before the committee decides", least=1, most=9
        ),
        choice(
            *("extension", "延期要不要批准", "Extension", "延期"),
            members=_EXTENSIONS,
            expected=N_("要批准或只备案"),
        ),
        whole("yellow_days", "还剩几天亮黄灯", "Yellow light, days left", least=1, most=365),
        whole("red_days", "还剩几天亮红灯", "Red light, days left", least=0, most=364),
        whole("head_days", "逾期几天报单位负责人", "Overdue days, unit's head", least=1, most=365),
        whole("office_days", "逾期几天报人大办公室", "Overdue days, office", least=1, most=365),
        whole(
            *("committee_days", "逾期几天报常委会", "Overdue days, standing committee"),
            least=1,
            most=730,
        ),
        whole("minimum_n", "满几件才算比率", "Fewest matters for a rate", least=1, most=1000),
        whole("hot_people", "几个人反映算热点", "People that make it hot", least=2, most=10_000),
        whole(
            "long_days", "几天没了结算久拖", "Days that make it long unsolved", least=1, most=3650
        ),
        lines(
            *("urgent_words", "急事用语", "Urgent words", "紧急词"),
            parse=_parse_words,
            format=_format_words,
            expected=N_("用顿号分开的词，如“触电、漏电”；没有就写“无”"),
        ),
    ),
)

DEFAULT_RULES = Rules()
