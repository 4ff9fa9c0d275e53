"""The drawings: small, told in words too, safe with any text, and right in their lengths."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]  # It ships no types.
import pytest

from publisher.drawings import charts
from publisher.drawings.charts import Bar, Share

HOSTILE = "</text><script>alert(1)</script>\"'&<b"


def drawn(svg: str) -> ElementTree.Element:
    """Return the drawing, read as strictly as XML is."""
    return ElementTree.fromstring(svg)


@pytest.mark.parametrize("draw", [charts.months, charts.rows])
def test_every_text_is_escaped_and_the_drawing_told(draw: Callable[..., str]) -> None:
    svg = draw([Bar(HOSTILE[:18], 3, 1)], key="k", title=HOSTILE, description=HOSTILE)
    root = drawn(svg)
    assert root.find("title").text == root.find("desc").text == HOSTILE  # type: ignore[union-attr]
    assert [one.text for one in root.iter("text")].count(HOSTILE[:18]) == 1
    assert root.get("aria-labelledby") == "k-t k-d"
    assert "<script" not in svg


def test_bars_are_as_long_as_their_numbers() -> None:
    svg = charts.rows([Bar("a", 200, 50), Bar("b", 100, 100)], key="k", title="", description="")
    hollow, filled = (path.get("d") or "" for path in drawn(svg).iter("path"))
    assert re.findall(r"M(\d+) \d+h(\d+)", filled) == [("1", "80"), ("1", "159")]
    assert re.findall(r"M(\d+) \d+h(\d+)", hollow) == [("81", "238"), ("160", "0")]


def test_a_rate_of_too_few_has_no_bar() -> None:
    svg = charts.shares([Share("a", None, "n 太少，不列")], key="k", title="", description="")
    assert "n 太少，不列" in svg and "h0" not in svg
    assert all(not path.get("d") for path in drawn(svg).iter("path"))


def test_nothing_to_draw_and_far_too_much() -> None:
    assert drawn(charts.months([], key="k", title="", description="")).tag == "svg"
    many = [Bar(f"{n} 县交通运输局公路管理处", 10**6 - n, n * 7919) for n in range(500)]
    for draw in (charts.months, charts.rows):
        svg = draw(many, key="k", title="按承办单位", description="")
        assert len(brotli.compress(svg.encode())) <= 614
