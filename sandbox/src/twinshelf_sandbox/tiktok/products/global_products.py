"""Global products: the older way of listing across borders; publishing makes a local product of one in each market.

Source: `docs/platforms/tiktok-shop.md` section 13.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.amounts import plain
from twinshelf_sandbox.tiktok.errors import ApiError, Refused
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.products import (
    categories,
    category_recommender,
    listing_sku_rules,
    listing_text_rules,
    uploads,
)
from twinshelf_sandbox.tiktok.products.product_bodies import (
    Body,
    Identifier,
    ProductAttribute,
    SalesAttribute,
    Size,
    Uri,
    Weight,
)
from twinshelf_sandbox.tiktok.products.replication import (
    Target,
    TargetPrice,
    TargetSku,
    copied,
    copy_into,
    region_code,
    target_shop,
)
from twinshelf_sandbox.tiktok.seller_center import product_actions
from twinshelf_sandbox.tiktok.state import Platform, Shop
from twinshelf_sandbox.world import Entity

# -- global products -------------------------------------------------------------------------------------------


class _GlobalPrice(Body):
    amount: str | None = None
    currency: str | None = None


class _GlobalStock(Body):
    global_warehouse_id: str | None = None
    quantity: int | None = None


class _GlobalSku(Body):
    id: str | None = None
    seller_sku: str | None = None
    price: _GlobalPrice | None = None
    global_quantity: int | None = None
    inventory: list[_GlobalStock] | None = None
    sales_attributes: list[SalesAttribute] | None = None
    identifier_code: Identifier | None = None
    external_global_sku_id: str | None = None


class _Global(Body):
    title: str | None = None
    description: str | None = None
    category_id: str | None = None
    category_version: str | None = None
    main_images: list[Uri] | None = None
    skus: list[_GlobalSku] | None = None
    package_weight: Weight | None = None
    package_dimensions: Size | None = None
    product_attributes: list[ProductAttribute] | None = None
    brand_id: str | None = None
    external_global_product_id: str | None = None


def _globals(call: Call) -> Any:
    """The table, once it is clear that the caller may use it and that the calls are not retired."""
    if call.platform.switch("global_products_retired"):
        raise ApiError(36009014)
    if call.platform.sellers[call.seller_id]["seller_type"] == "LOCAL":
        raise ApiError(12052705)
    return call.platform.world.table("tt/global_products")


def _global(call: Call) -> Entity:
    row: Entity | None = _globals(call).get(call.path["global_product_id"])
    if row is None or row["seller_id"] != call.seller_id:
        raise ApiError(12052032)
    return row


def _check_global(platform: Platform, seller_id: str, body: _Global) -> None:
    if not body.title:
        raise ApiError(12052261)
    if listing_text_rules.CHINESE.search(body.title):
        raise ApiError(12052262)
    if not body.description:
        raise ApiError(12052015)
    category = platform.trees.of("v2").get(body.category_id or "")
    if category is None:
        raise ApiError(12052023)
    if not category.is_leaf:
        raise ApiError(12052024)
    if not body.main_images:
        raise ApiError(12052028)
    if any(uploads.find(platform, seller_id, i.uri or "") is None for i in body.main_images):
        raise ApiError(12052300)
    if not body.skus:
        raise ApiError(12052571)
    if body.package_weight is None:
        raise ApiError(12019011)
    for sku in body.skus:
        _check_global_price(sku.price)


def _check_global_price(price: _GlobalPrice | None) -> None:
    amount = plain(price.amount) if price is not None else None
    if amount is None:
        raise ApiError(12052073)
    if price is None or price.currency not in ("USD", "EUR"):
        raise ApiError(12052084)
    if not 0 < amount <= Decimal("99999999.99"):
        raise ApiError(12052570)


def _global_skus(row: Entity) -> list[Entity]:
    return [
        {
            "id": sku["id"],
            "seller_sku": sku.get("seller_sku", ""),
            "sales_attributes": [
                {"id": a.get("id", ""), "value_id": a.get("value_id", "")} for a in sku.get("sales_attributes", [])
            ],
        }
        for sku in row["content"]["skus"]
    ]


def _edit_reply(row: Entity) -> Entity:
    results = [{"region": region, "status": "SUCCESS", "fail_reasons": []} for region in row["published"]]
    return {"global_skus": _global_skus(row), "publish_results": results}


def _content(platform: Platform, body: _Global) -> Entity:
    content: Entity = msgspec.to_builtins(body)
    for sku in content["skus"]:
        sku["id"] = sku.get("id") or platform.new_id("global_sku")
    return content


def create_global(call: Call) -> Any:
    """Create a product of the seller that is not on sale anywhere yet."""
    _globals(call)
    row = _new_global(call.platform, call.seller_id, call.body(_Global))
    return {"global_product_id": row["id"], "global_skus": _global_skus(row)}


def _new_global(platform: Platform, seller_id: str, body: _Global) -> Entity:
    _check_global(platform, seller_id, body)
    row: Entity = {
        "id": platform.new_id("global_product"),
        "seller_id": seller_id,
        "status": "UNPUBLISHED",
        "create_time": platform.now,
        "update_time": platform.now,
        "content": _content(platform, body),
        "published": {},
    }
    platform.world.table("tt/global_products").put(row["id"], row)
    platform.world.effect("tiktok", "", "global_product_created", row["id"], seller=seller_id)
    return row


def edit_global(call: Call) -> Any:
    """Overwrite a global product; every market it was published to is rewritten, local prices included."""
    table, row, body = _globals(call), _global(call), call.body(_Global)
    _check_global(call.platform, call.seller_id, body)
    row["content"], row["update_time"] = _content(call.platform, body), call.now
    table.put(row["id"], row)
    call.platform.world.effect("tiktok", "", "global_product_edited", row["id"], seller=call.seller_id)
    _sync(call.platform, row)
    return _edit_reply(row)


def partial_edit_global(call: Call) -> Any:
    """Replace the given fields of a global product, in every market it was published to."""
    table, row, body = _globals(call), _global(call), call.body(_Global)
    given = {name: value for name, value in msgspec.to_builtins(body).items() if name != "category_id"}
    merged = msgspec.convert({**row["content"], **given}, _Global, strict=False)
    _check_global(call.platform, call.seller_id, merged)
    row["content"], row["update_time"] = _content(call.platform, merged), call.now
    table.put(row["id"], row)
    _sync(call.platform, row)
    return _edit_reply(row)


def _sync(platform: Platform, row: Entity) -> None:
    """Rewrite the copies of a global product in its markets."""
    for place in row["published"].values():
        shop = platform.shop(place["shop_id"])
        product = shop.products.get(place["product_id"])
        if product is None or product["status"] in ("DELETED", "FREEZE"):
            continue
        before = product["base"]
        base = {**before, "title": row["content"]["title"], "description": row["content"]["description"]}
        offers = shop.offers[product["id"]]
        for global_sku in row["content"]["skus"]:
            local = place["skus"].get(global_sku["id"])
            if local in offers["skus"]:
                product_actions.set_price_by_person(platform, product["id"], local, global_sku["price"]["amount"])
        product = shop.products[place["product_id"]]
        product["base"], product["update_time"] = base, shop.now
        shop.products.put(product["id"], product)
        if base != before:
            shop.effect(
                "product_live",
                product["id"],
                fields=[n for n in ("title", "description") if base.get(n) != before.get(n)],
            )


def get_global(call: Call) -> Any:
    """One global product."""
    row = _global(call)
    content = row["content"]
    answer: Entity = {
        "id": row["id"],
        "global_seller_id": row["seller_id"],
        "create_time": row["create_time"],
        "update_time": row["update_time"],
    }
    for name in (
        "title",
        "description",
        "package_weight",
        "package_dimensions",
        "product_attributes",
        "external_global_product_id",
    ):
        if name in content:
            answer[name] = content[name]
    answer["main_images"] = [{"uri": i["uri"], "width": 0, "height": 0} for i in content["main_images"]]
    answer["category"] = {"id": content["category_id"]}
    answer["skus"] = [
        {name: value for name, value in sku.items() if name != "external_global_sku_id"} for sku in content["skus"]
    ]
    answer["products"] = [{"id": place["product_id"], "region": region} for region, place in row["published"].items()]
    return answer


class _GlobalIds(msgspec.Struct):
    global_product_ids: list[str] = []


def delete_globals(call: Call) -> Any:
    """Delete global products; what was published of them stays."""
    table = _globals(call)
    for global_id in call.body(_GlobalIds).global_product_ids[:20]:
        row = table.get(global_id)
        if row is None or row["seller_id"] != call.seller_id:
            raise ApiError(12052032)
        table.put(global_id, {**row, "status": "DELETED", "update_time": call.now})
    return {}


class _GlobalSearch(msgspec.Struct):
    status: str = ""
    seller_skus: list[str] | None = None
    create_time_ge: int | None = None
    create_time_le: int | None = None
    update_time_ge: int | None = None
    update_time_le: int | None = None


def search_globals(call: Call) -> Any:
    """Pages of global products."""
    table, body = _globals(call), call.body(_GlobalSearch)
    size = call.integer("page_size", 1, 100, None, code=12019109)
    if len(body.seller_skus or []) > 1:
        raise ApiError(12019027, "At most one seller SKU may be searched for.")
    wanted = set(body.seller_skus or ())
    found = []
    for row in table.values():
        skus = [{"id": s["id"], "seller_sku": s.get("seller_sku", "")} for s in row["content"]["skus"]]
        if row["seller_id"] != call.seller_id or (body.status and row["status"] != body.status):
            continue
        if wanted and not wanted & {s["seller_sku"] for s in skus}:
            continue
        if not (body.update_time_ge or 0) <= row["update_time"] <= (body.update_time_le or row["update_time"]):
            continue
        if not (body.create_time_ge or 0) <= row["create_time"] <= (body.create_time_le or row["create_time"]):
            continue
        found.append(
            {
                "id": row["id"],
                "title": row["content"]["title"],
                "status": row["status"],
                "skus": skus,
                "create_time": row["create_time"],
                "update_time": row["update_time"],
            }
        )
    start = call.platform.paging.offset(call, "globals", code=12019108)
    token = call.platform.paging.next_offset(call, "globals", start + size, len(found))
    return {"global_products": found[start : start + size], "total_count": len(found), "next_page_token": token}


class _GlobalLevels(msgspec.Struct):
    global_skus: list[_GlobalSku] = []


def update_global_inventory(call: Call) -> Any:
    """Set global stock; 0 is allowed, warehouses not named keep their number."""
    table, row = _globals(call), _global(call)
    skus = {sku["id"]: sku for sku in row["content"]["skus"]}
    for given in call.body(_GlobalLevels).global_skus:
        sku = skus.get(given.id or "")
        if sku is None:
            raise ApiError(12052557)
        levels = {e["global_warehouse_id"]: e for e in sku.get("inventory", [])}
        for entry in given.inventory or []:
            if entry.quantity is None or entry.quantity < 0 or not entry.global_warehouse_id:
                raise ApiError(12052055)
            levels[entry.global_warehouse_id] = {
                "global_warehouse_id": entry.global_warehouse_id,
                "quantity": entry.quantity,
            }
        sku["inventory"] = list(levels.values())
        call.platform.world.effect("tiktok", "", "global_stock_set", row["id"], sku_id=sku["id"])
    row["update_time"] = call.now
    table.put(row["id"], row)
    return {}


class _Publish(msgspec.Struct):
    publish_target: list[Target] = []


def publish(call: Call) -> Any:
    """Make local products of a global one, once per market. Poland is `PO` here."""
    done, results = _publish(call.platform, _global(call), call.body(_Publish).publish_target)
    return {"products": done, "publish_result": results}


def _publish(platform: Platform, row: Entity, targets: list[Target]) -> tuple[list[Entity], list[Entity]]:
    done, results = [], []
    for target in targets:
        region = target.region
        other = target_shop(platform, row["seller_id"], region)
        known = {sku["id"] for sku in row["content"]["skus"]}
        problem = ""
        if other is None:
            problem = f"The seller has no shop in {region}."
        elif region_code(region) in row["published"]:
            problem = f"The product is published in {region} already."
        elif {sku.related_global_sku_id for sku in target.skus} - known:
            problem = "A SKU is not one of the global product."
        else:
            problem = _price_problem(other, target)
        if problem or other is None:
            results.append({"region": region, "status": "FAILED", "fail_reasons": [{"message": problem}]})
            continue
        own = {sku.related_global_sku_id: sku for sku in target.skus}
        content = {**row["content"], "skus": [s for s in row["content"]["skus"] if s["id"] in own]}
        for sku in content["skus"]:
            entry = own[sku["id"]]
            entry.price = entry.price or TargetPrice(sale_price=sku["price"]["amount"], currency=other.currency)
        body = copied(other, _without_global_fields(content), target, own)
        new, reasons = copy_into(other, body, extra={"global_product_id": row["id"]})
        pairs = list(zip([s["id"] for s in content["skus"]], new["base"]["skus"], strict=True))
        new["global_sku_mappings"] = [{"global_sku_id": g, "local_sku_id": s["id"]} for g, s in pairs]
        other.products.put(new["id"], new)
        row["published"][region_code(region)] = {
            "shop_id": other.id,
            "product_id": new["id"],
            "skus": {g: s["id"] for g, s in pairs},
        }
        results.append(
            {
                "region": region,
                "status": "DRAFT" if reasons else "SUCCESS",
                "fail_reasons": [{"message": r} for r in reasons],
            }
        )
        done.append(
            {
                "region": region,
                "shop_id": other.id,
                "id": new["id"],
                "skus": [
                    {
                        "related_global_sku_id": g,
                        "id": s["id"],
                        "seller_sku": s.get("seller_sku", ""),
                        "sale_attributes": [
                            {"id": a["id"], "value_id": a["value_id"]} for a in s.get("sales_attributes", [])
                        ],
                    }
                    for g, s in pairs
                ],
            }
        )
        other.effect("product_published", new["id"], global_product_id=row["id"], region=region)
    if row["published"]:
        row["status"] = "PUBLISHED"
    row["update_time"] = platform.now
    platform.world.table("tt/global_products").put(row["id"], row)
    return done, results


def add_global_by_person(
    platform: Platform, seller: str, *, title: str, category_id: str, skus: dict[str, str], regions: list[str],
    more: dict[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A person makes a global product in Seller Center and publishes it in `regions`.

    `skus` are prices by seller SKU: in USD there, and the same number in each market. `more` are other properties as
    in Create Global Product. Returns its id, by region that of the local product, and the results of publishing: one
    that a market's rules refuse is a draft there.
    """
    if platform.sellers.get(seller) is None:
        raise Refused(f"seller: there is no seller {seller!r}")
    uri = f"tos-sandbox/{platform.new_id('product')}"
    platform.images.put(
        uri,
        {"uri": uri, "seller_id": seller, "use_case": "MAIN_IMAGE", "width": 1000, "height": 1000,
         "format": "JPEG", "sha256": "", "create_time": platform.now},
    )  # fmt: skip
    body = msgspec.convert(
        {
            "title": title, "description": f"<p>{title}</p>", "category_id": category_id,
            "main_images": [{"uri": uri}], "package_weight": {"value": "1", "unit": "KILOGRAM"},
            "skus": [
                {"seller_sku": code, "price": {"amount": price, "currency": "USD"}} for code, price in skus.items()
            ],
            **(more or {}),
        },
        _Global,
    )  # fmt: skip
    try:
        row = _new_global(platform, seller, body)
    except ApiError as error:
        raise Refused(f"title: {error}") from error
    own = [TargetSku(related_global_sku_id=sku["id"]) for sku in row["content"]["skus"]]
    targets = [Target(region=region, skus=[msgspec.structs.replace(sku) for sku in own]) for region in regions]
    done, results = _publish(platform, row, targets)
    return {
        "global_product_id": row["id"],
        "products": {each["region"]: each["id"] for each in done},
        "results": results,
    }


