"""Mail: one message as bytes, and handing it to the relay by SMTP (RFC 5321)."""

import hashlib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import NamedTuple

from server.folder.addresses import parse_email
from server.folder.settings import Settings

# Of one step of the conversation. A relay that hangs keeps the postman that long, and nobody else.
TIMEOUT_S = 10.0
ERROR_MOST = 160
# Refusals for a reason of policy or sign-in: they may be mended here, so they are not for good.
_POLICY = re.compile(r"\b5\.7\.\d")
_SIGN_IN = (530, 534, 535, 538)


class RelayDown(Exception):
    """No session with the relay can be had: everything waits."""


class Broken(Exception):
    """The session broke off at this message; whether it was taken is not known."""


class NotNow(Exception):
    """The relay refused this one message for a while (4xx), or by its policy (5.7.x)."""


class Refused(Exception):
    """The relay refused this one message for good (5xx)."""


class Relay(NamedTuple):
    """Where mail is handed in. `password` is never shown: use no repr of this."""

    host: str
    port: int
    security: str
    user: str
    password: str
    sender: str
    timeout_s: float = TIMEOUT_S

    def __repr__(self) -> str:
        return f"Relay({self.host}:{self.port})"

    @classmethod
    def of(cls, settings: Settings) -> "Relay | None":
        """Return the relay of the settings, None where none is set."""
        if not settings.smtp_host:
            return None
        return cls(
            settings.smtp_host,
            settings.mail_port,
            settings.smtp_security,
            settings.smtp_user,
            settings.smtp_password,
            settings.smtp_from,
        )


def identity_of(node: str, key: str) -> str:
    """Return what stays the same however often a message is sent: 32 hex digits."""
    return hashlib.sha256(f"{node}:{key}".encode()).hexdigest()[:32]


def compose(
    *, sender: str, recipient: str, subject: str, body: str, identity: str, made_at: int
) -> bytes:
    """Return a message of plain text. `identity` makes its Message-ID, so that twins are known.

    `made_at` is ms, UTC: what was delayed shows its own date. Raises ValueError for an address or
    subject that can't stand in a header.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = parse_email(sender)
    message["To"] = parse_email(recipient)
    message["Subject"] = subject
    message["Date"] = formatdate(made_at / 1000)
    message["Message-ID"] = f"<{identity}@{sender.rpartition('@')[2]}>"
    # RFC 3834: no holiday answers to a machine.
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = "zh, en"
    message.set_content(body, cte="base64")
    return message.as_bytes()


@contextmanager
def connected(relay: Relay) -> Iterator[smtplib.SMTP]:
    """Yield a signed-in session with the relay; certificates are verified. Raises RelayDown."""
    name = socket.gethostname()
    # smtplib's own default may ask the name service for minutes.
    own_name = name if "." in name else "[127.0.0.1]"
    session: smtplib.SMTP | None = None
    try:
        if relay.security == "tls":
            session = smtplib.SMTP_SSL(
                relay.host,
                relay.port,
                own_name,
                timeout=relay.timeout_s,
                context=ssl.create_default_context(),
            )
        else:
            session = smtplib.SMTP(relay.host, relay.port, own_name, timeout=relay.timeout_s)
            if relay.security == "starttls":
                session.starttls(context=ssl.create_default_context())
        if relay.user:
            session.login(relay.user, relay.password)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        if session is not None:
            session.close()
        raise RelayDown(told(error)) from None
    try:
        yield session
    finally:
        # What was taken was taken: nothing depends on a polite end.
        with suppress(smtplib.SMTPException, OSError):
            session.quit()
        session.close()


def hand_in(session: smtplib.SMTP, sender: str, recipient: str, message: bytes) -> None:
    """Hand one message to the relay. Raises Broken, NotNow or Refused."""
    try:
        session.sendmail(sender, [recipient], message)
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise _refusal(code, _words(text), recipient) from None
    except smtplib.SMTPDataError as error:
        raise _refusal(error.smtp_code, _words(error.smtp_error), recipient) from None
    except (smtplib.SMTPException, OSError) as error:
        raise Broken(_without(told(error), recipient)) from None


def _refusal(code: int, text: str, recipient: str) -> Exception:
    answer = _without(f"{code} {text}", recipient)[:ERROR_MOST]
    if code == 421:
        # The relay says with it that it closes the session.
        return Broken(answer)
    for_good = 500 <= code < 600 and code not in _SIGN_IN and not _POLICY.search(text)
    return Refused(answer) if for_good else NotNow(answer)


def told(error: Exception) -> str:
    """Return an error in a line for the administrator; of a relay's answer code and words."""
    if isinstance(error, smtplib.SMTPResponseException):
        line = f"{error.smtp_code} {_words(error.smtp_error)}"
    else:
        line = f"{type(error).__name__}: {_words(str(error))}"
    return line[:ERROR_MOST]


def _words(text: bytes | str) -> str:
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join("".join(c if c.isprintable() else " " for c in plain).split())


def _without(line: str, recipient: str) -> str:
    """Leave the person's address out: errors are kept and logged."""
    return re.sub(re.escape(recipient), "…", line, flags=re.IGNORECASE)
