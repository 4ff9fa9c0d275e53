"""`huiyin restore`: an empty data folder from a replica, in steps that can be run again.

Mark, keys, databases, settings, a voice of its own, and the mark goes last: a folder with the mark
is served by nobody, and the same command goes on from wherever it was cut.
"""

import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click

from acts.shanghai import minute_text
from eventlog.crash_points import CrashPoint, reached
from eventlog.database import reading_untouched
from eventlog.keys import (
    FILE_NAME as KEYS_NAME,
)
from eventlog.keys import (
    Keys,
    KeysDamaged,
    KeysError,
    for_station,
    load_keys,
    make_keys,
    put_keys_aside,
    save_keys,
)
from eventlog.log import FILE_NAME
from eventlog.recovery_kit import KitError, read_kit, write_kit
from eventlog.replay import Verification
from server.command_line.folders import data_option, settings_for, tell_aside
from server.data_folder import FILES, kit_of, open_log, replicated
from server.folder import kept_settings, own_keys, restore_mark
from server.folder.addresses import replica_place
from server.folder.folder_lock import DataFolderInUse, taken
from server.folder.newer_folder import NewerFolder
from server.folder.replica import LOG_DATABASE
from server.folder.restore_mark import RestoreMark
from server.folder.settings import FILE_NAME as SETTINGS_NAME
from sync.keeping.claims.claim import ReplicaRefused, claim_of, places_of
from sync.keeping.claims.claim_notes import note_restored
from sync.keeping.process import kill_orphans
from sync.keeping.replica import ReplicaAddressError, ReplicaPlace
from sync.keeping.restores.restore import NoBackupError, RestoreError, restore_newest
from sync.keeping.restores.whole_point import WholePoint
from sync.keeping.stores.store import StoreError


class _KeysToRestore(NamedTuple):
    """The keys that a restore goes on with, and whether nobody had them before."""

    keys: Keys
    are_new: bool


@click.command()
@click.option(
    "--from",
    "replica",
    required=True,
    metavar="REPLICA_URL",
    envvar="HUIYIN_REPLICA",
    help="the replica; where its address holds a password, rather in HUIYIN_REPLICA",
)
@click.option(
    "--kit",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="the recovery kit: brings keys and contacts back",
)
@click.option("--new-keys", is_flag=True, help="go on without the kit; contacts stay sealed")
@data_option
def restore(data: Path, replica: str, kit: Path | None, new_keys: bool) -> None:
    """Bring an empty data folder back from a replica, and print the state hash.

    Without a kit the keys that lie in the data folder are used, if they do; else say --new-keys:
    the record comes back whole, but no contact detail can be opened and no old follow-up key fits.
    Where it was cut, run it again.

    Example: huiyin restore --from sftp://backup/huiyin --kit recovery-kit.txt
    """
    data = data.absolute()
    _refuse_standing(data)
    data.mkdir(parents=True, exist_ok=True)
    try:
        with taken(data):
            verification, epoch = _restore(data, replica, kit, new_keys)
    except (DataFolderInUse, KeysError, KitError, NewerFolder) as error:
        raise click.ClickException(str(error)) from error
    except (RestoreError, ReplicaAddressError, ReplicaRefused, StoreError) as error:
        hint = getattr(error, "next_step", "")
        raise click.ClickException(f"恢复没有成功 / not restored: {error} {hint}") from error
    except (OSError, sqlite3.Error) as error:
        raise click.ClickException(
            "恢复没有做完,腾出地方再运行一遍 / "
            f"not restored yet, make room and run it again: {error}"
        ) from error
    click.echo(verification.state_hash)
    click.echo(
        f"{verification.events} 个事件 events · 第 {epoch} 纪元 epoch"
        + ("" if verification.ok else " · 表与日志不符 the tables differ from the log"),
        err=True,
    )
    if not verification.ok:
        raise SystemExit(1)


def _restore(
    data: Path, replica: str, kit: Path | None, new_keys: bool
) -> tuple[Verification, int]:
    """Make every step of a restore, and return what the log says of itself, with its epoch."""
    place = replica_place(replica)
    _refuse_standing(data)
    before = restore_mark.begun(data)
    if before is not None and before.replica not in ("", place.label) and _arrived(data):
        raise click.ClickException(
            f"{data}: 这里是从 {before.replica} 开始恢复的,请接着用它,或换一个空文件夹 / a restore "
            f"from {before.replica} was begun here: go on with that one, or take an empty folder"
        )
    chosen = _keys_to_restore(data, kit, new_keys, before)
    restore_mark.begin(data, RestoreMark(place.label, chosen.are_new))
    _remove_halves(data)
    had_keys = (data / KEYS_NAME).exists()
    _put_keys(data, chosen.keys)
    try:
        # Looked at before anything is fetched, so that what is written meanwhile is noticed.
        claim = claim_of(place)
        _bring_databases(data, places_of(place, claim))
    except (RestoreError, ReplicaRefused, StoreError):
        if before is None and not _arrived(data):
            # Nothing came, perhaps from a wrong address: the folder is as empty as before.
            if not had_keys:
                (data / KEYS_NAME).unlink()
            restore_mark.end(data)
        raise
    if not chosen.are_new:
        _refuse_others_kit(data, chosen.keys)
    note_restored(data, claim, replicated(data, place))
    _put_settings_back(data, replica)
    settings = settings_for(data)
    keys = chosen.keys
    if settings.role == "station" and not keys.of_station:
        keys = for_station(keys)
        save_keys(data, keys)
    # A restored node is a new voice: opening without its mark takes a new log id and epoch.
    log = open_log(data, keys, role=settings.role)
    try:
        log.write(lambda transaction: own_keys.take_as_own(transaction, keys))
        if chosen.are_new and settings.role != "station":
            write_kit(data, kit_of(settings, keys))
        verification = log.verify()
    finally:
        log.stop()
    reached(CrashPoint.RESTORED)
    restore_mark.end(data)
    return verification, log.voice.epoch


