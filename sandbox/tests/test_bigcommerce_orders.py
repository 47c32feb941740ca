"""Orders and shipments of the BigCommerce double: the V2 dialect, refusals, money, and what orders do to stock."""

from __future__ import annotations

import pytest

from sandbox.tests.bigcommerce_client import ADDRESS, open_store

SHORT = "Quantities of one or more products are out of stock or did not meet quantity requirements."


@pytest.fixture
def store(sandbox):
    return open_store(sandbox)


@pytest.fixture
def shirts(store):
    """Lines of shirts: small (5 in stock) and medium (2)."""
    product_id, variants = store.shirt()

    def line(size, quantity, **more):
        return {"product_id": product_id, "variant_id": variants[f"SHIRT-{size}"], "quantity": quantity, **more}

    return line


def refusal(answer):
    """(HTTP status, message) of a V2 refusal."""
    (row,) = answer.json()
    return answer.status_code, row["message"]


# -- create -----------------------------------------------------------------------------------------------------------


def test_the_smallest_order_and_what_it_becomes(store):
    since = store.since()
    order = store.post(
        "/v2/orders",
        {
            "billing_address": ADDRESS,
            "products": [{"name": "Mug", "quantity": 2, "price_inc_tax": 50, "price_ex_tax": "45.5"}],
        },
    )
    assert order.status_code == 201
    shown = order.json()
    assert {
        name: shown[name]
        for name in (
            "id",
            "status_id",
            "status",
            "custom_status",
            "channel_id",
            "order_source",
            "customer_id",
            "payment_method",
        )
    } == {
        "id": 100,
        "status_id": 1,
        "status": "Pending",
        "custom_status": "Pending",
        "channel_id": 1,
        "order_source": "external",
        "customer_id": 0,
        "payment_method": "Manual",
    }
    assert {
        name: shown[name]
        for name in (
            "subtotal_ex_tax",
            "subtotal_inc_tax",
            "total_ex_tax",
            "total_inc_tax",
            "total_tax",
            "refunded_amount",
        )
    } == {
        "subtotal_ex_tax": "91.0000",
        "subtotal_inc_tax": "100.0000",
        "total_ex_tax": "91.0000",
        "total_inc_tax": "100.0000",
        "total_tax": "9.0000",
        "refunded_amount": "0.0000",
    }
    assert (
        shown["external_order_id"],
        shown["external_source"],
        shown["cart_id"],
        shown["date_shipped"],
        shown["ebay_order_id"],
    ) == (None, None, None, "", "0")
    assert (shown["currency_exchange_rate"], shown["default_currency_code"], shown["payment_status"]) == (
        "1.0000000000",
        "USD",
        "",
    )
    assert shown["date_created"].endswith(" +0000")
    assert shown["billing_address"]["country"] == "United States"
    assert [(e.kind, e.detail["total"], e.detail["external_order_id"]) for e in since.effects()] == [
        ("order_created", "100", None)
    ]


def test_everything_else_is_a_link_and_the_links_work(store):
    order = store.ordered()
    assert order["products"]["resource"] == "/orders/100/products"
    assert order["shipping_addresses"]["resource"] == "/orders/100/shippingaddresses"
    assert {"coupons", "consignments"} < set(order)
    assert "fees" not in order
    for spelling in ("shippingaddresses", "shipping_addresses"):
        (address,) = store.get(f"/v2/orders/100/{spelling}").json()
        assert (address["street_1"], address["items_total"], address["shipping_method"]) == (
            "123 Main Street",
            1,
            "None",
        )
        assert store.get(f"/v2/orders/100/{spelling}/{address['id']}").json() == address
    assert store.get("/v2/orders/100/coupons").status_code == 204
    assert store.get("/v2/orders/100/messages").status_code == 204
    assert store.get("/v2/orders/100/shipments").status_code == 204


def test_every_field_that_can_be_written_is_kept(store):
    fields = {
        "external_order_id": "5760001",
        "external_merchant_id": "shop-1",
        "external_source": "40001",
        "payment_method": "TikTok Shop",
        "payment_provider_id": "pay-1",
        "staff_notes": "note",
        "customer_message": "please wrap",
        "date_created": "Wed, 05 Mar 2025 21:40:11 +0000",
        "customer_locale": "en-US",
        "ip_address": "203.0.113.10",
        "geoip_country": "United States",
        "geoip_country_iso2": "US",
    }
    order = store.ordered(**fields)
    assert {name: order[name] for name in fields} == fields
    again = store.get("/v2/orders/100").json()
    assert again == order


def test_catalog_lines_take_their_price_name_and_weight_from_the_catalog(store, shirts):
    order = store.ordered(shirts("S", 2), shirts("M", 1, name="Gift shirt", price_inc_tax=11, price_ex_tax=10))
    first, second = store.get(f"/v2/orders/{order['id']}/products").json()
    names = ("sku", "name", "quantity", "price_inc_tax", "price_ex_tax", "total_inc_tax", "weight", "type")
    assert [first[name] for name in names] == [
        "SHIRT-S",
        "Linen shirt",
        2,
        "40.0000",
        "40.0000",
        "80.0000",
        "0.5000",
        "physical",
    ]
    assert [second[name] for name in names] == [
        "SHIRT-M",
        "Gift shirt",
        1,
        "11.0000",
        "10.0000",
        "11.0000",
        "0.5000",
        "physical",
    ]
    assert [(o["display_name"], o["display_value"]) for o in first["product_options"]] == [("Size", "S")]
    assert order["total_inc_tax"] == "91.0000"
    assert store.get(f"/v2/orders/{order['id']}/products/{second['id']}").json() == second


