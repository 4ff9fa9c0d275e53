"""A path or module that is named in a document, a docstring or a comment is there."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = [
    ROOT / line
    for line in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    if (ROOT / line).exists()
]
# What the changelog names stood there when it was written.
DOCUMENTS = [path for path in FILES if path.suffix == ".md" and path.name != "CHANGELOG.md"]
MODULES = [path for path in FILES if path.suffix == ".py"]
NAMES = [path.relative_to(ROOT).as_posix() for path in FILES]
PACKAGES = (
    *("eventlog", "acts", "stations", "deputies", "matters", "sync", "publisher", "server"),
    *("bench", "tests"),
)
# `found_text.py` or `search/found_text.py`, but no pattern such as `test_*.py`.
PATH = re.compile(r"(?<![\w/.*{<-])((?:[\w-]+/)*[\w-]+\.py)\b")
# A folder in backticks; those of the domain are addresses of the site as well.
FOLDER = re.compile(r"`((?:acts|bench|eventlog|server|site|sync|tests|tools)/(?:[\w-]+/)*)`")
# `sync.rounds.courier` or `matters.store.title_of`, in backticks.
DOTTED = re.compile(rf"`((?:{'|'.join(PACKAGES)})(?:\.(?!py\b)\w+)+)[`:(]")
# Also in the strings that are run as programs of their own.
IMPORT = re.compile(rf"\bfrom ((?:{'|'.join(PACKAGES)})(?:\.\w+)*) import (\w+)")


def words_of(path: Path) -> str:
    """Return what people read of a file: a whole document, a module's docstrings and comments."""
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        return text
    if not any(names.search(text) for names in (PATH, FOLDER, DOTTED)):
        return ""
    nodes = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = [
        ast.get_docstring(node) or ""
        for node in ast.walk(ast.parse(text))
        if isinstance(node, nodes)
    ]
    comments = [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    ]
    return "\n".join([*docstrings, *comments])


def is_there(path: Path, name: str) -> bool:
    """Return whether a path is there: in or below the folder of the file that names it, or whole.

    Documents of `docs/` are about the whole tree, and a test about what it mirrors.
    """
    folder = path.relative_to(ROOT).parent.as_posix()
    within = "" if folder in (".", "docs", "docs/decisions") else f"{folder}/"
    if name.endswith("/"):
        return (ROOT / name).is_dir()
    return any(
        file in (name, f"site/{name}") or f"/{file}".endswith(f"/{name}")
        for file in NAMES
        if file.startswith((within, within.removeprefix("tests/"))) or "/" in name
    )


def is_module(name: str) -> bool:
    """Return whether a dotted name is a module, or a name that a module has."""
    place = ROOT / "site" if name.startswith("publisher.") else ROOT
    for part in name.split("."):
        if (place / part).is_dir():
            place = place / part
        elif (place / f"{part}.py").exists():
            place = place / f"{part}.py"
        else:
            module = place if place.suffix == ".py" else place / "__init__.py"
            return bool(re.search(rf"\b{part}\b", module.read_text("utf-8")))
    return True


def missing(path: Path) -> Iterator[str]:
    """Yield what a file names that is not there."""
    words = words_of(path)
    for name in {*PATH.findall(words), *FOLDER.findall(words)}:
        if not is_there(path, name):
            yield name
    for name in set(DOTTED.findall(words)):
        if not is_module(name):
            yield name


def test_every_path_and_module_that_is_named_is_there() -> None:
    stale = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (*DOCUMENTS, *MODULES)
        for name in missing(path)
    ]
    assert not stale, "\n".join(stale)


def test_every_import_even_of_a_program_in_a_string_finds_its_module() -> None:
    stale = [
        f"{path.relative_to(ROOT)}: {'.'.join(names)}"
        for path in MODULES
        for names in IMPORT.findall(path.read_text("utf-8"))
        if not is_module(".".join(names))
    ]
    assert not stale, "\n".join(stale)
