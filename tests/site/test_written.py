"""What staff write in Markdown becomes pages; what anyone else tries with it becomes words."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.words.written import DEEPEST, rendered
from tests.counts import count

_ALLOWED = re.compile(r"h[2-6]|p|br|hr|ul|ol|li|blockquote|strong|em|a|table|thead|tbody|tr|th|td")
_SAFE = re.compile(r"(?:https?://|tel:|mailto:|[^:]*$|[./?#][^:]*|[^:/?#]*[/?#])", re.IGNORECASE)

_PIECES = [
    *("> ", "- ", "* ", "1. ", "# ", "## ", "**", "*", "_", "__", "[", "](", ")", "]", "!", "//"),
    *("<", ">", "&", '"', "'", "javascript:", "http://", "/", "\\", "\n", ":", "    ", "`"),
    *("&#", ";", "<script", "<!--", "-->", "\x02", "\x03", "a", "\n| a |\n"),
]


class _Reader(HTMLParser):
    """Reads HTML as a browser would, and fails on what must not be there."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.deepest = 0
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert _ALLOWED.fullmatch(tag), tag
        for name, value in attrs:
            assert (tag, name) == ("a", "href")
            assert value and _SAFE.match(value), value
        if tag not in ("br", "hr"):
            self.open.append(tag)
        self.deepest = max(self.deepest, len(self.open))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def read(html: str) -> _Reader:
    """What a browser makes of some HTML."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def test_what_staff_write_becomes_a_page() -> None:
    html = rendered(
        "# 做什么\n先说一句。\n再说一句。\n- 一\n- **二**\n\n1. 甲\n2. 乙\n\n> 桥修好了。\n\n"
        "| 职务 | 姓名 |\n|---|---|\n| 组长 | 杜玉兰 |\n\n"
        "[代表](/deputies/) [电话](tel:00005550001) [信](mailto:a@example.org) "
        "[省人大](https://example.org/a?b=1&c=2)",
        lambda path: f"../../{path}",
    )
    assert "<h2>做什么</h2>" in html
    assert re.search(r"<p>先说一句。<br>\s*再说一句。</p>", html)
    assert re.search(r"<ul>\s*<li>一</li>\s*<li><strong>二</strong></li>\s*</ul>", html)
    assert re.search(r"<ol>\s*<li>甲</li>", html)
    assert re.search(r"<blockquote>\s*<p>桥修好了。</p>", html)
    assert "<th>职务</th>" in html and "<td>杜玉兰</td>" in html
    assert '<a href="../../deputies/">代表</a>' in html
    assert '<a href="tel:00005550001">' in html and '<a href="mailto:a@example.org">' in html
    assert '<a href="https://example.org/a?b=1&amp;c=2">' in html
    read(html)


def test_nothing_comes_of_nothing() -> None:
    assert rendered("") == rendered(" \n\t\n") == ""


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <b onclick=alert(1)>b</b> <!-- c --> <?php ?> <![CDATA[x]]>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](javascript&colon;alert(1))",
        "[x](\x01javascript:alert(1))",
        "[x](\u200bjavascript:alert(1))",
        "[x](data:text/html,<script>1</script>)",
        "[x](vbscript:x)",
        "[x](//evil.example/)",
        "[x](/\\evil.example/)",
        "[x](\\\\evil.example)",
        '[x](/a" onmouseover="alert(1))',
        "[x](/a 'title\" onmouseover=\"alert(1)')",
        "<javascript:alert(1)>",
        "![x](javascript:alert(1))",
        "![x](https://example.org/a.png)",
        "[x]: javascript:alert(1)\n\n[x]",
        "| a |\n|---|\n| <script>1</script> |",
        "## <iframe src=//evil.example></iframe>",
        "\x02wzxhzdk:0\x03 \x02amp\x03 &lt;script&gt;",
        "`<script>`",
        "[a[b](javascript:1)](javascript:2)",
    ],
)
def test_hostile_text_stays_words(text: str) -> None:
    html = rendered(text)
    reader = read(html)
    assert not re.search(r'href="[^"]*(?:script|data:|evil)', html, re.IGNORECASE)
    assert "<img" not in html and "<script" not in html
    assert reader.words.strip()


@pytest.mark.parametrize(
    "text",
    [
        "> " * 5_000 + "a",
        "- " * 5_000 + "a",
        "> - 1. " * 2_000 + "a",
        "\n".join("  " * n + "- a" for n in range(500)),
        "\n".join("    " * n + "1. a" for n in range(300)),
        "*_" * 5_000 + "a",
        "*a _b " * 3_000,
        "**a" * 5_000,
        "[" * 10_000,
        "[a](" * 4_000,
        "![" * 5_000,
        "[](" * 4_000 + ")" * 4_000,
        "`" * 10_000 + "a",
        "\\" * 10_000,
        "#" * 10_000,
        "|" * 5_000 + "\n" + "|-" * 5_000,
        "<" * 10_000,
        "<http://a" * 2_000,
        "a\n" * 5_000,
        "- a\n\n" * 3_000,
    ],
    ids=range(20),
)
def test_text_made_to_be_slow_or_deep_is_neither(text: str) -> None:
    began = time.process_time()
    reader = read(rendered(text))
    assert reader.deepest <= DEEPEST + 1
    assert time.process_time() - began < 5


@settings(max_examples=count(80, 400), deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(_PIECES),
            st.just("|"),
            st.just("\n|---|---|\n"),
            st.text(max_size=4),
        ),
        max_size=60,
    ).map("".join)
)
def test_no_text_makes_more_than_words_and_the_few_tags(text: str) -> None:
    assert read(rendered(text)).deepest <= DEEPEST + 1
