"""Accounts in the console, for the administrator: who may come in, and for whom they act."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from acts.refusals import N_, BadFields, NotThisRole, Refusal
from eventlog.transaction import Transaction
from matters.refusals import NotFound
from matters.terms import STAFF, Role
from server.county.choices import SELECT_MOST, SUGGEST_MOST, choices_of
from server.people import accounts, passwords
from server.people.accounts import Account, Bound
from server.people.doors import Visit
from server.people.new_accounts import read_new_account
from server.people.room import PeopleRoom


def overview(room: PeopleRoom, visit: Visit) -> Response:
    """Answer `GET /console/accounts`: every account, and the form for a new one."""
    _refuse_unless_admin(visit)
    return _page(room, visit)


def add(room: PeopleRoom, visit: Visit) -> Response:
    """Answer `POST /console/accounts`: the one-time password, shown this once."""
    _refuse_unless_admin(visit)
    typed = visit.fields.values
    password = passwords.new_password()
    try:
        wanted = read_new_account(typed, room.registers.current())

        def job(transaction: Transaction) -> Account:
            accounts.refuse_unless_admin(transaction, visit.account)
            return accounts.add_account(
                transaction,
                wanted.name,
                wanted.role,
                password,
                bound=wanted.bound,
                by=visit.actor.signature,
            )

        added = room.writes.commit(job).result
    except BadFields as refusal:
        return _page(room, visit, typed=typed, refusal=refusal)
    except accounts.NameTaken:
        taken = BadFields.of("name", "taken", N_("已有一个账户叫这个名字，请换一个。"))
        return _page(room, visit, typed=typed, refusal=taken)
    return _page(room, visit, shown=(added.name, password))


def act(room: PeopleRoom, visit: Visit) -> Response:
    """Answer `POST /console/accounts/{id}/{act}`: `password`, `off` or `on`."""
    _refuse_unless_admin(visit)
    identity, act = visit.path["id"], visit.path["act"]
    by = visit.account
    password = passwords.new_password()

    def job(transaction: Transaction) -> None:
        match act:
            case "password":
                accounts.reset_password(transaction, identity, password, by=by)
            case "off":
                accounts.switch_off(transaction, identity, by=by)
            case "on":
                accounts.switch_on(transaction, identity, by=by)
            case _:
                raise NotFound

    try:
        room.writes.commit(job)
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        return _page(room, visit, refusal=refusal)
    if act != "password":
        return visit.redirect("console/accounts")
    with room.log.reading() as connection:
        name = accounts.names_of(connection).get(identity, "")
    return _page(room, visit, shown=(name, password))


def _refuse_unless_admin(visit: Visit) -> None:
    if visit.actor.role is not Role.ADMIN:
        raise NotThisRole


def _page(
    room: PeopleRoom,
    visit: Visit,
    *,
    typed: Mapping[str, Any] | None = None,
    refusal: Refusal | None = None,
    shown: tuple[str, str] | None = None,
) -> Response:
    registers = room.registers.current().registers
    with room.log.reading() as connection:
        rows = accounts.listed(connection)
    choices = {noun: choices_of(visit.language, noun, registers) for noun in Bound._fields}
    names = {noun: dict(offered) for noun, offered in choices.items()}

    def bound_of(account: Account) -> str:
        ids = ((noun, getattr(account, noun)) for noun in Bound._fields)
        return " · ".join(names[noun].get(value, value) for noun, value in ids if value)

    return visit.form(
        "accounts.html",
        refusal,
        title="accounts",
        rows=[(row, bound_of(row.account)) for row in rows],
        roles=STAFF,
        choices=choices,
        select_most=SELECT_MOST,
        suggest_most=SUGGEST_MOST,
        typed=typed or {},
        shown=shown,
    )
