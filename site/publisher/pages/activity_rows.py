"""What deputies did at and around their stations, as pages list it (Q06)."""

from collections.abc import Sequence
from typing import Any

from deputies.activities import Activity, ActivityKind
from publisher.site_registers import SiteRegisters
from publisher.words import wording

KINDS = {
    ActivityKind.RECEPTION: "接待选民",
    ActivityKind.VISIT: "联系走访",
    ActivityKind.INSPECTION: "视察",
    ActivityKind.SURVEY: "调研",
    ActivityKind.STUDY: "学习",
    ActivityKind.REPORT: "述职",
    ActivityKind.MARKET: "赶集摆摊",
    ActivityKind.OTHER: "活动",
}
LATEST = 5
_CHARACTERS = 200


def of_station(registers: SiteRegisters, station: str) -> list[dict[str, Any]]:
    """The latest activities of a station, with the deputies who took part."""
    return _rows(registers, registers.activities_at(station))


def of_deputy(registers: SiteRegisters, deputy: str) -> list[dict[str, Any]]:
    """The latest activities that a deputy took part in."""
    return _rows(registers, registers.activities_with(deputy))


def _rows(registers: SiteRegisters, found: Sequence[Activity]) -> list[dict[str, Any]]:
    return [
        {
            "title": activity.title,
            "facts": [wording.iso_day(activity.date), KINDS[activity.kind]],
            "text": _shortened(wording.visible(activity.text)),
            "deputies": [link for id in activity.deputies if (link := registers.deputy_link(id))],
            "station": registers.station_link(activity.station),
        }
        for activity in found[: -LATEST - 1 : -1]
    ]


def _shortened(text: str) -> str:
    return text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]}…"
