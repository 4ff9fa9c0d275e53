"""What the pages of one's own account and of the accounts need."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eventlog.sealing import Sealer
from server.people.doors import StaffRoom
from server.people.sign_in import Attempts


@dataclass(frozen=True)
class PeopleRoom(StaffRoom):
    """Signing in and out, one's own account, everyone's accounts.

    `form_of` is (visit, kept, status) -> the page of a form with words that came without their
    session, None where it has none; `sealer` gives what seals a draft; `is_secure` is whether the
    node is reached over https, `mails` whether it can send mail.
    """

    attempts: Attempts
    form_of: Callable[..., Any]
    sealer: Callable[[], Sealer]
    session_hours: float
    is_secure: bool
    mails: bool
