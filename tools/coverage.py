"""Writes docs/coverage.md: each line of the requirements list with the tests that show it.

Run as `make coverage`. The tests name the lines themselves, by `@pytest.mark.req("H24")`; a name
that is no line of the list stops it. With --check nothing is written, and the end is 1 where the
file is not what the tests say.
"""

import contextlib
import io
import sys
from collections import defaultdict
from pathlib import Path

import pytest

# The five places that the requirements come from, and how many lines each gave.
SOURCES = (
    ("H", 31, "Huaibei (三三三工作法)"),
    ("L", 33, "Luohe (六单制)"),
    ("X", 18, "Xixiangtang (网格、网上网下、来信来访)"),
    ("S", 23, "Shanghai (人民建议征集)"),
    ("Q", 19, "Qianfeng (三五二工作法)"),
)
KNOWN = [f"{letter}{n:02d}" for letter, count, _ in SOURCES for n in range(1, count + 1)]


class Marks:
    """A pytest plugin that collects the marks and runs nothing."""

    def __init__(self) -> None:
        self.tests: dict[str, set[str]] = defaultdict(set)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Take note of every mark."""
        for item in items:
            for mark in item.iter_markers("req"):
                for name in mark.args:
                    if name not in KNOWN:
                        raise pytest.UsageError(f"{item.nodeid}: no such requirement: {name}")
                    self.tests[name].add(item.nodeid.partition("[")[0])


def document() -> str:
    """Return the text of docs/coverage.md as the tests give it."""
    marks = Marks()
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider"], plugins=[marks])
    if code != 0:
        raise SystemExit(said.getvalue())
    lines = [
        "# Coverage of the requirements",
        "",
        "Made by `make coverage` from the tests' marks; don't edit it. A line without a test is",
        "not shown to work yet.",
        "",
        f"Shown by tests: {len(marks.tests)} of {len(KNOWN)} lines.",
    ]
    for letter, count, place in SOURCES:
        lines += ["", f"## {letter} · {place}", "", "| line | where it is shown |", "|---|---|"]
        for number in range(1, count + 1):
            name = f"{letter}{number:02d}"
            tests = "<br>".join(f"`{one}`" for one in sorted(marks.tests.get(name, ())))
            lines.append(f"| {name} | {tests or '—'} |")
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
