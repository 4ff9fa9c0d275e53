"""Signing in and out of the console, and one's own account: password and e-mail address."""

from starlette.responses import RedirectResponse, Response

from acts.refusals import N_, Refusal
from eventlog.transaction import Transaction
from matters.terms import Role
from server.folder.addresses import EMAIL_MOST, BadAddress, parse_email
from server.people import accounts, passwords, unsent
from server.people.accounts import Account, Proven
from server.people.doors import OpenVisit, Visit
from server.people.room import PeopleRoom
from server.people.sign_in import COOKIE, check
from server.web.pages import path_to_root
from server.web.problems import words_of
from server.web.routes import in_thread


def sign_in_page(room: PeopleRoom, visit: OpenVisit) -> Response:
    """Answer `GET /console/sign-in`."""
    # At a locked station whoever is signed in already signs in once more, to unlock it.
    if visit.sign_in is not None and not room.doors.is_locked:
        return visit.redirect(front(visit.sign_in.account))
    return unsent.sign_in_page(room, visit)


async def sign_in(room: PeopleRoom, visit: OpenVisit) -> Response:
    """Answer `POST /console/sign-in`: a session cookie, or the form again.

    Words that the page carried stand in their form again afterwards, not carried out.
    """
    kept = unsent.read_kept(visit.fields.text("kept"))
    name = visit.fields.text("name").strip()[:100]
    status, problem = 401, N_("名字或密码不对。")
    try:
        proven = await check(room.log, room.attempts, name, visit.fields.text("password"))
    except Refusal as refusal:
        proven, status, problem = (
            None,
            refusal.status,
            words_of(visit.language, refusal)[0],
        )
    if proven is None:
        return await in_thread(
            lambda: unsent.sign_in_page(
                room, visit, kept=kept, status=status, name=name, problem=problem
            )
        )
    key = await in_thread(_begin_sign_in, room, proven)
    account = proven.account
    response: Response = RedirectResponse(path_to_root(visit.request) + front(account), 303)
    if kept is not None and account.one_time:
        await in_thread(unsent.keep_as_draft, room, account.id, kept)
    elif kept is not None:
        response = await _show_kept(room, visit, kept, key)
    _set_cookie(room, response, key)
    return response


def _begin_sign_in(room: PeopleRoom, proven: Proven) -> str:
    """Begin a sign_in, which unlocks a station with the person's key, and return the cookie."""
    hours = room.session_hours
    key = room.log.write(
        lambda transaction: accounts.begin_sign_in(transaction, proven.account.id, hours)
    ).result
    if room.doors.keyring is not None and proven.station_key:
        until = room.log.now_ms() + int(hours * 3_600_000)
        room.doors.keyring.put_in(accounts.digest_of(key), proven.station_key, until)
    return key


async def _show_kept(room: PeopleRoom, visit: OpenVisit, kept: unsent.Kept, key: str) -> Response:
    """Return the form that the sign-in page carried, as the sign-in that has just begun sees it."""
    sign_in, actor = await in_thread(room.doors.sign_in_begun, key)
    visit.request.state.session = sign_in
    room.doors.admit()
    return await unsent.show(room, Visit(visit.request, sign_in=sign_in, actor=actor), kept)


def _set_cookie(room: PeopleRoom, response: Response, key: str) -> None:
    response.set_cookie(
        COOKIE,
        key,
        max_age=int(room.session_hours * 3600),
        httponly=True,
        samesite="strict",
        secure=room.is_secure,
    )


def front(account: Account) -> str:
    """Return the path of the first page after signing in: what waits, or for an admin the list."""
    return "console/" if account.role == Role.ADMIN else "console/waiting"


def sign_out(room: PeopleRoom, visit: Visit) -> Response:
    """Answer `POST /console/sign-out`."""
    key = visit.request.cookies[COOKIE]
    room.log.write(lambda transaction: accounts.end_sign_in(transaction, key))
    if room.doors.keyring is not None:
        room.doors.keyring.take_out(accounts.digest_of(key))
    response = visit.redirect("console/sign-in")
    response.delete_cookie(COOKIE)
    return response


def password_page(room: PeopleRoom, visit: Visit) -> Response:
    """Answer `GET /console/password`: the person's own account, password and e-mail address."""
    return _own_page(room, visit, saved=visit.query.get("saved") == "email")


def _own_page(
    room: PeopleRoom,
    visit: Visit,
    *,
    status: int = 200,
    problem: str = "",
    email: str | None = None,
    email_problem: str = "",
    saved: bool = False,
) -> Response:
    with room.log.reading() as connection:
        known = accounts.email_of(connection, visit.account.id)
        at_hub = accounts.is_from_hub(connection, visit.account.id)
    return visit.page(
        "password.html",
        title="password",
        status=status,
        problem=problem,
        email=known if email is None else email,
        at_hub=at_hub,
        email_problem=email_problem,
        email_most=EMAIL_MOST,
        saved=saved,
        mails=room.mails,
    )


def email(room: PeopleRoom, visit: Visit) -> Response:
    """Answer `POST /console/email`: where the person's digest goes; empty for nowhere."""
    typed = visit.fields.text("email").strip()
    try:
        address = parse_email(typed) if typed else ""
    except BadAddress:
        wrong = N_("这不像一个邮箱地址，应该像 wang@example.cn。")
        return _own_page(room, visit, status=422, email=typed, email_problem=wrong)
    room.log.write(lambda transaction: accounts.set_email(transaction, visit.account.id, address))
    return visit.redirect("console/password?saved=email")


async def password(room: PeopleRoom, visit: Visit) -> Response:
    """Answer `POST /console/password`: the old one once more, and a new one twice."""
    fields, account = visit.fields, visit.account
    new = fields.text("new")
    problem = ""
    if await check(room.log, room.attempts, account.name, fields.text("old")) is None:
        problem = N_("现在的密码不对。")
    elif not passwords.LEAST <= len(new) <= passwords.MOST:
        problem = N_("新密码至少 8 个字符。")
    elif new != fields.text("again"):
        problem = N_("两次写的新密码不一样。")
    elif new == fields.text("old"):
        problem = N_("新密码不能和现在的一样。")
    if problem:
        return await in_thread(lambda: _own_page(room, visit, status=422, problem=problem))

    def job(transaction: Transaction) -> str:
        accounts.set_password(transaction, account.id, new)
        return accounts.begin_sign_in(transaction, account.id, room.session_hours)

    key = (await in_thread(room.log.write, job)).result
    response = visit.redirect(front(account))
    _set_cookie(room, response, key)
    return response
