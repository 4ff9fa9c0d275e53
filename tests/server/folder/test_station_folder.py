"""A data folder becomes a station's: its keys, what may lie in it, and what comes out of it."""

from pathlib import Path

import pytest

from eventlog.keys import KIT_NAME, Keys, forget_unsealing, load_keys
from matters.actors import VILLAGER
from matters.intake.intake import check_submission, raise_matter
from server.county.county_registers import read_all
from server.data_folder import PlainTextsInside, open_log, prepare_folder
from server.folder.settings import load_settings
from tests.hub import huiyin

TEXT = "村东头老石桥护栏断了三根"


def raise_one(folder: Path, keys: Keys) -> None:
    """Raise a matter in a data folder."""
    log = open_log(folder, keys)
    with log.reading() as connection:
        known = read_all(connection).known
    submission = check_submission({"text": TEXT}, known, staff=False)
    log.write(lambda job: raise_matter(job, submission, actor=VILLAGER, receipt_key=keys.receipt))
    log.stop()


def test_a_station_has_no_kit_and_goes_on_with_the_keys_of_before(tmp_path: Path) -> None:
    made = prepare_folder(load_settings(tmp_path))
    assert (tmp_path / KIT_NAME).exists()
    keys = prepare_folder(load_settings(tmp_path, role="station"))
    assert keys.of_station and keys.unsealing == made.unsealing
    assert keys.fingerprint == made.fingerprint
    assert not (tmp_path / KIT_NAME).exists() and load_keys(tmp_path) == keys
    fresh = tmp_path / "fresh"
    assert prepare_folder(load_settings(fresh, role="station")).of_station
    assert not (fresh / KIT_NAME).exists()


def test_a_folder_with_texts_in_plain_sight_is_no_stations(tmp_path: Path) -> None:
    keys = prepare_folder(load_settings(tmp_path))
    raise_one(tmp_path, keys)
    with pytest.raises(PlainTextsInside):
        prepare_folder(load_settings(tmp_path, role="station"))
    assert load_keys(tmp_path) == keys


def test_matters_leave_a_station_only_while_it_has_no_hub(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "matters.csv"
    keys = prepare_folder(load_settings(data, role="station"))
    raise_one(data, keys)
    assert not any(TEXT.encode() in path.read_bytes() for path in data.iterdir() if path.is_file())
    huiyin("export", "matters", file, "--data", data)
    assert TEXT in file.read_text("utf-8-sig")
    forget_unsealing(data, keys)
    file.unlink()
    refused = huiyin("export", "matters", file, "--data", data, check=False)
    assert refused.returncode == 1 and "locked" in refused.stderr and not file.exists()
