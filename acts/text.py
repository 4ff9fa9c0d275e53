"""What people type, made the same on every way in before it is measured, compared or kept.

Forms, JSON, cells of tables, names and what is searched for are all read by these. What can't be
meant goes; every writing stays as it was written: the selectors and separators of Mongolian, the
joiners of Uyghur and of emoji, Tibetan letter by letter.
"""

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
# Control characters, lone surrogates, what has no width, marks that turn the direction.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\u00ad"
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
)
_MONGOLIAN = "\u1800-\u18af"
# Writing in which a joiner says something: Arabic, Indic, Mongolian and their like, and emoji.
_JOINED = (
    f"\u0600-\u109f\u1700-\u17ff{_MONGOLIAN}\u1900-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010800-\U00011fff\U0001e900-\U0001e95f\u00a9\u00ae\u20e3\u2190-\u2bff\u3030\u303d\u3297"
    "\u3299\ufe0f\U0001f000-\U0001faff\U000e0020-\U000e007f"
)
_JOINERS = "\u180e\u200c\u200d"
_JOINER = re.compile(f"[{_JOINERS}]")
# Between other letters a joiner is nothing but two names that look alike.
_STRAY_JOINERS = re.compile(f"(?<![{_JOINED}])[{_JOINERS}]+(?![{_JOINED}])")
# The narrow space of Mongolian parts a suffix from its word, and is no space between words.
_SPACES = re.compile(f"(?:[\t\n \u00a0\u1680\u2000-\u200a\u205f\u3000]|(?<![{_MONGOLIAN}])\u202f)+")
# Unicode would have some Tibetan letters written as two.
_NOT_TIBETAN = re.compile("[^\u0f00-\u0fff]+")
_MIDDLE_DOT = re.compile("\\s*[\u00b7\u2022\u30fb\u2027\uff65\u2219\u22c5]\\s*")
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SPACE_IN_HAN = re.compile(f"(?<=[{_HAN}]) (?=[{_HAN}])")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－", "-"))


def clean_words(text: str) -> str:
    """Return a text in NFC with \\n line ends, without what nobody can see and nobody meant.

    White space at its ends goes; the words themselves stay as they were typed.
    """
    if not text:
        return text
    text = _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))
    if not unicodedata.is_normalized("NFC", text):
        text = _NOT_TIBETAN.sub(lambda run: unicodedata.normalize("NFC", run[0]), text)
    if _JOINER.search(text):
        text = _STRAY_JOINERS.sub("", text)
    return text.strip()


def clean_line(text: str) -> str:
    """Return a text cleaned and on one line: all white space between words is one plain space."""
    return _SPACES.sub(" ", clean_words(text))


def clean_name(text: str) -> str:
    """Return a name as it is compared and shown.

    Any middle dot (U+00B7, U+2022, U+30FB, U+2027 …) becomes U+00B7 without spaces around it,
    and the spaces that pad a two-character name (李　明) go. Spaces in Latin names stay.
    """
    return _SPACE_IN_HAN.sub("", _MIDDLE_DOT.sub("\u00b7", clean_line(text)))


def plain_digits(text: str) -> str:
    """Return `text` on one line with full-width digits, letters and signs made plain ones."""
    return unicodedata.normalize("NFKC", clean_line(text)).translate(_DASHES).strip()


def folded(text: str) -> str:
    """Return a text as it is looked for: full-width forms made plain, capitals small."""
    return unicodedata.normalize("NFKC", text).casefold()
