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


OLDER_KIT = """\
回音 Huiyin · 恢复凭证 Recovery kit

node: hub
fingerprint: 62826672a08a7528
replica: sftp://backup/huiyin
unsealing key: JMLI NXIR 6I7W KJGY MNUX 26FG DBXG QMEO T5QF PPXA RUGI RTXR LYFU YYMN
signing key: 6XQ2 UH5J YEBT HLVI 46C5 NENY C7XC W5DW GF5Z 6DTM FIOR UJC6 FIGK GWXC
receipt key: DNOE MQJZ W3AM 3BOK FR4Z X55H ZUN3 YU3F T6QE 365R XJ75 DRDA NMRF VFRH

恢复 To restore:
  huiyin restore --from REPLICA_URL --kit recovery-kit.txt
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("colon", [":", "：", " : "])
def test_a_kit_of_an_older_release_typed_off_with_any_editor(
    tmp_path: Path, encoding: str, colon: str
) -> None:
    path = tmp_path / "kit.txt"
    path.write_text(OLDER_KIT.replace(":", colon).replace("signing key", "Signing  KEY"), encoding)
    assert read_kit(path).fingerprint == "62826672a08a7528"


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
