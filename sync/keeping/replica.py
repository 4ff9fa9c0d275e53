"""Where a replica lies: a folder, or an SFTP, S3 or NATS address, as Litestream takes it."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

SCHEMES = ("file", "sftp", "s3", "nats")


class ReplicaAddressError(ValueError):
    """A replica's address that can't be used; the message says why."""


@dataclass(frozen=True)
class ReplicaPlace:
    """Where one replica lies: `folder` for a local one, otherwise `url`."""

    folder: Path | None
    url: str | None

    @classmethod
    def parse(cls, address: str) -> "ReplicaPlace":
        """Return the place that a path, `file://`, `sftp://`, `s3://` or `nats://` names.

        A folder is kept as a path and never as a URL: Litestream takes the percent signs of a
        `file://` URL as part of the name, so Chinese folder names would come out garbled.
        """
        if "://" not in address:
            if not address.strip():
                raise ReplicaAddressError("the replica's address is empty")
            return cls(folder=Path(address).expanduser().absolute(), url=None)
        parts = urlsplit(address)
        if parts.scheme not in SCHEMES:
            raise ReplicaAddressError(
                f"{parts.scheme}:// is not a replica's address; known are a folder, "
                + ", ".join(f"{scheme}://" for scheme in SCHEMES)
            )
        if parts.scheme == "file":
            if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
                raise ReplicaAddressError("a file:// address needs three slashes and a full path")
            return cls(folder=Path(unquote(parts.path)), url=None)
        if not parts.netloc:
            raise ReplicaAddressError(f"{parts.scheme}:// needs a host or bucket")
        return cls(folder=None, url=address)

    def below(self, name: str) -> "ReplicaPlace":
        """Return the place of one database below this one."""
        if self.folder is not None:
            return ReplicaPlace(folder=self.folder / name, url=None)
        parts = urlsplit(self.url or "")
        path = f"{parts.path.rstrip('/')}/{name}"
        return ReplicaPlace(folder=None, url=urlunsplit(parts._replace(path=path)))

    def settings(self) -> dict[str, str]:
        """Return the keys of a Litestream `replica:` block that name this place."""
        if self.folder is not None:
            return {"type": "file", "path": str(self.folder)}
        return {"url": self.url or ""}

    @property
    def label(self) -> str:
        """The address for people and logs: without user, password or query."""
        if self.folder is not None:
            return str(self.folder)
        parts = urlsplit(self.url or "")
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, "", ""))

    def same_disk_as(self, path: Path) -> bool:
        """Return whether this is a folder on the disk that `path` is on, as of now.

        Asked each time anew, because a disk that was unmounted leaves an empty folder of the
        same name on the disk below.
        """
        if self.folder is None:
            return False
        return device_of(self.folder) == device_of(path)


def device_of(path: Path) -> int:
    """Return the number of the device that `path`, or its nearest existing parent, is on."""
    for place in (path, *path.parents):
        try:
            return os.stat(place).st_dev  # noqa: PTH116 - on the hot path of every confirmation.
        except (FileNotFoundError, NotADirectoryError):
            continue
    raise FileNotFoundError(path)
