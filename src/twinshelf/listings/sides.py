"""A product on both sides: what the store says, what the shop shows, and the rules in between."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import PackageDefaults, preferences_from_json
from twinshelf.documents import Money, Product, SyncField, Variant
from twinshelf.goods import holds
from twinshelf.listings.compare import compare_content, compare_skus
from twinshelf.listings.desired import DesiredSku, Shelf, desired, desired_skus, gone_sku
from twinshelf.listings.facts import choices_of, facts_of, known_category
from twinshelf.listings.models import Link, ListingRow, ShopSkuSeen
from twinshelf.rules import membership, own, templates
from twinshelf.rules.models import Template
from twinshelf.rules.sync_rules import CONTENT, Source, source_of
from twinshelf.tiktok import texts

# -- both sides of a product ----------------------------------------------------------------------------------------

Agreement = Literal["as_set", "differs", "missing", "unknown"]


@dataclass(frozen=True)
class Side:
    """One field of a product in the store and in a shop, with the rule that makes the difference.

    `shop` None: TikTok has no listing. `agreement` says whether TikTok shows what it should.
    """

    name: str
    """`title`, `price`, `stock`, `barcode`, `category`, `package`, or a field of `documents.Listing`."""
    store: str | Money | tuple[Money, Money] | int | None
    shop: str | Money | tuple[Money, Money] | int | None
    rules: tuple[str, ...]
    agreement: Agreement


@dataclass(frozen=True)
class VariantSides:
    """One variant on both sides. `link` None: not on TikTok, or not paired. `differs`: TikTok shows something else.

    `variant` None: the store does not have it any more, and TikTok keeps its SKU with 0 units.
    """

    variant: Variant | None
    link: Link | None
    desired: DesiredSku
    differs: bool

    @property
    def expected_price(self) -> Money | None:
        """What the shop should ask; None if it cannot be said."""
        return self.desired.price.value if self.desired.price is not None else None

    @property
    def expected_quantity(self) -> int:
        """The units that the shop should offer."""
        return self.desired.quantity.offered

    @property
    def shop_price(self) -> Money | None:
        """The price last seen in the shop; None if none was."""
        return self.link.as_seen().price if self.link else None

    @property
    def sku(self) -> str:
        """The merchant's code of it; the one it was listed with where the store has it no more."""
        return self.variant.sku if self.variant is not None else self.desired.seller_sku

    @property
    def agreement(self) -> Agreement | Literal["gone", "out_of_scope"]:
        """Whether the shop shows what it should."""
        if self.link is None:
            return "missing" if self.desired.in_scope else "out_of_scope"
        return "differs" if self.differs else "gone" if self.variant is None else "as_set"


def variants_on_both_sides(product: Product, connection: Connection, links: Mapping[str, Link]) -> list[VariantSides]:
    """Every variant with what the shop should show of it and what was last seen there; those deleted come last."""
    held = holds.held(connection.store_id, [variant.id for variant in product.variants])
    choices = choices_of(connection, [product.id]).get(product.id, own.NONE)
    wanted = desired_skus(product, facts_of(connection, [product.id]), held, choices=choices, linked=links)
    wanted |= {key: gone_sku(key, link.seller_sku) for key, link in links.items() if key not in wanted}
    differing = {
        wrong.variant_id
        for wrong in compare_skus(
            wanted,
            {variant_id: link.sku_id for variant_id, link in links.items()},
            {link.sku_id: link.as_seen() for link in links.values()},
            warehouse_id="",
        )
    }
    here = {variant.id: variant for variant in product.variants}
    return [VariantSides(here.get(key), links.get(key), sku, key in differing) for key, sku in wanted.items()]


def both_sides(
    product: Product, connection: Connection, listing: ListingRow | None, variants: Sequence[VariantSides]
) -> list[Side]:
    """Field by field: the store's value, what TikTok shows, and why they differ where they should."""
    preferences = preferences_from_json(connection.preferences)
    template = membership.holder_of(connection, product.id)
    on_tiktok = listing is not None and bool(listing.tiktok_id)
    linked = [row for row in variants if row.link is not None and row.variant is not None]
    title = _title_seen(connection, linked) if on_tiktok else None
    prices = [row.shop_price for row in linked if row.shop_price is not None]
    quantity = sum(row.link.quantity or 0 for row in linked if row.link) if linked else None
    prices_right = all(
        r.expected_price is None or not r.desired.price_follows or r.expected_price.same_as(r.shop_price)
        for r in linked
    )
    stock_right = all(
        r.link is not None and (r.link.quantity == r.expected_quantity or not r.desired.stock_follows) for r in linked
    )
    choices = choices_of(connection, [product.id]).get(product.id, own.NONE)
    source = {
        each: source_of(preferences.sync, each, "update" if on_tiktok else "create", choices.switches)
        for each in SyncField
    }
    sent = listing.sent_listing() if listing is not None and on_tiktok else None
    expected = product.title if sent is None or source[SyncField.NAME] == "origin" else sent.title
    titled = source[SyncField.NAME] == "tts" or title == texts.plain(expected)
    codes = [variant.gtin for variant in product.variants if variant.gtin]
    tracked = [variant.stock for variant in product.variants if variant.stock is not None]
    return [
        Side("title", product.title, title, _synced(source[SyncField.NAME]), _agreement(title, titled)),
        Side(
            "price",
            _range([variant.price for variant in product.variants]),
            _range(prices) if prices else None,
            (*_price_rules(variants), *_synced(source[SyncField.PRICE])),
            _agreement(prices or None, prices_right),
        ),
        Side(
            "stock",
            sum(tracked) if tracked else None,
            quantity,
            (*_stock_rules(variants), *_synced(source[SyncField.STOCK])),
            _agreement(quantity, stock_right),
        ),
        Side(
            "barcode",
            ", ".join(codes[:2]) + (f" +{len(codes) - 2}" if len(codes) > 2 else "") if codes else None,
            None,
            (
                *(() if preferences.gtin_required or codes else (f"gtin_reason:{preferences.gtin_reason}",)),
                *_synced(source[SyncField.BARCODE]),
            ),
            "missing" if preferences.gtin_required and len(codes) < len(product.variants) else "unknown",
        ),
        _category(product, template),
        _package(product, connection, template),
        *_unsent(product, connection, listing, [row.variant.id for row in linked if row.variant]),
    ]