def test_a_custom_line_is_never_in_the_catalog(store):
    order = store.ordered(
        {"name": "Surprise", "sku": "X-1", "quantity": 1, "price_inc_tax": "9.99", "price_ex_tax": "9.99"}
    )
    (line,) = store.get(f"/v2/orders/{order['id']}/products").json()
    assert (line["product_id"], line["variant_id"], line["sku"], line["total_tax"]) == (0, 0, "X-1", "0.0000")


def test_product_options_name_a_variant_by_option_value(store):
    product_id, _ = store.shirt()
    option = store.data(f"/v3/catalog/products/{product_id}/options")[0]
    medium = {"id": option["id"], "value": str(option["option_values"][1]["id"])}
    order = store.ordered({"product_id": product_id, "quantity": 1, "product_options": [medium]})
    assert store.get(f"/v2/orders/{order['id']}/products").json()[0]["sku"] == "SHIRT-M"


@pytest.mark.parametrize(
    ("fields", "total_ex", "total_inc"),
    [
        ({}, "45.0000", "50.0000"),
        ({"base_shipping_cost": 5}, "50.0000", "55.0000"),
        ({"shipping_cost_ex_tax": "4.00", "shipping_cost_inc_tax": 5}, "49.0000", "55.0000"),
        ({"handling_cost_ex_tax": 1, "handling_cost_inc_tax": 1.1}, "46.0000", "51.1000"),
        ({"discount_amount": "10.5"}, "34.5000", "39.5000"),
        ({"total_ex_tax": 30, "total_inc_tax": 33}, "30.0000", "33.0000"),
        ({"subtotal_ex_tax": 100, "subtotal_inc_tax": 110}, "100.0000", "110.0000"),
        (
            {"fees": [{"type": "custom_fee", "display_name_customer": "Fee", "cost_ex_tax": 2, "cost_inc_tax": "2.2"}]},
            "47.0000",
            "52.2000",
        ),
    ],
)
def test_totals(store, fields, total_ex, total_inc):
    order = store.ordered(**fields)
    assert (order["total_ex_tax"], order["total_inc_tax"]) == (total_ex, total_inc)


def test_prices_given_with_the_order_name_its_tax_rows(store):
    order = store.ordered(shipping_cost_ex_tax=4, shipping_cost_inc_tax=5)
    rows = store.get(f"/v2/orders/{order['id']}/taxes", details="true").json()
    assert [(r["name"], r["line_amount"], r["line_item_type"]) for r in rows] == [
        ("API Tax Override", "5.0000", "item"),
        ("API Tax Override", "1.0000", "shipping"),
    ]
    assert "line_item_type" not in store.get(f"/v2/orders/{order['id']}/taxes").json()[0]


def test_a_discount_shows_on_the_lines_by_their_share(store):
    lines = [{"name": n, "quantity": 1, "price_inc_tax": p, "price_ex_tax": p} for n, p in (("A", 10), ("B", 20))]
    order = store.ordered(*lines, discount_amount=1)
    shown = store.get(f"/v2/orders/{order['id']}/products").json()
    assert [line["applied_discounts"][0]["amount"] for line in shown] == ["0.3333", "0.6667"]
    assert [line["discounted_total_inc_tax"] for line in shown] == ["9.6667", "19.3333"]


CUSTOM = {"name": "Mug", "quantity": 1, "price_inc_tax": 50, "price_ex_tax": 45}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"billing_address": None}, "The field 'billing_address' is invalid."),
        ({"products": []}, "The required field 'products' was not supplied."),
        ({"products": [{"quantity": 1}]}, "The field 'products.product_id, products.name' is invalid."),
        ({"products": [{**CUSTOM, "quantity": 0}]}, "The field 'products.quantity' is invalid."),
        (
            {"products": [{"name": "Mug", "quantity": 1, "price_ex_tax": 1}]},
            "The field 'products.price_inc_tax' is invalid.",
        ),
        (
            {"products": [{"name": "Mug", "quantity": 1, "price_inc_tax": 1}]},
            "The field 'products.price_ex_tax' is invalid.",
        ),
        (
            {"products": [{"name": "x" * 251, "quantity": 1, "price_inc_tax": 1, "price_ex_tax": 1}]},
            "The field 'products.name' is invalid.",
        ),
        ({"products": [{"product_id": 999, "quantity": 1}]}, "The field 'products.product_id' is invalid."),
        ({"customer_id": 7}, "The field 'customer_id' is invalid."),
        ({"channel_id": 7}, "The field 'channel_id' is invalid."),
        ({"status_id": 15}, "The field 'status_id' is invalid."),
        ({"date_created": "yesterday"}, "The field 'date_created' is invalid."),
        ({"total_inc_tax": 5}, "The field 'total_ex_tax' is invalid."),
        ({"base_shipping_cost": -1}, "The field 'base_shipping_cost' is invalid."),
        ({"discount_amount": "much"}, "The field 'discount_amount' is invalid."),
        ({"default_currency_code": "EUR"}, "The field 'default_currency_code' is invalid."),
        ({"ip_address": "2001:db8::1"}, "The field 'ip_address' is invalid."),
        (
            {"fees": [{"type": "custom_fee", "cost_ex_tax": 1, "cost_inc_tax": 1}]},
            "The field 'fees.display_name_customer' is invalid.",
        ),
        (
            {"coupon_discount": 1},
            "The field 'coupon_discount' cannot be written to. Please remove it from your request before trying again.",
        ),
        (
            {"external_id": "x"},
            "The field 'external_id' cannot be written to. Please remove it from your request before trying again.",
        ),
        ({"billing_address": {**ADDRESS, "zip": "7"}}, "The field 'billing_address.zip' is invalid."),
        ({"billing_address": {**ADDRESS, "email": "masked"}}, "The field 'billing_address.email' is invalid."),
        ({"billing_address": {**ADDRESS, "state": None}}, "The field 'state' does not allow null values."),
        (
            {"billing_address": {**ADDRESS, "country_iso2": "XX"}},
            "The field 'billing_address.country_iso2' is invalid.",
        ),
    ],
)
def test_what_a_new_order_is_refused_for(store, changes, message):
    since = store.since()
    body = {"billing_address": ADDRESS, "products": [CUSTOM], **changes}
    assert refusal(store.post("/v2/orders", body)) == (400, message)
    assert since.kinds() == []


