"""A tour of the BigCommerce double: every operation once with success, and refused for what can go wrong with any.

The answers are for comparing with what the platform publishes; the tour itself asserts only that calls succeed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import httpx2

from sandbox.tests.bigcommerce_client import ADDRESS, SHIRT, Store, open_store
from sandbox.tests.tiktok_client import png
from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.bigcommerce.apps.oauth import NEEDED_SCOPES

META = {"namespace": "tour", "key": "note", "value": "v", "permission_set": "read"}
NEW_CATEGORY = {"parent_id": 0, "is_visible": True}


@dataclass(frozen=True)
class Answer:
    """What one call was answered with. `route` is the operation's pattern, such as `/v3/catalog/brands/{brand_id}`."""

    method: str
    route: str
    status: int
    body: Any

    @property
    def rows(self) -> list[Any]:
        """The things the answer is about: one or many, without their envelope."""
        inner = self.body["data"] if self.route.startswith("/v3/") and "data" in self.body else self.body
        return inner if isinstance(inner, list) else [inner]


@dataclass
class Tour:
    """A store, and the answers of the calls made so far."""

    store: Store
    answers: list[Answer] = field(default_factory=list)
    _visited: set[tuple[str, str]] = field(default_factory=set)

    def call(self, method: str, path: str, body: Any = None, **sent: Any) -> Any:
        """The inner part of a successful answer: `data` of V3, the body of V2."""
        place = (method, self.route(method, path))
        if place not in self._visited:
            self._visited.add(place)
            self._call_badly(method, path, body)
        answer = self.send(method, path, body, **sent)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.body}"
        return answer.body.get("data") if path.startswith("/v3/") and answer.body else answer.body

    def _call_badly(self, method: str, path: str, body: Any) -> None:
        """With a wrong token, with broken JSON, and for something that is not there."""
        self.send(method, path, body, headers={"X-Auth-Token": "wrong"})
        if body is not None:
            self.send(method, path, content=b'{"a":', headers={"content-type": "application/json"})
        elsewhere = re.sub(r"/\d+(?=[/?]|$)", "/987654321", path)
        if elsewhere != path:
            self.send(method, elsewhere, body)

    @property
    def successes(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.status < 300]

    def send(self, method: str, path: str, body: Any = None, **sent: Any) -> Answer:
        """The answer to a call, whatever it is."""
        given = {"json": body, **sent} if body is not None else sent
        response = self.store.http.request(method, path, **given)
        answer = Answer(method, self.route(method, path), response.status_code, _json(response))
        self.answers.append(answer)
        return answer

    def route(self, method: str, path: str) -> str:
        """The pattern of the operation that answers a call."""
        path = path.partition("?")[0]
        patterns: set[str] = {r.path for r in self.store.sandbox.bigcommerce.routes if r.method == method}
        fitting = [p for p in patterns if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", p), path)]
        return min(fitting, key=lambda pattern: pattern.count("{"))

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, body: Any = None, **sent: Any) -> Any:
        return self.call("POST", path, body, **sent)

    def put(self, path: str, body: Any) -> Any:
        return self.call("PUT", path, body)

    def delete(self, path: str, body: Any = None) -> None:
        self.call("DELETE", path, body)


def _json(response: httpx2.Response) -> Any:
    is_json = "json" in response.headers.get("content-type", "")
    return response.json() if response.content and is_json else None


def tour(sandbox: Sandbox) -> Tour:
    """A new store, and one success of every operation."""
    made = Tour(open_store(sandbox, scopes=[*NEEDED_SCOPES, "store_sites"]))
    for part in (catalog, categories, channels, stock, orders, money, price_lists, people, settings, metafields, hooks):
        part(made)
    return made


MUG_OF_MANY_PARTS = {
    "name": "Enamel mug", "type": "physical", "weight": 1, "price": 12, "sku": "MUG-1", "brand_name": "Acme",
    "inventory_tracking": "product", "inventory_level": 9, "description": "<p>Survives a fall.</p>",
    "images": [{"image_url": "https://example.com/a.png"}], "custom_fields": [{"name": "a", "value": "b"}],
}  # fmt: skip
EVERYTHING = "variants,images,custom_fields,bulk_pricing_rules,options,modifiers,channels,parent_relations,videos"


