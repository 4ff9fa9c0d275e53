"""What people type, made the same everywhere before it is measured, compared or kept."""

import unicodedata

_DROPPED = {
    ord(character): None
    for character in "\u200b\u200c\u200d\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
}
_LINES = str.maketrans({"\u2028": "\n", "\u2029": "\n", "\x85": "\n", "\v": "\n", "\f": "\n"})


def normalise_text(text: str) -> str:
    """Return a text in NFC with \\n line ends, without control, zero-width and bidi characters.

    Leading and trailing white space goes; the words themselves stay as they were typed.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_LINES).translate(_DROPPED)
    if not text.isprintable():
        text = "".join(
            character
            for character in text
            if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")
        )
    return unicodedata.normalize("NFC", text).strip()
