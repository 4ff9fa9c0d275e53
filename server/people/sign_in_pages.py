"""Signing in and out of the console, and one's own account: password and e-mail address."""

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from acts.refusals import N_, Refusal
from eventlog.transaction import Transaction
from server.desks import unsent
from server.letters.addresses import EMAIL_MOST, BadAddress, parse_email
from server.node import Node
from server.people import accounts
from server.people.doors import fields_of, form_of, front, redirect, signed_in
from server.people.sign_in import COOKIE, check, sign_in_of
from server.web.languages import language_of
from server.web.pages import console_page, path_to_root
from server.web.problems import said


async def sign_in_page(request: Request) -> Response:
    """Answer `GET /console/sign-in`."""
    node: Node = request.app.state.node
    signed_in_as = sign_in_of(request)
    # At a locked station whoever is signed in already signs in once more, to unlock it.
    if signed_in_as is not None and not node.is_locked:
        return redirect(request, front(signed_in_as.account))
    return unsent.sign_in_page(request)


async def sign_in(request: Request) -> Response:
    """Answer `POST /console/sign-in`: a session cookie, or the form again.

    Words that the page carried stand in their form again afterwards, not carried out.
    """
    node: Node = request.app.state.node
    fields = await fields_of(request)
    kept = unsent.read_kept(fields.text("kept"))
    name = fields.text("name").strip()[:100]
    try:
        proven = await check(request, name, fields.text("password"))
    except Refusal as refusal:
        message, _ = said(language_of(request), refusal)
        return unsent.sign_in_page(
            request, kept=kept, status=refusal.status, name=name, problem=message
        )
    if proven is None:
        wrong = N_("名字或密码不对。")
        return unsent.sign_in_page(request, kept=kept, status=401, name=name, problem=wrong)
    account, hours = proven.account, node.settings.session_hours
    committed = await node.log.write_async(
        lambda transaction: accounts.begin_sign_in(transaction, account.id, hours)
    )
    if node.keyring is not None and proven.station_key:
        until = node.now_ms() + int(hours * 3_600_000)
        node.keyring.put_in(accounts.digest_of(committed.result), proven.station_key, until)
    response: Response = RedirectResponse(path_to_root(request) + front(account), 303)
    if kept is not None and account.one_time:
        await unsent.keep_as_draft(node, account.id, kept)
    elif kept is not None:
        with node.log.reading() as connection:
            begun = accounts.sign_in_of(connection, committed.result, node.now_ms())
        request.state.session = begun
        node.admit()
        response = await unsent.show(request, kept)
    _set_cookie(request, response, committed.result)
    return response


def _set_cookie(request: Request, response: Response, key: str) -> None:
    node: Node = request.app.state.node
    response.set_cookie(
        COOKIE,
        key,
        max_age=int(node.settings.session_hours * 3600),
        httponly=True,
        samesite="strict",
        secure=node.settings.address.startswith("https:"),
    )


@signed_in
async def sign_out(request: Request) -> Response:
    """Answer `POST /console/sign-out`."""
    node: Node = request.app.state.node
    await form_of(request)
    key = request.cookies[COOKIE]
    await node.log.write_async(lambda transaction: accounts.end_sign_in(transaction, key))
    if node.keyring is not None:
        node.keyring.take_out(accounts.digest_of(key))
    response = redirect(request, "console/sign-in")
    response.delete_cookie(COOKIE)
    return response


@signed_in
async def password_page(request: Request) -> Response:
    """Answer `GET /console/password`: the person's own account, password and e-mail address."""
    return await _own_page(request, saved=request.query_params.get("saved") == "email")


async def _own_page(
    request: Request,
    *,
    status: int = 200,
    problem: str = "",
    email: str | None = None,
    email_problem: str = "",
    saved: bool = False,
) -> Response:
    node: Node = request.app.state.node
    identity = request.state.session.account.id

    def read() -> tuple[str, bool]:
        with node.log.reading() as connection:
            return (
                accounts.email_of(connection, identity),
                accounts.is_from_hub(connection, identity),
            )

    known, at_hub = await asyncio.to_thread(read)

    return console_page(
        request,
        "password.html",
        title="password",
        status=status,
        problem=problem,
        email=known if email is None else email,
        at_hub=at_hub,
        email_problem=email_problem,
        email_most=EMAIL_MOST,
        saved=saved,
        mails=bool(node.settings.smtp_host),
    )


@signed_in
async def email(request: Request) -> Response:
    """Answer `POST /console/email`: where the person's digest goes; empty for nowhere."""
    node: Node = request.app.state.node
    fields = await form_of(request)
    typed = fields.text("email").strip()
    try:
        address = parse_email(typed) if typed else ""
    except BadAddress:
        return await _own_page(
            request,
            status=422,
            email=typed,
            email_problem=N_("这不像一个邮箱地址，应该像 wang@example.cn。"),
        )
    identity = request.state.session.account.id
    await node.log.write_async(
        lambda transaction: accounts.set_email(transaction, identity, address)
    )
    return redirect(request, "console/password?saved=email")


@signed_in
async def password(request: Request) -> Response:
    """Answer `POST /console/password`: the old one once more, and a new one twice."""
    node: Node = request.app.state.node
    fields = await form_of(request)
    account = request.state.session.account
    new = fields.text("new")
    problem = ""
    if await check(request, account.name, fields.text("old")) is None:
        problem = N_("现在的密码不对。")
    elif not accounts.PASSWORD_LEAST <= len(new) <= accounts.PASSWORD_MOST:
        problem = N_("新密码至少 8 个字符。")
    elif new != fields.text("again"):
        problem = N_("两次写的新密码不一样。")
    elif new == fields.text("old"):
        problem = N_("新密码不能和现在的一样。")
    if problem:
        return await _own_page(request, status=422, problem=problem)
    hours = node.settings.session_hours

    def job(transaction: Transaction) -> str:
        accounts.set_password(transaction, account.id, new)
        return accounts.begin_sign_in(transaction, account.id, hours)

    committed = await node.log.write_async(job)
    response = redirect(request, front(account))
    _set_cookie(request, response, committed.result)
    return response
