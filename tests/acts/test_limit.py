"""Limits as they are written: notation, words, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acts.limit import BadLimit, Limit, format_limit, parse_limit, read_limit

LIMITS = (
    st.builds(Limit, st.integers(0, 20), st.integers(0, 120), st.just(0))
    | st.integers(1, 500).map(lambda count: Limit(working=count))
).filter(any)


@given(limit=LIMITS)
def test_the_notation_reads_back(limit: Limit) -> None:
    assert parse_limit(limit.notation) == limit
    assert read_limit(limit.notation) == read_limit(f" {limit.notation.lower()}\n")
    assert read_limit(limit.notation) == limit.notation


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("P1M", Limit(months=1)),
        ("P20D", Limit(days=20)),
        ("P1M15D", Limit(1, 15)),
        ("P2W", Limit(days=14)),
        ("P104W", Limit(days=728)),
        ("P10B", Limit(working=10)),
        ("P500B", Limit(working=500)),
        ("P24M11D", Limit(24, 11)),
    ],
)
def test_what_a_limit_holds(text: str, limit: Limit) -> None:
    assert parse_limit(text) == limit


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        *(("一个月", "P1M"), ("1个月", "P1M"), ("１ 个 月", "P1M"), ("两个月", "P2M")),
        *(("二个月", "P2M"), ("十二个月", "P12M"), ("半年", "P6M"), ("一年", "P12M")),
        *(("两年", "P24M"), ("20天", "P20D"), ("二十天", "P20D"), ("20日", "P20D")),
        *(
            ("二十五天内", "P25D"),
            ("十天以内", "P10D"),
            ("十五日", "P15D"),
            ("一百零五天", "P105D"),
        ),
        *(("2周", "P14D"), ("两个星期", "P14D"), ("一个礼拜", "P7D"), ("p2w", "P14D")),
        *(("10个工作日", "P10B"), ("十个工作日", "P10B"), ("5 工作日", "P5B"), ("p10b", "P10B")),
        *(("一个半月", "P1M15D"), ("两个半月", "P2M15D"), ("半个月", "P15D"), ("半月", "P15D")),
        *(("1个月15天", "P1M15D"), ("一个月零五天", "P1M5D"), ("30个自然日", "P30D")),
        *(("1 month", "P1M"), ("20 Days", "P20D"), ("10 working days", "P10B")),
        *(("2 weeks", "P14D"), ("1 month and 15 days", "P1M15D"), ("5 business days", "P5B")),
        *(("P01M", "P1M"), ("P0M20D", "P20D"), ("Ｐ１Ｍ", "P1M")),
    ],
)
def test_words_that_a_clerk_types(text: str, limit: str) -> None:
    assert read_limit(text) == limit


NO_LIMITS = [
    *("", " ", "P", "零天", "0天", "0个工作日", "P0B", "P0W", "0 days", "-1天", "-P1M", "P-5D"),
    *("三年", "800天", "25个月", "501个工作日", "P501B", "P105W", "P24M12D", "P999B", "9 years"),
    *("P1M10B", "P10B1M", "P1D5B", "P1W1D", "P1M1W", "一个月十个工作日", "10个工作日零1天"),
    *(
        "3月",
        "三月",
        "10",
        "十",
        "天",
        "个月",
        "尽快",
        "月底前",
        "12月1日",
        "2026-12-01",
        "1.5个月",
    ),
    *(
        "一二天",
        "十十个月零",
        "P1Y",
        "PT1H",
        "P1M1",
        "一个月一个月",
        "明天",
        "内",
        "and",
        "P٣D",
        "²月",
    ),
    "九" * 5000 + "天",
]


@pytest.mark.parametrize("text", NO_LIMITS, ids=lambda text: text[:12])
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(BadLimit):
        read_limit(text)
    with pytest.raises(BadLimit):
        parse_limit(text)


@given(text=st.text(st.sampled_from("PMDWB0129零一两十百个半年月天周日工作内 days"), max_size=12))
def test_whatever_is_typed_is_a_limit_or_refused(text: str) -> None:
    try:
        stored = read_limit(text)
    except BadLimit:
        return
    assert parse_limit(stored).notation == stored == read_limit(stored)


@given(limit=LIMITS)
def test_a_limit_in_words_reads_back(limit: Limit) -> None:
    assert parse_limit(read_limit(format_limit(limit.notation))) == limit


def test_a_limit_is_shown_in_words() -> None:
    shown = [format_limit(text) for text in ("P1M", "P20D", "P1M15D", "P5B", "nonsense")]
    assert shown == ["1个月", "20天", "1个月15天", "5个工作日", "nonsense"]
