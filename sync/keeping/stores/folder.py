"""A replica in a folder, on this machine or on a disk that is mounted here."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from eventlog.files import flush, write_atomically
from sync.keeping.stores.store import StoreError


class FolderStore:
    """The objects are files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None where there is none."""
        with _told(f"read {name}"):
            try:
                return (self._folder / name).read_bytes()
            except (FileNotFoundError, IsADirectoryError):
                return None

    def fetch(self, name: str, path: Path) -> None:
        """Copy a file."""
        with _told(f"read {name}"):
            shutil.copyfile(self._folder / name, path)

    def create(self, name: str, content: bytes) -> bool:
        """Write a file where none is: a link is made once, and to what is whole already."""
        target = self._folder / name
        with _told(f"write {name}"):
            target.parent.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(descriptor)
                Path(target).hardlink_to(temporary)
            except FileExistsError:
                return False
            finally:
                Path(temporary).unlink()
            flush(target.parent)
        return True

    def replace(self, name: str, content: bytes) -> None:
        """Write a file, atomically."""
        with _told(f"write {name}"):
            write_atomically(self._folder / name, content, mode=0o600)

    def names(self, below: str) -> list[str]:
        """Return the names of all files below a folder, none where there is no such folder."""
        with _told(f"list {below}"):
            if self._folder.exists() and not self._folder.is_dir():
                raise NotADirectoryError(20, "Not a directory", str(self._folder))
            return sorted(
                path.relative_to(self._folder).as_posix()
                for path in (self._folder / below).rglob("*")
                if path.is_file()
            )

    def agreed_up_to(self, top: str) -> int:
        """Return 0: there are not several servers."""
        return 0

    def make_place(self, top: str) -> None:
        """Nothing: Litestream makes its folders."""

    def move_aside(self, label: str, tops: Sequence[str]) -> None:
        """Rename them: each at once, or file by file where a call that was cut began with it."""
        aside = self._folder / label
        with _told("move aside"):
            aside.mkdir(parents=True, exist_ok=True)
            for top in tops:
                is_begun = (aside / top).is_dir()
                for name in self.names(top) if is_begun else [top]:
                    if (self._folder / name).exists():
                        (aside / name).parent.mkdir(parents=True, exist_ok=True)
                        (self._folder / name).replace(aside / name)
            flush(aside)
            flush(self._folder)

    def free_bytes(self) -> int | None:
        """Return what the folder's disk has left."""
        with _told("see the room left"):
            return shutil.disk_usage(self._folder).free

    def close(self) -> None:
        """Nothing is held open."""


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"can't {what}: {error}") from error
