"""What may be done to the merchant's rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Max

from twinshelf import messages
from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import changed, record
from twinshelf.connections.models import Connection
from twinshelf.documents import Attribute
from twinshelf.errors import NeedsPerson
from twinshelf.goods import snapshot
from twinshelf.goods.selections import selected
from twinshelf.kit import clock
from twinshelf.kit.words import counted
from twinshelf.rules import membership, templates
from twinshelf.rules.common import NOTHING_COMMON, CommonValues, nearest
from twinshelf.rules.conditions import fold
from twinshelf.rules.models import Template
from twinshelf.rules.templates import (
    LONGEST_NAME,
    AttributeRule,
    CategoryRule,
    Chosen,
    TemplateRules,
    copy_name,
)
from twinshelf.sync import lanes, problems, tasks
from twinshelf.sync.models import Task


def set_default_template(
    connection: Connection,
    *,
    category_id: str,
    category_path: str = "",
    attributes: Sequence[Mapping[str, Any]] = (),
    package: Mapping[str, Any] | None = None,
    categories: Sequence[Mapping[str, Any]] = (),
    common: CommonValues | None = None,
    by: Actor,
) -> tuple[Template, int]:
    """The template for products that no other holds, and how many are tried again: those that waited for it.

    Those are the products that it kept from being sent, and those that TikTok refused for what it says. Applies from
    the next plan on. Without `category_id`, goods whose category has no row in `categories` wait for one. `common`
    None: brand, certificates and the like stay as they are.
    Raises DocumentError naming the rule that does not fit.
    """
    rules = templates.rules_from_json(
        {"attributes": list(attributes), "package": dict(package or {}), "categories": list(categories)}
    )
    with transaction.atomic():
        before = _default_rules(connection) or TemplateRules()
        rules = msgspec.structs.replace(
            rules,
            categories=_with_what_was_said(before, rules.categories),
            **nearest(before if common is None else common, NOTHING_COMMON),
        )
        chosen = {"category_id": category_id, "category_path": category_path, "rules": msgspec.to_builtins(rules)}
        known = Template.objects.filter(connection=connection, is_default=True).values(*chosen).first()
        template, _ = Template.objects.update_or_create(
            account_id=connection.account_id,
            connection=connection,
            is_default=True,
            defaults={"name": DEFAULT_NAME, "updated_at": clock.now(), **chosen},
        )
        was, is_now = changed(known or {}, chosen)
        owner = f"connection:{connection.id}"
        record(by, connection.account_id, "rules.set_default_template", owner, before=was, after=is_now)
        tried = problems.ask_cured(connection.account_id, owner, "template", CURED)
    return template, tried


def _with_what_was_said(kept: TemplateRules, rows: Sequence[CategoryRule]) -> tuple[CategoryRule, ...]:
    """Rows of the mapping with what the map's own page says of the same categories, where they do not say it."""
    known = {fold(row.key): row for row in kept.categories}
    found = []
    for row in rows:
        before = known.get(fold(row.key))
        same = before is not None and before.category_id == row.category_id
        found.append(before if before is not None and same and not row.says else row)
    there = {fold(row.key) for row in rows}
    values = [
        msgspec.structs.replace(row, category_id="", category_path="", at=None)
        for key, row in known.items()
        if key not in there and row.says
    ]
    return (*found, *values)


def _default_rules(connection: Connection) -> TemplateRules | None:
    rows = Template.objects.select_for_update(no_key=True).filter(connection=connection, is_default=True)
    template = rows.first()
    return None if template is None else templates.rules_from_json(template.rules)


