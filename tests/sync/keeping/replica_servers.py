"""Real servers that a replica may lie on, each on loopback and ended with the test's process.

Debian's sshd and nats-server, and SeaweedFS, which speaks as S3 does.
"""

import json
import os
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path

import asyncssh
import obstore
import pytest
from obstore.exceptions import BaseError
from obstore.store import S3Store

from sync.keeping.replica import ReplicaPlace
from tests.sync.node import until

S3_KEYS = {"AWS_ACCESS_KEY_ID": "huiyin", "AWS_SECRET_ACCESS_KEY": "geheim-geheim"}


def free_port(below: int = 65_536) -> int:
    """Return a port that nobody listens on just now."""
    while True:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0 if below > 60_000 else random.randrange(10_000, below)))
            port = int(listener.getsockname()[1])
        if port < below:
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
def sftp_server(home: Path) -> Iterator[str]:
    """Run sshd for files below `home`; yield the address of a replica, with key and host key."""
    home.mkdir(parents=True, exist_ok=True)
    host_key = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
    user_key = asyncssh.generate_private_key("ssh-ed25519")
    for name, key in (("host_key", host_key), ("user_key", user_key)):
        key.write_private_key(str(home / name))
        (home / name).chmod(0o600)
    (home / "authorized_keys").write_bytes(user_key.export_public_key())
    port = free_port()
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
def s3_server(home: Path) -> Iterator[str]:
    """Run SeaweedFS with its files in `home`; yield the address of a replica. For `S3_KEYS`."""
    home.mkdir(parents=True, exist_ok=True)
    key, secret = S3_KEYS.values()
    identity = {
        "name": "huiyin",
        "credentials": [{"accessKey": key, "secretKey": secret}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    (home / "s3.json").write_text(json.dumps({"identities": [identity]}))
    master, volume, filer, s3 = (free_port(below=50_000) for _ in range(4))
    arguments = [
        *("server", f"-dir={home}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
        *(f"-master.port={master}", f"-volume.port={volume}", "-volume.max=30"),
        *("-master.volumeSizeLimitMB=64", "-filer=true", f"-filer.port={filer}"),
        *("-s3", f"-s3.port={s3}", f"-s3.config={home}/s3.json"),
        # Two of its doors have ports of their own, which another test may have taken.
        *("-s3.port.lance=0", "-s3.port.iceberg=0"),
    ]
    with running([program("weed"), *arguments], home, s3):
        address = f"s3://county/replica?endpoint=http://127.0.0.1:{s3}"
        until(lambda: _takes_objects(s3), 60)
        yield address


@contextmanager
def nats_server(home: Path, port: int = 0) -> Iterator[str]:
    """Run nats-server with JetStream's files in `home`; yield the address of a replica."""
    home.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    (home / "nats.conf").write_text(
        f"listen: 127.0.0.1:{port}\njetstream {{ store_dir: {home}/jetstream }}\n"
        "authorization { user: huiyin, password: geheim }\n"
    )
    with running([program("nats-server"), "-c", str(home / "nats.conf")], home, port):
        yield f"nats://huiyin:geheim@127.0.0.1:{port}/county"


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
            until(lambda: server.poll() is not None or _listens(port), 60)
            assert server.poll() is None, (home / "log").read_text()[-2000:]
            yield server
        finally:
            server.kill()
            server.wait()


def _listens(port: int) -> bool:
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
