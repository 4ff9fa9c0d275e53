"""Every problem that a node tells of itself: a code, what is wrong, what to do, in one place.

`/healthz`, `doctor`, the console and the log say the same. What only `doctor` looks at, such as
letters that wait, stands beside it (`server/command_line/`).
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from acts.refusals import N_, Message
from server.folder.node_status import ToldProblem
from server.web.languages import in_both
from sync.keeping.causes import Cause
from sync.keeping.concealing import HIDDEN


class Words(NamedTuple):
    """What people are told of a problem; `is_well` where the node is well all the same."""

    what: str
    do: str
    is_well: bool = False


_ONE_OF_TWO = N_(
    "要是这里的数据是空的、旧的：停下服务，挂上数据盘，"
    "或在空文件夹里 huiyin restore --from 副本地址。"
    "要是这里的才对：huiyin serve --replica-anew，副本里原来的移到一边。"
)
_ANEW = N_("huiyin serve --replica-anew 重做一份，原来的移到一边，请留着。")
_SEE_SETTINGS = N_("核对用户名、密码、密钥文件和那边的权限；改了设置要重新启动服务。")

# By code. {place} is the replica's address without passwords, {seconds} how late it is.
WORDS: Mapping[str, Words] = {
    Cause.NONE: Words(
        N_("没有副本，盘坏了就全没了。"),
        N_("huiyin serve --replica 指到另一块盘或另一台机器。"),
        is_well=True,
    ),
    Cause.SAME_DISK: Words(
        N_("副本和数据在同一块盘上：{place}"),
        N_("huiyin serve --replica 指到另一块盘或另一台机器。"),
        is_well=True,
    ),
    Cause.UNMOUNTED: Words(
        N_("副本的盘没有挂上，写到数据自己的盘上了：{place}"),
        N_("把副本的盘挂回去；挂上就自动补齐。"),
    ),
    Cause.MISSING: Words(
        N_("放副本的地方不在了：{place}"),
        N_("文件夹：看盘挂上没有、名字是不是被别的文件占了。存储桶：把它建好。好了就自动补齐。"),
    ),
    Cause.DENIED: Words(N_("放副本的地方不让进：{place}"), _SEE_SETTINGS),
    Cause.HOST_KEY: Words(
        N_("放副本的机器，主机密钥和记下的不一样，没有登录：{place}"),
        N_(
            "问管那台机器的人是不是换了密钥。换了，就改 known_hosts 或地址里的 host-key，"
            "再重新启动服务；没换，什么也不要改。"
        ),
    ),
    Cause.UNREACHABLE: Words(
        N_("连不上放副本的地方：{place}"),
        N_("看网线、那台机器开着没有、防火墙和地址；连上就自动补齐。"),
    ),
    Cause.FULL: Words(
        N_("放副本的地方满了：{place}"), N_("在那边腾出地方，或加大限额；腾出来就自动补齐。")
    ),
    Cause.NEARLY_FULL: Words(
        N_("放副本的盘快满了，只剩 {free_mb} MB：{place}"),
        N_("在那边腾出地方。"),
        is_well=True,
    ),
    Cause.READ_ONLY: Words(
        N_("放副本的盘只能读，写不进去：{place}"),
        N_("看盘是不是坏了（dmesg），换掉或重新挂成可写；好了就自动补齐。"),
    ),
    Cause.FOREIGN: Words(N_("这是别的机器的副本，没有往里写：{place}"), _ONE_OF_TWO),
    Cause.AHEAD: Words(N_("副本里有这里没有的内容，没有往里写：{place}"), _ONE_OF_TWO),
    Cause.CLAIM_UNREADABLE: Words(N_("副本里写着归谁的文件坏了，没有往里写：{place}"), _ANEW),
    Cause.DAMAGED: Words(N_("副本有坏的地方，没有往里写：{place}"), _ANEW),
    Cause.BROKEN: Words(
        N_("副本暂时不能用来恢复，正在重做：{place}"), N_("让服务一直运行，重做完就好。")
    ),
    Cause.LATE: Words(
        N_("副本落后 {seconds} 秒，还没有出错：{place}"),
        N_("线路慢就等它；一直这样，看线路和放副本的机器。"),
    ),
    Cause.OWN_DISK: Words(
        N_("数据的盘写不进去，副本做不成。"), N_("清理数据的盘；腾出来就自动补齐。")
    ),
    Cause.HANGS: Words(
        N_("做副本的程序 Litestream 不动了。"),
        N_("半分钟后会自动重新启动它；反复这样，看盘和内存。"),
    ),
    Cause.DEAD: Words(
        N_("做副本的程序 Litestream 启动不了，一直在再试。"),
        N_("看数据文件夹里 litestream.log 的最后几行。"),
    ),
    Cause.ABSENT: Words(
        N_("没有装做副本的程序 Litestream。"), N_("运行 tools/setup，或重新安装。")
    ),
    Cause.UNKNOWN: Words(
        N_("副本没有做成：{place}"), N_("看出错的原话和 litestream.log；一直在再试。")
    ),
    "disk-full": Words(
        N_("数据的盘满了，只剩 {free_mb} MB，新的可能收不下。"),
        N_("清理磁盘；腾出来就好，不用重新启动。"),
    ),
    "disk-nearly-full": Words(
        N_("数据的盘快满了，只剩 {free_mb} MB。"), N_("清理磁盘。"), is_well=True
    ),
    "disk-read-only": Words(
        N_("数据的盘只能读，什么也收不下。"), N_("看盘是不是坏了（dmesg），重新挂成可写。")
    ),
    "writer-fails": Words(
        N_("刚才写不进数据库，没有收下。"), N_("看磁盘（df、dmesg）；好了就自动继续。")
    ),
    "thread-dead": Words(N_("服务里有一部分停了：{names}"), N_("重新启动服务；收下的不会丢。")),
    "thread-fails": Words(
        N_("服务里有一部分一直出错，在再试：{names}"), N_("看出错的原话和服务的日志。")
    ),
    "descriptors-few": Words(
        N_("能同时打开的文件和连接快用完了：{used} / {limit}"),
        N_("看谁开着很多连接（前面的代理、扫描的机器），或调高上限。"),
    ),
    "node-silent": Words(
        N_("服务在运行，但有 {seconds} 秒没有报告自己怎样了。"),
        N_("看服务的日志和磁盘；还是这样就重新启动服务。"),
    ),
}


def what_of(problem: ToldProblem) -> Message:
    """Return what is wrong, in words to be translated."""
    return Message(WORDS[problem.code].what, problem.values)


def do_of(problem: ToldProblem) -> Message:
    """Return what to do about it, in words to be translated."""
    return Message(WORDS[problem.code].do, problem.values)


def told_problem(problem: ToldProblem) -> dict[str, Any]:
    """Return a problem as `doctor` and `/healthz` list it: `code`, `what`, `do`, both languages."""
    return {
        "code": problem.code,
        "what": in_both(what_of(problem)) + (f" ({problem.said})" if problem.said else ""),
        "do": in_both(do_of(problem)),
    }


def for_strangers(problem: ToldProblem) -> ToldProblem:
    """Return a problem without addresses and folders, for who is not at the machine itself."""
    values = problem.values
    if "place" in values:
        values = {**values, "place": HIDDEN}
    return ToldProblem(code=problem.code, values=values, since_ms=problem.since_ms)


class ShownProblem(NamedTuple):
    """A problem as a page shows it; `what` and `do` are to be translated, `since_ms` is UTC."""

    what: Message
    do: Message
    said: str
    since_ms: int
    is_well: bool


def shown_problem(problem: ToldProblem) -> ShownProblem:
    """Return a problem as a page shows it."""
    is_well = WORDS[problem.code].is_well
    return ShownProblem(what_of(problem), do_of(problem), problem.said, problem.since_ms, is_well)


def are_well(problems: Iterable[ToldProblem]) -> bool:
    """Return whether a node with these problems is well: what is new becomes durable."""
    return all(WORDS[problem.code].is_well for problem in problems)


def is_of_replica(problem: ToldProblem) -> bool:
    """Return whether a problem keeps what is new from becoming durable, and is the replica's."""
    return problem.code in frozenset(Cause) and not WORDS[problem.code].is_well
