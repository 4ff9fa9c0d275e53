"""What concerns this machine and nothing else, read once: flag, environment, file, default.

County rules, rosters and categories are events in the database, never settings.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from server.folder.addresses import BadAddress, parse_email, parse_webhook, replica_place
from sync.keeping.replica import ReplicaAddressError

FILE_NAME = "huiyin.toml"
# What a data folder was begun as, so that a command beside the server need not be told.
ROLE_FILE_NAME = "role"
PREFIX = "HUIYIN_"
# Never printed, not even where they are wrong; a webhook's URL often holds its secret.
SECRETS = ("smtp_password", "webhook_secret", "webhook_urls")
SECURITIES = ("none", "starttls", "tls")
_PORTS = {"none": 25, "starttls": 587, "tls": 465}


class SettingsError(Exception):
    """A setting is wrong; the message names it, in Chinese and English. The node does not start."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one node; the comments are their manual.

    In `DATA/huiyin.toml` they stand by these names; in the environment as HUIYIN_NAME.
    """

    # The data folder: databases, keys, the built site.
    data: Path = Path("var")
    # hub or station.
    role: str = "hub"
    # Where the server listens. Put a reverse proxy with https before it to be reached from outside.
    host: str = "127.0.0.1"
    port: int = 8000
    # Where Litestream replicates to: a folder, or file://, sftp://, s3://, nats:// URL. Empty: the
    # folder DATA-replica beside the data folder. "off": no replica, and nothing is ever durable.
    replica: str = field(default="", repr=False)
    # Whether a replica on the same disk as the data counts as durable. Only for trying out.
    same_disk_counts: bool = False
    # The address that people type, for QR codes and feeds; empty: http://host:port/.
    base_url: str = ""
    # Whether an empty data folder is filled with the sample county.
    sample: bool = False
    # How long a sender waits for the replica before it is told at_hub instead of durable.
    durable_wait_s: float = 2.0
    # The longest a browser stays signed in to the console, in hours.
    session_hours: float = 12.0
    # The mail relay that digests go through; empty: no mail is made. Port 0: 587 with starttls,
    # 465 with tls, 25 with none.
    smtp_host: str = ""
    smtp_port: int = 0
    smtp_security: str = "starttls"
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    # The address that mail is from.
    smtp_from: str = ""
    # Where the day's counts and what is newly overdue are posted to; in the environment with
    # spaces between. With a secret each post carries an HMAC-SHA256 of its body.
    webhook_urls: tuple[str, ...] = field(default=(), repr=False)
    webhook_secret: str = field(default="", repr=False)
    # The address of the hub above this node, where it is another than the one that was joined.
    upstream: str = ""
    # How often a node asks the hub above when nothing waits, in seconds; what waits is carried at
    # once. "off": only when somebody says so.
    sync_every: str = "60"
    # The hour, in Asia/Shanghai, from which the day's digests are made.
    digest_hour: int = 8

    @property
    def address(self) -> str:
        """The address of the site, ending in a slash."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/") + "/"

    @property
    def replica_url(self) -> str | None:
        """Where the replica is, or None for a node without one."""
        if self.replica == "off":
            return None
        if self.replica:
            return self.replica
        return str(self.data.absolute()) + "-replica"

    @property
    def mail_port(self) -> int:
        """The relay's port, by its security where none is set."""
        return self.smtp_port or _PORTS[self.smtp_security]

    @property
    def replica_address(self) -> str:
        """The replica's address as it can be typed again, all but its password; "" for none."""
        if self.replica_url is None:
            return ""
        place = replica_place(self.replica_url)
        return place.without_secrets if place.has_secrets else self.replica_url

    @property
    def replica_label(self) -> str:
        """Where the replica is, for people: without user, password or access key; "" for none."""
        return "" if self.replica_url is None else replica_place(self.replica_url).label

    @property
    def has_secrets(self) -> bool:
        """Whether any secret is set."""
        return any(getattr(self, name) for name in SECRETS) or (
            self.replica_url is not None and replica_place(self.replica_url).has_secrets
        )


