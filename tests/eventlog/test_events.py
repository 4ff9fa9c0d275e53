"""The bytes of an event are for good: any change here breaks every log that was ever written."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.events import Event, decode, digest, encode, in_order

FIXED = Event(
    format=1,
    log=bytes.fromhex("0102030405060708"),
    sequence=3,
    previous=bytes.fromhex("ab" * 32),
    id=bytes.fromhex("0199000000007000800000000000000a"),
    subject=bytes.fromhex("01990000000070008000000000000001"),
    type="matter.raised",
    rank=0,
    at=1_790_000_000_000,
    by="villager",
    data={"number": "1234567890", "kind": "help", "content": b"\x01\x02"},
    words={"text": bytes.fromhex("cd" * 32), "contact": bytes.fromhex("ef" * 32)},
)
GOLDEN = (
    "9c01c408010203040506070803c420"
    + "ab" * 32
    + "c4100199000000007000800000000000000ac41001990000000070008000000000000001"
    + "ad6d61747465722e72616973656400cf000001a0c4506c00a876696c6c61676572"
    + "83a7636f6e74656e74c4020102a46b696e64a468656c70a66e756d626572aa31323334353637383930"
    + "82a7636f6e74616374c420"
    + "ef" * 32
    + "a474657874c420"
    + "cd" * 32
)

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
events = st.builds(
    Event,
    format=st.just(1),
    log=st.binary(min_size=8, max_size=8),
    sequence=st.integers(1, 2**40),
    previous=st.binary(min_size=32, max_size=32),
    id=st.binary(min_size=16, max_size=16),
    subject=st.binary(min_size=16, max_size=16),
    type=st.text(min_size=1),
    rank=st.integers(0, 2**31),
    at=st.integers(-(2**62), 2**62),
    by=st.text(),
    data=st.dictionaries(st.text(), values, max_size=4),
    words=st.dictionaries(st.text(), st.binary(min_size=32, max_size=32), max_size=3),
)


def test_the_bytes_are_these() -> None:
    assert encode(FIXED).hex() == GOLDEN
    assert decode(bytes.fromhex(GOLDEN)) == FIXED


def test_the_order_in_which_data_was_put_together_does_not_show() -> None:
    other = msgspec.structs.replace(
        FIXED,
        data=dict(reversed(FIXED.data.items())),
        words=dict(reversed(FIXED.words.items())),
    )
    assert encode(other) == encode(FIXED)


@given(events)
def test_what_is_decoded_is_what_was_encoded(event: Event) -> None:
    body = encode(event)
    assert decode(body) == event
    assert encode(decode(body)) == body


def test_an_unknown_type_is_read_like_any_other() -> None:
    event = msgspec.structs.replace(FIXED, type="harvest.blessed")
    assert decode(encode(event)) == event
    assert event.noun == "harvest"


def test_a_newer_version_may_add_fields_at_the_end() -> None:
    raw = msgspec.msgpack.decode(encode(FIXED))
    newer = msgspec.msgpack.encode([*raw, {"weather": "rain"}, 7])
    assert decode(newer) == FIXED
    # The bytes themselves are what is stored and sent on, so nothing of it is lost.
    assert digest(newer) != digest(encode(FIXED))


@pytest.mark.parametrize("length", range(len(GOLDEN) // 2))
def test_a_body_that_was_cut_is_no_event(length: int) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(bytes.fromhex(GOLDEN)[:length])


@given(st.lists(st.tuples(st.integers(0, 3), st.binary(min_size=16, max_size=16)), unique=True))
def test_a_subject_has_one_order(ranks: list[tuple[int, bytes]]) -> None:
    several = [msgspec.structs.replace(FIXED, rank=rank, id=id) for rank, id in ranks]
    assert [(event.rank, event.id) for event in in_order(several)] == sorted(ranks)
