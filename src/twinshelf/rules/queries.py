"""What may be known about a merchant's rules: templates, and which products fit conditions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import Exact, GreaterThan
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from twinshelf.connections.models import Connection
from twinshelf.kit.actions import Action
from twinshelf.kit.paging import SIZE, Page
from twinshelf.rules import templates
from twinshelf.rules.conditions import Condition, Match, RuleGroup, column, fold, needle
from twinshelf.rules.models import Membership, ProductTexts, Template
from twinshelf.rules.templates import TemplateRules

Sort = Literal["position", "name", "category", "products"]
SORTS: Final[tuple[Sort, ...]] = ("position", "name", "category", "products")

# -- templates ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TemplateLine:
    """A template with what it says and how many products it holds."""

    template: Template
    rules: TemplateRules
    products: int


@dataclass(frozen=True)
class TemplateFilter:
    """Which templates of a connection, in which order."""

    text: str = ""
    sort: Sort = "position"
    descending: bool = False
    number: int = 1
    size: int = SIZE


def template_page(connection: Connection, wanted: TemplateFilter) -> Page[TemplateLine]:
    """One page of the templates whose name has a text; the default one is not among them."""
    rows = list(Template.objects.filter(connection=connection, is_default=False, removed_at=None))
    counts = product_counts(connection)
    text = fold(wanted.text)
    found = [TemplateLine(row, rules_of(row), counts.get(row.id, 0)) for row in rows if text in row.name_key]
    orders = {
        "position": lambda line: (line.template.position, line.template.id),
        "name": lambda line: (line.template.name_key, line.template.id),
        "category": lambda line: (fold(line.template.category_path), line.template.id),
        "products": lambda line: (line.products, line.template.id),
    }
    found.sort(key=orders[wanted.sort], reverse=wanted.descending)
    page: Page[TemplateLine] = Page((), len(found), 1, wanted.size)
    number = min(max(1, wanted.number), page.pages)
    start = (number - 1) * wanted.size
    return Page(tuple(found[start : start + wanted.size]), len(found), number, wanted.size)


def product_counts(connection: Connection) -> dict[int, int]:
    """How many products each template of a connection holds, by its id; the default one has what no other holds."""
    # The connection was read in its account's scope; to name the account too would keep the index from answering.
    ids = list(Template.objects.filter(connection=connection).values_list("id", flat=True))
    held = Membership.objects.with_scopes_disabled().filter(template_id__in=ids)
    counts = Counter(dict(held.values_list("template_id").annotate(number=Count("id")).order_by()))
    all_products = ProductTexts.objects.with_scopes_disabled().filter(store_id=connection.store_id).count()
    default = Template.objects.filter(connection=connection, is_default=True).values_list("id", flat=True).first()
    if default is not None:
        counts.pop(default, None)  # those for which somebody chose it
        counts[default] = all_products - counts.total()
    return dict(counts)


def setup_step(connection: Connection) -> Literal[0, 2, 3]:
    """The step of the wizard that comes next for a connection (ONB-1): 2 its default template, 3 the rest; 0: none."""
    if connection.set_up_at is not None:
        return 0
    chosen = Template.objects.filter(connection=connection, is_default=True).exclude(category_id="")
    return 3 if chosen.exists() else 2


def template_or_404(connection: Connection, template_id: int) -> Template:
    """A template of a connection. Raises Http404."""
    rows = Template.objects.select_related("connection__store", "connection__shop")
    return get_object_or_404(rows, connection=connection, id=template_id, removed_at=None)


def template_named(connection: Connection, name: str) -> Template | None:
    """The template of this name, whatever its capitals."""
    return Template.objects.filter(connection=connection, name_key=fold(name), removed_at=None).first()


def templates_named(connection: Connection) -> list[Template]:
    """The templates of a connection without the default one, in the order of the list."""
    rows = Template.objects.filter(connection=connection, is_default=False, removed_at=None)
    return list(rows.order_by("position", "id"))


def holder_names(connection: Connection, product_ids: Sequence[str]) -> dict[str, str]:
    """The name of the template that holds each of these products; those of the default one are left out."""
    rows = Membership.objects.filter(connection=connection, product_id__in=product_ids, template__is_default=False)
    return dict(rows.values_list("product_id", "template__name"))


def products_of(template: Template) -> list[str]:
    """The ids of the products that a template holds, sorted: of the default one, those that no other holds."""
    if not template.is_default:
        return sorted(Membership.objects.filter(template=template).values_list("product_id", flat=True))
    every = ProductTexts.objects.filter(store_id=template.connection.store_id).values_list("product_id", flat=True)
    others = Membership.objects.filter(connection=template.connection).exclude(template=template)
    return sorted(set(every) - set(others.values_list("product_id", flat=True)))


def choosable(connection: Connection) -> list[Template]:
    """The templates that a person may choose for products, the default one first."""
    default = Template.objects.filter(connection=connection, is_default=True).first()
    return [*([default] if default is not None else []), *templates_named(connection)]


def templates_of(connections: Sequence[Connection]) -> list[Template]:
    """The templates of these connections, connection by connection, each default one first."""
    rows = Template.objects.filter(connection__in=connections, removed_at=None)
    return list(rows.select_related("connection").order_by("connection_id", "-is_default", "position", "id"))


def held_by(template: Template) -> Q:
    """Of rows with `store_id` and `product_id`: those that a template of that store holds."""
    members = Membership.objects.with_scopes_disabled().filter(connection_id=template.connection_id)
    if template.is_default:
        others = members.exclude(template=template).filter(product_id=OuterRef("product_id"))
        held = ~Q(Exists(others))
    else:
        held = Q(product_id__in=members.filter(template=template).values("product_id"))
    return Q(store_id=template.connection.store_id) & held


def rules_of(template: Template) -> TemplateRules:
    """What a template says beside its category."""
    return templates.rules_from_json(template.rules)


def product_count(template: Template) -> int:
    """How many products a template holds."""
    return product_counts(template.connection).get(template.id, 0)


def actions_for(template: Template) -> tuple[Action, ...]:
    """What may be done to a template of the list."""
    args = (template.connection_id, template.id)
    return (
        Action(id="template.edit", label=_("Edit"), args=args, method="get"),
        Action(id="template.copy", label=_("Copy"), args=args),
        Action(id="template.list", label=_("List its products"), args=args, method="get"),
        Action(id="template.up", label=_("Move up"), args=args),
        Action(id="template.down", label=_("Move down"), args=args),
        Action(id="template.delete", label=_("Delete"), args=args, method="get", tone="danger"),
    )


def actions_for_list(connection: Connection) -> tuple[Action, ...]:
    """What may be done beside the list of a connection's templates."""
    args = (connection.id,)
    return (
        Action(id="template.upload", label=_("Bulk upload"), args=args, method="get"),
        Action(id="template.map", label=_("Category map"), args=args, method="get"),
        Action(id="template.default", label=_("Edit Default Template"), args=args, method="get"),
        Action(id="template.create", label=_("Create Template"), args=args, method="get", tone="primary"),
    )