def load_settings(data: Path, **flags: Any) -> Settings:
    """Return the settings of a data folder; a flag that is None was not given.

    Raises SettingsError for a name that does not exist or a value that does not fit.
    """
    values: dict[str, Any] = {}
    path = data / FILE_NAME
    if path.exists():
        try:
            values = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path}: 不是有效的 TOML / not valid TOML: {error}") from error
    known = {field.name for field in fields(Settings)} - {"data"}
    for name in known:
        if PREFIX + name.upper() in os.environ:
            values[name] = os.environ[PREFIX + name.upper()]
    values.update({name: value for name, value in flags.items() if value is not None})
    if "role" not in values and (data / ROLE_FILE_NAME).exists():
        values["role"] = (data / ROLE_FILE_NAME).read_text("ascii", "replace").strip()
    unknown = sorted(set(values) - known)
    if unknown:
        raise SettingsError(f"没有这个设置 / no such setting: {', '.join(unknown)}")
    settings = Settings(data=data)
    settings = replace(
        settings,
        **{name: _fit(name, value, getattr(settings, name)) for name, value in values.items()},
    )
    _check_mail(settings)
    if settings.replica_url is not None:
        try:
            replica_place(settings.replica_url)
        except ReplicaAddressError as error:
            raise SettingsError(
                f"replica: 副本的地址不能用 / the replica's address can't be used: {error}"
            ) from None
    return settings


def _check_mail(settings: Settings) -> None:
    """Raise SettingsError where the settings of mail do not fit each other."""
    if settings.smtp_host and not settings.smtp_from:
        raise SettingsError("有 smtp_host 就要有 smtp_from / smtp_host needs smtp_from")
    if settings.smtp_password and not settings.smtp_user:
        raise SettingsError("有 smtp_password 就要有 smtp_user / smtp_password needs smtp_user")
    if (
        settings.smtp_password
        and settings.smtp_security == "none"
        and not _is_here(settings.smtp_host)
    ):
        raise SettingsError(
            "smtp_security 是 none 时密码会明文走网络,请用 starttls 或 tls / smtp_security none "
            "would send the password in the clear: use starttls or tls"
        )


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _fit(name: str, value: Any, default: Any) -> Any:
    """Return the value in the type of its default, or raise SettingsError that names it."""
    wanted = type(default)
    told = "…" if name in SECRETS or name == "replica" else repr(value)
    try:
        if wanted is bool and isinstance(value, str):
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[
                value.lower()
            ]
        if wanted is bool and not isinstance(value, bool):
            raise ValueError(value)
        if wanted is tuple and isinstance(value, str):
            value = re.split(r"[\s,]+", value.strip()) if value.strip() else []
        if wanted is tuple and not isinstance(value, list):
            raise ValueError(value)
        fitted = wanted(value)
    except (KeyError, TypeError, ValueError):
        # Without its cause, for that would hold the value of a secret.
        raise SettingsError(f"设置 {name} 的值不对 / wrong value for {name}: {told}") from None
    if name in _CHECKS:
        fits, wanted_words = _CHECKS[name]
        if not fits(fitted):
            raise SettingsError(f"{name} {wanted_words}: {told}")
    return fitted


def _is(parse: Callable[[str], str], text: Any) -> bool:
    try:
        return isinstance(text, str) and parse(text) == text
    except BadAddress:
        return False


# What a value must be, beyond its type, and how that is said.
_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "role": (
        lambda value: value in ("hub", "station"),
        "只能是 hub 或 station / must be hub or station",
    ),
    "port": (
        lambda value: 0 <= value < 65536,
        "要在 0 到 65535 之间 / must be 0 to 65535",
    ),
    "smtp_port": (
        lambda value: 0 <= value < 65536,
        "要在 0 到 65535 之间 / must be 0 to 65535",
    ),
    "smtp_security": (
        lambda value: value in SECURITIES,
        "只能是 none、starttls 或 tls / must be none, starttls or tls",
    ),
    "smtp_host": (
        lambda value: not value or re.fullmatch(r"[A-Za-z0-9._:-]+", value) is not None,
        "要是主机名 / must be a host's name",
    ),
    "smtp_from": (
        lambda value: not value or _is(parse_email, value),
        "要是邮箱地址 / must be an e-mail address",
    ),
    "webhook_urls": (
        lambda value: all(_is(parse_webhook, one) for one in value),
        "要是 http 或 https 网址 / must be http or https URLs",
    ),
    "sync_every": (
        lambda value: value == "off" or (value.isdecimal() and 1 <= int(value) <= 86_400),
        "要是 1 到 86400 秒,或 off / must be 1 to 86400 seconds, or off",
    ),
    "upstream": (
        lambda value: not value or re.fullmatch(r"https?://[^\s@]+", value) is not None,
        "要是 http 或 https 网址 / must be an http or https URL",
    ),
    "digest_hour": (
        lambda value: 0 <= value < 24,
        "要在 0 到 23 之间 / must be 0 to 23",
    ),
}