def map_categories(
    connection: Connection, chosen: Mapping[str, tuple[str, str]], *, how: Chosen = "chosen", by: Actor
) -> int:
    """Give categories of the store their TikTok category: (id, path) by source category key, ("", "") for none.

    It is a person's choice, and no suggestion replaces it. Applies from the next plan on: nothing is asked for but the
    products that waited for it, whose number is returned. What was said of a category's attributes stays.
    """
    now = clock.now()

    def changed_row(before: CategoryRule, category_id: str, path: str) -> CategoryRule:
        return msgspec.structs.replace(before, category_id=category_id, category_path=path, how=how, at=now)

    rows = {key: partial(changed_row, category_id=found[0], path=found[1]) for key, found in chosen.items()}
    return _change_rows(connection, rows, "rules.map_categories", by)


def set_category_values(
    connection: Connection,
    key: str,
    *,
    attributes: Sequence[AttributeRule],
    common: CommonValues = NOTHING_COMMON,
    by: Actor,
) -> int:
    """Say attributes, brand, certificates and the like of all products of a category of the store.

    They count over the template; what a product has of its own counts over them.

    Returns how many products that waited for it are tried again. Raises DocumentError naming what does not fit.
    """

    def changed_row(before: CategoryRule) -> CategoryRule:
        return msgspec.structs.replace(before, attributes=tuple(attributes), **nearest(common, NOTHING_COMMON))

    return _change_rows(connection, {key: changed_row}, "rules.set_category_values", by)


def _change_rows(
    connection: Connection, changes: Mapping[str, Callable[[CategoryRule], CategoryRule]], action: str, by: Actor
) -> int:
    owner = f"connection:{connection.id}"
    with transaction.atomic():
        Template.objects.get_or_create(
            account_id=connection.account_id, connection=connection, is_default=True, defaults={"name": DEFAULT_NAME}
        )
        rules = _default_rules(connection) or TemplateRules()
        rows = {fold(row.key): row for row in rules.categories}
        before = {key: _row_told(rows.get(fold(key))) for key in changes}
        for key, change in changes.items():
            rows[fold(key)] = change(rows.get(fold(key)) or CategoryRule(key=key.strip(), category_id=""))
        kept = tuple(row for row in rows.values() if row.category_id or row.says)
        after = {key: _row_told(rows[fold(key)]) for key in changes}
        built = msgspec.to_builtins(msgspec.structs.replace(rules, categories=kept))
        templates.rules_from_json(built)
        Template.objects.filter(connection=connection, is_default=True).update(rules=built, updated_at=clock.now())
        record(by, connection.account_id, action, owner, before=before, after=after)
        return problems.ask_cured(connection.account_id, owner, "template", CURED)


def _row_told(row: CategoryRule | None) -> dict[str, Any]:
    return {} if row is None else {k: v for k, v in msgspec.to_builtins(row).items() if k not in {"key", "at", "how"}}


DEFAULT_NAME = "Default"

CURED = frozenset(code for code, message in messages.MESSAGES.items() if message.page == "template")
"""Refusals that another template may cure: those whose remedy is on its page."""


def save_template(
    connection: Connection,
    template: Template | None,
    *,
    name: str,
    category_id: str,
    category_path: str,
    rules: TemplateRules,
    asked: Sequence[Attribute],
    confirmed: bool = False,
    by: Actor,
) -> tuple[Template, Task]:
    """Make a template (None), or change one. It applies at once; a task has products join and leave it.

    The listings that it concerns are asked for by that task. `asked` are the attributes of the category. `confirmed`: a
    person has seen that a field looks mismatched, and means it. The name of the default template stays.
    Raises NeedsPerson with the code that says what to put right.
    """
    default = template is not None and template.is_default
    if not default:
        _check_name(connection, template, name)
    if not category_id:
        raise NeedsPerson("E-TPL-CATEGORY")
    _check_rules(rules, asked, confirmed=confirmed)
    chosen = _chosen(name, category_id, category_path, rules, default=default)
    return _keep(connection, template, chosen, "rules.save_template", default=default, by=by)


