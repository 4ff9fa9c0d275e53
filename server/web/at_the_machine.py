"""Whether somebody sits at the machine itself: what a station needs before it has accounts."""

import ipaddress

from starlette.requests import Request


def is_at_the_machine(request: Request) -> bool:
    """Return whether a request comes from the machine itself, and not by way of a proxy on it.

    The address that was typed counts too, or a strange site whose name leads here could ask.
    """
    asked = request.url.hostname or ""
    forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "via"))
    return (
        not forwarded
        and request.client is not None
        and _is_loopback(request.client.host)
        and (asked == "localhost" or _is_loopback(asked))
    )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
