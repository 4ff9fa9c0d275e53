"""What `doctor` says of how many files and connections the node may have open."""

from pathlib import Path
from typing import Any

from server.command_line.exchange_problems import problem
from server.folder.folder_lock import holder
from server.operations.descriptors import LEAST, of_process


def descriptor_problems(data: Path) -> list[dict[str, Any]]:
    """Return what is wrong with those of the process that serves the folder; nothing where none."""
    pid = holder(data)
    known = None if pid is None else of_process(pid)
    if known is None:
        return []
    problems: list[dict[str, Any]] = []
    if known.few_left:
        problems.append(
            problem(
                "descriptors-few",
                f"能同时打开的文件和连接快用完了:{known.used} / {known.limit} / open files and "
                "connections are nearly used up",
                "看谁开着很多连接(前面的代理、扫描的机器);调高上限见下 / see who holds so many "
                "(the proxy in front, a scanner); raise the limit",
            )
        )
    if known.few_left or known.limit < LEAST:
        problems.append(
            problem(
                "descriptors-low",
                f"系统只许同时打开 {known.limit} 个文件和连接 / the system allows only so many "
                "open files and connections",
                "systemd 里设 LimitNOFILE=65536,或先 ulimit -n 65536 再启动 / set "
                "LimitNOFILE=65536 in the systemd unit, or ulimit -n 65536 before the start",
            )
        )
    return problems
