"""Two languages: Chinese is what the templates and messages are written in, English a catalogue.

A message that has no translation yet is shown in Chinese, so a villager never meets a gap. The
catalogue is made of huiyin.po by `tools/translate`, and held to it by a test.
"""

import re
from gettext import NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acts.catalogue import catalogue
from acts.refusals import Message

if TYPE_CHECKING:  # The command line says both languages, and does without HTTP.
    from starlette.requests import HTTPConnection

CHINESE = "zh"
ENGLISH = "en"
LANGUAGES = (CHINESE, ENGLISH)
COOKIE = "lang"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
CATALOGUE = Path(__file__).parents[1] / "locale" / "en" / "huiyin.mo"


def translations(language: str) -> NullTranslations:
    """Return the catalogue of a language; that of Chinese changes nothing."""
    return catalogue(language, CATALOGUE)


def translated(language: str, message: str | Message, **values: Any) -> str:
    """Return a message in a language with its {placeholders} filled, with messages too."""
    if isinstance(message, Message):
        return translated(language, message.text, **message.values)

    def fill(placeholder: re.Match[str]) -> str:
        value = values.get(placeholder[1], placeholder[0])
        return translated(language, value) if isinstance(value, Message) else str(value)

    return _PLACEHOLDER.sub(fill, translations(language).gettext(message)) if message else ""


def in_both(message: str | Message, **values: Any) -> str:
    """Return a message in Chinese and English, as the command line shows it."""
    return " / ".join(translated(language, message, **values) for language in LANGUAGES)


def either(language: str, chinese: str, english: str) -> str:
    """Return the one of two names, such as a record has, that is the language's, if it has one."""
    return english if language == ENGLISH and english else chinese


def other_than(language: str) -> str:
    """Return the other one of the two languages."""
    return CHINESE if language == ENGLISH else ENGLISH


def tag_of(language: str) -> str:
    """Return a language as HTML names it."""
    return "en" if language == ENGLISH else "zh-CN"


def language_of(connection: "HTTPConnection") -> str:
    """Return the language to answer in: as asked for in the address or by cookie, else Chinese.

    Programs (Accept: application/json) are answered by their Accept-Language; a browser's is not
    asked, for a phone set up abroad says "en" of a villager who reads only Chinese.
    """
    for chosen in (connection.query_params.get("lang"), connection.cookies.get(COOKIE)):
        if chosen in LANGUAGES:
            return chosen
    if wants_json(connection):
        first = connection.headers.get("accept-language", "").split(",")[0].strip().lower()
        if first.startswith("en"):
            return ENGLISH
    return CHINESE


def wants_json(connection: "HTTPConnection") -> bool:
    """Return whether the sender asks for JSON rather than a page."""
    accept = connection.headers.get("accept", "")
    return "application/json" in accept or connection.scope["path"].startswith("/api/")
