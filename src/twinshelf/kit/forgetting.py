"""What is forgotten with a sealed column: a trigger empties it, whoever empties the column and however."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.db import connections


def keep_triggers(sender: AppConfig, using: str, **_signal: Any) -> None:
    """Make the triggers of an app's tables that say `forgotten_with`, as `post_migrate` calls it. Safe to repeat.

    `forgotten_with` names a column and those that are emptied with it. All of them hold text. A migration that makes a
    table of SQLite anew drops its triggers: then they are made again.
    """
    opened = connections[using]
    statements = {"sqlite": _OF_SQLITE, "postgresql": _OF_POSTGRESQL}.get(opened.vendor, ())
    for model in sender.get_models():
        for column, others in getattr(model, "forgotten_with", {}).items():
            names = {
                "table": model._meta.db_table,
                "column": column,
                "empty": ", ".join(f"{name} = ''" for name in others),
                "assigned": " ".join(f"new.{name} := '';" for name in others),
                "kept": " or ".join(f"new.{name} <> ''" for name in others),
            }
            with opened.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement.format(**names))


def functions() -> list[str]:
    """The functions that the triggers of all apps call on PostgreSQL: unlike them, they outlive their tables."""
    return [
        f"{model._meta.db_table}_forget_{column}"
        for model in apps.get_models()
        for column in getattr(model, "forgotten_with", {})
    ]


_OF_SQLITE = (
    """create trigger if not exists {table}_forgets_{column} after update of {column} on {table}
        when new.{column} = '' and ({kept}) begin update {table} set {empty} where id = new.id; end""",
)
_OF_POSTGRESQL = (
    """create or replace function {table}_forget_{column}() returns trigger language plpgsql as $$
        begin {assigned} return new; end $$""",
    "drop trigger if exists {table}_forgets_{column} on {table}",
    """create trigger {table}_forgets_{column} before update on {table} for each row
        when (new.{column} = '' and ({kept})) execute function {table}_forget_{column}()""",
)
