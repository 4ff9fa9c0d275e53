"""The tables of the exchange, as ordered migrations. Replicated with the log, but no part of it."""

from sqlite_utils import Database, Migrations

migrations = Migrations("sync")


@migrations()
def m001_exchange(database: Database) -> None:
    """Nodes and queues on the hub's side, the upstream and its queue on a station's."""
    statements = (
        # One that was invited has a code, one that is enrolled has keys.
        """CREATE TABLE nodes(
            node INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            station TEXT NOT NULL,
            code_mark BLOB UNIQUE,
            code_key BLOB,
            code_until INTEGER,
            key_id BLOB UNIQUE,
            verify_key BLOB,
            reading_key BLOB,
            age_key BLOB,
            secrets BLOB,
            invited_at INTEGER NOT NULL,
            enrolled_at INTEGER,
            revoked_at INTEGER,
            heard_at INTEGER,
            skew_ms INTEGER,
            cursor INTEGER NOT NULL DEFAULT 0,
            release TEXT NOT NULL DEFAULT '',
            places_version INTEGER NOT NULL DEFAULT -1,
            moved_to BLOB
        )""",
        "CREATE INDEX nodes_of_station ON nodes(station)",
        # Whose log it is; the newest of a node is where it writes now.
        """CREATE TABLE node_logs(
            log BLOB PRIMARY KEY,
            node INTEGER NOT NULL REFERENCES nodes(node),
            since INTEGER NOT NULL
        ) WITHOUT ROWID""",
        # What became visible to which node, in order; node 0 stands for all. Never shortened: a
        # station that was put back from an old image asks for what it had before.
        """CREATE TABLE downlink(
            position INTEGER PRIMARY KEY AUTOINCREMENT,
            node INTEGER NOT NULL,
            event BLOB NOT NULL
        )""",
        "CREATE INDEX downlink_of_node ON downlink(node, position)",
        """CREATE TABLE downlink_subjects(
            node INTEGER NOT NULL,
            subject BLOB NOT NULL,
            PRIMARY KEY(node, subject)
        ) WITHOUT ROWID""",
        "CREATE INDEX downlink_subjects_by_subject ON downlink_subjects(subject)",
        # In which voice the hub wrote from which position on: what a cursor of before is worth.
        """CREATE TABLE downlink_voices(
            number INTEGER PRIMARY KEY,
            log BLOB NOT NULL UNIQUE,
            position INTEGER NOT NULL
        )""",
        # One row: the hub above this node.
        """CREATE TABLE upstream(
            id INTEGER PRIMARY KEY CHECK (id = 1),
            url TEXT NOT NULL,
            verify_key BLOB NOT NULL,
            sealing_key BLOB NOT NULL,
            age_key BLOB NOT NULL,
            name TEXT NOT NULL DEFAULT '',
            enrolment BLOB,
            joined_at INTEGER NOT NULL,
            cursor_log BLOB NOT NULL DEFAULT x'',
            cursor INTEGER NOT NULL DEFAULT 0,
            heard_at INTEGER,
            tried_at INTEGER,
            failure TEXT NOT NULL DEFAULT '',
            accounts_mark BLOB NOT NULL DEFAULT x'',
            site_mark BLOB NOT NULL DEFAULT x'',
            doubted_ms INTEGER NOT NULL DEFAULT 0,
            called TEXT NOT NULL DEFAULT '',
            station TEXT NOT NULL DEFAULT '',
            checked_log BLOB NOT NULL DEFAULT x'',
            returned_at INTEGER,
            answered_ms INTEGER NOT NULL DEFAULT 0
        )""",
        # Questions that travel on a stick, until their answers come back.
        """CREATE TABLE carried(
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            digest BLOB NOT NULL UNIQUE,
            made_at INTEGER NOT NULL,
            voice BLOB NOT NULL,
            sent BLOB NOT NULL,
            offered BLOB NOT NULL,
            answered_at INTEGER
        )""",
        # Questions that came on a stick, without what they brought, for their answers. Durable
        # is one once the replica has everything up to `position`.
        """CREATE TABLE bundles_in(
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            digest BLOB NOT NULL UNIQUE,
            node INTEGER NOT NULL REFERENCES nodes(node),
            question BLOB NOT NULL,
            events INTEGER NOT NULL,
            refused BLOB NOT NULL,
            new_voice INTEGER NOT NULL,
            position INTEGER NOT NULL,
            read_at INTEGER NOT NULL,
            answered_at INTEGER
        )""",
        "CREATE INDEX bundles_in_of_node ON bundles_in(node, number)",
        # States as in `sync/rounds/uplink.py`.
        """CREATE TABLE uplink(
            position INTEGER PRIMARY KEY AUTOINCREMENT,
            event BLOB NOT NULL UNIQUE,
            state INTEGER NOT NULL
        )""",
        "CREATE INDEX uplink_of_state ON uplink(state, position)",
        # What the hub above said of events that it did not take, and why.
        """CREATE TABLE uplink_refused(
            event BLOB PRIMARY KEY,
            code TEXT NOT NULL,
            at INTEGER NOT NULL
        ) WITHOUT ROWID""",
        # The hub's own marks on events that came down, by which it knows them again.
        "CREATE TABLE marks(event BLOB PRIMARY KEY, mark BLOB NOT NULL) WITHOUT ROWID",
        """CREATE TABLE quarantine(
            event BLOB NOT NULL,
            digest BLOB NOT NULL,
            node INTEGER NOT NULL,
            code TEXT NOT NULL,
            at INTEGER NOT NULL,
            position INTEGER NOT NULL,
            body BLOB NOT NULL,
            words BLOB NOT NULL,
            decided TEXT NOT NULL DEFAULT '',
            PRIMARY KEY(event, digest)
        ) WITHOUT ROWID""",
        """CREATE TABLE sync_audit(
            number INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            node INTEGER,
            code TEXT NOT NULL,
            detail TEXT NOT NULL
        )""",
    )
    for statement in statements:
        database.execute(statement)


@migrations()
def m002_heads(database: Database) -> None:
    """Whether a node has to say how far its log goes: a disk of it may be an older one."""
    database.execute("ALTER TABLE nodes ADD COLUMN head_wanted INTEGER NOT NULL DEFAULT 0")
