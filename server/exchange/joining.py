"""Belonging together: a hub invites a node, and the node joins it; for command line and console."""

from collections.abc import Container

import msgspec

from acts.text import clean_line, clean_name
from eventlog.keys import Keys
from eventlog.log import Log
from eventlog.transaction import Transaction
from server.exchange.exchange_wiring import hub_card, introduction_of, keys_to_join
from server.exchange.visibility import refer_all
from sync.nodes import audit, enrolment, nodes
from sync.nodes.audit import Finding
from sync.nodes.enrolment import BadCode, Invitation
from sync.rounds import upstream
from sync.rounds.client import BadAddress, Unreachable, find_hub

NAME_MOST = 60


class CannotJoin(Exception):
    """A hub that can't be joined; `code` is one of `SYNC_FAILURES`, which says what to do."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code


class CannotInvite(Exception):
    """A node that can't be invited; `code` is one of `INVITING_FAILURES`, `field` where it lies."""

    def __init__(self, code: str, field: str) -> None:
        super().__init__(code)
        self.code = code
        self.field = field


def invite(
    log: Log,
    keys: Keys,
    name: str,
    station: str,
    *,
    stations: Container[str],
    hub_name: str,
    url: str,
    by: str = "",
) -> Invitation:
    """Let a node enrol, and return its invitation; the code serves once, for a week.

    `by` signs the finding that is put on record. Raises CannotInvite.
    """
    name, station = clean_name(name), clean_line(station)
    if not name or len(name) > NAME_MOST:
        raise CannotInvite("bad-name", "name")
    if station and station not in stations:
        raise CannotInvite("no-station", "station")
    secret = enrolment.new_secret()
    code = enrolment.code_of(secret)

    def job(transaction: Transaction) -> None:
        now = transaction.now_ms()
        node = nodes.invite(
            transaction.connection,
            name,
            station,
            code_mark=code.mark,
            code_key=code.key,
            code_until=now + enrolment.CODE_LIVES_MS,
            now_ms=now,
        )
        audit.note(transaction.connection, now, Finding.INVITED, node=node, detail=by)

    try:
        log.write(job)
    except nodes.NameTaken as error:
        raise CannotInvite(error.code, "name") from error
    return Invitation(hub_card(keys, hub_name), secret, url)


def spoken_code(invitation: Invitation) -> str:
    """Return the code of an invitation as it is said on the phone."""
    return enrolment.spoken(invitation.secret, invitation.hub)


def file_of(invitation: Invitation) -> bytes:
    """Return the file by which a station without a network joins."""
    return msgspec.json.encode(invitation)


def read_invitation(content: bytes) -> Invitation:
    """Return what such a file says. Raises CannotJoin."""
    try:
        return msgspec.json.decode(content, type=Invitation)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise CannotJoin("bad-invitation", str(error)) from error


def ask_hub(url: str, code: str) -> Invitation:
    """Return the invitation that a code stands for, by asking the hub. Raises CannotJoin."""
    try:
        hub, secret = find_hub(url, code)
    except (BadAddress, BadCode, Unreachable) as error:
        raise CannotJoin(error.code, str(error)) from error
    return Invitation(hub, secret, url)


def join(log: Log, keys: Keys, role: str, invitation: Invitation) -> None:
    """Make a node belong to the hub that invited it; its first round tells the hub who it is."""
    hub = invitation.hub
    keys = keys_to_join(log.folder, keys, role)
    introduction = introduction_of(keys, hub, invitation.secret, role)

    def job(transaction: Transaction) -> None:
        upstream.join(transaction, hub, invitation.url, introduction)
        if role != "station":
            refer_all(transaction)

    log.write(job)


def revoke(log: Log, name: str, *, by: str = "") -> None:
    """Shut a node out. Raises NoSuchNode."""

    def job(transaction: Transaction) -> None:
        now = transaction.now_ms()
        peer = nodes.revoke(transaction.connection, name, now)
        audit.note(transaction.connection, now, Finding.REVOKING, node=peer.node, detail=by)

    log.write(job)
