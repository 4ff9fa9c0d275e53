"""Writes docs/coverage.md: each line of the requirements list with the tests that show it.

Run as `make coverage`. The tests name the lines themselves, by `@pytest.mark.req("H24")`; a name
that is no line of the list stops it. With --check nothing is written, and the end is 1 where the
file is not what the tests say.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The five places that the requirements come from, and how many lines each gave.
SOURCES = (
    ("H", 31, "Huaibei (三三三工作法)"),
    ("L", 33, "Luohe (六单制)"),
    ("X", 18, "Xixiangtang (网格、网上网下、来信来访)"),
    ("S", 23, "Shanghai (人民建议征集)"),
    ("Q", 19, "Qianfeng (三五二工作法)"),
)
KNOWN = [f"{letter}{n:02d}" for letter, count, _ in SOURCES for n in range(1, count + 1)]


def marks_of(path: Path) -> Iterator[tuple[str, str]]:
    """Give (requirement, test) for each mark of a test file, as its source says it."""
    module = ast.parse(path.read_text("utf-8"))
    of_module = [
        mark
        for node in module.body
        if isinstance(node, ast.Assign) and "pytestmark" in map(ast.unparse, node.targets)
        for mark in ast.walk(node.value)
    ]
    for function in module.body:
        if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
            for mark in (*of_module, *function.decorator_list):
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.req":
                    for name in map(ast.literal_eval, mark.args):
                        yield name, f"{path.relative_to(ROOT).as_posix()}::{function.name}"


def document() -> str:
    """Return the text of docs/coverage.md as the tests give it."""
    tests: defaultdict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name, test in marks_of(path):
            if name not in KNOWN:
                raise SystemExit(f"{test}: no such requirement: {name}")
            tests[name].add(test)
    lines = [
        "# Coverage of the requirements",
        "",
        "Made by `make coverage` from the tests' marks; don't edit it. A line without a test is",
        "not shown to work yet.",
        "",
        f"Shown by tests: {len(tests)} of {len(KNOWN)} lines.",
    ]
    for letter, count, place in SOURCES:
        lines += ["", f"## {letter} · {place}", "", "| line | where it is shown |", "|---|---|"]
        for number in range(1, count + 1):
            name = f"{letter}{number:02d}"
            shown = "<br>".join(f"`{test}`" for test in sorted(tests.get(name, ())))
            lines.append(f"| {name} | {shown or '—'} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write or check the file that is named on the command line."""
    path = Path(sys.argv[1])
    text = document()
    if "--check" in sys.argv:
        if path.read_text("utf-8") != text:
            raise SystemExit(f"{path} is not what the tests say: run make coverage")
        return
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
