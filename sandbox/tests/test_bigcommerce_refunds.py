"""Orders V3 of the BigCommerce double: quotes, refunds, transactions."""

from __future__ import annotations

import pytest

from sandbox.tests.bigcommerce_client import account, open_store


@pytest.fixture
def store(sandbox):
    return open_store(sandbox)


@pytest.fixture
def paid(store):
    """An order of two shirts and shipping, 85.00 in all: (path of its payment actions, line id)."""
    product_id, variants = store.shirt()
    order = store.ordered(
        {"product_id": product_id, "variant_id": variants["SHIRT-S"], "quantity": 2},
        base_shipping_cost=5,
        payment_method="TikTok Shop",
        external_order_id="576",
    )
    (line,) = store.get(f"/v2/orders/{order['id']}/products").json()
    return f"/v3/orders/{order['id']}/payment_actions", line["id"]


def custom(amount):
    return [{"provider_id": "custom", "amount": amount, "offline": True}]


def test_a_quote_offers_ways_to_pay_back_each_an_array(store, paid):
    path, line = paid
    answer = store.post(
        f"{path}/refund_quotes",
        {
            "items": [
                {"item_type": "PRODUCT", "item_id": line, "quantity": 1},
                {"item_type": "SHIPPING", "item_id": 1, "amount": 2.5},
            ]
        },
    )
    assert answer.status_code == 201
    quote = answer.json()["data"]
    assert (quote["total_refund_amount"], quote["total_refund_tax_amount"]) == (42.5, 0)
    ((way,),) = quote["refund_methods"]
    assert (way["provider_id"], way["provider_description"], way["amount"], way["offline"]) == (
        "custom",
        "TikTok Shop",
        42.5,
        True,
    )


def test_refunds_move_the_status_but_never_the_stock(store, paid):
    path, line = paid
    item = {"item_type": "PRODUCT", "item_id": line, "quantity": 1, "reason": "Too small"}
    since = store.since()
    made = store.post(f"{path}/refunds", {"items": [item], "payments": custom(40)})
    assert made.status_code == 201
    refund = made.json()["data"]
    assert (refund["id"], refund["total_amount"], refund["reason"], refund["payments"][0]["is_declined"]) == (
        12,
        40,
        "Too small",
        False,
    )
    assert since.kinds() == ["refund_created", "order_status", "email_sent"]
    order = store.get("/v2/orders/100").json()
    assert (order["status_id"], order["payment_status"], order["refunded_amount"]) == (
        14,
        "partially refunded",
        "0.0000",
    )
    store.post(
        f"{path}/refunds",
        {"items": [item, {"item_type": "SHIPPING", "item_id": 1, "amount": 5}], "payments": custom(45)},
    )
    order = store.get("/v2/orders/100").json()
    assert (order["status_id"], order["payment_status"]) == (4, "refunded")
    assert store.get("/v2/orders/100/products").json()[0]["quantity_refunded"] == 2
    assert store.stock("SHIRT-S") == 3
    assert [row["id"] for row in store.data(f"{path}/refunds")] == [12, 13]
    assert store.data("/v3/orders/payment_actions/refunds", id__in=13)[0]["total_amount"] == 45
    assert store.data("/v3/orders/payment_actions/refunds/12") == refund


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (
            {"items": [{"item_type": "PRODUCT", "item_id": 1, "quantity": 1}], "payments": custom(39)},
            "The payment amounts must equal the refund total.",
        ),
        (
            {"items": [{"item_type": "PRODUCT", "item_id": 1, "quantity": 3}], "payments": custom(120)},
            "The quantity of item 1 is more than can be refunded.",
        ),
        (
            {"items": [{"item_type": "PRODUCT", "item_id": 9, "quantity": 1}], "payments": custom(1)},
            "The item or its quantity is invalid.",
        ),
        (
            {"items": [{"item_type": "ORDER", "item_id": 100, "amount": 86}], "payments": custom(86)},
            "The refund amount is more than is left of the order.",
        ),
        (
            {
                "items": [{"item_type": "ORDER", "item_id": 100, "amount": 1}],
                "payments": [{"provider_id": "storecredit", "amount": 1}],
            },
            "Unable to provide store credit for a guest customer.",
        ),
    ],
)
def test_what_a_refund_is_refused_for_inside_an_array(store, paid, body, title):
    since = store.since()
    answer = store.post(f"{paid[0]}/refunds", body)
    assert answer.status_code == 422
    (row,) = answer.json()["data"]
    assert (row["status"], row["title"]) == (422, title)
    assert since.kinds() == []


