"""Every error that a person or program can meet, and the one place that turns it into an answer."""

import errno
import logging
import sqlite3
from collections.abc import Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from acts.refusals import N_, BadFields, FieldProblem, Refusal
from eventlog.sealing import UnsealError
from eventlog.writer import StorageFull, WriterBusy, WriterStopped
from matters.refusals import NotFound
from server.web.languages import (
    CHINESE,
    ENGLISH,
    language_of,
    other_than,
    tag_of,
    translated,
    wants_json,
)
from server.web.pages import public_page
from server.web.wording import STATES

logger = logging.getLogger("huiyin.problems")


class NotSignedIn(Refusal):
    """No valid session or bearer token."""

    code = "not-signed-in"
    status = 401
    message = N_("请先登录。")


class WrongFormToken(Refusal):
    """A console form that this session did not make, or made before signing in again."""

    code = "wrong-form-token"
    status = 403
    message = N_("页面已过期，或不是从本系统打开的。")
    advice = N_("请返回上一页，刷新后再提交；您写的内容浏览器会留着。")


class TooLarge(Refusal):
    """A body over the limit of its kind."""

    code = "too-large"
    status = 413
    message = N_("内容太大，收不下。")
    advice = N_("照片最多 3 张，每张最多 8 MB；文字最多 10,000 字。")


class Unreadable(Refusal):
    """A body that is not what its content type says."""

    code = "unreadable"
    status = 400
    message = N_("发来的内容读不出来，可能在路上损坏了，或者编码不是 UTF-8。")
    advice = N_("请刷新页面再试一次；还不行请拨打联络站电话。")


class WrongMediaType(Refusal):
    """A content type that this address does not take."""

    code = "wrong-media-type"
    status = 415
    message = N_("这种格式收不了。")
    advice = N_("请用网页表单，或 application/json。")


class Busy(Refusal):
    """More is waiting than can be done soon; nothing was taken."""

    code = "busy"
    status = 503
    message = N_("现在太忙，请过一会儿再试。")
    advice = N_("您写的内容没有丢，返回上一页还在。")


class TooManyTries(Refusal):
    """Too many wrong passwords for one name."""

    code = "too-many-tries"
    status = 429
    message = N_("密码错了太多次，请 15 分钟后再试，或请管理员重设。")


class _NoRoom(Refusal):
    code = "no-room"
    status = 507
    message = N_("存储空间已满或有故障，没有收下。")
    advice = N_("您的内容还在您这里，请稍后再试，或拨打联络站电话。")


class _Stopping(Busy):
    code = "stopping"
    message = N_("系统正在重启，请一分钟后再试。")


class _Sealed(Refusal):
    code = "sealed"
    status = 409
    message = N_("联系方式打不开：这台服务器没有对应的恢复凭证。")
    advice = N_("请管理员用恢复凭证恢复密钥。")


class _Unexpected(Refusal):
    code = "unexpected"
    status = 500
    message = N_("系统出了意外，已经记录下来。")
    advice = N_("您写的内容返回上一页还在，请稍后再试。")


class _WrongMethod(Refusal):
    code = "method-not-allowed"
    status = 405
    message = N_("这个网址不能这样打开。")


def refusal_of(error: Exception) -> Refusal:
    """Return what an error is to the person who met it."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, StorageFull):
        return _NoRoom()
    if isinstance(error, WriterBusy) or _is_short_of_means(error):
        return Busy()
    if isinstance(error, WriterStopped):
        return _Stopping()
    if isinstance(error, UnsealError):
        return _Sealed()
    if isinstance(error, HTTPException):
        if error.status_code == 404:
            return NotFound()
        if error.status_code == 405:
            return _WrongMethod()
        if error.status_code == 413:
            return TooLarge()
        return Unreadable()
    return _Unexpected()


def _is_short_of_means(error: Exception) -> bool:
    """Return whether descriptors, threads or memory were used up, which passes."""
    if isinstance(error, OSError):
        return error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
    if isinstance(error, sqlite3.OperationalError):
        # Its code is missing where not even the file could be opened.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CANTOPEN)
        return code & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM)
    return isinstance(error, MemoryError) or "can't start new thread" in str(error)


def field_messages(language: str, problems: Sequence[FieldProblem]) -> list[dict[str, str]]:
    """Return each problem as CONTRACT gives it, with both languages beside the asked one."""
    return [
        {
            "field": problem.field,
            "code": problem.code,
            "message": translated(language, problem.message, **problem.values),
            "message_zh": translated(CHINESE, problem.message, **problem.values),
            "message_en": translated(ENGLISH, problem.message, **problem.values),
        }
        for problem in problems
    ]


def words_of(language: str, refusal: Refusal) -> tuple[str, str]:
    """Return a refusal's message and advice in a language."""
    values: dict[str, Any] = dict(refusal.values)
    if "state" in values:
        values["state"] = translated(language, STATES.get(values["state"], str(values["state"])))
    return (
        translated(language, refusal.message, **values),
        translated(language, refusal.advice, **values),
    )


def page_errors(language: str, refusal: Refusal | None, *, field: str = "") -> list[dict[str, str]]:
    """Return what stands at the top of a page that is shown again: each problem, or the refusal.

    `field` is where a refusal of the whole leads.
    """
    if refusal is None:
        return []
    if isinstance(refusal, BadFields):
        return field_messages(language, refusal.problems)
    message, advice = words_of(language, refusal)
    return [{"field": field, "code": refusal.code, "message": f"{message}{advice}"}]


def json_problem(language: str, refusal: Refusal) -> JSONResponse:
    """Return a refusal as JSON: always a list of errors with field, code and message."""
    if isinstance(refusal, BadFields):
        errors = page_errors(language, refusal)
    else:
        message, advice = words_of(language, refusal)
        errors = [
            {
                "field": "",
                "code": refusal.code,
                "message": message,
                "message_zh": words_of(CHINESE, refusal)[0],
                "message_en": words_of(ENGLISH, refusal)[0],
                "advice": advice,
            }
        ]
    return JSONResponse({"errors": errors}, refusal.status, headers=_headers(refusal))


def _headers(refusal: Refusal) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if refusal.status in (503, 429):
        headers["Retry-After"] = "10" if refusal.status == 503 else "900"
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return headers


async def answer_problem(request: Request, error: Exception) -> Response:
    """Return the answer to an error: JSON for programs, a page in both languages for people."""
    refusal = refusal_of(error)
    if refusal.status == 500:
        logger.error(
            "unexpected error at %s", request.scope.get("path"), exc_info=error, stack_info=False
        )
    language = language_of(request)
    if wants_json(request):
        return json_problem(language, refusal)
    other = other_than(language)
    message, advice = words_of(language, refusal)
    return public_page(
        request,
        "problem.html",
        title=message,
        status=refusal.status,
        headers=_headers(refusal),
        message=message,
        advice=advice,
        also=words_of(other, refusal)[0],
        also_lang=tag_of(other),
    )
