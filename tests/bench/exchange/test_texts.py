"""Invented texts are as long as real ones, all different, and the same for a seed."""

import statistics

import brotli  # type: ignore[import-untyped]  # it has no type information

from bench.exchange.texts import LONE_CHARACTERS, MEDIAN_CHARACTERS, lone_text, texts


def test_texts_are_different_and_half_of_them_short() -> None:
    found = texts(1_000, seed=1)
    assert len(set(found)) == len(found) == 1_000
    assert abs(statistics.median(map(len, found)) - MEDIAN_CHARACTERS) <= 8
    assert not any("{" in text for text in found)


def test_a_seed_gives_the_same_texts_again() -> None:
    assert texts(20, seed=1) == texts(20, seed=1) != texts(20, seed=2)


def test_texts_pack_about_as_real_ones_do() -> None:
    found = texts(300, seed=1)
    packed = sum(len(brotli.compress(text.encode())) for text in found)
    assert 1.6 <= packed / sum(map(len, found)) <= 1.8


def test_no_character_of_a_lone_text_comes_twice() -> None:
    text = lone_text(seed=1)
    assert len(text) == len(set(text)) == LONE_CHARACTERS
    assert text != lone_text(seed=2)
