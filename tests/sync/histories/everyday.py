"""What people write and carry, and what a line makes of it: the everyday steps of a history."""

import random
from pathlib import Path

from sync.rounds.client import Unreachable
from sync.rounds.round import Refused
from sync.sticks import received_bundles
from sync.sticks.bundle_file import BadBundle
from tests.sync.histories.county import KEPT_MOST, STATIONS, County
from tests.sync.histories.drawing import Step
from tests.sync.histories.places import LightStation, Line
from tests.sync.small_nodes import lined
from tests.sync.sticks import sticks

FAULTS = (
    "",
    "question lost",
    "answer lost",
    "question twice",
    "older question first",
    "older answer",
    "question cut",
    "answer cut",
    "question damaged",
    "answer damaged",
)


class Everyday(County):
    """A county in which something is written, delivered, carried and erased."""

    def _note(self, step: Step) -> int:
        if step.one % 3 and self._notes:
            return 1 + step.other % self._notes
        self._notes += 1
        return self._notes

    def written_at(self, station: LightStation, step: Step) -> None:
        note = self._note(step)
        names = STATIONS[0] if step.one & 4 else station.station
        contact = f"王 1390000{note:04d}" if step.one & 8 else ""
        events = station.write(lined(note, f"站里写的{note}", station=names, secret=contact))
        written = {event.id for event in events}
        self.own[self.owner(station)] |= written
        self.must[self.hub_of(station)] |= written

    def station_writes(self, station: LightStation, step: Step) -> None:
        self.written_at(station, step)

    def hub_writes(self, station: LightStation, step: Step) -> None:
        note, hub = self._note(step), self.hub_of(station)
        contact = f"李 1390000{note:04d}" if step.one & 8 else ""
        events = self.hubs[hub].write(
            lined(note, f"县里写的{note}", station=station.station, secret=contact)
        )
        self.must[hub] |= {event.id for event in events}

    def station_oversteps(self, station: LightStation, step: Step) -> None:
        station.write(lined(self._note(step), "装成办公室", station=station.station), by="office:9")

    def text_is_erased(self, station: LightStation, step: Step) -> bool:
        hub = self.hubs[self.hub_of(station)]
        with hub.log.reading() as connection:
            texts = connection.execute(
                "SELECT DISTINCT e.subject, e.id FROM words w JOIN events e ON e.id=w.event "
                "ORDER BY e.position"
            ).fetchall()
        if not texts:
            return False
        subject, event = texts[step.one % len(texts)]
        hub.erase(subject, event)
        return True

    def _bad_line_to(self, hub: int, faults: list[str], at: int) -> Line:
        good = self.line_to(hub)

        def line(message: bytes) -> bytes:
            fault = faults.pop() if faults else ""
            if fault == "question lost":
                raise Unreachable("the question was lost")
            if fault == "question twice":
                self.answer_of(hub, message)
            if fault == "older question first" and self.questions:
                self.answer_of(*self.questions[at % len(self.questions)])
            if fault == "older answer" and self.answers:
                return self.answers[at % len(self.answers)]
            if fault == "question cut":
                message = message[: len(message) * (at % 10) // 10]
            if fault == "question damaged":
                message = _damaged(message, at)
            answer = good(message)
            if fault == "answer lost":
                raise Unreachable("the answer was lost")
            if fault == "answer cut":
                return answer[: len(answer) * (at % 10) // 10]
            return _damaged(answer, at) if fault == "answer damaged" else answer

        return line

    def deliver(self, station: LightStation, step: Step) -> None:
        self.delivered(station, self.line_to(self.hub_of(station)))

    def deliver_and_replicate(self, station: LightStation, step: Step) -> None:
        self.replicating(self.hub_of(station), station)

    def deliver_over_a_bad_line(self, station: LightStation, step: Step) -> None:
        chance = random.Random(step.one)
        faults = [chance.choice(FAULTS) for _ in range(chance.randrange(1, 7))]
        self.delivered(station, self._bad_line_to(self.hub_of(station), faults, step.other))

    def replicate(self, station: LightStation, step: Step) -> None:
        self.bring_replica_up_to_date(self.hub_of(station))

    def old_question_again(self, station: LightStation, step: Step) -> bool:
        if not self.questions:
            return False
        hub, message = self.questions[step.one % len(self.questions)]
        # Also at the hub that it was not for.
        self.answer_of((hub + (step.other % 4 == 0)) % len(self.hubs), message)
        return True

    def _stick(self, kind: str) -> Path:
        self._made_sticks += 1
        path = self.root / f"stick-{self._made_sticks}"
        self._sticks.append((kind, path))
        while len(self._sticks) > KEPT_MOST:
            self._sticks.pop(0)[1].unlink(missing_ok=True)
        return path

    def _chosen_stick(self, kind: str, number: int) -> Path | None:
        paths = [path for is_of, path in self._sticks if is_of == kind and path.exists()]
        return paths[number % len(paths)] if paths else None

    def stick_is_written(self, station: LightStation, step: Step) -> None:
        sticks.up(station, self._stick("up"))

    def stick_is_read(self, station: LightStation, step: Step) -> bool:
        path = self._chosen_stick("up", step.one)
        if path is None:
            return False
        try:
            sticks.read_up(self.hubs[self.hub_of(station)], path)
        except BadBundle:
            return False  # It was for the other hub.
        return True

    def stick_is_answered(self, station: LightStation, step: Step) -> bool:
        hub = self.hub_of(station)
        try:
            sticks.back(
                self.hubs[hub],
                self._stick("back"),
                name=station.station,
                durable=self.is_replicated(hub),
            )
        except received_bundles.NothingToAnswer:
            return False
        return True

    def stick_comes_back(self, station: LightStation, step: Step) -> bool:
        path = self._chosen_stick("back", step.one)
        if path is None:
            return False
        try:
            sticks.read_back(station, path)
        except (BadBundle, Refused):
            return False  # For the other station, or of the hub of before; or it is shut out.
        return True


def _damaged(message: bytes, at: int) -> bytes:
    """Return a message with one bit flipped."""
    if not message:
        return message
    place = (len(message) - 1) * (at % 97) // 96
    return message[:place] + bytes((message[place] ^ 1 << at % 8,)) + message[place + 1 :]
