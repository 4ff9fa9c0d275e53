"""The doors of the console: who may come in, and whether a form is really theirs.

Every route of the console is made here, so that no handler can forget to ask: a handler runs once
the sign_in is known, a one-time password replaced, and a form read and seen to be this sign-in's.
"""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from acts.refusals import Refusal
from eventlog.log import Log
from matters.actors import Actor
from server.county.county_registers import RegisterCache
from server.folder.safe_writes import SafeWriter
from server.people import accounts
from server.people.accounts import Account, SignIn
from server.people.actors import actor_for
from server.people.keyring import Keyring, refuse_typed
from server.people.sign_in import account_of_bearer, check_form_token, sign_in_of_cookie
from server.web.bodies import TEXT_MOST_BYTES, Fields, declared_bytes, read_fields
from server.web.languages import language_of
from server.web.pages import console_page, path_to_root
from server.web.problems import NotSignedIn, WrongFormToken, page_errors
from server.web.routes import Addressed, Endpoint, RoomRoute, in_thread, run
from server.web.uploads import Upload, receive_file

# A list of many matters, or a spreadsheet pasted whole: 10,000 lines are some 6 MB in a form.
MANY_MOST_BYTES = 16 * 1024 * 1024
SAFE_METHODS = ("GET", "HEAD")
SIGN_IN, PASSWORD = "console/sign-in", "console/password"
# What stands around a file in its form.
_AROUND_FILE_BYTES = 64 * 1024


@dataclass(frozen=True)
class Doors:
    """What the doors ask: the accounts in the log, the registers, and a station's keyring."""

    log: Log
    registers: RegisterCache
    keyring: Keyring | None

    @property
    def is_locked(self) -> bool:
        """Whether this is a station on which nobody has unlocked the texts."""
        return self.keyring is not None and self.keyring.is_locked

    def sign_in_of(self, request: Request) -> SignIn | None:
        """Return the sign-in of the request's cookie, or None."""
        return sign_in_of_cookie(self.log, request)

    def actor(self, account: Account) -> Actor:
        """Return somebody as the rules see them."""
        return actor_for(self.registers.current(), account)

    def signed_in(self, request: Request) -> tuple[SignIn, Actor] | None:
        """Return the sign-in of the request's cookie and who acts in it, or None."""
        sign_in = self.sign_in_of(request)
        if sign_in is None:
            return None
        self.forget_ended()
        return sign_in, self.actor(sign_in.account)

    def sign_in_begun(self, key: str) -> tuple[SignIn, Actor]:
        """Return the sign-in that a cookie stands for, which has just been given, and who acts."""
        with self.log.reading() as connection:
            sign_in = accounts.sign_in_of(connection, key, self.log.now_ms())
        assert sign_in is not None
        return sign_in, self.actor(sign_in.account)

    def program_of(self, request: Request) -> tuple[Account, Actor]:
        """Return for whom a program asks, by its bearer token. Raises NotSignedIn."""
        account = account_of_bearer(self.log, request)
        if account is None:
            raise NotSignedIn
        self.forget_ended()
        return account, self.actor(account)

    def staff_of(self, request: Request) -> Actor | None:
        """Return the member of staff who sends a program's request, or None for a villager.

        Raises NotSignedIn where the token is wrong.
        """
        account = account_of_bearer(self.log, request)
        return None if account is None else self.actor(account)

    def admit(self) -> None:
        """Let the request in whose context this is called read what is unlocked."""
        if self.keyring is not None:
            self.keyring.admit()

    def forget_ended(self) -> None:
        """Lock a station again on which every sign-in has ended."""
        if self.keyring is not None:
            self.keyring.forget_ended()

    async def fields_of(
        self, request: Request, lists: tuple[str, ...] = (), most_bytes: int = TEXT_MOST_BYTES
    ) -> Fields:
        """Return a console form's fields, whoever sent it; `lists` may stand repeatedly."""
        fields = await read_fields(request, lists=lists, most=most_bytes)
        if self.keyring is not None:
            refuse_typed(fields.values)
        return fields


