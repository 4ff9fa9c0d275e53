"""The newest point of a damaged replica that is whole.

Litestream restores from the newest snapshot and what follows it. Where one of these files is
damaged (a flipped bit, a cut file), an older snapshot may still lead to the same end by the files
that were folded together meanwhile: nothing of them goes before the snapshots do. So the files of
one way are copied, and Litestream itself tells which of them is damaged: by halves, for a way that
is whole up to a file is whole without what follows it. Then comes the next best way without that.
"""

import struct
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sync.keeping.replica import ReplicaPlace
from sync.keeping.stores.store import Store, open_store

# Of an LTX file's header: when it was made, milliseconds since 1970.
_MADE_AT = struct.Struct(">q")
_MADE_AT_OFFSET = 32


@dataclass(frozen=True)
class File:
    """One LTX file: the transactions from `first` to `last`. One whose first is 1 begins a way."""

    name: str
    level: int
    first: int
    last: int

    @classmethod
    def parse(cls, name: str) -> "File | None":
        """Return what `…/ltx/{level}/{first}-{last}.ltx` names, None where it is no such name."""
        parts = name.rsplit("/", 2)
        try:
            first, _, last = parts[-1].removesuffix(".ltx").partition("-")
            return cls(name, int(parts[-2]), int(first, 16), int(last, 16))
        except (ValueError, IndexError):
            return None


@dataclass(frozen=True)
class WholePoint:
    """Up to where a damaged replica was restored.

    - `transaction`: the last one, and `newest` the last that the replica had.
    - `made_at_ms`: when the last file was made, milliseconds since 1970.
    - `damaged`: the names of the files that are.
    """

    transaction: int
    newest: int
    made_at_ms: int
    damaged: tuple[str, ...]

    @property
    def is_newest(self) -> bool:
        """Whether nothing is missing all the same."""
        return self.transaction >= self.newest


def best_way(files: Sequence[File]) -> list[File]:
    """Return the files that lead furthest, in their order, each with as much as there is."""
    way: list[File] = []
    reached = 0
    while True:
        next_files = [file for file in files if file.first <= reached + 1 and file.last > reached]
        if not next_files:
            return way
        way.append(max(next_files, key=lambda file: (file.last, file.level)))
        reached = way[-1].last


def restore_whole_point(
    name: str, place: ReplicaPlace, scratch: Path, attempt: Callable[[ReplicaPlace], bool]
) -> WholePoint | None:
    """Restore the newest whole point of a database below a place; None where no way is whole.

    `attempt` restores from a folder and returns whether that came out whole; the last one that did
    is what stays. Copies lie below `scratch`. Raises StoreError.
    """
    store = open_store(place)
    try:
        named = [File.parse(path) for path in store.names(name)]
        files = [file for file in named if file is not None]
        newest = max((file.last for file in files), default=0)
        damaged: list[str] = []
        while way := best_way(files):
            with tempfile.TemporaryDirectory(prefix="way-", dir=scratch) as folder:
                bad = _first_damaged(store, way, Path(folder), attempt)
                if bad is None:
                    made_at_ms = _made_at_ms(Path(folder) / way[-1].name)
                    return WholePoint(way[-1].last, newest, made_at_ms, tuple(damaged))
            damaged.append(bad.name)
            files.remove(bad)
        return None
    finally:
        store.close()


def _first_damaged(
    store: Store, way: Sequence[File], folder: Path, attempt: Callable[[ReplicaPlace], bool]
) -> File | None:
    """Return the first damaged file of a way, None where all of it was restored."""
    for file in way:
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        store.fetch(file.name, path)

    def is_whole(count: int) -> bool:
        with tempfile.TemporaryDirectory(prefix="part-", dir=folder) as part:
            for file in way[:count]:
                link = Path(part) / file.name
                link.parent.mkdir(parents=True, exist_ok=True)
                link.hardlink_to(folder / file.name)
            return attempt(ReplicaPlace(folder=Path(part), url=None))

    if is_whole(len(way)):
        return None
    # Whole are the first `low` of them, and not the first `high`.
    low, high = 0, len(way)
    while high - low > 1:
        middle = (low + high) // 2
        if is_whole(middle):
            low = middle
        else:
            high = middle
    return way[low]


def _made_at_ms(path: Path) -> int:
    with path.open("rb") as file:
        file.seek(_MADE_AT_OFFSET)
        return int(_MADE_AT.unpack(file.read(_MADE_AT.size))[0])
