"""Sheets as they leave the printer: what stands on them, and whether a phone reads their codes."""

import datetime
import re
import time
from collections.abc import Iterator

import msgspec
import pytest

from deputies.deputies import Deputy
from deputies.rota import duty_days
from deputies.shifts import Shift
from matters.intake.receipts import check_digit
from matters.public.notices import Notice
from server.county.county_registers import CountyRegisters, read_all
from server.data_folder import open_log, prepare_folder
from server.folder.settings import Settings
from server.paper import drawing
from server.paper.county import PaperCounty
from server.paper.kinds import PaperKind, Wanted, made
from server.paper.sheets import Size, document
from server.registers.sample import seed_sample
from stations.duty import DutyRule
from stations.working_days import WorkingDays
from tests.server.listening import Listening
from tests.server.printed import A3_MM, A4_MM, Printed
from tools.purging.notices_in_memory import NoticesInMemory

ADDRESS = "http://wanghe.example.org/"
TODAY = datetime.date(2026, 11, 22)
STATION = "shuangqiu"
VILLAGE = "990102100201"
NUMBER, ENDLESS = (digits + check_digit(digits) for digits in ("123456789", "222222222"))
LONG = "阿不都克里木·吾买尔江·托合提"
NOTICES = [
    Notice(
        number=NUMBER,
        title="村西头机井三个月抽不出水，三十亩苹果旱着",
        text="村西头的机井从八月起抽不出水。\n找过两次乡里，都说等配件。",
        answer="水利局已派人更换水泵和电缆，11月12日恢复出水。",
        month="2026-11",
        state="replied",
        received_at=1763000000000,
        answered_at=1763900000000,
        published_at=1763900000000,
        station=STATION,
        area=VILLAGE,
        result="A",
        ratings={"result": "satisfied"},
    ),
    Notice(
        number=ENDLESS,
        title="路灯不亮",
        text="长" * 10_000,
        month="2026-11",
        state="in_hand",
        received_at=1763000000000,
        published_at=1763900000000,
        area=VILLAGE,
    ),
]


@pytest.fixture(scope="module")
def registers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CountyRegisters]:
    """The sample county's registers."""
    folder = tmp_path_factory.mktemp("paper") / "data"
    log = open_log(folder, prepare_folder(Settings(data=folder)))
    try:
        seed_sample(log, folder)
        with log.reading() as connection:
            yield read_all(connection)
    finally:
        log.stop()


def county_of(registers: CountyRegisters, address: str = ADDRESS) -> PaperCounty:
    return PaperCounty(
        registers, NoticesInMemory(NOTICES), address, TODAY, b"k" * 32, lambda number: False
    )


def printed(
    registers: CountyRegisters,
    kind: PaperKind,
    wanted: Wanted,
    size: Size = Size.A4,
    address: str = ADDRESS,
) -> Printed:
    sheets = made(county_of(registers, address), {kind: wanted})
    return Printed(drawing.draw(document(sheets, size)))


@pytest.mark.req("H13", "S07", "Q04")
@pytest.mark.parametrize(("size", "paper"), [(Size.A4, A4_MM), (Size.A3, A3_MM)])
def test_a_station_poster_says_whom_when_and_where(
    registers: CountyRegisters, size: Size, paper: tuple[int, int]
) -> None:
    found = printed(registers, PaperKind.STATIONS, Wanted(station=STATION), size)
    station = registers.stations[STATION]
    assert found.pages == 1 and found.size_mm == paper
    for words in (
        *(
            station.name,
            station.phone,
            station.mobile,
            "每周三",
            "08:30–11:30",
            "wanghe.example.org",
        ),
        *("事事有着落、件件有回音", registers.county.campaign, "示例县"),
        *(one.name for one in registers.deputies.values() if STATION in one.stations),
        *("省人大代表", "乡镇人大代表"),
    ):
        assert "".join(words.split()) in found.text, words
    widths = {one.text: one.width_mm for one in found.codes()}
    assert set(widths) == {
        f"{ADDRESS}stations/{STATION}/",
        f"{ADDRESS}submit/?station={STATION}&channel=qr",
    }
    assert min(widths.values()) >= 28 and widths[f"{ADDRESS}stations/{STATION}/"] >= 45
    assert found.embedded and all(found.embedded)
    assert len(found.pdf) < 45_000


