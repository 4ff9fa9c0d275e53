"""The table of commands: who may, from which state, with which fields, and where it leads.

Rules, routes, the console's buttons, the OpenAPI document and the role × state test all read this
one table; a further command of CONTRACT is a further row in the module of its order.
"""

from matters.command import Command, Fact
from matters.orders import (
    dispatching,
    framing,
    handling,
    raising,
    rating,
    recording,
    supervising,
)

_ROWS = (
    *framing.COMMANDS,
    *dispatching.COMMANDS,
    *handling.COMMANDS,
    *supervising.COMMANDS,
    *rating.COMMANDS,
    *recording.COMMANDS,
)
_FACTS = (
    *raising.FACTS,
    *framing.FACTS,
    *handling.FACTS,
    *supervising.FACTS,
    *rating.FACTS,
    *recording.FACTS,
)

COMMANDS: dict[str, Command] = {command.name: command for command in _ROWS}
COMMAND_OF_TYPE: dict[str, Command] = {command.type: command for command in _ROWS}
FACT_OF_TYPE: dict[str, Fact] = {fact.type: fact for fact in _FACTS}
