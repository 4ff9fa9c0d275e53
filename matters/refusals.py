"""What the rules of matters refuse, beside what any act can be refused for (`acts/refusals.py`)."""

from acts.refusals import N_, Refusal


class NoConsent(Refusal):
    """The person did not agree to a public text, or the kind never gets one."""

    code = "no-consent"
    status = 409
    message = N_("群众没有同意公开这件事，它只计入台账。")
    advice = N_("如群众后来同意，请先记录同意。")


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
