"""Real servers that a replica may lie on, each on loopback and ended with the test's process.

Debian's sshd and nats-server, and SeaweedFS, which speaks as S3 does.
"""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path

import asyncssh
import httpx2
import obstore
import pytest
from obstore.exceptions import BaseError
from obstore.store import S3Store

from sync.keeping.replica import ReplicaPlace
from tests.sync.node import until

S3_KEYS = {"AWS_ACCESS_KEY_ID": "huiyin", "AWS_SECRET_ACCESS_KEY": "geheim-geheim"}


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def free_pair() -> int:
    """Return a port that is free now, and so is the one 10,000 above it, which SeaweedFS takes."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as listener, socket.socket() as other, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            other.bind(("127.0.0.1", port + 10_000))
            return port


def program(*names: str) -> str:
    """Return where a program is, in Debian's places or beside this Python."""
    places = f"{os.environ['PATH']}:/usr/sbin:/usr/lib/openssh:{Path(sys.executable).parent}"
    for name in names:
        path = shutil.which(name, path=places)
        if path is not None:
            return path
    raise FileNotFoundError(f"none of {', '.join(names)} is here: tools/setup replicas")


@contextmanager
def sftp_server(home: Path, port: int = 0) -> Iterator[str]:
    """Run sshd for files below `home`; yield the address of a replica, with key and host key.

    What of its keys lies there already is kept.
    """
    home.mkdir(parents=True, exist_ok=True)
    for name, kind in (("host_key", "ecdsa-sha2-nistp256"), ("user_key", "ssh-ed25519")):
        if not (home / name).exists():
            asyncssh.generate_private_key(kind).write_private_key(str(home / name))
            (home / name).chmod(0o600)
    host_key = asyncssh.read_private_key(str(home / "host_key"))
    user_key = asyncssh.read_private_key(str(home / "user_key"))
    if not (home / "authorized_keys").exists():
        (home / "authorized_keys").write_bytes(user_key.export_public_key())
    port = port or free_port()
    (home / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {home}/host_key\nPidFile none\n"
        f"AuthorizedKeysFile {home}/authorized_keys\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nSubsystem sftp internal-sftp\nMaxStartups 100\n"
    )
    # sshd wants this folder, which only its own service makes.
    Path("/run/sshd").mkdir(exist_ok=True)
    user = os.environ.get("USER") or "root"
    public = host_key.export_public_key().decode().strip().replace(" ", "%20")
    with running([program("sshd"), "-D", "-e", "-f", str(home / "sshd_config")], home, port):
        yield (
            f"sftp://{user}@127.0.0.1:{port}{home}/replica"
            f"?key-path={home}/user_key&host-key={public}"
        )


@contextmanager
def s3_server(home: Path, *, bucket: bool = True) -> Iterator[str]:
    """Run SeaweedFS with its files in `home`; yield the address of a replica. For `S3_KEYS`.

    Without `bucket` there is none until `make_bucket`.
    """
    home.mkdir(parents=True, exist_ok=True)
    key, secret = S3_KEYS.values()
    identity = {
        "name": "huiyin",
        "credentials": [{"accessKey": key, "secretKey": secret}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    (home / "s3.json").write_text(json.dumps({"identities": [identity]}))
    master, volume, filer, s3 = (free_pair() for _ in range(4))
    arguments = [
        *("server", f"-dir={home}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
        *(f"-master.port={master}", f"-volume.port={volume}", "-volume.max=30"),
        *("-master.volumeSizeLimitMB=64", "-filer=true", f"-filer.port={filer}"),
        *("-s3", f"-s3.port={s3}", f"-s3.config={home}/s3.json"),
        # Two of its doors have ports of their own, which another test may have taken.
        *("-s3.port.lance=0", "-s3.port.iceberg=0"),
        *(() if bucket else ("-s3.autoCreateBucket=false",)),
    ]
    (home / "filer").write_text(f"http://127.0.0.1:{filer}")
    with running([program("weed"), *arguments], home, s3):
        address = f"s3://county/replica?endpoint=http://127.0.0.1:{s3}"
        until(lambda: _takes_objects(s3) if bucket else listens(filer), 60)
        yield address


def make_bucket(home: Path) -> None:
    """Make the bucket of a server that has none."""
    httpx2.post((home / "filer").read_text() + "/buckets/county/").raise_for_status()


@contextmanager
def nats_server(home: Path, port: int = 0, password: str = "geheim") -> Iterator[str]:
    """Run nats-server with JetStream's files in `home`; yield the address of a replica."""
    home.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    (home / "nats.conf").write_text(
        f"listen: 127.0.0.1:{port}\njetstream {{ store_dir: {home}/jetstream }}\n"
        f"authorization {{ user: huiyin, password: {password} }}\n"
    )
    with running([program("nats-server"), "-c", str(home / "nats.conf")], home, port):
        yield f"nats://huiyin:{password}@127.0.0.1:{port}/county"


KINDS: Mapping[str, Callable[[Path], AbstractContextManager[str]]] = {
    "folder": lambda home: nullcontext(str(home / "replica")),
    "sftp": sftp_server,
    "s3": s3_server,
    "nats": nats_server,
}


class Servers:
    """A server of each kind that was asked for, until all are closed."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._addresses: dict[str, str] = {}
        self._open = ExitStack()
        self._patch = self._open.enter_context(pytest.MonkeyPatch.context())

    def replica(self, kind: str, name: str) -> ReplicaPlace:
        """Return the place of a replica of that kind and name."""
        if kind not in self._addresses:
            for variable, value in S3_KEYS.items() if kind == "s3" else ():
                self._patch.setenv(variable, value)
            home = self._home / kind
            self._addresses[kind] = self._open.enter_context(KINDS[kind](home))
        return ReplicaPlace.parse(self._addresses[kind]).below(name)

    def close(self) -> None:
        """End them all."""
        self._open.close()


@contextmanager
def running(command: Sequence[str], home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; it is entered once the port answers."""
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=home)
        try:
            until(lambda: server.poll() is not None or listens(port), 60)
            assert server.poll() is None, (home / "log").read_text()[-2000:]
            yield server
        finally:
            for pid in [*_children(server.pid), server.pid]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            server.wait()


def _children(pid: int) -> list[int]:
    """Return a process's children and theirs: sshd has one for each connection."""
    try:
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    children = [int(child) for child in told]
    return [pid for child in children for pid in (*_children(child), child)]


def listens(port: int) -> bool:
    """Return whether anybody takes connections at that port."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def _takes_objects(port: int) -> bool:
    key, secret = S3_KEYS.values()
    bucket = S3Store(
        "county",
        endpoint=f"http://127.0.0.1:{port}",
        region="us-east-1",
        access_key_id=key,
        secret_access_key=secret,
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    try:
        # The bucket is made by the first object.
        obstore.put(bucket, "there", b"")
    except (BaseError, OSError):
        return False
    return True
