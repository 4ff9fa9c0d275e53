"""A bare Debian, booted by its own systemd in namespaces of its own, without a network.

It is made once by debootstrap, with the program installed by the commands of the page, and lies
outside of this repository, for it has READMEs and programs of its own; each boot works on a layer
over it that goes with the test.
"""

import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.hub import until

ROOT = Path(__file__).parents[2]
MADE = Path("/var/cache/huiyin-bare-debian")
PACKAGES = "systemd,systemd-sysv,dbus,adduser,ca-certificates,python3.11"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# Where packages come from is this machine's business: what it tells its own programs of that.
OF_THIS_MACHINE = ("/etc/resolv.conf", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
BOOT = r"""
set -e
mount --make-rprivate /
mount -t overlay overlay -o lowerdir="$MADE",upperdir="$LAYER/upper",workdir="$LAYER/work" "$ON"
mount -t proc proc "$ON/proc"
mount -t sysfs sysfs "$ON/sys" || mount --rbind /sys "$ON/sys"
mount -t cgroup2 cgroup2 "$ON/sys/fs/cgroup"
mount -t tmpfs tmpfs "$ON/run"
mount -t tmpfs -o mode=755 tmpfs "$ON/dev"
for name in null zero full random urandom tty; do
	touch "$ON/dev/$name"; mount --bind "/dev/$name" "$ON/dev/$name"
done
mkdir "$ON/dev/pts" "$ON/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$ON/dev/pts"
ln -s pts/ptmx "$ON/dev/ptmx"
mount -t tmpfs tmpfs "$ON/dev/shm"
while read -r from to; do mkdir -p "$ON$to"; mount --bind "$from" "$ON$to"; done < "$LAYER/binds"
ip link set lo up
cd "$ON"
mkdir -p old
pivot_root . old
umount -l /old
exec env -i container=bare PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init </dev/null
"""


class NoBareMachine(Exception):
    """None can be made here; the message says what is missing."""


class BareMachine:
    """One bare machine; `typed` is what somebody types at it, in one shell after another."""

    def __init__(self, layer: Path) -> None:
        self._layer = layer
        self._init = 0
        self._exports: list[str] = []

    @classmethod
    def made(cls, scratch: Path, installing: Sequence[str]) -> "BareMachine":
        """Make the machine where it was not made yet, with what `installing` installs.

        Raises NoBareMachine.
        """
        if os.geteuid() != 0 or not all(map(shutil.which, ("debootstrap", "unshare", "nsenter"))):
            raise NoBareMachine("it takes root and debootstrap")
        locked = (ROOT / "requirements.lock").read_bytes() + repr(installing).encode()
        mark = MADE / ".made"
        wanted = hashlib.sha256(locked).hexdigest()
        if not mark.exists() or mark.read_text() != wanted:
            if str(MADE) in Path("/proc/mounts").read_text():
                raise NoBareMachine(f"something is mounted below {MADE}")
            shutil.rmtree(MADE, ignore_errors=True)
            _install(installing)
            mark.write_text(wanted)
        _renew_program()
        layer = scratch / "layer"
        for name in ("upper", "work", "on"):
            (layer / name).mkdir(parents=True)
        return cls(layer)

    @contextmanager
    def booted(self, binds: Mapping[Path, str]) -> Iterator[None]:
        """Boot it with these folders of this machine at places of its own, and end it."""
        (self._layer / "binds").write_text("".join(f"{a} {b}\n" for a, b in binds.items()))
        places = {"MADE": MADE, "LAYER": self._layer, "ON": self._layer / "on"}
        with (self._layer / "boot.log").open("wb") as log:
            process = subprocess.Popen(
                ["unshare", "-m", "-p", "-f", "-n", "-u", "-i", "-C", "bash", "-c", BOOT],
                env={"PATH": PATH, **{name: str(path) for name, path in places.items()}},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            try:
                children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
                until(lambda: children.read_text().strip(), within_s=10)
                self._init = int(children.read_text().split()[0])
                until(self._is_up, within_s=90)
                yield
            finally:
                # With the first process of its namespace all others end.
                if self._init:
                    os.kill(self._init, signal.SIGKILL)
                process.wait(30)

    def typed(self, line: str) -> str:
        """Return what a line prints that somebody types; what is exported stays so."""
        if line.startswith("export "):
            self._exports.append(line)
            return ""
        done = self._run("; ".join((*self._exports, line)))
        if done.returncode != 0 and not line.startswith("curl -s "):
            raise AssertionError(f"{line}: {done.stdout}{done.stderr}")
        return done.stdout

    def write(self, path: str, text: str) -> None:
        """Write what somebody types into an editor."""
        done = self._run(f"cat > {path}", text)
        assert done.returncode == 0, done.stderr

    def _is_up(self) -> bool:
        done = self._run("systemctl is-system-running")
        return done.stdout.strip() in ("running", "degraded")

    def _run(self, command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["nsenter", "--target", str(self._init), "-m", "-p", "-n", "-u", "-i", "-C",
             "env", "-i", f"PATH={PATH}", "LANG=C.UTF-8", "HOME=/root", "bash", "-c", command],
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            timeout=300,
        )  # fmt: skip


def _install(commands: Sequence[str]) -> None:
    """Make the machine's disk, and run what the page installs, with this machine's network."""
    MADE.parent.mkdir(exist_ok=True)
    # What it mounts there goes with it, also where it is ended: nothing but files is ever removed.
    words = ["unshare", "-m", "debootstrap", "--variant=minbase", f"--include={PACKAGES}"]
    made = subprocess.run(
        [*words, "bookworm", str(MADE)],
        capture_output=True,
        text=True,
    )
    if made.returncode != 0:
        raise NoBareMachine(f"debootstrap: {made.stdout[-400:]}{made.stderr[-400:]}")
    for name in OF_THIS_MACHINE:
        if Path(name).exists():
            shutil.copyfile(name, f"{MADE}{name}")
    subprocess.run(["git", "clone", "-q", str(ROOT), str(MADE / "mnt" / "program")], check=True)
    lines = "\n".join(("set -e", "mount -t proc proc /proc", *commands))
    done = subprocess.run(
        ["unshare", "-m", "chroot", str(MADE), "bash", "-c", lines],
        env={**os.environ, "PATH": PATH, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise NoBareMachine(f"the page's step 3: {done.stdout[-800:]}{done.stderr[-800:]}")


def _renew_program() -> None:
    """Put the program as it is now in the place of the one that was installed."""
    target = MADE / "opt" / "huiyin"
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.split(b"\0")
    for name in map(os.fsdecode, filter(None, files)):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "bench/")):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
