"""What people type, made the same everywhere before it is measured, compared or kept."""

import unicodedata

# Zero-width characters and the marks that turn the direction of writing.
_DROPPED = dict.fromkeys(
    (*range(0x200B, 0x200E), 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
)
_LINES = str.maketrans({"\u2028": "\n", "\u2029": "\n", "\x85": "\n", "\v": "\n", "\f": "\n"})


def normalise_text(text: str) -> str:
    """Return a text in NFC with \\n line ends, without control, zero-width and bidi characters.

    Leading and trailing white space goes; the words themselves stay as they were typed.
    """
    if not text:
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_LINES).translate(_DROPPED)
    if not text.isprintable():
        text = "".join(
            character
            for character in text
            if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")
        )
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    return text.strip()
