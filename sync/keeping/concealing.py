"""Replica addresses and error lines as they may be shown: without passwords and access keys."""

import re
from urllib.parse import urlsplit, urlunsplit

HIDDEN = "…"
# What Litestream takes in an address's query and anybody may read; by letters alone, for it is
# written with hyphens or without. What is not listed here is taken for a secret.
_OPEN = {
    *("endpoint", "region", "forcepathstyle", "skipverify", "signpayload", "requirecontentmd"),
    *("partsize", "concurrency", "storageclass", "keypath", "hostkey", "ssekmskeyid"),
}
_USER_INFO = re.compile(r"(?<=://)[^/\s\"'@]*(?:@[^/\s\"'@?]*)*@")
_SECRET = re.compile(
    r"((?:secret|access|session|sse|auth|pass|pwd|token|cred|seed|nkey|jwt)[\w-]*"
    r"(?:\"?\s*[=:]\s*\"?|%3D))[^&\s\"',;}]+",
    re.IGNORECASE,
)


def shown(address: str) -> str:
    """Return a replica's address with what is needed to find it, and nothing that opens it.

    The user's name stays at SFTP, where it says which account it is; at NATS it may be a token.
    """
    if "://" not in address:
        return address
    try:
        parts = urlsplit(address)
    except ValueError:
        return f"{address.partition('://')[0]}://{HIDDEN}"
    user_info, _, host = parts.netloc.rpartition("@")
    user = user_info.partition(":")[0]
    netloc = f"{user}@{host}" if user and parts.scheme == "sftp" else host
    pairs = (pair for pair in parts.query.split("&") if _is_open(pair))
    return urlunsplit((parts.scheme, netloc, parts.path, scrubbed("&".join(pairs)), ""))


def scrubbed(text: str) -> str:
    """Return a line of a program's output with every password and access key taken out of it."""
    return _SECRET.sub(rf"\1{HIDDEN}", _USER_INFO.sub(f"{HIDDEN}@", text))


def _is_open(pair: str) -> bool:
    return "".join(filter(str.isalpha, pair.partition("=")[0])).lower() in _OPEN
