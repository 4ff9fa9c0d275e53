"""Where a replica lies: a folder, or an SFTP, S3 or NATS address, as Litestream takes it."""

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from sync.keeping.host_keys import known_host_key

SCHEMES = ("file", "sftp", "s3", "nats")
# What an address may say behind a question mark. The names are Litestream's.
OPTIONS = {
    "sftp": {"key-path", "host-key"},
    "s3": {"endpoint", "region", "forcePathStyle", "skipVerify"},
    "nats": {"creds", "token", "tls", "root-ca", "replicas"},
}
_SECRET_OPTIONS = {"token"}
# Where a key for SFTP is looked for that the address does not name.
_KEY_FILES = ("id_ed25519", "id_ecdsa", "id_rsa")


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
        Raises ReplicaAddressError.
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
        place = cls(folder=None, url=address)
        place._check()
        return place

    def _check(self) -> None:
        unknown = sorted(set(self._options) - OPTIONS[self.scheme])
        if unknown:
            raise ReplicaAddressError(
                f"{self.scheme}:// knows no {', '.join(unknown)}; it may have "
                + ", ".join(sorted(OPTIONS[self.scheme]))
            )
        try:
            _ = self.port
        except ValueError as error:
            raise ReplicaAddressError(f"{self.label}: {error}") from error
        if self.scheme == "sftp" and not self._parts.username:
            raise ReplicaAddressError("an sftp:// address needs a user: sftp://USER@HOST/PATH")
        if self.scheme == "s3" and "@" in self._parts.netloc:
            raise ReplicaAddressError(
                "keys don't stand in an s3:// address; give them as AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY: s3://BUCKET/PATH?endpoint=HOST"
            )
        if self.scheme == "nats" and not re.fullmatch("/[A-Za-z0-9_-]+/?", self._parts.path):
            raise ReplicaAddressError(
                "a nats:// address ends in one name, of letters, digits, - and _: "
                "nats://USER:PASSWORD@HOST:4222/NAME"
            )

    @cached_property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url or "")

    @cached_property
    def _options(self) -> dict[str, str]:
        return dict(parse_qsl(self._parts.query, keep_blank_values=True))

    @property
    def scheme(self) -> str:
        """`file`, `sftp`, `s3` or `nats`."""
        return "file" if self.folder is not None else self._parts.scheme

    @property
    def host(self) -> str:
        """The host, or the bucket of S3's."""
        # `hostname` is in small letters, which a bucket's name need not be.
        return self.host_and_port.rpartition(":")[0] if self.port else self.host_and_port

    @property
    def host_and_port(self) -> str:
        """Both as they stand in the address."""
        return self._parts.netloc.rpartition("@")[2]

    @property
    def port(self) -> int | None:
        """The port, None where the address has none."""
        return self._parts.port

    @property
    def path(self) -> str:
        """The path below host or bucket, with its slash."""
        return unquote(self._parts.path)

    def option(self, name: str) -> str:
        """Return what the address says behind its question mark, "" where it does not."""
        return self._options.get(name, "")

    def below(self, name: str) -> "ReplicaPlace":
        """Return the place of one database below this one: with NATS a bucket beside it."""
        if self.folder is not None:
            return ReplicaPlace(folder=self.folder / name, url=None)
        joint = "-" if self.scheme == "nats" else "/"
        path = f"{self._parts.path.rstrip('/')}{joint}{name}"
        return ReplicaPlace(folder=None, url=urlunsplit(self._parts._replace(path=path)))

    # Where a store moves a replica aside to: below this one, or with NATS beside it.
    aside = below

    def settings(self) -> dict[str, object]:
        """Return the keys of a Litestream `replica:` block that name this place.

        Raises ReplicaAddressError where an SFTP server's host key or the key to sign in with is
        not known.
        """
        if self.folder is not None:
            return {"type": "file", "path": str(self.folder)}
        if self.scheme == "sftp":
            return self._sftp()
        if self.scheme == "nats":
            user, password = self._parts.username, self._parts.password
            settings: dict[str, object] = {
                "type": "nats",
                "url": f"nats://{self.host_and_port}{self._parts.path}",
                "username": unquote(user or ""),
                "password": unquote(password or ""),
                **{name: self.option(name) for name in ("creds", "token")},
                "tls": self.option("tls") == "true",
                "root-cas": [ca for ca in [self.option("root-ca")] if ca],
            }
            return {name: value for name, value in settings.items() if value}
        return {"url": self.url or ""}

    def _sftp(self) -> dict[str, object]:
        settings: dict[str, object] = {
            "type": "sftp",
            "host": self.host_and_port,
            "user": unquote(self._parts.username or ""),
            "path": self.path,
        }
        if self._parts.password:
            settings["password"] = unquote(self._parts.password)
        key_path = self.option("key-path") or ("" if "password" in settings else _own_key())
        if key_path:
            settings["key-path"] = str(Path(key_path).expanduser())
        elif "password" not in settings:
            raise ReplicaAddressError(
                f"{self.label}: no password and no key to sign in with; "
                "sftp://USER@HOST/PATH?key-path=FILE"
            )
        # A + in the address was read as a blank, and only the first is one.
        kind, _, key = self.option("host-key").partition(" ")
        known = f"{kind} {key.replace(' ', '+')}" if key else ""
        known = known or known_host_key(self.host, self.port or 22)
        if not known:
            raise ReplicaAddressError(
                f"{self.label}: the host's key is not known, so anybody could pretend to be it. "
                f"Put it into ~/.ssh/known_hosts (ssh-keyscan -p {self.port or 22} {self.host}, "
                "then compare with what its keeper reads out) or into the address: ?host-key=…"
            )
        settings["host-key"] = known
        return settings

    @property
    def label(self) -> str:
        """The address for people and logs: without user, password or what follows a ?."""
        if self.folder is not None:
            return str(self.folder)
        return urlunsplit((self.scheme, self.host_and_port, self._parts.path, "", ""))

    @property
    def without_secrets(self) -> str:
        """The address as it can be printed and typed again: all but password and token."""
        if self.folder is not None:
            return str(self.folder)
        user = self._parts.username
        host = f"{user}@{self.host_and_port}" if user else self.host_and_port
        options = {k: v for k, v in self._options.items() if k not in _SECRET_OPTIONS}
        query = urlencode(options, quote_via=quote, safe="/:")
        return urlunsplit((self.scheme, host, self._parts.path, query, ""))

    @property
    def has_secrets(self) -> bool:
        """Whether a password or a token stands in the address."""
        return bool(self._parts.password) or bool(_SECRET_OPTIONS & set(self._options))

    def same_disk_as(self, path: Path) -> bool:
        """Return whether this is a folder on the disk that `path` is on, as of now.

        Asked each time anew, because a disk that was unmounted leaves an empty folder of the
        same name on the disk below.
        """
        if self.folder is None:
            return False
        return device_of(self.folder) == device_of(path)


def _own_key() -> str:
    for name in _KEY_FILES:
        path = Path("~/.ssh").expanduser() / name
        if path.is_file():
            return str(path)
    return ""


def device_of(path: Path) -> int:
    """Return the number of the device that `path`, or its nearest existing parent, is on."""
    for place in (path, *path.parents):
        try:
            return os.stat(place).st_dev  # noqa: PTH116 - on the hot path of every confirmation.
        except (FileNotFoundError, NotADirectoryError):
            continue
    raise FileNotFoundError(path)
