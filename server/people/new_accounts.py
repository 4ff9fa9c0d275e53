"""What a new account must be, for the console's form and the command line alike."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from acts.refusals import N_, BadFields, FieldProblem
from acts.text import clean_line, clean_name
from matters.terms import STAFF, Role
from server.county.county_registers import CountyRegisters
from server.people.accounts import NAME_MOST, NEEDED, Bound

# What may be told of a role beside; the rest of a form is not for it.
MAY_TELL: Mapping[Role, tuple[str, ...]] = {
    Role.LIAISON: ("station",),
    Role.UNIT: ("unit", "body", "area"),
    Role.DEPUTY: ("deputy",),
    Role.OFFICE: ("body", "area"),
    Role.ADMIN: (),
}


class NewAccount(NamedTuple):
    """An account that may be added."""

    name: str
    role: Role
    bound: Bound


def unknown_places(registers: CountyRegisters, bound: Mapping[str, str]) -> list[str]:
    """Return which of an account's places are on no register: names of `Bound`'s fields."""
    known = registers.registers.records
    return [
        name
        for name, value in bound.items()
        if value and name in known and value not in known[name]
    ]


def read_new_account(fields: Mapping[str, Any], registers: CountyRegisters) -> NewAccount:
    """Return the account that a form asks for. Raises BadFields with every problem."""
    problems: list[FieldProblem] = []
    texts = {name: value for name, value in fields.items() if isinstance(value, str)}
    name = clean_name(texts.get("name", ""))
    if not name:
        problems.append(FieldProblem("name", "required", N_("请写登录用的名字。")))
    elif len(name) > NAME_MOST:
        problems.append(FieldProblem("name", "too-long", N_("名字最多 100 个字。")))
    role_name = texts.get("role", "")
    if role_name not in STAFF:
        problems.append(FieldProblem("role", "required", N_("请选一个身份。")))
        raise BadFields(problems)
    role = Role(role_name)
    places = {place: clean_line(texts.get(place, "")) for place in Bound._fields}
    bound = {place: value if place in MAY_TELL[role] else "" for place, value in places.items()}
    for place, value in places.items():
        if value and place not in MAY_TELL[role]:
            problems.append(
                FieldProblem(place, "not-for-role", N_("这个身份不用填这一项，请清空。"))
            )
    needed = NEEDED.get(role)
    if needed and not bound[needed]:
        problems.append(FieldProblem(needed, "required", N_("这个身份要写明是哪一个。")))
    for place in unknown_places(registers, bound):
        problems.append(FieldProblem(place, "unknown", N_("登记册里没有这个编号，请从列表里选。")))
    if problems:
        raise BadFields(problems)
    return NewAccount(name, role, Bound(**bound))
