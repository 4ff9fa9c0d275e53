"""What a step says on the villager's page beside its words: days, ratings, units."""

from collections.abc import Mapping, Sequence
from typing import Any

from acts.refusals import N_
from acts.shanghai import day_text, minute_text
from matters.command import Command, Fact
from matters.intake.receipts import spoken_number
from matters.matter import Step
from matters.shapes import known
from matters.terms import Channel, MatterEvent
from server.county.county_registers import CountyRegisters
from server.web.wording import CHANNELS, RATINGS

# A message and its values: a day as it is written, a unit; what it "is" is a message, too.
Note = tuple[str, dict[str, Any]]

_DAYS: Mapping[str, tuple[str, str]] = {
    MatterEvent.ASSIGNED: ("due_at", N_("要在 {day} 前办好")),
    MatterEvent.EXTENSION_ASKED: ("until", N_("想延到 {day}")),
    MatterEvent.EXPLAINED: ("until", N_("重新办到 {day}")),
    MatterEvent.PRESSED: ("until", N_("要单位在 {day} 前回应")),
    MatterEvent.INSPECTED: ("until", N_("要单位在 {day} 前回应")),
    MatterEvent.DECIDED: ("until", N_("要单位再办到 {day}")),
    MatterEvent.LIMIT_MOVED: ("due_at", N_("要在 {day} 前办好")),
}
_SENT_AGAIN = N_("同一件事也发到了另一处，编号 {number}，照样能查。方式：")
_RENUMBERED = N_("编号 {instead_of} 换成了 {number}，旧编号照样能查")


def labelled(rule: Command | Fact | None, words: Sequence[str]) -> list[tuple[str, str]]:
    """Return (label, text) of each text of a step that tells several, else nothing."""
    if not isinstance(rule, Command) or len(rule.told) < 2:
        return []
    labels = {field.name: field.label for field in rule.fields}
    return [(labels[name], text) for name, text in zip(rule.told, words, strict=True) if text]


def notes(step: Step, registers: CountyRegisters, *, again: bool = False) -> list[Note]:
    """Return what a step says beside its words, as messages with their values.

    `again`: the step raises a matter that another node was sent, too.
    """
    doubt = clock_note(step)
    lines: list[Note] = [] if doubt is None else [doubt]
    data = step.data
    if again:
        channel = known(Channel, data.get("channel"), Channel.WEB)
        number = spoken_number(str(data.get("number", "")))
        lines.append((_SENT_AGAIN, {"number": number, "is": CHANNELS[channel]}))
    if step.type == MatterEvent.RENUMBERED:
        both = {name: spoken_number(str(data.get(name, ""))) for name in ("instead_of", "number")}
        lines.append((_RENUMBERED, both))
    name, message = _DAYS.get(step.type, ("", ""))
    if isinstance(data.get(name), int):
        lines.append((message, {"day": day_text(data[name])}))
    if step.type == MatterEvent.EXTENSION_DECIDED:
        granted = data.get("granted") == "yes"
        lines.append((N_("同意了延期") if granted else N_("没有同意延期"), {}))
    if step.type == MatterEvent.RATED:
        for field, label in (("reply_rating", N_("对答复")), ("result_rating", N_("对结果"))):
            if data.get(field) in RATINGS:
                lines.append((label, {"is": RATINGS[data[field]]}))
    if step.type == MatterEvent.DIVIDED:
        for part in data.get("parts", ()):
            unit = registers.units.get(str(part.get("unit", "")))
            if unit is not None and isinstance(part.get("until"), int):
                values = {"unit": unit, "day": day_text(part["until"])}
                lines.append((N_("{unit}，{day} 前办完"), values))
    return lines


def clock_note(step: Step) -> Note | None:
    """Return what a step says of its time where the clock of its node was wrong, else None."""
    if step.received_at is not None:
        message = N_("当时机器的时钟不准；县里 {moment} 收到")
        return message, {"moment": minute_text(step.received_at)}
    if step.data.get("clock") == "unknown":
        return N_("当时联络站的时钟不准，以县里收到的时间为准"), {}
    return None
