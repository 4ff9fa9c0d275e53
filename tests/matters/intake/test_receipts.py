"""Numbers that can be said on the phone, and keys that a villager may type as they will."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matters.intake.receipts import (
    check_digit,
    content_mark,
    key_fits,
    key_of,
    new_number,
    opens,
    read_number,
    second_identity,
    spoken_number,
)

digits = st.text("0123456789", min_size=9, max_size=9)
secrets = st.binary(min_size=32, max_size=32)
ids = st.binary(min_size=16, max_size=16)


@given(digits, st.integers(0, 9), st.sampled_from("0123456789"))
def test_every_single_wrong_digit_is_found(first: str, at: int, wrong: str) -> None:
    number = first + check_digit(first)
    assert read_number(number) == number
    changed = number[:at] + wrong + number[at + 1 :]
    assert (read_number(changed) is None) == (changed != number)


def test_nearly_every_swap_of_neighbours_is_found() -> None:
    found = tried = 0
    for first in range(100_000_000, 1_000_000_000, 300_007):
        number = f"{first}{check_digit(str(first))}"
        for at in range(9):
            if number[at] != number[at + 1]:
                swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
                tried += 1
                found += read_number(swapped) is None
    assert found / tried > 0.97


def test_numbers_are_random_and_readable() -> None:
    numbers = {new_number() for _ in range(2000)}
    assert len(numbers) > 1990
    assert {read_number(number) for number in numbers} == numbers
    assert {number[0] for number in numbers} == set("123456789")
    in_turn = sorted(int(number) for number in numbers)
    assert max(later - one for one, later in pairwise(in_turn)) > 1_000_000


@given(digits)
def test_a_number_is_read_however_it_is_written(first: str) -> None:
    number = first + check_digit(first)
    for written in (
        spoken_number(number),
        "-".join(number),
        f"  {number[:5]} – {number[5:]}\n",
        number.translate({ord("0") + n: chr(0xFF10 + n) for n in range(10)}),
        "\u3000".join(number),
    ):
        assert read_number(written) == number


@pytest.mark.parametrize("text", ["", "1", "12345678901", "12345o7890", "²234567890", "abc", "½"])
def test_what_is_no_number(text: str) -> None:
    assert read_number(text) is None


@given(secrets, ids)
def test_a_key_fits_as_people_type_it(secret: bytes, matter: bytes) -> None:
    key = key_of(secret, matter)
    assert len(key) == 13 and not set(key) & set("ilou") and key == key_of(secret, matter)
    confused = key.replace("0", "o").replace("1", "l")
    for typed in (
        key,
        key.upper(),
        f" {key[:4]} {key[4:8]}\u3000{key[8:]} ",
        "-".join(key),
        f"{key[:6]}–{key[6:]}",
        confused,
        confused.upper(),
        key.replace("1", "i"),
    ):
        assert key_fits(secret, matter, typed), typed


@given(secrets, ids, ids, st.integers(0, 12))
def test_a_key_fits_nothing_else(secret: bytes, matter: bytes, other: bytes, at: int) -> None:
    key = key_of(secret, matter)
    wrong = key[:at] + ("2" if key[at] != "2" else "3") + key[at + 1 :]
    for typed in (wrong, key[:-1], key + "0", "", "\ud800" + key[1:], "钥匙"):
        assert not key_fits(secret, matter, typed)
    assert key_fits(secret, other, key) == (matter == other)
    assert opens([secret, b"2" * 32], other, key) == opens([b"2" * 32, secret], other, key)
    assert opens([b"2" * 32, secret], other, key) == (matter == other)
    assert not opens([], matter, key)
    assert not key_fits(bytes(32) if secret != bytes(32) else b"1" * 32, matter, key)


@given(secrets, st.text(), st.text(), ids)
def test_marks_say_whether_content_is_the_same_and_no_more(
    secret: bytes, one: str, other: str, claimed: bytes
) -> None:
    mark = content_mark(secret, one)
    assert (mark == content_mark(secret, other)) == (one == other)
    assert mark != content_mark(b"another key, which is 32 bytes..", one)
    second = second_identity(secret, claimed, mark)
    assert second == second_identity(secret, claimed, mark) != claimed
    assert second[6] >> 4 == 8 and second[8] >> 6 == 2