def test_a_missing_country_says_why(store):
    address = {name: value for name, value in ADDRESS.items() if name != "country_iso2"}
    (row,) = store.post("/v2/orders", {"billing_address": address, "products": [CUSTOM]}).json()
    assert row["details"] == {"invalid_reason": "Billing address country not supplied."}
    assert (
        store.post(
            "/v2/orders", {"billing_address": {**address, "country": "United States"}, "products": [CUSTOM]}
        ).status_code
        == 201
    )


@pytest.mark.parametrize("customer", [False, True, 0.5, "", None, [0]])
def test_a_customer_is_a_number(store, customer):
    assert refusal(store.order(customer_id=customer)) == (400, "The field 'customer_id' is invalid.")


def test_a_number_may_have_a_point(store):
    assert store.ordered(customer_id=0.0)["customer_id"] == 0


@pytest.mark.parametrize("given", ["x", [1], {"name": "a"}])
def test_form_fields_are_a_list_of_objects(store, given):
    answer = store.order(shipping_addresses=[{**ADDRESS, "form_fields": given}])
    assert refusal(answer) == (400, "The field 'shipping_addresses.form_fields' is invalid.")


def test_no_order_draws_from_a_location_that_is_switched_off(store, shirts):
    store.act("set_location", location_id=1, enabled=False)
    assert refusal(store.order(shirts("S", 1))) == (409, SHORT)


def test_there_is_no_idempotency(store):
    ids = [store.ordered(external_order_id="5761")["id"] for _ in range(2)]
    assert [order["id"] for order in store.get("/v2/orders", external_order_id="5761").json()] == ids
    assert store.get("/v2/orders", external_order_id="5762").status_code == 204


def test_the_channel_must_be_connected(store):
    channel = store.post(
        "/v3/channels", {"name": "TikTok", "type": "marketplace", "platform": "tiktok", "status": "connected"}
    ).json()["data"]["id"]
    assert store.ordered(channel_id=channel)["channel_id"] == channel
    store.put(f"/v3/channels/{channel}", {"status": "disconnected"})
    assert refusal(store.order(channel_id=channel)) == (400, "The field 'channel_id' is invalid.")


def test_a_required_modifier_without_a_default_blocks_the_order(store):
    product_id = store.product()["id"]
    modifier = store.post(
        f"/v3/catalog/products/{product_id}/modifiers", {"display_name": "Name", "type": "text", "required": True}
    ).json()["data"]
    answer = store.order({"product_id": product_id, "quantity": 1})
    assert refusal(answer) == (400, "The options of one or more products are invalid.")
    (error,) = answer.json()[0]["details"]["errors"]
    assert error["type"] == "MandatoryProductOptions"
    assert [o["option_id"] for o in error["product"]["required_product_options"]] == [modifier["id"]]
    assert (
        store.order(
            {"product_id": product_id, "quantity": 1, "product_options": [{"id": modifier["id"], "value": "Jo"}]}
        ).status_code
        == 201
    )


@pytest.mark.parametrize(
    ("options", "types"),
    [
        ([], ["MandatoryProductOptions"]),
        ([{"id": 9, "value": "1"}], ["InvalidProductOption", "MandatoryProductOptions"]),
        ([{"id": 301, "value": "1"}], ["InvalidProductOptionValue", "MandatoryProductOptions"]),
    ],
)
def test_options_that_do_not_name_a_variant(store, options, types):
    product_id, _ = store.shirt()
    answer = store.order({"product_id": product_id, "quantity": 1, "product_options": options})
    assert [error["type"] for error in answer.json()[0]["details"]["errors"]] == types


# -- stock ------------------------------------------------------------------------------------------------------------


def test_an_order_takes_its_stock_and_says_so_once(store, shirts):
    since = store.since()
    store.ordered(shirts("S", 2), shirts("S", 1), CUSTOM)
    assert store.stock("SHIRT-S") == 2
    assert [(e.kind, e.detail.get("before"), e.detail.get("after")) for e in since.effects()] == [
        ("stock_changed", 5, 3),
        ("stock_changed", 3, 2),
        ("order_created", None, None),
    ]
    assert store.act("product", sku="SHIRT-S")["total_sold"] == 3


