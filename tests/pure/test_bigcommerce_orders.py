"""Orders, shipments, the store and its channels become documents; drafts become JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings, strategies

from twinshelf.documents import (
    Address,
    Money,
    StoreInfo,
    StoreOrder,
    StoreOrderDraft,
    StoreOrderItem,
    StoreOrderLine,
    StoreOrderState,
    StoreShipment,
)
from twinshelf.errors import DocumentError, GoneFromStore, OutOfStock, Refused
from twinshelf.storefronts.bigcommerce import orders, shipments, states, store, wire
from twinshelf.storefronts.bigcommerce.answers import judge

GONE = object()


def usd(amount):
    return Money(Decimal(amount), "USD")


def without_gone(row):
    return {name: value for name, value in row.items() if value is not GONE}


# -- orders ---------------------------------------------------------------------------------------------------------


def order_json(**changes):
    row = {
        "id": 218, "status_id": 11, "date_created": "Tue, 05 Mar 2019 21:40:11 +0000",
        "date_modified": "Mon, 11 Mar 2019 15:17:25 +0000", "date_shipped": "", "total_inc_tax": "69.8400",
        "currency_code": "EUR", "default_currency_code": "USD", "external_order_id": "576461413038785752",
        "external_source": "41037", "external_id": None, "channel_id": 1053001, "is_deleted": False,
    }  # fmt: skip
    return without_gone(row | changes)


def order(**changes):
    found = StoreOrder(
        id="218",
        state=StoreOrderState.AWAITING_FULFILLMENT,
        external_order_id="576461413038785752",
        external_source="41037",
        channel_id="1053001",
        total_inc_tax=usd("69.8400"),
        created_at=datetime(2019, 3, 5, 21, 40, 11, tzinfo=UTC),
        modified_at=datetime(2019, 3, 11, 15, 17, 25, tzinfo=UTC),
    )
    return msgspec.structs.replace(found, **changes)


@pytest.mark.parametrize(
    ("_case", "changes", "expected"),
    [
        ("as documented", {}, order()),
        ("not ours", {"external_order_id": None, "external_source": None},
         order(external_order_id="", external_source="")),
        ("without the keys", {"external_order_id": GONE, "external_source": GONE, "is_deleted": GONE},
         order(external_order_id="", external_source="")),
        ("archived", {"is_deleted": True}, order(archived=True)),
        ("of the storefront", {"channel_id": None}, order(channel_id="1")),
        ("numbers in quotes", {"id": "218", "status_id": "11"}, order()),
        ("a status of tomorrow", {"status_id": 99}, order(state=StoreOrderState.UNKNOWN)),
        ("one currency named", {"default_currency_code": ""}, order(total_inc_tax=Money(Decimal("69.8400"), "EUR"))),
        ("a date as V3 writes it", {"date_created": "2019-03-05T21:40:11Z"}, order()),
        ("another time zone", {"date_created": "Tue, 05 Mar 2019 22:40:11 +0100"}, order()),
    ],
)  # fmt: skip
def test_order(_case, changes, expected):
    assert orders.order_from_json(json.dumps(order_json(**changes)).encode()) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", None), ("status_id", None), ("status_id", "Shipped"), ("total_inc_tax", GONE), ("total_inc_tax", ""),
     ("total_inc_tax", "-1.0000"), ("date_modified", ""), ("date_created", "yesterday"), ("date_created", GONE)],
)  # fmt: skip
def test_an_order_names_what_cannot_be_read(field, value):
    with pytest.raises(DocumentError) as raised:
        orders.order_from_json(json.dumps(order_json(**{field: value})).encode())
    assert raised.value.field == field


def test_an_order_without_a_currency():
    with pytest.raises(DocumentError, match="default_currency_code"):
        orders.order_from_json(json.dumps(order_json(default_currency_code=None, currency_code=None)).encode())


def test_a_list_of_orders_survives_one_bad_row():
    rows = [order_json(id=1), order_json(id=2, status_id=None), order_json(id=3, date_modified="")]
    good, bad = orders.orders_from_json(json.dumps(rows).encode())
    assert good == [order(id="1")]
    assert [(entry.id, entry.error.field) for entry in bad] == [("2", "status_id"), ("3", "date_modified")]


@pytest.mark.parametrize(
    ("_case", "rows", "last_id", "more"),
    [
        ("nothing more", [], "98", False),
        ("by number, not by text", [order_json(id=99), order_json(id=100)], "100", True),
        ("past an order that cannot be read", [order_json(id=99), order_json(id=100, status_id=None)], "100", True),
        ("a page that is not full", [order_json(id=99)], "99", False),
    ],
)
def test_a_scan_of_orders_goes_on_after_the_highest_number(_case, rows, last_id, more):
    page = orders.page_from_json(json.dumps(rows).encode(), after="98", limit=2)
    assert (page.last_id, page.more) == (last_id, more)


def test_no_content_is_an_empty_list():
    assert orders.orders_from_json(b"") == ([], ())
    assert orders.items_from_json(b"") == ([], ())
    assert shipments.shipments_from_json(b"") == ([], ())


@pytest.mark.parametrize("body", [b"<html>", b"[{", b"{}", b"null", b'[{"id": 1}, '])
def test_what_is_no_list_is_no_answer(body):
    with pytest.raises(wire.NotAnAnswer):
        orders.orders_from_json(body)


def test_items():
    rows = [
        {
            "id": 65,
            "product_id": 77,
            "variant_id": 93,
            "order_address_id": 51,
            "sku": "S",
            "quantity": 2,
            "quantity_shipped": 1,
        },
        {"id": 66, "product_id": 0, "variant_id": None, "order_address_id": 0, "sku": None, "quantity": "1"},
        {"id": 67},
    ]
    good, bad = orders.items_from_json(json.dumps(rows).encode())
    assert good == [
        StoreOrderItem(id="65", product_id="77", variant_id="93", sku="S", quantity=2, shipped=1, address_id="51"),
        StoreOrderItem(id="66", product_id="", variant_id="", sku="", quantity=1),
    ]
    assert [(entry.id, entry.error.field) for entry in bad] == [("67", "quantity")]


# -- drafts ---------------------------------------------------------------------------------------------------------

JANE = Address(
    first_name="Jane",
    last_name="Doe",
    street_1="123 Main Street",
    city="Austin",
    state="Texas",
    postal_code="78751",
    country_code="US",
    phone="+1 202 555 0100",
    email="buyer-1@orders.example",
)
JANE_JSON = {
    "first_name": "Jane", "last_name": "Doe", "company": "", "street_1": "123 Main Street", "street_2": "",
    "city": "Austin", "state": "Texas", "zip": "78751", "country_iso2": "US", "phone": "+1 202 555 0100",
    "email": "buyer-1@orders.example",
}  # fmt: skip


def line(**changes):
    found = StoreOrderLine(
        product_id="77",
        variant_id="93",
        sku="MUG-S",
        name="Enamel mug",
        quantity=2,
        unit_price_ex_tax=usd("12.00"),
        unit_price_inc_tax=usd("12.99"),
    )
    return msgspec.structs.replace(found, **changes)


def draft(**changes):
    found = StoreOrderDraft(
        external_order_id="576461413038785752",
        external_source="41037",
        external_merchant_id="7495123456789012345",
        channel_id="1053001",
        state=StoreOrderState.AWAITING_FULFILLMENT,
        address=JANE,
        lines=(line(),),
        shipping_method="Standard",
        shipping_ex_tax=usd("4.00"),
        shipping_inc_tax=usd("4.33"),
        discount=usd("1.50"),
        subtotal_ex_tax=usd("24.00"),
        subtotal_inc_tax=usd("25.98"),
        total_ex_tax=usd("26.50"),
        total_inc_tax=usd("28.81"),
    )
    return msgspec.structs.replace(found, **changes)


def test_a_draft_becomes_the_body_of_an_order():
    assert orders.draft_to_json(draft(customer_message="Thanks!", staff_notes="From TikTok Shop")) == {
        "status_id": 11,
        "customer_id": 0,
        "channel_id": 1053001,
        "external_source": "41037",
        "external_order_id": "576461413038785752",
        "external_merchant_id": "7495123456789012345",
        "payment_method": "TikTok Shop",
        "billing_address": JANE_JSON,
        "shipping_addresses": [{**JANE_JSON, "shipping_method": "Standard"}],
        "products": [
            {
                "product_id": 77,
                "variant_id": 93,
                "quantity": 2,
                "price_ex_tax": Decimal("12.00"),
                "price_inc_tax": Decimal("12.99"),
            }
        ],
        "shipping_cost_ex_tax": Decimal("4.00"),
        "shipping_cost_inc_tax": Decimal("4.33"),
        "discount_amount": Decimal("1.50"),
        "subtotal_ex_tax": Decimal("24.00"),
        "subtotal_inc_tax": Decimal("25.98"),
        "total_ex_tax": Decimal("26.50"),
        "total_inc_tax": Decimal("28.81"),
        "customer_message": "Thanks!",
        "staff_notes": "From TikTok Shop",
    }


@pytest.mark.parametrize(
    ("_case", "changes", "expected"),
    [
        ("by its name", {}, ("Enamel mug", "MUG-S")),
        ("without a name", {"name": " "}, ("MUG-S", "MUG-S")),
        ("without anything", {"name": "", "sku": ""}, ("TikTok Shop item", "")),
        ("with a very long name", {"name": "x" * 300}, ("x" * 250, "MUG-S")),
    ],
)
def test_a_line_without_a_variant_is_a_custom_line(_case, changes, expected):
    (row,) = orders.draft_to_json(draft(lines=(line(product_id="", variant_id="", **changes),)))["products"]
    name, sku = expected
    assert row == {
        "name": name, "sku": sku, "quantity": 2, "price_ex_tax": Decimal("12.00"), "price_inc_tax": Decimal("12.99"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("postal_code", "zip_code"),
    [("78751", "78751"), (" SW1A 1AA ", "SW1A 1AA"), ("12", "12"), ("7", "00000"), ("", "00000"), ("  ", "00000")],
)
def test_a_postal_code_is_never_shorter_than_bigcommerce_takes(postal_code, zip_code):
    assert orders.address_to_json(Address(postal_code=postal_code))["zip"] == zip_code


def test_an_address_has_no_nulls_and_no_empty_email():
    body = orders.address_to_json(Address())
    assert "email" not in body
    assert "country" not in body
    assert all(isinstance(part, str) for part in body.values())


LANES = " ".join(["Lane"] * 100)  # 499 characters


@pytest.mark.parametrize(
    ("_case", "streets", "sent", "lost"),
    [
        ("as it is", ("1 Mill Lane", "Apt 4"), ("1 Mill Lane", "Apt 4"), ()),
        ("255 characters", ("x" * 255, "Apt 4"), ("x" * 255, "Apt 4"), ()),
        ("256, one word", ("x" * 256, "Apt 4"), ("x" * 255, "x, Apt 4"), ()),
        ("parted at a blank", (f"{'x' * 250} Elm Street", ""), (f"{'x' * 250} Elm", "Street"), ()),
        ("a blank at the very end", (f"{'x' * 255} Elm", ""), ("x" * 255, "Elm"), ()),
        ("both lines full", (LANES, ""), (" ".join(["Lane"] * 51), " ".join(["Lane"] * 49)), ()),
        ("more than both", (LANES, "y" * 20), (" ".join(["Lane"] * 51), " ".join(["Lane"] * 49) + ","), ("street",)),
    ],
)
def test_a_long_street_goes_on_in_the_second_line(_case, streets, sent, lost):
    address = msgspec.structs.replace(JANE, street_1=streets[0], street_2=streets[1])
    body = orders.address_to_json(address)

    assert (body["street_1"], body["street_2"].rstrip(",")) == (sent[0], sent[1].rstrip(","))
    assert orders.shortened(address) == lost


@pytest.mark.parametrize("name", ["first_name", "last_name", "company", "city", "state", "postal_code", "phone"])
def test_a_part_that_is_too_long_is_cut_and_told_in_full_to_the_staff(name):
    long = f"{'Ada ' * 70}Moss"
    address = msgspec.structs.replace(JANE, **{name: long})
    body = orders.draft_to_json(draft(address=address))

    assert orders.shortened(address) == (name,)
    assert body["billing_address"]["zip" if name == "postal_code" else name] == ("Ada " * 64).strip()
    assert body["staff_notes"].splitlines()[-1] == (f"The address in full, where it is too long for its fields: {long}")


@pytest.mark.parametrize(
    ("email", "sent"),
    [
        ("7493@tiktok.com", True),
        ("7493", False),
        ("7493@tiktok", False),
        ("a b@tiktok.com", False),
        ("", False),
        (f"{'x' * 244}@tiktok.com", True),
        (f"{'x' * 245}@tiktok.com", False),
    ],
)
def test_an_email_that_would_be_refused_is_left_out(email, sent):
    assert ("email" in orders.address_to_json(msgspec.structs.replace(JANE, email=email))) is sent


def test_a_shipping_method_has_255_characters_at_most():
    body = orders.draft_to_json(draft(shipping_method="x" * 300))
    assert body["shipping_addresses"][0]["shipping_method"] == "x" * 255


any_text = strategies.text(alphabet="ab ,", max_size=600)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(any_text, any_text)
def test_nothing_of_a_street_is_lost_unless_it_is_told(street_1, street_2):
    address = msgspec.structs.replace(JANE, street_1=street_1, street_2=street_2)
    body = orders.address_to_json(address)
    letters = [
        each.replace(" ", "").replace(",", "") for each in (street_1 + street_2, body["street_1"] + body["street_2"])
    ]

    assert max(len(body["street_1"]), len(body["street_2"])) <= 255
    assert (letters[0] == letters[1]) is (orders.shortened(address) == ())
    assert letters[0].startswith(letters[1])
    notes = orders.draft_to_json(draft(address=address)).get("staff_notes", "")
    assert (street_1 in notes) or orders.shortened(address) == ()


def refused(status, message, *, errors=None):
    details = {"details": {"errors": errors}} if errors else {}
    body = msgspec.json.encode([{"status": status, "message": message, **details}])
    with pytest.raises(Refused) as raised:
        judge(status, {}, body, content_type="application/json", doing="this", repeatable=False)
    return orders.explained(raised.value, "GBP")


QUANTITIES = "Quantities of one or more products are out of stock or did not meet quantity requirements."
MUG = {"id": 77, "name": "Enamel mug"}
LEAST_TWO = MUG | {"minimum_quantity": 2}


@pytest.mark.parametrize(
    ("_case", "told", "kind", "code", "answer", "passes"),
    [
        (
            "a variant that is gone", refused(400, "The field 'products.variant_id' is invalid."), GoneFromStore,
            "E-ORD-REFUSED", "it does not have a product of the order any more", False,
        ),
        (
            "a product that is gone", refused(400, "The field 'products.product_id' is invalid."), GoneFromStore,
            "E-ORD-REFUSED", "it does not have a product of the order any more", False,
        ),
        (
            "a currency", refused(400, "The field 'default_currency_code' is invalid."), Refused,
            "E-ORD-CURRENCY", "the store takes no orders in GBP", False,
        ),
        (
            "a postal code", refused(400, "The field 'billing_address.zip' is invalid."), Refused,
            "E-ORD-PLACE", "it does not take the postal code of the address", False,
        ),
        (
            "a country", refused(400, "The field 'shipping_addresses.country_iso2' is invalid."), Refused,
            "E-ORD-PLACE", "it does not take the country of the address", False,
        ),
        (
            "another field", refused(400, "The field 'channel_id' is invalid."), Refused,
            "E-ORD-REFUSED", "The field 'channel_id' is invalid", False,
        ),
        (
            "fewer than are sold at a time",
            refused(409, QUANTITIES, errors=[{"type": "InsufficientQuantity", "product": LEAST_TWO}]),
            Refused, "E-ORD-QUANTITY", "Enamel mug is sold at least 2 at a time", False,
        ),
        (
            "more than are sold at a time",
            refused(409, QUANTITIES, errors=[{"type": "ExceedsMaxQuantity", "product": MUG | {"maximum_quantity": 5}}]),
            Refused, "E-ORD-QUANTITY", "Enamel mug is sold at most 5 at a time", False,
        ),
        (
            "out of stock, which may pass",
            refused(409, QUANTITIES, errors=[{"type": "OutOfStock", "product": MUG}]),
            OutOfStock, "E-PLATFORM", None, True,
        ),
        ("a conflict, which may pass", refused(409, "Busy."), Refused, "E-PLATFORM", "Busy.", True),
        ("a refusal without a word, which may be a mishap", refused(400, ""), Refused, "E-PLATFORM", None, True),
    ],
)  # fmt: skip
def test_why_an_order_is_refused(_case, told, kind, code, answer, passes):
    assert (type(told), told.code, told.permanent) == (kind, code, not passes)
    if answer is not None:
        assert told.facts["answer"] == answer


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"total_ex_tax": Money(Decimal(1), "EUR")}, "total_ex_tax"),
        ({"discount": Money(Decimal(0), "GBP")}, "discount"),
        ({"lines": (line(), line(unit_price_inc_tax=Money(Decimal(1), "EUR")))}, "lines[1].unit_price_inc_tax"),
        ({"shipping_ex_tax": usd("-1")}, "shipping_ex_tax"),
        ({"total_inc_tax": usd("NaN")}, "total_inc_tax"),
        ({"lines": ()}, "lines"),
    ],
)
def test_a_draft_that_contradicts_itself_is_not_sent(changes, field):
    with pytest.raises(DocumentError) as raised:
        orders.draft_to_json(draft(**changes))
    assert raised.value.field == field


@pytest.mark.parametrize(("store_currency", "sent"), [(None, None), ("USD", None), ("EUR", "USD")])
def test_a_foreign_currency_is_named(store_currency, sent):
    assert orders.draft_to_json(draft(), store_currency=store_currency).get("default_currency_code") == sent


@pytest.mark.parametrize(
    ("_case", "handling", "sent"),
    [("none", None, None), ("fees: a pair, without tax of their own", usd("0.75"), Decimal("0.75"))],
)
def test_fees_go_as_handling(_case, handling, sent):
    body = orders.draft_to_json(draft(handling=handling))

    assert (body.get("handling_cost_ex_tax"), body.get("handling_cost_inc_tax")) == (sent, sent)


def test_every_status_goes_both_ways():
    found = [states.state_of(number) for number in range(15)]

    assert [states.number_of(state) for state in found] == list(range(15))
    assert {*found, StoreOrderState.UNKNOWN} == {*StoreOrderState}
    assert (found[5], found[11]) == ("cancelled", "awaiting_fulfillment")


# -- shipments ------------------------------------------------------------------------------------------------------


def test_shipment():
    row = {
        "id": 11, "order_id": 228, "tracking_number": " EJ958083578US ", "shipping_provider": "usps",
        "tracking_carrier": "", "shipping_method": None,
        "items": [{"order_product_id": 194, "product_id": 0, "quantity": "1"}],
    }  # fmt: skip
    expected = StoreShipment(
        id="11", order_id="228", tracking_number="EJ958083578US", carrier="USPS", items=(("194", 1),)
    )
    assert shipments.shipment_from_json(json.dumps(row).encode()) == expected
    good, bad = shipments.shipments_from_json(json.dumps([row, row | {"items": None}]).encode())
    assert good == [expected]
    assert [(entry.id, entry.error.field) for entry in bad] == [("11", "items")]


@pytest.mark.parametrize(
    ("_case", "tracking_carrier", "shipping_provider", "shipping_method", "name"),
    [
        ("the code of a carrier", "usps", "fedex", "Ground", "USPS"),
        ("the provider next", "", "royalmail", "Tracked 48", "Royal Mail"),
        ("what the merchant typed", "", "DFL", "", "DFL"),
        ("typed like a code", "", " FedEx ", "", "FedEx"),
        ("the method last", "", "", "UniUni", "UniUni"),
        ("'custom' is no carrier", "", "custom", "UniUni", "UniUni"),
        ("an app's number is no carrier", "", "carrier_117", "Veho", "Veho"),
        ("'None' is no method", "", "", "None", ""),
        ("nothing at all", "", "", "", ""),
    ],
)
def test_carrier(_case, tracking_carrier, shipping_provider, shipping_method, name):
    assert shipments.carrier(tracking_carrier, shipping_provider, shipping_method) == name


def test_a_shipment_always_names_its_provider():
    body = shipments.shipment_to_json(
        address_id="51", items=[("65", 2)], tracking_number="1Z", carrier="UniUni", comments=""
    )
    assert body == {
        "order_address_id": 51,
        "items": [{"order_product_id": 65, "quantity": 2}],
        "tracking_number": "1Z",
        "tracking_carrier": "",
        "shipping_provider": "",
        "shipping_method": "UniUni",
    }


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("USPS", {"tracking_carrier": "usps", "shipping_provider": ""}),
        (" ups ", {"tracking_carrier": "ups", "shipping_provider": ""}),
        ("EVRi", {"tracking_carrier": "myhermes-uk", "shipping_provider": ""}),
        ("Royal Mail", {"tracking_carrier": "", "shipping_provider": "royalmail"}),
        ("Canada Post", {"tracking_carrier": "canada-post", "shipping_provider": ""}),
        ("Panther UK", {"tracking_carrier": "", "shipping_provider": "", "shipping_method": "Panther UK"}),
        ("", {"tracking_carrier": "", "shipping_provider": ""}),
    ],
)
def test_a_carrier_is_named_by_its_code_and_read_back_as_it_was(name, fields):
    assert shipments.carrier_to_json(name) == fields
    read = shipments.carrier(fields["tracking_carrier"], fields["shipping_provider"], fields.get("shipping_method", ""))
    assert read.casefold() == name.strip().casefold()


# -- the store ------------------------------------------------------------------------------------------------------

STORE_JSON = {
    "id": "abc123", "name": "Mugs", "currency": "USD", "timezone": {"name": "America/Chicago"}, "logo": [],
    "weight_units": "Ounces", "dimension_units": "Inches", "is_price_entered_with_tax": True,
    "control_panel_base_url": "https://store-abc123.mybigcommerce.com",
}  # fmt: skip


@pytest.mark.parametrize(
    ("units", "weight", "length"),
    [
        (("LBS", "Inches"), "LB", "IN"),
        (("KGS", "Centimeters"), "KG", "CM"),
        (("Grams", "Centimeters"), "G", "CM"),
        (("Tonnes", "Centimeters"), "T", "CM"),
        (("Ounces", ""), "OZ", "IN"),
        (("", ""), "OZ", "IN"),
    ],
)
def test_store(units, weight, length):
    assert store.store_from_json(json.dumps(STORE_JSON).encode(), units) == StoreInfo(
        hash="abc123",
        name="Mugs",
        currency="USD",
        time_zone="America/Chicago",
        weight_unit=weight,
        length_unit=length,
        prices_include_tax=True,
        control_panel_url="https://store-abc123.mybigcommerce.com",
    )


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)//", "http://evil.example", "//evil.example", "data:text/html,x", 'https://a.b/" onclick="x',
     "https://[x", "https://", "ftp://a.b"],
)  # fmt: skip
def test_only_a_page_is_taken_as_control_panel(address):
    told = json.dumps(STORE_JSON | {"control_panel_base_url": address}).encode()

    assert store.store_from_json(told, ("Ounces", "Inches")).control_panel_url == ""


@pytest.mark.parametrize(
    ("changes", "units", "field"),
    [
        ({}, ("Stone", "Inches"), "weight_measurement"),
        ({"weight_units": "metric"}, ("", ""), "weight_measurement"),
        ({}, ("LBS", "Furlongs"), "length_measurement"),
        ({"currency": None}, ("LBS", "Inches"), "currency"),
        ({"id": "../abc"}, ("LBS", "Inches"), "id"),
    ],
)
def test_a_store_names_what_cannot_be_read(changes, units, field):
    with pytest.raises(DocumentError) as raised:
        store.store_from_json(json.dumps(STORE_JSON | changes).encode(), units)
    assert raised.value.field == field


@pytest.mark.covers("SILK-05")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc123", "abc123"),
        (" 3L1R5P07VZ ", "3l1r5p07vz"),
        ("https://store-3l1r5p07vz.mybigcommerce.com/manage/dashboard", "3l1r5p07vz"),
        ("store-3l1r5p07vz.mybigcommerce.com", "3l1r5p07vz"),
        ("https://store-3l1r5p07vz-1.mybigcommerce.com/", "3l1r5p07vz"),
        ("https://api.bigcommerce.com/stores/3l1r5p07vz/v3/", "3l1r5p07vz"),
    ],
)
def test_the_store_hash_is_found_in_what_people_paste(text, expected):
    assert store.hash_from_address(text) == expected


@pytest.mark.covers("SILK-05")
@pytest.mark.parametrize(
    "text",
    ["", "a", "https://www.example.com", "../v2/orders", "abc 123", "https://store-.mybigcommerce.com",
     "https://evil.example/store-abc123.mybigcommerce.com", "https://store-abc123.mybigcommerce.com.evil.example/"],
)  # fmt: skip
def test_anything_else_is_no_store_hash(text):
    with pytest.raises(DocumentError):
        store.hash_from_address(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("TikTok-Shop-US", "TikTok-Shop-US"),
        ("TikTok Shop (US)", "TikTok-Shop-US"),
        ("Café_1", "Caf-_1"),
        ("抖音", "TikTok-Shop"),
    ],
)
def test_a_channel_name_has_only_what_bigcommerce_takes(text, name):
    assert store.channel_name(text) == name
