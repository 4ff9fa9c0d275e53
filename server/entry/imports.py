"""Old files that were imported: which they are, and the office's one approval of a whole one."""

from acts.refusals import NotThisRole
from eventlog.log import Log
from eventlog.transaction import Transaction
from matters import store
from matters.actors import Actor
from matters.intake.history import approve_import
from matters.refusals import NotFound
from matters.terms import Role
from server.web.values import read_subject


def imports_for(log: Log, actor: Actor) -> list[store.ImportRow]:
    """Return every import, the newest first. Raises NotThisRole."""
    if actor.role not in (Role.OFFICE, Role.ADMIN):
        raise NotThisRole
    with log.reading() as connection:
        return store.imports(connection)


def run_approval(log: Log, actor: Actor, identity: str) -> None:
    """Record that the office approves an import. Raises NotThisRole or NotFound."""
    if actor.role is not Role.OFFICE:
        raise NotThisRole
    subject = read_subject(identity)

    def job(transaction: Transaction) -> None:
        if not any(row.id == subject for row in store.imports(transaction.connection)):
            raise NotFound
        approve_import(transaction, subject, actor=actor)

    log.write(job)
