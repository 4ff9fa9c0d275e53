"""A whole site and what it is compared by: the hash of every file."""

import hashlib
import os
import shutil
from pathlib import Path

from publisher.content import Content
from publisher.site import Publisher
from publisher.writing.record import NAME, SiteRecord
from tests.site import counties

BASE = "https://hui.example.org/qinghe/"


def tree(folder: Path) -> dict[str, str]:
    """Every file of a site with the hash of its bytes; its record by all that the lines tell."""
    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    if record := SiteRecord.read(folder):
        files[NAME] = hashlib.sha256(record.whole()).hexdigest()
    return files


def folders(folder: Path) -> set[str]:
    """Every folder of a site."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_dir()}


def built(content: Content, out: Path) -> dict[str, str]:
    """A whole site of `content`."""
    Publisher(lambda: content, out, BASE).build_full()
    return tree(out)


def copied(site: Path, out: Path) -> None:
    """Makes `out` a copy of a site. It shares what is never written into: all but the record."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(site, out, copy_function=_copied)


def _copied(source: str, target: str) -> None:
    (shutil.copyfile if Path(source).name == NAME else os.link)(source, target)


NOTICES = [counties.notice(n) for n in range(64)]
