"""Versions of a product and its state: what is shown, what is under review, how audits end.

A product has a `base` version that is shown, at most one version under `review` beside it, and at most one `draft`.
Price and stock are in `stock` and skip all of that. Source: `docs/platforms/tiktok-shop.md` section 10.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from twinshelf_sandbox.tiktok.apps import webhooks
from twinshelf_sandbox.tiktok.products import categories, listing_outcome, stock
from twinshelf_sandbox.tiktok.products.product_bodies import Product
from twinshelf_sandbox.tiktok.state import Platform, Shop
from twinshelf_sandbox.world import Entity

STATUSES: Final = (
    *("DRAFT", "PENDING", "FAILED", "ACTIVATE", "SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED", "FREEZE", "DELETED"),
)
_OFFER_FIELDS: Final = ("price", "list_price", "external_list_prices", "inventory")
_CHANGED_NAMES: Final = {
    "title": "title",
    "description": "description",
    "main_images": "main_images",
    "product_attributes": "product_attributes",
}


# -- writing a version -----------------------------------------------------------------------------------------


def resolve(shop: Shop, body: Product, content: Entity, outcome: listing_outcome.Checked) -> None:
    """Finish `content`: drop what the platform drops, give SKUs ids, and sales attributes the ids of their texts."""
    if outcome.drop_brand:
        content.pop("brand_id", None)
    if outcome.drop_size_chart:
        content.pop("size_chart", None)
    tree = shop.platform.trees.of(shop.tree)
    built_in = {a.id: a for a in categories.attributes(shop, tree, body.category_id or "") if a.sales}
    product_level = {a.id: a for a in categories.attributes(shop, tree, body.category_id or "") if not a.sales}
    content["product_attributes"] = [
        _named_attribute(shop, product_level[a["id"]], a)
        for a in content.get("product_attributes", [])
        if a.get("id") in product_level and a.get("values")
    ]
    for at, sku in enumerate(content.get("skus", [])):
        sku["id"] = sku.get("id") or shop.platform.new_id("sku")
        if at in outcome.drop_identifiers:
            sku.pop("identifier_code", None)
        for attribute in sku.get("sales_attributes", []):
            _named_sales_attribute(shop, built_in, attribute)


def generated_id(shop: Shop, family: str, text: str) -> str:
    """The id the shop's own attribute name or value got when it was first used."""
    key = f"{family}:{text.casefold()}"
    row = shop.names.get(key)
    if row is None:
        row = {"id": shop.platform.new_id(family)}
        shop.names.put(key, row)
    return str(row["id"])


def _named_attribute(shop: Shop, attribute: categories.Attribute, given: Entity) -> Entity:
    names = dict(attribute.values)
    values = []
    for value in given["values"]:
        text = names.get(value.get("id", ""), value.get("name", ""))
        value_id = value.get("id") or next((i for i, n in attribute.values if n == text), "")
        shown = {"id": value_id or generated_id(shop, "value", f"{attribute.id}:{text}"), "name": text}
        if "metric_standard_info" in value:
            shown["metric_standard_info"] = value["metric_standard_info"]
        values.append(shown)
    return {"id": attribute.id, "name": attribute.name, "values": values}


def _named_sales_attribute(shop: Shop, built_in: dict[str, categories.Attribute], given: Entity) -> None:
    attribute_id = given.get("id")
    if attribute_id:
        known = built_in.get(attribute_id)
        given["name"] = known.name if known is not None else given.get("name") or attribute_id
    else:
        by_name = next((a for a in built_in.values() if a.name.casefold() == given["name"].casefold()), None)
        given["id"] = by_name.id if by_name is not None else generated_id(shop, "attribute", given["name"])
    known = built_in.get(given["id"])
    values = known.values if known is not None else ()
    if given.get("value_id"):
        given["value_name"] = dict(values).get(given["value_id"]) or given.get("value_name") or given["value_id"]
    else:
        own = next((i for i, name in values if name.casefold() == given["value_name"].casefold()), "")
        given["value_id"] = own or generated_id(shop, "value", f"{given['id']}:{given['value_name']}")


def price_text(shop: Shop, price: Entity) -> str:
    """The amount a price counts with in this shop."""
    return str(price.get("sale_price") or price.get("amount")) if not shop.is_local else str(price["amount"])


