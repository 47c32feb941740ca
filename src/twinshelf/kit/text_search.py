"""Finding rows by parts of words in one of their columns, at 100,000 rows as quickly as at 100.

SQLite: an FTS5 table of trigrams beside the table, `<table>_search`, kept by triggers and by `note_new`. PostgreSQL: a
GIN index of `pg_trgm`, where the database lets us make one. Where there is neither, the same rows are found by reading
all of them. What is searched is made by `searchable`, what is asked by `kit.words.searched`.

A word of three letters or more is found anywhere; one of fewer only at the beginning of a word, or as a part of its own
between signs (`xl` in `TEE-XL`): an index of trigrams knows no less than three. Source: sqlite.org, "SQLite FTS5
Extension", "The Trigram Tokenizer" and "External Content Tables"; postgresql.org, "pg_trgm".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar

import structlog
from django.apps import AppConfig
from django.db import connection, connections, models
from django.db.models.expressions import F, Func, RawSQL
from django.db.utils import DatabaseError

from twinshelf.kit.words import searched

log = structlog.get_logger(__name__)

_LEAST = 3
_FEW = 1000
"""Up to so many rows it is quicker to start from their keys than to walk the list in its order."""
_SHORT_PARTS = re.compile(r"(?:[^\w\s]|_)([^\W_]{1,2})(?![^\W_])")
"""One or two letters behind a sign."""

Q = TypeVar("Q", bound="models.QuerySet[Any, Any]")


def searchable(texts: Iterable[str]) -> str:
    """The value of a `search` column: every word of these texts, in lower case, each behind two blanks. Pure.

    The blanks let words of one or two letters be found at the beginning of a word.
    """
    text = " ".join(texts).lower()
    words = dict.fromkeys(text.split())
    words |= dict.fromkeys(_SHORT_PARTS.findall(text))
    return f"  {'  '.join(words)}" if words else ""


def matching(rows: Q, text: str) -> Q:
    """Those of these rows whose `search` column has every word of `text`. No word leaves them all."""
    words = searched(text.replace("\0", " "))
    if not words:
        return rows
    sought = [word if len(word) >= _LEAST or not word.isascii() else f"  {word}"[-_LEAST:] for word in words]
    table = rows.model._meta.db_table
    indexed = [word for word in sought if len(word) >= _LEAST] if _has_index(_database(), table) else []
    if indexed:
        rows = _indexed(rows, table, " AND ".join('"' + word.replace('"', '""') + '"' for word in indexed))
    for word in sought:
        if word not in indexed:
            rows = rows.filter(search__contains=word)
    return rows


def _indexed(rows: Q, table: str, phrases: str) -> Q:
    """Those that the index of SQLite finds. Few are named by their keys; for many the list is walked in its order."""
    name = connection.ops.quote_name(f"{table}_search")
    sql = f"select rowid from {name} where {name} match %s"  # noqa: S608 - names of ours
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} limit {_FEW + 1}", [phrases])
        few = [row_id for (row_id,) in cursor.fetchall()]
    if len(few) <= _FEW:
        return rows.filter(pk__in=few)
    not_by_key = Func(F("pk"), template="+%(expressions)s", output_field=models.BigIntegerField())
    return rows.alias(found_key=not_by_key).filter(found_key__in=RawSQL(sql, [phrases]))  # noqa: S611 - as above


def note_new(model: type[models.Model], **such: Any) -> None:
    """Have new rows found: those that these fields name, right after they were written in bulk.

    To be called once for each row of a model with `search_is_noted`, in the transaction that made it. Changes and
    deletions are noted by triggers; a trigger for each new row would cost an import a third of its time.
    """
    table = model._meta.db_table
    if connection.vendor != "sqlite" or not _has_index(_database(), table):
        return
    rows = model._default_manager.filter(**such).values_list("pk", "search")
    sql, parameters = rows.query.sql_with_params()
    name = connection.ops.quote_name(f"{table}_search")
    with connection.cursor() as cursor:
        cursor.execute(f"insert into {name} (rowid, search) {sql}", parameters)


def rebuild(model: type[models.Model]) -> None:
    """Make the index of a table anew from its rows. Nothing where the database keeps it by itself, or there is none."""
    table = model._meta.db_table
    if connection.vendor == "sqlite" and _has_index(_database(), table):
        name = connection.ops.quote_name(f"{table}_search")
        with connection.cursor() as cursor:
            cursor.execute(f"insert into {name} ({name}) values ('rebuild')")  # noqa: S608 - names of ours


def keep_indexes(sender: AppConfig, using: str, **_signal: Any) -> None:
    """Make the indexes of an app's tables with a `search` column, as `post_migrate` calls it. Safe to repeat.

    A migration that makes a table of SQLite anew drops its triggers: then they and the index are made again. A database
    that cannot have an index is left without.
    """
    opened = connections[using]
    for model in sender.get_models():
        if any(field.name == "search" for field in model._meta.concrete_fields):
            if opened.vendor == "sqlite":
                _keep_sqlite(opened, model)
            elif opened.vendor == "postgresql":
                with opened.cursor() as cursor:
                    cursor.execute(_OF_POSTGRESQL.format(table=model._meta.db_table))
    _has_index.cache_clear()


def _keep_sqlite(opened: Any, model: type[models.Model]) -> None:
    table = model._meta.db_table
    wanted = {f"{table}_search{part}": statement for part, statement in _OF_SQLITE.items()}
    if getattr(model, "search_is_noted", False):
        del wanted[f"{table}_search_new"]
    with opened.cursor() as cursor:
        cursor.execute("select name from sqlite_master where name like %s", [f"{table}_search%"])
        missing = wanted.keys() - {name for (name,) in cursor.fetchall()}
        if not missing:
            return
        try:
            for statement in (statement for name, statement in wanted.items() if name in missing):
                cursor.execute(statement.format(table=table))
            for values in ("('automerge', 16)", "('rebuild', null)"):
                cursor.execute(f"insert into {table}_search ({table}_search, rank) values {values}")  # noqa: S608
        except DatabaseError as error:  # an SQLite without FTS5, or older than 3.34
            log.warning("no index for searching", table=table, why=str(error))


_OLD = "insert into {table}_search ({table}_search, rowid, search) values ('delete', old.id, old.search);"
_NEW = "insert into {table}_search (rowid, search) values (new.id, new.search);"
_OF_SQLITE: Mapping[str, str] = {
    "": """create virtual table {table}_search using fts5(
        search, content='{table}', content_rowid='id', columnsize=0, tokenize='trigram case_sensitive 1'
    )""",
    "_gone": f"create trigger {{table}}_search_gone after delete on {{table}} begin {_OLD} end",
    "_changed": f"""create trigger {{table}}_search_changed after update of search on {{table}}
        when old.search is not new.search begin {_OLD} {_NEW} end""",
    "_new": f"create trigger {{table}}_search_new after insert on {{table}} begin {_NEW} end",
}
"""By what its name ends with: the index, and the triggers that keep it."""

_OF_POSTGRESQL = """
do $$
begin
    create extension if not exists pg_trgm;
    create index if not exists {table}_search on {table} using gin (search gin_trgm_ops);
exception when others then
    raise notice 'no index for searching {table}: %', sqlerrm;
end
$$
"""
"""Whoever may not make extensions has no index, and a database that works all the same."""


def _database() -> str:
    return f"{connection.vendor}:{connection.settings_dict['NAME']}"


@cache
def _has_index(_database: str, table: str) -> bool:
    """Whether this database has an FTS5 table for the rows of that table. Looked up once a process."""
    if connection.vendor != "sqlite":
        return False
    with connection.cursor() as cursor:
        cursor.execute("select 1 from sqlite_master where name = %s", [f"{table}_search"])
        return cursor.fetchone() is not None
