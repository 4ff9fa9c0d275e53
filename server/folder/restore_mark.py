"""The mark of a restore that is under way: as long as it stands, nothing works on the folder.

It is written before anything else of a restore and removed when all is there, so what a killed one
left is never taken for a whole node, and `huiyin restore` knows that it may go on.
"""

from pathlib import Path

import msgspec

from eventlog.files import flush, write_atomically

FILE_NAME = "restore-begun"


class RestoreBegun(Exception):
    """A restore into this folder was begun and has not ended."""

    code = "restore-begun"

    def __init__(self, folder: Path) -> None:
        self.what = (
            f"{folder}: 恢复没有做完,没有改动 / a restore was begun here and has not ended; "
            "nothing was changed"
        )
        self.do = (
            "等它做完,或把同一条 huiyin restore 命令再运行一遍 / let it end, or run the same "
            "huiyin restore again"
        )
        super().__init__(f"{self.what} → {self.do}")


class RestoreMark(msgspec.Struct, frozen=True):
    """What a restore was begun with: the replica, without its passwords, and whether new keys."""

    replica: str = ""
    new_keys: bool = False


def begin(folder: Path, mark: RestoreMark) -> None:
    """Write down that a restore into the folder begins."""
    write_atomically(folder / FILE_NAME, msgspec.json.encode(mark))


def begun(folder: Path) -> RestoreMark | None:
    """Return what a restore was begun with that has not ended, or None."""
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=RestoreMark)
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return RestoreMark()


def refuse_begun(folder: Path) -> None:
    """Raise RestoreBegun where a restore into the folder has not ended."""
    if (folder / FILE_NAME).exists():
        raise RestoreBegun(folder)


def end(folder: Path) -> None:
    """Remove the mark: all that a restore brings is on the disk."""
    (folder / FILE_NAME).unlink()
    flush(folder)
