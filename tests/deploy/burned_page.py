"""The page for the day the server burned, read as a clerk does: its commands, step by step."""

import re
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[2] / "docs" / "the-day-the-server-burned.md"
# What stands on the page for what the clerk has in hand.
ADDRESS, PROGRAM = "凭证上的地址", "程序地址"


class Step(NamedTuple):
    """A block of commands: the step's number, what kind of block it is, and its lines."""

    number: int
    kind: str
    lines: tuple[str, ...]


def steps() -> list[Step]:
    """Return the blocks of commands of the page, in their order."""
    found: list[Step] = []
    number = 0
    text = PAGE.read_text("utf-8")
    for match in re.finditer(r"(?ms)^## (\d+)\. |^```sh ?(\w*)\n(.*?)^```$", text):
        if match[1]:
            number = int(match[1])
        else:
            found.append(Step(number, match[2], tuple(match[3].splitlines())))
    return found
