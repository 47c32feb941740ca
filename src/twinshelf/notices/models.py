"""What a person was told by email, so that nobody is told twice."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from twinshelf.accounts.models import AccountModel, User
from twinshelf.kit import clock
from twinshelf.kit.choices import choices
from twinshelf.notices.plan import NAMES


class NoticeRow(AccountModel):
    """An event that a person was told of. Written before the email goes out, and taken back if no server takes it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=choices(NAMES))
    key = models.CharField(max_length=200)
    """Which event it was (`plan.Event`)."""
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "user", "key"], name="notice_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["account", "kind", "at"], name="notice_by_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
