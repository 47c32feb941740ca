"""What may be done to the merchant's rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.db import transaction

from twinshelf import messages
from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import changed, record
from twinshelf.connections.models import Connection
from twinshelf.kit import clock
from twinshelf.rules import templates
from twinshelf.rules.models import Template
from twinshelf.sync import problems


def set_default_template(
    connection: Connection,
    *,
    category_id: str,
    category_path: str = "",
    attributes: Sequence[Mapping[str, Any]] = (),
    package: Mapping[str, Any] | None = None,
    categories: Sequence[Mapping[str, Any]] = (),
    by: Actor,
) -> tuple[Template, int]:
    """The template for products that no other holds, and how many are tried again: those that waited for it.

    Those are the products that it kept from being sent, and those that TikTok refused for what it says. Applies from
    the next plan on. Without `category_id`, goods whose category has no row in `categories` wait for one.
    Raises DocumentError naming the rule that does not fit.
    """
    rules = templates.rules_from_json(
        {"attributes": list(attributes), "package": dict(package or {}), "categories": list(categories)}
    )
    chosen = {"category_id": category_id, "category_path": category_path, "rules": msgspec.to_builtins(rules)}
    with transaction.atomic():
        known = Template.objects.filter(connection=connection, is_default=True).values(*chosen).first()
        template, _ = Template.objects.update_or_create(
            account_id=connection.account_id,
            connection=connection,
            is_default=True,
            defaults={"name": "Default", "updated_at": clock.now(), **chosen},
        )
        before, after = changed(known or {}, chosen)
        owner = f"connection:{connection.id}"
        record(by, connection.account_id, "rules.set_default_template", owner, before=before, after=after)
        tried = problems.ask_cured(connection.account_id, owner, "template", CURED)
    return template, tried


CURED = frozenset(code for code, message in messages.MESSAGES.items() if message.page == "template")
"""Refusals that another template may cure: those whose remedy is on its page."""