def catalog(at: Tour) -> None:
    shirt = at.post("/v3/catalog/products", SHIRT)["id"]
    other = at.post(f"/v3/catalog/products?include={EVERYTHING}", MUG_OF_MANY_PARTS)["id"]
    product = f"/v3/catalog/products/{shirt}"
    at.get(f"/v3/catalog/products?include={EVERYTHING}&id:in={shirt},{other}")
    at.get(f"{product}?include=variants,images")
    at.put(product, {"name": "Linen shirt, washed"})
    at.put(f"/v3/catalog/products?include={EVERYTHING}", [{"id": shirt, "price": 41}])
    at.get("/v3/catalog/summary")
    large = options(at, product)
    variants(at, product, large)
    modifiers(at, product)
    images(at, other)
    parts(at, f"/v3/catalog/products/{other}")
    assignments(at, other)


def options(at: Tour, product: str) -> dict[str, int]:
    """The options of a product. Gives back the value of one that no variant has."""
    size = at.get(f"{product}/options")[0]
    at.get(f"{product}/options/{size['id']}")
    at.put(f"{product}/options/{size['id']}", {"display_name": "Size", "sort_order": 2})
    values = f"{product}/options/{size['id']}/values"
    large = at.post(values, {"label": "L", "sort_order": 3})["id"]
    at.get(values)
    at.get(f"{values}/{large}")
    at.put(f"{values}/{large}", {"label": "Large"})
    spare = at.post(values, {"label": "XL", "sort_order": 4})["id"]
    at.delete(f"{values}/{spare}")
    bag = at.post("/v3/catalog/products", {**MUG_OF_MANY_PARTS, "name": "Sack", "sku": "SACK"})["id"]
    swatch = {"display_name": "Color", "type": "swatch", "option_values": [
        {"label": "Red", "sort_order": 1, "value_data": {"colors": ["#FF0000"]}}]}  # fmt: skip
    color = at.post(f"/v3/catalog/products/{bag}/options", swatch)["id"]
    at.delete(f"/v3/catalog/products/{bag}/options/{color}")
    return {"id": large, "option_id": size["id"]}


def variants(at: Tour, product: str, value: dict[str, int]) -> None:
    variant = at.post(f"{product}/variants", {"sku": "SHIRT-L", "price": 42, "option_values": [value]})["id"]
    at.get(f"{product}/variants")
    at.get(f"{product}/variants/{variant}")
    at.put(f"{product}/variants/{variant}", {"weight": 0.6, "upc": "012345678905"})
    at.post(f"{product}/variants/{variant}/image", {"image_url": "https://example.com/l.png"})
    at.get(f"/v3/catalog/variants?product_id:in={product.rpartition('/')[2]}")
    at.put("/v3/catalog/variants", [{"id": variant, "price": 43}])
    at.delete(f"{product}/variants/{variant}")


def modifiers(at: Tour, product: str) -> None:
    pick = {"display_name": "Wrapping", "type": "dropdown", "required": False, "option_values": [
        {"label": "None", "is_default": True}, {"label": "Gift", "adjusters": {
            "price": {"adjuster": "relative", "adjuster_value": 5}}}]}  # fmt: skip
    modifier = at.post(f"{product}/modifiers", pick)
    path = f"{product}/modifiers/{modifier['id']}"
    at.post(f"{product}/modifiers", {"display_name": "Note", "type": "text", "required": False})
    box = {"checkbox_label": "Yes", "checked_by_default": False}
    at.post(f"{product}/modifiers", {"display_name": "Gift", "type": "checkbox", "required": False, "config": box})
    at.get(f"{product}/modifiers")
    at.get(path)
    at.put(path, {"display_name": "Paper"})
    at.get(f"{path}/values")
    value = at.post(f"{path}/values", {"label": "Ribbon", "sort_order": 3})["id"]
    at.get(f"{path}/values/{value}")
    at.put(f"{path}/values/{value}", {"label": "Bow"})
    at.delete(f"{path}/values/{value}")
    at.delete(path)


