"""Other indexes of the same notices: FTS5 over characters, FTS5's trigrams, LIKE, and tantivy."""

import re
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from bench.processes import ROOT
from server.search.index import words_of

Row = tuple[Any, ...]
_HAN = re.compile(r"([\u3400-\u9fff])")


class Peer(Protocol):
    """An index: how long it took to make, how large it is, and what it answers.

    `times` says how often a question of each kind is asked of it.
    """

    name: str
    built_s: float
    times: int

    @property
    def size_bytes(self) -> int:
        """How large its files are."""

    def ask(self, query: str) -> int:
        """Read the newest ten that hold every word, and return how many there are."""

    def add(self, text: str) -> None:
        """Index one more text and commit it."""

    def close(self) -> None:
        """Let go of the file."""


def made(folder: Path, rows: Sequence[Row], say: Callable[[str], None]) -> list[Peer]:
    """Return the peers with the rows (seq, text) in them; FTS5 over characters comes first."""
    folder.mkdir()
    peers: list[Peer] = [
        _Fts(folder / "characters.db", rows, "FTS5 unicode61, characters", "unicode61", _spaced),
        _Fts(folder / "trigram.db", rows, "FTS5 trigram", "trigram", str),
        _Like(folder / "like.db", rows),
    ]
    # The peers are installed in a place of their own; after all else, so that nothing is hidden.
    sys.path += map(str, (ROOT / "build" / "peers" / "lib").glob("python*/site-packages"))
    try:
        import tantivy  # type: ignore[import-not-found,unused-ignore]  # of the peers' place

        peers.append(_Tantivy(tantivy, folder / "tantivy", rows))
    except ImportError:
        say("search: tantivy is not installed and not measured")
    return peers


def _spaced(text: str) -> str:
    return _HAN.sub(r" \1 ", text)


class _Sqlite:
    """What the peers in SQLite share: the file, written as safely as ours."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")

    @property
    def size_bytes(self) -> int:
        """How large the file is, with its log."""
        return sum(one.stat().st_size for one in self._path.parent.glob(f"{self._path.name}*"))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class _Fts(_Sqlite):
    """FTS5, every word a phrase."""

    times = 10_000

    def __init__(
        self,
        path: Path,
        rows: Sequence[Row],
        name: str,
        tokenizer: str,
        prepared: Callable[[str], str],
    ) -> None:
        super().__init__(path)
        self.name = name
        self._prepared = prepared
        began = time.perf_counter()
        self._connection.execute("BEGIN")
        self._connection.execute(f"CREATE VIRTUAL TABLE f USING fts5(body, tokenize='{tokenizer}')")
        self._connection.executemany(
            "INSERT INTO f(rowid, body) VALUES (?,?)", ((seq, prepared(text)) for seq, text in rows)
        )
        self._connection.execute("COMMIT")
        self.built_s = time.perf_counter() - began

    def ask(self, query: str) -> int:
        """See `Peer`."""
        words = (self._prepared(word).replace('"', " ").strip() for word in words_of(query))
        match = " ".join(f'"{word}"' for word in words)
        self._connection.execute(
            "SELECT rowid, body FROM f WHERE f MATCH ? ORDER BY rowid DESC LIMIT 10", (match,)
        ).fetchall()
        found = self._connection.execute("SELECT count(*) FROM f WHERE f MATCH ?", (match,))
        return int(found.fetchone()[0])

    def add(self, text: str) -> None:
        """See `Peer`."""
        self._connection.execute("INSERT INTO f(body) VALUES (?)", (self._prepared(text),))


class _Like(_Sqlite):
    """No index at all."""

    name = "LIKE"
    times = 5

    def __init__(self, path: Path, rows: Sequence[Row]) -> None:
        super().__init__(path)
        began = time.perf_counter()
        self._connection.execute("BEGIN")
        self._connection.execute("CREATE TABLE f(seq INTEGER PRIMARY KEY, body TEXT NOT NULL)")
        self._connection.executemany("INSERT INTO f VALUES (?,?)", rows)
        self._connection.execute("COMMIT")
        self.built_s = time.perf_counter() - began

    def ask(self, query: str) -> int:
        """See `Peer`."""
        words = [f"%{word}%" for word in words_of(query)]
        holds = " AND ".join("body LIKE ?" for _ in words)
        self._connection.execute(
            f"SELECT seq, body FROM f WHERE {holds} ORDER BY seq DESC LIMIT 10", words
        ).fetchall()
        found = self._connection.execute(f"SELECT count(*) FROM f WHERE {holds}", words)
        return int(found.fetchone()[0])

    def add(self, text: str) -> None:
        """See `Peer`."""
        self._connection.execute("INSERT INTO f(body) VALUES (?)", (text,))


class _Tantivy:
    """tantivy, over characters, every word a phrase."""

    name = "tantivy, characters"
    times = 10_000

    def __init__(self, tantivy: ModuleType, path: Path, rows: Sequence[Row]) -> None:
        self._tantivy: Any = tantivy
        self._path = path
        path.mkdir()
        builder = self._tantivy.SchemaBuilder()
        builder.add_integer_field("seq", stored=True, fast=True)
        builder.add_text_field("body", stored=True, tokenizer_name="default")
        began = time.perf_counter()
        self._index = self._tantivy.Index(builder.build(), path=str(path))
        self._writer = self._index.writer(100_000_000, 1)
        for seq, text in rows:
            self._writer.add_document(self._tantivy.Document(seq=[seq], body=[_spaced(text)]))
        self._writer.commit()
        self._index.reload()
        self.built_s = time.perf_counter() - began

    @property
    def size_bytes(self) -> int:
        """How large its files are."""
        return sum(one.stat().st_size for one in self._path.iterdir())

    def ask(self, query: str) -> int:
        """See `Peer`."""
        words = [f'"{_spaced(word).strip()}"' for word in words_of(query)]
        searcher = self._index.searcher()
        parsed = self._index.parse_query(" AND ".join(words), ["body"])
        found = searcher.search(parsed, 10, count=True, order_by_field="seq")
        for _, address in found.hits:
            searcher.doc(address)
        return int(found.count)

    def add(self, text: str) -> None:
        """See `Peer`."""
        self._writer.add_document(self._tantivy.Document(seq=[0], body=[_spaced(text)]))
        self._writer.commit()

    def close(self) -> None:
        """Let go of the files."""
        del self._writer, self._index
