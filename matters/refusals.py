"""What the rules refuse, each with a stable code and a message in Chinese to be translated."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple


def N_(text: str) -> str:
    """Mark a message for the catalogue; whoever shows it translates it."""
    return text


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


class NoConsent(Refusal):
    """The person did not agree to a public text, or the kind never gets one."""

    code = "no-consent"
    status = 409
    message = N_("群众没有同意公开这件事，它只计入台账。")
    advice = N_("如群众后来同意，请先记录同意。")


class NotNow(Refusal):
    """The matter's state would allow the command, but what it answers to is not there."""

    code = "not-now"
    status = 409
    advice = N_("请看一看最新的办理情况。您写的内容已留存备查。")

    def __init__(self, message: str) -> None:
        super().__init__()
        self.message = message


class TooLate(Refusal):
    """A matter can be returned for some days only; then the unit has to handle it."""

    code = "too-late"
    status = 409
    message = N_("退回的期限已经过了，不能再退回。")
    advice = N_("确实不属本单位的，请打电话和人大办公室商量改派。")


class NotContent(Refusal):
    """A matter with which the person is not content isn't closed: it goes round again."""

    code = "not-content"
    status = 409
    message = N_("群众不满意，现在不能办结。")
    advice = N_("请承办单位说明原因、重新办理；办过规定的次数仍不满意，由常委会决定。")


class RoundsLeft(Refusal):
    """The standing committee decides once the unit has had its rounds."""

    code = "rounds-left"
    status = 409
    message = N_("现在是第 {round} 次办理，满 {rounds} 次以后才由常委会决定。")
    advice = N_("请先让承办单位说明原因、重新办理。")


class NotFound(Refusal):
    """No such matter, or not for this key; the two are never told apart."""

    code = "not-found"
    status = 404
    message = N_("没有找到。编号或查询码不对，或者网址已失效。")
    advice = N_("请核对编号和查询码，或拨打联络站电话询问。")
