"""Words beside the log: committed to, sealed where secret, erasable without a trace in the log."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog import erasures, words
from eventlog.erasures import Erasure
from eventlog.events import Event
from eventlog.keys import make_keys
from eventlog.log import Log
from eventlog.sealing import Sealed, Sealer, Unsealer, UnsealError
from eventlog.transaction import Transaction
from tests.eventlog.notes import KEYS, add, line, open_notes, subject

MARKER = "13987654321"


def erase(transaction: Transaction, event: Event, field: str) -> bool:
    erasures.record(Path(transaction_folder(transaction)), [Erasure(event.id.hex(), field, 1)])
    return words.erase(transaction.connection, event.id, field)


def transaction_folder(transaction: Transaction) -> str:
    file: str = transaction.connection.execute("PRAGMA database_list").fetchone()[2]
    return str(Path(file).parent)


def dump(log: Log) -> list[tuple[object, ...]]:
    with log.reading() as connection:
        return [
            tuple(row)
            for table in ("events", "states", "notes")
            for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")
        ]


def test_erasure_leaves_chain_fold_and_state_hash_as_they_were(tmp_path: Path) -> None:
    log = open_notes(tmp_path)
    (event,) = log.write(lambda t: add(t, line(1, "村口的路灯坏了", MARKER))).result
    log.write(lambda t: add(t, line(1, "又坏了")))
    before, hash_before = dump(log), log.verify().state_hash
    for field in ("text", "contact"):
        assert log.write(lambda t, field=field: erase(t, event, field)).result  # type: ignore[misc]
    with log.reading() as connection:
        assert words.read(connection, event.id, "text") is None
        assert words.read_secret(connection, event.id, "contact", KEYS.unsealer) is None
    assert dump(log) == before
    found = log.verify()
    assert found.ok and found.state_hash == hash_before and log.rebuild() == hash_before
    log.stop()


def test_a_commitment_binds_and_its_salt_makes_it_say_nothing(tmp_path: Path) -> None:
    log = open_notes(tmp_path)
    one, two = log.write(lambda t: add(t, line(1, "同样的话"), line(2, "同样的话"))).result
    assert one.words["text"] != two.words["text"]
    with log.reading() as connection:
        words.check(connection, one.id, "text", one.words["text"])
        with pytest.raises(words.CommitmentMismatch):
            words.check(connection, one.id, "text", two.words["text"])
        assert words.read_all(connection, [one.id, two.id]) == {
            (one.id, "text"): "同样的话",
            (two.id, "text"): "同样的话",
        }
    log.stop()


def test_a_secret_is_nowhere_in_plain_text(tmp_path: Path) -> None:
    log = open_notes(tmp_path)
    (event,) = log.write(lambda t: add(t, line(1, "路灯坏了", MARKER))).result

    def files_with_marker() -> list[str]:
        return [
            path.name
            for path in tmp_path.rglob("*")
            if path.is_file() and MARKER.encode() in path.read_bytes()
        ]

    assert (tmp_path / "huiyin.db-wal").stat().st_size > 0
    assert files_with_marker() == []
    with log.reading() as connection:
        assert words.read(connection, event.id, "contact") is None
        assert words.read_all(connection, [event.id]) == {(event.id, "text"): "路灯坏了"}
        assert words.read_secret(connection, event.id, "contact", KEYS.unsealer) == MARKER
        with pytest.raises(UnsealError):
            words.read_secret(connection, event.id, "contact", make_keys().unsealer)
    log.stop()
    assert files_with_marker() == []


def test_the_salt_of_a_secret_is_sealed_with_it(tmp_path: Path) -> None:
    # A phone number is so short that a salt in plain sight would let anyone find it.
    log = open_notes(tmp_path)
    (event,) = log.write(lambda t: add(t, line(1, "路灯坏了", MARKER))).result
    with log.reading() as connection:
        salt, body, wrapped = connection.execute(
            "SELECT salt, body, wrapped_key FROM words WHERE field='contact'"
        ).fetchone()
        assert salt is None
        salted = KEYS.unsealer.unseal(Sealed(body, wrapped))
        assert len(salted) == words.SALT_BYTES + len(MARKER)
        sealed_again = words.commit_sealed(MARKER, KEYS.sealer)
        assert sealed_again.commitment != event.words["contact"]
    log.stop()


@given(st.binary(), st.integers(0, 200), st.integers(1, 255))
def test_what_was_sealed_opens_whole_or_not_at_all(plain: bytes, at: int, flip: int) -> None:
    keys = make_keys()
    sealed = Sealer(keys.unsealer.public_key).seal(plain)
    assert Unsealer(keys.unsealing).unseal(sealed) == plain
    for body, wrapped in (
        (_flipped(sealed.body, at, flip), sealed.wrapped_key),
        (sealed.body, _flipped(sealed.wrapped_key, at, flip)),
        (sealed.body[:-1], sealed.wrapped_key),
        (b"", b""),
    ):
        with pytest.raises(UnsealError):
            Unsealer(keys.unsealing).unseal(Sealed(body, wrapped))


def _flipped(raw: bytes, at: int, flip: int) -> bytes:
    changed = bytearray(raw)
    changed[at % len(raw)] ^= flip
    return bytes(changed)


def test_a_node_without_a_key_takes_no_secret(tmp_path: Path) -> None:
    log = open_notes(tmp_path)
    log.sealer = None
    with pytest.raises(RuntimeError):
        log.write(lambda t: add(t, line(1, "路灯坏了", MARKER)))
    with log.reading() as connection:
        assert _events(connection) == 0
    log.stop()


def _events(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])


def test_words_belong_to_their_event_only(tmp_path: Path) -> None:
    log = open_notes(tmp_path)
    many = [line(number, f"第{number}件") for number in range(1, 1203)]
    written = log.write(lambda t: t.append(many, by="system", fresh_subject=True)).result
    with log.reading() as connection:
        found = words.read_all(connection, [event.id for event in written])
    assert [found[event.id, "text"] for event in written] == [
        f"第{number}件" for number in range(1, 1203)
    ]
    assert subject(3) == written[2].subject
    log.stop()


@pytest.mark.parametrize(
    "text",
    ["水管坏了，没人修。" * 3, "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ", "好" * 5000, "\ue5e5︙〾 ok", "a"],
)
def test_a_boxed_text_comes_out_as_it_went_in(text: str) -> None:
    sealer, unsealer = KEYS.sealer, KEYS.unsealer
    found = words.opened(words.commit_boxed(text, sealer), unsealer)
    assert found.body.decode() == text
    assert words.fits(found.commitment, found.salt, found.body)


def test_a_boxed_chinese_text_is_shorter_than_its_utf_8_packed() -> None:
    text = "".join(chr(0x4E00 + 7 * number) for number in range(160))
    packed = words.boxed(words.commit(text), KEYS.sealer).body
    assert len(packed) < len(text.encode()) * 0.8


@pytest.mark.parametrize(
    "packed", [b"\1\x0b\x02\x80\xff\xff\xff\x03", b"\0\x0b", b"\1", b"\1\xff\xff"]
)
def test_a_packed_text_that_is_damaged_is_said_to_be(packed: bytes) -> None:
    with pytest.raises(UnsealError):
        words.unpacked(packed)
