"""What the merchant's rules bring to the engine."""

from __future__ import annotations

from twinshelf.rules import evaluating

TASKS = {"evaluate_template": evaluating.evaluate}