def test_a_refused_order_names_all_its_bad_lines_and_takes_nothing(store, shirts):
    store.product(inventory_tracking="product", inventory_level=1, order_quantity_maximum=3)
    mug = store.act("product", sku="MUG-1")["id"]
    pan = store.product(name="Pan", sku="PAN-1", order_quantity_minimum=2)["id"]
    since = store.since()
    answer = store.order(
        shirts("S", 1), shirts("M", 3), {"product_id": mug, "quantity": 4}, {"product_id": pan, "quantity": 1}
    )
    assert refusal(answer) == (409, SHORT)
    errors = answer.json()[0]["details"]["errors"]
    assert [error["type"] for error in errors] == [
        "OutOfStock",
        "OutOfStock",
        "ExceedsMaxQuantity",
        "InsufficientQuantity",
    ]
    assert (errors[0]["product"]["sku"]["sku"], errors[0]["product"]["sku"]["inventory_level"]) == ("SHIRT-M", 2)
    assert (errors[1]["product"]["id"], errors[1]["product"]["inventory_level"]) == (mug, 1)
    assert (errors[2]["product"]["maximum_quantity"], errors[3]["product"]["minimum_quantity"]) == (3, 2)
    assert store.stock("SHIRT-S") == 5
    assert since.kinds() == []


def test_the_lines_of_one_order_compete_for_the_same_stock(store, shirts):
    assert refusal(store.order(shirts("M", 1), shirts("M", 2))) == (409, SHORT)
    assert store.order(shirts("M", 1), shirts("M", 1)).status_code == 201
    assert store.stock("SHIRT-M") == 0


def test_by_a_switch_a_refused_order_keeps_what_its_first_lines_took(store, shirts):
    store.turn("partial_deduction", True)
    assert refusal(store.order(shirts("S", 2), shirts("M", 3))) == (409, SHORT)
    assert [store.stock(sku) for sku in ("SHIRT-S", "SHIRT-M")] == [3, 2]
    assert store.get("/v2/orders").status_code == 204


@pytest.mark.parametrize(
    ("behavior", "status_id", "left"),
    [
        ("order_placed", 11, 3), ("order_placed", 1, 3), ("order_placed", 7, 3), ("order_placed", 0, 5),
        ("order_placed", 5, 5),
        ("order_placed", 4, 5), ("order_placed", 6, 5), ("order_completed_or_shipped", 11, 5),
        ("order_completed_or_shipped", 2, 3), ("order_completed_or_shipped", 10, 3),
    ],
)  # fmt: skip
def test_which_status_takes_stock_at_once(store, shirts, behavior, status_id, left):
    store.put("/v3/settings/inventory", {"update_stock_behavior": behavior})
    store.ordered(shirts("S", 2), status_id=status_id)
    assert store.stock("SHIRT-S") == left


def test_stock_is_taken_later_where_the_settings_say_so(store, shirts):
    store.put("/v3/settings/inventory", {"update_stock_behavior": "order_completed_or_shipped"})
    order = store.ordered(shirts("S", 2))
    store.put(f"/v2/orders/{order['id']}", {"status_id": 10})
    store.put(f"/v2/orders/{order['id']}", {"status_id": 2})
    assert store.stock("SHIRT-S") == 3


@pytest.mark.parametrize(
    ("setting", "status_id", "left"),
    [(True, 5, 5), (True, 4, 5), (False, 5, 3), (False, 4, 3), (True, 14, 3), (True, 6, 3)],
)
def test_which_status_gives_stock_back(store, shirts, setting, status_id, left):
    store.put("/v3/settings/inventory", {"refund_order_stock_adjustment": setting})
    order = store.ordered(shirts("S", 2))
    store.put(f"/v2/orders/{order['id']}", {"status_id": status_id})
    store.put(f"/v2/orders/{order['id']}", {"status_id": status_id})
    assert store.stock("SHIRT-S") == left


def test_by_a_switch_declined_gives_stock_back(store, shirts):
    store.turn("declined_restocks", True)
    order = store.ordered(shirts("S", 2))
    store.put(f"/v2/orders/{order['id']}", {"status_id": 6})
    assert store.stock("SHIRT-S") == 5


def test_an_order_taken_up_again_takes_its_stock_again(store, shirts):
    order = store.ordered(shirts("M", 2))
    store.act("cancel_order", order_id=order["id"])
    assert store.stock("SHIRT-M") == 2
    store.put(f"/v2/orders/{order['id']}", {"status_id": 11})
    assert store.stock("SHIRT-M") == 0
    store.act("cancel_order", order_id=order["id"])
    store.act("set_stock", sku="SHIRT-M", quantity=1)
    assert refusal(store.put(f"/v2/orders/{order['id']}", {"status_id": 11})) == (409, SHORT)
    assert store.get(f"/v2/orders/{order['id']}").json()["status_id"] == 5
    store.turn("uncancel_takes_stock", False)
    assert store.put(f"/v2/orders/{order['id']}", {"status_id": 11}).status_code == 200
    assert store.stock("SHIRT-M") == 1