@pytest.mark.parametrize(
    ("item", "title"),
    [
        ({"item_type": "SHIPPING", "item_id": 9, "amount": 1}, "The item is invalid."),
        ({"item_type": "SHIPPING", "item_id": 1, "amount": 5.01}, "The amount is more than is left of the item."),
        ({"item_type": "HANDLING", "item_id": 1, "amount": 1}, "The amount is more than is left of the item."),
        ({"item_type": "FEE", "item_id": 1, "amount": 1}, "The item is invalid."),
        ({"item_type": "ORDER", "item_id": 101, "amount": 1}, "The item is invalid."),
        ({"item_type": "TAX", "amount": 1}, "The amount is more than is left of the item."),
        ({"item_type": "PRODUCT", "item_id": True, "quantity": 1}, "The item or its quantity is invalid."),
        (
            {"item_type": "PRODUCT", "item_id": 1, "quantity": 1, "adjustments": [{"amount": -41}]},
            "The refund amount must not be less than zero.",
        ),
    ],
)
def test_no_more_is_given_back_than_there_is_of_each_thing(store, paid, item, title):
    answer = store.post(f"{paid[0]}/refund_quotes", {"items": [item]})
    assert (answer.status_code, answer.json()["data"][0]["title"]) == (422, title)


def test_what_was_given_back_of_the_shipping_is_gone(store, paid):
    item = {"item_type": "SHIPPING", "item_id": 1, "amount": 3}
    assert store.post(f"{paid[0]}/refunds", {"items": [item], "payments": custom(3)}).status_code == 201
    assert store.post(f"{paid[0]}/refund_quotes", {"items": [item]}).status_code == 422
    assert store.post(f"{paid[0]}/refund_quotes", {"items": [{**item, "amount": 2}]}).status_code == 201


def test_a_merchants_own_total_is_held_against_the_order_too(store, paid):
    body = {
        "items": [{"item_type": "ORDER", "item_id": 100, "amount": 1}],
        "payments": custom(86),
        "merchant_calculated_override": {"total_amount": 86, "total_tax": 0},
    }
    answer = store.post(f"{paid[0]}/refunds", body)
    title = "The refund amount is more than is left of the order."
    assert (answer.status_code, answer.json()["data"][0]["title"]) == (422, title)


@pytest.mark.parametrize("status_id", [0, 7])
def test_nothing_is_given_back_of_what_was_never_paid(store, status_id):
    order = store.ordered(status_id=status_id)["id"]
    quote = {"items": [{"item_type": "ORDER", "item_id": order, "amount": 1}]}
    answer = store.post(f"/v3/orders/{order}/payment_actions/refund_quotes", quote)
    title = "The payment of this order has not been received."
    assert (answer.status_code, answer.json()["data"][0]["title"]) == (422, title)


def test_a_second_refund_at_the_same_time_is_refused_by_a_switch(store, paid, sandbox):
    store.turn("refund_busy_seconds", 30)
    body = {"items": [{"item_type": "ORDER", "item_id": 100, "amount": 1}], "payments": custom(1)}
    assert store.post(f"{paid[0]}/refunds", body).status_code == 201
    assert store.post(f"{paid[0]}/refunds", body).status_code == 422
    sandbox.advance(31)
    assert store.post(f"{paid[0]}/refunds", body).status_code == 201


def test_transactions_are_none_for_orders_paid_elsewhere_and_need_a_scope_of_their_own(store, paid, sandbox):
    assert store.get("/v3/orders/100/transactions").status_code == 204
    sold = store.act("place_order", lines=[{"sku": "SHIRT-S", "quantity": 1}])
    (row,) = store.data(f"/v3/orders/{sold}/transactions")
    assert (row["order_id"], row["amount"], row["event"]) == (str(sold), 40, "purchase")
    orders_only = account(sandbox, "abc123", scopes=["store_v2_orders"])
    assert orders_only.get("/v3/orders/100/transactions").status_code == 403
    assert orders_only.get("/v3/orders/100/payment_actions/refunds").status_code == 200
    reader = account(sandbox, "abc123", scopes=["store_v2_transactions_read_only"])
    assert reader.get("/v3/orders/100/payment_actions/refunds").status_code == 200
    assert reader.post("/v3/orders/100/payment_actions/refunds", {}).status_code == 403
    assert store.post(f"{paid[0]}/capture").status_code == 422
