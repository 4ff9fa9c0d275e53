"""What goes with every answer: security headers, a request id, and one line in the log."""

import itertools
import logging
import re
import secrets
import time
from email.utils import formatdate

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.web.problems import answer_problem

logger = logging.getLogger("huiyin.access")

_SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]
# Unless an answer brings a stricter one of its own.
_POLICY = (
    b"content-security-policy",
    b"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
)
# The one page that other sites may show within theirs; nothing can be done on it (S08).
_COLUMN = "/notices/column/"
_COLUMN_POLICY = (_POLICY[0], _POLICY[1].replace(b"frame-ancestors 'none'", b"frame-ancestors *"))

# Pages that carry the script of the outbox, and its service worker, which may fetch from here too.
_SCRIPTED = re.compile(
    r"/(?:en/)?(?:(?:submit/|track/|(?:deputies|stations)/[^/]+/)?(?:index\.html)?|matters|sw\.js)"
)
_SCRIPT_POLICY = (
    _POLICY[0],
    _POLICY[1] + b"; script-src 'self'; connect-src 'self'; worker-src 'self'",
)


class GuardedAnswers:
    """Gives every answer security headers, a request id, and one line in the log.

    The line has the method, the path without its query (a key stands there), status and time.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        # Unique on this machine, and cheaper than randomness for each request.
        self._start = secrets.token_hex(3)
        self._count = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        request_id = f"{self._start}-{next(self._count):x}"
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                guards = _SECURITY[:1] if scope["path"].endswith(_COLUMN) else _SECURITY
                headers = [
                    (b"date", formatdate(usegmt=True).encode()),
                    *message["headers"],
                    *guards,
                    (b"x-request-id", request_id.encode()),
                ]
                if not any(name == _POLICY[0] for name, _ in message["headers"]):
                    headers.append(_policy_of(scope["path"]))
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            # Starlette answers with our page and raises again for the log; that is done already.
            if not status:
                response = await answer_problem(Request(scope, receive), error)
                await response(scope, receive, sending)
        finally:
            if logger.isEnabledFor(logging.INFO):
                logger.info(
                    "%s %s %s %d %.1fms",
                    request_id,
                    scope["method"],
                    _without_secrets(scope["path"]),
                    status,
                    (time.monotonic() - began) * 1000,
                )


def _policy_of(path: str) -> tuple[bytes, bytes]:
    """Return the content security policy of a path."""
    if path.endswith(_COLUMN):
        return _COLUMN_POLICY
    return _SCRIPT_POLICY if _SCRIPTED.fullmatch(path) else _POLICY


def _without_secrets(path: str) -> str:
    """Return the path for the log: no number of a matter, for with a key it opens its page."""
    return "/m/…" if path.startswith("/m/") else path
