"""A replica on another machine, by SFTP, whose host key is known."""

import posixpath
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import asyncssh

from sync.keeping.replica import ReplicaAddressError, ReplicaPlace
from sync.keeping.stores.loop import Loop
from sync.keeping.stores.store import WITHIN_S, StoreError

Value = TypeVar("Value")
# To move many files one by one takes its time; to list a folder of thousands does.
LONG_S = 120.0


class SftpStore:
    """The objects are files. Connects at the first call, and anew after an error."""

    def __init__(self, place: ReplicaPlace) -> None:
        self._place = place
        self._root = place.path
        self._loop = Loop()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None where there is none."""

        async def ask(client: asyncssh.SFTPClient) -> bytes | None:
            try:
                async with client.open(self._path(name), "rb") as file:
                    content = await file.read()
                    return content if isinstance(content, bytes) else content.encode()
            except asyncssh.SFTPNoSuchFile:
                return None

        return self._do(f"read {name}", ask)

    def fetch(self, name: str, path: Path) -> None:
        """Copy a file, block by block."""
        self._do(f"read {name}", lambda client: client.get(self._path(name), str(path)), LONG_S)

    def create(self, name: str, content: bytes) -> bool:
        """Write a file where none is: a plain rename of SFTP's takes no name that is taken."""

        async def ask(client: asyncssh.SFTPClient) -> bool:
            temporary = await self._written(client, name, content)
            try:
                await client.rename(temporary, self._path(name))
            except asyncssh.SFTPFailure:
                await client.remove(temporary)
                if await client.exists(self._path(name)):
                    return False
                raise
            return True

        return self._do(f"write {name}", ask)

    def replace(self, name: str, content: bytes) -> None:
        """Write a file, atomically."""

        async def ask(client: asyncssh.SFTPClient) -> None:
            temporary = await self._written(client, name, content)
            await client.posix_rename(temporary, self._path(name))

        self._do(f"write {name}", ask)

    def names(self, below: str) -> list[str]:
        """Return the names of all files below a folder, none where there is no such folder."""
        return sorted(self._do(f"list {below}", lambda client: self._walk(client, below), LONG_S))

    def agreed_up_to(self, top: str) -> int:
        """Return 0: there are not several servers."""
        return 0

    def make_place(self, top: str) -> None:
        """Nothing: Litestream makes its folders."""

    def move_aside(self, label: str, tops: Sequence[str]) -> None:
        """Rename them: each at once, or file by file where a call that was cut began with it."""

        async def ask(client: asyncssh.SFTPClient) -> None:
            await client.makedirs(self._path(label), exist_ok=True)
            for top in tops:
                is_begun = await client.isdir(self._path(f"{label}/{top}"))
                for name in await self._walk(client, top) if is_begun else [top]:
                    if await client.exists(self._path(name)):
                        aside = self._path(f"{label}/{name}")
                        await client.makedirs(posixpath.dirname(aside), exist_ok=True)
                        await client.posix_rename(self._path(name), aside)

        self._do("move aside", ask, LONG_S)

    def free_bytes(self) -> int | None:
        """Return what the disk there has left, where the server is OpenSSH's."""

        async def ask(client: asyncssh.SFTPClient) -> int | None:
            try:
                room = await client.statvfs(self._root)
            except (asyncssh.SFTPOpUnsupported, asyncssh.SFTPFailure, asyncssh.SFTPNoSuchFile):
                return None
            return room.frsize * room.bavail

        return self._do("see the room left", ask)

    def close(self) -> None:
        """End the connection."""
        self._drop()
        self._loop.close()

    def _path(self, name: str) -> str:
        return posixpath.join(self._root, name)

    async def _walk(self, client: asyncssh.SFTPClient, folder: str) -> list[str]:
        names: list[str] = []
        try:
            entries = await client.readdir(self._path(folder))
        except asyncssh.SFTPNoSuchFile:
            return []
        for entry in entries:
            if entry.filename in (".", ".."):
                continue
            inner = f"{folder}/{entry.filename!s}"
            if entry.attrs.type == asyncssh.FILEXFER_TYPE_DIRECTORY:
                names += await self._walk(client, inner)
            else:
                names.append(inner)
        return names

    async def _written(self, client: asyncssh.SFTPClient, name: str, content: bytes) -> str:
        """Write a file under a name of its own, and return that."""
        path = self._path(name)
        await client.makedirs(posixpath.dirname(path), exist_ok=True)
        temporary = f"{path}.{secrets.token_hex(4)}.part"
        async with client.open(temporary, "wb", asyncssh.SFTPAttrs(permissions=0o600)) as file:
            await file.write(content)
            with suppress(asyncssh.SFTPOpUnsupported):
                await file.fsync()
        return temporary

    def _do(
        self,
        what: str,
        ask: Callable[[asyncssh.SFTPClient], Awaitable[Value]],
        within_s: float = WITHIN_S,
    ) -> Value:
        async def asked() -> Value:
            return await ask(await self._connected())

        try:
            return self._loop.run(asked(), within_s)
        except StoreError:
            self._drop()
            raise
        except (OSError, asyncssh.Error) as error:
            # What the server says of a file leaves the connection as it was.
            if not isinstance(error, asyncssh.SFTPError) or isinstance(
                error, asyncssh.SFTPConnectionLost | asyncssh.SFTPNoConnection
            ):
                self._drop()
            raise StoreError(f"can't {what}: {_words(error)}") from error

    async def _connected(self) -> asyncssh.SFTPClient:
        if self._client is None:
            settings = self._settings()
            self._connection = await asyncssh.connect(
                self._place.host,
                self._place.port or 22,
                username=str(settings["user"]),
                password=str(settings["password"]) if "password" in settings else None,
                client_keys=[str(settings["key-path"])] if "key-path" in settings else None,
                known_hosts=([asyncssh.import_public_key(str(settings["host-key"]))], [], []),
                agent_path=None,
                config=None,
                connect_timeout=WITHIN_S,
            )
            self._client = await self._connection.start_sftp_client()
        return self._client

    def _settings(self) -> dict[str, object]:
        """Return what it takes to sign in. Raises StoreError where a key is not there."""
        try:
            settings = self._place.settings()
        except ReplicaAddressError as error:
            raise StoreError(str(error)) from error
        key_path = settings.get("key-path")
        if key_path is not None and not Path(str(key_path)).is_file():
            raise StoreError(f"no key to sign in with: there is no {key_path}")
        return settings

    def _drop(self) -> None:
        client, connection = self._client, self._connection
        self._client = self._connection = None

        async def end() -> None:
            if client is not None:
                client.exit()
            if connection is not None:
                connection.abort()
                await connection.wait_closed()

        self._loop.end(end())


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
