"""What concerns this machine and nothing else, read once: flag, environment, file, default.

County rules, rosters and categories are events in the database, never settings.
"""

import os
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

FILE_NAME = "huiyin.toml"
PREFIX = "HUIYIN_"


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
    replica: str = ""
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
    unknown = sorted(set(values) - known)
    if unknown:
        raise SettingsError(f"没有这个设置 / no such setting: {', '.join(unknown)}")
    settings = Settings(data=data)
    return replace(
        settings,
        **{name: _fit(name, value, getattr(settings, name)) for name, value in values.items()},
    )


def _fit(name: str, value: Any, default: Any) -> Any:
    """Return the value in the type of its default, or raise SettingsError that names it."""
    wanted = type(default)
    try:
        if wanted is bool and isinstance(value, str):
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[
                value.lower()
            ]
        if wanted is bool and not isinstance(value, bool):
            raise ValueError(value)
        fitted = wanted(value)
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(f"设置 {name} 的值不对 / wrong value for {name}: {value!r}") from error
    if name == "role" and fitted not in ("hub", "station"):
        raise SettingsError(f"role 只能是 hub 或 station / must be hub or station: {value!r}")
    if name == "port" and not 0 <= fitted < 65536:
        raise SettingsError(f"port 要在 0 到 65535 之间 / must be 0 to 65535: {value!r}")
    return fitted
