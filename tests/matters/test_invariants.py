"""What must hold of a county whatever happens in it, over long random histories (L31).

A few people of every role act on a handful of matters, time passes, villagers write and rate, and
now and then an event arrives that nobody here would have written. `HUIYIN_SEED` repeats a run.
"""

import os
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from acts.refusals import Refusal
from eventlog.events import Draft
from matters import store
from matters.actors import VILLAGER, Actor
from matters.answers import answer_in
from matters.commands import COMMAND_OF_TYPE, COMMANDS
from matters.ledgers.ledger import Count
from matters.lifecycle import possible
from matters.listing.filters import Filters
from matters.listing.lists import listed
from matters.matter import Matter
from matters.terms import Desk, MatterEvent, Role, State
from tests.counts import count
from tests.eventlog.notes import Clock
from tests.matters.books import LEDGERS, LISTS, every
from tests.matters.county import (
    ACTORS,
    AREAS,
    KNOWN,
    OFFICE,
    ROADS,
    UNITS,
    WATER,
    commanded,
    matter_of,
    message,
    open_county,
    raised,
)
from tests.matters.living import fields_for, go_on

SEED = int(os.environ.get("HUIYIN_SEED", random.SystemRandom().randrange(2**32)))
EXAMPLES = int(os.environ.get("HUIYIN_EXAMPLES", "20"))
DAY_MS = 86_400_000
PRESIDIUMS = tuple(
    Actor(Role.OFFICE, f"p{n}", areas=frozenset({area}), body=f"b{n}", presidium=True)
    for n, area in enumerate(AREAS)
)
EVERYONE = (*ACTORS, *PRESIDIUMS, Actor(Role.UNIT, "u3", unit="schools"))
# What may come from another node, and is out of place there as a rule.
STRAY: tuple[tuple[MatterEvent, dict[str, Any]], ...] = (
    (MatterEvent.ADOPTED, {}),
    (MatterEvent.ACCEPTED, {}),
    (MatterEvent.ASSIGNED, {"lead": "roads", "limit": "P1M"}),
    (MatterEvent.REPLIED, {"result": "B"}),
    (MatterEvent.CLOSED, {}),
    (MatterEvent.LAPSED, {}),
    (MatterEvent.EXPLAINED, {"until": 0}),
    (MatterEvent.PUBLISHED, {}),
    (MatterEvent.RETURNED, {}),
    (MatterEvent.REPLIED, {"result": 5}),
)
which = st.sampled_from(range(60))


def stands_to(actor: Actor, matter: Matter) -> bool:
    """Whether place, unit and name let the actor near a matter, as the rules say it in words."""
    match actor.role:
        case Role.VILLAGER | Role.ADMIN | Role.SYSTEM:
            return True
        case Role.UNIT:
            return actor.unit in {matter.lead, *matter.assisting} - {""}
        case Role.OFFICE:
            ours = bool(matter.body) and matter.body == actor.body
            return not actor.areas or matter.area in actor.areas or ours
    named = bool(matter.deputy) and matter.deputy == actor.deputy
    return named or matter.station in actor.stations - {""} or matter.area in actor.areas - {""}


# Who has to have something to do where a matter lies on a desk, and what.
NEXT = {
    Desk.FRAME: (OFFICE, "adopt"),
    Desk.DISPATCH: (OFFICE, "assign"),
    Desk.ACCEPT: (None, "accept"),
    Desk.HANDLE: (None, "reply"),
    Desk.EXPLAIN: (None, "explain"),
    Desk.RATE: (VILLAGER, "rate"),
    Desk.CLOSE: (OFFICE, "close"),
}
UNIT_OF = {
    "roads": ROADS,
    "water": WATER,
    "schools": Actor(Role.UNIT, "u3", unit="schools"),
}
assert set(UNIT_OF) == set(UNITS)


