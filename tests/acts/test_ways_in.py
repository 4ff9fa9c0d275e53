"""Every way in cleans what was typed by the same function, and keeps how it was written."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from acts.act import Act
from acts.field import Field
from acts.reader import read_fields
from acts.refusals import BadFields
from acts.text import clean_words
from matters.commands import COMMANDS
from matters.documents.document import ACTS as DOCUMENT_ACTS
from matters.handovers import HANDING_OVER
from matters.intake.intake import check_submission, message
from matters.known import Known
from matters.listing.filters import filters_from
from matters.sessions.acts import ACTS as SESSION_ACTS
from matters.sessions.acts import OPENING
from server.county.county_registers import ALL
from server.entry.pasted_lines import read_pasted
from server.search.answer import Asked
from server.tables.table_values import cell_text, plain_value
from stations.cells import CellError
from tests.acts.test_text import WRITTEN, characters
from tests.eventlog.notes import START_MS

Way = Callable[[str], str]
TABLES: tuple[Act, ...] = (
    *COMMANDS.values(),
    *SESSION_ACTS.values(),
    OPENING,
    *DOCUMENT_ACTS.values(),
    HANDING_OVER,
)


def of_field(field: Field) -> Way:
    """Return the way in by a field of an act."""
    one = (field._replace(required=False),)
    return lambda text: read_fields(one, {field.name: text}, Known(), START_MS)[1].get(
        field.name, ""
    )


def of_submission(name: str) -> Way:
    """Return the way in by a field of what a villager sends."""

    def read(text: str) -> str:
        given = {"text": "路断了", name: text}
        value: str = getattr(check_submission(given, Known(), staff=False), name)
        return value

    return read


def of_column(parse: Callable[[str, Any], Any]) -> Way:
    """Return the way in by a cell of a register; "" for what the column takes no text for."""

    def resolve(noun: str, text: str) -> str:
        raise CellError

    def read(text: str) -> str:
        try:
            value = parse(text, resolve)
        except CellError:
            return ""
        return value if isinstance(value, str) else ""

    return read


def ways() -> Iterator[tuple[str, Way]]:
    """Every way in, by its name."""
    for act in TABLES:
        for field in act.fields:
            if field.is_text:
                yield f"{act.type} {field.name}", of_field(field)
    for name in ("text", "place", "name"):
        yield f"submission {name}", of_submission(name)
    yield "message", lambda text: message(b"m" * 16, text).words["text"]
    for register in ALL:
        for column in register.columns:
            way = of_column(column.parse)
            # A column of ids, or one whose words are not words, keeps no space.
            if way("the bridge") == "the bridge":
                yield f"{register.noun} {column.field}", way
    yield "cell", cell_text
    yield "cell value", lambda text: str(plain_value(text))
    yield "pasted", lambda text: next((row["text"] for row in read_pasted(text)), "")
    yield "search", lambda text: Asked.of(QueryParams({"q": text})).query
    yield "desk search", lambda text: filters_from(QueryParams({"q": text})).q


WAYS = dict(ways())


def test_there_are_many_ways_in() -> None:
    assert len(WAYS) > 60
    assert {name.partition(" ")[0] for name in WAYS} >= {
        *("matter.assigned", "session.opened", "document.edited", "handover.held", "submission"),
        *("message", "area", "station", "deputy", "unit", "cell", "search"),
    }


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("written", WRITTEN)
def test_every_writing_comes_in_as_it_was_written(name: str, written: str) -> None:
    assert WAYS[name](f"{written}\u200b\r\n") == written
    assert WAYS[name](f"\u3000\ufeff{written} \u202e") == written


@given(st.sampled_from(sorted(WAYS)), st.text(characters, max_size=20))
def test_nothing_comes_in_that_nobody_can_mean(name: str, typed: str) -> None:
    try:
        text = WAYS[name](f"文{typed}字")
    except BadFields:
        return
    assert clean_words(text) == text