def images(at: Tour, product_id: int) -> None:
    path = f"/v3/catalog/products/{product_id}/images"
    form = {"image_file": ("mug.png", png(), "image/png")}
    image = at.post(path, files=form)["id"]
    second = at.post(path, {"image_url": "https://example.com/b.png", "description": "From behind"})["id"]
    at.get(path)
    at.get(f"{path}/{image}")
    at.put(f"{path}/{image}", {"description": "From the front", "is_thumbnail": True})
    at.delete(f"{path}/{second}")


def parts(at: Tour, product: str) -> None:
    fields = f"{product}/custom-fields"
    made = at.post(fields, {"name": "Material", "value": "Enamel"})["id"]
    at.get(fields)
    at.get(f"{fields}/{made}")
    at.put(f"{fields}/{made}", {"name": "Material", "value": "Steel"})
    at.delete(f"{fields}/{made}")

    rules = f"{product}/bulk-pricing-rules"
    rule = at.post(rules, {"quantity_min": 10, "quantity_max": 19, "type": "price", "amount": 1})["id"]
    at.get(rules)
    at.get(f"{rules}/{rule}")
    at.put(f"{rules}/{rule}", {"quantity_min": 10, "quantity_max": 29, "type": "percent", "amount": 10})
    at.delete(f"{rules}/{rule}")
    videos = f"{product}/videos"
    video = at.post(videos, {"title": "The mug", "type": "youtube", "video_id": "z3fRu9pkuXE"})["id"]
    at.get(videos)
    at.get(f"{videos}/{video}")
    at.put(f"{videos}/{video}", {"title": "The mug, falling"})
    at.delete(f"{videos}/{video}")
    at.get(f"{product}/reviews")


def assignments(at: Tour, product_id: int) -> None:
    bag = at.post("/v3/catalog/products", {**MUG_OF_MANY_PARTS, "name": "Bag", "sku": "BAG"})["id"]
    at.put("/v3/catalog/products/channel-assignments", [{"product_id": product_id, "channel_id": 1}])
    at.get("/v3/catalog/products/channel-assignments")
    at.delete(f"/v3/catalog/products/channel-assignments?product_id:in={bag}&channel_id:in=1")
    at.delete(f"/v3/catalog/products/{bag}")
    gone = at.post("/v3/catalog/products", {**MUG_OF_MANY_PARTS, "name": "Gone", "sku": "GONE"})["id"]
    at.delete(f"/v3/catalog/products?id:in={gone}")


def categories(at: Tour) -> None:
    brand = at.post("/v3/catalog/brands", {"name": "Harbor", "meta_keywords": ["mug"], "search_keywords": "mugs"})["id"]
    at.get("/v3/catalog/brands")
    at.get(f"/v3/catalog/brands/{brand}")
    at.put(f"/v3/catalog/brands/{brand}", {"page_title": "Harbor goods"})
    picture = {"image_file": ("a.png", png(), "image/png")}
    at.post(f"/v3/catalog/brands/{brand}/image", files=picture)
    at.delete(f"/v3/catalog/brands/{brand}/image")
    at.delete(f"/v3/catalog/brands/{brand}")
    at.post("/v3/catalog/brands", {"name": "Gone"})
    at.delete("/v3/catalog/brands?name=Gone")

    tree = "/v3/catalog/trees/categories"
    men = at.post(tree, [{"name": "Men", "tree_id": 1, **NEW_CATEGORY}])[0]["category_id"]
    at.post(tree, [{"name": "Shirts", "tree_id": 1, "parent_id": men}])
    at.post(tree, [{"name": "Hats", "tree_id": 1, "parent_id": men}])
    at.get(f"{tree}?tree_id:in=1&limit=1&page=2")
    at.put(tree, [{"category_id": men, "description": "<p>For men</p>"}])
    at.get("/v3/catalog/trees")
    at.get("/v3/catalog/trees/1/categories")
    at.put("/v3/catalog/trees", [{"id": 1, "name": "Shop"}])
    category = at.post("/v3/catalog/categories", {"name": "Women", **NEW_CATEGORY})["id"]
    at.get("/v3/catalog/categories")
    at.get("/v3/catalog/categories/tree")
    at.get(f"/v3/catalog/categories/{category}")
    at.put(f"/v3/catalog/categories/{category}", {"page_title": "For women"})
    at.post(f"/v3/catalog/categories/{category}/image", files=picture)
    at.delete(f"/v3/catalog/categories/{category}/image")
    product = at.get("/v3/catalog/products?sku=MUG-1")[0]["id"]
    at.put("/v3/catalog/products/category-assignments", [{"product_id": product, "category_id": men}])
    at.get("/v3/catalog/products/category-assignments")
    at.delete(f"/v3/catalog/products/category-assignments?product_id:in={product}&category_id:in={men}")
    at.delete(f"/v3/catalog/categories/{category}")
    at.post("/v3/catalog/categories", {"name": "Children", **NEW_CATEGORY})
    at.delete("/v3/catalog/categories?name=Children")
    spare = at.post(tree, [{"name": "Spare", "tree_id": 1, "parent_id": 0}])[0]["category_id"]
    at.delete(f"{tree}?category_id:in={spare}")
    second = at.put("/v3/catalog/trees", [{"name": "Second"}])[0]["id"]
    at.get("/v3/catalog/trees?limit=1")
    at.delete(f"/v3/catalog/trees?id:in={second}")


