"""Who sees which matter: the rule and the SQL of the lists say the same."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventlog.log import Log
from matters.actors import Actor, may_see
from matters.listing import counts, lists, waiting
from matters.listing.filters import Filters
from matters.terms import Role, State
from tests.counts import count
from tests.eventlog.notes import START_MS, Clock
from tests.matters.county import (
    AREAS,
    BODIES,
    DEPUTIES,
    OFFICE,
    STATIONS,
    UNITS,
    commanded,
    matter_of,
    open_county,
    raised,
)

actors = st.builds(
    Actor,
    role=st.sampled_from(Role),
    unit=st.sampled_from(["", "-", *UNITS]),
    deputy=st.sampled_from(["", *DEPUTIES]),
    stations=st.frozensets(st.sampled_from(["", *STATIONS])),
    areas=st.frozensets(st.sampled_from(["", *AREAS])),
    body=st.sampled_from(["", *BODIES]),
)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """A county with matters of every mix of station, area, deputy and units."""
    opened = open_county(tmp_path_factory.mktemp("seen") / "data", Clock())
    several = iter(range(10_000))
    for station in ("", *STATIONS):
        for area in ("", *AREAS):
            for deputy in ("", "li"):
                number = raised(opened, station=station, area=area, deputy=deputy).number
                match next(several) % 4:
                    case 0:
                        commanded(opened, number, "adopt", title="题", body="committee")
                        commanded(opened, number, "assign", lead="roads", assisting=["water"])
                    case 1:
                        commanded(opened, number, "assign", lead="water")
                    case 2:
                        commanded(opened, number, "assign", lead="schools")
                        schools = Actor(Role.UNIT, "s", unit="schools")
                        commanded(opened, number, "return", schools, reason="不属本单位")
    return opened


@pytest.mark.parametrize("indexed", [False, True])
@settings(
    max_examples=count(25, 100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(actor=actors)
def test_the_rule_and_the_lists_agree(log: Log, actor: Actor, indexed: bool) -> None:
    if indexed:
        index_all(log)
    with log.reading() as connection:
        everything = lists.listed(connection, OFFICE, Filters(), now_ms=START_MS)
        assert len(everything.rows) == 18 and everything.next == ""
        seen = lists.listed(connection, actor, Filters(), now_ms=START_MS)
        counted = counts.by_state(connection, actor, Filters(), now_ms=START_MS)
    expected = {row.matter.number for row in everything.rows if may_see(actor, row.matter)}
    assert {row.matter.number for row in seen.rows} == expected
    assert counts.total(counted.values()) == (len(expected), False)
    assert set(counted) == set(State)


def index_all(log: Log) -> None:
    """Index what waits, as the node's indexer does."""
    while log.write(lambda t: waiting.work_off(t.connection)).result:
        pass


def test_a_unit_sees_no_longer_what_it_gave_back(log: Log) -> None:
    with log.reading() as connection:
        actor = Actor(Role.UNIT, unit="schools")
        assert lists.listed(connection, actor, Filters(), now_ms=START_MS).rows == []


def test_the_pages_of_a_list_hold_every_matter_once(tmp_path: Path) -> None:
    clock = Clock()
    log = open_county(tmp_path, clock)
    for number in range(lists.PAGE * 2 + 7):
        # Many arrive in one millisecond, and the clock may jump to before 1970.
        clock.now_ms = START_MS if number % 3 else number // 10
        raised(log)
    found: list[str] = []
    filters = Filters()
    with log.reading() as connection:
        while True:
            page = lists.listed(connection, OFFICE, filters, now_ms=START_MS)
            found += [row.matter.number for row in page.rows]
            if not page.next:
                break
            filters = filters._replace(cursor=page.next)
    assert len(found) == len(set(found)) == lists.PAGE * 2 + 7
    log.stop()


@pytest.mark.parametrize(
    "cursor", ["", "x", "1.", ".1", "1.zz", "9" * 30 + ".00", "-1.00", "١.00", "1.00.00"]
)
def test_a_cursor_that_nobody_gave_is_no_error(log: Log, cursor: str) -> None:
    with log.reading() as connection:
        lists.listed(connection, OFFICE, Filters(cursor=cursor), now_ms=START_MS)


def test_lists_are_narrowed_by_what_is_asked(tmp_path: Path) -> None:
    clock = Clock()
    log = open_county(tmp_path, clock)
    one = raised(log, text="桥_断了 100%", category="streets", deputy="li").number
    clock.now_ms += 1000
    two = raised(log, text="桥x断了 1000", station="xiaohe", area=AREAS[1]).number
    commanded(log, two, "assign", lead="roads", limit="P1D")

    def numbers(now_ms: int = START_MS, **narrowed: Any) -> list[str]:
        with log.reading() as connection:
            filters = Filters()._replace(**narrowed)
            page = lists.listed(connection, OFFICE, filters, now_ms=now_ms)
            return [row.matter.number for row in page.rows]

    assert numbers() == [two, one]
    assert numbers(state="assigned") == [two] and numbers(unit="roads") == [two]
    assert numbers(station="dahe") == [one] and numbers(area=AREAS[1]) == [two]
    assert numbers(deputy="li") == [one] and numbers(category="streets") == [one]
    assert numbers(since=START_MS + 1000) == [two]
    # What was typed is looked for as it stands, not as a pattern.
    assert numbers(q="桥_断") == [one] and numbers(q="100%") == [one] and numbers(q="\\") == []
    assert numbers(q=f" {one[:3]} {one[3:6]} {one[6:]}") == [one]
    due = matter_of(log, two).due_at
    assert due is not None
    assert numbers(due, overdue=True) == [] and numbers(due + 1, overdue=True) == [two]
    assert numbers(flagged=True) == []
    log.stop()
