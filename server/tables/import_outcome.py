"""What an import did: rows read, taken, known and refused, each refusal with row and reason."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from acts.refusals import FieldProblem
from server.web.languages import in_both

# Rows that one transaction takes, so that intake breathes beside a long import.
BATCH = 500

Progress = Callable[[int, int], None]


class Refused(NamedTuple):
    """A row that could not be taken, and what is wrong with it."""

    row: int
    problem: FieldProblem


@dataclass
class Outcome:
    """What an import did. `taken` rows are in the database because of this run or of `--dry-run`
    would be; `known` were there already; `refused` rows have their reasons in `refusals`.
    `repeats` are (row, first row) that say the same and count once; `alike` are the same message
    under another category, and both are taken, so that the counts are those of the file."""

    read: int = 0
    taken: int = 0
    known: int = 0
    answered: int = 0
    refusals: list[Refused] = field(default_factory=list)
    ignored_headers: tuple[str, ...] = ()
    new_categories: list[str] = field(default_factory=list)
    repeats: list[tuple[int, int]] = field(default_factory=list)
    alike: list[tuple[int, int]] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """How many rows were refused, each counted once."""
        return len({refusal.row for refusal in self.refusals})


def no_progress(done: int, total: int) -> None:
    """Show nothing."""


def rows_of(outcome: Outcome) -> Iterator[str]:
    """Yield an outcome as lines for a person, in both languages, the counts first."""
    yield (
        f"读取 read {outcome.read} · 收下 taken {outcome.taken} · "
        f"已有 already there {outcome.known} · 拒收 refused {outcome.refused}"
    )
    if outcome.answered:
        yield f"补上答复 answers added: {outcome.answered}"
    if outcome.new_categories:
        yield f"新增类别 new categories: {'、'.join(outcome.new_categories)}"
    if outcome.ignored_headers:
        yield f"未用的列 columns not used: {'、'.join(outcome.ignored_headers)}"
    for number, first in outcome.repeats:
        yield f"第 {number} 行与第 {first} 行相同 / row {number} repeats row {first}"
    for number, first in outcome.alike:
        yield (
            f"第 {number} 行与第 {first} 行只是类别不同,都收下了 / "
            f"row {number} is row {first} under another category: both taken"
        )
    for refusal in outcome.refusals:
        field, _, message, values = refusal.problem
        yield f"第 {refusal.row} 行 row {refusal.row} · {field}: {in_both(message, **values)}"
