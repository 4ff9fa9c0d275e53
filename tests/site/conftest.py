"""What the tests of the site stand on."""

from pathlib import Path

import pytest

from tests.site import counties
from tests.site.light_builds import light_builds
from tests.site.whole_sites import NOTICES, built


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A light site of the county with all `NOTICES`; to be read, or copied by `copied`."""
    site = tmp_path_factory.mktemp("standing") / "site"
    with light_builds():
        built(counties.content(NOTICES), site)
    return site
