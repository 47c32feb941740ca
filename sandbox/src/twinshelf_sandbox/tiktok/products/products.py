"""Creating, editing, showing and hiding products. Source: `docs/platforms/tiktok-shop.md` sections 9 to 11."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.apps import webhooks
from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.products import listing_outcome, listing_rules, stock
from twinshelf_sandbox.tiktok.products.listing_outcome import Known
from twinshelf_sandbox.tiktok.products.product_audits import (
    differences,
    keep,
    price_text,
    resolve,
    set_audit,
    set_status,
    submit,
    take_offers,
    tier,
)
from twinshelf_sandbox.tiktok.products.product_bodies import PARTIAL_ONLY_WITHOUT, Product, Replica, as_content
from twinshelf_sandbox.tiktok.state import Platform, Shop
from twinshelf_sandbox.world import Entity

# -- create and edit -------------------------------------------------------------------------------------------


def _may_create(shop: Shop) -> None:
    if shop.platform.sellers[shop.seller_id]["status"] != "ACTIVE":
        raise ApiError(12052700)
    if shop.switch("locked_for_integration"):
        raise ApiError(12052332)
    if not shop.is_local and listing_method(shop) != "LOCAL_REPLICATION":
        raise ApiError(12052701)
    if is_upgrading(shop):
        raise ApiError(12052234)


def is_upgrading(shop: Shop) -> bool:
    """Whether the shop is moving to the new category tree, which stops new listings."""
    row = shop.table("counters").get("upgrade")
    return row is not None and row["ends"] > shop.now


def listing_method(shop: Shop) -> str:
    """How a shop lists: empty for local sellers."""
    return "" if shop.is_local else shop.switch("listing_methods") or "LOCAL_REPLICATION"


def count_listing(shop: Shop, *, count: bool = True) -> None:
    """Refuse once the day's listings are used up; else count one."""
    limit = shop.facts["limits"].get("daily_listings", 1000)
    counters = shop.table("counters")
    today = shop.now // 86_400
    row = counters.get("listings") or {"day": today, "count": 0}
    used = row["count"] if row["day"] == today else 0
    if limit and used >= limit:
        raise ApiError(12052093)
    if count:
        counters.put("listings", {"day": today, "count": used + 1})


def create(call: Call) -> Any:
    """Create a product, as a draft or for review; a known idempotency key answers as the first time."""
    shop, body = call.shop, call.body(Product)
    key = body.idempotency_key
    if key and len(key) <= 128 and (done := shop.idempotency.get(f"product:{key}")) is not None:
        return done["answer"]
    _may_create(shop)
    draft = body.save_mode == "AS_DRAFT"
    outcome = listing_rules.check(Known(shop, draft=draft), body)
    listing_outcome.first(outcome.errors)
    if body.external_product_id and shop.by_external_product.find(body.external_product_id):
        raise ApiError(12052996)
    if not draft:
        count_listing(shop)
    product = new_product(shop, body, outcome, draft=draft)
    answer = _reply(product, outcome)
    if key:
        shop.idempotency.put(f"product:{key}", {"answer": answer})
    return answer


def new_product(
    shop: Shop,
    body: Product,
    outcome: listing_outcome.Checked,
    *,
    draft: bool,
    source: str = "OPEN_API",
    extra: Entity | None = None,
) -> Entity:
    """Put a checked product into the shop and, unless it is a draft, into the audit."""
    content = as_content(body)
    resolve(shop, body, content, outcome)
    product_id = shop.platform.new_id("product")
    row: Entity = {"skus": {}}
    now = shop.now
    product: Entity = {
        "id": product_id,
        "status": "DRAFT" if draft else "PENDING",
        "previous_status": "DRAFT" if draft else "PENDING",
        "create_time": now,
        "update_time": now,
        "audit_status": "NONE",
        "pre_approved_reasons": [],
        "failed": [],
        "category_version": shop.tree,
        "base": content,
        "review": None,
        "draft": None,
        "version": 0,
        "was_live": False,
        "source": source,
        "appeal": False,
        **(extra or {}),
    }
    shop.effect(
        "product_created",
        product_id,
        title=content.get("title", ""),
        seller_skus=[s.get("seller_sku", "") for s in content.get("skus", [])],
        draft=draft,
        external_product_id=content.get("external_product_id", ""),
        source=source,
    )
    take_offers(shop, product_id, content, outcome, row)
    shop.offers.put(product_id, row)
    types = ["COMBINED_PRODUCT"] if any(s.get("combined_skus") for s in content.get("skus", [])) else []
    webhooks.notify(
        shop, "PRODUCT_CREATION", {"product_id": int(product_id), "product_types": types, "update_time": now}
    )
    if not draft:
        submit(shop, product)
    keep(shop, product)
    return product