def test_a_channel_may_have_inventory_settings_of_its_own(store, shirts):
    channel = store.post("/v3/channels", {"name": "TikTok", "type": "marketplace", "platform": "tiktok"}).json()[
        "data"
    ]["id"]
    store.http.put(
        "/v3/settings/inventory",
        params={"channel_id": channel},
        json={"update_stock_behavior": "order_completed_or_shipped"},
    )
    shown = store.data("/v3/settings/inventory", channel_id=channel)
    assert (shown["update_stock_behavior"], shown["edit_order_stock_adjustment"]) == (
        "order_completed_or_shipped",
        None,
    )
    store.ordered(shirts("S", 1), channel_id=channel)
    assert store.stock("SHIRT-S") == 5
    store.turn("order_channel_settings", False)
    store.ordered(shirts("S", 1), channel_id=channel)
    assert store.stock("SHIRT-S") == 4


def test_an_item_marked_as_not_in_stock_cannot_be_sold(store, shirts):
    store.put("/v3/inventory/locations/1/items", {"settings": [{"identity": {"sku": "SHIRT-S"}, "is_in_stock": False}]})
    assert refusal(store.order(shirts("S", 1))) == (409, SHORT)


# -- change -----------------------------------------------------------------------------------------------------------


def test_a_change_of_the_status_alone_looks_at_nothing_else(store, shirts):
    order = store.ordered(shirts("M", 2))
    store.act("edit_product", sku="SHIRT-M", order_quantity_minimum=5)
    since = store.since()
    answer = store.put(f"/v2/orders/{order['id']}", {"status_id": 9})
    assert (answer.status_code, answer.json()["status"]) == (200, "Awaiting Shipment")
    assert [(e.kind, e.detail) for e in since.effects()] == [
        ("order_status", {"before": 11, "after": 9, "external_order_id": None}),
    ]


def test_lines_are_edited_added_and_removed_and_their_discounts_vanish(store, shirts):
    order = store.ordered(shirts("S", 2), CUSTOM, discount_amount=5)
    first, second = store.get(f"/v2/orders/{order['id']}/products").json()
    changes = [{"id": first["id"], "quantity": 3}, {"id": second["id"], "quantity": 0}, shirts("M", 1)]
    changed = store.put(f"/v2/orders/{order['id']}", {"products": changes}).json()
    rows = store.get(f"/v2/orders/{order['id']}/products").json()
    assert [(row["sku"], row["quantity"], row["applied_discounts"]) for row in rows] == [
        ("SHIRT-S", 3, []),
        ("SHIRT-M", 1, []),
    ]
    assert (changed["total_inc_tax"], changed["discount_amount"]) == ("165.0000", "0.0000")
    assert [store.stock(sku) for sku in ("SHIRT-S", "SHIRT-M")] == [2, 1]
    short = store.put(f"/v2/orders/{order['id']}", {"products": [{"id": first["id"], "quantity": 9}]})
    assert refusal(short) == (409, SHORT)
    assert store.get(f"/v2/orders/{order['id']}/products").json()[0]["quantity"] == 3


def test_edited_lines_leave_the_stock_alone_where_the_settings_say_so(store, shirts):
    store.put("/v3/settings/inventory", {"edit_order_stock_adjustment": False})
    order = store.ordered(shirts("S", 2))
    (line,) = store.get(f"/v2/orders/{order['id']}/products").json()
    store.put(f"/v2/orders/{order['id']}", {"products": [{"id": line["id"], "quantity": 1}]})
    assert store.stock("SHIRT-S") == 3


def test_fees_are_replaced_as_a_whole(store):
    fee = {"type": "custom_fee", "display_name_customer": "A", "cost_ex_tax": 1, "cost_inc_tax": 1}
    order = store.ordered(fees=[fee, {**fee, "display_name_customer": "B"}])
    kept = store.get("/v2/orders/100", include="fees").json()["fees"][0]
    changed = store.http.put(
        "/v2/orders/100",
        params={"include": "fees"},
        json={
            "fees": [
                {**fee, "display_name_customer": "C", "cost_ex_tax": 3, "cost_inc_tax": 3},
                {"id": kept["id"], "type": "custom_fee", "cost_inc_tax": 1},
            ]
        },
    ).json()
    assert [(f["display_name_customer"], f["cost_inc_tax"]) for f in changed["fees"]] == [
        ("C", "3.0000"),
        ("A", "1.0000"),
    ]
    assert (order["total_inc_tax"], changed["total_inc_tax"]) == ("52.0000", "54.0000")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"external_merchant_id": "x"}, "external_merchant_id"),
        ({"default_currency_code": "USD"}, "default_currency_code"),
        ({"date_modified": "x"}, "date_modified"),
    ],
)
def test_fields_that_a_change_may_not_touch(store, body, name):
    store.ordered()
    message = f"The field '{name}' cannot be written to. Please remove it from your request before trying again."
    assert refusal(store.put("/v2/orders/100", body)) == (400, message)


def test_plain_fields_change_and_what_is_the_same_tells_nothing(store):
    store.ordered(external_order_id="1")
    since = store.since()
    store.put("/v2/orders/100", {"external_order_id": "2", "staff_notes": "checked"})
    store.put("/v2/orders/100", {"external_order_id": "2"})
    assert [(e.kind, e.detail["fields"]) for e in since.effects()] == [
        ("order_updated", ["external_order_id", "staff_notes"])
    ]
    assert [o["id"] for o in store.get("/v2/orders", external_order_id="2").json()] == [100]
    assert store.get("/v2/orders", external_order_id="1").status_code == 204


