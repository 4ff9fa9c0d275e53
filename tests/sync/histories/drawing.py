"""The steps of a history, drawn from its seed."""

import random
from typing import NamedTuple


class Step(NamedTuple):
    """One step: what is done, at which station, and two numbers that say how."""

    name: str
    station: int
    one: int
    other: int


COME_TOGETHER = "come_together"
# How often each step is drawn, by its name.
WEIGHTS = {
    "station_writes": 30,
    "hub_writes": 16,
    "station_oversteps": 1,
    "deliver": 14,
    "deliver_over_a_bad_line": 16,
    "deliver_and_replicate": 8,
    "replicate": 4,
    "old_question_again": 3,
    "stick_is_written": 3,
    "stick_is_read": 4,
    "stick_is_answered": 3,
    "stick_comes_back": 4,
    "station_restarts": 3,
    "hub_restarts": 2,
    "image_is_kept": 2,
    "station_is_put_back": 2,
    "disk_is_cloned": 2,
    "clone_writes": 3,
    "clone_delivers": 3,
    "hubs_disk_dies": 2,
    "older_replica_is_kept": 1,
    "hub_is_put_back_from_an_older_replica": 1,
    "text_is_erased": 3,
    "station_is_shut_out": 1,
    "station_is_invited_anew": 2,
    "station_moves": 1,
    "clock_jumps": 3,
    COME_TOGETHER: 2,
}


def drawn(seed: int) -> list[Step]:
    """Return the steps of a seed: some kinds come often in one history, and never in another."""
    chance = random.Random(seed)
    weights = [weight * chance.choice((0, 1, 1, 1, 4)) for weight in WEIGHTS.values()]
    weights[0] = max(weights[0], 10)
    names = chance.choices(list(WEIGHTS), weights, k=chance.randint(60, 180))
    return [
        Step(name, chance.randrange(2), chance.randrange(65536), chance.randrange(65536))
        for name in names
    ]