def take_offers(shop: Shop, product_id: str, content: Entity, outcome: listing_outcome.Checked, row: Entity) -> bool:
    """Move price and stock out of `content` into `row`: they take effect at once. True if any changed."""
    changed = False
    for at, sku in enumerate(content.get("skus", [])):
        given = {name: sku.pop(name) for name in _OFFER_FIELDS if name in sku}
        offer = row["skus"].get(sku["id"])
        if offer is None:
            offer = row["skus"][sku["id"]] = stock.new_offer("")
            changed = True
        if given.get("price"):
            text = price_text(shop, given["price"])
            changed |= set_price(shop, product_id, sku, offer, text)
        if "list_price" in given:
            offer["list_price"] = None if at in outcome.drop_list_prices else given["list_price"]
            changed = True
        if "external_list_prices" in given:
            offer["external_list_prices"] = given["external_list_prices"]
            changed = True
        for entry in given.get("inventory") or []:
            place = stock.Place(product_id, sku, entry["warehouse_id"])
            changed |= stock.set_level(shop, row, place, entry.get("quantity", 0), source="PRODUCT_EDIT")
            offer["stock"].setdefault(entry["warehouse_id"], [0, 0])
            if entry.get("backorder_quantity") is not None:
                offer["backorder"][entry["warehouse_id"]] = [entry["backorder_quantity"], entry["handling_time"]]
                changed = True
    return changed


def set_price(shop: Shop, product_id: str, sku: Entity, offer: Entity, text: str) -> bool:
    """Set the price of a SKU inside its offers row. True if that changed anything."""
    before = offer["price"]
    if before and Decimal(before) == Decimal(text):
        return False
    offer["price"] = text
    shop.effect(
        "price_set", product_id, sku_id=sku["id"], seller_sku=sku.get("seller_sku", ""), before=before, after=text
    )
    return True


def _summarize(product: Entity) -> None:
    """Keep the parts of a product that indexes read in step with its base version."""
    shown = product["base"]
    skus = shown.get("skus", [])
    product["skus"] = [{"id": sku["id"], "seller_sku": sku.get("seller_sku", "")} for sku in skus]
    product["external_product_id"] = "" if product["status"] == "DELETED" else shown.get("external_product_id", "")
    product["has_draft"] = product["draft"] is not None
    product["tier"] = tier(shown)


def tier(content: Entity) -> str:
    """The quality of a listing, by a rule of our own."""
    score = (
        (len(content.get("title", "")) >= 40)
        + (len(content.get("main_images", [])) >= 5)
        + (len(content.get("description", "")) >= 300)
    )
    return ("POOR", "FAIR", "GOOD", "EXCELLENT")[score]


def keep(shop: Shop, product: Entity) -> None:
    """Write a product back, its summary for searches brought up to date."""
    _summarize(product)
    shop.products.put(product["id"], product)


# -- states and audit ------------------------------------------------------------------------------------------


def set_status(
    shop: Shop, product: Entity, status: str, *, reason: str = "", word: str = "PRODUCT_STATUS_CHANGED"
) -> None:
    """Change a product's state and tell everybody."""
    before = product["status"]
    product["update_time"] = shop.now
    if before == status:
        return
    product["previous_status"], product["status"] = before, status
    shop.effect("product_status", product["id"], before=before, after=status, reason=reason)
    _tell_status(shop, product, word, reason)


def _tell_status(shop: Shop, product: Entity, word: str, reason: str = "") -> None:
    data = {"product_id": int(product["id"]), "status": word, "suspended_reason": reason, "update_time": shop.now}
    webhooks.notify(shop, "PRODUCT_STATUS_CHANGE", data)


def set_audit(shop: Shop, product: Entity, status: str, *, pre_approved: list[str] | None = None) -> None:
    """Change the state of a product's review and tell the apps."""
    if product["audit_status"] == status and not pre_approved:
        return
    product["audit_status"] = status
    product["pre_approved_reasons"] = pre_approved or []
    if status != "FAILED":
        product["failed"] = []
    audit: dict[str, Any] = {"status": status}
    if pre_approved:
        audit["pre_approved_reason"] = pre_approved[0]  # the documented sample has the singular
        audit["pre_approved_reasons"] = pre_approved
    data = {"product_id": int(product["id"]), "audit": audit, "update_time": shop.now}
    webhooks.notify(shop, "PRODUCT_AUDIT_STATUS_CHANGE", data)


def submit(shop: Shop, product: Entity) -> None:
    """Hand a product's newest version to the audit, which ends after the shop's time or at once."""
    product["version"] += 1
    set_audit(shop, product, "AUDITING")
    seconds = shop.facts["audit"]["seconds"]
    if seconds > 0:
        payload = {"shop": shop.id, "product": product["id"], "version": product["version"]}
        shop.platform.world.schedule(shop.platform.world.clock.now() + seconds, "tt.audit", payload)
    elif seconds == 0:
        _end_audit(shop, product)