_SHOWN = frozenset({"product_id", "title", "category_id", "weight", "dimensions", "warehouse_id"})
"""Fields of a listing that have a row of their own above, or none."""


def _unsent(product: Product, connection: Connection, listing: ListingRow | None, linked: Sequence[str]) -> list[Side]:
    """The content that TikTok has not accepted yet, field by field: whatever a listing has is here by itself."""
    sent = listing.sent_listing() if listing is not None else None
    if sent is None:
        return []
    facts = facts_of(connection, [product.id])
    choices = choices_of(connection, [product.id]).get(product.id, own.NONE)
    category_id = facts.category_of(product, choices)
    shelf = Shelf(listed=True, sent=sent, linked=frozenset(linked))
    category = known_category(connection.shop, category_id)
    found = desired(product, facts, category=category, held={}, choices=choices, shelf=shelf)
    made = found.listing
    if made is None or found.left >= CONTENT:
        return []
    differing = [name for name in compare_content(made, sent) if name not in _SHOWN]
    return [Side(name, _brief(getattr(made, name)), _brief(getattr(sent, name)), (), "differs") for name in differing]


def _brief(value: object) -> str | int | None:
    """A value as a row can show it: the beginning of a text, the number of things."""
    if isinstance(value, tuple):
        return len(value)
    text = re.sub(r"<[^>]*>", " ", str(value)).strip()
    return f"{text[:77]}…" if len(text) > 78 else text or None


def _category(product: Product, template: Template | None) -> Side:
    ours = product.categories[0] if product.categories else None
    if template is None:
        return Side("category", ours, None, (), "missing")
    rules = templates.rules_from_json(template.rules)
    rule = templates.category_rule_of(product, rules) if template.is_default else None
    chosen, why = (template, _which(template)) if rule is None else (rule, "mapping")
    shown = chosen.category_path or chosen.category_id or None
    return Side("category", ours, shown, (why,), "unknown" if shown else "missing")


def _which(template: Template) -> str:
    return "template" if template.is_default else "own_template"


def _agreement(seen: object, right: bool) -> Agreement:  # noqa: FBT001 - reads as a sentence where it is called
    return "missing" if seen is None else ("as_set" if right else "differs")


def _range(prices: Sequence[Money]) -> Money | tuple[Money, Money] | None:
    if not prices:
        return None
    low, high = min(prices, key=lambda p: p.amount), max(prices, key=lambda p: p.amount)
    return low if low.same_as(high) else (low, high)


def _title_seen(connection: Connection, linked: Sequence[VariantSides]) -> str | None:
    sku_ids = [row.link.sku_id for row in linked if row.link]
    seen = ShopSkuSeen.objects.filter(shop_id=connection.shop_id, sku_id__in=sku_ids).exclude(title="").first()
    return seen.title if seen else None


def _synced(source: Source) -> tuple[str, ...]:
    """What the sync rules say where a field does not follow the store."""
    return () if source == "origin" else (f"sync_{source}",)


def _price_rules(variants: Sequence[VariantSides]) -> tuple[str, ...]:
    """The rules that led to the prices, `percent_up:10`; a rate or a tax that is missing is named without a figure."""
    rules: dict[str, None] = {}
    for row in variants:
        steps = row.desired.price.steps if row.desired.price is not None else ()
        for step in steps:
            if step.rule not in {"regular", "rounded"}:
                rule = f"template_{step.rule}" if step.of_template else step.rule
                rules[rule if step.figure is None else f"{rule}:{step.figure:f}"] = None
        if row.desired.problem is not None and row.desired.problem.waits_for in {"rate", "tax"}:
            rules[f"{row.desired.problem.waits_for}:"] = None
    return tuple(rules)


def _stock_rules(variants: Sequence[VariantSides]) -> tuple[str, ...]:
    """The rules that led to the quantities; what is held is the sum over the variants."""
    figures: dict[str, int | None] = {}
    for row in variants:
        for step in row.desired.quantity.steps:
            if step.rule == "held":
                figures["held"] = (figures.get("held") or 0) + (step.figure or 0)
            elif step.rule not in {"stock", "limit"}:
                figures.setdefault(step.rule, step.figure)
    return tuple(rule if figure is None else f"{rule}:{figure}" for rule, figure in figures.items())


def _package(product: Product, connection: Connection, template: Template | None) -> Side:
    preferences = preferences_from_json(connection.preferences)
    rules = templates.rules_from_json(template.rules if template else {})
    unit: Any = connection.store.weight_unit
    weight, size, _findings = templates.package_of(product, rules, preferences.package, weight_unit=unit)
    own = f"{product.weight.value:f} {product.weight.unit.lower()}" if product.weight else None
    sent = None
    if weight is not None and size is not None:
        sides = " × ".join(f"{side:f}" for side in (size.length, size.width, size.height) if side is not None)
        sent = f"{weight.value.normalize():f} {weight.unit.lower()}, {sides} {size.unit.lower()}"
    from_template = rules.package != PackageDefaults() or rules.measures != templates.PackageRules()
    return Side(
        "package",
        own,
        sent,
        (_which(template),) if template and from_template else (),
        "unknown" if sent else "missing",
    )
