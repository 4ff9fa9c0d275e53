"""Accounts, their passwords, tokens and sign-ins. All SQL about them stands here.

On a station they are the hub's (`server/people/station_accounts.py`), and there is no hash of a
password.
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Collection, Mapping
from typing import NamedTuple

from acts.refusals import N_, NotThisRole, Refusal
from acts.text import clean_name
from eventlog.events import Draft
from eventlog.identifiers import new_uuid7
from eventlog.transaction import Transaction
from matters.refusals import NotFound
from matters.terms import STAFF, Role
from server.people import account_keys, passwords

NAME_MOST = 100
# What an account of a role is bound to without fail: a field of `Bound`.
NEEDED: Mapping[Role, str] = {Role.LIAISON: "station", Role.UNIT: "unit", Role.DEPUTY: "deputy"}


class Account(NamedTuple):
    """One who may sign in, and for whom they act. `one_time`: the password must be changed."""

    id: str
    name: str
    role: Role
    station: str
    unit: str
    deputy: str
    body: str
    area: str
    one_time: bool


class Bound(NamedTuple):
    """For whom an account acts: ids in the registers, and an area's code; "" where it is none."""

    station: str = ""
    unit: str = ""
    deputy: str = ""
    body: str = ""
    area: str = ""


class Proven(NamedTuple):
    """An account whose password was right, and what opens the station's texts where it has that."""

    account: Account
    station_key: bytes = b""


class SignIn(NamedTuple):
    """A browser that is signed in; forms carry `form_token` back."""

    account: Account
    form_token: str


class NameTaken(Exception):
    """There is an account of that name already."""


class BadAccount(Exception):
    """The role is unknown, or lacks the station, unit or deputy that it needs."""


class OwnAccount(Refusal):
    """An administrator meant their own account."""

    code = "own-account"
    status = 409
    message = N_("不能停用自己的账户。")
    advice = N_("请另一位系统管理员来停用。")


class PasswordAtHub(Refusal):
    """A password is to be changed at a station, whose accounts are the hub's."""

    code = "password-at-hub"
    status = 409
    message = N_("密码要在县级平台上改，这台电脑上改不了。")
    advice = N_("改好以后，这台电脑下次和县级服务器联系时就认新密码。")


class Listed(NamedTuple):
    """An account as the administrator sees it. Times in ms.

    `token` marks a program, which has no password; `off_at` is None as long as it may be used.
    """

    account: Account
    token: bool
    created_at: int
    off_at: int | None


# A one-time password of the hub's can't be replaced at a station, and so need not be there.
_COLUMNS = (
    "a.id, a.name, a.role, a.station, a.unit, a.deputy, a.body, a.area, "
    "a.one_time AND NOT a.from_hub"
)


def _account(row: sqlite3.Row) -> Account:
    return Account(
        row[0], row[1], Role(row[2]), row[3], row[4], row[5], row[6], row[7], bool(row[8])
    )


def add_account(
    transaction: Transaction,
    name: str,
    role: str,
    password: str,
    *,
    bound: Bound,
    one_time: bool = True,
    by: str = "system",
) -> Account:
    """Write an account and return it. Runs as a job of the writer; `by` signs its event.

    Raises NameTaken or BadAccount.
    """
    if role not in STAFF:
        raise BadAccount(f"role: {role}")
    needed = NEEDED.get(Role(role))
    if needed and not getattr(bound, needed):
        raise BadAccount(f"{role} 需要指明归属 / needs its station, unit or deputy")
    name = clean_name(name)
    if not 0 < len(name) <= NAME_MOST:
        raise BadAccount("名字要有 1 到 100 个字 / a name has 1 to 100 characters")
    identity = secrets.token_hex(6)
    try:
        transaction.connection.execute(
            "INSERT INTO accounts(id, name, role, station, unit, deputy, body, area, "
            "password_hash, one_time, created_at) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            (
                identity,
                name,
                role,
                *bound,
                passwords.hash_of(password) if password else "",
                one_time,
                transaction.now_ms(),
            ),
        )
    except sqlite3.IntegrityError as error:
        raise NameTaken(name) from error
    if password:
        account_keys.renew(transaction, identity, password)
    _note(transaction, "account.added", {"account": identity, "role": role}, by)
    return Account(identity, name, Role(role), *bound, one_time)


def set_password(transaction: Transaction, account: str, password: str) -> None:
    """Replace a password by one of the person's own, and end the account's other sign-ins.

    Raises PasswordAtHub.
    """
    if is_from_hub(transaction.connection, account):
        raise PasswordAtHub
    transaction.connection.execute(
        "UPDATE accounts SET password_hash=?, one_time=0 WHERE id=?",
        (passwords.hash_of(password), account),
    )
    account_keys.renew(transaction, account, password)
    transaction.connection.execute("DELETE FROM sessions WHERE account=?", (account,))
    _note(transaction, "account.password_changed", {"account": account})


