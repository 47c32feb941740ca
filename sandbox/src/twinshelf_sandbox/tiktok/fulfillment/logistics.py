"""Warehouses, delivery options and carriers of a shop. Source: `docs/platforms/tiktok-shop.md` section 14."""

from __future__ import annotations

from typing import Any, Final

from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.regions import EU5, delivery_options, providers


def warehouses(call: Call) -> Any:
    """Every place twice, for sales and for returns. The key is left out when there is none."""
    found = call.shop.warehouses()
    return {"warehouses": found} if found else {}


def global_warehouses(call: Call) -> Any:
    """Warehouses of a cross-border seller across its shops."""
    found: dict[str, dict[str, Any]] = {}
    for shop in call.platform.shops_of(call.seller_id):
        for warehouse in shop.warehouses("SALES_WAREHOUSE"):
            entry = {"id": warehouse["entity_id"], "name": warehouse["name"], "ownership": "SELLER"}
            found.setdefault(warehouse["entity_id"], entry)
    return {"global_warehouses": list(found.values())} if found else {}


def options(call: Call) -> Any:
    """Delivery options of a warehouse."""
    call.choice("scope", ("WAREHOUSE", "PRODUCT"), "WAREHOUSE")
    if call.shop.warehouse(call.path["warehouse_id"]) is None:
        raise call.bad("`warehouse_id` is not one of the shop")
    us = call.shop.facts["region"] == "US"
    return {
        "delivery_options": [
            {
                "id": option.id,
                "name": option.name,
                "type": option.type,
                "description": option.name,
                "dimension_limit": {
                    "max_height": 60,
                    "max_length": 100,
                    "max_width": 60,
                    "unit": "INCH" if us else "CM",
                },
                "weight_limit": {
                    "max_weight": 150 if us else 30_000,
                    "min_weight": 0,
                    "unit": "POUND" if us else "GRAM",
                },
                "platform": ["TIKTOK_SHOP"],
            }
            for option in delivery_options(call.shop.facts["region"])
        ]
    }


def shipping_providers(call: Call) -> Any:
    """Carriers for a delivery option of the seller's own shipping; the platform's options have none to choose."""
    shop = call.shop
    option = next((o for o in delivery_options(shop.facts["region"]) if o.id == call.path["delivery_option_id"]), None)
    if option is None:
        raise ApiError(21008116)
    if option.shipping_type == "TIKTOK":
        raise ApiError(21008117)
    if shop.facts["region"] in EU5 and not (call.params.get("warehouse_region") and call.params.get("buyer_region")):
        raise call.bad("`warehouse_region` and `buyer_region` are required in this market")
    return {"shipping_providers": [{"id": i, "name": name} for i, name in providers(shop.facts["region"])]}


def seller_templates(call: Call) -> Any:
    """Shipping templates: one, the default."""
    template = {
        "template_name": "Standard",
        "template_id": f"7552{call.shop.id[4:]}",
        "is_default": True,
        "template_party": 1,
    }
    return {"templates": [{"template_is_available": True, "template": template, "service_unreachable_reason": []}]}


def template_exists(call: Call) -> Any:  # noqa: ARG001 - every shop has one
    """Whether the seller has shipping templates; all have."""
    return {"template_exist": True}


_SCOPE: Final = "seller.logistics"

ENDPOINTS: Final = (
    Endpoint("GET", "/logistics/{v}/warehouses", ("202309",), _SCOPE, warehouses),
    Endpoint("GET", "/logistics/{v}/global_warehouses", ("202309",), "seller.shop.info", global_warehouses, shop=False),
    Endpoint("GET", "/logistics/{v}/warehouses/{warehouse_id}/delivery_options", ("202309",), _SCOPE, options),
    Endpoint(
        "GET",
        "/logistics/{v}/delivery_options/{delivery_option_id}/shipping_providers",
        ("202309",),
        _SCOPE,
        shipping_providers,
    ),
    Endpoint("GET", "/logistics/{v}/seller_templates", ("202510",), _SCOPE, seller_templates),
    Endpoint("GET", "/logistics/{v}/seller_template/template_exist", ("202606",), _SCOPE, template_exists),
)
