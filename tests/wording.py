"""What problems and refusals say, in English or Chinese, for tests that look for a word in it."""

from acts.refusals import BadFields, FieldProblem, Refusal
from server.web.languages import CHINESE, ENGLISH, translated
from stations.cells import CellError

Told = FieldProblem | CellError | Refusal


def words(told: Told, language: str = ENGLISH) -> str:
    """Return what a problem, a bad cell or a refusal says in a language."""
    if isinstance(told, CellError):
        return translated(language, told.message)
    if isinstance(told, BadFields):
        return "; ".join(words(problem, language) for problem in told.problems)
    return translated(language, told.message, **told.values)


def chinese(told: Told) -> str:
    """Return what a problem, a bad cell or a refusal says in Chinese."""
    return words(told, CHINESE)
