"""What TikTok Shop demands of a product's SKUs: prices, stock, variations, identifiers, bundles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from twinshelf_sandbox.tiktok.amounts import plain
from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.products import categories, uploads
from twinshelf_sandbox.tiktok.products.listing_category_rules import Leaf
from twinshelf_sandbox.tiktok.products.listing_outcome import DAY_SECONDS, Checked, Known
from twinshelf_sandbox.tiktok.products.listing_package_rules import weight_error
from twinshelf_sandbox.tiktok.products.listing_text_rules import CHINESE, is_ill_formed
from twinshelf_sandbox.tiktok.products.product_bodies import Amount, Fee, Product, SalesAttribute, Sku, Stock
from twinshelf_sandbox.tiktok.regions import EU, STRICT_SELLER_SKU
from twinshelf_sandbox.tiktok.state import Shop

_STRICT_SKU: Final = re.compile(r"[A-Za-z0-9_-]+")
_AMOUNT: Final = re.compile(r"\d{1,12}(\.\d{1,4})?")
_ISBN: Final = re.compile(r"\d{9}X|\d{13}")

_CODE_DIGITS: Final = {"GTIN": (14,), "EAN": (8, 13, 14), "UPC": (12,), "JAN": (8, 13)}


def price_errors(shop: Shop, price: Any, warehouses: list[str]) -> Iterator[ApiError]:
    """What is wrong with one SKU's price."""
    if price is None:
        yield ApiError(12052073, "The price is missing.")
        return
    if price.currency != shop.currency:
        yield ApiError(12052084, f"The currency must be {shop.currency}.")
        return
    cross_border = any((shop.warehouse(w) or {}).get("sub_type") == "CB_DIRECT_SHIPPING_WAREHOUSE" for w in warehouses)
    if shop.is_local:
        text, code = price.amount, 12052073
    else:
        text, code = price.sale_price or price.amount, 12052092
        if cross_border and shop.facts["region"] in ("US", "JP") and not price.sale_price:
            yield ApiError(12052424)
            return
    if not text or not _AMOUNT.fullmatch(text):
        yield ApiError(code)
        return
    amount = Decimal(text)
    if -amount.normalize().as_tuple().exponent > shop.region.decimals:  # type: ignore[operator]
        yield ApiError(code, f"The price has more than {shop.region.decimals} decimals.")
        return
    low, high = shop.region.price_range("local" if shop.is_local else "cross_border" if cross_border else "global")
    if not low <= amount <= high:
        yield ApiError(12052570, f"The price must be {low} to {high} {shop.currency}.")


def stock_errors(shop: Shop, entries: list[Stock]) -> Iterator[tuple[str, ApiError]]:
    """What is wrong with the stock given for one SKU, as (warehouse id, error)."""
    seen: set[str] = set()
    highest = int(shop.switch("max_quantity"))
    lowest = 0 if shop.switch("zero_quantity") else 1
    for entry in entries:
        warehouse_id = entry.warehouse_id or ""
        row = shop.warehouse(warehouse_id)
        if row is None:
            known_elsewhere = any(
                warehouse_id == w["id"] for s in shop.platform.shops_of(shop.seller_id) for w in s.warehouses()
            )
            yield warehouse_id, ApiError(12052530 if known_elsewhere else 12052097)
        elif row["type"] != "SALES_WAREHOUSE":
            yield warehouse_id, ApiError(12052532)
        elif row["effect_status"] == "DISABLED":
            yield warehouse_id, ApiError(12052531)
        elif warehouse_id in seen:
            yield warehouse_id, ApiError(12052910, f"The warehouse {warehouse_id} is given twice.")
        seen.add(warehouse_id)
        if entry.quantity is None or not lowest <= entry.quantity <= highest:
            yield warehouse_id, ApiError(12052055, f"The quantity must be {lowest} to {highest}.")
        if (entry.backorder_quantity is None) != (entry.handling_time is None):
            yield warehouse_id, ApiError(12052490, "`backorder_quantity` and `handling_time` go together.")
        elif entry.handling_time is not None and not 1 <= entry.handling_time <= 30:
            yield warehouse_id, ApiError(12052490)
    if len({e.handling_time for e in entries}) > 1:
        yield "", ApiError(12052490, "All warehouses of a SKU need the same `handling_time`.")


