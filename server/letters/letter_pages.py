"""Letters to staff in the console: what waits, a letter to try it out, and sending once more."""

import asyncio
import secrets
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import N_, NotThisRole, Refusal
from eventlog.transaction import Transaction
from matters.actors import Actor
from matters.terms import Role
from server.letters import digest, waiting_letters
from server.letters.addresses import webhook_mark
from server.letters.waiting_letters import Letter, LetterKind
from server.node import Node
from server.people import accounts
from server.people.doors import actor_of, form_of, redirect, signed_in

# How long the page waits to tell what became of a letter; after that it says that it waits.
PATIENCE_S = 4.0
LOOK_EVERY_S = 0.05


class NoEmail(Refusal):
    """A letter to try it out was asked for without a relay, or without an address of one's own."""

    code = "no-email"
    status = 409
    message = N_("还没有设发信，或者您还没有填自己的邮箱。")


async def outbox_values(request: Request, actor: Actor) -> dict[str, Any]:
    """Return what the page about the system shows of the letters that wait."""
    node: Node = request.app.state.node
    key = request.query_params.get("test", "")
    settings = node.settings

    def read() -> dict[str, Any]:
        with node.log.reading() as connection:
            return {
                "outbox": waiting_letters.standing(connection),
                "names": accounts.names_of(connection),
                "own_email": accounts.email_of(connection, actor.account),
                "test_fate": waiting_letters.fate(connection, key)
                if key.startswith("test:")
                else None,
            }

    found = await asyncio.to_thread(read)
    return {
        **found,
        "relay": f"{settings.smtp_host}:{settings.mail_port}" if settings.smtp_host else "",
        # Only their hosts: the rest of a webhook's URL is often its secret.
        "webhooks": [webhook_mark(url).partition("#")[0] for url in settings.webhook_urls],
        "digest_hour": settings.digest_hour,
        "outbox_error": node.postman.last_error if node.postman is not None else "",
        "waits_long": waiting_letters.waits_long(found["outbox"], node.now_ms()),
    }


@signed_in
async def send_test(request: Request) -> Response:
    """Answer `POST /console/test-message`: a letter to the administrator, by the usual way."""
    node: Node = request.app.state.node
    actor = actor_of(request)
    if actor.role is not Role.ADMIN:
        raise NotThisRole
    await form_of(request)
    key = f"test:{secrets.token_hex(8)}"
    written = digest.test_letter(link=node.settings.address + "console/")

    def job(transaction: Transaction) -> None:
        if not node.settings.smtp_host or not accounts.email_of(
            transaction.connection, actor.account
        ):
            raise NoEmail
        letter = Letter(key, LetterKind.EMAIL, actor.account, *written)
        waiting_letters.put(transaction.connection, [letter], now_ms=transaction.now_ms())

    await node.log.write_async(job)
    if node.postman is not None:
        node.postman.wake()
    await _until_tried(node, key)
    return redirect(request, f"console/system?test={key}#notices")


async def _until_tried(node: Node, key: str) -> None:
    """Wait a little for the first try, so that the page can tell what came of it."""

    def wait() -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with node.log.reading() as connection:
                if waiting_letters.fate(connection, key) != ("waiting", ""):
                    return
            time.sleep(LOOK_EVERY_S)

    await asyncio.to_thread(wait)


@signed_in
async def send_again(request: Request) -> Response:
    """Answer `POST /console/send-again`: all that waits or was given up is tried at once."""
    node: Node = request.app.state.node
    if actor_of(request).role is not Role.ADMIN:
        raise NotThisRole
    await form_of(request)
    await node.log.write_async(
        lambda transaction: waiting_letters.try_again(
            transaction.connection, now_ms=transaction.now_ms()
        )
    )
    if node.postman is not None:
        node.postman.wake()
    return redirect(request, "console/system#notices")
