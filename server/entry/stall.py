"""A stall's list as the form has it: what holds for the whole list, and a row for each matter."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from acts.text import clean_words
from eventlog.identifiers import new_uuid7, uuid_text
from matters.intake.receipts import read_number
from matters.terms import Kind
from server.web.wording import KINDS

ROWS_AT_FIRST = 10
ROWS_MORE = 10
ROWS_MOST = 200
NOTE_MOST = 60
FIELDS = ("text", "area", "place", "name", "phone", "kind", "people")
_WRITTEN = ("text", "area", "place", "name", "phone", "people")
_CELL = re.compile(rf"(\d{{1,4}})-({'|'.join(FIELDS)}|id)")


class Row(NamedTuple):
    """One matter of the list: its fields as typed, and what is wrong with it.

    `id` is the UUIDv7 of the submission, so that a list that is sent twice makes nothing twice.
    """

    id: str
    fields: dict[str, str]
    errors: tuple[dict[str, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written in it."""
        return not any(self.fields.get(name, "").strip() for name in _WRITTEN)


class Stall(NamedTuple):
    """A list on its way: `taken` are the numbers of its matters that are registered already."""

    channel: str = "market"
    station: str = ""
    note: str = ""
    pasted: str = ""
    rows: tuple[Row, ...] = ()
    taken: tuple[str, ...] = ()

    @property
    def written(self) -> list[Row]:
        """The rows in which something stands."""
        return [row for row in self.rows if not row.is_empty]

    @property
    def first_empty(self) -> int:
        """The place of the first empty row after the last written one, from 0."""
        return max((at + 1 for at, row in enumerate(self.rows) if not row.is_empty), default=0)

    def with_more(self, count: int) -> "Stall":
        """Return the list with so many more empty rows, ROWS_MOST at most."""
        room = max(ROWS_MOST - len(self.rows), 0)
        return self._replace(rows=self.rows + tuple(empty() for _ in range(min(count, room))))

    def with_room(self) -> "Stall":
        """Return the list with an empty row after the last written one, where it may have one."""
        return self if self.first_empty < len(self.rows) else self.with_more(ROWS_MORE)

    def filled(self, lines: Sequence[Mapping[str, str]]) -> "Stall":
        """Return the list with the pasted lines as rows behind the written ones."""
        rows = tuple(
            Row(uuid_text(new_uuid7()), {"kind": Kind.HELP, **_known_kind(line)}) for line in lines
        )
        return self._replace(rows=(*self.written, *rows), pasted="")

    def as_fields(self) -> dict[str, str]:
        """Return the list as the form's fields, for a draft."""
        fields = {
            "channel": self.channel,
            "station": self.station,
            "note": self.note,
            "pasted": self.pasted,
            "taken": " ".join(self.taken),
        }
        for at, row in enumerate(self.rows):
            fields |= {f"{at}-id": row.id}
            fields |= {f"{at}-{name}": value for name, value in row.fields.items()}
        return fields


def empty() -> Row:
    """Return a row in which nothing is written yet."""
    return Row(uuid_text(new_uuid7()), {})


def fresh(channel: str = "market", station: str = "", note: str = "") -> Stall:
    """Return an empty list."""
    return Stall(channel or "market", station, note[:NOTE_MOST]).with_more(ROWS_AT_FIRST)


def read_stall(fields: Mapping[str, Any]) -> Stall:
    """Return the list that a form's fields give, with the rows in their order."""
    rows: dict[int, dict[str, str]] = {}
    for name, value in fields.items():
        cell = _CELL.fullmatch(name)
        if cell is not None and isinstance(value, str):
            rows.setdefault(int(cell[1]), {})[cell[2]] = value
    texts = {name: value for name, value in fields.items() if isinstance(value, str)}
    return Stall(
        channel=texts.get("channel") or "market",
        station=texts.get("station", ""),
        note=clean_words(texts.get("note", "")),
        pasted=texts.get("pasted", ""),
        rows=tuple(
            Row(row.pop("id", "") or uuid_text(new_uuid7()), row) for _, row in sorted(rows.items())
        ),
        taken=read_numbers(texts.get("taken", "")),
    )


def read_numbers(text: str) -> tuple[str, ...]:
    """Return the numbers of matters in a text, each once, what is none left out."""
    numbers = (read_number(word) for word in text.split()[: 10 * ROWS_MOST])
    return tuple(dict.fromkeys(number for number in numbers if number is not None))


def _known_kind(line: Mapping[str, str]) -> dict[str, str]:
    """Return a pasted line with its kind as the form knows it."""
    names = {name: kind for kind, name in KINDS.items()}
    fields = dict(line)
    if "kind" in fields:
        fields["kind"] = names.get(fields["kind"], fields["kind"].casefold())
    return fields