def channels(at: Tour) -> None:
    new = {"name": "TikTok", "type": "marketplace", "platform": "tiktok", "external_id": "7495", "status": "connected"}
    channel = at.post("/v3/channels", new)["id"]
    path = f"/v3/channels/{channel}"
    at.get("/v3/channels?include=currencies")
    at.post("/v3/channels", {**new, "name": "Fair", "external_id": "7496"})
    at.get("/v3/channels?limit=1&page=2")
    at.get(f"{path}?include=currencies")
    at.put(path, {"name": "TikTok-Shop", "config_meta": {"app": {"id": 1, "sections": []}}})
    currencies = {"enabled_currencies": ["USD"], "default_currency": "USD"}
    at.post("/v3/channels/currency-assignments", [{"channel_id": channel, **currencies}])
    at.put("/v3/channels/currency-assignments", [{"channel_id": channel, **currencies}])
    at.get("/v3/channels/currency-assignments")
    at.delete(f"{path}/currency-assignments")
    at.post(f"{path}/currency-assignments", currencies)
    at.put(f"{path}/currency-assignments", currencies)
    at.get(f"{path}/currency-assignments")
    (variant,) = at.get("/v3/catalog/variants?sku=SHIRT-S")
    row = {"product_id": variant["product_id"], "variant_id": variant["id"], "state": "active", "name": "S",
           "external_id": "v", "description": "Small"}  # fmt: skip
    listing = {"product_id": variant["product_id"], "state": "active", "name": "Shirt", "description": "Linen",
               "variants": [row]}  # fmt: skip
    made = at.post(f"{path}/listings", [listing])[0]["listing_id"]
    at.put(f"{path}/listings", [{"listing_id": made, **listing, "external_id": "1729"}])
    at.get(f"{path}/listings")
    at.get(f"{path}/listings/{made}")
    at.post(f"{path}/channel-menus", {"custom_app_sections": [{"title": "Overview", "query_path": "overview"}]})
    at.get(f"{path}/channel-menus")
    at.delete(f"{path}/channel-menus")
    site = at.get("/v3/channels/1/site")["id"]
    at.get("/v3/sites")
    at.get(f"/v3/sites/{site}")
    at.post(f"{path}/site", {"url": "https://shop.example"})
    at.put(f"{path}/site", {"url": "https://shop2.example"})
    at.put(f"{path}/site/checkout-url", {"url": "https://pay.example"})
    at.delete(f"{path}/site/checkout-url")
    at.delete(f"{path}/site")
    made = at.post("/v3/sites", {"url": "https://shop.example", "channel_id": channel})["id"]
    at.put(f"/v3/sites/{made}", {"url": "https://shop3.example"})
    at.delete(f"/v3/sites/{made}")


