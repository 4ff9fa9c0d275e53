"""duty.ics, card.vcf and QR codes, read back by rules of their own."""

import datetime
import re
from typing import Any

import pytest
import qrcode
import zxingcpp
from PIL import Image

from deputies.deputies import Deputy, Level
from publisher.drawings.qr import QUIET, code
from publisher.formats.contact_card import card
from publisher.formats.duty_calendar import calendar
from stations.stations import Station, StationKind
from tests.site.counties import Day

STATION = Station(
    id="s",
    name="城关镇人大代表联络站;一楼,左手",
    kind=StationKind.STATION,
    area="450999100000",
    address="解放路3号便民服务中心一楼接待大厅东侧第三个窗口请按门铃\n写明来意",
)


def unfolded(data: bytes) -> list[str]:
    """The content lines of a file, its form checked on the way (RFC 5545 3.1)."""
    assert data.endswith(b"\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    for line in data.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    return data.decode().replace("\r\n ", "").split("\r\n")[:-1]


def test_the_calendar_is_one_that_phones_take() -> None:
    days = [Day(datetime.date(2026, 12, 2), "08:30", "11:30", ("a", "b", "gone"))]
    lines = unfolded(calendar(STATION, days, {"a": "韦国强", "b": "黄秀英"}))
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-1] == "END:VCALENDAR"
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 1
    assert "TZID:Asia/Shanghai" in lines
    assert "DTSTART;TZID=Asia/Shanghai:20261202T083000" in lines
    assert "DTEND;TZID=Asia/Shanghai:20261202T113000" in lines
    assert "DTSTAMP:20261202T003000Z" in lines
    assert "UID:s-20261202T0830@huiyin" in lines
    assert "SUMMARY:代表接待日：韦国强、黄秀英" in lines
    location = next(line for line in lines if line.startswith("LOCATION:"))
    assert "联络站\\;一楼\\,左手" in location and "门铃\\n写明" in location


@pytest.mark.req("Q08")
def test_the_calendar_says_what_is_not_as_the_rule_has_it() -> None:
    days = [
        Day(datetime.date(2026, 12, 2), "08:30", "11:30", (), "改到12月3日；开会,顺延", held=False),
        Day(datetime.date(2026, 12, 3), "08:30", "11:30", ("a",), "原定12月2日"),
    ]
    events = "\n".join(unfolded(calendar(STATION, days, {"a": "韦国强"}))).split("BEGIN:VEVENT")[1:]
    assert "STATUS:CANCELLED" in events[0] and "STATUS:CANCELLED" not in events[1]
    assert "DESCRIPTION:改到12月3日；开会\\,顺延" in events[0]
    assert "DESCRIPTION:原定12月2日" in events[1]


_PROPERTY = re.compile(r"([A-Z][A-Z0-9-]*)((?:;[A-Z-]+=(?:\"[^\"]*\"|[^\";:,]+))*):(.*)")


def components(lines: list[str]) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """(name, properties) of each component; fails where they are not nested as they should be."""
    found: list[tuple[str, list[tuple[str, str, str]]]] = []
    opened: list[tuple[str, list[tuple[str, str, str]]]] = []
    for line in lines:
        match = _PROPERTY.fullmatch(line)
        assert match, line
        name, parameters, value = match.groups()
        if name == "BEGIN":
            opened.append((value, []))
        elif name == "END":
            assert opened[-1][0] == value
            found.append(opened.pop())
        else:
            opened[-1][1].append((name, parameters, value))
    assert opened == []
    return found


