"""`huiyin keys`: a node's keys put back into a folder that stands, and their kit written again."""

from pathlib import Path

import click

from eventlog.keys import (
    KIT_NAME,
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
from eventlog.voice import FILE_NAME as VOICE_NAME
from server.command_line.folders import data_option, keys_of, settings_for, tell_aside
from server.data_folder import clock_of, kit_of, open_log
from server.folder import own_keys, restore_mark
from server.folder.folder_lock import DataFolderInUse, taken
from server.folder.restore_mark import RestoreBegun
from server.folder.settings import Settings


@click.group("keys")
def keys_group() -> None:
    """The node's keys: put back from the recovery kit, and the kit written again."""


@keys_group.command("restore")
@click.option(
    "--kit",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="the recovery kit",
)
@click.option("--new-keys", is_flag=True, help="at a station, or where the kit is lost, too")
@data_option
def restore_keys(data: Path, kit: Path | None, new_keys: bool) -> None:
    """Put keys into a folder whose own are missing, damaged or another node's; stop it first.

    Keys that are this node's are never replaced, and none that are known to be another's put there.

    Example: huiyin keys restore --kit recovery-kit.txt --data /srv/huiyin
    """
    if (kit is None) != new_keys:
        raise click.ClickException("--kit FILE 或 or --new-keys")
    settings = settings_for(data)
    folder = data.absolute()
    if not (folder / FILE_NAME).exists():
        raise click.ClickException(
            f"{folder}: 里面没有 {FILE_NAME},请用 huiyin restore 恢复到空文件夹 / there is no "
            f"{FILE_NAME} here: huiyin restore, into an empty folder"
        )
    try:
        restore_mark.refuse_begun(folder)
        with taken(folder):
            _restore_keys(folder, settings, read_kit(kit) if kit is not None else None)
    except (DataFolderInUse, RestoreBegun, KeysError, KitError) as error:
        raise click.ClickException(str(error)) from error


def _restore_keys(folder: Path, settings: Settings, given: Keys | None) -> None:
    """Write the kit's keys, or new ones where none are given."""
    database = folder / FILE_NAME
    try:
        present = load_keys(folder)
    except KeysDamaged:
        present = None
    if present is not None and own_keys.fit(database, present):
        opens_more = (
            given is not None
            and own_keys.open_newest(database, given) is True
            and own_keys.open_newest(database, present) is False
        )
        if not opens_more:
            _keep(folder, present, given)
            return
    keys = make_keys() if given is None else given
    if settings.role == "station":
        keys = for_station(keys)
    if given is not None and not own_keys.fit(database, keys):
        raise click.ClickException(
            f"没有改动:凭证是另一台机器的({keys.fingerprint}) / nothing was changed: the kit is "
            f"another node's ({keys.fingerprint})"
        )
    if given is None:
        _refuse_beside_kit(folder)
        # New keys are another voice, as after a restore without the kit.
        (folder / VOICE_NAME).unlink(missing_ok=True)
    tell_aside(put_keys_aside(folder))
    save_keys(folder, keys)
    log = open_log(folder, keys, clock=clock_of(settings), role=settings.role)
    try:
        log.write(lambda transaction: own_keys.take_as_own(transaction, keys))
    finally:
        log.stop()
    click.echo(keys.fingerprint)
    if given is not None:
        click.echo("密钥已放回 the keys are back", err=True)
    elif settings.role == "station":
        click.echo(
            "新密钥已写好,请重新加入县里 new keys are there; join the hub anew: huiyin nodes join",
            err=True,
        )
    else:
        path = write_kit(folder, kit_of(settings, keys))
        click.echo(
            f"新密钥已写好,以前的联系方式打不开了;新凭证 new keys are there, contacts of before "
            f"stay sealed; the new kit: {path}",
            err=True,
        )


def _refuse_beside_kit(folder: Path) -> None:
    """End the command where the kit lies in the folder: nobody needs new keys then."""
    path = folder / KIT_NAME
    try:
        if path.exists() and own_keys.fit(folder / FILE_NAME, read_kit(path)):
            raise click.ClickException(
                f"{path}: 恢复凭证就在这里,没有改动 / the kit is here; nothing was changed → "
                f"huiyin keys restore --kit {path}"
            )
    except KitError:
        return


def _keep(folder: Path, present: Keys, given: Keys | None) -> None:
    """Say that the folder's own keys stay; they are all right, or nothing says otherwise."""
    if given is None or (given.signing, given.receipt) != (present.signing, present.receipt):
        raise click.ClickException(
            f"{folder}: 本机的密钥好好的({present.fingerprint}),没有改动 / "
            f"this node's keys are all right ({present.fingerprint}); nothing was changed"
        )
    click.echo(present.fingerprint)
    click.echo("密钥本来就在,没有改动 the keys were there already; nothing was changed", err=True)


@keys_group.command("kit")
@data_option
def write_kit_again(data: Path) -> None:
    """At a hub: write the recovery kit again, to be printed, and print where it is.

    For a kit that was lost or spoiled, or was printed before the settings were what they are.

    Example: huiyin keys kit --data /srv/huiyin
    """
    settings = settings_for(data)
    if settings.role == "station":
        raise click.ClickException(
            "联络站没有恢复凭证,丢了密钥就重新加入 / a station has no kit: it joins anew"
        )
    click.echo(str(write_kit(data, kit_of(settings, keys_of(settings)))))
