"""Names into ids: which area, station or unit a cell means by its code, id or name."""

import re
from collections import defaultdict
from collections.abc import Iterable

import msgspec

from acts.refusals import N_
from acts.text import clean_name, plain_digits
from stations.cells import CellError, parse_area_code, parse_id
from stations.registers import Registers, Resolver, record_id

# What the statistical register calls a village, and how people write it.
_FORMAL = (
    ("社区居民委员会", "社区"),
    ("社区居委会", "社区"),
    ("居民委员会", "社区"),
    ("居委会", "社区"),
    ("村民委员会", "村"),
    ("村委会", "村"),
    ("人民政府", ""),
)
_UNKNOWN = {
    "area": N_("名册里没有“{name}”这个地方，请先登记区划，或改成代码"),
    "unit": N_("名册里没有“{name}”这个承办单位，请先登记，或改成编号"),
    "station": N_("名册里没有“{name}”这个联络站，请先登记，或改成编号"),
    "deputy": N_("名册里没有编号是“{name}”的代表，请先登记，或改成编号"),
}
_SEPARATORS = re.compile(r"[/>,·\s]+")


class NameIndex:
    """The names of all areas, stations and handling units, to be asked for an id.

    A village is found by its name, and by township and village (`苇渡镇/柳堰村`,
    `苇渡镇柳堰村`, with or without the county) where its name repeats.
    """

    def __init__(self, registers: Registers) -> None:
        self._registers = registers
        self._by_name: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._shown: dict[tuple[str, str], str] = {}
        for noun in ("area", "station", "unit"):
            for key, record in registers.records.get(noun, {}).items():
                paths = [_path(record, registers)] if noun == "area" else [[_text(record, "name")]]
                if name_en := _text(record, "name_en"):
                    paths.append([name_en])
                self._shown[noun, key] = "/".join(paths[0])
                for path in paths:
                    for words in _ways(path):
                        self._by_name[noun, _key("".join(words))].add(key)

    def resolve(self, noun: str, text: str) -> str:
        """Return the id of the one area, station or unit that `text` means.

        Raises `CellError` where there is none, or more than one: then with their full names.
        """
        parse = parse_area_code if noun == "area" else parse_id
        try:
            key = parse(text)
        except CellError:
            pass
        else:
            if self._registers.get(noun, key) is not None:
                return key
        keys = self._by_name.get((noun, _key(text)), set())
        if len(keys) == 1:
            return next(iter(keys))
        if keys:
            names = sorted(f"{self._shown[noun, key]} ({key})" for key in keys)
            raise CellError(
                N_("有 {count} 处同名，请写明是哪一处：{names}"),
                count=len(keys),
                names="、".join(names[:5]),
            )
        raise CellError(_UNKNOWN[noun], name=text)


def resolver_for(registers: Registers) -> Resolver:
    """Return the resolver that knows the areas, stations and units of `registers` only."""
    return NameIndex(registers).resolve


def _path(record: msgspec.Struct, registers: Registers) -> list[str]:
    """Return the names from the widest area down to `record`."""
    names = [_text(record, "name")]
    seen = {record_id(record)}
    above = registers.get("area", _text(record, "parent"))
    while above is not None and record_id(above) not in seen:
        names.insert(0, _text(above, "name"))
        seen.add(record_id(above))
        above = registers.get("area", _text(above, "parent"))
    return names


def _ways(path: list[str]) -> Iterable[list[str]]:
    """Return the ways to say a path: its last name, after any of the wider ones in order."""
    ways = [[path[-1]]]
    for name in reversed(path[:-1]):
        ways += [[name, *way] for way in ways]
    return ways


def _text(record: msgspec.Struct, field: str) -> str:
    value: str = getattr(record, field)
    return value


def _key(text: str) -> str:
    name = _SEPARATORS.sub("", plain_digits(clean_name(text))).casefold()
    for formal, plain in _FORMAL:
        if name.endswith(formal) and name != formal:
            return name.removesuffix(formal).removesuffix(plain) + plain
    return name
