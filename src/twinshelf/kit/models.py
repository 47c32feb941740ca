"""Tables that belong to no account on purpose: the quotas that all processes share."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Budget(models.Model):
    """What is left of one quota: (platform, credential, bucket) → calls. One row, one conditional UPDATE per lease.

    Times are Unix seconds. A fixed window uses `quota` (0: answers name none), `left`, `resets_at`, and while nothing
    is known `next_at`, when the next call may try to learn it. A pace uses `rate`, `next_at` and, once refused, `quota`
    for the calls a second that were too many. `blocked_until` holds everything
    after the platform refused a call.
    """

    key = models.CharField(max_length=200, primary_key=True)
    quota = models.IntegerField(null=True)
    left = models.IntegerField(null=True)
    resets_at = models.FloatField(default=0)
    rate = models.FloatField(default=0)
    next_at = models.FloatField(default=0)
    blocked_until = models.FloatField(default=0)
    refusals = models.IntegerField(default=0)
    updated_at = models.FloatField(default=0)

    class Meta:
        indexes: ClassVar = []

    def __str__(self) -> str:
        return self.key


class PlatformClock(models.Model):
    """How many seconds a platform's clock is ahead of ours, as last learnt by some process."""

    host = models.CharField(max_length=200, primary_key=True)
    offset_seconds = models.FloatField(default=0)

    def __str__(self) -> str:
        return self.host