def _reply(product: Entity, outcome: listing_outcome.Checked, *, content: Entity | None = None) -> Entity:
    shown = content or product["base"]
    skus = []
    for sku in shown.get("skus", []):
        entry: Entity = {
            "id": sku["id"],
            "seller_sku": sku.get("seller_sku", ""),
            "sales_attributes": [{"id": a["id"], "value_id": a["value_id"]} for a in sku.get("sales_attributes", [])],
        }
        for name in ("external_sku_id", "fees"):
            if name in sku:
                entry[name] = sku[name]
        skus.append(entry)
    return {"product_id": product["id"], "skus": skus, "warnings": [{"message": text} for text in outcome.warnings]}


def product_of(shop: Shop, product_id: str, *, missing: int = 12052032) -> Entity:
    """The product of that id. Refuses ids that are malformed, unknown, or those of another shop."""
    if not product_id.isascii() or not product_id.isdigit():
        raise ApiError(12052031)
    product = shop.products.get(product_id)
    if product is None:
        raise ApiError(12052048 if other_shop_has(shop, product_id) else missing)
    return product


def other_shop_has(shop: Shop, product_id: str) -> bool:
    """Whether another shop has that product, which is answered differently."""
    return any(product_id in other.products for other in all_shops(shop.platform) if other is not shop)


def all_shops(platform: Platform) -> list[Shop]:
    """Every shop of the sandbox."""
    return [platform.shop(str(key)) for key in platform.shops.keys()]  # noqa: SIM118 - a table is not a mapping


def _editable(shop: Shop, product_id: str) -> Entity:
    product = product_of(shop, product_id)
    if product["status"] in ("FREEZE", "DELETED"):
        raise ApiError(12052901)
    if shop.switch("locked_for_integration"):
        raise ApiError(12052332)
    if product["appeal"]:
        raise ApiError(12052308)
    return product


def latest(product: Entity) -> Entity:
    """The version an edit builds on: the draft or the one under review, else the one that is shown."""
    found: Entity = product["draft"] or product["review"] or product["base"]
    return found


def edit(call: Call) -> Any:
    """Full overwrite: what is not given is gone, SKUs not named are deleted; price and stock stay unless given."""
    product = _editable(call.shop, call.path["product_id"])
    return apply_edit(call.shop, product, call.body(Product), source="OPEN_API")


def partial_edit(call: Call) -> Any:
    """Top-level properties that are given replace those of the latest version, each as a whole. Warns of nothing."""
    shop = call.shop
    product = _editable(shop, call.path["product_id"])
    body = call.body(Product)
    given = {name: value for name, value in as_content(body).items() if name not in PARTIAL_ONLY_WITHOUT}
    if not given:
        raise ApiError(12052487)
    merged = {**latest(product), **given}
    whole = msgspec.convert(merged, Product, strict=False)
    whole.save_mode = body.save_mode
    whole.category_version = whole.category_version or shop.tree
    whole.replicated_products = body.replicated_products
    reply = apply_edit(shop, product, whole, source="OPEN_API")
    return {name: value for name, value in reply.items() if name != "warnings"}


