"""Handling units: the bureaus, townships, courts and companies that matters are dispatched to."""

from enum import StrEnum

import msgspec


class UnitKind(StrEnum):
    """To which of the bodies under the congress's supervision a unit belongs (一府一委两院)."""

    GOVERNMENT = "government"
    TOWNSHIP = "township"
    SUPERVISION = "supervision"
    COURT = "court"
    PROCURATORATE = "procuratorate"
    COMPANY = "company"


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """One handling unit. `area` is the code of the area it works for, or ""."""

    id: str
    name: str
    kind: UnitKind = UnitKind.GOVERNMENT
    area: str = ""
    phone: str = ""
    name_en: str = ""
