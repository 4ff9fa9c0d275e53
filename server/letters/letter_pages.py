"""Letters to staff in the console: what waits, a letter to try it out, and sending once more."""

import secrets
import time
from typing import Any

from starlette.responses import Response

from acts.refusals import N_, NotThisRole, Refusal
from eventlog.transaction import Transaction
from matters.terms import Role
from server.folder.addresses import webhook_mark
from server.letters import digest, waiting_letters
from server.letters.room import LettersRoom
from server.letters.waiting_letters import Letter, LetterKind
from server.people import accounts
from server.people.doors import Visit

# How long the page waits to tell what became of a letter; after that it says that it waits.
PATIENCE_S = 4.0
LOOK_EVERY_S = 0.05


class NoEmail(Refusal):
    """A letter to try it out was asked for without a relay, or without an address of one's own."""

    code = "no-email"
    status = 409
    message = N_("还没有设发信，或者您还没有填自己的邮箱。")


def letter_values(room: LettersRoom, visit: Visit) -> dict[str, Any]:
    """Return what the page about the system shows of the letters that wait."""
    key = visit.query.get("test", "")
    settings, postman = room.settings, room.postman
    with room.log.reading() as connection:
        waiting = waiting_letters.standing(connection)
        names = accounts.names_of(connection)
        own_email = accounts.email_of(connection, visit.actor.account)
        test_fate = waiting_letters.fate(connection, key) if key.startswith("test:") else None
    return {
        "outbox": waiting,
        "names": names,
        "own_email": own_email,
        "test_fate": test_fate,
        "relay": f"{settings.smtp_host}:{settings.mail_port}" if settings.smtp_host else "",
        # Only their hosts: the rest of a webhook's URL is often its secret.
        "webhooks": [webhook_mark(url).partition("#")[0] for url in settings.webhook_urls],
        "digest_hour": settings.digest_hour,
        "outbox_error": postman.last_error if postman is not None else "",
        "waits_long": waiting_letters.waits_long(waiting, room.log.now_ms()),
    }


def send_test(room: LettersRoom, visit: Visit) -> Response:
    """Answer `POST /console/test-message`: a letter to the administrator, by the usual way."""
    actor, settings = visit.actor, room.settings
    if actor.role is not Role.ADMIN:
        raise NotThisRole
    key = f"test:{secrets.token_hex(8)}"
    subject_and_text = digest.test_letter(link=settings.address + "console/")

    def job(transaction: Transaction) -> None:
        if not settings.smtp_host or not accounts.email_of(transaction.connection, actor.account):
            raise NoEmail
        letter = Letter(key, LetterKind.EMAIL, actor.account, *subject_and_text)
        waiting_letters.put(transaction.connection, [letter], now_ms=transaction.now_ms())

    room.log.write(job)
    if room.postman is not None:
        room.postman.wake()
    _wait_until_tried(room, key)
    return visit.redirect(f"console/system?test={key}#notices")


def _wait_until_tried(room: LettersRoom, key: str) -> None:
    """Wait a little for the first try, so that the page can tell what came of it."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with room.log.reading() as connection:
            if waiting_letters.fate(connection, key) != ("waiting", ""):
                return
        time.sleep(LOOK_EVERY_S)


def send_again(room: LettersRoom, visit: Visit) -> Response:
    """Answer `POST /console/send-again`: all that waits or was given up is tried at once."""
    if visit.actor.role is not Role.ADMIN:
        raise NotThisRole
    room.log.write(
        lambda transaction: waiting_letters.try_again(
            transaction.connection, now_ms=transaction.now_ms()
        )
    )
    if room.postman is not None:
        room.postman.wake()
    return visit.redirect("console/system#notices")
