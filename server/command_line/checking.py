"""`huiyin matters verify`, `matters rebuild` and `doctor`: is everything as the log says?"""

import json
import sqlite3
from pathlib import Path
from typing import Any

import click
import msgspec

from acts.shanghai import iso, minute_text
from eventlog.clock import FILE_NAME as CLOCK_NAME
from eventlog.clock import ClockStatus, system_clock_ms
from eventlog.database import reading
from eventlog.keys import KIT_NAME, KeysError
from eventlog.log import FILE_NAME
from server.command_line.descriptor_problems import descriptor_problems
from server.command_line.exchange_problems import exchange_problems, problem
from server.command_line.folders import data_option, opened, settings_for
from server.command_line.node_problems import node_problems
from server.command_line.rehearsal_problems import rehearsal_line, rehearsal_problems
from server.data_folder import check_folder, clock_of
from server.folder.hub_clock import HubClock
from server.folder.newer_folder import NewerFolder
from server.folder.rehearsals import read_rehearsed
from server.folder.restore_mark import RestoreBegun
from server.folder.settings import FILE_NAME as SETTINGS_NAME
from server.folder.settings import Settings
from server.letters.waiting_letters import Standing, standing, waits_long
from server.paper.drawing import why_missing
from server.site import site_building
from server.site.site_building import Building


@click.group()
def matters() -> None:
    """The log of matters and the tables made from it."""


@matters.command()
@click.option("--json", "as_json", is_flag=True)
@data_option
def verify(data: Path, as_json: bool) -> None:
    """Replay the log, compare it with the tables, and print the state hash.

    Ends with 1 where they differ or a chain is broken.
    """
    with opened(data) as log:
        verification = log.verify()
    if as_json:
        click.echo(
            json.dumps({**verification._asdict(), "ok": verification.ok}, ensure_ascii=False)
        )
    else:
        click.echo(verification.state_hash)
        click.echo(f"{verification.events} events, {verification.subjects} subjects", err=True)
        for line in verification.broken:
            click.echo(line, err=True)
        if verification.state_hash != verification.replayed_hash:
            click.echo(
                f"表与日志不符,请运行 huiyin matters rebuild / the tables differ from the log "
                f"({verification.replayed_hash})",
                err=True,
            )
    if not verification.ok:
        raise SystemExit(1)


@matters.command()
@data_option
def rebuild(data: Path) -> None:
    """Make every table anew from the log, and print the state hash."""
    with opened(data) as log:
        click.echo(log.rebuild())


@click.command()
@click.option("--json", "as_json", is_flag=True)
@click.option("--rehearse", is_flag=True, help="restore the replica aside and compare it first")
@data_option
def doctor(data: Path, as_json: bool, rehearse: bool) -> None:
    """Say what is wrong with this node and what to do; ends with 1 where anything is.

    Example: huiyin doctor --data /srv/huiyin --rehearse
    """
    if rehearse and (data / FILE_NAME).exists():
        # Not light: it replays the log.
        from server.command_line.rehearsing import rehearse as rehearse_restore

        rehearse_restore(settings_for(data))
    settings = settings_for(data)
    mail, site, rehearsed = None, None, read_rehearsed(data)
    problems = _folder_problems(settings)
    # Without its keys nothing else of the folder is looked at, for nothing may change in it.
    if not problems:
        problems = _examine(data, settings)
        clock = clock_of(settings)
        if clock is not None:
            problems += _clock_problems(clock.status)
        problems += _hub_clock_problems(settings)
        problems += exchange_problems(settings)
        problems += rehearsal_problems(data)
        problems += descriptor_problems(data)
        site = site_building.read(data)
        problems += _site_problems(site)
        mail = _outbox(data)
        if mail is not None:
            problems += _mail_problems(mail)
    if as_json:
        known = {
            "ok": not problems,
            "problems": problems,
            "outbox": _outbox_json(mail),
            "rehearsed": None if rehearsed is None else msgspec.to_builtins(rehearsed),
            "site": "building" if site is not None and not site.error else "",
        }
        click.echo(json.dumps(known, ensure_ascii=False))
    elif not problems:
        click.echo("一切正常 / nothing is wrong")
    else:
        for each in problems:
            click.echo(f"✗ {each['what']}\n  → {each['do']}")
    if not as_json and site is not None and not site.error:
        click.echo(
            f"公开网站正在生成({_moment(site.since_ms)} 开始),服务在跑就会生成完 / the site is "
            "being built since then; it is done while the server runs"
        )
    if not as_json and rehearsed is not None and rehearsed.ok:
        click.echo(rehearsal_line(rehearsed))
    if not as_json and mail is not None and mail.waiting:
        click.echo(
            f"等着发出的通知 {mail.waiting} 条,最早一条 {_moment(mail.oldest_at)} / "
            f"{mail.waiting} notices wait to be sent, the oldest since then"
            + (f": {mail.last_error}" if mail.last_error else "")
        )
    if problems:
        raise SystemExit(1)


def _folder_problems(settings: Settings) -> list[dict[str, Any]]:
    """Return why no command works on the folder: its keys, a restore, or a newer release."""
    try:
        check_folder(settings)
    except (KeysError, RestoreBegun, NewerFolder) as error:
        return [problem(error.code, error.what, error.do)]
    return []