def test_a_shipping_address_is_corrected_without_new_totals(store):
    order = store.ordered(base_shipping_cost=5)
    (address,) = store.get("/v2/orders/100/shipping_addresses").json()
    path = f"/v2/orders/100/shipping_addresses/{address['id']}"
    assert store.put(path, {"city": "Dallas", "zip": "75001"}).json()["city"] == "Dallas"
    assert store.get("/v2/orders/100").json()["total_inc_tax"] == order["total_inc_tax"]
    locked = store.put(path, {"items_total": 1})
    assert refusal(locked)[1].startswith("The field 'items_total' cannot be written to.")
    assert store.put("/v2/orders/100/shipping_addresses/99", {"city": "x"}).status_code == 404


def test_all_orders_or_the_first_few_are_archived_at_once(store):
    for _ in range(3):
        store.ordered()
    assert store.delete("/v2/orders", limit=2).status_code == 204
    assert [order["id"] for order in store.get("/v2/orders").json()] == [102]
    assert store.delete("/v2/orders").status_code == 204
    assert store.get("/v2/orders").status_code == 204


def test_archiving_hides_an_order_from_lists_but_not_from_its_id(store, shirts):
    order = store.ordered(shirts("S", 2))
    assert store.delete(f"/v2/orders/{order['id']}").status_code == 204
    assert store.get("/v2/orders").status_code == 204
    assert store.get(f"/v2/orders/{order['id']}").json()["is_deleted"] is True
    assert store.stock("SHIRT-S") == 3
    store.turn("archived_orders_listed", True)
    assert len(store.get("/v2/orders").json()) == 1
    assert [e.kind for e in store.effects("order_archived")] == ["order_archived"]


# -- read -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def book(store, sandbox):
    """Five orders, 100 to 104, an hour apart; 102 changed last."""
    sandbox.world.clock.run(0)
    sandbox.world.clock.set(1_767_225_600)  # 2026-01-01
    for n, status_id in enumerate((11, 1, 11, 2, 7)):
        price = 10 * (n + 1)
        line = {"name": "Mug", "quantity": 1, "price_inc_tax": price, "price_ex_tax": price}
        store.ordered(
            line,
            status_id=status_id,
            payment_method="Cash" if n % 2 else "TikTok Shop",
            billing_address={**ADDRESS, "email": f"b{n}@example.com"},
        )
        sandbox.advance(3600)
    store.put("/v2/orders/102", {"staff_notes": "late"})
    return store


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, [100, 101, 102, 103, 104]),
        ({"min_id": 103}, [103, 104]),
        ({"max_id": 101}, [100, 101]),
        ({"status_id": 11}, [100, 102]),
        ({"status_id": 5}, []),
        ({"channel_id": 1, "customer_id": 0, "min_id": 104}, [104]),
        ({"min_total": "30"}, [102, 103, 104]),
        ({"max_total": "20.00"}, [100, 101]),
        ({"email": "B1@example.com"}, [101]),
        ({"payment_method": "Cash"}, [101, 103]),
        ({"min_date_created": "Thu, 01 Jan 2026 03:00:00 +0000"}, [103, 104]),
        ({"max_date_created": "2026-01-01T01:00:00Z"}, [100, 101]),
        ({"min_date_modified": "2026-01-01T04:00:00+00:00"}, [102, 104]),
        ({"sort": "date_modified:asc", "min_id": 101}, [101, 103, 104, 102]),
        ({"sort": "date_created:desc"}, [104, 103, 102, 101, 100]),
        ({"sort": "status_id", "min_id": 102}, [103, 104, 102]),
        ({"limit": 2, "page": 2}, [102, 103]),
    ],
)
def test_orders_are_found_by(book, query, ids):
    answer = book.get("/v2/orders", **query)
    assert ([order["id"] for order in answer.json()] if ids else answer.status_code) == (ids or 204)


@pytest.mark.parametrize(
    "query", [{"min_id": "x"}, {"min_date_created": "soon"}, {"sort": "total"}, {"min_total": "much"}, {"page": "x"}]
)
def test_filters_that_cannot_be_read_are_refused(store, query):
    assert store.get("/v2/orders", **query).status_code == 400


def test_orders_are_counted_by_status_under_labels_the_merchant_chose(book):
    book.act("rename_status", status_id=11, label="To pack")
    count = book.get("/v2/orders/count").json()
    assert count["count"] == 5
    rows = {row["id"]: row for row in count["statuses"]}
    assert (rows[11]["count"], rows[11]["name"], rows[11]["custom_label"], rows[11]["sort_order"]) == (
        2,
        "Awaiting Fulfillment",
        "To pack",
        3,
    )
    assert book.get("/v2/order_statuses/11").json()["custom_label"] == "To pack"
    assert [row["id"] for row in book.get("/v2/order_statuses").json()] == list(range(15))
    book.put("/v2/orders/101", {"status_id": 11})
    assert (book.get("/v2/orders/101").json()["status"], book.get("/v2/orders/101").json()["custom_status"]) == (
        "Awaiting Fulfillment",
        "To pack",
    )


