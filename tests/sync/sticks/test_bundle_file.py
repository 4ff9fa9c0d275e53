"""The file on a stick: whole or not at all, for one node only, and nothing of it in the clear."""

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyrage  # type: ignore[import-untyped]  # it ships no types
import pytest
from nacl.signing import SigningKey

from eventlog.keys import Keys, make_keys
from sync.rounds.envelope import node_id
from sync.sticks import bundle_file
from sync.sticks.bech32 import bech32
from sync.sticks.bundle_file import (
    BadBundle,
    BundleForAnother,
    BundleKind,
    BundleTooLarge,
    BundleTooNew,
    Head,
    NotABundle,
    Record,
    RecordKind,
)
from tests.drills import tell

WRITER, READER = make_keys(), make_keys()
RECORDS = [
    Record(RecordKind.MESSAGE, b"first"),
    Record(RecordKind.PAYLOAD, b"a page"),
    Record(RecordKind.MESSAGE, b"second" * 50),
    Record(RecordKind.PAYLOAD, b" and another"),
]


@pytest.mark.parametrize(
    ("prefix", "content", "text"),
    [
        ("a", "", "a12uel5l"),
        (
            "abcdef",
            "00443214c74254b635cf84653a56d7c675be77df",
            "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
        ),
        (
            "split",
            "c5f38b70305f519bf66d85fb6cf03058f3dde463ecd7918f2dc743918f2d",
            "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
        ),
        ("1", "00" * 51, "11" + "q" * 82 + "c8247j"),
    ],
)
def test_bech32_as_bip_173_has_it(prefix: str, content: str, text: str) -> None:
    assert bech32(prefix, bytes.fromhex(content)) == text


def test_keys_are_those_of_age() -> None:
    private = bech32("age-secret-key-", READER.age_private).upper()
    identity = pyrage.x25519.Identity.from_str(private)
    assert str(identity) == private
    assert str(identity.to_public()) == bech32("age", READER.age_key)


def head(*, to: Keys = READER, format: str = bundle_file.FORMAT) -> Head:
    return Head(BundleKind.UP, WRITER.verify_key, node_id(to.verify_key), 1, format)


def written(path: Path, *, to: Keys = READER, records: Any = tuple(RECORDS)) -> bytes:
    bundle_file.put(path, head(to=to), SigningKey(WRITER.signing), to.age_key, records)
    return path.read_bytes()


def read(content: bytes, folder: Path, **options: Any) -> list[bytes]:
    with bundle_file.opened(
        io.BytesIO(content),
        folder,
        age_private=READER.age_private,
        own=node_id(READER.verify_key),
        **options,
    ) as bundle:
        assert bundle.sender == node_id(WRITER.verify_key) and bundle.count == len(RECORDS)
        return [*bundle.messages(), bundle.payload().read()]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    content = written(tmp_path / "up.hyb")
    assert read(content, tmp_path) == [b"first", b"second" * 50, b"a page and another"]
    assert b"second" not in content
    assert [one.name for one in tmp_path.iterdir()] == ["up.hyb"]


def test_a_flipped_bit_anywhere_takes_nothing(tmp_path: Path) -> None:
    content = written(tmp_path / "up.hyb")
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        try:
            found = read(bytes(flipped), tmp_path)
        except BadBundle:
            continue
        pytest.fail(f"a bit of byte {place} was flipped, and yet it was read: {found!r}")
    tell("flips", len(content), note="bundles")


def test_a_cut_end_takes_nothing(tmp_path: Path) -> None:
    content = written(tmp_path / "up.hyb")
    for length in range(len(content)):
        with pytest.raises(BadBundle):
            read(content[:length], tmp_path)
    with pytest.raises(BadBundle):
        read(content + b"x", tmp_path)


def test_other_files_are_told_apart(tmp_path: Path) -> None:
    for other in (b"", b"PK\x03\x04 a spreadsheet", b"age-encryption.org/v2\n"):
        with pytest.raises(NotABundle):
            read(other, tmp_path)
    with pytest.raises(BundleForAnother):
        read(written(tmp_path / "other.hyb", to=WRITER), tmp_path)
    with pytest.raises(BundleTooLarge):
        read(written(tmp_path / "large.hyb"), tmp_path, most_bytes=100)
    # Encrypted to us by somebody who means another node.
    target = io.BytesIO()
    bundle_file.seal(target, head(to=WRITER), SigningKey(WRITER.signing), READER.age_key, RECORDS)
    with pytest.raises(BundleForAnother):
        read(target.getvalue(), tmp_path)


def test_a_newer_format_says_so(tmp_path: Path) -> None:
    target = io.BytesIO()
    newer = head(format="huiyin bundle 2")
    bundle_file.seal(target, newer, SigningKey(WRITER.signing), READER.age_key, RECORDS)
    with pytest.raises(BundleTooNew):
        read(target.getvalue(), tmp_path)


def test_records_can_be_neither_taken_out_nor_signed_by_another(tmp_path: Path) -> None:
    for records, signer in ((RECORDS, READER), (RECORDS[:1], READER)):
        target = io.BytesIO()
        bundle_file.seal(target, head(), SigningKey(signer.signing), READER.age_key, records)
        with pytest.raises(BadBundle):
            read(target.getvalue(), tmp_path)


def broken(seal: Any, after: int, file: Any, *rest: Any) -> Any:
    """Seal into a file that breaks after so many bytes."""
    return seal(Breaking(file, after), *rest)


class Breaking(io.RawIOBase):
    """A file on a stick that is pulled out after so many bytes."""

    def __init__(self, file: Any, after: int) -> None:
        self._file, self._left = file, after

    def write(self, content: Any) -> int:
        """Write, as long as the stick is there."""
        self._left -= len(content)
        if self._left < 0:
            raise OSError(5, "Input/output error")
        written: int = self._file.write(content)
        return written


def test_the_good_older_bundle_stays_when_the_stick_is_pulled_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "up.hyb"
    older = written(path)
    seal = bundle_file.seal
    after, is_whole = 0, False
    while not is_whole:
        monkeypatch.setattr(
            bundle_file,
            "seal",
            partial(broken, seal, after),
        )
        try:
            written(path)
            is_whole = True
        except OSError:
            assert path.read_bytes() == older
        after += 16
    assert after > 500 and len(read(path.read_bytes(), tmp_path)) == 3
    assert [one.name for one in tmp_path.iterdir()] == ["up.hyb"]


def test_the_good_older_bundle_stays_when_it_ends_at_any_record(tmp_path: Path) -> None:
    path = tmp_path / "up.hyb"
    older = written(path)

    def some(count: int) -> Iterator[Record]:
        yield from RECORDS[:count]
        raise RuntimeError("no more")

    for count in range(len(RECORDS) + 1):
        with pytest.raises(RuntimeError, match="no more"):
            written(path, records=some(count))
        assert path.read_bytes() == older
    assert [one.name for one in tmp_path.iterdir()] == ["up.hyb"]


def test_what_a_killed_write_left_is_cleared(tmp_path: Path) -> None:
    path = tmp_path / "up.hyb"
    left, other = tmp_path / ".up.hyb.4194305.part", tmp_path / ".other.hyb.4194305.part"
    left.write_bytes(b"half")
    other.write_bytes(b"half of another")
    written(path)
    assert not left.exists() and other.exists()
