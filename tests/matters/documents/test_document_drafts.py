"""Drafts from the figures: who is named, each rate with its n, nobody on too small an n."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matters.documents.document import DocumentKind, Period
from matters.documents.drafts import NAMED_MOST, chosen, draft_text
from matters.ledgers.ledger import Count
from matters.registers.rules import DEFAULT_RULES

PERIOD = Period("2026-01-01", "2026-03-31")
NAMES = {key: f"{key}局" for key in ("公路", "水利", "住建", "档案", "统计")}


def figures(unit: str, **counts: int) -> Count:
    """Return a unit that did everything well with twenty matters, but for what is said."""
    columns: dict[str, Any] = {
        "received": 20,
        "pending": 0,
        "published": 0,
        "answered": 20,
        "settled": 18,
        "in_time": 20,
        "with_limit": 20,
        "satisfied": 10,
        "rated": 10,
        **counts,
    }
    return Count(key=unit, **columns)


GOOD = figures("公路")
LATE = figures("水利", in_time=8)
DISLIKED = figures("住建", satisfied=5)
SMALL = figures("档案", received=4, answered=0, in_time=0, with_limit=4, satisfied=0, rated=4)
FEW_RATED = figures("统计", satisfied=0, rated=4)


@pytest.mark.req("L32", "L33")
def test_the_good_are_commended_the_poor_criticised_and_the_small_left_out() -> None:
    told = [GOOD, LATE, DISLIKED, SMALL, FEW_RATED]
    assert chosen(DocumentKind.COMMEND, told) == [GOOD]
    assert chosen(DocumentKind.CRITICISE, told) == [LATE, DISLIKED]
    assert SMALL not in chosen(DocumentKind.REPORT, told)
    title, text = draft_text(DocumentKind.CRITICISE, told, NAMES, "望禾县", PERIOD)
    assert title == "关于办理群众事项不力的通报"
    assert text.startswith("2026年1月1日至2026年3月31日，")
    assert (
        "水利局：收到20件；答复20件（100%）；解决18件（90%）；有期限的20件，按期8件（40%）" in text
    )
    assert "望禾县各承办单位共收到群众事项84件，已答复80件" in text
    assert "档案局" not in text and "公路局" not in text
    report = draft_text(DocumentKind.REPORT, told, NAMES, "望禾县", PERIOD)[1]
    assert "群众评价4件，满意和基本满意0件（件数太少，不算比率）" in report


def test_with_nobody_to_name_the_draft_says_so() -> None:
    for kind in DocumentKind:
        assert "档案局" not in draft_text(kind, [SMALL], NAMES, "望禾县", PERIOD)[1]
        assert draft_text(kind, [], NAMES, "望禾县", PERIOD)[0]
    assert (
        "还没有可以表彰的单位" in draft_text(DocumentKind.COMMEND, [LATE], NAMES, "县", PERIOD)[1]
    )


counts = st.integers(0, 30)


@given(st.sampled_from(DocumentKind), st.lists(st.tuples(*[counts] * 4), max_size=6))
def test_no_unit_with_a_small_n_is_ever_named(
    kind: DocumentKind, rows: list[tuple[int, int, int, int]]
) -> None:
    told = [
        figures(
            f"第{place}",
            received=n,
            answered=n,
            settled=0,
            with_limit=n,
            in_time=min(timely, n),
            rated=rated,
            satisfied=min(content, rated),
        )
        for place, (n, timely, rated, content) in enumerate(rows)
    ]
    text = draft_text(kind, told, NAMES, "望禾县", PERIOD)[1]
    named = chosen(kind, told)
    assert all(unit.received >= DEFAULT_RULES.minimum_n for unit in named)
    assert [unit.key for unit in told if f"{unit.key}：" in text] == sorted(
        unit.key for unit in named
    )
    assert kind is DocumentKind.REPORT or len(named) <= NAMED_MOST