# -- the products that fit conditions -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fitting:
    """What *Run query* finds: how many products fit, some of them by id, and where the next ones begin.

    `held` counts them by the template that holds them; those of the default one are not in it.
    """

    total: int
    product_ids: tuple[str, ...]
    next_after: int | None
    held: Mapping[int, int]


def run_query(connection: Connection, group: RuleGroup, *, after: int = 0, size: int = 10) -> Fitting:
    """The products of the connection's store that fit. Changes nothing; `after` is `next_after` of the page before."""
    rows = fitting(connection.store_id, group)
    page = list(rows.filter(pk__gt=after).order_by("pk").values_list("pk", "product_id")[: size + 1])
    held: dict[int, int] = {}
    if Membership.objects.filter(connection=connection).exists():
        members = Membership.objects.filter(connection=connection, product_id__in=rows.values("product_id"))
        held = dict(members.values_list("template_id").annotate(number=Count("id")).order_by())
    more = len(page) > size
    return Fitting(
        total=rows.count(),
        product_ids=tuple(product_id for _pk, product_id in page[:size]),
        next_after=page[size - 1][0] if more else None,
        held=held,
    )


def fitting(store_id: int, group: RuleGroup) -> QuerySet[ProductTexts]:
    """The products of a store that fit, as `conditions.matches` tells it of each."""
    rows: QuerySet[ProductTexts] = ProductTexts.objects.filter(store_id=store_id)
    if not group.conditions:
        return rows.none()
    tests = [_test(each) for each in group.conditions]
    found = tests[0]
    for test in tests[1:]:
        found = found & test if group.match is Match.ALL else found | test
    return rows.filter(found)


def _test(condition: Condition) -> Q:
    """By the place of a text in another, not by LIKE: what the merchant wrote has no wildcards."""
    text = needle(condition)
    if not text:
        return Q(pk__in=[]) if condition.operator.found else ~Q(pk__in=[])
    place = StrIndex(F(column(condition.field)), Value(text))
    return Q(GreaterThan(place, Value(0))) if condition.operator.found else Q(Exact(place, Value(0)))
