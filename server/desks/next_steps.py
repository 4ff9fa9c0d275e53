"""Which of the possible commands come first on a matter's page: those that its desk waits for."""

from collections.abc import Mapping, Sequence

from matters.command import Command
from matters.matter import Matter
from matters.terms import Desk

_NEXT: Mapping[Desk, tuple[str, ...]] = {
    Desk.FRAME: ("adopt", "answer"),
    Desk.DISPATCH: ("assign",),
    Desk.ACCEPT: ("accept", "return"),
    Desk.HANDLE: ("reply", "progress"),
    Desk.EXPLAIN: ("explain", "decide"),
    Desk.RATE: ("report-back", "rate"),
    Desk.CLOSE: ("close", "report-back"),
}
# Whatever the desk: somebody waits for these.
_FIRST = ("resolve", "grant-extension")


def in_order(matter: Matter, offered: Sequence[Command]) -> tuple[list[Command], list[Command]]:
    """Return the commands that the matter waits for, in order, and all others as they stand."""
    names = (*_FIRST, *_NEXT.get(matter.desk, ()))
    first = sorted(
        (command for command in offered if command.name in names),
        key=lambda command: names.index(command.name),
    )
    return first, [command for command in offered if command not in first]
