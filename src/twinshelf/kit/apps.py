"""The kit as an app of Django."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from twinshelf.kit import forgetting, text_search
from twinshelf.kit.sqlite import statistics


class KitConfig(AppConfig):
    """Has every app's tables made searchable, and described to SQLite's planner, once they are migrated."""

    name = "twinshelf.kit"

    def ready(self) -> None:
        """Ask to be told of migrations."""
        post_migrate.connect(forgetting.keep_triggers, dispatch_uid="forgetting")
        post_migrate.connect(text_search.keep_indexes, dispatch_uid="text search")
        post_migrate.connect(statistics.suppose, dispatch_uid="sqlite statistics")
