"""Fair rates: each with its n, none of too few, and a league that ranks nobody by chance."""

from matters.ledgers.ledger import Count
from matters.ledgers.rates import Rate, league_of, rates_of


def line(key: str, rated: int, satisfied: int, with_limit: int = 0, in_time: int = 0) -> Count:
    """Return a unit's line: ten received, all answered."""
    return Count(
        key=key,
        received=10,
        answered=10,
        pending=0,
        published=0,
        rated=rated,
        satisfied=satisfied,
        with_limit=with_limit,
        in_time=in_time,
    )


def test_a_rate_of_too_few_is_none() -> None:
    assert Rate(4, 4, least=5).value is None and Rate(4, 4, least=5).percent is None
    assert Rate(5, 5, least=5).percent == 100
    assert Rate(0, 0, least=1).value is None


def test_nearly_all_is_not_all_and_hardly_any_is_not_none() -> None:
    assert Rate(999, 1000).percent == 99
    assert Rate(1, 1000).percent == 1
    assert (Rate(0, 1000).percent, Rate(1000, 1000).percent) == (0, 100)


def test_answered_is_not_settled() -> None:
    found = rates_of(line("a", 0, 0), 5)
    assert found.response.percent == 100
    assert found.settled == (0, 10, 5) and found.settled.percent == 0
    assert found.satisfied.percent is None


def test_a_league_goes_by_satisfaction_then_by_time_and_leaves_out_the_small() -> None:
    found = league_of(
        [
            line("late", rated=8, satisfied=6, with_limit=10, in_time=5),
            line("one-happy-person", rated=1, satisfied=1, with_limit=10, in_time=10),
            line("punctual", rated=8, satisfied=6, with_limit=10, in_time=10),
            line("best", rated=8, satisfied=7, with_limit=10, in_time=0),
            line("as-late", rated=4 * 2, satisfied=3 * 2, with_limit=20, in_time=10),
            line("no-limits", rated=8, satisfied=6),
        ],
        least=5,
    )
    assert [(one.place, one.line.key) for one in found.placed] == [
        (1, "best"),
        (2, "punctual"),
        (3, "as-late"),
        (3, "late"),
        (5, "no-limits"),
    ]
    assert [count.key for count in found.apart] == ["one-happy-person"]