def is_from_hub(connection: sqlite3.Connection, account: str) -> bool:
    """Return whether an account is the hub's, on a station that has it from there."""
    row = connection.execute("SELECT from_hub FROM accounts WHERE id=?", (account,)).fetchone()
    return row is not None and bool(row[0])


def listed(connection: sqlite3.Connection) -> list[Listed]:
    """Return every account, those that may be used first, then by role and name."""
    rows = connection.execute(
        f"SELECT {_COLUMNS}, a.password_hash='' AND NOT a.from_hub, a.created_at, a.off_at "
        "FROM accounts a "
        "ORDER BY a.off_at IS NOT NULL, a.role, a.name"
    )
    return [Listed(_account(row), bool(row[-3]), row[-2], row[-1]) for row in rows]


def bound_to(connection: sqlite3.Connection, noun: str, identity: str) -> list[Account]:
    """Return the accounts that may be used and act for a station, unit, deputy, body or area."""
    if noun not in Bound._fields:
        return []
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM accounts a WHERE a.{noun}=? AND a.off_at IS NULL ORDER BY a.name",
        (identity,),
    )
    return [_account(row) for row in rows]


def reset_password(transaction: Transaction, account: str, password: str, *, by: Account) -> None:
    """Give a person a new one-time password and end their sign-ins. Raises NotFound."""
    refuse_unless_admin(transaction, by)
    changed = transaction.connection.execute(
        "UPDATE accounts SET password_hash=?, one_time=1 "
        "WHERE id=? AND password_hash<>'' AND off_at IS NULL",
        (passwords.hash_of(password), account),
    )
    if not changed.rowcount:
        raise NotFound
    account_keys.renew(transaction, account, password)
    transaction.connection.execute("DELETE FROM sessions WHERE account=?", (account,))
    _note(transaction, "account.password_reset", {"account": account}, f"{by.role}:{by.id}")


def switch_off(transaction: Transaction, account: str, *, by: Account) -> None:
    """Switch an account off: its sign-ins and tokens end at once, for good.

    As nobody switches off themselves, nor acts once they are off, one administrator always stays.
    Raises NotFound or OwnAccount.
    """
    refuse_unless_admin(transaction, by)
    if account == by.id:
        raise OwnAccount
    connection = transaction.connection
    if _set_off(connection, account, transaction.now_ms()):
        connection.execute("DELETE FROM sessions WHERE account=?", (account,))
        connection.execute("DELETE FROM tokens WHERE account=?", (account,))
        _note(transaction, "account.switched_off", {"account": account}, f"{by.role}:{by.id}")


def switch_on(transaction: Transaction, account: str, *, by: Account) -> None:
    """Let an account be used again, with the password that it had. Raises NotFound."""
    refuse_unless_admin(transaction, by)
    if _set_off(transaction.connection, account, None):
        _note(transaction, "account.switched_on", {"account": account}, f"{by.role}:{by.id}")


def _set_off(connection: sqlite3.Connection, account: str, off_at: int | None) -> bool:
    """Put an account's `off_at` in place; return whether that switched it. Raises NotFound."""
    if connection.execute("SELECT 1 FROM accounts WHERE id=?", (account,)).fetchone() is None:
        raise NotFound
    changed = connection.execute(
        "UPDATE accounts SET off_at=? WHERE id=? AND (off_at IS NULL) <> (? IS NULL)",
        (off_at, account, off_at),
    )
    return bool(changed.rowcount)


def refuse_unless_admin(transaction: Transaction, by: Account) -> None:
    """Raise NotThisRole where the administrator was switched off while their form was coming."""
    row = transaction.connection.execute(
        "SELECT 1 FROM accounts WHERE id=? AND role=? AND off_at IS NULL", (by.id, Role.ADMIN)
    ).fetchone()
    if row is None:
        raise NotThisRole


