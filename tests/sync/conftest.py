"""A running node, stopped after the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sync.node import Node


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = Node(tmp_path)
    try:
        yield made.start()
    finally:
        made.close()