ACTIONS: Final = {"tt.add_global_product": add_global_by_person}


def _price_problem(other: Shop, target: Target) -> str:
    """What is wrong with the prices given for a market; prices not given are those of the global product."""
    for sku in target.skus:
        if sku.price is not None:
            for error in listing_sku_rules.price_errors(other, sku.price, []):
                return error.message
    return ""


def _without_global_fields(content: Entity) -> Entity:
    skus = [
        {n: v for n, v in sku.items() if n not in ("global_quantity", "inventory", "price", "external_global_sku_id")}
        for sku in content["skus"]
    ]
    return {**{n: v for n, v in content.items() if n != "external_global_product_id"}, "skus": skus}


def global_categories(call: Call) -> Any:
    """The category tree for global products."""
    _globals(call)
    tree = call.platform.trees.of(call.params.get("category_version") or "v2")
    keyword = call.params.get("keyword", "").casefold()
    return {
        "categories": [
            {"id": c.id, "parent_id": c.parent_id, "local_name": c.name, "is_leaf": c.is_leaf}
            for c in tree.all.values()
            if keyword in c.name.casefold()
        ]
    }


class _Title(msgspec.Struct):
    product_title: str = ""
    description: str = ""


def recommend_global_category(call: Call) -> Any:
    """The leaf whose words fit a title best."""
    _globals(call)
    body = call.body(_Title)
    tree = call.platform.trees.of("v2")
    leaf = category_recommender.recommend(tree, body.product_title, body.description)
    if leaf is None:
        raise ApiError(12052913)
    chain = [{"id": c.id, "name": c.name, "level": c.level, "is_leaf": c.is_leaf} for c in tree.chain(leaf.id)]
    return {"leaf_category_id": leaf.id, "categories": chain}