def run_audit(platform: Platform, payload: dict[str, Any]) -> None:
    """The job that ends an audit, unless a newer version was submitted meanwhile or a person decided."""
    shop = platform.shop(payload["shop"])
    product = shop.products.get(payload["product"])
    if product is None or product["version"] != payload["version"] or product["audit_status"] != "AUDITING":
        return
    _end_audit(shop, product)
    keep(shop, product)


def _end_audit(shop: Shop, product: Entity) -> None:
    content = product["review"] or product["base"]
    for rule in shop.facts["audit"]["rules"]:
        text = str(content.get(rule.get("field", "title"), "")).casefold()
        unless = [word.strip().casefold() for word in rule.get("without", "").split(",")]
        if rule.get("contains", "").casefold() in text and not any(word and word in text for word in unless):
            fail(shop, product, [rule])
            return
    tree = shop.platform.trees.of(shop.tree)
    category = tree.get(content["category_id"])
    if (
        category is not None
        and categories.permission(shop, tree, category) == "INVITE_ONLY"
        and product["review"] is None
    ):
        set_audit(shop, product, "PRE_APPROVED", pre_approved=["RESTRICTED_CATEGORY_PENDING"])
        return
    pass_audit(shop, product)


def pass_audit(shop: Shop, product: Entity) -> None:
    """A review ended well: the version under review is the one on sale."""
    set_audit(shop, product, "APPROVED")
    if product["review"] is not None:
        before, product["base"], product["review"] = product["base"], product["review"], None
        announce(shop, product, before, product["base"])
    if product["status"] in ("PENDING", "FAILED"):
        first = not product["was_live"]
        product["was_live"] = True
        set_status(shop, product, "ACTIVATE", word="PRODUCT_FIRST_PASS_REVIEW" if first else "PRODUCT_STATUS_CHANGED")


def announce(shop: Shop, product: Entity, before: Entity, after: Entity) -> None:
    """Webhooks 15, 18 and 50 and the effect for content that went live."""
    fields = differences(before, after)
    product["update_time"] = shop.now
    shop.effect("product_live", product["id"], fields=fields)
    names = [_CHANGED_NAMES.get(name, "others") for name in fields]
    if names:
        data = {
            "product_id": product["id"],
            "change_source": product["source"],
            "changed_fields": list(dict.fromkeys(names)),
            "update_time": shop.now,
        }
        webhooks.notify(shop, "PRODUCT_INFORMATION_CHANGE", data)
    if before.get("category_id") != after.get("category_id"):
        data = {
            "product_id": product["id"],
            "previous_category_id": before.get("category_id", ""),
            "current_category_id": after.get("category_id", ""),
            "update_time": shop.now,
        }
        webhooks.notify(shop, "PRODUCT_CATEGORY_CHANGE", data)
    old, new = ({sku["id"] for sku in c.get("skus", [])} for c in (before, after))
    changes = [{"sku_id": i, "status": "CREATED"} for i in sorted(new - old)] + [
        {"sku_id": i, "status": "DELETED"} for i in sorted(old - new)
    ]
    if changes:
        webhooks.notify(shop, "SKU_STATUS_CHANGE", {"product_id": product["id"], "skus": changes})
        for change in changes:
            shop.effect(f"sku_{change['status'].lower()}", product["id"], sku_id=change["sku_id"])


def differences(before: Entity, after: Entity) -> list[str]:
    """Names of the fields that differ."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def fail(shop: Shop, product: Entity, reasons: list[Any]) -> None:
    """A review ended badly, for `reasons`."""
    product["failed"] = [
        {
            "listing_platform": "TIKTOK_SHOP",
            "position": reason.get("position", "Product title"),
            "reasons": [reason.get("reason", "The listing violates a policy.")],
            "suggestions": [reason.get("suggestion", "Change the listing and submit it again.")],
        }
        if isinstance(reason, dict)
        else {"listing_platform": "TIKTOK_SHOP", "position": "Product", "reasons": [str(reason)], "suggestions": []}
        for reason in reasons
    ]
    failed = product["failed"]
    set_audit(shop, product, "FAILED")
    product["failed"] = failed
    text = failed[0]["reasons"][0] if failed else ""
    product["review"] = None
    if product["status"] == "PENDING":
        set_status(shop, product, "FAILED", reason=text, word="PRODUCT_AUDIT_FAILURE")
    else:
        product["update_time"] = shop.now
        _tell_status(shop, product, "PRODUCT_AUDIT_FAILURE", text)


JOBS: Final[dict[str, Callable[[Platform, dict[str, Any]], None]]] = {"tt.audit": run_audit}
