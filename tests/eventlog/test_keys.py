"""Keys on disk and on paper: the kit's round trip, and every miscopied line named."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.keys import (
    FILE_NAME,
    KIT_NAME,
    Keys,
    UnsealingKeyGone,
    for_station,
    forget_unsealing,
    load_keys,
    make_keys,
    save_keys,
    with_fresh_sealing,
)
from eventlog.recovery_kit import KitError, kit_text, read_kit, write_kit
from eventlog.sealing import Unsealer

LABELS = ("unsealing key", "signing key", "receipt key")
KEYS = make_keys()
TEXT = kit_text(KEYS, node="hub", replica="file:///replica")


def test_keys_are_kept_for_their_owner_only(tmp_path: Path) -> None:
    assert load_keys(tmp_path) is None
    save_keys(tmp_path, KEYS)
    assert load_keys(tmp_path) == KEYS
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert write_kit(tmp_path, TEXT).stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {FILE_NAME, "recovery-kit.txt"}


def test_the_kit_gives_the_keys_back(tmp_path: Path) -> None:
    assert read_kit(write_kit(tmp_path, TEXT)) == KEYS
    assert KEYS.fingerprint in TEXT and "file:///replica" in TEXT
    assert base64.b32encode(KEYS.unsealing).decode()[:4] in TEXT


def test_a_kit_that_was_typed_off_by_hand_is_read(tmp_path: Path) -> None:
    typed = "\n".join(line.lower().replace(" ", "") for line in TEXT.splitlines())
    for label in LABELS:
        typed = typed.replace(label.replace(" ", ""), label)
    assert read_kit(write_kit(tmp_path, typed)) == KEYS


@pytest.mark.parametrize("label", LABELS)
@given(at=st.integers(0, 55), other=st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567189"))
def test_every_wrong_letter_is_found_and_its_line_named(
    tmp_path_factory: pytest.TempPathFactory, label: str, at: int, other: str
) -> None:
    lines = TEXT.splitlines()
    number = next(n for n, line in enumerate(lines) if line.startswith(label))
    code = list(lines[number].partition(":")[2].replace(" ", ""))
    if code[at] == {"0": "O", "1": "I", "8": "B"}.get(other, other):
        return
    code[at] = other
    lines[number] = f"{label}: {''.join(code)}"
    path = tmp_path_factory.getbasetemp() / "kit.txt"
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(KitError, match=label):
        read_kit(path)


@pytest.mark.parametrize("label", LABELS)
def test_a_line_that_lacks_or_is_short_is_named(tmp_path: Path, label: str) -> None:
    lines = TEXT.splitlines()
    without = [line for line in lines if not line.startswith(label)]
    with pytest.raises(KitError, match=label):
        read_kit(write_kit(tmp_path, "\n".join(without)))
    short = [line[:-5] if line.startswith(label) else line for line in lines]
    with pytest.raises(KitError, match=label):
        read_kit(write_kit(tmp_path, "\n".join(short)))


def test_keys_of_an_older_release_are_read_and_written_as_they_were(tmp_path: Path) -> None:
    save_keys(tmp_path, KEYS)
    written = json.loads((tmp_path / FILE_NAME).read_bytes())
    assert set(written) == {"unsealing", "signing", "receipt"}
    found = load_keys(tmp_path)
    assert found is not None and not found.of_station and found.sealing_public == b""


def test_a_station_seals_on_when_its_private_half_is_with_the_hub(tmp_path: Path) -> None:
    keys = for_station(KEYS)
    save_keys(tmp_path, keys)
    write_kit(tmp_path, TEXT)
    with (tmp_path / FILE_NAME).open("rb") as before:
        left = forget_unsealing(tmp_path, keys)
        assert not before.read().strip(b"\0")
    assert load_keys(tmp_path) == left == Keys(b"", KEYS.signing, KEYS.receipt, left.sealing_public)
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / KIT_NAME).exists()
    assert base64.b64encode(KEYS.unsealing) not in (tmp_path / FILE_NAME).read_bytes()
    sealed = left.sealer.box("水渠塌了".encode())
    assert Unsealer(KEYS.unsealing).unseal(sealed) == "水渠塌了".encode()
    with pytest.raises(UnsealingKeyGone):
        _ = left.unsealer
    assert forget_unsealing(tmp_path, left) == left


def test_enrolling_anew_begins_with_a_sealing_key_of_its_own() -> None:
    keys = for_station(KEYS)
    fresh = with_fresh_sealing(keys)
    assert fresh.unsealing not in (b"", keys.unsealing)
    assert fresh.sealing_public == fresh.unsealer.public_key
    assert (fresh.signing, fresh.receipt) == (keys.signing, keys.receipt)
    assert for_station(fresh) == fresh
