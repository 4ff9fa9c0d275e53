"""What is asked for in a pyproject.toml is what its lock pins, each pin with its hashes."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROGRAM = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PEERS = tomllib.loads((ROOT / "bench" / "pyproject.toml").read_text("utf-8"))
ASKED_FOR = {
    "requirements.lock": PROGRAM["project"]["dependencies"],
    "requirements-dev.lock": [
        *PROGRAM["project"]["dependencies"],
        *PROGRAM["project"]["optional-dependencies"]["dev"],
    ],
    "requirements-build.lock": PROGRAM["build-system"]["requires"],
    "bench/peers.lock": PEERS["dependency-groups"]["peers"],
    "bench/morango.lock": PEERS["dependency-groups"]["morango"],
}


def pins(lock: str) -> dict[str, str]:
    """Return the version of each package that a lock pins."""
    text = (ROOT / lock).read_text("utf-8")
    blocks = re.findall(r"^(\S+)==(\S+) \\\n((?:    --hash=sha256:\w{64}(?: \\)?\n)+)", text, re.M)
    assert "".join(f"{name}=={version} \\\n{hashes}" for name, version, hashes in blocks) == text
    return {name: version for name, version, _ in blocks}


@pytest.mark.parametrize("lock", ASKED_FOR)
def test_a_lock_pins_what_is_asked_for(lock: str) -> None:
    pinned = pins(lock)
    for requirement in map(Requirement, ASKED_FOR[lock]):
        version = pinned.get(canonicalize_name(requirement.name))
        assert version and requirement.specifier.contains(version, prereleases=True), requirement


def test_what_is_developed_with_runs_with_the_same_versions() -> None:
    development = pins("requirements-dev.lock")
    for lock in ("requirements.lock", "requirements-build.lock"):
        for name, version in pins(lock).items():
            assert development.get(name, version) == version, name


def test_what_only_builds_the_program_does_not_run_with_it() -> None:
    assert "hatchling" not in pins("requirements.lock")
