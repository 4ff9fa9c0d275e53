"""Accounts that travel from a hub to a station, and until when the station may go by them.

A hub lists who may sign in at a station; the station keeps the list in its own table of accounts,
each row marked as the hub's. Only liaison officers and deputies are listed: whoever signs in at a
station unlocks all that lies there. Someone who lost the right to is known at the station once it
hears of it, and after 45 days without hearing from the hub nobody signs in there.
"""

import hashlib
import sqlite3
from collections.abc import Sequence

import msgspec

from acts.refusals import N_, Refusal
from acts.shanghai import DAY_MS
from eventlog.transaction import Transaction
from matters.terms import Role
from server.county.county_registers import CountyRegisters
from server.people import account_keys
from server.people.account_keys import NO_KEY, AccountKey, wrap_for

VALID_DAYS = 45
VALID_MS = VALID_DAYS * DAY_MS
# It goes with every question, and tells apart the few lists that a station ever has.
MARK_BYTES = 4


class ListTooOld(Refusal):
    """The station has not heard from its hub for so long that nobody may sign in."""

    code = "accounts-out-of-date"
    status = 403
    message = N_("这台电脑太久没有和县级服务器联系，现在谁也不能登录。")
    advice = N_("连上网络，或者用 U 盘交换一次，就又能登录。群众照样可以反映，收到的都在。")


class StationAccount(msgspec.Struct, frozen=True, array_like=True):
    """An account as a station gets it: never a hash of its passphrase.

    `private_key` is sealed under the passphrase with `salt`; `station_key` is the station's private
    key wrapped to `public_key`. An account that is `off` has no keys, and only lends its name.
    """

    id: str
    name: str
    role: str
    station: str
    deputy: str
    one_time: bool
    off: bool
    public_key: bytes
    salt: bytes
    private_key: bytes
    station_key: bytes


def accounts_for_station(
    connection: sqlite3.Connection, station: str, *, registers: CountyRegisters, station_key: bytes
) -> list[StationAccount]:
    """Return who may sign in at a station, with its private key wrapped to each of them.

    These are the liaison officers of the station, those of the station above where it is a point,
    and the deputies who sit there by the registers. Left out is who has not signed in since there
    are account keys: nothing can be wrapped to them yet.
    """
    record = registers.stations.get(station)
    places = {station, record.parent if record is not None else ""} - {""}
    listed: list[StationAccount] = []
    for row in connection.execute(
        "SELECT a.id, a.name, a.role, a.station, a.deputy, a.one_time, a.off_at IS NOT NULL, "
        "k.public_key, k.salt, k.private_key "
        "FROM accounts a JOIN account_keys k ON k.account=a.id "
        "WHERE a.role IN (?, ?) AND NOT a.from_hub ORDER BY a.id",
        (Role.LIAISON, Role.DEPUTY),
    ):
        identity, name, role, of_station, deputy, one_time, off = row[:7]
        known = registers.deputies.get(deputy)
        sits = known is not None and station in known.stations
        if not (of_station in places if role == Role.LIAISON else sits):
            continue
        key = NO_KEY if off else AccountKey(*row[7:10])
        wrapped = b"" if off else wrap_for(key.public_key, station_key)
        listed.append(
            StationAccount(
                identity, name, role, of_station, deputy, bool(one_time), bool(off), *key, wrapped
            )
        )
    return listed


def mark_of(accounts: Sequence[StationAccount]) -> bytes:
    """Return a few bytes that differ where the list does, so that an unchanged one stays away.

    What is wrapped is made anew each time, and so is no part of it.
    """
    plain = [msgspec.structs.replace(account, station_key=b"") for account in accounts]
    return hashlib.sha256(msgspec.msgpack.encode(plain)).digest()[:MARK_BYTES]


def replace_accounts(
    transaction: Transaction, accounts: Sequence[StationAccount], valid_until_ms: int
) -> None:
    """Put the hub's list in the place of the one before. Runs as a job of a station's writer.

    Whoever is not on it is switched off, and so is who was added at the station before it had a
    hub; programs' tokens stay. Sessions of those who are switched off end, and of those whose
    passphrase changed. No event is written: the hub has them.
    """
    connection = transaction.connection
    for one in accounts:
        _put(transaction, one)
    listed = {one.id for one in accounts if not one.off}
    for (identity,) in connection.execute(
        "SELECT id FROM accounts WHERE off_at IS NULL AND (from_hub OR password_hash != '')"
    ).fetchall():
        if identity not in listed:
            _switch_off(transaction, identity)
    confirm(transaction, valid_until_ms)


def confirm(transaction: Transaction, valid_until_ms: int) -> None:
    """Note until when the list may be gone by: the hub has just said that it is the newest."""
    transaction.connection.execute("DELETE FROM accounts_valid")
    transaction.connection.execute(
        "INSERT INTO accounts_valid(until_ms) VALUES (?)", (valid_until_ms,)
    )


def valid_until(connection: sqlite3.Connection) -> int | None:
    """Return until when people may sign in by the hub's list (ms), or None where there is none."""
    row = connection.execute("SELECT until_ms FROM accounts_valid").fetchone()
    return None if row is None else int(row[0])


def refuse_when_old(connection: sqlite3.Connection, now_ms: int) -> None:
    """Raise ListTooOld where the hub's list may not be gone by any more."""
    until = valid_until(connection)
    if until is not None and now_ms > until:
        raise ListTooOld


def _put(transaction: Transaction, one: StationAccount) -> None:
    connection = transaction.connection
    # The name is the hub's to give; who had it here keeps it with their id behind.
    connection.execute(
        "UPDATE accounts SET name=name || ' (' || id || ')' WHERE name=? AND id != ?",
        (one.name, one.id),
    )
    key = AccountKey(one.public_key, one.salt, one.private_key)
    if account_keys.key_of(connection, one.id) != key:
        connection.execute("DELETE FROM sessions WHERE account=?", (one.id,))
    connection.execute(
        "INSERT INTO accounts(id, name, role, station, unit, deputy, body, area, password_hash, "
        "one_time, created_at, from_hub) VALUES (?,?,?,?,'',?,'','','',?,?,1) "
        "ON CONFLICT(id) DO UPDATE SET name=excluded.name, role=excluded.role, "
        "station=excluded.station, deputy=excluded.deputy, one_time=excluded.one_time, "
        "password_hash='', from_hub=1",
        (
            one.id,
            one.name,
            one.role,
            one.station,
            one.deputy,
            one.one_time,
            transaction.now_ms(),
        ),
    )
    if one.off:
        _switch_off(transaction, one.id)
    else:
        connection.execute("UPDATE accounts SET off_at=NULL WHERE id=?", (one.id,))
        account_keys.store(transaction, one.id, key, station_key=one.station_key)


def _switch_off(transaction: Transaction, account: str) -> None:
    connection = transaction.connection
    connection.execute(
        "UPDATE accounts SET off_at=? WHERE id=? AND off_at IS NULL",
        (transaction.now_ms(), account),
    )
    connection.execute("DELETE FROM sessions WHERE account=?", (account,))
    connection.execute("DELETE FROM tokens WHERE account=?", (account,))
    account_keys.remove(transaction, account)
