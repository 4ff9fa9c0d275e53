"""What `doctor` says of the rehearsed restore: that it failed, or that there was none for long."""

from pathlib import Path
from typing import Any

from acts.shanghai import minute_text
from eventlog.clock import system_clock_ms
from server.command_line.exchange_problems import problem
from server.folder.rehearsals import Rehearsed, read_rehearsed

_WORDS = {
    "damaged": (
        "副本里有坏文件 / files of the replica are damaged",
        "让服务运行到新的快照完成,再 huiyin doctor --rehearse;查那块盘 / "
        "let it run until a fresh snapshot is there, rehearse again, and check that disk",
    ),
    "differs": (
        "从副本恢复出来的和这里不一样,有一边的盘坏了 / what a restore brings is not what is here: "
        "one of the two disks is damaged",
        "什么也别删;huiyin matters verify 说这里坏了,就恢复到一个空文件夹,否则换副本的盘 / "
        "delete nothing; where huiyin matters verify finds this one damaged, restore into an empty "
        "folder, else change the replica's disk",
    ),
    "damaged-here": (
        "这里的数据库坏了 / the database here is damaged",
        "停下服务,huiyin restore 到一个空文件夹;换掉这块盘 / "
        "stop it, restore into an empty folder, and change this disk",
    ),
    "behind": (
        "从副本恢复会少最近写下的 / a restore would lack what was written last",
        "看副本是否能写,再 huiyin doctor --rehearse / "
        "see whether the replica can be written, and rehearse again",
    ),
    "no-room": (
        "没有地方演练恢复 / there is no room to rehearse a restore",
        "清理磁盘 / make room",
    ),
}
_OTHER = (
    "演练恢复没有做成 / a restore could not be rehearsed",
    "看副本是否能读,再 huiyin doctor --rehearse / "
    "see whether the replica can be read, and rehearse again",
)


def rehearsal_problems(folder: Path) -> list[dict[str, Any]]:
    """Return what is wrong with the newest rehearsal; nothing where none was made yet."""
    rehearsed = read_rehearsed(folder)
    if rehearsed is None:
        return []
    if not rehearsed.ok:
        what, do = _WORDS.get(rehearsed.code, _OTHER)
        return [problem(f"rehearsal-{rehearsed.code}", f"{what}: {rehearsed.what}", do)]
    if not rehearsed.stands(system_clock_ms()):
        return [
            problem(
                "rehearsal-old",
                f"副本自 {minute_text(rehearsed.at_ms)} 起没有演练过恢复 / "
                "no restore was rehearsed since then",
                "huiyin doctor --rehearse",
            )
        ]
    return []


def rehearsal_line(rehearsed: Rehearsed) -> str:
    """Return in one line what came of a good rehearsal."""
    return (
        f"副本演练成功 {minute_text(rehearsed.at_ms)} / a restore was rehearsed: "
        f"{rehearsed.events} 个事件 events, {rehearsed.photos} 张照片 photos, "
        f"{rehearsed.took_s} s, {rehearsed.state_hash}"
    )
