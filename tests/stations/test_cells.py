"""Cells: cleaning, and each parser's good and bad input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acts.text import clean_line, clean_name
from stations.cells import (
    CellError,
    clean_text,
    parse_area_code,
    parse_degrees,
    parse_id,
    parse_labels,
    parse_list,
    parse_phone,
    parse_web_address,
    parse_whole,
    parse_yes,
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("\n\t\t\t\u3000\u3000书记您好\n\t\t", "书记您好"),
        ("第一行_x000D_\n第二行", "第一行\n第二行"),
        ("第一行_x000D_第二行", "第一行\n第二行"),
        ("一\r\n\r\n\r\n\r\n二", "一\n\n二"),
        ("\ufeff名\u200b称\u00a0 ", "名称"),
        ("a\u3000\u3000b\u00a0c", "a b c"),
        ("一\x00\x07二\x85三\u2028四", "一二\n三\n四"),
        ("_x0007_x", "x"),
        (" \n \t ", ""),
    ],
)
def test_text_is_cleaned(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


@given(st.text(st.sampled_from("a一_x00D7 \n\r\t\u3000\u200b\x07\ufeff0A")))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)
    assert clean_name(clean_name(text)) == clean_name(text)
    assert "\n" not in clean_line(text)


@pytest.mark.parametrize("dot", "·•・‧･")
def test_every_middle_dot_is_the_same(dot: str) -> None:
    assert clean_name(f" 古丽仙 {dot} 卡德\u00a0") == "古丽仙·卡德"


def test_names_lose_padding_and_keep_latin_spaces() -> None:
    assert clean_name("李\u3000 明") == "李明"
    assert clean_name("Li  Xiuying") == "Li Xiuying"


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("１３９０００００００１", "13900000001"),
        ("13900000001.0", "13900000001"),
        ("0000—5550101", "0000-5550101"),
        ("(0000)5550101转802", "(0000)5550101转802"),
        ("+86 139 0000 0001", "+86 139 0000 0001"),
        ("0000-5550101/5550102", "0000-5550101/5550102"),
        ("12345", "12345"),
        ("无", ""),
        ("——", ""),
    ],
)
def test_phones(text: str, phone: str) -> None:
    assert parse_phone(text) == phone


@pytest.mark.parametrize("text", ["1.39E+10", "打村委会", "12", "139x0000", "1" * 41])
def test_bad_phones(text: str) -> None:
    with pytest.raises(CellError):
        parse_phone(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("990102", "990102000000"),
        ("990102100", "990102100000"),
        ("９９０１０２１００２０１", "990102100201"),
        ("990102100201.0", "990102100201"),
    ],
)
def test_area_codes(text: str, code: str) -> None:
    assert parse_area_code(text) == code


@pytest.mark.parametrize("text", ["", "99010", "0990102", "9.90102E+11", "9901021002011", "柳堰村"])
def test_bad_area_codes(text: str) -> None:
    with pytest.raises(CellError):
        parse_area_code(text)


def test_ids() -> None:
    assert parse_id(" Li-Xiuying ") == "li-xiuying"
    for bad in ("", "李", "a b", "-a", "a_b", "a/../b", "a" * 65):
        with pytest.raises(CellError):
            parse_id(bad)


def test_lists() -> None:
    assert parse_list("甲、乙，丙;丁\n戊、、") == ["甲", "乙", "丙", "丁", "戊"]


def test_numbers_degrees_and_yes() -> None:
    assert parse_whole(0, 9)("７.0") == 7
    assert parse_degrees(90)("-35.42°") == -35.42
    assert parse_yes("是") and parse_yes("TRUE") and not parse_yes("否")
    for parse, bad in (
        (parse_whole(0, 9), "10"),
        (parse_whole(0, 9), "1.5"),
        (parse_degrees(90), "91"),
        (parse_degrees(90), "nan"),
        (parse_yes, "也许"),
    ):
        with pytest.raises(CellError):
            parse(bad)


def test_labels() -> None:
    assert parse_labels("A：已解决；b:正在解决") == {"A": "已解决", "B": "正在解决"}
    for bad in ("A", "A:", "AB:x", "A:x;A:y"):
        with pytest.raises(CellError):
            parse_labels(bad)


@pytest.mark.req("S08")
@pytest.mark.parametrize(
    "text",
    ["https://portal.wanghe.example", " https://a.example:8443/x?y=1#z ", "HTTPS://A.example/"],
)
def test_web_addresses_are_kept_as_typed(text: str) -> None:
    assert parse_web_address(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        *("http://a.example", "javascript:alert(1)", "a.example", "https://", "https:// a.example"),
        *("https://a@b.example", 'https://a.example/"x', "https://a.example/<b>", "https://-a"),
        *("https://a.example\\b", "https://a.example/\u202ex y", "//a.example"),
    ],
)
def test_what_is_no_safe_web_address(text: str) -> None:
    with pytest.raises(CellError):
        parse_web_address(text)
