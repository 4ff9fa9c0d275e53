"""Drawing a sheet: HTML in, PDF out, with nothing fetched from anywhere.

WeasyPrint is imported when something is drawn and no sooner: a node without Pango serves everything
else. Run as a program (`python -m server.paper.drawing`) it reads HTML from standard input and
writes the PDF to standard output; so the server draws in a process of its own, which knows no data
folder and no key.
"""

import asyncio
import ctypes
import logging
import os
import sys
from contextlib import redirect_stdout, suppress
from types import ModuleType

from acts.refusals import N_, Refusal

# 300 sheets take a minute on a calm machine; what takes this long hangs.
DRAW_MOST_S = 240.0
# Two cores draw two PDFs; more at once would only make all of them late.
AT_ONCE = 2
WAITING_MOST = 6
_places = asyncio.Semaphore(AT_ONCE)
_asked: set[object] = set()
# Intake goes before printing.
_NICE = 10


class PaperMissing(Refusal):
    """This machine can't draw: Pango or a Chinese font is not installed."""

    code = "no-paper"
    status = 503
    message = N_("这台机器上还不能生成打印件：缺少排版组件 Pango 或中文字体。")
    advice = N_("请系统管理员运行 tools/setup paper，装好以后不用重启。其他功能不受影响。")


class PaperFailed(Refusal):
    """A PDF was not made, or not in time."""

    code = "paper-failed"
    status = 503
    message = N_("打印件没有生成成功，可能一次要的太多。")
    advice = N_("请少选一些，分几次生成；还不行请告诉系统管理员。")


class PaperBusy(Refusal):
    """Others are having PDFs drawn, and more wait already."""

    code = "paper-busy"
    status = 503
    message = N_("前面还有好几份打印件在生成，请过一两分钟再试。")


def _weasyprint() -> ModuleType:
    """Return WeasyPrint, which looks for its libraries when it is imported.

    It tells Pillow to take half a picture for a whole one, in all of the process: that is undone.
    """
    from PIL import ImageFile

    as_it_was = ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        import weasyprint  # type: ignore[import-untyped]  # it ships no types
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = as_it_was
    return weasyprint  # type: ignore[no-any-return]  # likewise


def why_missing() -> str:
    """Return in words what is missing for drawing, "" where everything is there."""
    try:
        with redirect_stdout(sys.stderr):
            _weasyprint()
    except (ImportError, OSError) as error:
        return f"WeasyPrint: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
    return "" if _has_chinese_font() else "没有中文字体 / no Chinese font (fonts-wqy-microhei)"


class _FontSet(ctypes.Structure):
    _fields_ = (("count", ctypes.c_int), ("room", ctypes.c_int), ("fonts", ctypes.c_void_p))


def _has_chinese_font() -> bool:
    """Return whether any installed font has Chinese, by what fontconfig tells Pango, too."""
    try:
        library = ctypes.CDLL("libfontconfig.so.1")
    except OSError:
        return False
    for function in ("FcNameParse", "FcObjectSetCreate"):
        getattr(library, function).restype = ctypes.c_void_p
    library.FcFontList.restype = ctypes.POINTER(_FontSet)
    library.FcFontList.argtypes = [ctypes.c_void_p] * 3
    fonts = library.FcFontList(
        None, library.FcNameParse(b":lang=zh-cn"), library.FcObjectSetCreate()
    )
    return bool(fonts) and fonts.contents.count > 0


def draw(html: str) -> bytes:
    """Return the PDF of an HTML document. Raises PaperMissing."""
    if why_missing():
        raise PaperMissing
    weasyprint = _weasyprint()
    from weasyprint.urls import URLFetcher  # type: ignore[import-untyped]  # likewise

    # A sheet brings all that it needs: whatever else it names comes from somebody's text.
    nothing = URLFetcher(allowed_protocols=())
    return bytes(weasyprint.HTML(string=html, url_fetcher=nothing).write_pdf())


async def draw_apart(html: str) -> bytes:
    """Return the PDF of an HTML document, drawn in a process of its own.

    Raises PaperMissing, PaperBusy, and PaperFailed where it ends badly or takes too long.
    """
    if len(_asked) >= AT_ONCE + WAITING_MOST:
        raise PaperBusy
    request = object()
    _asked.add(request)
    try:
        return await _draw_apart(html)
    finally:
        _asked.discard(request)


async def _draw_apart(html: str) -> bytes:
    async with _places:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "server.paper.drawing",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(DRAW_MOST_S):
                pdf, _ = await child.communicate(html.encode())
        except TimeoutError as error:
            raise PaperFailed from error
        finally:
            # Also when whoever asked is gone.
            with suppress(ProcessLookupError):
                child.kill()
            await asyncio.shield(child.wait())
    if child.returncode == _MISSING:
        raise PaperMissing
    if child.returncode != 0 or not pdf:
        raise PaperFailed
    return pdf


_MISSING = 3


def main() -> None:
    """Draw from standard input to standard output; ends with 3 where this machine can't."""
    os.nice(_NICE)
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    try:
        pdf = draw(sys.stdin.buffer.read().decode())
    except PaperMissing:
        raise SystemExit(_MISSING) from None
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
