"""Drawing: nothing is fetched, and a process of its own does it, with an end."""

import asyncio
from pathlib import Path

import pytest

from server.paper import drawing
from tests.server.listening import Listening
from tests.server.printed import Printed


def test_a_drawing_fetches_nothing_even_where_the_page_asks_for_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("geheim-31337")
    with Listening() as (port, calls):
        there = f"http://127.0.0.1:{port}/x"
        pdf = drawing.draw(
            f'<link rel=stylesheet href="{there}"><link rel=attachment href="{secret.as_uri()}">'
            f'<style>@import "{there}"; @font-face {{ font-family: f; src: url({there}) }} '
            f"body {{ background: url({there}); font-family: f }}</style>"
            f'<img src="{there}"><object data="{secret.as_uri()}"></object>'
            f'<svg><image href="{secret.as_uri()}"/><use href="{there}#a"/></svg><p>站'
        )
        assert calls == []
    assert b"geheim-31337" not in pdf and b"EmbeddedFile" not in pdf and "站" in Printed(pdf).text


def test_a_drawing_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "DRAW_MOST_S", 0.01)
    with pytest.raises(drawing.PaperFailed):
        asyncio.run(drawing.draw_apart("<p>站"))


def test_a_crowd_before_the_printer_is_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "WAITING_MOST", 1)

    async def crowd() -> list[object]:
        return await asyncio.gather(
            *(drawing.draw_apart("<p>站") for _ in range(10)), return_exceptions=True
        )

    found = asyncio.run(crowd())
    most = drawing.AT_ONCE + drawing.WAITING_MOST
    assert sum(isinstance(one, bytes) for one in found) == most
    assert sum(isinstance(one, drawing.PaperBusy) for one in found) == 10 - most


def test_a_drawing_apart_is_the_same_as_one_here() -> None:
    html = "<p style='font-family:WenQuanYi Micro Hei'>事事有着落"
    assert "事事有着落" in Printed(asyncio.run(drawing.draw_apart(html))).text