def stock(at: Tour) -> None:
    new = {
        "code": "BACK", "label": "Back room", "type_id": "PHYSICAL", "enabled": True, "time_zone": "America/Chicago",
        "storefront_visibility": True, "special_hours": [], "address": {
            "address1": "5 Pier", "city": "Austin", "state": "Texas", "zip": "78751", "country_code": "US",
            "email": "back@example.com", "geo_coordinates": {"latitude": 30.2, "longitude": -97.7}},
    }  # fmt: skip
    at.post("/v3/inventory/locations", [new])
    location = at.get("/v3/inventory/locations")[-1]["id"]
    at.put("/v3/inventory/locations", [{"id": location, "label": "Back"}])
    at.delete(f"/v3/inventory/locations?location_id:in={location}")
    at.post("/v3/inventory/locations", [{**new, "code": "BARN", "label": "Barn"}])
    at.put("/v3/inventory/adjustments/absolute", {
        "reason": "count", "items": [{"location_id": 1, "sku": "SHIRT-S", "quantity": 30}]})  # fmt: skip
    at.post("/v3/inventory/adjustments/relative", {
        "reason": "found", "items": [{"location_id": 1, "sku": "SHIRT-S", "quantity": 2}]})  # fmt: skip
    at.get("/v3/inventory/items")
    setting = {"identity": {"sku": "SHIRT-S"}, "safety_stock": 1, "warning_level": 2, "bin_picking_number": "B7"}
    at.put("/v3/inventory/locations/1/items", {"settings": [setting]})
    at.get("/v3/inventory/locations/1/items")


def orders(at: Tour) -> None:
    (variant,) = at.get("/v3/catalog/variants?sku=SHIRT-S")
    line = {"product_id": variant["product_id"], "variant_id": variant["id"], "quantity": 3, "price_ex_tax": 40,
            "price_inc_tax": 44}  # fmt: skip
    custom = {"name": "Gift card sleeve", "quantity": 1, "price_inc_tax": 5, "price_ex_tax": 5}
    fee = {"type": "custom_fee", "name": "Fee", "display_name_customer": "Fee", "display_name_merchant": "Fee",
           "cost_ex_tax": 1, "cost_inc_tax": 1, "source": "app"}  # fmt: skip
    body = {
        "billing_address": ADDRESS, "shipping_addresses": [{**ADDRESS, "shipping_method": "Ground"}], "status_id": 11,
        "products": [line, custom], "external_order_id": "5761", "external_source": "TikTok", "base_shipping_cost": 5,
        "fees": [fee], "customer_message": "Ring twice",
    }  # fmt: skip
    made = at.post("/v2/orders?include=fees", body)["id"]
    order = f"/v2/orders/{made}"
    at.get("/v2/orders?include=consignments.line_items,fees&consignment_structure=object")
    at.get("/v2/orders")
    at.get(order)
    at.get(f"{order}?include=fees")
    at.put(f"{order}?include=fees", {"staff_notes": "Fragile"})
    at.get("/v2/orders/count")
    at.get("/v2/order_statuses")
    at.get("/v2/order_statuses/11")
    lines = at.get(f"{order}/products")
    at.get(f"{order}/products/{lines[0]['id']}")
    (address,) = at.get(f"{order}/shipping_addresses")
    for spelling in ("shipping_addresses", "shippingaddresses"):
        place = f"{order}/{spelling}/{address['id']}"
        at.get(f"{order}/{spelling}")
        at.get(place)
        at.put(place, {"street_2": "Rear"})
        at.get(f"{place}/shipping_quotes")
        at.get(f"{place}/shippingquotes")
    at.get(f"{order}/consignments/shipping/{address['id']}/shipping_quotes")
    at.get(f"{order}/consignments")
    at.get(f"{order}/coupons")
    at.get(f"{order}/taxes?details=true")
    at.get(f"{order}/fees")
    at.store.act("leave_message", order_id=made, text="When will it come?")
    at.get(f"{order}/messages")
    parcel = {"order_address_id": address["id"], "items": [{"order_product_id": lines[0]["id"], "quantity": 1}],
              "tracking_number": "94001", "shipping_provider": "usps", "comments": "By the door"}  # fmt: skip
    shipment = at.post(f"{order}/shipments", parcel)["id"]
    at.get(f"{order}/shipments")
    at.get(f"{order}/shipments/count")
    at.get(f"{order}/shipments/{shipment}")
    at.put(f"{order}/shipments/{shipment}", {"tracking_number": "94002", "order_address_id": address["id"]})
    at.delete(f"{order}/shipments/{shipment}")
    at.post(f"{order}/shipments", parcel)
    at.delete(f"{order}/shipments")
    at.delete(f"/v2/orders/{at.post('/v2/orders', {**body, 'external_order_id': '1'})['id']}")
    at.delete("/v2/orders")
    at.post("/v2/orders", {**body, "external_order_id": "5762"})


