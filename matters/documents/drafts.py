"""Drafting a document from the figures, in Chinese, for a person to edit and sign (L32, L33)."""

from collections.abc import Sequence

from matters.documents.document import DocumentKind, Period
from matters.ledgers.league import MINIMUM_N, UnitFigures

# How many units a commendation or a criticism names at most.
NAMED_MOST = 3


def draft_text(
    kind: DocumentKind,
    figures: Sequence[UnitFigures],
    county: str,
    period: Period,
    *,
    minimum_n: int = MINIMUM_N,
) -> tuple[str, str]:
    """Return title and text of a draft.

    Every rate stands with its n. A unit whose n is below `minimum_n` is not named.
    """
    span = f"{_said(period.start)}至{_said(period.end)}"
    lines = [_line(one, minimum_n) for one in chosen(kind, figures, minimum_n=minimum_n)]
    received = sum(one.received for one in figures)
    answered = sum(one.answered for one in figures)
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
    kind: DocumentKind, figures: Sequence[UnitFigures], *, minimum_n: int = MINIMUM_N
) -> list[UnitFigures]:
    """Return the units that a draft names, the most telling first; none with too small an n.

    To commend: at least four in five satisfied, and in time; the best three. To criticise: fewer
    than three in five satisfied, or fewer than four in five in time; the worst three. A report
    names all, those with most matters first. A rate whose own n is too small decides nothing.
    """
    enough = [one for one in figures if one.received >= minimum_n]
    if kind is DocumentKind.REPORT:
        return sorted(enough, key=lambda one: (-one.received, one.unit))
    ranked: list[tuple[float, float, str, UnitFigures]] = []
    for one in enough:
        content = _rate(one.satisfied, one.rated, minimum_n)
        timely = _rate(one.in_time, one.with_limit, minimum_n)
        rates = [rate for rate in (content, timely) if rate is not None]
        if kind is DocumentKind.COMMEND:
            if content is not None and min(rates) >= 0.8:
                ranked.append((-content, -one.settled / one.received, one.unit, one))
        elif (content is not None and content < 0.6) or (timely is not None and timely < 0.8):
            ranked.append((min(rates), one.settled / one.received, one.unit, one))
    return [line[3] for line in sorted(ranked, key=lambda line: line[:3])[:NAMED_MOST]]


def _rate(part: int, n: int, minimum_n: int) -> float | None:
    """Return a rate, or None where its n is too small to tell one."""
    return part / n if n >= max(minimum_n, 1) else None


def _said(day: str) -> str:
    year, month, number = day.split("-")
    return f"{int(year)}年{int(month)}月{int(number)}日"


def _line(one: UnitFigures, minimum_n: int) -> str:
    def percent(part: int, n: int) -> str:
        rate = _rate(part, n, minimum_n)
        return "（件数太少，不算比率）" if rate is None else f"（{rate:.0%}）"

    parts = (
        f"收到{one.received}件",
        f"答复{one.answered}件{percent(one.answered, one.received)}",
        f"解决{one.settled}件{percent(one.settled, one.received)}",
        f"有期限的{one.with_limit}件，按期{one.in_time}件{percent(one.in_time, one.with_limit)}",
        f"群众评价{one.rated}件，满意和基本满意{one.satisfied}件"
        f"{percent(one.satisfied, one.rated)}",
    )
    return f"{one.name}：{'；'.join(parts)}。"