def put_template(
    connection: Connection,
    template: Template | None,
    *,
    name: str,
    default: bool,
    category_id: str,
    category_path: str,
    rules: TemplateRules,
    by: Actor,
) -> tuple[Template, Task]:
    """Make a template (None), or bring one to what a file of settings says: as `save_template`, for one or the default.

    The default one may go without a category, as where only categories of the store are mapped. What the category asks
    for and nothing says is told at the products, as after a change of TikTok's. Safe to repeat. Raises NeedsPerson, and
    DocumentError naming the rule that does not fit.
    """
    if not default:
        _check_name(connection, template, name)
        if not category_id:
            raise NeedsPerson("E-TPL-CATEGORY")
    templates.rules_from_json(msgspec.to_builtins(rules))
    chosen = _chosen(name, category_id, category_path, rules, default=default)
    return _keep(connection, template, chosen, "rules.put_template", default=default, by=by)


def order_templates(connection: Connection, names: Sequence[str], *, by: Actor) -> None:
    """Have the templates of these names tried first, in this order; the others after them. Safe to repeat."""
    places = {fold(name): number for number, name in enumerate(names)}
    with transaction.atomic():
        rows = Template.objects.filter(connection=connection, is_default=False, removed_at=None)
        before = list(rows.order_by("position", "id").select_for_update())
        after = sorted(before, key=lambda one: places.get(fold(one.name), len(places)))
        if after == before:
            return
        for number, each in enumerate(after, 1):
            Template.objects.filter(id=each.id).update(position=number)
        told = [{"order": [one.name for one in some]} for some in (before, after)]
        owner = f"connection:{connection.id}"
        record(by, connection.account_id, "rules.order_templates", owner, before=told[0], after=told[1])


def _chosen(name: str, category_id: str, category_path: str, rules: TemplateRules, *, default: bool) -> dict[str, Any]:
    """What a template says, as its row has it. The name of the default one stays."""
    said = {"category_id": category_id, "category_path": category_path, "rules": msgspec.to_builtins(rules)}
    return said if default else said | {"name": name.strip()}


def _keep(
    connection: Connection,
    template: Template | None,
    chosen: Mapping[str, Any],
    action: str,
    *,
    default: bool,
    by: Actor,
) -> tuple[Template, Task]:
    with _name_is_free(), transaction.atomic():
        before: dict[str, Any] = {}
        if template is None:
            last = Template.objects.filter(connection=connection).aggregate(last=Max("position"))["last"]
            made = {"is_default": True, "name": DEFAULT_NAME} if default else {"position": (last or 0) + 1}
            template = Template(account_id=connection.account_id, connection=connection, **made, **chosen)
            template.save()
        else:
            before = {key: getattr(template, key) for key in chosen}
            for key, value in chosen.items():
                setattr(template, key, value)
            template.updated_at = clock.now()
            template.save(update_fields=[*chosen, "updated_at"])
        was, is_now = changed(before, chosen)
        record(by, connection.account_id, action, f"template:{template.id}", before=was, after=is_now)
        problems.ask_cured(connection.account_id, f"connection:{connection.id}", "template", CURED)
        task = _evaluate(template, f"Apply template “{template}”", by)
    return template, task


@contextmanager
def _name_is_free() -> Iterator[None]:
    """Somebody else may take the name between the look and the writing: the table refuses the second one."""
    try:
        yield
    except IntegrityError as error:
        raise NeedsPerson("E-TPL-NAME") from error


def _check_name(connection: Connection, template: Template | None, name: str) -> None:
    others = Template.objects.filter(connection=connection, removed_at=None)
    if template is not None:
        others = others.exclude(id=template.id)
    if not fold(name) or len(name.strip()) > LONGEST_NAME or others.filter(name_key=fold(name)).exists():
        raise NeedsPerson("E-TPL-NAME")


def _check_rules(rules: TemplateRules, asked: Sequence[Attribute], *, confirmed: bool) -> None:
    templates.rules_from_json(msgspec.to_builtins(rules))  # what was put together by hand is looked at like the rest
    if missing := templates.unmapped(rules, asked):
        raise NeedsPerson("E-TPL-ATTR", name=", ".join(missing))
    pairs = templates.mismatched(rules)
    if pairs and not confirmed:
        raise NeedsPerson("E-TPL-PAIR", pairs=", ".join(f"{name} ← {field}" for name, field in pairs))


