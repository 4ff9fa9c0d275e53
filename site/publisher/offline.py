"""The one script of the public pages and the service worker that runs it too.

Both are made from the sources in `phone/`: read there first. Pages that name no script have none.
"""

import hashlib
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_SOURCES = Path(__file__).parent / "phone"
# In this order they are one script: what is kept and sent, in a page, in the worker.
_PARTS = ("outbox.js", "page.js", "worker.js")
WORKER = "sw.js"
# Texts and regular expressions are left alone; every statement ends with a semicolon or brace.
_TOKENS = re.compile(
    r"""(?P<kept>`[^`]*`|"(?:\\.|[^"\\])*"|'[^']*'|(?<=[(&=:] )/(?![/*])(?:\\.|[^/\\\n])+/"""
    r"""|(?<=[(&=:])/(?![/*])(?:\\.|[^/\\\n])+/)"""
    r"""|//.*|/\*.*?\*/|(?P<space>\s+)"""
)


@cache
def script() -> bytes:
    """The script as it is served: squeezed."""
    text = "\n".join((_SOURCES / part).read_text(encoding="utf-8") for part in _PARTS)
    return f'"use strict";(()=>{{{renamed(squeezed(text))}}})();\n'.encode()


def squeezed(code: str) -> str:
    """Return JavaScript without comments and needless space."""
    bare = _TOKENS.sub(lambda found: found["kept"] or (" " if found["space"] else ""), code)
    tight = _TOKENS.sub(lambda found: found["kept"] or _space_in(bare, found), bare).strip()
    tight = re.sub(r"[;,]+(?=[})])", "", tight)
    return re.sub(r"(?<!async)\((\w+)\)=>", r"\1=>", tight)


def renamed(code: str) -> str:
    """Return squeezed JavaScript with one letter for each constant and variable of its own.

    A name that is also a property's or stands within a text keeps its length.
    """
    texts = " ".join(found["kept"] or "" for found in _TOKENS.finditer(code))
    properties = set(re.findall(r"(?<=\.)\w+|\w+(?=:)", code)) | set(re.findall(r"\w+", texts))
    declared = re.findall(r"\b(?:const|let) (\w+)|\bconst\[([\w,]+)\]|\(?\b([\w,]+)\)?=>", code)
    own = {name for found in declared for name in ",".join(found).split(",")} - properties - {""}
    used = set(re.findall(r"\w+", code))
    letters = (letter for letter in string.ascii_letters if letter not in used)
    short = dict(
        zip(sorted(own, key=lambda name: (-code.count(name), name)), letters, strict=False)
    )
    return re.sub(r"(?<![.\w$])[A-Za-z]\w*", lambda found: short.get(found[0], found[0]), code)


def _space_in(code: str, space: re.Match[str]) -> str:
    """Return the space that must stay: between two words."""
    before, after = code[space.start() - 1 : space.start()], code[space.end() : space.end() + 1]
    return " " if re.fullmatch(r"[\w$][\w$]", before + after) else ""


@cache
def script_name() -> str:
    """Where it stands below the site's root; another script has another name."""
    return f"outbox-{hashlib.sha256(script()).hexdigest()[:16]}.js"


def worker() -> bytes:
    """The service worker: its bytes change with the script, so browsers take the new one."""
    return f'self.script="{script_name()}";importScripts(script);\n'.encode()


def files() -> Iterator[tuple[str, bytes]]:
    """Both files, by their paths from the root."""
    yield script_name(), script()
    yield WORKER, worker()
