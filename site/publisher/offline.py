"""The one script of the public pages and the service worker that runs it too.

The sources are in `phone/`: read there first. What is served is `phone/squeezed.js`, which
`tools/squeeze` makes of them; a test holds the two together. Pages that name no script have none.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCES = Path(__file__).parent / "phone"
# In this order they are one script: what is kept and sent, in a page, in the worker.
PARTS = ("outbox.js", "page.js", "worker.js")
SQUEEZED = SOURCES / "squeezed.js"
WORKER = "sw.js"


def source() -> str:
    """The script as it was written, its parts one after another."""
    text = "\n".join((SOURCES / part).read_text(encoding="utf-8") for part in PARTS)
    return f'"use strict";(()=>{{{text}}})();'


@cache
def script() -> bytes:
    """The script as it is served: squeezed."""
    return SQUEEZED.read_bytes()


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