def _any_shop(call: Call) -> Shop:
    shops = call.platform.shops_of(call.seller_id)
    if not shops:
        raise ApiError(12052705)
    return shops[0]


def global_attributes(call: Call) -> Any:
    """Attributes of a leaf for global products."""
    _globals(call)
    tree = call.platform.trees.of("v2")
    category = tree.get(call.path["category_id"])
    if category is None or not category.is_leaf:
        raise ApiError(12052230)
    found = categories.attributes(_any_shop(call), tree, category.id)
    shown = [categories.attribute_json(a) for a in found]
    return {"attributes": [{k: v for k, v in one.items() if k != "value_data_format"} for one in shown]}


def global_rules(call: Call) -> Any:
    """What a leaf demands of global products."""
    _globals(call)
    tree = call.platform.trees.of("v2")
    category = tree.get(call.path["category_id"])
    if category is None or not category.is_leaf:
        raise ApiError(12052230)
    shown = categories.rules_json(categories.rules(_any_shop(call), tree, category.id))
    return {
        name: shown[name] for name in ("product_certifications", "size_chart", "responsible_person", "manufacturer")
    }


_G_INFO: Final = "seller.global_product.info"
_G_WRITE: Final = "seller.global_product.write"
_G_CATEGORY: Final = "seller.global_product.category.info"
_PATH: Final = "/product/{v}/global_products"
_ONE: Final = f"{_PATH}/{{global_product_id}}"
_BAD: Final = 12052910

