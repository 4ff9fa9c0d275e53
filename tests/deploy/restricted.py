"""Runs a program as `deploy/huiyin.service` restricts it, as far as that goes without systemd.

    python -m tests.deploy.restricted PROGRAM ARGUMENT…

From the unit itself: the calls to the system that it allows (expanded by `systemd-analyze
syscall-filter`), no memory that is both written and run, no new privileges, no capabilities, no
other families of sockets, the umask and the number of open files. Not its view of the file system,
which needs systemd itself.
"""

import ctypes
import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

UNIT = Path(__file__).parents[2] / "deploy" / "huiyin.service"
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 24, 38, 65, 1
ALLOW, ERRNO, EQUAL = 0x7FFF0000, 0x00050000, 4
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}


class _Comparison(ctypes.Structure):
    """libseccomp's `scmp_arg_cmp`."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("one", ctypes.c_uint64),
        ("other", ctypes.c_uint64),
    )


def settings() -> dict[str, list[str]]:
    """Return the unit's settings by name, each as often as it stands there."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text("utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def allowed_calls() -> set[str]:
    """Return the system calls that the unit allows."""
    told = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    groups: dict[str, list[str]] = {}
    for line in told.splitlines():
        # A group's name stands at the margin, and what is in it below, after its description.
        if line.startswith("@"):
            members = groups.setdefault(line.strip(), [])
        elif line.startswith(" ") and not line.strip().startswith("#"):
            members.append(line.strip())

    def calls_of(word: str) -> set[str]:
        if not word.startswith("@"):
            return {word}
        return {call for member in groups[word] for call in calls_of(member)}

    allowed: set[str] = set()
    for line in settings()["SystemCallFilter"]:
        for word in line.removeprefix("~").split():
            calls = calls_of(word)
            allowed = allowed - calls if line.startswith("~") else allowed | calls
    return allowed


def restrict() -> None:
    """Restrict this process, and all that it becomes, as the unit does."""
    unit = settings()
    allowed = allowed_calls()
    libc = ctypes.CDLL(None, use_errno=True)
    os.umask(int(unit["UMask"][0], 8))
    # Not more than this machine lets anybody have.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = min(int(unit["LimitNOFILE"][0]), most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    assert unit["CapabilityBoundingSet"] == [""]
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    assert unit["NoNewPrivileges"] == unit["MemoryDenyWriteExecute"] == ["yes"]
    _done(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _done(libc.prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0))
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    filter = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(ERRNO | errno.EPERM)))
    for call in sorted(allowed):
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        if number >= 0 and call != "socket":
            seccomp.seccomp_rule_add(filter, ctypes.c_uint32(ALLOW), number, 0)
    socket = seccomp.seccomp_syscall_resolve_name(b"socket")
    for name in unit["RestrictAddressFamilies"][0].split():
        family = _Comparison(0, EQUAL, FAMILIES[name], 0)
        _done(
            seccomp.seccomp_rule_add_array(
                filter, ctypes.c_uint32(ALLOW), socket, 1, ctypes.byref(family)
            )
        )
    _done(seccomp.seccomp_load(filter))


def _done(result: int) -> None:
    if result != 0:
        raise OSError(f"the system refuses a restriction: {result}, {ctypes.get_errno()}")


if __name__ == "__main__":
    restrict()
    os.execv(sys.argv[1], sys.argv[1:])
