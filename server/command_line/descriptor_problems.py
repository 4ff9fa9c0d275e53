"""What `doctor` says of how many files and connections the node may have open."""

from pathlib import Path
from typing import Any

from server.command_line.exchange_problems import problem
from server.folder.folder_lock import holder
from server.folder.node_status import ToldProblem
from server.operations.descriptors import LEAST, of_process
from server.operations.problems import told_problem


def descriptor_problems(data: Path) -> list[dict[str, Any]]:
    """Return what is wrong with those of the process that serves the folder; nothing where none."""
    pid = holder(data)
    known = None if pid is None else of_process(pid)
    if known is None:
        return []
    problems: list[dict[str, Any]] = []
    if known.few_left:
        problems.append(told_problem(ToldProblem(code="descriptors-few", values=known._asdict())))
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