@dataclass(frozen=True)
class StaffRoom:
    """What every room is handed that staff or their programs come to; some are handed more."""

    doors: Doors
    writes: SafeWriter

    @property
    def log(self) -> Log:
        """The node's log."""
        return self.doors.log

    @property
    def registers(self) -> RegisterCache:
        """The county's registers at hand."""
        return self.doors.registers


RoomOfStaff = TypeVar("RoomOfStaff", bound=StaffRoom)


@dataclass(frozen=True)
class OpenVisit(Addressed):
    """One request to a page of the console that needs nobody signed in; `sign_in` where one is."""

    sign_in: SignIn | None = None
    fields: Fields = field(default_factory=lambda: Fields({}, []))

    @property
    def language(self) -> str:
        """The language to answer in."""
        return language_of(self.request)

    def page(self, template: str, *, title: str, status: int = 200, **values: Any) -> Response:
        """Return a page of the console."""
        return console_page(self.request, template, title=title, status=status, **values)

    def form(
        self, template: str, refusal: Refusal | None, *, title: str, **values: Any
    ) -> Response:
        """Return a page with a form; after a refusal, the page says what is wrong."""
        return self.page(
            template,
            title=title,
            status=200 if refusal is None else refusal.status,
            errors=page_errors(self.language, refusal),
            **values,
        )

    def redirect(self, path: str) -> Response:
        """Return a redirect to a path below the root of the site."""
        return redirect(self.request, path)


@dataclass(frozen=True, kw_only=True)
class Visit(OpenVisit):
    """One request of somebody signed in. The fields of a form are this sign-in's own."""

    sign_in: SignIn
    actor: Actor

    @property
    def account(self) -> Account:
        """The account of the person who is signed in."""
        return self.sign_in.account


@dataclass(frozen=True, kw_only=True)
class UploadVisit(Visit):
    """A visit that brought one large file."""

    upload: Upload


class LostSignIn(NotSignedIn):
    """A form came whose sign_in is gone. `fields` are what was typed."""

    def __init__(self, fields: Fields) -> None:
        super().__init__()
        self.fields = fields


class Unsent(WrongFormToken):
    """A form came that this sign-in did not make: `visit` has what was typed."""

    def __init__(self, visit: Visit) -> None:
        super().__init__()
        self.visit = visit


def is_of_sign_in(visit: Visit) -> None:
    """Raise Unsent where the sign-in did not make the form, so that its words are not lost."""
    try:
        check_form_token(visit.sign_in, visit.fields.text("form_token"))
    except WrongFormToken as error:
        raise Unsent(visit) from error


@dataclass(frozen=True)
class ConsoleRoute(RoomRoute[RoomOfStaff]):
    """A route for staff.

    `lists` names fields that may stand repeatedly, or says them by the request; `most_bytes` bounds
    a form. `proof` raises where a form is not theirs. `in_one_time` lets those in as well who have
    yet to replace a one-time password.
    """

    handler: Callable[[RoomOfStaff, Visit], Any]
    lists: tuple[str, ...] | Callable[[Request], tuple[str, ...]] = ()
    most_bytes: int = TEXT_MOST_BYTES
    proof: Callable[[Visit], None] = is_of_sign_in
    in_one_time: bool = False

    def endpoint(self, room: RoomOfStaff) -> Endpoint:
        """Return what answers requests, with the room that it is handed."""
        doors = room.doors

        async def fields_of(request: Request) -> Fields:
            lists = self.lists if isinstance(self.lists, tuple) else self.lists(request)
            return await doors.fields_of(request, lists, self.most_bytes)

        async def answer(request: Request) -> Response:
            is_form = self.method not in SAFE_METHODS
            visit = await _enter(doors, request)
            if visit is None:
                if is_form:
                    raise LostSignIn(await fields_of(request))
                return redirect(request, SIGN_IN)
            if visit.account.one_time and not self.in_one_time:
                return redirect(request, PASSWORD)
            if is_form:
                visit = replace(visit, fields=await fields_of(request))
                self.proof(visit)
            response: Response = await run(self.handler, room, visit)
            return response

        return answer


