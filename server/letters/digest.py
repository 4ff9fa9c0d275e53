"""The day's digest: what waits for a person, as a letter, and for the county, as JSON.

Neither holds a villager's words, a name or a phone number: numbers of matters, counts and dates.
"""

import datetime
import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

from acts.refusals import N_
from acts.shanghai import iso, moment_of
from matters.intake.receipts import spoken_number
from matters.ledgers.supervision import OverdueMatter
from matters.listing.inbox import Awaited
from server.web.languages import CHINESE, ENGLISH, translated

LINES_MOST = 20
LIGHTS = {"red": N_("红灯"), "yellow": N_("黄灯"), "green": N_("绿灯")}
# What of `due_at` and now makes a light: "red", "yellow" or "green".
Light = Callable[[int, int], str]


class Letter(NamedTuple):
    """A digest: its subject and its plain text."""

    subject: str
    body: str


def letter(
    waiting: Sequence[Awaited], *, day: datetime.date, now_ms: int, link: str, light: Light
) -> Letter | None:
    """Return a day's digest in Chinese, in short in English below; None where nothing waits."""
    desks = [awaited for awaited in waiting if awaited.count > 0]
    if not desks:
        return None

    def zh(message: str, **values: object) -> str:
        return translated(CHINESE, message, **values)

    counts = [_count(CHINESE, desk) for desk in desks]
    subject = zh(
        N_("回音 {month}月{day}日：{counts}"),
        month=day.month,
        day=day.day,
        counts="，".join(counts[:2]) + (" …" if len(counts) > 2 else ""),
    )
    lines = [zh(N_("您好，这些事在等您：")), ""]
    room = LINES_MOST
    for desk, count in zip(desks, counts, strict=True):
        lines.append(f"■ {count}")
        shown = desk.first[: min(room, desk.count)]
        lines += [_line(number, due, now_ms, light) for number, due in shown]
        room -= len(shown)
        left = desk.count - len(shown)
        if left:
            lines.append(zh(N_("……还有 {count} 件"), count=left) if shown else zh(N_("……见管理台")))
        lines.append("")
    lines += [
        zh(N_("请登录办理：")),
        link,
        "",
        zh(N_("本信由系统自动发出，请不要回复。不想再收，在管理台“我的账户”里把邮箱清空。")),
        "",
        "--------",
        translated(ENGLISH, N_("您好，这些事在等您：")),
        *(_count(ENGLISH, desk) for desk in desks),
        translated(ENGLISH, N_("请登录办理：")),
        link,
        "",
    ]
    return Letter(subject, "\n".join(lines))


def test_letter(*, link: str) -> Letter:
    """Return the letter that an administrator sends to themselves."""
    text = N_("这是一封试发的信。收到了，就说明发信已经设好。")
    return Letter(
        translated(CHINESE, N_("回音：试发")),
        "\n".join([translated(CHINESE, text), link, "", translated(ENGLISH, text), ""]),
    )


test_letter.__test__ = False  # type: ignore[attr-defined]  # pytest takes it for a test


def day_json(waiting: Sequence[Awaited], *, day: datetime.date, county: str, node: str) -> str:
    """Return the county's day for a webhook: {"day", "county", "node", "waiting": […]}."""
    return _json(
        {
            "day": day.isoformat(),
            "county": county,
            "node": node,
            "waiting": [
                {"desk": desk.desk, "count": desk.count, "overdue": desk.overdue}
                for desk in waiting
            ],
        }
    )


def overdue_json(matters: Sequence[OverdueMatter]) -> str:
    """Return newly overdue matters for a webhook; times in ISO 8601, Asia/Shanghai."""
    return _json(
        {
            "event": "overdue",
            "matters": [
                {
                    "number": matter.number,
                    "unit": matter.unit,
                    "due_at": iso(matter.due_at),
                    "level": matter.level,
                }
                for matter in matters
            ],
        }
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _count(language: str, awaited: Awaited) -> str:
    message = (
        N_("{label} {count} 件（逾期 {overdue} 件）")
        if awaited.overdue
        else N_("{label} {count} 件")
    )
    return translated(
        language,
        message,
        count=awaited.count,
        overdue=awaited.overdue,
        label=translated(language, awaited.label),
    )


def _line(number: str, due_at: int | None, now_ms: int, light: Light) -> str:
    """Return one matter in a line that fits a phone: light, number, due date, days left."""
    spoken = spoken_number(number)
    if due_at is None:
        return translated(CHINESE, N_("— {number} 无期限"), number=spoken)
    today, due = moment_of(now_ms).date(), moment_of(due_at).date()
    days = (due - today).days
    message = (
        N_("{light} {number} {due} 逾期{days}天")
        if days < 0
        else N_("{light} {number} {due} 今天到期")
        if days == 0
        else N_("{light} {number} {due} 还有{days}天")
    )
    return translated(
        CHINESE,
        message,
        light=translated(CHINESE, LIGHTS[light(due_at, now_ms)]),
        number=spoken,
        due=(f"{due.year}年" if due.year != today.year else "") + f"{due.month}月{due.day}日",
        days=abs(days),
    )
