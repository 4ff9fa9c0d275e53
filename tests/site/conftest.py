"""What the tests of the site stand on."""

import pytest

from publisher.writing import compressed


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds in a quarter of the time, for tests that compare sites with each other by no size.

    All pages are compressed as those are of which there are many.
    """
    monkeypatch.setattr(compressed, "_FEW", compressed._MANY)
