"""Running a command of the table for the console and the interface alike."""

from collections.abc import Mapping
from typing import Any

from acts.act import repeated_names
from eventlog.transaction import Transaction
from matters.actors import Actor
from matters.command import Command
from matters.commands import COMMANDS
from matters.execution import Contact, carry_out, read_contact, record_attempt
from matters.intake.receipts import read_number
from matters.matter import Matter
from matters.refusals import NotFound
from server.desks.room import DesksRoom
from server.folder.safe_writes import commit_or_keep
from server.people import drafts
from server.photos.erased_pictures import forget_pictures
from server.web.values import read_seen

# The fields of commands that may stand repeatedly in a form.
COMMAND_LISTS = repeated_names(COMMANDS.values())


def command_named(name: str) -> Command:
    """Return a command by its name in the address. Raises NotFound."""
    command = COMMANDS.get(name)
    if command is None:
        raise NotFound
    return command


def run_command(
    room: DesksRoom, actor: Actor, number: str, command: Command, raw: Mapping[str, Any]
) -> Matter:
    """Carry a command out, wait for the replica, and return the matter as it is then.

    What is refused with 409 is kept on record with the words that were typed. Raises a Refusal.
    """
    known = room.registers.current().known
    seen = read_seen(raw.get("seen"))
    plain = read_number(number) or number

    def job(transaction: Transaction) -> Matter:
        matter = carry_out(
            transaction,
            plain,
            command,
            raw,
            actor=actor,
            known=known,
            seen=seen,
            folder=room.log.folder,
        )
        # A draft that nobody can read now may hold other words than those that were sent.
        if not room.doors.is_locked:
            drafts.remove(transaction, actor.account, drafts.matter_place(plain, command.name))
        if command.name == "erase" and raw.get("what") == "words":
            drafts.remove_of_matter(transaction, plain)
        return matter

    matter = commit_or_keep(
        room.log,
        room.writes,
        job,
        lambda transaction, code: record_attempt(
            transaction, plain, command, raw, actor=actor, code=code, seen=seen
        ),
    )
    if matter.words_erased and command.name == "erase":
        forget_pictures(room.log, room.photo_writes, [matter])
    return matter


def contact_for(room: DesksRoom, actor: Actor, number: str) -> Contact:
    """Return a matter's contact details; the look is put on record. Raises a Refusal."""
    plain, unsealer = read_number(number) or "", room.unsealer()
    return room.log.write(
        lambda transaction: read_contact(transaction, plain, actor=actor, unsealer=unsealer)
    ).result
