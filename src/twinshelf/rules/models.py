"""The tables of a merchant's choices: category templates."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from twinshelf.accounts.models import AccountModel
from twinshelf.connections.models import Connection
from twinshelf.kit import clock


class Template(AccountModel):
    """Category, attributes and package defaults for the products that match it. One per connection is the default."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="templates")
    name = models.CharField(max_length=80)
    is_default = models.BooleanField(default=False)
    position = models.IntegerField(default=0)
    category_id = models.CharField(max_length=20, blank=True)
    category_path = models.TextField(blank=True)
    rules = models.JSONField(default=dict)
    """`documents` of the template: see rules/templates.py (attribute map, package, price rule, category map)."""
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection"], condition=models.Q(is_default=True), name="one_default_template"
            )
        ]

    def __str__(self) -> str:
        return self.name
