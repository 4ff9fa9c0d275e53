"""A made-up county of some size, the same every time, for the tests of the site."""

import datetime
import io
import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import msgspec
from PIL import Image

from deputies.activities import Activity, ActivityKind
from deputies.deputies import Deputy, Level
from matters.ledgers.ledger import Count, Ledger
from matters.public.notices import Notice
from matters.registers.categories import Category
from matters.registers.county import County
from matters.registers.pages import Page, PageKind
from matters.registers.units import Unit
from publisher.content import Content
from stations.areas import Area, AreaKind
from stations.duty import DutyRule
from stations.stations import Station, StationKind
from tools.purging.notices_in_memory import NoticesInMemory

COUNTY = "450999000000"
DAY_MS = 86_400_000
START_MS = 1_750_000_000_000
_SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))


@dataclass(frozen=True)
class Day:
    """A duty day."""

    date: datetime.date
    starts: str
    ends: str
    deputies: tuple[str, ...]
    note: str = ""
    held: bool = True


def areas() -> dict[str, Area]:
    """The county, three townships, eight villages in each."""
    found = [Area(id=COUNTY, name="清河县", kind=AreaKind.COUNTY)]
    for t, town in enumerate(("城关镇", "石桥镇", "大岭乡")):
        code = f"45099910{t}000"
        found.append(Area(id=code, name=town, kind=AreaKind.TOWNSHIP, parent=COUNTY))
        for v, village in enumerate(
            ["东塘", "上岭", "下岭", "白沙", "新丰", "马家", "水口", "石门"]
        ):
            found.append(
                Area(
                    id=f"45099910{t}{v + 200}",
                    name=f"{village}村",
                    kind=AreaKind.VILLAGE,
                    parent=code,
                )
            )
    return {area.id: area for area in found}


TOWNSHIPS = [code for code, area in areas().items() if area.kind == AreaKind.TOWNSHIP]
VILLAGES = [code for code, area in areas().items() if area.kind == AreaKind.VILLAGE]


def stations(count: int = 6) -> dict[str, Station]:
    """A station for each township, then points in the villages."""
    found = []
    for n in range(count):
        township = TOWNSHIPS[n % 3]
        point = n >= 3
        place = VILLAGES[n % len(VILLAGES)] if point else township
        found.append(
            Station(
                id=f"station-{n}",
                name=f"{areas()[place].name}代表联络站",
                kind=StationKind.POINT if point else StationKind.STATION,
                area=place,
                serves=(place,),
                parent=f"station-{n % 3}" if point else "",
                address="解放路3号便民服务中心一楼",
                directions="从车站往东走200米,\n过了桥左手边。",
                phone=f"0771-5550{n:03d}",
                hours="周一至周五 8:30–17:00",
                head="韦国强",
                officer="陆小梅",
            )
        )
    return {station.id: station for station in found}


def deputies(count: int = 30) -> dict[str, Deputy]:
    """Two of the higher levels, then half of the county and half of the townships."""
    found = []
    names = itertools.cycle(a + b for a in "韦黄李陆覃" for b in ("国强", "秀英", "建华", "小梅"))
    for n, name in zip(range(count), names, strict=False):
        if n < 2:
            level, where = (Level.NATIONAL, Level.CITY)[n], COUNTY
        elif n % 2:
            level, where = Level.COUNTY, TOWNSHIPS[n % 3]
        else:
            level, where = Level.TOWNSHIP, VILLAGES[n % len(VILLAGES)]
        found.append(
            Deputy(
                id=f"deputy-{n:03d}",
                name=name,
                level=level,
                constituency=f"第{n % 12 + 1}选区",
                areas=(where,),
                stations=(f"station-{n % 3}",),
                phone=f"1380000{n:04d}",
                post="村党支部书记",
                introduction="连任两届,熟悉水利和道路。",
            )
        )
    return {deputy.id: deputy for deputy in found}


CATEGORIES = {
    id: Category(id=id, name=name, order=n)
    for n, (id, name) in enumerate((("road", "道路交通"), ("water", "饮水水利")), 1)
}
UNITS = {"transport": Unit(id="transport", name="县交通运输局")}


