"""What may be wrong with the keys of a data folder, and all that lies in a folder."""

from pathlib import Path

from eventlog.keys import FILE_NAME, make_keys, save_keys
from server.folder.restore_mark import RestoreMark, begin


def missing(data: Path) -> None:
    """Take the keys away."""
    (data / FILE_NAME).unlink()


def cut(data: Path) -> None:
    """Leave half of the keys' file."""
    content = (data / FILE_NAME).read_bytes()
    (data / FILE_NAME).write_bytes(content[: len(content) // 2])


def of_another(data: Path) -> None:
    """Put another node's keys there."""
    save_keys(data, make_keys())


def half_restored(data: Path) -> None:
    """Leave the folder as a restore that was killed does."""
    begin(data, RestoreMark("/replica"))


HARMS = {
    "missing": missing,
    "cut": cut,
    "of another": of_another,
    "half restored": half_restored,
}


def content(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, but for who holds it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "serve.lock"
    }