def test_consignments_stop_at_fifty_lines_with_a_warning(store):
    lines = [{"name": f"N{n}", "quantity": 1, "price_inc_tax": 1, "price_ex_tax": 1} for n in range(60)]
    order = store.ordered(*lines)
    shown = store.get(
        f"/v2/orders/{order['id']}", include="consignments,consignments.line_items", consignment_structure="object"
    ).json()
    items = shown["consignments"]["shipping"][0]["line_items"]
    assert len(items) == 51
    assert list(items[-1]) == ["__warning__"]
    assert len(store.get(f"/v2/orders/{order['id']}/products").json()) == 50
    assert len(store.get(f"/v2/orders/{order['id']}/products", page=2).json()) == 10
    assert len(store.get(f"/v2/orders/{order['id']}/products", limit=250).json()) == 60
    links = store.get(f"/v2/orders/{order['id']}/consignments").json()["shipping"][0]["line_items"]
    assert set(links[0]) == {"url", "resource"}


@pytest.mark.parametrize("include", ["consignments", "consignments.line_items"])
def test_consignments_stay_a_link_unless_their_structure_is_named(store, include):
    path = f"/v2/orders/{store.ordered()['id']}"
    assert set(store.get(path, include=include).json()["consignments"]) == {"url", "resource"}
    (listed,) = store.get("/v2/orders", include=include).json()
    assert set(listed["consignments"]) == {"url", "resource"}
    (whole,) = store.get("/v2/orders", include=include, consignment_structure="object").json()
    assert set(whole["consignments"]) == {"pickups", "shipping", "downloads", "email"}


@pytest.mark.parametrize("code", ["ZZ", "XA", "EU", "UN"])
def test_what_is_no_country_is_refused(store, code):
    answer = store.order(billing_address={**ADDRESS, "country_iso2": code})
    assert refusal(answer) == (400, "The field 'billing_address.country_iso2' is invalid.")


def test_a_pickup_order_has_a_consignment_and_no_shipping_address(store):
    pickup = {
        "pickup_method_id": 1,
        "pickup_method_display_name": "Pick up",
        "location": {"name": "Shop"},
        "line_items": [CUSTOM],
    }
    order = store.post("/v2/orders", {"billing_address": ADDRESS, "consignments": {"pickups": [pickup]}})
    assert order.status_code == 201
    assert store.get("/v2/orders/100/shipping_addresses").status_code == 204
    shown = store.get("/v2/orders/100/consignments", include="consignments.line_items").json()
    assert [line["name"] for line in shown["pickups"][0]["line_items"]] == ["Mug"]
    assert store.get("/v2/orders/100/products").json()[0]["order_address_id"] == 0
    both = {"billing_address": ADDRESS, "products": [CUSTOM], "consignments": {"pickups": [pickup]}}
    assert refusal(store.post("/v2/orders", both)) == (400, "The field 'consignments' is invalid.")


def test_messages_are_only_read(store):
    store.ordered()
    store.act("leave_message", order_id=100, text="Where is it?")
    (message,) = store.get("/v2/orders/100/messages").json()
    assert (message["message"], message["type"], message["status"]) == ("Where is it?", "customer", "unread")
    assert store.post("/v2/orders/100/messages", {}).status_code == 405


# -- shipments --------------------------------------------------------------------------------------------------------


@pytest.fixture
def packed(store, shirts):
    """An order of two small shirts and a mug: (path of its shipments, address id, line ids)."""
    order = store.ordered(shirts("S", 2), CUSTOM)
    path = f"/v2/orders/{order['id']}"
    (address,) = store.get(f"{path}/shipping_addresses").json()
    return f"{path}/shipments", address["id"], [line["id"] for line in store.get(f"{path}/products").json()]


def test_shipments_move_the_order_to_partially_shipped_and_then_to_shipped(store, packed):
    path, address, (shirt, mug) = packed
    since = store.since()
    body = {
        "order_address_id": address,
        "items": [{"order_product_id": shirt, "quantity": 1}],
        "tracking_number": "1Z9",
        "shipping_provider": "ups",
    }
    made = store.post(path, body)
    assert made.status_code == 201
    shown = made.json()
    assert (
        shown["id"],
        shown["order_id"],
        shown["shipping_provider_display_name"],
        shown["generated_tracking_link"],
    ) == (
        11,
        100,
        "UPS",
        "https://www.ups.com/track?tracknum=1Z9",
    )
    assert shown["items"] == [{"order_product_id": shirt, "product_id": 0, "quantity": 1}]
    order = store.get("/v2/orders/100").json()
    assert (order["status_id"], order["items_shipped"], order["items_total"], order["date_shipped"]) == (3, 1, 3, "")
    assert since.kinds() == ["shipment_created", "email_sent", "order_status"]

    rest = [{"order_product_id": shirt, "quantity": 1}, {"order_product_id": mug, "quantity": 1}]
    store.post(path, {"order_address_id": address, "items": rest, "shipping_provider": ""})
    order = store.get("/v2/orders/100").json()
    assert (order["status_id"], order["items_shipped"], order["date_shipped"] != "") == (2, 3, True)
    assert [line["quantity_shipped"] for line in store.get("/v2/orders/100/products").json()] == [2, 1]
    assert store.get("/v2/orders/100/shipping_addresses").json()[0]["items_shipped"] == 3
    assert store.get(f"{path}/count").json() == {"count": 2}
    assert [row["id"] for row in store.get(path).json()] == [11, 12]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"items": [{"order_product_id": 1, "quantity": 3}]}, "The field 'items' is invalid."),
        (
            {"items": [{"order_product_id": 1, "quantity": 2}, {"order_product_id": 1, "quantity": 1}]},
            "The field 'items' is invalid.",
        ),
        ({"items": [{"order_product_id": 9, "quantity": 1}]}, "The field 'items' is invalid."),
        ({"items": []}, "The field 'items' is invalid."),
        ({"order_address_id": 99}, "The field 'order_address_id' is invalid."),
        ({"tracking_number": "9" * 51}, "The field 'tracking_number' is invalid."),
        ({"tracking_carrier": "Some Carrier!"}, "The field 'tracking_carrier' is invalid."),
    ],
)
def test_what_a_shipment_is_refused_for(store, packed, changes, message):
    path, address, (shirt, _) = packed
    since = store.since()
    body = {"order_address_id": address, "items": [{"order_product_id": shirt, "quantity": 1}], **changes}
    assert refusal(store.post(path, body)) == (400, message)
    assert since.kinds() == []