def notice(n: int, step_ms: int = DAY_MS, **changed: object) -> Notice:
    """The n-th notice."""
    received = START_MS + n * step_ms
    day = datetime.datetime.fromtimestamp(received / 1000, _SHANGHAI)
    answered = n % 3 != 0
    values: dict[str, object] = {
        "number": f"Q{n * 7919 % 1_000_003:06d}",
        "title": ("村口到小学的道路破损", "自来水供水时间太短", "路灯不亮")[n % 3],
        "text": "下雨天孩子没法走。\n\n去年说要修,到现在没有动静。",
        "answer": "该路段已列入本年度养护计划,十月底前完工。" if answered else "",
        "month": f"{day:%Y-%m}",
        "state": "replied" if answered else "in_hand",
        "received_at": received,
        "answered_at": received + 9 * DAY_MS if answered else None,
        "published_at": received + 10 * DAY_MS,
        "station": f"station-{n % 6}",
        "deputy": f"deputy-{n % 30:03d}",
        "area": VILLAGES[n % len(VILLAGES)],
        "category": ("road", "water")[n % 2],
        "units": ("transport",),
        "result": "A" if answered else "",
        "ratings": {"reply": "satisfied", "result": "basically"} if answered else {},
    }
    return Notice(**(values | changed))  # type: ignore[arg-type]  # Values differ in type.


def ledger(notices: Iterable[Notice]) -> Ledger:
    """The ledger of a county all of whose matters have a notice."""
    listed = list(notices)

    def lines(key: Callable[[Notice], str]) -> list[Count]:
        received = Counter(map(key, listed))
        answered = Counter(key(n) for n in listed if n.answer)
        return [
            Count(key=k, received=c, answered=answered[k], pending=c - answered[k], published=c)
            for k, c in sorted(received.items(), key=lambda line: (-line[1], line[0]))
        ]

    total = lines(lambda _: "") or [Count(key="", received=0, answered=0, pending=0, published=0)]
    return Ledger(
        total=total[0],
        months=tuple(sorted(lines(lambda n: n.month), key=lambda c: c.key, reverse=True)),
        categories=tuple(lines(lambda n: n.category)),
        stations=tuple(lines(lambda n: n.station)),
        units=tuple(lines(lambda n: n.units[0] if n.units else "")),
    )


def long_ledger(
    months: int = 60, categories: int = 40, stations: int = 240, units: int = 600
) -> Ledger:
    """A ledger with long lists and a number in every column, no two lines alike."""

    def line(n: int, key: str) -> Count:
        received = 40 + n * 7919 % 997
        answered = received - n % 37
        return Count(
            key=key,
            received=received,
            answered=answered,
            pending=received - answered,
            published=answered // 2,
            settled=answered * (n % 9) // 10,
            with_limit=answered - n % 5,
            in_time=(answered - n % 5) * (n % 7) // 8,
            rated=answered // 3,
            reply_satisfied=answered // 4,
            satisfied=answered // 5,
            merged=n % 4,
            referred=n % 3,
            declined=n % 2,
            again=n % 6,
            closed=answered // 2,
            unrated=n % 8,
            people=received + n,
        )

    return Ledger(
        total=line(10**6, ""),
        months=tuple(line(n, f"{2026 - n // 12}-{12 - n % 12:02d}") for n in range(months)),
        categories=tuple(line(n, f"category-{n}") for n in range(categories)),
        stations=tuple(line(n, f"station-{n}") for n in range(stations)),
        units=tuple(line(n, f"unit-{n}") for n in range(units)),
    )


def content(
    notices: Iterable[Notice] = (),
    *,
    people: dict[str, Deputy] | None = None,
    places: dict[str, Station] | None = None,
    sample: bool = True,
) -> Content:
    """The county with some notices, and other registers where they are given."""
    listed = list(notices)
    wednesday = datetime.date(2026, 12, 2)
    return Content(
        county=County(
            name="清河县",
            area=COUNTY,
            office="清河县人大常委会办公室",
            office_phone="0771-5550100",
            office_address="人民路1号",
            sample=sample,
            results={"A": "已经解决"},
            name_en="Qinghe County",
        ),
        areas=areas(),
        stations=stations() if places is None else places,
        deputies=deputies() if people is None else people,
        units=UNITS,
        categories=CATEGORIES,
        duty={
            f"station-{s}": [
                Day(
                    wednesday + datetime.timedelta(days=14 * w),
                    "08:30",
                    "11:30",
                    (f"deputy-{s + 3 * w + 3:03d}", f"deputy-{s + 3 * w + 6:03d}"),
                )
                for w in range(6)
            ]
            for s in range(3)
        },
        ledger=ledger(listed),
        notices=NoticesInMemory(listed),
    )