def money(at: Tour) -> None:
    made = at.store.act("place_order", lines=[{"sku": "SHIRT-M", "quantity": 2}])
    path = f"/v3/orders/{made}/payment_actions"
    item = {"item_type": "ORDER", "item_id": made, "amount": 1}
    at.post(f"{path}/refund_quotes", {"items": [item]})
    payment = {"provider_id": "custom", "amount": 1, "offline": True}
    refund = at.post(f"{path}/refunds", {"items": [item], "payments": [payment]})["id"]
    at.get(f"{path}/refunds")
    at.get("/v3/orders/payment_actions/refunds")
    at.get(f"/v3/orders/payment_actions/refunds/{refund}")
    at.get(f"/v3/orders/{made}/transactions")
    for action in ("capture", "void"):
        held = at.store.act("place_order", lines=[{"sku": "SHIRT-S", "quantity": 1}], captured=False)
        at.post(f"/v3/orders/{held}/payment_actions/{action}")


def price_lists(at: Tour) -> None:
    made = at.post("/v3/pricelists", {"name": "TikTok", "active": True})["id"]
    path = f"/v3/pricelists/{made}"
    at.get("/v3/pricelists")
    at.get(path)
    at.put(path, {"name": "TikTok US"})
    (variant,) = at.get("/v3/catalog/variants?sku=SHIRT-S")
    tier = {"quantity_min": 5, "quantity_max": 9, "type": "fixed", "amount": 1}
    at.put(f"{path}/records", [{"sku": "SHIRT-S", "currency": "usd", "price": 33, "bulk_pricing_tiers": [tier]}])
    at.post("/v3/pricelists/records", [{"price_list_id": made, "sku": "SHIRT-M", "currency": "usd", "price": 34}])
    at.post(f"{path}/records", [{"sku": "SHIRT-M", "currency": "usd", "price": 36}])
    at.put("/v3/pricelists/records", [{"price_list_id": made, "sku": "SHIRT-M", "currency": "usd", "price": 35}])
    record = f"{path}/records/{variant['id']}"
    at.put(f"{record}/usd", {"price": 32, "sale_price": 30})
    at.get(f"{path}/records?include=bulk_pricing_tiers,sku")
    at.get(record)
    at.get(f"{record}/usd")
    at.post("/v3/pricelists/assignments", [{"price_list_id": made, "channel_id": 1}])
    at.get("/v3/pricelists/assignments")
    at.put(f"{path}/assignments", {"customer_group_id": None, "channel_id": 1})
    at.delete(f"/v3/pricelists/assignments?price_list_id={made}")
    at.delete(f"{record}/usd")
    at.delete(f"{path}/records?variant_id:in={variant['id']}")
    at.delete(f"/v3/pricelists/{at.post('/v3/pricelists', {'name': 'Spare'})['id']}")
    at.post("/v3/pricelists", {"name": "Gone"})
    at.delete("/v3/pricelists?name=Gone")


def people(at: Tour) -> None:
    home = {
        "first_name": "A", "last_name": "B", "address1": "1 Pier", "city": "Austin", "state_or_province": "Texas",
        "postal_code": "78751", "country_code": "US",
    }  # fmt: skip
    body: list[dict[str, Any]] = [
        {"email": f"{name}@example.com", "first_name": name, "last_name": "B"} for name in ("a", "b", "c")
    ]
    body[0]["addresses"] = [home]
    first, second, _third = at.post("/v3/customers", body)
    every = "addresses,formfields,attributes,storecredit,shopper_profile_id,segment_ids"
    at.get(f"/v3/customers?include={every}")
    at.get("/v3/customers?limit=1&page=2")
    cursor = at.answers[-2].body["meta"]["cursor_pagination"]["start_cursor"]
    at.get(f"/v3/customers?limit=1&after={cursor}")
    at.put("/v3/customers", [{"id": second["id"], "company": "C"}])
    at.delete(f"/v3/customers?id:in={second['id']}")
    place = at.post("/v3/customers/addresses", [{**home, "customer_id": first["id"]}])[0]["id"]
    at.get("/v3/customers/addresses")
    at.put("/v3/customers/addresses", [{"id": place, "city": "Dallas"}])
    at.delete(f"/v3/customers/addresses?id:in={place}")