@pytest.mark.req("H13", "S07", "Q04")
def test_a_village_board_says_whom_to_call_and_what_to_do_without_a_phone(
    registers: CountyRegisters,
) -> None:
    found = printed(registers, PaperKind.VILLAGES, Wanted(area=VILLAGE))
    own = [one for one in registers.deputies.values() if VILLAGE in one.areas]
    station = next(one for one in registers.stations.values() if VILLAGE in one.serves)
    assert own and found.pages == 1
    for one in own:
        assert one.name in found.text and one.phone in found.text
    days = duty_days(
        station,
        registers.deputies.values(),
        TODAY,
        3,
        shifts=registers.shifts.values(),
        calendar=registers.calendar,
    )
    for day in days:
        assert f"{day.date.month}月{day.date.day}日" in found.text
    assert station.name in found.text and "没有手机，也能说" in found.text
    assert "征集单" in found.text and "红色邮筒" in found.text
    assert f"{ADDRESS}areas/{VILLAGE}/" in {one.text for one in found.codes()}


@pytest.mark.req("L06", "S07")
def test_a_deputys_poster_leads_to_the_deputy(registers: CountyRegisters) -> None:
    found = printed(registers, PaperKind.DEPUTIES, Wanted(deputy="du-yulan"))
    widths = {one.text: one.width_mm for one in found.codes()}
    assert widths[f"{ADDRESS}deputies/du-yulan/"] >= 70
    assert f"{ADDRESS}submit/?deputy=du-yulan&channel=qr" in widths
    assert "杜玉兰" in found.text and registers.deputies["du-yulan"].phone in found.text