def _refuse_standing(data: Path) -> None:
    """End the command where a node's databases stand that no cut restore left."""
    if restore_mark.begun(data) is not None:
        return
    for name in FILES.values():
        for path in (data / name, data / f"{name}-wal"):
            if path.exists():
                raise click.ClickException(
                    f"{path}: 已经在这里,恢复从不覆盖;只缺密钥时用 huiyin keys restore,"
                    "否则换一个空文件夹 / is here already, and a restore never overwrites: where "
                    "only the keys are lost, huiyin keys restore; else take an empty folder"
                )


def _arrived(data: Path) -> bool:
    """Return whether a database of the replica is in its place."""
    return any((data / name).exists() for name in FILES.values())


def _keys_to_restore(
    data: Path, kit: Path | None, new_keys: bool, before: RestoreMark | None
) -> _KeysToRestore:
    """Return the kit's keys, else those in the folder, else new ones where that was said."""
    if kit is not None:
        return _KeysToRestore(read_kit(kit), are_new=False)
    present = load_keys(data)
    if present is not None:
        return _KeysToRestore(present, are_new=before is not None and before.new_keys)
    if not new_keys:
        raise click.ClickException(
            "要有恢复凭证(--kit),或写明 --new-keys / give the recovery kit, or say --new-keys"
        )
    return _KeysToRestore(make_keys(), are_new=True)


def _put_keys(data: Path, keys: Keys) -> None:
    """Write the keys, unless they are there; others that lie there are put aside."""
    try:
        present = load_keys(data)
    except KeysDamaged:
        present = None
    if present in (keys, for_station(keys)):
        return
    tell_aside(put_keys_aside(data))
    save_keys(data, keys)


def _remove_halves(data: Path) -> None:
    """Remove what a killed restore left under way."""
    for name in FILES.values():
        for path in data.glob(f".{name}.*"):
            # The Litestream of a killed restore goes on, and would put files there once more.
            kill_orphans(f"{path}/")
            shutil.rmtree(path)
    for path in data.glob(".*.part"):
        path.unlink()


def _bring_databases(data: Path, places: Sequence[ReplicaPlace]) -> None:
    """Bring each database that is not in its place; photos may never have been replicated.

    Each comes from the first of the places that has it.
    """
    for name, file in FILES.items():
        if (data / file).exists():
            continue
        try:
            restored = restore_newest(name, places, data / file)
        except NoBackupError as error:
            if name == LOG_DATABASE:
                raise
            click.echo(f"照片没有副本 / no photos in the replica: {error}", err=True)
        else:
            _tell_point(name, restored.point)
        reached(CrashPoint.DATABASE_RESTORED)


def _tell_point(name: str, point: WholePoint | None) -> None:
    """Say how far a damaged replica was whole."""
    if point is None:
        return
    files = ", ".join(point.damaged)
    end = (
        "什么也没有少 / nothing is missing all the same"
        if point.is_newest
        else f"恢复到 {minute_text(point.made_at_ms)}(第 {point.transaction} 次写入,"
        f"共 {point.newest} 次),之后的没有 / restored up to then, without what came after; keep "
        "the replica as it is, and begin a new one: huiyin serve --replica-anew"
    )
    click.echo(f"{name}: 副本里有坏文件 / damaged in the replica: {files}. {end}", err=True)


def _refuse_others_kit(data: Path, keys: Keys) -> None:
    """End the command where the log was written with other keys; it goes on with the right ones."""
    if not own_keys.fit(data / FILE_NAME, keys):
        raise click.ClickException(
            f"恢复没有做完:这是另一台机器的密钥({keys.fingerprint}),请用对的恢复凭证再运行一遍 / "
            f"not restored yet: these are another node's keys ({keys.fingerprint}); run it again "
            "with the right kit"
        )


def _put_settings_back(data: Path, replica: str) -> None:
    """Write the settings file that the node had, and say what has to be given again by hand."""
    with reading_untouched(data / FILE_NAME) as connection:
        kept = kept_settings.read(connection)
    settings = kept_settings.put_back(data, kept, replica)
    if settings is None:
        return
    click.echo(
        f"设置已写回 settings are back: {data / SETTINGS_NAME} ({', '.join(settings.values)})",
        err=True,
    )
    for name in settings.lacking:
        click.echo(
            f"要重新填写 to be given again by hand: {name}"
            + ("(密码 its password or access key)" if name in settings.values else ""),
            err=True,
        )
