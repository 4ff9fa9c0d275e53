"""`python -m tests.site.writing.publishing_loop OUT SEED STEPS`: publishes until it is killed.

After each publish the number of steps done goes to the file STEPS, as the keeper keeps a position.
"""

import itertools
import sys
from pathlib import Path

from eventlog.files import write_atomically
from publisher.site import Publisher
from publisher.writing.touched import Changes
from tests.site.light_builds import lighten
from tests.site.writing.test_histories import Office

BASE = "https://hui.example.org/qinghe/"


def step(office: Office) -> Changes:
    """Do some things at random and return what they touch."""
    count = office.random.choice((1, 2, 5))
    return Changes(notices=tuple(sorted({office.act(moving=False) for _ in range(count)})))


def main(out: Path, seed: int, done: Path) -> None:
    """Publish one step after another."""
    office = Office(seed)
    publisher = Publisher(office.content, out, BASE)
    publisher.build_full()
    write_atomically(done, b"0")
    for number in itertools.count(1):
        publisher.publish(step(office))
        write_atomically(done, str(number).encode())


if __name__ == "__main__":
    lighten(setattr)
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
