"""Compiled templates, kept where Python keeps compiled modules, for the next process."""

import contextlib
import hashlib
import importlib.util
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket


class CompiledTemplates(jinja2.FileSystemBytecodeCache):
    """The code of the templates of an environment that the modules `made_in` make.

    It lies in the first one's `__pycache__`, in a folder named by the modules' own bytes, for
    their options and filters decide what a template becomes. Where nothing can be read or written
    (a program that belongs to root, a full disk), templates are compiled anew and nothing else
    happens. Each file is written under another name and renamed, so processes need not wait for
    each other.
    """

    def __init__(self, *made_in: str) -> None:
        mark = hashlib.sha256(jinja2.__version__.encode())
        for module in made_in:
            mark.update(Path(module).read_bytes())
        folder = Path(importlib.util.cache_from_source(made_in[0])).parent
        super().__init__(str(folder / f"templates-{mark.hexdigest()[:16]}"), "%s.cache")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fills the bucket; leaves it empty where a file is missing or damaged."""
        try:
            super().load_bytecode(bucket)
        except Exception:
            # What a power cut left is any bytes, and pickle raises many kinds of error.
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Writes the code of a template down if that can be done."""
        with contextlib.suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)