class County(RuleBasedStateMachine):
    """A county's log, to which anything may happen that can."""

    def __init__(self) -> None:
        super().__init__()
        self._home = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.log = open_county(Path(self._home.name) / "data", self.clock)
        self.numbers: list[str] = []
        self.people = 0
        # Matters whose words were erased, or that were answered by a stray event.
        self.wordless: set[bytes] = set()

    @initialize()
    def begin(self) -> None:
        self.submit(people=1, publish="yes", area=AREAS[0])
        self.submit(people=3, publish="no", area=AREAS[1])

    @rule(
        people=st.sampled_from([1, 1, 1, 2, 40]),
        publish=st.sampled_from(["yes", "no"]),
        area=st.sampled_from(AREAS),
    )
    def submit(self, people: int, publish: str, area: str) -> None:
        if len(self.numbers) < 6:
            fields = {"people": str(people), "publish": publish, "area": area, "name": "王"}
            self.numbers.append(raised(self.log, **fields).number)
            self.people += people

    def some(self, which: int) -> str:
        return self.numbers[which % len(self.numbers)]

    @rule(which=which, choice=which)
    def go_on(self, which: int, choice: int) -> None:
        """Somebody does what they may."""
        self.done(
            lambda: go_on(self.log, self.some(which), choice, self.clock.now_ms, self.numbers)
        )

    @rule(which=which, choices=st.lists(which, min_size=1, max_size=8))
    def is_taken_further(self, which: int, choices: list[int]) -> None:
        """Whoever has it on the desk does what is waiting, a few times over."""
        number = self.some(which)
        for choice in choices:
            matter, now_ms = matter_of(self.log, number), self.clock.now_ms
            if matter.desk not in NEXT:
                return
            actor, name = NEXT[matter.desk]
            if matter.desk is Desk.EXPLAIN and choice % 3 == 0 and matter.round >= 2:
                actor, name = OFFICE, "decide"
            others = [matter_of(self.log, other) for other in self.numbers]
            fields = fields_for(name, matter, now_ms, others, choice)
            assert fields is not None
            self.tries(name, number, actor or UNIT_OF[matter.lead], fields)
            self.clock.now_ms += DAY_MS

    @rule(which=which, choice=which)
    def the_office_resolves(self, which: int, choice: int) -> None:
        """What is contested is kept or dropped, of the first matter from `which` on."""
        for number in self.numbers[which % len(self.numbers) :]:
            matter = matter_of(self.log, number)
            if matter.contested:
                fields = fields_for("resolve", matter, self.clock.now_ms, [], choice)
                assert fields is not None
                self.tries("resolve", number, OFFICE, fields)
                return

    @rule(which=which, into=which)
    def merge(self, which: int, into: int) -> None:
        fields = {"into": self.some(into)}
        self.tries("merge", self.some(which), OFFICE, fields)

    @rule(
        which=which,
        name=st.sampled_from(sorted(COMMANDS)),
        actor=st.sampled_from(EVERYONE),
        choice=which,
        behind=st.sampled_from([0, 0, 0, 1]),
    )
    def try_anything(self, which: int, name: str, actor: Actor, choice: int, behind: int) -> None:
        """Anybody tries anything; what is refused changes nothing."""
        number = self.some(which)
        matter = matter_of(self.log, number)
        others = [matter_of(self.log, other) for other in self.numbers]
        if (name == "resolve" and not matter.contested) or (name == "split" and choice % 4):
            return
        fields = fields_for(name, matter, self.clock.now_ms, others, choice) or {}
        self.tries(name, number, actor, fields, matter.version - behind)

    def tries(
        self,
        name: str,
        number: str,
        actor: Actor,
        fields: dict[str, Any],
        seen: int | None = None,
    ) -> None:
        before, command = matter_of(self.log, number), COMMANDS[name]
        may = actor.role in command.roles and stands_to(actor, before)
        events = self.events()
        try:
            self.done(lambda: commanded(self.log, number, name, actor, seen, **fields))
        except Refusal as refusal:
            assert self.events() == events and matter_of(self.log, number) == before
            assert may or refusal.status == 403
        else:
            assert may and (seen is None or seen == before.version)

    def done(self, act: Any) -> None:
        """Act, and count the people of what was split and the words of what was erased."""
        before = {one.id: one for one in self.all()}
        act()
        for matter in self.all():
            if matter.id not in before:
                self.numbers.append(matter.number)
                self.people += matter.people
                if matter.split_from in self.wordless:
                    self.wordless.add(matter.id)
            elif len(matter.steps) > len(before[matter.id].steps):
                step = matter.steps[-1]
                if step.type == MatterEvent.ERASED and step.data["what"] == "words":
                    self.wordless.add(matter.id)

    @rule(which=which, text=st.sampled_from(["还是漏水", "", "字" * 10_001]))
    def write_a_message(self, which: int, text: str) -> None:
        try:
            message(self.log, self.some(which), text)
        except Refusal:
            return

    @rule(days=st.sampled_from([0, 1, 3, 16, 40, 100]))
    def time_passes(self, days: int) -> None:
        self.clock.now_ms += days * DAY_MS + 3_600_000

    @rule()
    def nobody_rates(self) -> None:
        """The node closes what nobody rated in time."""
        for matter in self.all():
            late = matter.replied_at is not None
            late = late and self.clock.now_ms > (matter.replied_at or 0) + 15 * DAY_MS
            if matter.desk is Desk.RATE and late:
                self.happens(matter.id, MatterEvent.LAPSED, {})

    @rule(which=which, stray=st.sampled_from(STRAY))
    def a_stray_event_arrives(self, which: int, stray: tuple[MatterEvent, dict[str, Any]]) -> None:
        kind, data = stray
        matter = matter_of(self.log, self.some(which))
        rule = COMMAND_OF_TYPE.get(kind)
        if rule is not None and matter.state in rule.states:
            return
        self.happens(matter.id, kind, data)

    def happens(self, matter: bytes, kind: MatterEvent, data: dict[str, Any]) -> None:
        draft = Draft(kind, matter, data, {"text": "说明"})
        self.log.write(lambda t: t.append([draft], by="system"))

    def all(self) -> list[Matter]:
        with self.log.reading() as connection:
            return every(connection)

    def events(self) -> int:
        with self.log.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])

    @invariant()
    def nothing_is_lost(self) -> None:
        matters = {matter.id: matter for matter in self.all()}
        with self.log.reading() as connection:
            for matter in matters.values():
                texts = store.texts_of(connection, matter)
                answer = answer_in(matter, texts)
                if matter.id not in self.wordless:
                    assert bool(answer) == bool(matter.answer), matter
                self.ends_with_an_answer(matter)
                self.lies_on_one_desk(matter)
                if matter.state is State.MERGED:
                    self.hears_of(matter, matters, answer, connection)
        unmerged = [one for one in matters.values() if one.state is not State.MERGED]
        assert sum(one.people for one in unmerged) == self.people

    def ends_with_an_answer(self, matter: Matter) -> None:
        if matter.state in (State.REPLIED, State.CLOSED, State.REFERRED, State.DECLINED):
            assert matter.answer and matter.answered, matter
        assert bool(matter.answer) == matter.answered, matter

    def lies_on_one_desk(self, matter: Matter) -> None:
        ended = matter.state in (State.CLOSED, State.REFERRED, State.DECLINED)
        told = matter.state is State.MERGED and matter.answered
        assert (matter.desk is Desk.NONE) == (ended or told), matter
        if matter.desk in (Desk.NONE, Desk.FOLLOW):
            return
        actor, name = NEXT[matter.desk]
        actor = actor or UNIT_OF[matter.lead]
        assert possible(matter, COMMANDS[name], actor, KNOWN, self.clock.now_ms), matter

    def hears_of(
        self, matter: Matter, matters: dict[bytes, Matter], answer: str, connection: Any
    ) -> None:
        leading = matters[matter.merged_into]
        assert matter.id in leading.followers
        while leading.state is State.MERGED:
            leading = matters[leading.merged_into]
        assert matter.answered == leading.answered, (matter, leading)
        if leading.answered and not self.wordless & {matter.id, leading.id}:
            told = [step for step in matter.steps if step.type == MatterEvent.ECHOED]
            assert told[-1].data["answer"] == leading.answer
            assert answer == answer_in(leading, store.texts_of(connection, leading))

    @invariant()
    def the_books_agree(self) -> None:
        with self.log.reading() as connection:
            received = connection.execute("SELECT count(*) FROM matters").fetchone()[0]
            assert received == len(self.numbers)
            for lists in LISTS:
                assert sum(lists(connection, self.clock.now_ms).values()) == received
            matters = every(connection)
            flagged = listed(connection, OFFICE, Filters(flagged=True), now_ms=self.clock.now_ms)
            assert {row.matter.id for row in flagged.rows} == {
                matter.id for matter in matters if matter.contested
            }
            for ledger in LEDGERS:
                found = ledger(connection)
                self.agrees(found.total, matters)
                for lines in (found.months, found.categories, found.stations, found.units):
                    for line in lines:
                        assert line.received == line.answered + line.pending
                        assert line.pending >= 0
                for lines in (found.months, found.categories):
                    assert sum(line.received for line in lines) == received

    def agrees(self, total: Count, matters: list[Matter]) -> None:
        assert total.received == total.answered + total.pending == len(matters)
        assert total.answered == sum(matter.answered for matter in matters)

    def teardown(self) -> None:
        found = self.log.verify()
        assert found.ok, found
        assert self.log.rebuild() == found.state_hash
        self.log.stop()
        self._home.cleanup()


def test_whatever_happens_no_matter_is_lost() -> None:
    sys.stdout.write(f"HUIYIN_SEED={SEED}\n")
    run_state_machine_as_test(
        hypothesis.seed(SEED)(County),
        settings=settings(
            max_examples=EXAMPLES * count(1, 8),
            stateful_step_count=count(40, 80),
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
