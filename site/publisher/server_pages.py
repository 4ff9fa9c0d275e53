"""Pages that the server makes when a person asks: the frame around its own, and the form.

They have machinery of their own, so that nobody who asks waits until a publish is through.
"""

import threading
from collections.abc import Callable, Mapping, Sequence

from publisher.content import Content
from publisher.frame import Frame, rerooted
from publisher.machinery import Machinery
from publisher.pages import fixed_pages
from publisher.sources import PageSource


class AskedPages:
    """Makes them from `content_source`, which is called each time and had better be quick.

    Of the content only the registers are looked at; ledger and notices may be empty. `base_url`
    is where the site stands.
    """

    def __init__(
        self,
        content_source: Callable[[], Content],
        base_url: str = "",
    ) -> None:
        self._source = content_source
        self._lock = threading.Lock()
        self._machinery = Machinery.of_site(
            base_url.rstrip("/") + "/" if base_url else "", "", from_files=False
        )

    def frame(self) -> Frame:
        """A frame for the server's own pages, with the county as it is now."""
        with self._lock:
            self._machinery.registers(self._source())
            return Frame(self._machinery)

    def form(
        self,
        values: Mapping[str, str],
        errors: Sequence[Mapping[str, str]],
        root: str,
        lang: str = "zh",
    ) -> str:
        """The submission form in Chinese or English (`lang`), with `values` by field as typed.

        `errors` have field and message. A `station` or `deputy` among the values that is in
        the registers is named at the top.
        """
        with self._lock:
            registers = self._machinery.registers(self._source())
            source = fixed_pages.submit(registers, values, errors, lang)
            return rerooted(self._machinery.text(source), root)

    def text(self, source: PageSource) -> str:
        """A generated page, two folders deep, for a preview of what is not yet saved."""
        with self._lock:
            self._machinery.registers(self._source())
            return self._machinery.text(source)