def choose_template(connection: Connection, template: Template | None, product_ids: Sequence[str], *, by: Actor) -> int:
    """Have a template hold these products, whatever its conditions say; None: the one that each fits.

    It holds them until it is deleted or somebody chooses again. What the shop has of them is compared anew. Returns
    how many products have gone to another template. Safe to repeat.
    """
    owner = f"connection:{connection.id}"
    with transaction.atomic():
        snapshot.lock(connection.store)  # no reading is kept while products are placed by what the last one said
        before = membership.holders_of(connection, product_ids)
        if template is None:
            membership.let_go(connection, product_ids)
        else:
            membership.choose(connection, template, product_ids)
        after = membership.holders_of(connection, product_ids)
        moved = sorted(key for key in product_ids if before.get(key) != after.get(key))
        record(
            by,
            connection.account_id,
            "rules.choose_template",
            owner,
            after={"template": template.name if template is not None else ""},
            detail=f"{counted(len(product_ids), 'product')}, {len(moved):,} moved",
        )
        lanes.ask(
            connection.account_id, "price", owner, selected(connection, set(moved)), cause="another template",
            priority=lanes.BULK,
        )  # fmt: skip
    return len(moved)


def copy_template(template: Template, *, by: Actor) -> Template:
    """A template like this one, "Copy of …", that takes no product from another. The copy stands last."""
    with transaction.atomic():
        others = Template.objects.filter(connection=template.connection_id, removed_at=None)
        last = others.aggregate(last=Max("position"))["last"]
        made = Template(
            account_id=template.account_id,
            connection_id=template.connection_id,
            name=copy_name(template.name, others.values_list("name", flat=True)),
            position=(last or 0) + 1,
            category_id=template.category_id,
            category_path=template.category_path,
            rules={key: value for key, value in template.rules.items() if key not in {"override", "categories"}},
        )
        made.save()
        subject = f"template:{made.id}"
        record(by, template.account_id, "rules.copy_template", subject, after={"name": made.name, "of": template.name})
    return made


def move_template(template: Template, *, up: bool, by: Actor) -> None:
    """Have a template tried one place earlier (`up`) or later. Products that a template holds stay where they are.

    The first one cannot go up nor the last one down: nothing happens then.
    """
    with transaction.atomic():
        rows = Template.objects.filter(connection=template.connection_id, is_default=False, removed_at=None)
        every = list(rows.order_by("position", "id").select_for_update())
        at = next(number for number, each in enumerate(every) if each.id == template.id)
        to = at - 1 if up else at + 1
        if not 0 <= to < len(every):
            return
        every[at], every[to] = every[to], every[at]
        for number, each in enumerate(every, 1):
            if each.position != number:
                Template.objects.filter(id=each.id).update(position=number)
        subject = f"template:{template.id}"
        record(
            by, template.account_id, "rules.move_template", subject, before={"place": at + 1}, after={"place": to + 1}
        )


def delete_template(template: Template, *, by: Actor) -> Task:
    """Free the products of a template: a task has them join the next one that fits, else the default one.

    What TikTok has of them stays. Raises NeedsPerson for the default template.
    """
    if template.is_default:
        raise NeedsPerson("E-TPL-DEFAULT")
    with transaction.atomic():
        template.removed_at = clock.now()
        template.save(update_fields=["removed_at"])
        record(
            by,
            template.account_id,
            "rules.delete_template",
            f"template:{template.id}",
            before={"name": template.name, "category_path": template.category_path, "rules": template.rules},
        )
        return _evaluate(template, f"Delete template “{template}”", by)


def _evaluate(template: Template, title: str, by: Actor) -> Task:
    return tasks.submit(
        template.account_id,
        "evaluate_template",
        title,
        owner=f"connection:{template.connection_id}",
        by=by,
        params={"template": template.id},
    )
