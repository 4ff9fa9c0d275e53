"""A county of many notices, 5,000 villages and 10,000 deputies, for the benchmark of the search."""

import random
from collections.abc import Callable
from pathlib import Path

from bench.lists import county as lists_county
from bench.lists.county import NOW_MS, YEARS_MS, Told
from deputies.deputies import DEPUTIES, Deputy, Level
from eventlog.log import Log
from eventlog.projections import Projection
from eventlog.transaction import Transaction
from matters.intake.receipts import new_number
from matters.projection import MattersProjection
from server.data_folder import open_log, prepare_folder
from server.folder.settings import Settings
from stations.areas import AREAS, Area, AreaKind
from stations.register_log import set_record
from stations.stations import STATIONS, Station, StationKind

COUNTY = "990100000000"
TOWNSHIPS, VILLAGES_EACH, DEPUTIES_EACH = 100, 50, 100
IN_ONE = 10_000
_FIRST = "上下东西南北前后大小新老双三石柳杏桃松柏白黄红青长高平清沙泉"
_SECOND = "河山岭坪沟湾塘桥庄垣堰洼坡井泉岗峪台寨店林田坝滩原峰谷渡闸窑"
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
_GIVEN = "秀英桂兰建国志强玉梅春生文军丽华海燕明辉小红德福永平晓云金山"
PLACES = (
    "村口",
    "桥头",
    "学校门前",
    "卫生室旁",
    "水库边",
    "集市里",
    "三组",
    "老街",
    "河堤",
    "渠边",
)
THINGS = ("路灯", "水管", "井盖", "电线杆", "桥栏杆", "公厕", "垃圾箱", "水渠", "路面", "变压器")
TROUBLES = ("不亮", "漏水", "松动", "倾斜", "断了", "堵住了", "坏了", "破损严重", "有臭味")
# Words that stand in half of all texts, as some do in any county.
_COMMON = ("村民反映多次", "老人出行不便")
_FILLER = (
    "孩子上学要绕远路", "一下雨就积水", "已经有三个月了", "车辆通过有危险", "影响了庄稼灌溉",
    "冬天结冰容易滑倒", "垃圾没有人清运", "夜里看不清路面", "水压不够用不上水", "电压不稳灯泡闪",
    "希望尽快安排维修", "请镇里派人来看一看", "大家愿意出工出力", "材料费没有着落",
)  # fmt: skip
_ANSWERS = (
    "已派人到现场查看并修好", "更换了新件，今后每月巡查一次", "列入下月计划，完工后公布结果",
    "与施工方约定十日内完成", "经费已经落实，正在招标",
)  # fmt: skip
_HAN = [chr(code) for code in range(0x4E00, 0x5A00)]


def village(number: int) -> str:
    """Return the code of a village."""
    return f"9901{number // VILLAGES_EACH + 1:05d}{number % VILLAGES_EACH + 1:03d}"


def village_name(number: int) -> str:
    """Return the name of a village, of two characters and its ending; some stand twice."""
    return f"{_FIRST[number % 30]}{_SECOND[number // 30 % 30]}村"


def build(folder: Path, count: int, say: Callable[[str], None]) -> Log:
    """Return the log of a new data folder with its registers and so many notices."""
    settings = Settings(data=folder)
    log = open_log(folder, prepare_folder(settings), now_ms=lambda: NOW_MS)
    log.write(_registers)
    log.drain()
    connection = log._connection  # the writer's own, after its thread has ended
    # Nothing is at stake: a build that is cut off is thrown away.
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("PRAGMA synchronous=OFF")
    projections: dict[str, Projection] = {"matter": MattersProjection()}
    writer = lists_county._Writer(connection, projections)
    rnd = random.Random(7)
    for start in range(0, count, IN_ONE):
        connection.execute("BEGIN")
        for number in range(start, min(start + IN_ONE, count)):
            writer.live(rnd, NOW_MS - YEARS_MS + YEARS_MS * number // count, history(rnd))
        connection.execute("COMMIT")
        if start % 50_000 == 0:
            say(f"search: {start:,} notices written")
    connection.execute("PRAGMA journal_mode=WAL")
    log.close()
    return open_log(folder, prepare_folder(settings), now_ms=lambda: NOW_MS)


def history(rnd: random.Random) -> list[Told]:
    """Return what happened to a matter that came to a notice."""
    title, text, answer = texts(rnd)
    raised = {
        "number": new_number(),
        "kind": "help",
        "area": village(rnd.randrange(TOWNSHIPS * VILLAGES_EACH)),
        "station": f"s{rnd.randrange(TOWNSHIPS):04d}",
        "channel": "web",
        "category": "roads",
        "publish": True,
    }
    return [
        ("matter.raised", 0, "villager", raised, {"text": text}),
        ("matter.answered", 3, "office:o1", {}, {"text": answer}),
        (
            "matter.published",
            4,
            "office:o1",
            {},
            {"title": title, "text": text, "answer": answer},
        ),
    ]


def texts(rnd: random.Random) -> tuple[str, str, str]:
    """Return title, text and answer of a notice: some 150 characters, with a name of its own."""
    thing, trouble = rnd.choice(THINGS), rnd.choice(TROUBLES)
    name = "".join(rnd.choices(_HAN, k=3))
    said = [f"{rnd.choice(PLACES)}{name}家附近的{thing}{trouble}", *rnd.sample(_FILLER, 4)]
    said += [word for word in _COMMON if rnd.random() < 0.5]
    rnd.shuffle(said)
    answer = "，".join(rnd.sample(_ANSWERS, 2))
    return f"{thing}{trouble}的事办好了", "，".join(said) + "。", answer + "。"


def _registers(transaction: Transaction) -> None:
    rnd = random.Random(11)

    def put(noun: str, record: Area | Deputy | Station) -> None:
        set_record(transaction, noun, record, by="office:o1")

    put(AREAS.noun, Area(id=COUNTY, name="测量县", kind=AreaKind.COUNTY))
    for town in range(TOWNSHIPS):
        code = f"9901{town + 1:05d}000"
        name = f"{_SECOND[town % 30]}{_FIRST[town // 30]}镇"
        put(AREAS.noun, Area(id=code, name=name, kind=AreaKind.TOWNSHIP, parent=COUNTY))
        station = f"s{town:04d}"
        villages = [town * VILLAGES_EACH + more for more in range(VILLAGES_EACH)]
        put(
            STATIONS.noun,
            Station(
                id=station,
                name=f"{name}代表联络站",
                kind=StationKind.STATION,
                area=code,
                serves=tuple(map(village, villages)),
                address=f"{name}中心街 1 号",
                phone="0990-5550100",
            ),
        )
        for number in villages:
            area = Area(
                id=village(number),
                name=village_name(number),
                kind=AreaKind.VILLAGE,
                parent=code,
            )
            put(AREAS.noun, area)
        for number in range(DEPUTIES_EACH):
            deputy = Deputy(
                id=f"d{town * DEPUTIES_EACH + number:05d}",
                name=rnd.choice(_SURNAMES) + "".join(rnd.choices(_GIVEN, k=2)),
                level=Level.TOWNSHIP,
                constituency=f"{name}第{number // 4 + 1}选区",
                areas=tuple(village(rnd.choice(villages)) for _ in range(2)),
                stations=(station,),
                phone="13900000000",
            )
            put(DEPUTIES.noun, deputy)
