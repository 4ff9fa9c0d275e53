"""Supervision (督单): how many of each unit's matters stand at green, yellow and red."""

import sqlite3
from typing import NamedTuple

from matters.limits.lights import Raised, due_until
from matters.registers.rules import Rules


class UnitLights(NamedTuple):
    """What one unit has in hand with a limit running; `overdue` are part of `red`."""

    unit: str
    running: int
    red: int
    yellow: int
    overdue: int

    @property
    def green(self) -> int:
        """How many have time left."""
        return self.running - self.red - self.yellow


def lights_of_units(
    connection: sqlite3.Connection, *, now_ms: int, rules: Rules, unit: str = ""
) -> list[UnitLights]:
    """Return the lights of each unit that has any matter in hand, the most overdue first.

    `unit` narrows to one.
    """
    red, yellow = due_until(now_ms, rules.red_days), due_until(now_ms, rules.yellow_days)
    rows = connection.execute(
        "SELECT lead, count(*), sum(due_at <= ?), sum(due_at > ? AND due_at <= ?), sum(due_at < ?) "
        "FROM matters INDEXED BY matters_running WHERE running"
        f"{' AND lead=?' if unit else ''} GROUP BY lead",
        (red, red, yellow, now_ms, *([unit] if unit else [])),
    )
    units = [UnitLights(*row) for row in rows]
    return sorted(
        units, key=lambda lights: (-lights.overdue, -lights.red, -lights.running, lights.unit)
    )


def in_all(units: list[UnitLights]) -> UnitLights:
    """Return the sum of all units' lights."""
    return UnitLights(
        "",
        *(sum(getattr(lights, name) for lights in units) for name in UnitLights._fields[1:]),
    )


class OverdueMatter(NamedTuple):
    """An overdue matter: number, lead unit, when it was due (ms, UTC), to whom it is raised."""

    number: str
    unit: str
    due_at: int
    level: str


def overdue_now(connection: sqlite3.Connection, *, now_ms: int) -> list[OverdueMatter]:
    """Return every overdue matter, the longest overdue first."""
    rows = connection.execute(
        "SELECT number, lead, due_at, level FROM matters INDEXED BY matters_due "
        "WHERE running AND due_at < ? ORDER BY due_at, id",
        (now_ms,),
    )
    return [OverdueMatter(row[0], row[1], row[2], row[3] or Raised.UNIT) for row in rows]