def settings(at: Tour) -> None:
    at.get("/v2/store")
    at.get("/v2/time")
    first = at.get("/v2/tax_classes")[0]["id"]
    at.get(f"/v2/tax_classes/{first}")
    at.get("/v2/countries")
    (country,) = at.get("/v2/countries?country_iso2=US")
    at.get(f"/v2/countries/{country['id']}")
    states = f"/v2/countries/{country['id']}/states"
    at.get(f"{states}/{at.get(states)[0]['id']}")
    at.get("/v2/countries/states")
    for counted in ("/v2/countries", "/v2/countries/states", states):
        at.get(f"{counted}/count")
    new = {"country_iso2": "GB", "currency_code": "GBP", "currency_exchange_rate": "0.8", "name": "Pound"}
    pound = at.post("/v2/currencies", new)["id"]
    at.get("/v2/currencies")
    at.get(f"/v2/currencies/{pound}")
    at.put(f"/v2/currencies/{pound}", {"name": "British pound"})
    at.delete(f"/v2/currencies/{pound}")
    at.delete("/v2/currencies")
    for name in ("inventory", "inventory/notifications", "email-statuses", "store/locale", "store/profile",
                 "store/units-of-measurement"):  # fmt: skip
        shown = at.get(f"/v3/settings/{name}")
        at.put(f"/v3/settings/{name}", shown)
    for path in ("/v3/orders/settings", "/v3/orders/settings/channels/1"):
        lists = {name: {"email_addresses": ["a@example.com"]} for name in ("order_placed", "forward_invoice")}
        at.put(path, {"notifications": lists})
        at.get(path)


def metafields(at: Tour) -> None:
    (variant,) = at.get("/v3/catalog/variants?sku=SHIRT-S")
    (order, *_) = at.get("/v2/orders")
    ids = {
        f"/v3/catalog/products/{variant['product_id']}/variants": variant["id"],
        "/v3/catalog/products": variant["product_id"],
        "/v3/catalog/brands": at.get("/v3/catalog/brands")[0]["id"],
        "/v3/catalog/categories": at.get("/v3/catalog/categories")[0]["id"],
        "/v3/channels": 1,
        "/v3/customers": at.get("/v3/customers")[0]["id"],
        "/v3/inventory/locations": 1,
        "/v3/orders": order["id"],
    }
    for collection, resource in ids.items():
        _metafields(at, f"{collection}/{resource}/metafields")
        many = re.sub(r"products/\d+/variants", "variants", collection) + "/metafields"
        made = at.post(many, [{**META, "key": "many", "resource_id": resource}])[0]["id"]
        at.get(many)
        at.put(many, [{"id": made, "value": "w"}])
        at.delete(many, [made])
    _metafields(at, "/v3/store/metafields")
    made = at.post("/v3/store/metafields", [{**META, "key": "many"}])[0]["id"]
    at.put("/v3/store/metafields", [{"id": int(made), "value": "w"}])
    at.delete("/v3/store/metafields", [int(made)])


def _metafields(at: Tour, path: str) -> None:
    at.post(path, {**META, "key": "kept", "description": "Stays"})
    made = at.post(path, META)["id"]
    at.get(path)
    at.get(f"{path}/{made}")
    at.put(f"{path}/{made}", {**META, "value": "w"})
    at.delete(f"{path}/{made}")


def hooks(at: Tour) -> None:
    body = {
        "scope": "store/order/*",
        "destination": "https://x.example/h",
        "is_active": True,
        "headers": {"custom-key": "b"},
    }
    made = at.post("/v3/hooks", body)["id"]
    at.post("/v3/hooks", {**body, "destination": "https://x.example/i", "headers": None})
    at.get("/v3/hooks")
    at.get(f"/v3/hooks/{made}")
    at.put(f"/v3/hooks/{made}", {**body, "is_active": False})
    at.put("/v3/hooks/admin", {"emails": ["a@example.com"]})
    at.get("/v3/hooks/admin")
    at.delete(f"/v3/hooks/{made}")
