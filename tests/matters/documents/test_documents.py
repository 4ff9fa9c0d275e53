"""Documents: a signed one stays as it was, whatever comes after, and folding never raises."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.events import Event, in_order
from eventlog.identifiers import new_uuid7
from eventlog.projections import encode_state
from matters.documents.document import DocumentEvent, DocumentState, fold
from tests.eventlog.notes import START_MS

SUBJECT = new_uuid7(START_MS)
DRAFTED = {"kind": "criticise", "from": "2026-01-01", "to": "2026-03-31", "units": ["roads"]}


def event(type: str, rank: int, data: dict[str, Any] | None = None, id: bytes = b"") -> Event:
    """Return an event of the document."""
    at = START_MS + rank
    given = id or new_uuid7(at)
    words = {"text": b"c" * 32}
    return Event(1, b"l" * 8, 1, bytes(32), given, SUBJECT, type, rank, at, "o", data or {}, words)


@pytest.mark.req("L33")
def test_an_edit_that_did_not_see_the_signature_is_contested() -> None:
    signed = event(DocumentEvent.SIGNED, 1, id=b"\x01" * 16)
    edited = event(DocumentEvent.EDITED, 1, {"units": ["water"]}, id=b"\x02" * 16)
    later = event(DocumentEvent.EDITED, 2, {"units": ["water"]})
    found = fold(in_order([event(DocumentEvent.DRAFTED, 0, DRAFTED), later, edited, signed]))
    assert found.state is DocumentState.SIGNED and found.units == ("roads",)
    assert found.contested == (edited.id, later.id)


VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.integers(), st.text(max_size=4), st.lists(st.text(max_size=3), max_size=2)
)
DATA = st.dictionaries(st.sampled_from(("kind", "from", "to", "units", "deputies")), VALUES)


@settings(deadline=None)
@given(
    steps=st.lists(st.tuples(st.sampled_from(DocumentEvent), DATA, st.integers(0, 4)), min_size=1),
    order=st.randoms(),
)
def test_folding_never_raises_and_does_not_depend_on_arrival(
    steps: list[tuple[DocumentEvent, dict[str, Any], int]], order: Any
) -> None:
    events = [event(type_, rank, data) for type_, data, rank in steps]
    found = encode_state(fold(in_order(events)))
    order.shuffle(events)
    assert encode_state(fold(in_order(events))) == found