def check_skus(out: Checked, shop: Shop, leaf: Leaf | None, body: Product, known: Known) -> None:
    """All SKUs, each by itself and together."""
    skus = body.skus or []
    if not skus:
        if not known.draft:
            out.add(12052571)
        return
    if len(skus) > shop.region.max_skus:
        out.add(
            12052050 if shop.region.max_skus == 100 else 12052558, f"A product may have {shop.region.max_skus} SKUs."
        )
        return
    ids = [sku.id for sku in skus if sku.id]
    if len(ids) != len(set(ids)):
        out.add(12052553)
    if known.edit and (unknown := [i for i in ids if i not in known.known_skus]):
        out.add(12052556 if not any(shop.by_sku.find(i) for i in unknown) else 12052557)
    if not known.draft and not shop.warehouses("RETURN_WAREHOUSE"):
        out.add(12052535)
    _variations(out, shop, leaf, skus)
    _identifiers(out, skus, known)
    for at, sku in enumerate(skus):
        _sku(out, shop, at, sku, known)
    kinds = {(s.pre_sale.type if s.pre_sale is not None else None) for s in skus}
    if len(kinds) > 1:
        out.add(12019094, "All SKUs of a product need the same type of pre-sale.")
    bundles = [bool(s.combined_skus) for s in skus]
    if any(bundles):
        _bundle(out, shop, body, skus, complete=all(bundles))


def _sku(out: Checked, shop: Shop, at: int, sku: Sku, known: Known) -> None:
    _sku_offer(out, shop, sku, known)
    _seller_sku(out, shop, sku)
    _list_price(out, shop, at, sku, known)
    _sku_texts(out, shop, sku)
    for fee in sku.fees or []:
        if not _is_fee(fee):
            out.add(12052910, "A fee is invalid.")
    _pre_sale(out, shop, sku, known)


def _sku_offer(out: Checked, shop: Shop, sku: Sku, known: Known) -> None:
    if sku.price is not None or not (sku.id in known.prices or known.draft):
        out.errors += price_errors(shop, sku.price, [e.warehouse_id or "" for e in sku.inventory or []])
    if sku.inventory:
        out.errors += [error for _, error in stock_errors(shop, sku.inventory)]
        if len(sku.inventory) > 1 and len(shop.warehouses("SALES_WAREHOUSE")) == 1:
            out.add(12052094)
    elif sku.id not in known.stocked and not known.draft and not sku.combined_skus:
        out.add(12052486 if sku.inventory is not None else 12052115, "A SKU has no inventory.")


def _sku_texts(out: Checked, shop: Shop, sku: Sku) -> None:
    if sku.external_sku_id and len(sku.external_sku_id) > 999:
        out.add(12052910, "`external_sku_id` is longer than 999 characters.")
    for url in sku.external_urls or []:
        if not url.startswith(("http://", "https://")):
            out.add(12052235)
        elif len(url) > 500:
            out.add(12052238)
    if sku.sku_unit_count is not None:
        low, high = Decimal("0.01"), Decimal("99999.9999")
        if not _AMOUNT.fullmatch(sku.sku_unit_count) or not low <= Decimal(sku.sku_unit_count) <= high:
            out.add(12052574)
    if sku.sku_weight is not None and (code := weight_error(shop, sku.sku_weight)):
        out.add(code)
    if sku.extra_identifier_codes:
        if shop.facts["region"] not in EU:
            out.add(12052291)
        elif len(sku.extra_identifier_codes) > 10:
            out.add(12052910, "At most 10 `extra_identifier_codes`.")


def _is_fee(fee: Fee) -> bool:
    amount = plain(fee.amount)
    kinds = (None, "SINGLE_USE", "REUSABLE", "NOT_APPLICABLE")
    return fee.type == "PFAND" and amount is not None and amount <= 6300 and fee.additional_attribute in kinds


def _seller_sku(out: Checked, shop: Shop, sku: Sku) -> None:
    text = sku.seller_sku
    if not text:
        return
    if shop.facts["region"] in STRICT_SELLER_SKU:
        if not 6 <= len(text) <= 50 or not _STRICT_SKU.fullmatch(text):
            out.add(12052054, "A seller SKU has 6 to 50 characters of A-Z, a-z, 0-9, - and _ in this region.")
    elif len(text) > 50 or any(ch.isspace() for ch in text):
        out.add(12052054, "A seller SKU has 1 to 50 characters without spaces.")


