"""Notices without a database, for specimens and tests of pages."""

from collections.abc import Iterable, Iterator

from matters.public.notices import Extent, ListKind, Notice


class NoticesInMemory:
    """Notices held in lists, and the `withdrawn` that left their places empty.

    Its methods are those of `publisher.content.Notices`.
    """

    def __init__(self, notices: Iterable[Notice] = (), withdrawn: Iterable[Notice] = ()) -> None:
        self._shown = {notice.number: notice for notice in notices}
        left = [notice for notice in withdrawn if notice.number not in self._shown]
        stood = sorted((*self._shown.values(), *left), key=lambda n: (n.standing_since, n.number))
        self._lists: dict[tuple[ListKind, str], list[Notice]] = {}
        for notice in stood:
            for kind in ListKind:
                self._lists.setdefault((kind, notice.key(kind)), []).append(notice)

    def _list(self, kind: ListKind, key: str) -> list[Notice]:
        return self._lists.get((kind, key), [])

    def _of(self, notices: Iterable[Notice]) -> list[Notice]:
        return [notice for notice in notices if notice.number in self._shown]

    def by_number(self, number: str) -> Notice | None:
        """See `Notices`."""
        return self._shown.get(number)

    def latest(self, limit: int) -> list[Notice]:
        """See `Notices`."""
        return self.of(ListKind.ALL, "", limit)

    def of(self, kind: ListKind, key: str, limit: int) -> list[Notice]:
        """See `Notices`."""
        return self._of(reversed(self._list(kind, key)))[:limit]

    def keys(self, kind: ListKind) -> list[tuple[str, int]]:
        """See `Notices`."""
        counts = (
            (key, len(self._of(listed))) for (k, key), listed in self._lists.items() if k == kind
        )
        return sorted((key, count) for key, count in counts if count)

    def extent(self, kind: ListKind, key: str) -> Extent:
        """See `Notices`."""
        listed = self._list(kind, key)
        return Extent(len(listed), len(self._of(listed)))

    def at(self, kind: ListKind, key: str, first: int, count: int) -> list[Notice]:
        """See `Notices`."""
        return self._of(self._list(kind, key)[first : first + count])[::-1]

    def place(self, kind: ListKind, key: str, number: str) -> int | None:
        """See `Notices`."""
        listed = self._list(kind, key)
        return next((n for n, notice in enumerate(listed) if notice.number == number), None)

    def numbers(self, first: int = 0, count: int = -1) -> Iterator[str]:
        """See `Notices`."""
        listed = self._list(ListKind.ALL, "")[first:]
        yield from (n.number for n in self._of(listed if count < 0 else listed[:count]))
