"""The shape of an e-mail address, of a webhook's URL, and of a replica's address."""

import hashlib
import re
from urllib.parse import urlsplit

from sync.keeping.replica import ReplicaAddressError, ReplicaPlace

EMAIL_MOST = 254
# Narrower than RFC 5321 on purpose: no quotes, no comments, nothing beyond ASCII. So no address
# can carry a line of its own into a header, and every relay takes it.
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_LOCAL_MOST = 64
# As Go's net/url takes them.
_USER_INFO = re.compile(r"[A-Za-z0-9._:~!$&'()*+,;=%-]*")
_HOST = re.compile(r"arn:[\w:-]+|[\w.-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})|[\s\x00-\x1f\x7f]")


class BadAddress(ValueError):
    """Not an address that anything can be sent to. Its message is not to be shown."""


def parse_email(text: str) -> str:
    """Return an e-mail address without the spaces around it, or raise BadAddress."""
    address = text.strip(" \u3000")
    if (
        len(address) > EMAIL_MOST
        or address.find("@") > _LOCAL_MOST
        or _EMAIL.fullmatch(address) is None
    ):
        raise BadAddress("e-mail")
    return address


def parse_webhook(text: str) -> str:
    """Return a webhook's URL, or raise BadAddress: http or https, no name and password in it."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise BadAddress("webhook")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise BadAddress("webhook") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise BadAddress("webhook")
    return text


def replica_place(address: str) -> ReplicaPlace:
    """Return the place of a replica, or raise ReplicaAddressError, which quotes no password.

    Litestream quotes an address that it can't read in its log, so none such gets there.
    """
    if "://" in address and not address.startswith("file:") and not _is_url(address):
        raise ReplicaAddressError(
            "写不成网址,密码里的特殊字符要写成 %XX / not a URL; write special characters in a "
            "password as %XX"
        )
    place = ReplicaPlace.parse(address)
    if "@" in place.option("endpoint"):
        raise ReplicaAddressError(
            "endpoint 里不能有密钥 / keys don't stand in the endpoint; give them as "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    return place


def _is_url(address: str) -> bool:
    """Return whether Go's net/url takes an address, in which Litestream is written."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    user_info, _, host = parts.netloc.rpartition("@")
    # A slash in a password ends the host there, and the rest of it stands in the path.
    is_cut = ":" in host and "@" in parts.path
    return (
        not is_cut
        and not parts.fragment
        and _USER_INFO.fullmatch(user_info) is not None
        and (_HOST.fullmatch(host) is not None or not host)
        and _BROKEN_ESCAPE.search(address) is None
    )


def webhook_mark(url: str) -> str:
    """Return what stands for a URL where it may be read: its host, and a few digits of its hash.

    The rest of it stays in the settings, for many services put their secret there.
    """
    digits = hashlib.sha256(url.encode()).hexdigest()[:10]
    return f"{urlsplit(url).netloc}#{digits}"
