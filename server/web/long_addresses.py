"""Addresses longer than the parser can read (64 KiB): a pasted page in the search, or an attack.

uvicorn would answer them in plain text, in English, before anything of ours is asked, and keep as
much of one in memory as somebody likes to send.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

ADDRESS_MOST_BYTES = 60_000
# What a question to the search begins with; the search itself cuts it further, and says so.
_CUT = b"/search?"
_NOWHERE = b"/address-too-long"


class ShortAddresses(HttpToolsProtocol):
    """uvicorn's protocol, but a question to the search is cut, and other such addresses are 404."""

    def on_url(self, url: bytes) -> None:
        """Take a piece of the address."""
        self.url += url[: ADDRESS_MOST_BYTES - len(self.url)]

    def on_headers_complete(self) -> None:
        """Go on with an address that can be read."""
        if len(self.url) == ADDRESS_MOST_BYTES and not self.url.startswith(_CUT):
            self.url = _NOWHERE
        super().on_headers_complete()
