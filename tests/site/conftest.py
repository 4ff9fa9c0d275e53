"""What the tests of the site stand on."""

import pytest

from tests.site.light_builds import lighten


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Light builds for the test."""
    lighten(monkeypatch.setattr)
