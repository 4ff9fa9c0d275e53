"""`huiyin restore`: an empty data folder from a replica."""

from pathlib import Path

import click

from eventlog.keys import (
    KitError,
    kit_text,
    load_keys,
    make_keys,
    read_kit,
    save_keys,
    write_kit,
)
from eventlog.log import FILE_NAME
from server.command_line.folders import data_option, settings_for
from server.data_folder import open_log
from server.folder.replica import ATTACHMENTS_DATABASE, LOG_DATABASE
from server.photos.attachments import FILE_NAME as ATTACHMENTS_NAME
from sync.keeping.replica import ReplicaAddressError, ReplicaPlace
from sync.keeping.restore import NoBackupError, RestoreError
from sync.keeping.restore import restore as restore_database


@click.command()
@click.option("--from", "replica", required=True, metavar="REPLICA_URL", help="the replica")
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

    Example: huiyin restore --from sftp://backup/huiyin --kit recovery-kit.txt
    """
    data = data.absolute()
    data.mkdir(parents=True, exist_ok=True)
    try:
        keys = read_kit(kit) if kit is not None else load_keys(data)
    except KitError as error:
        raise click.ClickException(str(error)) from error
    fresh = keys is None
    if keys is None:
        if not new_keys:
            raise click.ClickException(
                "要有恢复凭证(--kit),或写明 --new-keys / give the recovery kit, or say --new-keys"
            )
        keys = make_keys()
    try:
        place = ReplicaPlace.parse(replica)
        restore_database(LOG_DATABASE, place.below(LOG_DATABASE), data / FILE_NAME)
        try:
            restore_database(
                ATTACHMENTS_DATABASE, place.below(ATTACHMENTS_DATABASE), data / ATTACHMENTS_NAME
            )
        except NoBackupError as error:
            click.echo(f"照片没有副本 / no photos in the replica: {error}", err=True)
    except (RestoreError, ReplicaAddressError) as error:
        hint = getattr(error, "next_step", "")
        raise click.ClickException(f"恢复没有成功 / not restored: {error} {hint}") from error
    save_keys(data, keys)
    if fresh:
        settings = settings_for(data)
        write_kit(data, kit_text(keys, node=settings.role, replica=replica))
    # A restored node is a new voice: opening without its mark takes a new log id and epoch.
    log = open_log(data, keys)
    verification = log.verify()
    log.stop()
    click.echo(verification.state_hash)
    click.echo(
        f"{verification.events} 个事件 events · 第 {log.voice.epoch} 纪元 epoch"
        + ("" if verification.ok else " · 表与日志不符 the tables differ from the log"),
        err=True,
    )
    if not verification.ok:
        raise SystemExit(1)