def small(notices: Iterable[Notice] = ()) -> Content:
    """The county with few people and places, for what is no matter of how many they are."""
    made = content(notices, people=deputies(4), places=stations(2))
    known = {COUNTY, *TOWNSHIPS[:2], *VILLAGES[:3]}
    return replace(made, areas={id: area for id, area in made.areas.items() if id in known})


def _pixels(seed: int, width: int, height: int) -> bytes:
    """A picture that is not easily made small."""
    made = io.BytesIO()
    noise = Image.effect_noise((width // 8, height // 8), 60 + seed).resize((width, height))
    noise.convert("RGB").save(made, "JPEG", quality=90)
    return made.getvalue()


PICTURES = {"a" * 64: (3, 600, 800), "b" * 64: (7, 1280, 960), "c" * 64: (9, 1280, 960)}


def rich(plain: Content) -> Content:
    """The same county with all that its registers can hold: pictures, pages, activities, English.

    Its first station, deputies and newest notice have everything; `station-1` has coordinates.
    """
    stations = dict(plain.stations)
    stations["station-0"] = msgspec.structs.replace(
        stations["station-0"],
        serves=tuple(VILLAGES[:8]),
        host="城关镇新时代文明实践所",
        scope="道路、饮水、低保、养老、上学、看病。\n涉法涉诉的事，告诉您该找谁。",
        procedure="1. 登记；\n2. 接待；\n3. 交办；\n4. 反馈。",
        boards=("站牌", "公示栏", "电视屏"),
        books=("代表法", "选举法", "中国人大", "人民代表报"),
        constituencies=tuple(f"第{n}选区" for n in range(1, 10)),
        voters=95_530,
        photo="b" * 64,
        name_en="Chengguan Town Liaison Station",
        address_en="Ground floor, service centre, 3 Jiefang Road",
        duty=(DutyRule(weekday=3, weeks=(2, 4), starts="08:30", ends="11:30", deputies=3),),
    )
    for n, (north, east) in enumerate(((22.815, 108.36), (22.83, 108.38), (22.80, 108.33))):
        id = f"station-{1 + 3 * n}"
        if id in stations:
            stations[id] = msgspec.structs.replace(stations[id], latitude=north, longitude=east)
    deputies = {
        id: msgspec.structs.replace(deputy, photo="a" * 64, name_en="Wei Guoqiang")
        for id, deputy in plain.deputies.items()
    }
    areas = {
        id: msgspec.structs.replace(area, name_en=f"Township {id[8:9]}")
        if area.kind == AreaKind.TOWNSHIP
        else area
        for id, area in plain.areas.items()
    }
    shown = list(plain.notices.latest(10_000))
    if shown:
        shown[0] = msgspec.structs.replace(shown[0], before=("b" * 64,), after=("c" * 64,))
    duty = {id: list(days) for id, days in plain.duty.items()}
    first = duty["station-0"]
    assert isinstance(first[1], Day) and isinstance(first[2], Day)
    first[1] = replace(first[1], deputies=(), note="节假日，不接待", held=False)
    first[2] = replace(first[2], note="黄秀英替班；韦国强请假")
    text = (
        "全县代表进站点、听民声。\n\n## 做什么\n"
        "- 公开[姓名和电话](/deputies/)；\n- 件件有回音。\n\n"
        "> “桥修好了，心里踏实。”\n\n| 三个固定 | 五项机制 |\n|---|---|\n| 固定场所 | 接待选民 |\n"
    )
    return replace(
        plain,
        county=msgspec.structs.replace(plain.county, campaign="为人民履职、为清河添彩"),
        areas=areas,
        stations=stations,
        deputies=deputies,
        duty=duty,
        notices=NoticesInMemory(shown),
        activities={
            f"a{n}": Activity(
                id=f"a{n}",
                date=f"2026-10-1{n}",
                title="在集上摆摊听民声",
                kind=ActivityKind.MARKET,
                station="station-0",
                deputies=("deputy-003", "deputy-006"),
                text="记下乡亲说的十一件事，当场答复三件，其余带回站里登记。",
            )
            for n in range(3)
        },
        pages={
            kind.value: Page(
                id=kind.value,
                title=f"第{n}页",
                kind=kind,
                text=text,
                notice=shown[0].number if shown else "",
                order=n,
                title_en="Deputies in action",
                text_en="They sit, they *listen*.",
            )
            for n, kind in enumerate(PageKind, 1)
        },
        picture=lambda sha: _pixels(*PICTURES[sha]) if sha in PICTURES else None,
    )
