"""The postman: one thread that makes what is due and sends the letters that wait.

It is a daemon and holds nothing while it talks to a relay: no transaction, no connection to the
database. So a relay that hangs keeps neither a writer nor the end of the node waiting, and what
was cut off is sent at the next start, with the key that it had.
"""

import logging
import smtplib
from collections.abc import Callable, Sequence
from contextlib import suppress

from eventlog.log import Log
from eventlog.transaction import Transaction
from eventlog.worker import Worker, told
from eventlog.writer import StorageFull, WriterBusy, WriterStopped
from server.folder.addresses import webhook_mark
from server.letters import mail, waiting_letters, webhook
from server.letters.announcing import Announcer
from server.letters.mail import Relay
from server.letters.waiting_letters import Letter, LetterKind
from server.people import accounts

LOOK_EVERY_S = 20.0
# How long the end of the node waits for a letter that is being sent; then it is cut off.
STOP_S = 0.3
# After so many letters that broke off at one look, the rest waits for the next: each may take as
# long as a time-out, and there are others to be served.
BROKEN_MOST = 3

logger = logging.getLogger("huiyin.postman")


class Postman:
    """Sends one node's notices to staff. `start`, and `stop` before the writer is stopped."""

    def __init__(
        self,
        log: Log,
        announcer: Announcer,
        *,
        relay: Relay | None,
        webhooks: Sequence[str],
        secret: str,
        node: str,
        timeout_s: float = webhook.TIMEOUT_S,
        waits: Callable[[], bool] = lambda: False,
    ) -> None:
        """`waits` says whether nothing is to be made or sent now, for the time is not known."""
        self._log = log
        self._announcer = announcer
        self._relay = relay
        self._urls = {webhook_mark(url): url for url in webhooks}
        self._secret = secret
        self._node = node
        self._timeout_s = timeout_s
        self._waits = waits
        self._worker = Worker("postman", self._step)
        self._begun = False
        # Sent, but not written down yet, for the disk was full: not to be sent again meanwhile.
        self._unwritten: set[str] = set()

    def start(self) -> None:
        """Begin: look now, and every some seconds."""
        self._worker.start()

    def stop(self) -> None:
        """End the thread, or leave it behind where a relay holds it; nothing is lost by that."""
        self._worker.stop(STOP_S)

    def wake(self) -> None:
        """Look now: a letter was written."""
        self._worker.wake()

    @property
    def last_error(self) -> str:
        """Why letters could not be made or sent the last time, "" where it could."""
        return told(self._worker.last_error)

    def look(self) -> None:
        """Make what is due, then send what waits. Each part is done even where one before failed.

        Raises the first failure, once all is done.
        """
        failures: list[Exception] = []
        for part in (self._make, self._send_posts, self._send_mail):
            if self._worker.stopping:
                return
            try:
                part()
            except WriterStopped:
                raise
            except Exception as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def _step(self) -> float:
        if self._waits():
            return LOOK_EVERY_S
        if not self._begun:
            self._begun = True
            with suppress(StorageFull, WriterBusy):
                now_ms = self._log.now_ms()
                self._write(lambda job: waiting_letters.try_waiting(job.connection, now_ms=now_ms))
        # Where it fails nothing is lost: what was not written is made, and sent, at the next look.
        self.look()
        return LOOK_EVERY_S

    def _make(self) -> None:
        self._announcer.look(stopping=lambda: self._worker.stopping)

    def _due(self, kind: LetterKind) -> list[Letter]:
        if self._unwritten:
            self._write_down()
        with self._log.reading() as connection:
            return waiting_letters.due(connection, kind, now_ms=self._log.now_ms())

    def _send_mail(self) -> None:
        broken = 0
        while not self._worker.stopping and broken < BROKEN_MOST:
            waiting = self._due(LetterKind.EMAIL)
            if not waiting:
                return
            if self._relay is None:
                self._put_off(waiting, "没有设 smtp_host / no smtp_host is set")
                continue
            try:
                with mail.connected(self._relay) as session:
                    for letter in waiting:
                        if self._worker.stopping:
                            return
                        self._mail_one(session, self._relay, letter)
            except mail.RelayDown as error:
                logger.warning("mail waits: %s", error)
                self._put_off(waiting, str(error))
            except mail.Broken as error:
                logger.warning("letter %s broke the session: %s", letter.key, error)
                self._put_off([letter], str(error))
                broken += 1

    def _mail_one(self, session: smtplib.SMTP, relay: Relay, letter: Letter) -> None:
        with self._log.reading() as connection:
            recipient = accounts.email_of(connection, letter.recipient)
        if not recipient:
            self._give_up(letter, "这个账户没有邮箱 / this account has no e-mail address")
            return
        try:
            composed = mail.compose(
                sender=relay.sender,
                recipient=recipient,
                subject=letter.subject,
                body=letter.body,
                identity=mail.identity_of(self._node, letter.key),
                made_at=letter.made_at,
            )
        except ValueError:
            self._give_up(letter, "邮箱地址不对 / the e-mail address is wrong")
            return
        try:
            mail.hand_in(session, relay.sender, recipient, composed)
        except mail.NotNow as error:
            self._put_off([letter], str(error))
        except mail.Refused as error:
            self._give_up(letter, str(error))
        else:
            self._sent(letter)

    def _send_posts(self) -> None:
        by_mark: dict[str, list[Letter]] = {}
        for letter in self._due(LetterKind.WEBHOOK):
            by_mark.setdefault(letter.recipient, []).append(letter)
        for mark, letters in by_mark.items():
            self._post_all(mark, letters)

    def _post_all(self, mark: str, letters: list[Letter]) -> None:
        """Post to one receiver. Where it can't be reached, all that is for it is put off."""
        url = self._urls.get(mark)
        if url is None:
            self._put_off(letters, "webhook_urls 里没有它了 / it is not in webhook_urls any more")
            return
        host = mark.partition("#")[0]
        broken = 0
        for done, letter in enumerate(letters):
            if self._worker.stopping or broken == BROKEN_MOST:
                return
            try:
                webhook.post(
                    url,
                    letter.body.encode(),
                    identity=mail.identity_of(self._node, letter.key),
                    secret=self._secret,
                    timeout_s=self._timeout_s,
                )
            except webhook.NotReached as error:
                logger.warning("webhook %s waits: %s", mark, error)
                self._put_off(letters[done:], f"{host} {error}")
                return
            except webhook.NotTaken as error:
                logger.warning("webhook %s did not take %s: %s", mark, letter.key, error)
                self._put_off([letter], f"{host} {error}")
                broken += 1
            else:
                self._sent(letter)

    def _sent(self, letter: Letter) -> None:
        self._unwritten.add(letter.key)
        self._write_down()

    def _write_down(self) -> None:
        keys = sorted(self._unwritten)
        now_ms = self._log.now_ms()
        self._write(lambda job: waiting_letters.note_sent(job.connection, keys, now_ms=now_ms))
        self._unwritten.clear()

    def _put_off(self, letters: Sequence[Letter], error: str) -> None:
        keys = [one.key for one in letters]
        now_ms = self._log.now_ms()
        self._write(lambda job: waiting_letters.put_off(job.connection, keys, error, now_ms=now_ms))

    def _give_up(self, letter: Letter, error: str) -> None:
        logger.warning("letter %s was refused: %s", letter.key, error)
        now_ms = self._log.now_ms()
        self._write(
            lambda job: waiting_letters.give_up(job.connection, letter.key, error, now_ms=now_ms)
        )

    def _write(self, job: Callable[[Transaction], None]) -> None:
        self._log.write(job)
