"""Webhooks: one POST of JSON to a configured URL, signed, and no redirect followed."""

import hashlib
import hmac
import http.client
import ssl
from urllib.parse import urlsplit

TIMEOUT_S = 10.0
SIGNATURE_HEADER = "X-Huiyin-Signature"


class NotTaken(Exception):
    """The receiver was reached, and did not answer with 2xx."""


class NotReached(Exception):
    """No connection to the receiver can be had."""


def signature_of(secret: str, body: bytes) -> str:
    """Return `sha256=` and the HMAC-SHA256 of the body in hex."""
    return "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def post(
    url: str, body: bytes, *, identity: str, secret: str = "", timeout_s: float = TIMEOUT_S
) -> None:
    """Post a body of JSON; any 2xx says that it was taken.

    Raises NotReached or NotTaken.

    `identity` goes as `Idempotency-Key`, the same at every try. Certificates are verified.
    """
    parts = urlsplit(url)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "huiyin",
        "Idempotency-Key": identity,
        "Connection": "close",
    }
    if secret:
        headers[SIGNATURE_HEADER] = signature_of(secret, body)
    host = parts.hostname or ""
    connection = (
        http.client.HTTPSConnection(
            host, parts.port, timeout=timeout_s, context=ssl.create_default_context()
        )
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, parts.port, timeout=timeout_s)
    )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    failed: type[NotReached | NotTaken] = NotReached
    try:
        connection.connect()
        failed = NotTaken
        connection.request("POST", path, body, headers)
        with connection.getresponse() as answer:
            status = answer.status
    except (OSError, http.client.HTTPException, ValueError) as error:
        # The type and the system's own words: what a receiver sends is not repeated.
        words = error.strerror if isinstance(error, OSError) and error.strerror else ""
        raise failed(f"{type(error).__name__} {words}".strip()) from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise NotTaken(f"HTTP {status}")
