"""What SQLite's planner is told of our tables: that they are large, and which columns narrow a search down.

Without statistics it takes ten rows for every index whose first column is given, and so reads all products of a store
where the index by store and product has the few that are wanted: an import of 100,000 products then costs four times
what it should (measured). `ANALYZE` would tell it so only once the rows are there, and anew on every machine. Source:
sqlite.org, "The SQLite Query Planner", on writing the contents of `sqlite_stat1` oneself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.apps import AppConfig
from django.db import connections, models

LARGE, SMALL = 1_000_000, 100
_SMALL_APPS: Final = frozenset({"accounts", "connections", "kit"})
_SMALL_TABLES: Final = frozenset({"sync_lane", "sync_schedule", "sync_task", "rulebook_template"})
_OWNERS: Final = frozenset({"account_id", "store_id", "connection_id", "shop_id", "seller_id", "lane_id", "task_id"})
_FEW_VALUES: Final = frozenset({"state", "status", "creation", "kind", "priority", "use_case", "code", "closed_at"})


def suppose(sender: AppConfig, using: str, **_signal: Any) -> None:
    """Write the statistics of an app's tables, as `post_migrate` calls it. Safe to repeat; nothing on PostgreSQL."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    rows: list[tuple[str, str, str]] = []
    with connection.cursor() as cursor:
        for model in sender.get_models():
            table = model._meta.db_table
            size = SMALL if sender.label in _SMALL_APPS or table in _SMALL_TABLES else LARGE
            flags = {str(f.column) for f in model._meta.concrete_fields if isinstance(f, models.BooleanField)}
            cursor.execute(f"pragma index_list({connection.ops.quote_name(table)})")
            for _place, index, unique, *_rest in cursor.fetchall():
                cursor.execute(f"pragma index_info({connection.ops.quote_name(index)})")
                columns = [name for _rank, _column, name in cursor.fetchall()]
                rows.append((table, index, _statistic(size, columns, flags, unique=bool(unique))))
        if not rows:
            return
        cursor.execute(f"analyze {connection.ops.quote_name(rows[0][0])}")  # makes sqlite_stat1 if need be
        cursor.executemany("delete from sqlite_stat1 where tbl = %s", [(table,) for table in {row[0] for row in rows}])
        cursor.executemany("insert into sqlite_stat1 (tbl, idx, stat) values (%s, %s, %s)", rows)
        cursor.execute("analyze sqlite_schema")  # reads it


def _statistic(size: int, columns: Iterable[str], flags: set[str], *, unique: bool) -> str:
    """Rows in the table, then rows that share the first column, the first two, and so on."""
    shared, numbers = size, [size]
    for column in columns:
        if column in _OWNERS:
            shared //= 10
        elif column in flags or column in _FEW_VALUES:
            shared //= 3
        else:
            shared = min(shared, 10)
        numbers.append(max(shared, 1))
    if unique:
        numbers[-1] = 1
    return " ".join(map(str, numbers))
