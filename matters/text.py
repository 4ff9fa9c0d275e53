"""What people type, made the same everywhere before it is measured, compared or kept."""

import unicodedata

# Zero-width characters and the marks that turn the direction of writing.
_DROPPED = dict.fromkeys(
    (
        0x061C,
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        0x2060,
        *range(0x2066, 0x206A),
        0xFEFF,
    )
)
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