def _examine(data: Path, settings: Settings) -> list[dict[str, Any]]:
    database = data / FILE_NAME
    if not database.exists():
        return [
            problem(
                "no-data",
                f"{data} 里没有数据 / holds no data",
                "huiyin serve,或 or huiyin restore --from REPLICA",
            )
        ]
    problems: list[dict[str, Any]] = []

    def note(code: str, what: str, do: str) -> None:
        problems.append(problem(code, what, do))

    try:
        with reading(database) as connection:
            answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        answer = str(error)
    if answer != "ok":
        note(
            "damaged",
            f"数据库损坏 / the database is damaged: {answer}",
            "停下服务,huiyin restore 到一个空文件夹 / stop it, restore into an empty folder",
        )
    if (data / KIT_NAME).exists():
        note(
            "kit-not-printed",
            "恢复凭证还没有打印收好 / the recovery kit was not put away yet",
            "打印 recovery-kit.txt,在管理台“系统”页确认 / print it, confirm in the console",
        )
    problems += node_problems(settings)
    config = data / SETTINGS_NAME
    if settings.has_secrets and config.exists() and config.stat().st_mode & 0o077:
        note(
            "settings-readable",
            f"{SETTINGS_NAME} 别人也能读 / others can read it, and secrets are set",
            f"chmod 600 {config}",
        )
    missing = why_missing()
    if missing:
        note(
            "no-paper",
            f"不能生成打印件(海报、征集单) / posters and slips can't be drawn: {missing}",
            "tools/setup paper",
        )
    return problems


def _site_problems(site: Building | None) -> list[dict[str, Any]]:
    """Return why the public site could not be built."""
    if site is None or not site.error:
        return []
    return [
        problem(
            "site-not-built",
            f"公开网站没有生成,旧页面还在 / the site could not be built: {site.error}",
            "系统会再试;看磁盘和服务的日志 / it is tried again; look at the disk and the "
            "server's log",
        )
    ]


def _clock_problems(clock: ClockStatus) -> list[dict[str, Any]]:
    """Return what is wrong with a station's clock; whether it is served makes no difference."""
    if not clock.trusted:
        return [
            problem(
                "time-unknown",
                "不知道现在是几点,期限从县里收到时算起 / the time is not known: "
                "limits count from when the hub has what is written",
                "连上县里对一次时;常常这样就换主板电池 / "
                "sync with the hub once; change the mainboard's battery where it comes back",
            )
        ]
    if not clock.is_off or clock.skew_ms is None:
        return []
    minutes = round(abs(clock.skew_ms) / 60_000)
    way, english = ("快", "fast") if clock.skew_ms > 0 else ("慢", "slow")
    return [
        problem(
            "clock-wrong",
            f"系统时钟{way}了 {minutes} 分钟,已按县里的时间校正 / the system clock is "
            f"{minutes} minutes {english}; the node goes by the hub's time",
            "停下服务,把系统时钟调准,再启动并连上县里;关机就走错的换主板电池 / stop it, set "
            "the system clock, start it, sync; change the battery where it goes wrong when off",
        )
    ]


def _hub_clock_problems(settings: Settings) -> list[dict[str, Any]]:
    """Return what is wrong with a hub's clock, where its server has doubted it and still would."""
    if settings.role == "station" or not (settings.data / CLOCK_NAME).exists():
        return []
    doubt = HubClock(settings.data.absolute()).doubt
    if doubt is None:
        return []
    shows, expected = minute_text(doubt.system_ms), minute_text(doubt.expected_ms)
    return [
        problem(
            "clock-doubted",
            f"系统时钟显示 {shows},和记得的 {expected} 对不上:不催办、不销号、不发通知,收件照常 / "
            f"the clock shows {shows}, and {expected} or soon after is expected: nothing is "
            "escalated, closed or sent; submissions go on",
            "钟错了就调准(date;装 chrony 对时);没错就在管理台按“时钟是对的” / set it right "
            "where it is wrong (date; chrony keeps it); where it is right say so in the console",
        )
    ]


def _outbox(data: Path) -> Standing | None:
    """Return how the letters to staff stand, None where it can't be read."""
    try:
        with reading(data / FILE_NAME) as connection:
            return standing(connection)
    except sqlite3.DatabaseError:
        # No database, a damaged one, or one of an older release that was not served since.
        return None


def _mail_problems(mail: Standing) -> list[dict[str, Any]]:
    problems: list[dict[str, Any]] = []
    why = f": {mail.last_error}" if mail.last_error else ""
    if waits_long(mail, system_clock_ms()):
        problems.append(
            problem(
                "mail-waits",
                f"通知超过一天没有发出去,共 {mail.waiting} 条 / "
                f"{mail.waiting} notices to staff wait, for over a day{why}",
                "看 smtp_ 和 webhook_ 设置,看服务器能否连上 / "
                "check the smtp_ and webhook_ settings, and whether the relay can be reached",
            )
        )
    if mail.undeliverable:
        last = mail.given_up[0].last_error
        problems.append(
            problem(
                "mail-undeliverable",
                f"有 {mail.undeliverable} 条通知送不到 / "
                f"{mail.undeliverable} notices can't be delivered: {last}",
                "在管理台“系统”页看是谁的,改好邮箱再发 / "
                "see whose on the console's page “System”, mend the address, send again",
            )
        )
    return problems


def _outbox_json(mail: Standing | None) -> dict[str, Any] | None:
    if mail is None:
        return None
    return {
        "waiting": mail.waiting,
        "oldest_at": mail.oldest_at and iso(mail.oldest_at),
        "last_error": mail.last_error,
        "undeliverable": mail.undeliverable,
    }


def _moment(at_ms: int | None) -> str:
    return (iso(at_ms) or "")[:16].replace("T", " ")
