"""Where Django looks for a database of this kind."""

from django.db.backends.sqlite3 import base  # type: ignore[import-not-found,unused-ignore]


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc,unused-ignore]  # not known
    """As Django's, so that a transaction that comes to write later need not fail at once."""

    def _start_transaction_under_autocommit(self) -> None:
        self.cursor().execute("BEGIN IMMEDIATE")