def _known(shop: Shop, product: Entity, *, draft: bool) -> Known:
    versions = [v for v in (product["base"], product["review"], product["draft"]) if v is not None]
    kept = stock.offers(shop, product["id"])["skus"]
    skus = {sku["id"]: sku for version in versions for sku in version.get("skus", [])}
    return Known(
        shop,
        edit=True,
        known_skus=frozenset(skus),
        identifiers={
            i: s["identifier_code"]["code"] for i, s in skus.items() if s.get("identifier_code", {}).get("code")
        }
        if product["status"] != "DRAFT"
        else {},
        pre_sale={i: s["pre_sale"]["type"] for i, s in skus.items() if s.get("pre_sale", {}).get("type")},
        prices={i: offer["price"] for i, offer in kept.items() if offer["price"]},
        stocked=frozenset(i for i, offer in kept.items() if offer["stock"]),
        draft=draft,
    )


def apply_edit(shop: Shop, product: Entity, body: Product, *, source: str) -> Entity:
    """Replace a product's content by `body` and send it to review where review is due. Raises ApiError."""
    draft = body.save_mode == "AS_DRAFT"
    if draft and product["status"] != "DRAFT" and not shop.switch("post_live_drafts"):
        raise ApiError(12052488)
    outcome = listing_rules.check(_known(shop, product, draft=draft), body)
    listing_outcome.first(outcome.errors)
    external = body.external_product_id
    if external and any(other != product["id"] for other in shop.by_external_product.find(external)):
        raise ApiError(12052996)
    row = stock.offers(shop, product["id"])
    _check_promotion(shop, body, row)
    _check_warehouses(shop, body, row)
    content = as_content(body)
    resolve(shop, body, content, outcome)
    _check_replicas(product, content, body.replicated_products or [])
    if take_offers(shop, product["id"], content, outcome, row):
        product["update_time"] = shop.now
    before = product["base"]
    fields = differences(latest(product), content)
    product["source"] = source
    if fields or draft:
        shop.effect("product_edited", product["id"], fields=fields, draft=draft, source=source)
    if draft and product["status"] != "DRAFT":
        product["draft"] = content
    else:
        _replace(shop, product, content, draft=draft)
    kept = {sku["id"] for v in (product["base"], product["review"], product["draft"]) if v for sku in v.get("skus", [])}
    row["skus"] = {sku_id: offer for sku_id, offer in row["skus"].items() if sku_id in kept}
    shop.offers.put(product["id"], row)
    keep(shop, product)
    if product["base"] != before and product["status"] in ("PENDING", "DRAFT", "FAILED"):
        product["update_time"] = shop.now
    answer = _reply(product, outcome, content=content)
    answer["audit"] = {"status": product["audit_status"]}
    return answer


def _replace(shop: Shop, product: Entity, content: Entity, *, draft: bool) -> None:
    """Put an edited version where it belongs, by the product's state."""
    product["draft"] = None
    product["update_time"] = shop.now
    match product["status"]:
        case "DRAFT":
            product["base"] = content
            if not draft:
                count_listing(shop)
                set_status(shop, product, "PENDING")
                submit(shop, product)
        case "PENDING" | "FAILED":
            product["base"], product["review"] = content, None
            set_status(shop, product, "PENDING")
            submit(shop, product)
        case "PLATFORM_DEACTIVATED":
            product["base"], product["review"] = content, None
            set_status(shop, product, "PENDING")
            submit(shop, product)
        case _:
            if content == product["base"]:
                product["review"] = None
                return
            product["review"] = content
            submit(shop, product)


def _check_promotion(shop: Shop, body: Product, row: Entity) -> None:
    given = {sku.id: sku for sku in body.skus or [] if sku.id}
    for sku_id, offer in row["skus"].items():
        if offer["promotion"] is None:
            continue
        sku = given.get(sku_id)
        if sku is None:
            raise ApiError(12019057, "A SKU in a promotion cannot be deleted.")
        if sku.price is not None and Decimal(price_text(shop, msgspec.to_builtins(sku.price))) != Decimal(
            offer["price"]
        ):
            raise ApiError(12052038)