def _list_price(out: Checked, shop: Shop, at: int, sku: Sku, known: Known) -> None:
    given = sku.list_price
    if given is None:
        return
    own = (sku.price.amount or sku.price.sale_price) if sku.price is not None else known.prices.get(sku.id or "")
    out.errors += list_price_errors(shop, given)
    if drops_list_price(shop, given, own):
        out.drop_list_prices.add(at)


def list_price_errors(shop: Shop, given: Amount) -> Iterator[ApiError]:
    """What is wrong with a list price. Outside the US nothing is: a live request with one was accepted in VN."""
    if shop.facts["region"] != "US":
        return
    amount = plain(given.amount)
    if given.currency != "USD":
        yield ApiError(12052084)
    elif amount is None:
        yield ApiError(12052375)
    elif not Decimal("0.01") <= amount <= 7600:
        yield ApiError(12052383)


def drops_list_price(shop: Shop, given: Amount, price: str | None) -> bool:
    """Whether the platform discards a list price without a word: below the price, or outside the US."""
    amount, own = plain(given.amount), plain(price)
    return shop.facts["region"] != "US" or (amount is not None and own is not None and amount < own)


def _pre_sale(out: Checked, shop: Shop, sku: Sku, known: Known) -> None:
    given = sku.pre_sale
    if known.edit and sku.id in known.pre_sale and given is not None and given.type != known.pre_sale[sku.id or ""]:
        out.add(12052329)
    if given is None:
        return
    if not given.type:
        out.add(12019096)
        return
    when = given.fulfillment_type
    if when is None:
        out.add(12019095)
        return
    us = shop.facts["region"] == "US"
    if given.type == "PRE_ORDER" and us:
        if not when.release_date:
            out.add(12019097)
        elif not shop.now + 3 * DAY_SECONDS <= when.release_date <= shop.now + 60 * DAY_SECONDS:
            out.add(12052269)
        return
    days = when.handling_duration_days
    longest = 14 if given.type == "MADE_TO_ORDER" else 30
    if not days:
        out.add(12019098)
    elif not 3 <= days <= longest:
        out.add(12052490)
    if any(e.backorder_quantity for e in sku.inventory or []):
        out.add(12019094)


def identity(attribute: SalesAttribute) -> tuple[str, str]:
    """(kind, value) of a sales attribute: the id counts where both id and name are given."""
    return attribute.id or (attribute.name or "").strip().casefold(), attribute.value_id or (
        attribute.value_name or ""
    ).strip().casefold()


def _variations(out: Checked, shop: Shop, leaf: Leaf | None, skus: list[Sku]) -> None:
    if len(skus) > 1 and any(not sku.sales_attributes for sku in skus):
        out.add(12019117)
        return
    kinds = [tuple(identity(a)[0] for a in sku.sales_attributes or []) for sku in skus]
    if any(len(k) > 3 for k in kinds):
        out.add(12052525)
    if any(len(k) != len(set(k)) for k in kinds):
        out.add(12052560, "A SKU has the same sales attribute twice.")
    if len({frozenset(k) for k in kinds}) > 1:
        out.add(12052550)
    combinations = [frozenset(identity(a) for a in sku.sales_attributes or []) for sku in skus]
    if len(combinations) != len(set(combinations)):
        out.add(12052560)
    built_in = {}
    if leaf is not None:
        built_in = {a.id: a for a in categories.attributes(shop, leaf.tree, leaf.category.id) if a.sales}
    given = [attribute for sku in skus for attribute in sku.sales_attributes or []]
    there = {identity(attribute)[0] for attribute in given}
    if any(a.required and a.id not in there and a.name.casefold() not in there for a in built_in.values()):
        out.add(12019117)
    for attribute in given:
        _sales_attribute_images(out, shop, attribute)
    if len({identity(a)[0] for a in given if a.sku_img is not None}) > 1:
        out.add(12052528)
    different = {(a.id or "", a.name or "", a.value_id or "", a.value_name or ""): a for a in given}
    for attribute in different.values():
        _sales_attribute(out, built_in, attribute)


