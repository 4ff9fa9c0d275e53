"""Where notices to staff go: the shape of an e-mail address and of a webhook's URL."""

import hashlib
import re
from urllib.parse import urlsplit

EMAIL_MOST = 254
# Narrower than RFC 5321 on purpose: no quotes, no comments, nothing beyond ASCII. So no address
# can carry a line of its own into a header, and every relay takes it.
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_LOCAL_MOST = 64


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


def webhook_mark(url: str) -> str:
    """Return what stands for a URL where it may be read: its host, and a few digits of its hash.

    The rest of it stays in the settings, for many services put their secret there.
    """
    digits = hashlib.sha256(url.encode()).hexdigest()[:10]
    return f"{urlsplit(url).netloc}#{digits}"
