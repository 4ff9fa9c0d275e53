"""What people type is made the same everywhere, and stays what they wrote."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acts.text import normalise_text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  桥断了\n", "桥断了"),
        ("一\r\n二\r三\u2028四\u2029五\x85六\v七\f八", "一\n二\n三\n四\n五\n六\n七\n八"),
        ("a\u200bb\u200cc\u200dd\u2060e\ufefff", "abcdef"),
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
    assert normalise_text(typed) == kept


characters = st.one_of(
    st.characters(),
    st.sampled_from(
        "\u200b\u200e\u200f\u202e\u2066\u061c\ufeff\x00\r\n\t\u2028e\u0301\u1112\u1161"
    ),
)


@given(st.text(characters))
def test_it_is_done_once_for_all(typed: str) -> None:
    once = normalise_text(typed)
    assert normalise_text(once) == once == unicodedata.normalize("NFC", once) == once.strip()
    for character in once:
        assert unicodedata.category(character) not in ("Cc", "Cs") or character in "\n\t"
        assert unicodedata.bidirectional(character) not in (
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
        )  # fmt: skip
        assert character not in "\u200b\u200e\u200f\u061c\ufeff\u2060"
    once.encode()


@given(st.text(st.characters(categories=["L", "N"])))
def test_letters_and_digits_are_never_lost(typed: str) -> None:
    assert normalise_text(typed) == unicodedata.normalize("NFC", typed)
