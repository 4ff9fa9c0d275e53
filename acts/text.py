"""What people type, made the same everywhere before it is measured, compared or kept."""

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
# Control characters, lone surrogates, zero-width characters, marks that turn the direction.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff"
    "\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)


def normalise_text(text: str) -> str:
    """Return a text in NFC with \\n line ends, without control, zero-width and bidi characters.

    Leading and trailing white space goes; the words themselves stay as they were typed.
    """
    if not text:
        return text
    text = _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    return text.strip()
