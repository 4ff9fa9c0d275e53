"""What `huiyin doctor` says of the exchange with the hub above and the nodes below."""

import sqlite3
from pathlib import Path
from typing import Any

from acts.shanghai import DAY_MS
from eventlog.clock import system_clock_ms
from eventlog.database import reading
from eventlog.log import FILE_NAME
from server.data_folder import clock_of, hub_clock_of
from server.exchange.exchange_health import (
    ACCOUNTS_WARN_MS,
    NEEDS_SOMEBODY,
    SILENT_MOST_MS,
    SITE_OLD_MS,
    Above,
    above,
    below,
)
from server.folder.settings import Settings
from server.web.languages import in_both
from server.web.wording import SYNC_FAILURES
from sync.mirror.mirror import copied_at
from sync.rounds import uplink

SITE_COPY_NAME = "site-copy.db"


def exchange_problems(settings: Settings) -> list[dict[str, Any]]:
    """Return the problems as `doctor` lists them: `code`, `what` and `do`, in both languages."""
    clock = clock_of(settings) or hub_clock_of(settings)
    now = system_clock_ms() if clock is None else clock.now_ms()
    try:
        with reading(settings.data / FILE_NAME) as connection:
            up, down = above(connection), below(connection)
            put_aside = len(uplink.put_aside(connection))
    except sqlite3.DatabaseError:
        # No database, a damaged one, or one of an older release that was not served since.
        return []
    problems = _of_hub_above(up, now, put_aside) if up.hub is not None else []
    if settings.role == "station":
        if up.hub is None:
            problems.append(
                problem(
                    "not-joined",
                    "这台机器还没有加入哪个县 / this station belongs to no hub yet",
                    "在这台机器上打开管理台,按“加入县里” / open the console here and press "
                    "“Join the county”, or huiyin nodes join URL CODE",
                )
            )
        problems += _of_site(settings.data, now)
    elif down.undecided:
        problems.append(
            problem(
                "undecided",
                f"各站送来的,有 {down.quarantined} 条另放着、{down.alarms} 个警报没有人看 / "
                f"{down.quarantined} events put aside, {down.alarms} alarms that nobody saw",
                "在管理台“各站机器”页决定 / decide on the console's page “Machines”",
            )
        )
    return problems


def _of_hub_above(up: Above, now: int, put_aside: int) -> list[dict[str, Any]]:
    assert up.hub is not None
    problems = []
    silent = now - (up.hub.heard_at or up.hub.joined_at)
    if silent > SILENT_MOST_MS:
        problems.append(
            problem(
                "hub-silent",
                f"{silent // DAY_MS} 天没有连上县里,等着送的 {up.waiting} 件 / the hub was not "
                f"reached for {silent // DAY_MS} days; {up.waiting} items wait",
                "接上网络,或用 U 盘送:管理台“送到县里”页 / connect, or take a stick: the "
                "console's page “To the county”",
            )
        )
    if up.hub.failure in NEEDS_SOMEBODY:
        words = SYNC_FAILURES[up.hub.failure]
        problems.append(
            problem(
                "hub-refuses",
                in_both(words),
                "看管理台“送到县里”页 / see the console's page “To the county”",
            )
        )
    if put_aside:
        problems.append(
            problem(
                "put-aside",
                f"有 {put_aside} 条县里没有收下,另放着 / {put_aside} events were put aside by "
                "the hub",
                "看管理台“送到县里”页,打电话问县里 / see the console's page “To the county”, "
                "ring the county",
            )
        )
    until = up.may_sign_in_until
    if until is not None and until - now < ACCOUNTS_WARN_MS:
        days = max(0, until - now) // DAY_MS
        problems.append(
            problem(
                "accounts-expire",
                f"再连不上县里,{days} 天以后就不能登录 / without the hub nobody can sign in "
                f"{days} days from now",
                "接上网络,或用 U 盘交换一次 / connect, or exchange once by stick",
            )
        )
    return problems


def _of_site(data: Path, now: int) -> list[dict[str, Any]]:
    path = data / SITE_COPY_NAME
    copied = copied_at(path) if path.exists() else None
    if copied is None or now - copied <= SITE_OLD_MS:
        return []
    days = (now - copied) // DAY_MS
    return [
        problem(
            "site-old",
            f"公开网站的副本是 {days} 天以前的 / the copy of the public site is {days} days old",
            "连上县里就会更新 / it is renewed once the hub is reached",
        )
    ]


def problem(code: str, what: str, do: str) -> dict[str, Any]:
    """Return a problem as `doctor` lists it: what is wrong and what to do, in both languages."""
    return {"code": code, "what": what, "do": do}
