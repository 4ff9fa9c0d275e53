"""What people type is made the same everywhere, and stays what they wrote."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acts.text import clean_line, clean_name, clean_words, folded, plain_digits

# Mongolian with selectors, the separator before a vowel and the narrow space before a suffix;
# Tibetan with a letter that Unicode would part; Uyghur with a joiner; emoji of several.
WRITTEN = (
    "ᠮᠣᠩᠭᠣᠯ\u202fᠤᠨ ᠬᠡᠯᠡ᠋ ᠨ᠌ᠠᠶᠢ᠍",
    "ᠪᠠᠶᠢᠨ\u180eᠠ",
    "བོད་སྐད་ལ་བསྒྲིགས། \u0f43\u0f4d",
    "ئۇيغۇر\u200cچە ھەر\u200d خىل",
    "👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 👩🏽\u200d⚕\ufe0f 🏳\ufe0f\u200d🌈 1\ufe0f\u20e3",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 一\U000e0100",
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  桥断了\n", "桥断了"),
        ("一\r\n二\r三\u2028四\u2029五\x85六\v七\f八", "一\n二\n三\n四\n五\n六\n七\n八"),
        ("a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg", "abcdefg"),
        ("柳\u200d堰\u200c村\u180e", "柳堰村"),
        ("a\u200eb\u200fc\u061cd", "abcd"),
        ("\u202aa\u202bb\u202cc\u202dd\u202ee", "abcde"),
        ("\u2066a\u2067b\u2068c\u2069d", "abcd"),
        ("a\x00b\x1fc\x7fd\x9fe", "abcde"),
        ("tab\tstays", "tab\tstays"),
        ("e\u0301", "\u00e9"),
        ("\u2126", "\u03a9"),
        ("\u1112\u1161\u11ab", "\ud55c"),
        ("𠮷野家 😀", "𠮷野家 😀"),
        ("\ud800桥", "桥"),
        ("两个  空格", "两个  空格"),
        ("\u3000全角空格\u3000", "全角空格"),
        ("\u200b \u200b", ""),
        ("", ""),
    ],
)
def test_what_stays_of_what_was_typed(typed: str, kept: str) -> None:
    assert clean_words(typed) == kept


characters = st.one_of(
    st.characters(),
    st.sampled_from(
        "\u200b\u200e\u200f\u202e\u2066\u061c\ufeff\x00\r\n\t\u2028e\u0301\u1112\u1161\u200c\u200d\u180e\u180b\u202f"
        "ᠮئ一·❤\ufe0f\u0f43"
    ),
)


@given(st.text(characters))
def test_it_is_done_once_for_all(typed: str) -> None:
    once = clean_words(typed)
    assert clean_words(once) == once == once.strip()
    assert clean_line(clean_line(typed)) == clean_line(typed)
    assert clean_name(clean_name(typed)) == clean_name(typed)
    for character in once:
        assert unicodedata.category(character) not in ("Cc", "Cs") or character in "\n\t"
        assert unicodedata.bidirectional(character) not in (
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
        )  # fmt: skip
        assert character not in "\u200b\u200e\u200f\u061c\ufeff\u2060"
    once.encode()


@given(st.text(st.characters(categories=["L", "N"])))
def test_letters_and_digits_are_never_lost(typed: str) -> None:
    cleaned = clean_words(typed)
    assert unicodedata.normalize("NFC", cleaned) == unicodedata.normalize("NFC", typed)
    if not re.search("[\u0f00-\u0fff]", typed):
        assert cleaned == unicodedata.normalize("NFC", typed)


@pytest.mark.parametrize("written", WRITTEN)
def test_every_writing_stays_as_it_was_written(written: str) -> None:
    for clean in (clean_words, clean_line, clean_name):
        assert clean(written) == written
        assert clean(f" {written}\u200b\r\n") == written


def test_lines_and_names_have_plain_spaces() -> None:
    assert clean_line("一\u3000\u00a0\t二\r\n\n三") == "一 二 三"
    assert clean_line("12\u202f000") == "12 000"
    assert clean_name("李\u3000明") == "李明" and clean_name("古丽仙 • 卡德") == "古丽仙·卡德"
    assert plain_digits("１２\u202f３－Ａ") == "12 3-A"
    assert folded("ＡＢc") == "abc"