def _check_warehouses(shop: Shop, body: Product, row: Entity) -> None:
    """All warehouses of a SKU must be named, but for those that cannot be: what is switched off takes no stock."""
    off = {
        w["id"]
        for w in shop.warehouses()
        if w["effect_status"] == "DISABLED" and not shop.switch("name_disabled_warehouses")
    }
    known = {w["id"] for w in shop.warehouses()}
    for sku in body.skus or []:
        offer = row["skus"].get(sku.id or "")
        if offer is None or not sku.inventory:
            continue
        if (set(offer["stock"]) & known) - off - {e.warehouse_id for e in sku.inventory}:
            raise ApiError(12052516)


def _variations(content: Entity) -> list[tuple[tuple[str, str], ...]]:
    """Kinds and values of the sales attributes of every SKU, in an order of their own."""
    skus = content.get("skus", [])
    return sorted(tuple(sorted((a["id"], a["value_id"]) for a in s.get("sales_attributes", []))) for s in skus)


def _check_replicas(product: Entity, content: Entity, named: list[Replica]) -> None:
    """Changes of category or sales attributes of a replicated product must name all its markets, and new SKUs there."""
    replicas, base = product.get("replicas") or {}, product["base"]
    if named and not replicas:
        raise ApiError(12052512)
    if any(entry.region not in replicas for entry in named):
        raise ApiError(12052513)
    own = {sku.get("seller_sku", "") for sku in content.get("skus", [])}
    for sku in [sku for entry in named for sku in entry.skus or []]:
        if not sku.id and not sku.seller_sku:
            raise ApiError(12052509)
        if not sku.id and sku.seller_sku not in own:
            raise ApiError(12052510)
    same = content.get("category_id") == base.get("category_id") and _variations(content) == _variations(base)
    if replicas and not same and not set(replicas) <= {entry.region for entry in named}:
        raise ApiError(12052514)


def listing_check(call: Call) -> Any:
    """A dry run of Create: what would be refused, as a list."""
    body = call.body(Product)
    body.category_version = body.category_version or call.shop.tree
    outcome = listing_rules.check(Known(call.shop), body)
    answer: Entity = {
        "check_result": "FAILED" if outcome.errors else "PASS",
        "fail_reasons": [{"code": e.code, "message": e.message} for e in outcome.errors],
        "listing_quality": {"current_tier": tier(as_content(body)), "remaining_recommendations": 0},
    }
    if outcome.warnings:
        answer["warnings"] = {"message": " ".join(outcome.warnings)}
    return answer


def prerequisites(call: Call) -> Any:
    """`GET prerequisites`: passed items are listed too; one name is misspelt by the platform."""
    shop = call.shop
    failing = set(shop.switch("failing_checks"))
    reasons = {
        "SHOP_STATUS": "The shop is not active.",
        "SHOP_TAX": "The tax information of the shop is missing.",
        "PICKUP_WAREHOUSE": "The shop has no pickup warehouse.",
        "RETURN_WAREHOUSE": "The shop has no return warehouse.",
        "DELIVERY_OPTION": "No delivery option is enabled.",
        "SHIPPING_TEMPLATE": "The shop has no shipping template.",
        "PRODUCT_QUANTITY_LIMIT": "The limit of product listings is reached.",
        "EXTENDED_PRODUCER_RESPONSIBILITY": "The EPR registration is missing.",
        "BANk_ACCOUNT": "No bank account is linked.",
        "CONTACT_INFO": "The contact information is missing.",
    }
    if not any(w["effect_status"] == "ENABLED" for w in shop.warehouses("SALES_WAREHOUSE")):
        failing.add("PICKUP_WAREHOUSE")
    if not shop.warehouses("RETURN_WAREHOUSE"):
        failing.add("RETURN_WAREHOUSE")
    try:
        count_listing(shop, count=False)
    except ApiError:
        failing.add("PRODUCT_QUANTITY_LIMIT")
    results = [
        {"check_item": item, "is_failed": item in failing, "fail_reasons": [text] if item in failing else []}
        for item, text in reasons.items()
        if item != "EXTENDED_PRODUCER_RESPONSIBILITY" or shop.facts["region"] in ("DE", "FR")
    ]
    return {"check_results": results}


