"""What the rules may ask of the county: its ids and names, its limits, its working days."""

from collections.abc import Callable, Container, Mapping
from datetime import date
from typing import Any, NamedTuple

from acts.reader import WrongValue
from acts.refusals import N_
from acts.shanghai import day_of
from acts.text import clean_line
from eventlog.identifiers import parse_uuid
from matters.limits.deadlines import due_at
from matters.matter import Matter
from matters.registers.routes import Route
from matters.registers.rules import DEFAULT_RULES, Rules
from matters.terms import State
from stations.working_days import WEEKENDS_ONLY, WorkingDays

_NAMED_MOST = 8
_UNKNOWN = {
    "unit": N_("没有这个单位。"),
    "category": N_("没有这个类别。"),
    "area": N_("没有这个村（社区）。"),
    "body": N_("没有这个人大机构。"),
    "station": N_("没有这个联络站。"),
    "deputy": N_("没有这位代表。"),
}


def _no_matter(number: str) -> Matter | None:
    return None


class Known(NamedTuple):
    """What a county knows; the rules ask for nothing more of the registers.

    `body_of_deputy` and `body_of_area` say with which body a suggestion is filed; `matter` finds
    another matter by its number, for merging; `names` are, by noun, the names of records by id,
    `area_codes` the code of each area whose name is unique.
    """

    units: Container[str] = frozenset()
    categories: Container[str] = frozenset()
    areas: Container[str] = frozenset()
    stations: Container[str] = frozenset()
    deputies: Container[str] = frozenset()
    bodies: Container[str] = frozenset()
    routes: Mapping[str, Route] = {}
    body_of_deputy: Mapping[str, str] = {}
    body_of_area: Mapping[str, str] = {}
    rules: Rules = DEFAULT_RULES
    calendar: WorkingDays = WEEKENDS_ONLY
    names: Mapping[str, Mapping[str, str]] = {}
    area_codes: Mapping[str, str] = {}
    matter: Callable[[str], Matter | None] = _no_matter

    def ends(self, start_ms: int, limit: str) -> date:
        """Return the last day of a limit that starts at `start_ms`. Raises BadLimit."""
        return day_of(due_at(start_ms, limit, self.calendar))

    def find(self, noun: str, text: str) -> Any:
        """Return what a text means: an id itself, a name, or words that only one name has in it.

        A matter is found by its number, an event by its UUID. Raises WrongValue.
        """
        if noun == "matter":
            return self._other_matter(text)
        if noun == "event":
            return event_named(text, N_("没有这一步，或者它没有冲突、已经处理过了。"))
        ids = {
            "unit": self.units,
            "category": self.categories,
            "area": self.areas,
            "body": self.bodies,
            "station": self.stations,
            "deputy": self.deputies,
        }[noun]
        if noun == "area":
            text = self.area_codes.get(text, text)
        return text if text in ids else self._named(noun, text)

    def id_of(self, noun: str, typed: str) -> str:
        """Return the id of what somebody typed to look for; what means nothing stays as it is."""
        text = clean_line(typed)
        try:
            return str(self.find(noun, text)) if text else ""
        except WrongValue:
            return text

    def _named(self, noun: str, text: str) -> str:
        names = self.names.get(noun, {})
        exact = [key for key, name in names.items() if name == text]
        like = exact or [key for key, name in names.items() if len(text) > 1 and text in name]
        if len(like) == 1:
            return like[0]
        if like:
            # Namesakes are told apart by their ids.
            some = "、".join(
                f"{names[key]}（{key}）" if exact else names[key] for key in like[:_NAMED_MOST]
            )
            raise WrongValue("ambiguous", N_("有几个像这个名字，请写全：{some}"), some=some)
        raise WrongValue("unknown", _UNKNOWN[noun])

    def _other_matter(self, number: str) -> bytes:
        other = self.matter(number)
        if other is None:
            raise WrongValue("unknown", N_("没有这个编号，请核对。"))
        if other.state is State.MERGED:
            message = N_("那一件自己也已合并到别的事项，请填最后合并到的那一件。")
            raise WrongValue("merged", message)
        return other.id


def event_named(text: str, message: str) -> bytes:
    """Return the id of an event from its UUID. Raises WrongValue with the message."""
    try:
        return parse_uuid(text)
    except ValueError as error:
        raise WrongValue("unknown", message) from error