def _sales_attribute_images(out: Checked, shop: Shop, attribute: SalesAttribute) -> None:
    more = attribute.supplementary_sku_images or []
    if more and attribute.sku_img is None:
        out.add(12052357)
    if len(more) > 8:
        out.add(12052356)
    for image in more if attribute.sku_img is None else (attribute.sku_img, *more):
        if uploads.find(shop.platform, shop.seller_id, image.uri or "") is None:
            out.add(12052520)


def _sales_attribute(out: Checked, built_in: dict[str, categories.Attribute], attribute: SalesAttribute) -> None:
    if not attribute.id and not attribute.name:
        out.add(12052241)
    if not attribute.value_id and not attribute.value_name:
        out.add(12052248)
    if not attribute.id and attribute.name:
        _own_text(out, attribute.name, 20, (12052242, 12052243, 12052933))
    if not attribute.value_id and attribute.value_name:
        _own_text(out, attribute.value_name, 50, (12052249, 12052250, 12052934))
    if not built_in or not attribute.id or attribute.id.startswith("73"):
        return
    rule = built_in.get(attribute.id)
    if rule is None:
        if attribute.id not in ("100000", "100007", "100089"):
            out.add(12052527, f"The sales attribute {attribute.id} does not exist in this category.")
    elif attribute.value_id and not attribute.value_id.startswith("73"):
        values = {v for v, _ in rule.values}
        if values and attribute.value_id not in values:
            out.add(12052529)


def _own_text(out: Checked, text: str, longest: int, codes: tuple[int, int, int]) -> None:
    too_long, chinese, ill_formed = codes
    if len(text) > longest:
        out.add(too_long)
    if CHINESE.search(text):
        out.add(chinese)
    if is_ill_formed(text):
        out.add(ill_formed)


def _gtin_is_valid(code: str) -> bool:
    digits = [int(ch) for ch in code]
    total = sum(d * (3 if n % 2 == 0 else 1) for n, d in enumerate(reversed(digits[:-1])))
    return (10 - total % 10) % 10 == digits[-1]


def _identifiers(out: Checked, skus: list[Sku], known: Known) -> None:
    seen: set[str] = set()
    for at, sku in enumerate(skus):
        given = sku.identifier_code
        if given is None or not given.code:
            continue
        if not given.type:
            out.add(12052600)
            continue
        if given.type == "ISBN":
            if not _ISBN.fullmatch(given.code):
                out.add(12052598 if "X" in given.code[:-1] else 12052591)
                continue
        elif given.type not in _CODE_DIGITS:
            out.add(12052910, "The type of an identifier code is unknown.")
            continue
        elif not given.code.isascii() or not given.code.isdigit() or len(given.code) not in _CODE_DIGITS[given.type]:
            out.add(12052591)
            continue
        if given.code in seen:
            out.add(12052592)
        seen.add(given.code)
        before = known.identifiers.get(sku.id or "")
        if before and before != given.code:
            out.add(12052593)
        if given.code.isdigit() and not _gtin_is_valid(given.code):
            out.drop_identifiers.add(at)
            out.warnings.append(
                f"The [identifier_code]:{given.code} field is incorrect and has been cleared by the system. "
                "Reason: [Wrong check digit]."
            )


def _bundle(out: Checked, shop: Shop, body: Product, skus: list[Sku], *, complete: bool) -> None:
    if not complete:
        out.add(12052863)
    for sku in skus:
        parts = sku.combined_skus or []
        if len(parts) > 20:
            out.add(12052831)
        pairs = [p.sku_id for p in parts]
        if len(pairs) != len(set(pairs)):
            out.add(12052840)
        for part in parts:
            if part.sku_count is None or not 1 <= part.sku_count <= 100:
                out.add(12052832)
            product = shop.products.get(part.product_id or "")
            if product is None:
                out.add(12052835)
            elif part.sku_id not in [s["id"] for s in product["skus"]]:
                out.add(12052844)
            elif product["status"] != "ACTIVATE":
                out.add(12052845)
    if body.minimum_order_quantity:
        out.add(12052848, "A bundle has no minimum order quantity.")
