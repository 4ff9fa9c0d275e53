"""What a page offers where a record of the registers is to be chosen: ids and names."""

from server.web.pages import named
from stations.areas import Area
from stations.registers import Registers

# Up to so many records a reference is picked from a list; beyond, it is typed with suggestions.
SELECT_MOST = 200
SUGGEST_MOST = 2000


def choices_of(language: str, noun: str, registers: Registers) -> list[tuple[str, str]]:
    """Return (id, name) of every record of a noun; villages with their township."""
    return [
        (key, name_of(language, registers, noun, key, full=True))
        for key in registers.records.get(noun, {})
    ]


def name_of(language: str, registers: Registers, noun: str, key: str, *, full: bool = False) -> str:
    """Return what a record is called, its id where it is not there; `full` with its township."""
    record = registers.get(noun, key)
    if record is None:
        return key
    name = named(language, record)
    above = registers.get("area", record.parent) if isinstance(record, Area) else None
    if full and isinstance(above, Area) and above.parent:
        return f"{named(language, above)} / {name}"
    return name