@pytest.mark.parametrize(
    ("how", "provider", "link"),
    [
        ({}, "custom", ""),
        ({"shipping_provider": ""}, "", ""),
        (
            {"shipping_provider": "", "tracking_carrier": "yunexpress"},
            "",
            "https://www.aftership.com/track/yunexpress/T1",
        ),
        ({"shipping_provider": "", "tracking_carrier": "fedex"}, "", "https://www.fedex.com/fedextrack/?trknbr=T1"),
        ({"shipping_provider": "", "tracking_link": "https://t.example/T1"}, "", ""),
        ({"shipping_provider": "", "tracking_carrier": "some-carrier-we-never-heard-of"}, "", ""),
    ],
)
def test_carriers_and_links(store, packed, how, provider, link):
    path, address, (shirt, _) = packed
    body = {
        "order_address_id": address,
        "items": [{"order_product_id": shirt, "quantity": 1}],
        "tracking_number": "T1",
        **how,
    }
    shown = store.post(path, body).json()
    assert (shown["shipping_provider"], shown["generated_tracking_link"], shown["tracking_link"]) == (
        provider,
        link,
        how.get("tracking_link", ""),
    )


def test_a_shipment_is_changed_and_deleted_but_the_order_keeps_its_status(store, packed):
    path, address, (shirt, mug) = packed
    items = [{"order_product_id": shirt, "quantity": 2}, {"order_product_id": mug, "quantity": 1}]
    store.post(path, {"order_address_id": address, "items": items})
    since = store.since()
    assert store.put(f"{path}/11", {"tracking_number": "T2"}).json()["tracking_number"] == "T2"
    store.put(f"{path}/11", {"tracking_number": "T2"})
    assert refusal(store.put(f"{path}/11", {"items": []}))[0] == 400
    assert store.delete(f"{path}/11").status_code == 204
    assert since.kinds() == ["shipment_updated", "shipment_deleted"]
    order = store.get("/v2/orders/100").json()
    assert (order["status_id"], order["items_shipped"]) == (2, 0)
    assert store.get(f"{path}/11").status_code == 404


def test_by_a_switch_a_shipment_leaves_the_status_alone(store, packed):
    store.turn("shipment_sets_status", False)
    path, address, (shirt, mug) = packed
    store.post(
        path,
        {
            "order_address_id": address,
            "items": [{"order_product_id": shirt, "quantity": 2}, {"order_product_id": mug, "quantity": 1}],
        },
    )
    assert store.get("/v2/orders/100").json()["status_id"] == 11


def test_a_person_ships_what_is_left_with_whatever_carrier_they_type(store, packed):
    assert store.act(
        "ship_order", order_id=100, items=[{"sku": "SHIRT-S", "quantity": 1}], carrier="usps", tracking_number="94001"
    ) == [11]
    assert store.act("ship_order", order_id=100, carrier="Cousin Bob") == [12]
    first, second = store.get(packed[0]).json()
    assert (first["shipping_provider"], first["tracking_number"]) == ("usps", "94001")
    assert (second["shipping_provider"], second["shipping_method"], len(second["items"])) == ("", "Cousin Bob", 2)
    with pytest.raises(ValueError, match="nothing of order 100 is left to ship"):
        store.act("ship_order", order_id=100)


def test_mails_follow_the_settings_of_the_channel_and_none_is_sent_for_a_new_order(store):
    store.ordered()
    assert store.effects("email_sent") == []
    store.put("/v2/orders/100", {"status_id": 5})
    assert [e.detail["about"] for e in store.effects("email_sent")] == ["status"]
    store.http.put("/v3/settings/email-statuses", params={"channel_id": 1}, json={"combined_order_status_email": False})
    store.put("/v2/orders/100", {"status_id": 11})
    store.act("ship_order", order_id=100)
    assert len(store.effects("email_sent")) == 1


def test_a_sale_in_the_storefront_is_an_order_of_the_web(store, shirts):
    order_id = store.act("place_order", lines=[{"sku": "SHIRT-S", "quantity": 2}])
    order = store.get(f"/v2/orders/{order_id}").json()
    assert (order["order_source"], order["status_id"], order["total_inc_tax"], order["payment_status"]) == (
        "www",
        11,
        "80.0000",
        "captured",
    )
    assert store.stock("SHIRT-S") == 3
    with pytest.raises(ValueError, match="OutOfStock"):
        store.act("place_order", lines=[{"sku": "SHIRT-M", "quantity": 3}])
