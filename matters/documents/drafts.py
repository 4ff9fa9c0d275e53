"""Drafting a document from the figures, in Chinese, for a person to edit and sign (L32, L33)."""

from collections.abc import Mapping, Sequence

from matters.documents.document import DocumentKind, Period
from matters.ledgers.ledger import Count
from matters.ledgers.rates import Rate
from matters.registers.rules import DEFAULT_RULES

# How many units a commendation or a criticism names at most.
NAMED_MOST = 3


def draft_text(
    kind: DocumentKind,
    units: Sequence[Count],
    names: Mapping[str, str],
    county: str,
    period: Period,
    *,
    minimum_n: int = DEFAULT_RULES.minimum_n,
) -> tuple[str, str]:
    """Return title and text of a draft from the ledger's lines of units, and their names by id.

    Every rate stands with its n. A unit whose n is below `minimum_n` is not named.
    """
    span = f"{_in_chinese(period.start)}至{_in_chinese(period.end)}"
    lines = [
        _line(unit, names.get(unit.key, unit.key), minimum_n)
        for unit in chosen(kind, units, minimum_n=minimum_n)
    ]
    received = sum(unit.received for unit in units)
    answered = sum(unit.answered for unit in units)
    opening = f"{span}，{county}各承办单位共收到群众事项{received}件，已答复{answered}件。"
    small = f"收到不足{minimum_n}件的单位，数字太小，不点名、不排名。"
    match kind:
        case DocumentKind.COMMEND:
            title = "关于表彰办理群众事项先进单位的通报"
            heading = "下列单位办得及时，群众满意，予以表彰："
            none = "按这段时间的数字，还没有可以表彰的单位。"
            ending = "希望再接再厉，件件有回音。"
        case DocumentKind.CRITICISE:
            title = "关于办理群众事项不力的通报"
            heading = "下列单位逾期较多，或者群众不满意较多，予以通报批评："
            none = "按这段时间的数字，没有要通报批评的单位。"
            ending = "请在收到本通报后一个月内，逐件说明原因和新的期限，并当面答复群众。"
        case _:
            title = "关于办理群众事项情况的报告"
            heading = "各单位情况如下："
            none = "这段时间收到的事项太少，不分单位报告。"
            ending = "“已答复”不等于“已解决”，请以解决率和群众评价为准。"
    if not lines and kind is not DocumentKind.REPORT:
        ending = "这份通报没有点名的单位，请不要签发，或者由您写明。"
    body = [heading, *lines] if lines else [none]
    return title, "\n".join([opening, *body, small, ending])


def chosen(
    kind: DocumentKind, units: Sequence[Count], *, minimum_n: int = DEFAULT_RULES.minimum_n
) -> list[Count]:
    """Return the units that a draft names, the most telling first; none with too small an n.

    To commend: at least four in five satisfied, and in time; the best three. To criticise: fewer
    than three in five satisfied, or fewer than four in five in time; the worst three. A report
    names all, those with most matters first. A rate whose own n is too small decides nothing.
    """
    enough = [unit for unit in units if unit.received >= minimum_n]
    if kind is DocumentKind.REPORT:
        return sorted(enough, key=lambda unit: (-unit.received, unit.key))
    ranked: list[tuple[float, float, str, Count]] = []
    for unit in enough:
        content = Rate(unit.satisfied, unit.rated, minimum_n).value
        timely = Rate(unit.in_time, unit.with_limit, minimum_n).value
        rates = [rate for rate in (content, timely) if rate is not None]
        if kind is DocumentKind.COMMEND:
            if content is not None and min(rates) >= 0.8:
                ranked.append((-content, -unit.settled / unit.received, unit.key, unit))
        elif (content is not None and content < 0.6) or (timely is not None and timely < 0.8):
            ranked.append((min(rates), unit.settled / unit.received, unit.key, unit))
    return [line[3] for line in sorted(ranked, key=lambda line: line[:3])[:NAMED_MOST]]


def _in_chinese(day: str) -> str:
    year, month, number = day.split("-")
    return f"{int(year)}年{int(month)}月{int(number)}日"


def _line(unit: Count, name: str, minimum_n: int) -> str:
    def percent(part: int, n: int) -> str:
        rate = Rate(part, n, minimum_n).value
        return "（件数太少，不算比率）" if rate is None else f"（{rate:.0%}）"

    parts = (
        f"收到{unit.received}件",
        f"答复{unit.answered}件{percent(unit.answered, unit.received)}",
        f"解决{unit.settled}件{percent(unit.settled, unit.received)}",
        f"有期限的{unit.with_limit}件，按期{unit.in_time}件"
        f"{percent(unit.in_time, unit.with_limit)}",
        f"群众评价{unit.rated}件，满意和基本满意{unit.satisfied}件"
        f"{percent(unit.satisfied, unit.rated)}",
    )
    return f"{name}：{'；'.join(parts)}。"
