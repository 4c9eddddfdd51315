"""Search over the texts of a table: trigrams where the database has them, plain comparison where not.

Every word of the search must occur somewhere in the row's searched columns, ignoring case. Results are ordered like
any list, never by relevance: ranking reads every hit.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    String,
    Table,
    and_,
    cast,
    func,
    inspect,
    literal_column,
    select,
    text,
)
from sqlalchemy import column as named
from sqlalchemy import table as bare
from sqlalchemy.exc import DBAPIError

from services.chassis.errors import InvalidRequest, Violation

MAX_LENGTH: Final = 200
_MAX_WORDS: Final = 8
_TRIGRAM: Final = 3


class SearchIndex:
    """The searched columns of a table.

    ``create`` is for migrations; ``condition`` finds out by itself whether the index is there.
    """

    def __init__(self, table: Table, columns: Sequence[str], identity: str = "id") -> None:
        if not columns:
            raise ValueError(f"{table.name}: a search needs columns")
        self._table = table
        self._columns = tuple(columns)
        self._identity = identity
        self._indexed: WeakKeyDictionary[Engine, bool] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def condition(self, connection: Connection, asked: str) -> ColumnElement[bool] | None:
        """Give the condition for what a user typed; None where that is blank.

        Raises InvalidRequest for more than 200 characters.
        """
        if len(asked) > MAX_LENGTH or "\0" in asked:
            wrong = Violation("query.search", f"must be at most {MAX_LENGTH} characters of text")
            raise InvalidRequest("The search is too long.", reason="INVALID_FIELDS", violations=[wrong])
        words = asked.split()[:_MAX_WORDS]
        if not words:
            return None
        if self._has_trigrams(connection):
            return self._by_trigrams(words)
        body = self._body()
        return and_(*(body.icontains(word, autoescape=True) for word in words))

    def create(self, connection: Connection) -> None:
        """Make the index where the database can; without one, search still answers, by reading the table.

        On SQLite a companion table holds the texts, for the rowids of a table with a text key may change.
        """
        if connection.dialect.name == "postgresql":
            self._create_postgresql(connection)
        elif _sqlite_has_trigrams(connection):
            for statement in self._sqlite_statements():
                connection.execute(text(statement))

    def _body(self) -> ColumnElement[str]:
        """All searched texts as one; the blank keeps a word from spanning two columns.

        Constants are written out: an index on an expression serves only the same expression, not one with parameters.
        """
        empty, blank = literal_column("''", String), literal_column("' '", String)
        body: ColumnElement[str] = func.coalesce(cast(self._table.c[self._columns[0]], String), empty)
        for name in self._columns[1:]:
            body = body.concat(blank).concat(func.coalesce(cast(self._table.c[name], String), empty))
        return body

    def _by_trigrams(self, words: Sequence[str]) -> ColumnElement[bool]:
        """Long words by the index, those under three letters by comparing; both against the companion table."""
        texts = bare(f"{self._table.name}_text", named("docid"), named("id"), named("body"))
        found = select(texts.c.id)
        terms = ['"' + word.replace('"', '""') + '"' for word in words if len(word) >= _TRIGRAM]
        if terms:
            index: Any = bare(f"{self._table.name}_fts", named("rowid"))
            hits = select(index.c.rowid).where(text(f"{self._table.name}_fts MATCH :search_terms"))
            found = found.where(texts.c.docid.in_(hits.params(search_terms=" AND ".join(terms))))
        for word in words:
            if len(word) < _TRIGRAM:
                found = found.where(texts.c.body.icontains(word, autoescape=True))
        return self._table.c[self._identity].in_(found)

    def _has_trigrams(self, connection: Connection) -> bool:
        if connection.dialect.name != "sqlite":
            return False
        with self._lock:
            known = self._indexed.get(connection.engine)
            if known is None:
                known = inspect(connection).has_table(f"{self._table.name}_fts")
                self._indexed[connection.engine] = known
            return known

    def _create_postgresql(self, connection: Connection) -> None:
        available = text("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
        if connection.execute(available).first() is None:
            return
        try:
            with connection.begin_nested():
                connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
        except DBAPIError:  # a role without the right to: search then reads the table
            return
        table = self._table.name
        compiled = self._body().compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        body = str(compiled).replace(f"{table}.", "")
        connection.exec_driver_sql(
            f"CREATE INDEX IF NOT EXISTS ix_{table}_search ON {table} USING gin (({body}) gin_trgm_ops)"
        )

    def _sqlite_statements(self) -> list[str]:
        names = {
            "table": self._table.name,
            "key": self._identity,
            "new_body": self._sqlite_body("new"),
            "row_body": self._sqlite_body(self._table.name),
            "changed": " OR ".join(f"old.{name} IS NOT new.{name}" for name in self._columns),
        }
        return [statement.format_map(names) for statement in _SQLITE_SCHEMA]

    def _sqlite_body(self, row: str) -> str:
        return " || char(10) || ".join(f"coalesce({row}.{name}, '')" for name in self._columns)


_FORGET: Final = "INSERT INTO {table}_fts({table}_fts, rowid, body) VALUES ('delete', old.docid, old.body);"
_LEARN: Final = "INSERT INTO {table}_fts(rowid, body) VALUES (new.docid, new.body);"
_SQLITE_SCHEMA: Final = (
    "CREATE TABLE {table}_text (docid INTEGER PRIMARY KEY, id VARCHAR NOT NULL UNIQUE, body TEXT NOT NULL)",
    """CREATE VIRTUAL TABLE {table}_fts USING fts5(body, content='{table}_text', content_rowid='docid',
       tokenize='trigram')""",
    f"CREATE TRIGGER {{table}}_text_insert AFTER INSERT ON {{table}}_text BEGIN {_LEARN} END",
    f"CREATE TRIGGER {{table}}_text_delete AFTER DELETE ON {{table}}_text BEGIN {_FORGET} END",
    f"CREATE TRIGGER {{table}}_text_update AFTER UPDATE ON {{table}}_text BEGIN {_FORGET} {_LEARN} END",
    """CREATE TRIGGER {table}_search_insert AFTER INSERT ON {table}
       BEGIN INSERT INTO {table}_text(id, body) VALUES (new.{key}, {new_body}); END""",
    """CREATE TRIGGER {table}_search_delete AFTER DELETE ON {table}
       BEGIN DELETE FROM {table}_text WHERE id = old.{key}; END""",
    """CREATE TRIGGER {table}_search_update AFTER UPDATE ON {table} WHEN {changed}
       BEGIN UPDATE {table}_text SET body = {new_body} WHERE id = new.{key}; END""",
    "INSERT INTO {table}_text(id, body) SELECT {key}, {row_body} FROM {table}",
)


def belongs_to_search(kind: str, name: str) -> bool:
    """Tell whether a table or index of a database was made by ``SearchIndex.create``; no service's tables list them."""
    if kind == "index":
        return name.startswith("ix_") and name.endswith("_search")
    return kind == "table" and re.search(r"_(text|fts(_\w+)?)$", name) is not None


def _sqlite_has_trigrams(connection: Connection) -> bool:
    """Whether this SQLite was built with FTS5 and knows the trigram tokenizer (3.34)."""
    options = {row[0] for row in connection.exec_driver_sql("PRAGMA compile_options")}
    version = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
    return "ENABLE_FTS5" in options and tuple(int(part) for part in version.split(".")[:2]) >= (3, 34)
