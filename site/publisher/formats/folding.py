"""Content lines of calendars and cards: escaped, folded at 75 octets, ended by CRLF."""

from collections.abc import Iterable

from publisher.words.wording import visible


def escaped(text: str) -> str:
    """A text value (RFC 5545 3.3.11, RFC 2426 5)."""
    text = visible(text)
    for old, new in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(old, new)
    return text


def folded(line: str) -> str:
    """One content line with its CRLF; no octet sequence of a character is cut (RFC 5545 3.1)."""
    pieces: list[str] = []
    piece = ""
    size_bytes = 0
    for character in line:
        width = len(character.encode())
        if size_bytes + width > 75:
            pieces.append(piece)
            piece = " "
            size_bytes = 1
        piece += character
        size_bytes += width
    pieces.append(piece)
    return "\r\n".join(pieces) + "\r\n"


def lines(content: Iterable[str]) -> bytes:
    """A whole file of content lines, UTF-8."""
    return "".join(map(folded, content)).encode()
