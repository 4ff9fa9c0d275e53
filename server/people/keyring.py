"""The keyring: what opens the texts on a station's disk, in memory only, while somebody is in.

Signing in with a passphrase puts it in; signing out, the sign-in's end, and a restart take it out.
The private key lives as long as one such sign-in does, and then everyone at the station reads
steps without words. Bearer tokens never put anything in.

Even then only those read with it who ask for it: requests of staff, and the villager's own page.
The site, the search index and other work in the background find texts as sealed as a thief does.
"""

import threading
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from acts.refusals import N_, Refusal
from eventlog.keys import Keys
from eventlog.log import Log
from eventlog.sealing import NotForReader, Sealed, Unsealer, UnsealError
from eventlog.words import LOCKED
from server.people import accounts
from server.web.languages import LANGUAGES, translated
from server.web.wording import LOCKED_TEXT

# Set in the context of one request; threads that it starts inherit it, no other has it.
_reads: ContextVar[bool] = ContextVar("reads for somebody", default=False)


class Locked(Refusal):
    """A sealed text is asked for, and nobody has unlocked the station."""

    code = "locked"
    status = 423
    message = N_("这台电脑上的内容上了锁，现在打不开。")
    advice = N_("用名字和密码再登录一次，就打开了。")


class Keyring:
    """What opens a station's texts, and the sign-ins on which that depends."""

    def __init__(self, log: Log, keys: Keys) -> None:
        """Let readers of the log read through the keyring.

        A station without a hub has the private half in its own file, and so is always open.
        """
        self._log = log
        self._lock = threading.Lock()
        self._sign_ins: dict[bytes, int] = {}
        self._unsealer: Unsealer | None = None
        self._own: Unsealer | None = None
        self.follow(keys)
        log.opener = self.open

    def follow(self, keys: Keys) -> None:
        """Go on with other keys: the station was enrolled, and its private half is with the hub."""
        with self._lock:
            self._public_key = keys.sealing_public
            self._own = keys.unsealer if keys.unsealing else None
            self._sign_ins.clear()
            self._unsealer = None

    def put_in(self, sign_in: bytes, private_key: bytes, until_ms: int) -> None:
        """Keep the station's private key while a sign-in lives, by its digest, until then (ms).

        A key that does not belong to what is sealed here is passed over.
        """
        unsealer = Unsealer(private_key)
        with self._lock:
            if unsealer.public_key == self._public_key:
                self._unsealer = self._unsealer or unsealer
                self._sign_ins[sign_in] = until_ms

    def take_out(self, sign_in: bytes) -> None:
        """Note that a sign-in is over; with the last one the key goes."""
        with self._lock:
            self._sign_ins.pop(sign_in, None)
            self._drop_where_none()

    def admit(self) -> None:
        """Let the request in whose context this is called read what is unlocked."""
        _reads.set(True)

    def forget_ended(self) -> None:
        """Notice sign-ins that ended elsewhere, with their account."""
        with self._lock:
            held = list(self._sign_ins)
        if not held:
            return
        with self._log.reading() as connection:
            living = accounts.living_sign_ins(connection, held, self._log.now_ms())
        for sign_in in held:
            if sign_in not in living:
                self.take_out(sign_in)

    @property
    def is_locked(self) -> bool:
        """Whether no sealed text can be opened now."""
        return self._current() is None

    def unsealer(self) -> Unsealer:
        """Return what opens sealed texts. Raises Locked."""
        unsealer = self._current()
        if unsealer is None:
            raise Locked
        return unsealer

    def open(self, body: bytes, wrapped_key: bytes) -> bytes:
        """Open a boxed text for a request that was admitted. Raises UnsealError, NotForReader."""
        if not _reads.get():
            raise NotForReader("nobody was admitted here")
        unsealer = self._current()
        if unsealer is None:
            raise UnsealError("locked")
        return unsealer.unseal(Sealed(body, wrapped_key))

    def _current(self) -> Unsealer | None:
        if self._own is not None:
            return self._own
        with self._lock:
            now = self._log.now_ms()
            for sign_in in [one for one, until in self._sign_ins.items() if until <= now]:
                del self._sign_ins[sign_in]
            self._drop_where_none()
            return self._unsealer

    def _drop_where_none(self) -> None:
        if not self._sign_ins:
            self._unsealer = None


def refuse_typed(fields: Mapping[str, Any]) -> None:
    """Raise Locked where a form brings back what stood in the place of a locked text."""
    phrases = [LOCKED, *(translated(language, LOCKED_TEXT) for language in LANGUAGES)]
    for value in fields.values():
        texts = value if isinstance(value, list) else [value]
        if any(isinstance(text, str) and text.strip() in phrases for text in texts):
            raise Locked