# -- visibility ------------------------------------------------------------------------------------------------


class Ids(msgspec.Struct):
    product_ids: list[str] = []
    listing_platforms: list[str] | None = None


def _batch(change: Callable[[Shop, Entity], None]) -> Callable[[Call], Any]:
    """A call that changes up to 20 products, each by itself: refusals are listed per product."""

    def run(call: Call) -> Any:
        ids = call.body(Ids).product_ids
        if not ids:
            raise ApiError(12052030)
        if len(ids) > 20:
            raise ApiError(12019120)
        errors = []
        for at, product_id in enumerate(ids):
            try:
                if call.breaks(product_id, at):
                    raise call.broken()
                with call.platform.world.savepoint():
                    product = product_of(call.shop, product_id)
                    change(call.shop, product)
                    keep(call.shop, product)
            except ApiError as error:
                errors.append(error.entry(product_id=product_id))
        return {"errors": errors} if errors else {}

    return run


def _unlocked(shop: Shop) -> None:
    if shop.switch("locked_for_integration"):
        raise ApiError(12052332)


def activate(shop: Shop, product: Entity) -> None:
    """Put a product on sale again, after review."""
    _unlocked(shop)
    if product["status"] not in ("SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED"):
        raise ApiError(12052901)
    count_listing(shop)
    set_status(shop, product, "PENDING")
    submit(shop, product)


def deactivate(shop: Shop, product: Entity) -> None:
    """Take a live product off sale."""
    _unlocked(shop)
    if product["status"] != "ACTIVATE":
        raise ApiError(12052901)
    set_status(shop, product, "SELLER_DEACTIVATED")


def delete(shop: Shop, product: Entity) -> None:
    """Delete a product; it can be recovered."""
    _unlocked(shop)
    if product["status"] in ("FREEZE", "DELETED"):
        raise ApiError(12052901)
    product["version"] += 1
    product["review"] = product["draft"] = None
    set_status(shop, product, "DELETED")
    set_audit(shop, product, "NONE")


def _recover(shop: Shop, product: Entity) -> None:
    if product["status"] != "DELETED":
        raise ApiError(12052901)
    set_status(shop, product, "SELLER_DEACTIVATED")


_BASIC: Final = "seller.product.basic"
_WRITE: Final = "seller.product.write"
_DELETE: Final = "seller.product.delete"
_V2309: Final = ("202309",)
_BAD: Final = 12052910

ENDPOINTS: Final = (
    Endpoint("GET", "/product/{v}/prerequisites", ("202312",), _BASIC, prerequisites, bad_input=_BAD),
    Endpoint("POST", "/product/{v}/products", _V2309, _WRITE, create, bad_input=_BAD),
    Endpoint("POST", "/product/{v}/products/listing_check", _V2309, _BASIC, listing_check, bad_input=_BAD),
    Endpoint("PUT", "/product/{v}/products/{product_id}", ("202309", "202509"), _WRITE, edit, bad_input=_BAD),
    Endpoint(
        "POST",
        "/product/{v}/products/{product_id}/partial_edit",
        ("202309", "202509"),
        _WRITE,
        partial_edit,
        bad_input=_BAD,
    ),
    Endpoint("POST", "/product/{v}/products/activate", _V2309, _BASIC, _batch(activate), bad_input=_BAD),
    Endpoint("POST", "/product/{v}/products/deactivate", _V2309, _BASIC, _batch(deactivate), bad_input=_BAD),
    Endpoint("DELETE", "/product/{v}/products", _V2309, _DELETE, _batch(delete), bad_input=_BAD),
    Endpoint("POST", "/product/{v}/products/recover", _V2309, _DELETE, _batch(_recover), bad_input=_BAD),
)
