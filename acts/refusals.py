"""What the rules refuse, each with a stable code and a message in Chinese to be translated."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple


def N_(text: str) -> str:
    """Mark a message for the catalogue; whoever shows it translates it."""
    return text


class Message(NamedTuple):
    """Words to be translated; `values`, which may be messages too, fill the {placeholders}.

    English words may take the value `name_en` where the Chinese take `name`.
    """

    text: str
    values: Mapping[str, Any] = MappingProxyType({})


class FieldProblem(NamedTuple):
    """What is wrong with one field: `message` may hold {placeholders} filled from `values`."""

    field: str
    code: str
    message: str
    values: Mapping[str, Any] = MappingProxyType({})


class Refusal(Exception):
    """A command or submission that the rules refuse. `values` fill the message's placeholders."""

    code = "refused"
    status = 422
    message = N_("这一步没有办成。")
    advice = ""

    def __init__(self, **values: Any) -> None:
        super().__init__(self.code)
        self.values = values


class BadFields(Refusal):
    """One or more fields are wrong; each is told."""

    code = "bad-fields"
    message = N_("有几处需要改一改，您写的内容都还在。")

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        super().__init__()
        self.problems = tuple(problems)

    @classmethod
    def of(cls, field: str, code: str, message: str, **values: Any) -> "BadFields":
        """Return the refusal of one field."""
        return cls([FieldProblem(field, code, message, values)])


class NotThisRole(Refusal):
    """The person's role, unit or place does not allow the command."""

    code = "not-this-role"
    status = 403
    message = N_("您的身份不能办这一步。")
    advice = N_("请与联络站或人大办公室联系。")


class NotFromThisState(Refusal):
    """The matter stands where the command is not possible."""

    code = "not-from-this-state"
    status = 409
    message = N_("这件事现在的状态是“{state}”，不能办这一步。")
    advice = N_("请看一看最新的办理情况。您写的内容已留存备查。")


class Stale(Refusal):
    """The page was made before somebody else's change."""

    code = "stale"
    status = 409
    message = N_("您打开页面之后，别人已经办过这件事了。")
    advice = N_("请看一看最新的情况，再决定要不要办。您写的内容还在下面。")


class NotNow(Refusal):
    """The matter's state would allow the command, but what it answers to is not there."""

    code = "not-now"
    status = 409
    advice = N_("请看一看最新的办理情况。您写的内容已留存备查。")

    def __init__(self, message: str) -> None:
        super().__init__()
        self.message = message