def test_a_calendar_keeps_to_the_letter_of_the_standard() -> None:
    """RFC 5545: 3.6, 3.6.1 (what an event must have, and what only once), 3.8.1.11, 3.8.4.7."""
    wednesday = datetime.date(2026, 12, 2)
    days = [
        Day(wednesday, "08:30", "11:30", (), "节假日，不接待", held=False),
        Day(wednesday, "08:30", "11:30", ("a",), "原定12月1日；韦国强替班"),
        Day(wednesday + datetime.timedelta(days=7), "08:30", "11:30", ("a", "b")),
    ]
    data = calendar(STATION, days, {"a": "韦国强", "b": "黄秀英"})
    assert data == calendar(STATION, days, {"a": "韦国强", "b": "黄秀英"})
    found = components(unfolded(data))
    assert [name for name, _ in found] == [
        *("STANDARD", "VTIMEZONE"),
        *("VEVENT", "VEVENT", "VEVENT"),
        "VCALENDAR",
    ]
    whole = {name: value for name, _, value in found[-1][1]}
    assert whole["VERSION"] == "2.0" and whole["PRODID"] and whole["X-PUBLISHED-TTL"] == "PT12H"
    events = [properties for name, properties in found if name == "VEVENT"]
    for event in events:
        names = [name for name, _, _ in event]
        assert len(names) == len(set(names))
        assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "STATUS"} <= set(names)
        for name, parameters, value in event:
            if name in ("DTSTART", "DTEND"):
                assert parameters == ";TZID=Asia/Shanghai" and re.fullmatch(r"\d{8}T\d{6}", value)
            if name == "DTSTAMP":
                assert re.fullmatch(r"\d{8}T\d{6}Z", value)
    said = [{name: value for name, _, value in event} for event in events]
    assert [event["STATUS"] for event in said] == ["CANCELLED", "CONFIRMED", "CONFIRMED"]
    assert len({event["UID"] for event in said}) == 3
    # The same sitting has the same UID whatever else is on the calendar that day.
    alone = components(unfolded(calendar(STATION, days[2:], {})))
    assert {v for _, p in alone for n, _, v in p if n == "UID"} == {said[2]["UID"]}


def test_the_card_holds_what_the_deputy_publishes() -> None:
    deputy = Deputy(
        id="d", name="韦;国强", level=Level.COUNTY, constituency="第1选区", phone="0771 555-0100"
    )
    lines = unfolded(card(deputy, "清河县人大", "https://hui.example.org/deputies/d/"))
    assert lines[:2] == ["BEGIN:VCARD", "VERSION:3.0"]
    assert "FN:韦\\;国强" in lines
    assert "TEL;TYPE=WORK,VOICE:07715550100" in lines
    assert "URL:https://hui.example.org/deputies/d/" in lines


def drawn(symbol: dict[str, Any]) -> list[list[bool]]:
    """The modules that the path of a QR code draws."""
    matrix = [[False] * symbol["size"] for _ in range(symbol["size"])]
    x = y = 0
    for step, numbers in re.findall(r"([Mmh])([-\d. ]+)", symbol["path"]):
        values = [float(n) for n in numbers.split()]
        if step == "h":
            for n in range(int(values[0])):
                matrix[y][x + n] = True
            x += int(values[0])
        elif step == "m":
            x, y = x + int(values[0]), y + int(values[1])
        else:
            x, y = int(values[0]), int(values[1])
    return matrix


def test_the_path_of_a_qr_code_draws_its_matrix() -> None:
    address = "https://hui.example.org/qinghe/deputies/deputy-007/"
    plain = qrcode.QRCode(border=QUIET, error_correction=qrcode.ERROR_CORRECT_M)
    plain.add_data(address)
    plain.make()
    assert drawn(code(address)) == plain.get_matrix()


@pytest.mark.parametrize("length", range(1, 120, 7))
def test_every_qr_code_is_the_easiest_to_read(length: int) -> None:
    """Of the eight masks of an address, the one that qrcode's own search takes."""
    address = "https://hui.example.org/" + "".join(chr(97 + n * n % 26) for n in range(length))
    plain = qrcode.QRCode(border=QUIET, error_correction=qrcode.ERROR_CORRECT_M)
    plain.add_data(address)
    plain.make()
    matrix = plain.get_matrix()
    assert drawn(code(address)) == matrix
    dots = bytes(0 if dark else 255 for row in matrix for dark in row)
    picture = Image.frombytes("L", (len(matrix), len(matrix)), dots)
    picture = picture.resize((4 * len(matrix), 4 * len(matrix)), Image.Resampling.NEAREST)
    assert [result.text for result in zxingcpp.read_barcodes(picture)] == [address]
