"""What the platform offers around listings: diagnoses, suggestions, reference prices, the category upgrade."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.apps import webhooks
from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.products.product_audits import keep, tier
from twinshelf_sandbox.tiktok.products.product_bodies import Product, as_content
from twinshelf_sandbox.tiktok.products.products import Ids, is_upgrading, product_of
from twinshelf_sandbox.tiktok.state import Platform


def diagnoses(call: Call) -> Any:
    """The quality of live products; the sandbox finds nothing to improve."""
    found = []
    for product_id in call.listed("product_ids")[:200]:
        product = call.shop.products.get(product_id)
        if product is not None and product["status"] == "ACTIVATE":
            found.append(
                {
                    "id": product_id,
                    "listing_quality": {"current_tier": product["tier"], "remaining_recommendations": 0},
                    "diagnoses": [],
                }
            )
    return {"products": found}


def suggestions(call: Call) -> Any:
    """Suggested titles and descriptions: the fields are there, without entries."""
    entries = [{"field": "TITLE", "items": []}, {"field": "DESCRIPTION", "items": []}]
    return {
        "products": [{"id": i, "suggestions": entries} for i in call.listed("product_ids") if i in call.shop.products]
    }


def seo_words(call: Call) -> Any:
    """Words of the title that people might search for."""
    found = []
    for product_id in call.listed("product_ids"):
        product = call.shop.products.get(product_id)
        if product is not None:
            words = [w for w in product["base"].get("title", "").split() if len(w) > 3][:5]
            found.append({"id": product_id, "seo_words": [{"text": w.lower()} for w in words]})
    return {"products": found}


def diagnose_optimize(call: Call) -> Any:
    """The quality a listing would have."""
    body = call.body(Product)
    return {
        "listing_quality": {"current_tier": tier(as_content(body)), "remaining_recommendations": 0},
        "diagnoses": [],
    }


def predict_package(call: Call) -> Any:
    """A guess of weight and size that does not look at the product. Sizes are numbers here, not texts."""
    unit, size = ("POUND", "INCH") if call.shop.facts["region"] == "US" else ("GRAM", "CENTIMETER")
    return {
        "package_weight": {"value": "0.5" if unit == "POUND" else "400", "unit": unit},
        "package_dimensions": {"length": 10, "width": 8, "height": 4, "unit": size},
    }


def recommend_packages(call: Call) -> Any:
    """Weight and size ranges of similar products, and webhook 62 for each product named."""
    ids = call.body(Ids).product_ids
    found = []
    for product_id in ids[:50]:
        if product_id not in call.shop.products:
            continue
        entry = {
            "product_id": product_id,
            "abnormality_types": ["None"],
            "weight_recommendation": {"unit": "GRAM", "weight": {"min_value": "200", "max_value": "800"}},
            "dimension_recommendation": {
                "unit": "CENTIMETER",
                **{name: {"min_value": "5", "max_value": "30"} for name in ("length", "width", "height")},
            },
        }
        found.append(entry)
        webhooks.notify(call.shop, "PACKAGE_RECOMMENDATION", entry)
    return {"products": found, "total_count": len(found), "next_page_token": ""}


class _ReferenceSku(msgspec.Struct):
    id: str = ""


class _Strikethrough(msgspec.Struct):
    external_product_id: str = ""
    skus: list[_ReferenceSku] = []


def submit_strikethrough(call: Call) -> Any:
    """US: prices elsewhere as evidence for a reference price; good for 90 days, then webhook 38."""
    shop, body = call.shop, call.body(_Strikethrough)
    product = product_of(shop, call.path["product_id"])
    if shop.facts["region"] != "US":
        raise ApiError(12052376)
    known = {sku["id"] for sku in product["skus"]}
    for sku in body.skus:
        if sku.id not in known:
            raise ApiError(12052557)
        payload = {"shop": shop.id, "product": product["id"], "sku": sku.id}
        shop.platform.world.schedule(shop.now + 90 * 86_400, "tt.strikethrough", payload)
        shop.effect("strikethrough_price", product["id"], sku_id=sku.id)
    return {}


def end_strikethrough(platform: Platform, payload: dict[str, Any]) -> None:
    """The job that ends a reference price: webhook 38."""
    shop = platform.shop(payload["shop"])
    webhooks.notify(shop, "STRIKETHROUGH_PRICE_EXPIRED", {"product_id": payload["product"], "sku_id": payload["sku"]})


# -- upgrade to the new category tree --------------------------------------------------------------------------


def upgrade_categories(call: Call) -> Any:
    """Move all products of the shop to the new tree; takes a while, during which new products are refused."""
    shop = call.shop
    if is_upgrading(shop):
        raise ApiError(12052234)
    ends = shop.now + int(shop.switch("category_upgrade_seconds"))
    shop.table("counters").put("upgrade", {"ends": ends})
    shop.platform.world.schedule(ends, "tt.category_upgrade", {"shop": shop.id})
    shop.effect("category_upgrade_started", shop.id)
    return {}


def end_category_upgrade(platform: Platform, payload: dict[str, Any]) -> None:
    """The job that ends an upgrade: webhook 18 for every product that got a category of the new tree."""
    shop = platform.shop(payload["shop"])
    row = shop.row
    row["switches"]["category_version"] = "v2"
    shop.save(row)
    tree = platform.trees.of("v2")
    for key in shop.products.keys():  # noqa: SIM118 - a table is not a mapping
        product = shop.products[key]
        if product["category_version"] == "v2" or product["status"] == "DELETED":
            continue
        before = product["base"].get("category_id", "")
        leaves = [c.id for c in tree.all.values() if c.is_leaf and before in [p.id for p in tree.chain(c.id)]]
        product["category_version"] = product["base"]["category_version"] = "v2"
        product["base"]["category_id"] = after = leaves[0] if leaves else before
        product["update_time"] = shop.now
        keep(shop, product)
        shop.effect("category_upgraded", product["id"], before=before, after=after)
        data = {
            "product_id": product["id"],
            "previous_category_id": before,
            "current_category_id": after,
            "update_time": shop.now,
        }
        webhooks.notify(shop, "PRODUCT_CATEGORY_CHANGE", data)


_WRITE: Final = "seller.product.write"
_OPTIMIZE: Final = "serller.product.optimize"  # spelled so by the platform
_BAD: Final = 12052910

ENDPOINTS: Final = (
    Endpoint("GET", "/product/{v}/products/diagnoses", ("202405",), _OPTIMIZE, diagnoses, bad_input=_BAD),
    Endpoint("GET", "/product/{v}/products/suggestions", ("202405",), _OPTIMIZE, suggestions, bad_input=_BAD),
    Endpoint("GET", "/product/{v}/products/seo_words", ("202405",), _OPTIMIZE, seo_words, bad_input=_BAD),
    Endpoint(
        "POST", "/product/{v}/products/diagnose_optimize", ("202411",), _OPTIMIZE, diagnose_optimize, bad_input=_BAD
    ),
    Endpoint("POST", "/product/{v}/products/package/predict", ("202609",), _OPTIMIZE, predict_package, bad_input=_BAD),
    Endpoint("POST", "/product/{v}/packages/recommend", ("202602",), _OPTIMIZE, recommend_packages, bad_input=_BAD),
    Endpoint(
        "POST",
        "/product/{v}/products/{product_id}/strikethrough_price/submit",
        ("202609",),
        _WRITE,
        submit_strikethrough,
        bad_input=_BAD,
    ),
    Endpoint(
        "POST", "/product/{v}/products/category_upgrade_task", ("202407",), _WRITE, upgrade_categories, bad_input=_BAD
    ),
)

JOBS: Final[dict[str, Callable[[Platform, dict[str, Any]], None]]] = {
    "tt.strikethrough": end_strikethrough,
    "tt.category_upgrade": end_category_upgrade,
}
