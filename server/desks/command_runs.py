"""Running a command of the table for the console and the interface alike."""

import asyncio
from collections.abc import Mapping
from typing import Any

from eventlog.transaction import Transaction
from matters.actors import Actor
from matters.command import Command
from matters.commands import COMMANDS
from matters.execution import carry_out, record_attempt
from matters.intake.receipts import read_number
from matters.matter import Matter
from matters.refusals import NotFound
from server.folder.safe_writes import commit_or_keep
from server.node import Node
from server.people import drafts
from server.photos.erased_pictures import forget_pictures
from server.web.values import read_seen


def command_named(name: str) -> Command:
    """Return a command by its name in the address. Raises NotFound."""
    command = COMMANDS.get(name)
    if command is None:
        raise NotFound
    return command


async def run_command(
    node: Node, actor: Actor, number: str, command: Command, raw: Mapping[str, Any]
) -> Matter:
    """Carry a command out, wait for the replica, and return the matter as it is then.

    What is refused with 409 is kept on record with the words that were typed. Raises a Refusal.
    """
    known = node.registers.current().known
    seen = read_seen(raw.get("seen"))
    plain = read_number(number) or number

    def job(transaction: Transaction) -> Matter:
        done = carry_out(
            transaction,
            plain,
            command,
            raw,
            actor=actor,
            known=known,
            seen=seen,
            folder=node.folder,
        )
        # A draft that nobody can read now may hold other words than those that were sent.
        if not node.is_locked:
            drafts.remove(transaction, actor.account, drafts.matter_place(plain, command.name))
        if command.name == "erase" and raw.get("what") == "words":
            drafts.remove_of_matter(transaction, plain)
        return done

    matter = await asyncio.to_thread(
        commit_or_keep,
        node.log,
        node.matter_writes,
        job,
        lambda transaction, code: record_attempt(
            transaction, plain, command, raw, actor=actor, code=code, seen=seen
        ),
    )
    if matter.words_erased and command.name == "erase":
        await forget_pictures(node.log, node.photo_writes, [matter])
    return matter