def check_password(connection: sqlite3.Connection, name: str, password: str) -> Proven | None:
    """Return the account whose name and password these are, or None. Takes 20 ms, or 100.

    A name that was kept before names were cleaned is found as it was typed then.

    On a station whose accounts are the hub's a password is right when it opens the account's key.
    """
    row = connection.execute(
        f"SELECT {_COLUMNS}, a.password_hash, a.from_hub FROM accounts a "
        "WHERE a.name IN (?, ?) AND a.off_at IS NULL ORDER BY a.name=? DESC",
        (clean_name(name), name, name),
    ).fetchone()
    tried = password[: passwords.MOST]
    if row["from_hub"] if row is not None else _are_from_hub(connection):
        opened = account_keys.station_key_by(connection, "" if row is None else row["id"], tried)
        return None if row is None or opened is None else Proven(_account(row), opened)
    right = passwords.fits(tried, None if row is None else row["password_hash"])
    return Proven(_account(row)) if row is not None and right else None


def _are_from_hub(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT max(from_hub) FROM accounts").fetchone()[0])


def add_token(transaction: Transaction, account: str) -> str:
    """Write a bearer token for the interface and return it; only its hash is kept."""
    token = secrets.token_urlsafe(32)
    transaction.connection.execute(
        "INSERT INTO tokens(digest, account, created_at) VALUES (?,?,?)",
        (digest_of(token), account, transaction.now_ms()),
    )
    _note(transaction, "account.token_added", {"account": account})
    return token


def account_of_token(connection: sqlite3.Connection, token: str) -> Account | None:
    """Return the account that a bearer token stands for, or None."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM tokens t JOIN accounts a ON a.id=t.account "
        "WHERE t.digest=? AND a.off_at IS NULL",
        (digest_of(token),),
    ).fetchone()
    return None if row is None else _account(row)


def begin_sign_in(transaction: Transaction, account: str, hours: float) -> str:
    """Write a sign-in and return its key, for the cookie; expired ones are cleared away."""
    key = secrets.token_urlsafe(32)
    now = transaction.now_ms()
    transaction.connection.execute("DELETE FROM sessions WHERE expires_at < ?", (now,))
    transaction.connection.execute(
        "INSERT INTO sessions(digest, account, form_token, expires_at) VALUES (?,?,?,?)",
        (digest_of(key), account, secrets.token_urlsafe(16), now + int(hours * 3_600_000)),
    )
    return key


def sign_in_of(connection: sqlite3.Connection, key: str, now_ms: int) -> SignIn | None:
    """Return the sign-in of a cookie, or None where it is unknown or over."""
    row = connection.execute(
        f"SELECT {_COLUMNS}, s.form_token FROM sessions s JOIN accounts a ON a.id=s.account "
        "WHERE s.digest=? AND s.expires_at > ? AND a.off_at IS NULL",
        (digest_of(key), now_ms),
    ).fetchone()
    return None if row is None else SignIn(_account(row), row[9])


def living_sign_ins(
    connection: sqlite3.Connection, digests: Collection[bytes], now_ms: int
) -> set[bytes]:
    """Return which of these sign-ins are neither over nor ended."""
    return {
        digest
        for digest in digests
        if connection.execute(
            "SELECT 1 FROM sessions s JOIN accounts a ON a.id=s.account "
            "WHERE s.digest=? AND s.expires_at > ? AND a.off_at IS NULL",
            (digest, now_ms),
        ).fetchone()
    }


def end_sign_in(transaction: Transaction, key: str) -> None:
    """Remove a sign-in: the person signed out."""
    transaction.connection.execute("DELETE FROM sessions WHERE digest=?", (digest_of(key),))


def names_of(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the name of every account by its id, for steps that staff read."""
    return {row[0]: row[1] for row in connection.execute("SELECT id, name FROM accounts")}


def set_email(transaction: Transaction, account: str, email: str) -> None:
    """Put an account's address for digests in place, "" for none; its shape was checked before."""
    transaction.connection.execute("UPDATE accounts SET email=? WHERE id=?", (email, account))
    _note(transaction, "account.email_changed", {"account": account})


def email_of(connection: sqlite3.Connection, account: str) -> str:
    """Return an account's address for digests, or ""."""
    row = connection.execute(
        "SELECT email FROM accounts WHERE id=? AND off_at IS NULL", (account,)
    ).fetchone()
    return "" if row is None else str(row[0])


def with_email(connection: sqlite3.Connection) -> list[Account]:
    """Return every account that a digest can be sent to."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM accounts a WHERE a.email != '' AND a.off_at IS NULL ORDER BY a.id"
    )
    return [_account(row) for row in rows]


def digest_of(key: str) -> bytes:
    """Return by what a sign-in or token is known here: its key itself is in the cookie only."""
    return hashlib.sha256(key.encode()).digest()


def _note(transaction: Transaction, kind: str, data: dict[str, str], by: str = "system") -> None:
    """Record a change of accounts as an event without a projection, by the account's id only."""
    transaction.append([Draft(kind, new_uuid7(), data)], by=by, fresh_subject=True)
