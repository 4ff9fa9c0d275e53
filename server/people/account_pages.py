"""Accounts in the console, for the administrator: who may come in, and for whom they act."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from acts.refusals import N_, BadFields, FieldProblem, NotThisRole, Refusal
from eventlog.transaction import Transaction
from matters.refusals import NotFound
from matters.terms import STAFF, Role
from server.node import Node
from server.people import accounts
from server.people.accounts import Account, Bound
from server.people.doors import actor_of, form_of, redirect, signed_in
from server.people.new_accounts import read_new_account
from server.registers.register_views import SELECT_MOST, SUGGEST_MOST, choices_of
from server.web.languages import language_of
from server.web.pages import console_page
from server.web.problems import page_errors


@signed_in
async def overview(request: Request) -> Response:
    """Answer `GET /console/accounts`: every account, and the form for a new one."""
    _refuse_unless_admin(request)
    return await _page(request)


@signed_in
async def add(request: Request) -> Response:
    """Answer `POST /console/accounts`: the one-time password, shown this once."""
    _refuse_unless_admin(request)
    node: Node = request.app.state.node
    fields = await form_of(request)
    actor = actor_of(request)
    password = accounts.new_password()
    try:
        wanted = read_new_account(fields.values, node.registers.current())

        def job(transaction: Transaction) -> Account:
            accounts.refuse_unless_admin(transaction, request.state.session.account)
            return accounts.add_account(
                transaction,
                wanted.name,
                wanted.role,
                password,
                bound=wanted.bound,
                by=actor.signature,
            )

        added = (await node.matter_writes.write(job)).result
    except BadFields as refusal:
        return await _page(request, typed=fields.values, refusal=refusal)
    except accounts.NameTaken:
        taken = FieldProblem("name", "taken", N_("已有一个账户叫这个名字，请换一个。"))
        return await _page(request, typed=fields.values, refusal=BadFields([taken]))
    return await _page(request, shown=(added.name, password))


@signed_in
async def act(request: Request) -> Response:
    """Answer `POST /console/accounts/{id}/{act}`: `password`, `off` or `on`."""
    _refuse_unless_admin(request)
    node: Node = request.app.state.node
    await form_of(request)
    identity = request.path_params["id"]
    by: Account = request.state.session.account
    password = accounts.new_password()

    def job(transaction: Transaction) -> None:
        match request.path_params["act"]:
            case "password":
                accounts.reset_password(transaction, identity, password, by=by)
            case "off":
                accounts.switch_off(transaction, identity, by=by)
            case "on":
                accounts.switch_on(transaction, identity, by=by)
            case _:
                raise NotFound

    try:
        await node.matter_writes.write(job)
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        return await _page(request, refusal=refusal)
    if request.path_params["act"] != "password":
        return redirect(request, "console/accounts")
    with node.log.reading() as connection:
        name = accounts.names_of(connection).get(identity, "")
    return await _page(request, shown=(name, password))


def _refuse_unless_admin(request: Request) -> None:
    if actor_of(request).role is not Role.ADMIN:
        raise NotThisRole


async def _page(
    request: Request,
    *,
    typed: Mapping[str, Any] | None = None,
    refusal: Refusal | None = None,
    shown: tuple[str, str] | None = None,
) -> Response:
    node: Node = request.app.state.node
    language = language_of(request)
    registers = node.registers.current().registers

    def read() -> list[accounts.Listed]:
        with node.log.reading() as connection:
            return accounts.listed(connection)

    rows = await asyncio.to_thread(read)
    choices = {noun: choices_of(language, noun, registers) for noun in Bound._fields}
    names = {noun: dict(offered) for noun, offered in choices.items()}

    def bound_of(account: Account) -> str:
        said = ((noun, getattr(account, noun)) for noun in Bound._fields)
        return " · ".join(names[noun].get(value, value) for noun, value in said if value)

    return console_page(
        request,
        "accounts.html",
        title="accounts",
        status=refusal.status if refusal is not None else 200,
        rows=[(row, bound_of(row.account)) for row in rows],
        roles=STAFF,
        choices=choices,
        select_most=SELECT_MOST,
        suggest_most=SUGGEST_MOST,
        typed=typed or {},
        errors=page_errors(language, refusal),
        shown=shown,
    )
