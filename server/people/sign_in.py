"""Who is asking: the console's sign-ins by cookie, the interface's bearer tokens."""

import asyncio
import secrets
import time

from starlette.requests import Request

from acts.text import clean_name
from eventlog.log import Log
from server.people import account_keys, accounts
from server.people.accounts import Account, Proven, SignIn
from server.people.station_accounts import refuse_when_old
from server.web.problems import NotSignedIn, TooManyTries, WrongFormToken
from server.web.routes import in_thread

COOKIE = "session"
TRIES_MOST = 5
TRIES_WINDOW_S = 900.0


class Attempts:
    """Counts wrong passwords by name, in memory: a restart forgives."""

    def __init__(self) -> None:
        self._failures: dict[str, list[float]] = {}
        # Argon2 takes memory and a core; two at once are plenty for an office.
        self.places = asyncio.Semaphore(2)

    def refuse(self, name: str) -> None:
        """Raise TooManyTries where the name had too many wrong passwords of late."""
        now = time.monotonic()
        recent = [at for at in self._failures.get(name, ()) if now - at < TRIES_WINDOW_S]
        if recent:
            self._failures[name] = recent
        else:
            self._failures.pop(name, None)
        if len(recent) >= TRIES_MOST:
            raise TooManyTries

    def failed(self, name: str) -> None:
        """Note a wrong password."""
        if len(self._failures) > 10_000:
            self._failures.clear()
        self._failures.setdefault(name, []).append(time.monotonic())

    def succeeded(self, name: str) -> None:
        """Forget the wrong ones."""
        self._failures.pop(name, None)


async def check(log: Log, attempts: Attempts, name: str, password: str) -> Proven | None:
    """Return the account of a name and password, or None. Raises TooManyTries or ListTooOld."""
    tried = clean_name(name)
    attempts.refuse(tried)

    def ask() -> Proven | None:
        with log.reading() as connection:
            refuse_when_old(connection, log.now_ms())
            proven = accounts.check_password(connection, name, password)
            if proven is None:
                return None
            account = proven.account.id
            has_key = bool(account_keys.key_of(connection, account).salt)
        if not has_key:
            log.write(lambda job: account_keys.make_where_none(job, account, password))
        return proven

    # Strangers can ask here, so they wait for a place without holding a thread.
    async with attempts.places:
        proven = await in_thread(ask)
    if proven is None:
        attempts.failed(tried)
    else:
        attempts.succeeded(tried)
    return proven


def sign_in_of_cookie(log: Log, request: Request) -> SignIn | None:
    """Return the sign-in of the request's cookie, or None."""
    key = request.cookies.get(COOKIE)
    if not key:
        return None
    with log.reading() as connection:
        return accounts.sign_in_of(connection, key, log.now_ms())


def account_of_bearer(log: Log, request: Request) -> Account | None:
    """Return the account of the request's bearer token, or None where it carries none.

    Only a token counts here: a cookie would let a strange page post in somebody's name. Raises
    NotSignedIn where the token is wrong.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    with log.reading() as connection:
        account = accounts.account_of_token(connection, token.strip())
    if account is None:
        raise NotSignedIn
    return account


def check_form_token(sign_in: SignIn, token: str) -> None:
    """Raise WrongFormToken where a console form was not made by this sign-in."""
    if not secrets.compare_digest(sign_in.form_token.encode(), token.encode()):
        raise WrongFormToken