@pytest.mark.req("L06", "S07")
def test_ten_cards_on_a_sheet_each_with_its_own_code(registers: CountyRegisters) -> None:
    found = printed(registers, PaperKind.CARDS, Wanted(station=STATION, copies=2))
    here = [one for one in registers.deputies.values() if STATION in one.stations]
    assert found.pages == -(-2 * len(here) // 10)
    codes = [one for page in range(found.pages) for one in found.codes(page + 1)]
    assert sorted(one.text for one in codes) == sorted(
        f"{ADDRESS}submit/?deputy={one.id}&channel=qr" for one in here for _ in range(2)
    )
    assert min(one.width_mm for one in codes) >= 22
    for one in here:
        assert found.text.count(one.name) == 2


@pytest.mark.req("Q08")
def test_the_rota_has_every_sitting_of_three_months_as_it_is_held(
    registers: CountyRegisters,
) -> None:
    off, swapped = datetime.date(2026, 12, 16), datetime.date(2026, 12, 23)
    shifts = {
        "off": Shift(id="off", station=STATION, date=str(off), cancelled=True, note="站里装修"),
        "swap": Shift(id="swap", station=STATION, date=str(swapped), instead=("bai-youfu",)),
    }
    calendar = WorkingDays(holidays=frozenset({datetime.date(2027, 1, 6)}))
    known = registers._replace(shifts=shifts, calendar=calendar)
    found = printed(known, PaperKind.ROTA, Wanted(station=STATION), Size.A3)
    days = duty_days(
        registers.stations[STATION],
        registers.deputies.values(),
        TODAY,
        20,
        shifts=shifts.values(),
        calendar=calendar,
    )
    wanted = [day for day in days if day.date < datetime.date(2027, 2, 1)]
    assert len(wanted) == 8 and found.pages == 1
    for day in wanted:
        names = "、".join(registers.deputies[id].name for id in day.deputies)
        assert f"{day.date.month}月{day.date.day}日" in found.text and names in found.text
    assert "站里装修" in found.text and "节假日" in found.text and "柏有福" in found.text
    assert "2月3日" not in found.text
    assert f"{ADDRESS}stations/{STATION}/" in {one.text for one in found.codes()}


@pytest.mark.req("Q08")
@pytest.mark.parametrize("weekdays", [0, 1, 3, 5, 7])
@pytest.mark.parametrize("seats", [1, 6])
def test_a_rota_fits_however_often_deputies_sit(
    registers: CountyRegisters, weekdays: int, seats: int
) -> None:
    rules = tuple(DutyRule(weekday=one + 1, deputies=seats) for one in range(weekdays))
    found = printed(changed(registers, duty=rules), PaperKind.ROTA, Wanted(station=STATION))
    assert found.pages == 1
    if not weekdays:
        assert "没有排班" in found.text
        return
    words = found.words
    last = max(one.bottom for one in words if re.match(r"\d+月\d+日$", one.text))
    assert last < min(one.top for one in words if "电话" in one.text)


@pytest.mark.req("Q10")
def test_the_roll_has_every_deputy_of_the_station(registers: CountyRegisters) -> None:
    many = with_deputies(registers, 40)
    found = printed(many, PaperKind.ROLL, Wanted(station=STATION))
    here = [one for one in many.deputies.values() if STATION in one.stations]
    assert len(here) == 40 and "共40人" in found.text and found.pages > 1
    for one in here:
        assert one.phone in found.text


def changed(registers: CountyRegisters, **fields: object) -> CountyRegisters:
    """Return the registers with another sort of station at STATION."""
    station = msgspec.structs.replace(registers.stations[STATION], **fields)
    return registers._replace(stations={**registers.stations, STATION: station})


def with_deputies(registers: CountyRegisters, count: int, name: str = "王小明") -> CountyRegisters:
    """Return the registers with so many deputies at STATION, and no other deputy."""
    pattern = registers.deputies["du-yulan"]
    deputies: dict[str, Deputy] = {}
    for at in range(count):
        id = f"deputy-{at:02}"
        deputies[id] = msgspec.structs.replace(
            pattern,
            id=id,
            name=name,
            phone=f"139000004{at:02}",
            areas=(VILLAGE,),
            stations=(STATION,),
        )
    return registers._replace(deputies=deputies)


@pytest.mark.req("Q04")
@pytest.mark.parametrize("count", [0, 1, 4, 5, 12, 13, 24, 25, 40, 60])
@pytest.mark.parametrize("name", ["王小明", LONG])
def test_a_poster_holds_however_many_deputies_there_are(
    registers: CountyRegisters, count: int, name: str
) -> None:
    station_name = "望禾县双楸镇东街社区楸树园片区新时代文明实践所人大代表联络站"
    long = changed(registers, name=station_name, hours="周一至周五 8:30–11:30；" * 9)
    long = with_deputies(long, count, name)
    found = printed(long, PaperKind.STATIONS, Wanted(station=STATION))
    assert found.pages == 1 and len(found.codes()) == 2
    shown = min(count, 40)
    assert found.text.count(name) == shown
    if count > 40:
        assert "60位" in found.text and "这里列出40位" in found.text
    words = found.words
    foot = min(one.top for one in words if "有事怎么说" in one.text)
    names = [one.bottom for one in words if name in one.text]
    assert max(names, default=0.0) < foot


def test_what_is_not_known_leaves_no_gap_that_reads_wrong(registers: CountyRegisters) -> None:
    bare = changed(registers, phone="", mobile="", address="", hours="", duty=(), name_en="")
    bare = with_deputies(bare, 2)
    found = printed(bare, PaperKind.STATIONS, Wanted(station=STATION))
    assert "请先打电话约时间" in found.text and registers.county.office_phone in found.text
    village = printed(bare, PaperKind.VILLAGES, Wanted(area=VILLAGE))
    assert registers.county.office_phone in village.text and village.pages == 1
    assert "None" not in found.text + village.text


def test_a_long_address_stays_on_the_sheet(registers: CountyRegisters) -> None:
    address = "https://huiyin.wanghexian-renda-changweihui.example.gov.cn/"
    found = printed(registers, PaperKind.STATIONS, Wanted(station=STATION), address=address)
    assert address[8:-1] in found.text and f"{address}stations/{STATION}/" in {
        one.text for one in found.codes()
    }
    assert max(one.right for one in found.words) < 205


@pytest.mark.req("L11", "Q04")
@pytest.mark.parametrize("size", list(Size))
def test_a_notice_is_in_big_print_and_on_one_sheet(registers: CountyRegisters, size: Size) -> None:
    found = printed(registers, PaperKind.NOTICES, Wanted(number=NUMBER), size)
    assert found.pages == 1
    for words in ("村西头机井三个月", "从八月起抽不出水", "更换水泵和电缆", "群众评价：满意"):
        assert min(found.sizes(words)) >= 24, words
    assert [one.text for one in found.codes()] == [f"{ADDRESS}notices/{NUMBER}/"]
    endless = printed(registers, PaperKind.NOTICES, Wanted(number=ENDLESS), size)
    assert endless.pages == 1 and "这里只登得下一部分" in endless.text and "…" in endless.text


@pytest.mark.req("L11", "Q04")
def test_a_months_list_is_in_big_print(registers: CountyRegisters) -> None:
    found = printed(registers, PaperKind.MONTH, Wanted(month="2026-11"))
    assert "2026年11月" in found.text and "共2件" in found.text
    assert min(found.sizes("路灯不亮")) >= 24
    assert [one.text for one in found.codes()] == [f"{ADDRESS}notices/2026-11/"]


@pytest.mark.req("Q04")
@pytest.mark.parametrize("count", [1, 8, 9, 10, 11, 20, 21, 57])
def test_a_months_list_runs_over_as_many_sheets_as_it_takes(
    registers: CountyRegisters, count: int
) -> None:
    many = [
        msgspec.structs.replace(
            NOTICES[0],
            number=digits + check_digit(digits),
            title=f"第{at:02}件：{'很长的题目' * 6}",
        )
        for at, digits in ((at, f"{300_000_000 + at}") for at in range(count))
    ]
    county = PaperCounty(
        registers, NoticesInMemory(many), ADDRESS, TODAY, b"k" * 32, lambda number: False
    )
    sheets = made(county, {PaperKind.MONTH: Wanted(month="2026-11")})
    found = Printed(drawing.draw(document(sheets, Size.A4)))
    assert found.pages == {1: 1, 8: 1, 9: 2, 10: 2, 11: 2, 20: 2, 21: 3, 57: 6}[count]
    words = found.words
    for at in range(count):
        assert sum(word.text.startswith(f"第{at:02}件") for word in words) == 1
    for page in range(1, found.pages + 1):
        here = [word for word in words if word.page == page]
        end = min((word.top for word in here if "每件的原话" in word.text), default=273.0)
        assert max(word.bottom for word in here if word.text.startswith("第")) < end
    assert len(found.codes(found.pages)) == 1


def test_hostile_text_stands_there_as_text_and_fetches_nothing(registers: CountyRegisters) -> None:
    with Listening() as (port, calls):
        text = (
            f"<img src=http://127.0.0.1:{port}/a><script>1</script>"
            f"</style><style>body{{background:url(http://127.0.0.1:{port}/b)}}"
        )
        hostile = changed(registers, name=text, address=text, hours=text)
        for kind in (PaperKind.STATIONS, PaperKind.ROTA, PaperKind.ROLL, PaperKind.SLIPS):
            found = printed(hostile, kind, Wanted(station=STATION, copies=1))
            assert "<script>1</script>" in found.text, kind
        assert calls == []


def test_one_poster_is_drawn_in_about_a_second(registers: CountyRegisters) -> None:
    printed(registers, PaperKind.STATIONS, Wanted(station=STATION))
    html = document(
        made(county_of(registers), {PaperKind.STATIONS: Wanted(station=STATION)}), Size.A4
    )
    began = time.process_time()
    drawing.draw(html)
    assert time.process_time() - began < 2