ENDPOINTS: Final = (
    Endpoint("POST", _PATH, ("202309",), _G_WRITE, create_global, shop=False, bad_input=_BAD),
    Endpoint("DELETE", _PATH, ("202309",), "seller.global_product.delete", delete_globals, shop=False, bad_input=_BAD),
    Endpoint("POST", f"{_PATH}/search", ("202309", "202312"), _G_INFO, search_globals, shop=False, bad_input=_BAD),
    Endpoint("GET", _ONE, ("202309",), _G_INFO, get_global, shop=False, bad_input=_BAD),
    Endpoint("PUT", _ONE, ("202309",), _G_WRITE, edit_global, shop=False, bad_input=_BAD),
    Endpoint("PUT", f"{_ONE}/partial_edit", ("202509",), _G_WRITE, partial_edit_global, shop=False, bad_input=_BAD),
    Endpoint(
        "POST", f"{_ONE}/inventory/update", ("202309",), _G_WRITE, update_global_inventory, shop=False, bad_input=_BAD
    ),
    Endpoint("POST", f"{_ONE}/publish", ("202309",), _G_WRITE, publish, shop=False, bad_input=_BAD),
    Endpoint(
        "GET", "/product/{v}/global_categories", ("202309",), _G_CATEGORY, global_categories, shop=False, bad_input=_BAD
    ),
    Endpoint(
        "POST",
        "/product/{v}/global_categories/recommend",
        ("202309",),
        _G_CATEGORY,
        recommend_global_category,
        shop=False,
        bad_input=_BAD,
    ),
    Endpoint(
        "GET",
        "/product/{v}/categories/{category_id}/global_attributes",
        ("202309",),
        _G_CATEGORY,
        global_attributes,
        shop=False,
        bad_input=_BAD,
    ),
    Endpoint(
        "GET",
        "/product/{v}/categories/{category_id}/global_rules",
        ("202309",),
        _G_CATEGORY,
        global_rules,
        shop=False,
        bad_input=_BAD,
    ),
)
