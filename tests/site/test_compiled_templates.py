"""Compiled templates are kept for the next process, and are never in the way."""

import importlib.util
from pathlib import Path

import jinja2
import pytest

from publisher.compiled_templates import CompiledTemplates


def rendered(module: Path) -> str:
    """What a template says in an environment made by a module."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(module.parent), bytecode_cache=CompiledTemplates(str(module))
    )
    return env.get_template("page.html").render(n=2)


def kept(module: Path) -> list[Path]:
    """What is kept for a module."""
    folder = Path(importlib.util.cache_from_source(str(module))).parent
    return sorted(folder.glob("templates-*/*"))


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A module that makes an environment, beside its template."""
    (tmp_path / "page.html").write_text("{{ n + 1 }}")
    (tmp_path / "made.py").write_text("# one")
    return tmp_path / "made.py"


def test_the_next_process_need_not_compile(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rendered(module) == "3"
    assert len(kept(module)) == 1
    monkeypatch.setattr(jinja2.Environment, "_generate", None)
    assert rendered(module) == "3"


def test_another_template_or_module_has_its_own(module: Path) -> None:
    rendered(module)
    (module.parent / "page.html").write_text("{{ n + 2 }}")
    assert rendered(module) == "4"
    module.write_text("# other options")
    assert rendered(module) == "4"
    assert len({file.parent for file in kept(module)}) == 2


def test_a_filter_of_another_module_makes_another_template(module: Path) -> None:
    filters = module.with_name("filters.py")
    folders = set()
    for text in ("# takes a context", "# takes none"):
        filters.write_text(text)
        folders.add(CompiledTemplates(str(module), str(filters)).directory)
    assert len(folders) == 2


@pytest.mark.parametrize("damage", [b"", b"\0" * 5000, None])
def test_a_damaged_file_is_made_anew(module: Path, damage: bytes | None) -> None:
    rendered(module)
    (file,) = kept(module)
    file.write_bytes(file.read_bytes()[:40] if damage is None else damage)
    assert rendered(module) == "3"


def test_where_nothing_can_be_written_pages_are_made_all_the_same(module: Path) -> None:
    (module.parent / "__pycache__").write_text("a file, so that no folder can be made")
    assert rendered(module) == "3"