@dataclass(frozen=True)
class UploadRoute(RoomRoute[RoomOfStaff]):
    """A route for staff that takes one large file, `file_field`, to disk as it comes.

    Whoever is no more signed in does so and chooses the file again. `lets_in` raises before it is
    read; `too_large` answers where it says itself to be over `most_bytes`.
    """

    handler: Callable[[RoomOfStaff, UploadVisit], Any]
    _: KW_ONLY
    file_field: str
    most_bytes: int
    lets_in: Callable[[RoomOfStaff, Visit], None]
    too_large: Callable[[RoomOfStaff, Visit], Response]

    def endpoint(self, room: RoomOfStaff) -> Endpoint:
        """Return what answers requests, with the room that it is handed."""
        doors = room.doors

        async def answer(request: Request) -> Response:
            visit = await _enter(doors, request)
            if visit is None:
                return redirect(request, SIGN_IN)
            if visit.account.one_time:
                return redirect(request, PASSWORD)
            await in_thread(self.lets_in, room, visit)
            if declared_bytes(request) > self.most_bytes + _AROUND_FILE_BYTES:
                return await in_thread(self.too_large, room, visit)
            upload = await receive_file(
                request, doors.log.folder, field=self.file_field, most_bytes=self.most_bytes
            )
            try:
                check_form_token(visit.sign_in, upload.fields.get("form_token", ""))
                response: Response = await run(
                    self.handler,
                    room,
                    UploadVisit(request, sign_in=visit.sign_in, actor=visit.actor, upload=upload),
                )
            finally:
                upload.close()
            return response

        return answer


async def _enter(doors: Doors, request: Request) -> Visit | None:
    """Return the visit of whoever is signed in, who may read what is unlocked; or None."""
    person = await in_thread(doors.signed_in, request)
    if person is None:
        return None
    sign_in, actor = person
    request.state.session = sign_in
    doors.admit()
    return Visit(request, sign_in=sign_in, actor=actor)


@dataclass(frozen=True)
class OpenRoute(RoomRoute[RoomOfStaff]):
    """A route of the console that needs nobody signed in; it says itself who else may come.

    `proof` raises where a form was not made here; None where a strange form can do no harm.
    `lets_in` raises before a form is read.
    """

    handler: Callable[[RoomOfStaff, OpenVisit], Any]
    _: KW_ONLY
    proof: Callable[[RoomOfStaff, OpenVisit], None] | None
    lets_in: Callable[[RoomOfStaff, OpenVisit], None] | None = None
    most_bytes: int = TEXT_MOST_BYTES

    def endpoint(self, room: RoomOfStaff) -> Endpoint:
        """Return what answers requests, with the room that it is handed."""
        doors = room.doors

        def enter(request: Request) -> OpenVisit:
            visit = OpenVisit(request, doors.sign_in_of(request))
            request.state.session = visit.sign_in
            if self.lets_in is not None:
                self.lets_in(room, visit)
            return visit

        async def answer(request: Request) -> Response:
            visit = await in_thread(enter, request)
            if self.method not in SAFE_METHODS:
                fields = await doors.fields_of(request, (), self.most_bytes)
                visit = OpenVisit(request, visit.sign_in, fields)
                if self.proof is not None:
                    self.proof(room, visit)
            response: Response = await run(self.handler, room, visit)
            return response

        return answer


def redirect(request: Request, path: str) -> Response:
    """Return a redirect to a path below the root of the site."""
    return RedirectResponse(path_to_root(request) + path, 303, {"Cache-Control": "no-store"})
