"""The English catalogues: every message of the server, the rules and the site, nothing else."""

import io
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from publisher.words.english import CATALOGUE as SITE
from server.web.languages import CATALOGUE, CHINESE, ENGLISH, translated
from server.web.pages import environment, lasting

REPOSITORY = Path(__file__).parents[3]
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w+\}")
_CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


# Each catalogue by the configuration that says where its messages are.
_CATALOGUES = {"babel.cfg": CATALOGUE, "site/babel.cfg": SITE}


@pytest.fixture(scope="module", params=_CATALOGUES)
def configuration(request: pytest.FixtureRequest) -> str:
    """The configuration of a catalogue."""
    return str(request.param)


@pytest.fixture(scope="module")
def extracted(configuration: str) -> Catalog:
    """The messages as the configuration finds them in the sources now."""
    with (REPOSITORY / configuration).open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]  # Babel types not all
    template = Catalog()
    keywords = {**DEFAULT_KEYWORDS, "N_": None, "told": None}
    for _, _, message, _, _ in extract_from_dir(REPOSITORY, methods, options, keywords):
        template.add(message)
    return template


@pytest.fixture(scope="module")
def compiled(configuration: str) -> Path:
    """The catalogue as it runs."""
    return _CATALOGUES[configuration]


@pytest.fixture(scope="module")
def english(compiled: Path) -> Catalog:
    """The catalogue as it is in the repository."""
    with compiled.with_suffix(".po").open("rb") as file:
        return read_po(file, locale=ENGLISH)


def forms(text: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return the singular and plural of an id or a translation, or the one form that it has."""
    return (text,) if isinstance(text, str) else tuple(text or ())


def messages(catalogue: Catalog) -> dict[tuple[str, ...], Message]:
    """Return a catalogue's messages by their ids, without its header."""
    return {forms(message.id): message for message in catalogue if message.id}


def test_every_message_is_found(extracted: Catalog, configuration: str) -> None:
    """Marked in Python, in a template, as a plural: each way of marking is read."""
    marked = messages(extracted)
    if configuration == "site/babel.cfg":
        assert {("跳到正文",), ("怎么找到您",), ("改一改再交",)} <= set(marked)
        return
    assert {("没有这个单位。",), ("您反映的事",), ("{number} 天", "{number} 天")} <= set(marked)
    assert {("地名，如“柳堰村”",), ("代表姓名",)} <= set(marked)
    assert len(marked) > 300


def test_every_message_has_english(extracted: Catalog, english: Catalog) -> None:
    """No gap, no fuzzy guess, and no Chinese left in the English."""
    translations = messages(english)
    for key in messages(extracted):
        assert key in translations, f"not in the catalogue: {key}"
        message = translations[key]
        assert not message.fuzzy, key
        assert forms(message.string) and all(forms(message.string)), f"no English for {key}"
        assert not _CHINESE.search("".join(forms(message.string))), key


def test_placeholders_are_kept(english: Catalog) -> None:
    """What is filled in Chinese is filled in English, in every form, if by an English name."""
    for key, message in messages(english).items():
        wanted = set(_PLACEHOLDER.findall(key[0]))
        for form in forms(message.string):
            filled = {name.replace("_en}", "}") for name in _PLACEHOLDER.findall(form)}
            assert filled == wanted, f"{key}: {form}"


def test_nothing_is_left_over(extracted: Catalog, english: Catalog) -> None:
    """An entry that no source uses any more goes."""
    assert set(messages(english)) <= set(messages(extracted))
    assert not english.obsolete


def test_the_catalogue_is_made_of_its_source(english: Catalog, compiled: Path) -> None:
    """What is read at run time says what the .po file says: `tools/translate` was run."""
    made = io.BytesIO()
    write_mo(made, english)
    assert compiled.read_bytes() == made.getvalue()


def test_plurals_follow_the_language() -> None:
    """One day, two days; in Chinese the same form for both."""
    assert lasting(ENGLISH, "P1M15D") == "1 month 15 days"
    assert lasting(CHINESE, "P1M15D") == "1 个月 15 天"
    assert lasting(ENGLISH, "P1Y") == "P1Y"
    assert lasting(ENGLISH, "P1B") == "1 working day"
    assert lasting(CHINESE, "P10B") == "10 个工作日"


def test_messages_are_filled() -> None:
    """A message's own braces are filled after it is translated."""
    message = "最多 {most} 个字，现在有 {length} 个字。"
    assert (
        translated(ENGLISH, message, most=5, length=6) == "At most 5 characters; there are 6 now."
    )


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_every_template_compiles(language: str) -> None:
    """A slip in a template that no other test opens shows here."""
    found = environment(language)
    for name in found.list_templates(extensions=["html", "css"]):
        found.get_template(name)
