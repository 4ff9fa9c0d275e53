"""Runs a program that dies with its parent: `leash.py PARENT_PID PID_FILE PROGRAM ARGUMENT…`.

A script and not a `preexec_fn`, because Python code between fork and exec can deadlock in a
process with threads. It asks the kernel for SIGTERM when the parent goes, writes its process id
and becomes the program, so that the process id is the program's too.

The kernel sends that signal when the *thread* that started it ends: start it from a thread that
lives as long as the program may. When the whole parent is killed, the signal comes once for each
of its threads: Litestream takes the second for "don't wait for the replica". It still reads what
is in the database, and the next start uploads it.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the program that the command line names, on a leash."""
    parent, pid_file, program = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        # The parent went before the kernel was asked: nobody would ever stop the program.
        sys.exit(1)
    temporary = pid_file.with_suffix(".tmp")
    temporary.write_text(str(os.getpid()))
    temporary.replace(pid_file)
    os.execv(program[0], program)


if __name__ == "__main__":
    main()
