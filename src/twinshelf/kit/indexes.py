"""An index that on SQLite carries further columns, so that a list is found out of the index alone.

A row that holds a whole document is kilobytes long there, and a search that reads rows reads everything: 400 ms at
100,000 products, against 40 ms out of the index. PostgreSQL keeps long values out of line and needs none of it (and
limits what an index entry may hold), so there it is a plain index.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement


class CarryingIndex(models.Index):
    """Ordered by `fields`; on SQLite each entry carries `carries` as well."""

    def __init__(self, *expressions: Any, carries: Sequence[str] = (), **options: Any) -> None:
        self.carries = list(carries)
        super().__init__(*expressions, **options)

    def create_sql(
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **options: Any
    ) -> Statement:
        """The statement that makes it, as wide as the database has use for."""
        if schema_editor.connection.vendor == "sqlite" and self.carries:
            wide = models.Index(fields=[*self.fields, *self.carries], name=self.name)
            return wide.create_sql(model, schema_editor, using, **options)
        return super().create_sql(model, schema_editor, using, **options)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        """How a migration writes it down."""
        path, expressions, options = super().deconstruct()
        return path, expressions, {**options, "carries": self.carries}
