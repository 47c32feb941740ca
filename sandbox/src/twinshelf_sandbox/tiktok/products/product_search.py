"""Reading products: search and Get Product. Source: `docs/platforms/tiktok-shop.md` section 11.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.products import uploads
from twinshelf_sandbox.tiktok.products.product_audits import STATUSES
from twinshelf_sandbox.tiktok.products.products import product_of
from twinshelf_sandbox.tiktok.regions import delivery_options
from twinshelf_sandbox.tiktok.state import Platform, ProductRow, Shop
from twinshelf_sandbox.wire import Request
from twinshelf_sandbox.world import Entity

_SEARCH_LIMIT: Final = 10_000


# -- reading ---------------------------------------------------------------------------------------------------


def _shown_price(shop: Shop, offer: Entity, *, detail: bool) -> Entity:
    price = {"currency": shop.currency, "tax_exclusive_price": offer["price"]}
    if detail or not shop.is_local:
        price["sale_price"] = offer["price"]
    return price


def _shown_stock(offer: Entity) -> list[Entity]:
    entries = []
    for warehouse_id, level in offer["stock"].items():
        entry = {"warehouse_id": warehouse_id, "quantity": level[0]}
        if warehouse_id in offer["backorder"]:
            entry["backorder_quantity"], entry["handling_time"] = offer["backorder"][warehouse_id]
        entries.append(entry)
    return entries


def _shown_offer(shop: Shop, offer: Entity, *, detail: bool) -> Entity:
    shown: Entity = {"inventory": _shown_stock(offer)}
    if offer["price"]:
        shown["price"] = _shown_price(shop, offer, detail=detail)
    for name in ("list_price", "external_list_prices"):
        if offer[name]:
            shown[name] = offer[name]
    shown["status_info"] = {"status": offer["status"]}
    if offer["status"] == "DEACTIVATED":
        shown["status_info"]["deactivation_source"] = offer["source"]
    return shown


def search(call: Call) -> Any:
    """Pages of products by status, time, SKU and quality; the first 10,000 can be reached."""
    shop = call.shop
    size = call.integer("page_size", 1, 100, None, code=12019109)
    body = call.body(_Search)
    if len(body.seller_skus or []) > 10:
        raise ApiError(12019027)
    if len(body.sku_ids or []) > 10:
        raise ApiError(12019087)
    status = body.status or "ALL"
    if status not in (*STATUSES, "ALL"):
        raise call.bad("`status` is unknown")
    if body.create_time_ge and body.create_time_le and body.create_time_ge > body.create_time_le:
        raise ApiError(12019118)
    if body.update_time_ge and body.update_time_le and body.update_time_ge > body.update_time_le:
        raise ApiError(12019119)
    keep = _search_filter(shop, body)
    by_update = body.update_time_ge is not None or body.update_time_le is not None
    since, until = (
        (body.update_time_ge, body.update_time_le) if by_update else (body.create_time_ge, body.create_time_le)
    )
    offset = call.platform.paging.offset(call, "products", code=12019108)
    page = shop.product_index.page(
        by="update_time" if by_update else "create_time",
        descending=True,
        status="" if status == "ALL" else status,
        since=since,
        until=None if until is None else until + 1,
        keep=keep,
        offset=offset,
        size=size,
    )
    if shop.switch("search_cap") == "offset":
        if offset + size > _SEARCH_LIMIT:
            raise ApiError(12052180)
    elif page.total > _SEARCH_LIMIT:
        raise ApiError(12052180)
    return {
        "products": [_found(shop, key, draft=bool(body.return_draft_version)) for key in page.keys],
        "total_count": page.total,
        "next_page_token": call.platform.paging.next_offset(call, "products", offset + size, page.total),
    }


class _Search(msgspec.Struct):
    status: str | None = None
    seller_skus: list[str] | None = None
    sku_ids: list[str] | None = None
    create_time_ge: int | None = None
    create_time_le: int | None = None
    update_time_ge: int | None = None
    update_time_le: int | None = None
    category_version: str | None = None
    audit_status: list[str] | None = None
    listing_quality_tiers: list[str] | None = None
    return_draft_version: bool | None = None


def _search_filter(shop: Shop, body: _Search) -> Callable[[str, ProductRow], bool] | None:
    ids: set[str] | None = None
    if body.sku_ids:
        ids = {found for sku_id in body.sku_ids for found in shop.by_sku.find(sku_id)}
    elif body.seller_skus:
        ids = {found for sku in body.seller_skus for found in shop.by_seller_sku.find(sku)}
    both = body.update_time_ge is not None or body.update_time_le is not None
    by_create = both and (body.create_time_ge is not None or body.create_time_le is not None)
    if ids is None and not (body.audit_status or body.listing_quality_tiers or body.category_version or by_create):
        return None

    def keep(key: str, row: ProductRow) -> bool:
        if ids is not None and key not in ids:
            return False
        if body.audit_status and row.audit_status not in body.audit_status:
            return False
        if body.listing_quality_tiers and row.tier not in body.listing_quality_tiers:
            return False
        if body.category_version and row.category_version != body.category_version:
            return False
        if by_create:
            return (body.create_time_ge or 0) <= row.create_time <= (body.create_time_le or row.create_time)
        return True

    return keep


def _found(shop: Shop, product_id: str, *, draft: bool) -> Entity:
    product, row = shop.products[product_id], shop.offers[product_id]
    content = product["draft"] if draft and product["draft"] is not None else product["base"]
    skus = []
    for sku in content.get("skus", []):
        entry = {
            "id": sku["id"],
            "seller_sku": sku.get("seller_sku", ""),
            **_shown_offer(shop, row["skus"][sku["id"]], detail=False),
        }
        for name in ("pre_sale", "fees"):
            if name in sku:
                entry[name] = sku[name]
        skus.append(entry)
    stale = shop.switch("stale_search_status")
    return {
        "id": product_id,
        "title": content.get("title", ""),
        "status": product["previous_status"] if stale else product["status"],
        "skus": skus,
        "sales_regions": [shop.facts["region"]],
        "create_time": product["create_time"],
        "update_time": product["update_time"],
        "is_not_for_sale": content.get("is_not_for_sale", False),
        "recommended_categories": [],
        "product_tags": [],
        "listing_quality_tier": product["tier"],
        "audit": {"status": product["audit_status"], "pre_approved_reasons": product["pre_approved_reasons"]},
        "has_draft": product["has_draft"],
    }


def get(call: Call) -> Any:
    """One product: the version on sale, the one under review or the draft."""
    shop = call.shop
    product_id = call.path["product_id"]
    product = product_of(shop, product_id)
    content = product["base"]
    if call.flag("return_under_review_version"):
        if product["review"] is None:
            raise ApiError(12052547)
        content = product["review"]
    elif call.flag("return_draft_version") and product["draft"] is not None:
        content = product["draft"]
    return shown(shop, product, content, call.request)


_COPIED: Final = (
    "description",
    "package_weight",
    "package_dimensions",
    "is_cod_allowed",
    "external_product_id",
    "manufacturer_ids",
    "responsible_person_ids",
    "minimum_order_quantity",
    "primary_combined_product_id",
    "key_product_features",
    "search_terms",
    "purchase_order_quantity_limit",
    "shipping_template_id",
    "is_pre_owned",
    "scheduled_sale",
    "selling_format",
    "is_blind_box",
    "shipping_insurance_requirement",
)
_PRODUCT_STATUS: Final = {"PENDING": "INITIAL", "FAILED": "INITIAL"}


def shown(shop: Shop, product: Entity, content: Entity, request: Request) -> Entity:
    """A product as Get Product gives it."""
    platform = shop.platform
    tree = platform.trees.of(shop.tree)
    row = shop.offers[product["id"]]

    def image(uri: str) -> Entity:
        return uploads.image_json(request, platform, uri)

    answer: Entity = {
        "id": product["id"],
        "title": content.get("title", ""),
        "status": product["status"],
        "product_status": _PRODUCT_STATUS.get(product["status"], product["status"]),
        "audit": {"status": product["audit_status"], "pre_approved_reasons": product["pre_approved_reasons"]},
        "create_time": product["create_time"],
        "update_time": product["update_time"],
        "has_draft": product["has_draft"],
        "is_not_for_sale": content.get("is_not_for_sale", False),
        "listing_quality_tier": product["tier"],
        "main_images": [image(i["uri"]) for i in content.get("main_images", [])],
        "product_attributes": content.get("product_attributes", []),
        "category_chains": [
            {"id": c.id, "parent_id": c.parent_id, "local_name": c.name, "is_leaf": c.is_leaf}
            for c in tree.chain(content.get("category_id", ""))
        ],
        "is_replicated": bool(product.get("replicas")),
        "skus": [_shown_sku(shop, sku, row["skus"][sku["id"]], image) for sku in content.get("skus", [])],
    }
    answer.update({name: content[name] for name in _COPIED if name in content})
    if product["failed"]:
        answer["audit_failed_reasons"] = product["failed"]
    if content.get("brand_id"):
        brand = platform.brands.get(content["brand_id"])
        if brand is not None:
            answer["brand"] = {"id": brand["id"], "name": brand["name"]}
    if content.get("size_chart"):
        chart = content["size_chart"]
        answer["size_chart"] = (
            {"image": image(chart["image"]["uri"])} if chart.get("image") else {"template": chart["template"]}
        )
    if content.get("video"):
        answer["video"] = {
            "id": content["video"]["id"],
            "url": uploads.signed_url(request, platform, f"files/{content['video']['id']}"),
        }
    if content.get("certifications"):
        answer["certifications"] = [
            _shown_certification(request, platform, c, image) for c in content["certifications"]
        ]
    if content.get("delivery_option_ids"):
        names = {o.id: o.name for o in delivery_options(shop.facts["region"])}
        answer["delivery_options"] = [
            {"id": i, "name": names.get(i, ""), "is_available": i in names} for i in content["delivery_option_ids"]
        ]
    if product.get("global_product_id"):
        answer["global_product_association"] = {
            "global_product_id": product["global_product_id"],
            "sku_mappings": product.get("global_sku_mappings", []),
        }
    return answer


def _shown_sku(shop: Shop, sku: Entity, offer: Entity, image: Callable[[str], Entity]) -> Entity:
    entry: Entity = {"id": sku["id"], "seller_sku": sku.get("seller_sku", ""), **_shown_offer(shop, offer, detail=True)}
    attributes = []
    for attribute in sku.get("sales_attributes", []):
        one = {name: attribute[name] for name in ("id", "name", "value_id", "value_name")}
        if attribute.get("sku_img"):
            one["sku_img"] = image(attribute["sku_img"]["uri"])
        if attribute.get("supplementary_sku_images"):
            one["supplementary_sku_images"] = [image(i["uri"]) for i in attribute["supplementary_sku_images"]]
        attributes.append(one)
    entry["sales_attributes"] = attributes
    for name in (
        "identifier_code",
        "extra_identifier_codes",
        "external_sku_id",
        "external_urls",
        "combined_skus",
        "sku_unit_count",
        "pre_sale",
        "fees",
        "sku_weight",
        "sku_dimensions",
        "global_listing_policy",
    ):
        if name in sku:
            entry[name] = sku[name]
    return entry


def _shown_certification(request: Request, platform: Platform, given: Entity, image: Callable[[str], Entity]) -> Entity:
    entry = {**given, "title": given.get("id", "")}
    entry["images"] = [image(i["uri"]) for i in given.get("images", [])]
    entry["files"] = [
        {**f, "urls": [uploads.signed_url(request, platform, f"files/{f['id']}")]} for f in given.get("files", [])
    ]
    return entry


_BASIC: Final = "seller.product.basic"
_V2309: Final = ("202309",)
_BAD: Final = 12052910

ENDPOINTS: Final = (
    Endpoint("POST", "/product/{v}/products/search", ("202309", "202312", "202502"), _BASIC, search, bad_input=_BAD),
    Endpoint("GET", "/product/{v}/products/{product_id}", _V2309, _BASIC, get, bad_input=_BAD),
)
