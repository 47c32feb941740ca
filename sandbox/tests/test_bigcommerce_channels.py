"""Channels, listings, price lists, metafields, customers, settings and currencies of the BigCommerce double."""

from __future__ import annotations

import pytest

from sandbox.tests.bigcommerce_client import account, into, open_store

TIKTOK = {"name": "TikTok-Shop-US", "type": "marketplace", "platform": "tiktok", "external_id": "7495001"}


@pytest.fixture
def store(sandbox):
    return open_store(sandbox)


@pytest.fixture
def channel(store):
    return store.post("/v3/channels", TIKTOK).json()["data"]["id"]


# -- channels ---------------------------------------------------------------------------------------------------------


def test_every_store_has_channel_1_and_takes_more(store, channel):
    rows = store.data("/v3/channels")
    assert [(row["id"], row["type"], row["platform"], row["status"]) for row in rows] == [
        (1, "storefront", "bigcommerce", "active"),
        (channel, "marketplace", "tiktok", "connected"),
    ]
    assert store.data("/v3/channels", platform__in="tiktok")[0]["external_id"] == "7495001"
    assert store.data("/v3/channels", type__in="pos") == []
    assert store.data(f"/v3/channels/{channel}", include="currencies")["currencies"] == {
        "channel_id": channel,
        "enabled_currencies": ["USD"],
        "default_currency": "USD",
    }
    assert store.get("/v3/channels/7").json()["title"] == "Not found"


@pytest.mark.parametrize(
    ("changes", "status", "title"),
    [
        (
            {"platform": "bigcommerce"},
            422,
            "Input channel type [marketplace] with platform [bigcommerce] is not supported",
        ),
        ({"name": "TikTok Shop"}, 422, "The following fields are invalid: `name`"),
        ({"status": "active"}, 422, "The following fields are invalid: `status`"),
        ({"name": 1}, 422, "JSON data is missing or invalid"),
        ({}, 409, 'Channel already exists with name: "TikTok-Shop-US", platform: "tiktok", and type: "marketplace"'),
    ],
)
def test_what_a_channel_is_refused_for(store, channel, changes, status, title):
    answer = store.post("/v3/channels", {**TIKTOK, **changes})
    assert (answer.status_code, answer.json()["title"]) == (status, title)


def test_missing_fields_are_named_in_the_style_of_channels(store):
    errors = store.post("/v3/channels", {"name": 1}).json()["errors"]
    assert errors == {"type": "error.path.missing", "platform": "error.path.missing", "name": "error.expected.jsstring"}


def test_by_a_switch_names_may_have_spaces(store):
    store.turn("channel_names_with_spaces", True)
    assert store.post("/v3/channels", {**TIKTOK, "name": "TikTok Shop US"}).status_code == 200


def test_a_channel_changes_its_name_and_status_but_never_its_kind(store, channel, sandbox):
    path = f"/v3/channels/{channel}"
    assert store.put(path, {"type": "pos"}).status_code == 422
    assert store.put(path, {"icon_url": "x", "status": "archived"}).json()["data"]["status"] == "archived"
    assert store.put(path, {"status": "deleted"}).status_code == 200
    assert store.put(path, {"status": "connected"}).json()["title"].startswith("A deleted channel cannot be updated")
    sandbox.advance(91 * 86400)
    assert store.data(path)["status"] == "terminated"
    assert [e.detail for e in store.effects("channel_updated")] == [
        {"status": s} for s in ("archived", "deleted", "terminated")
    ]


def test_currencies_of_a_channel_must_be_enabled_in_the_store(store, channel):
    path = f"/v3/channels/{channel}/currency-assignments"
    body = {"enabled_currencies": ["USD", "AWG"], "default_currency": "USD"}
    assert "[AWG]" in store.put(path, body).json()["errors"]["enabled_currencies"]
    assert store.post("/v2/currencies", {"currency_code": "GBP", "currency_exchange_rate": "0.8"}).status_code == 200
    assert store.put(path, {"enabled_currencies": ["USD", "GBP"], "default_currency": "GBP"}).status_code == 200
    assert store.data(path)["default_currency"] == "GBP"
    assert store.delete(path).json()["data"] == channel


def test_listings_mirror_what_is_offered_where(store, channel):
    product_id, variants = store.shirt()
    path = f"/v3/channels/{channel}/listings"
    row = {
        "product_id": product_id,
        "state": "pending",
        "external_id": "1729001",
        "variants": [
            {"product_id": product_id, "variant_id": v, "state": "pending", "external_id": f"sku-{v}"}
            for v in variants.values()
        ],
    }
    made = store.post(path, [row]).json()["data"][0]
    assert (made["channel_id"], made["state"], len(made["variants"])) == (channel, "pending", 2)
    change = {
        "listing_id": made["listing_id"],
        "product_id": product_id,
        "state": "active",
        "variants": [{"product_id": product_id, "variant_id": variants["SHIRT-S"], "state": "active"}],
    }
    (changed,) = store.put(path, [change]).json()["data"]
    assert [v["state"] for v in changed["variants"]] == ["active", "pending"]
    assert store.put(path, [{**change, "listing_id": 1}]).json()["data"] == []
    assert store.data(f"{path}/{made['listing_id']}") == changed
    assert store.get(f"{path}/1").json()["title"] == "Listing [1] not found"
    assert store.data(path, product_id__in=product_id) == [changed]
    assert store.data("/v3/channels/7/listings") == []
    assert store.get(path, a=1, b=2).json()["title"] == "The filter(s): a, b are not valid filter parameter(s)."
    bad = store.post(path, [{"product_id": product_id, "state": "odd", "variants": [{"state": "partially_rejected"}]}])
    assert bad.json()["errors"] == {
        "0.state": "error.invalid.state",
        "0.variants.0.product_id": "error.path.missing",
        "0.variants.0.variant_id": "error.path.missing",
        "0.variants.0.state": "error.invalid.state",
    }


def test_listings_are_paged_by_the_last_listing(store, channel):
    ids = [store.product(name=f"P{n}", sku=f"S{n}")["id"] for n in range(5)]
    path = f"/v3/channels/{channel}/listings"
    store.post(path, [{"product_id": one, "state": "active", "variants": []} for one in ids])
    first = store.get(path, limit=2).json()
    assert first["meta"]["pagination"]["links"]["next"] == f"?limit=2&after={first['data'][1]['listing_id']}"
    rest = store.get(path, limit=9, after=first["data"][1]["listing_id"]).json()
    assert [row["product_id"] for row in rest["data"]] == ids[2:]


def test_the_storefront_has_a_site(store):
    assert store.data("/v3/channels/1/site")["url"] == "https://abc123.sandbox.example"
    assert [site["channel_id"] for site in store.data("/v3/sites")] == [1]
    assert store.data("/v3/sites/1000")["channel_id"] == 1


# -- price lists ------------------------------------------------------------------------------------------------------


@pytest.fixture
def listed(store, channel):
    """A price list of the TikTok channel: (its id, product id, variant ids)."""
    product_id, variants = store.shirt()
    price_list = store.post("/v3/pricelists", {"name": "TikTok"}).json()["data"]["id"]
    assert store.put(f"/v3/pricelists/{price_list}/assignments", {"channel_id": channel}).status_code == 200
    return price_list, product_id, variants


def test_a_price_list_prices_orders_of_its_channel(store, channel, listed):
    price_list, product_id, variants = listed
    path = f"/v3/pricelists/{price_list}/records"
    assert (
        store.put(
            path,
            [
                {"sku": "shirt-s", "currency": "usd", "price": 33.5},
                {"variant_id": variants["SHIRT-M"], "currency": "USD", "price": 44, "sale_price": 40},
            ],
        ).status_code
        == 200
    )
    rows = store.data(path)
    assert [
        (row["variant_id"], row["currency"], row["price"], row["calculated_price"], row["product_id"]) for row in rows
    ] == [
        (variants["SHIRT-S"], "usd", 33.5, 33.5, product_id),
        (variants["SHIRT-M"], "usd", 44, 40, product_id),
    ]
    line = {"product_id": product_id, "variant_id": variants["SHIRT-S"], "quantity": 1}
    assert store.ordered(line, channel_id=channel)["total_inc_tax"] == "33.5000"
    assert store.ordered(line)["total_inc_tax"] == "40.0000"
    store.put(f"/v3/pricelists/{price_list}", {"active": False})
    assert store.ordered(line, channel_id=channel)["total_inc_tax"] == "40.0000"


def test_a_bad_record_fails_the_batch_and_is_named(store, listed):
    price_list, _, variants = listed
    path = f"/v3/pricelists/{price_list}/records"
    answer = store.put(
        path,
        [
            {"variant_id": variants["SHIRT-S"], "currency": "USD", "price": 1},
            {"sku": "NONE", "currency": "USD", "price": 1},
        ],
    )
    assert (answer.status_code, [e["data"]["sku"] for e in answer.json()["batch_errors"]]) == (422, ["NONE"])
    assert store.data(path) == []
    assert store.put(path, [{"sku": "SHIRT-S", "currency": "USD", "price": 1}] * 1001).status_code == 413


def test_records_are_read_by_cursor(store, listed):
    price_list, _, variants = listed
    path = f"/v3/pricelists/{price_list}/records"
    store.put(path, [{"variant_id": v, "currency": "USD", "price": 5} for v in variants.values()])
    first = store.get(path, limit=1).json()
    cursor = first["meta"]["cursor_pagination"]
    second = store.get(path, limit=1, after=cursor["end_cursor"]).json()
    assert [r["variant_id"] for r in first["data"] + second["data"]] == list(variants.values())
    assert "next" not in second["meta"]["cursor_pagination"]["links"]
    back = store.get(path, limit=1, before=second["meta"]["cursor_pagination"]["start_cursor"]).json()
    assert back["data"] == first["data"]


def test_a_changed_record_fires_price_list_hooks_only(store, sandbox, listed):
    price_list, _, variants = listed
    sent: list[bytes] = []
    sandbox.outbox.send = into(sent)
    for scope in ("store/priceList/record/*", "store/priceList/records/*", "store/product/*", "store/sku/*"):
        store.post("/v3/hooks", {"scope": scope, "destination": "https://hooks.example.com/in"})
    store.put(f"/v3/pricelists/{price_list}/records/{variants['SHIRT-S']}/usd", {"price": 7})
    store.put(
        f"/v3/pricelists/{price_list}/records",
        [{"variant_id": v, "currency": "USD", "price": 8} for v in variants.values()],
    )
    sandbox.settle()
    assert [b.count(b"price_list_id") for b in sent] == [1, 1, 1]
    assert [b'"store/priceList/record' in b for b in sent] == [True] * 3
    assert store.act("price", sku="SHIRT-S") == "40"


# -- metafields -------------------------------------------------------------------------------------------------------

FIELD = {"namespace": "twinshelf", "key": "tiktok_id", "value": "1729", "permission_set": "app_only"}


@pytest.fixture
def things(store, channel):
    """Where metafields hang: paths of things that exist."""
    product_id, variants = store.shirt()
    order_id = store.ordered()["id"]
    brand = store.post("/v3/catalog/brands", {"name": "Acme"}).json()["data"]["id"]
    category = store.act("add_category", path="Men")
    return [
        f"/v3/catalog/products/{product_id}",
        f"/v3/catalog/products/{product_id}/variants/{variants['SHIRT-S']}",
        f"/v3/catalog/brands/{brand}",
        f"/v3/catalog/categories/{category}",
        f"/v3/orders/{order_id}",
        f"/v3/channels/{channel}",
        "/v3/inventory/locations/1",
        "/v3/store",
    ]


def test_metafields_hang_on_everything(store, things):
    for thing in things:
        made = store.post(f"{thing}/metafields", FIELD)
        assert made.status_code == 200, thing
        row = made.json()["data"]
        assert row["owner_client_id"] == store.client_id
        assert store.data(f"{thing}/metafields") == [row]
        assert store.post(f"{thing}/metafields", FIELD).status_code == 409
        assert store.put(f"{thing}/metafields/{row['id']}", {"value": "1730"}).json()["data"]["value"] == "1730"
        assert store.delete(f"{thing}/metafields/{row['id']}").status_code == 204
        assert store.get(f"{thing}/metafields/{row['id']}").status_code == 404
    assert store.post("/v3/catalog/products/999/metafields", FIELD).status_code == 404
    assert store.post(f"{things[0]}/metafields", {"key": "x" * 65}).status_code == 422


@pytest.mark.parametrize(
    ("permission", "seen", "edited"),
    [
        ("app_only", False, 404),
        ("read", True, 403),
        ("write", True, 200),
        ("read_and_sf_access", True, 403),
        ("write_and_sf_access", True, 200),
    ],
)
def test_what_another_account_may_do_with_a_metafield(store, sandbox, permission, seen, edited):
    path = f"/v3/catalog/products/{store.product()['id']}/metafields"
    row = store.post(path, {**FIELD, "permission_set": permission}).json()["data"]
    other = account(sandbox, "abc123", name="other")
    assert bool(other.data(path)) is seen
    assert other.put(f"{path}/{row['id']}", {"value": "x"}).status_code == edited


def test_a_client_has_250_metafields_per_thing(store):
    path = f"/v3/catalog/products/{store.product()['id']}/metafields"
    for n in range(250):
        assert store.post(path, {**FIELD, "key": str(n)}).status_code == 200
    assert store.post(path, {**FIELD, "key": "250"}).status_code == 422


def test_metafields_in_batches_may_succeed_in_part(store):
    product_id, variants = store.shirt()
    rows = [{**FIELD, "resource_id": v} for v in variants.values()]
    made = store.post("/v3/catalog/variants/metafields", rows)
    assert made.json()["meta"] == {"total": 2, "success": 2, "failed": 0}
    again = store.post("/v3/catalog/variants/metafields", [rows[0], {**rows[1], "key": "other"}])
    assert (again.status_code, again.json()["meta"]) == (422, {"total": 2, "success": 1, "failed": 1})
    found = store.data(
        "/v3/catalog/variants/metafields", key="tiktok_id", namespace="twinshelf", resource_id__in=variants["SHIRT-M"]
    )
    assert [row["resource_id"] for row in found] == [variants["SHIRT-M"]]
    ids = [row["id"] for row in made.json()["data"]]
    gone = store.http.request("DELETE", "/v3/catalog/variants/metafields", json=ids)
    assert gone.json()["data"] == ids
    assert product_id


# -- customers, settings, store ---------------------------------------------------------------------------------------


def test_customers_are_written_ten_at_a_time(store):
    jane = {"email": "jane@example.com", "first_name": "Jane", "last_name": "Doe", "addresses": [{"city": "Austin"}]}
    (made,) = store.post("/v3/customers", [jane]).json()["data"]
    assert store.post("/v3/customers", [{**jane, "email": "JANE@example.com"}]).status_code == 422
    assert store.post("/v3/customers", [jane] * 11).json()["title"].startswith("The request payload is too large.")
    assert (
        store.data("/v3/customers", email__in="jane@example.com", include="addresses")[0]["addresses"][0]["city"]
        == "Austin"
    )
    assert store.put("/v3/customers", [{"id": made["id"], "company": "ACME"}]).json()["data"][0]["company"] == "ACME"
    assert store.ordered(customer_id=made["id"])["customer_id"] == made["id"]
    assert store.delete("/v3/customers", id__in=made["id"]).status_code == 204
    assert store.data("/v3/customers") == []


def test_settings_are_the_stores_and_null_means_not_overridden(store, channel):
    assert store.data("/v3/settings/inventory")["update_stock_behavior"] == "order_placed"
    assert store.put("/v3/settings/inventory", {"update_stock_behavior": "never"}).status_code == 422
    units = store.put("/v3/settings/store/units-of-measurement", {"weight_measurement": "KGS"}).json()["data"]
    assert (units["weight_measurement"], units["length_measurement"]) == ("KGS", "Inches")
    emails = store.data("/v3/settings/email-statuses", channel_id=channel)
    assert set(emails.values()) == {None}
    assert store.get("/v3/settings/inventory", channel_id=9).status_code == 422
    partly = store.put("/v3/settings/inventory/notifications", {"low_stock_notification_address": []})
    assert partly.status_code == 422
    addresses = {"notifications": {"order_placed": {"email_addresses": ["a@example.com"]}}}
    assert store.put("/v3/orders/settings", addresses).json()["notifications"]["forward_invoice"] == {
        "email_addresses": []
    }
    assert store.put(f"/v3/orders/settings/channels/{channel}", addresses).status_code == 422


def test_the_store_tells_who_it_is(sandbox):
    store = open_store(
        sandbox,
        "shop1",
        name="Pots & Pans",
        currency="GBP",
        plan="pro",
        timezone="Europe/London",
        country_code="GB",
        weight_units="KGS",
        is_price_entered_with_tax=True,
    )
    shown = store.data("/v2/store")
    names = (
        "id",
        "store_id",
        "name",
        "currency",
        "currency_symbol",
        "plan_level",
        "country",
        "weight_units",
        "is_price_entered_with_tax",
        "logo",
    )
    assert [shown[name] for name in names] == [
        "shop1",
        1025001,
        "Pots & Pans",
        "GBP",
        "£",
        "Pro",
        "United Kingdom",
        "KGS",
        True,
        [],
    ]
    assert shown["timezone"]["name"] == "Europe/London"
    assert (shown["timezone"]["raw_offset"], shown["timezone"]["dst_offset"]) == (0, 3600)
    assert store.data("/v2/time") == {"time": int(sandbox.world.clock.now())}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currency_exchange_rate", "x"),
        ("currency_exchange_rate", "1e999999999"),
        ("name", ""),
        ("token_location", "above"),
        ("decimal_places", "two"),
        ("enabled", "yes"),
    ],
)
def test_what_a_currency_is_refused_for(store, field, value):
    new = {"currency_code": "EUR", "currency_exchange_rate": "0.9", field: value}
    answer = store.post("/v2/currencies", new)
    assert (answer.status_code, answer.json()[0]["message"]) == (400, f"The field '{field}' is invalid.")
    assert store.put("/v2/currencies/1", {field: value}).status_code == 400


def test_all_currencies_but_the_default_one_are_deleted_at_once(store):
    store.post("/v2/currencies", {"currency_code": "EUR", "currency_exchange_rate": "0.9"})
    assert store.delete("/v2/currencies").status_code == 204
    assert [row["currency_code"] for row in store.data("/v2/currencies")] == ["USD"]


def test_only_transactional_currencies_can_be_ordered_in(sandbox):
    store = open_store(sandbox, "shop2", currencies=["EUR"])
    store.post("/v2/currencies", {"currency_code": "GBP", "currency_exchange_rate": "0.8"})
    assert store.ordered(default_currency_code="EUR")["default_currency_code"] == "EUR"
    assert store.order(default_currency_code="GBP").status_code == 400
    rows = {row["currency_code"]: row for row in store.data("/v2/currencies")}
    assert [(code, row["is_transactional"], row["is_default"]) for code, row in rows.items()] == [
        ("USD", True, True),
        ("EUR", True, False),
        ("GBP", False, False),
    ]
    assert store.delete(f"/v2/currencies/{rows['USD']['id']}").status_code == 400
    assert store.delete(f"/v2/currencies/{rows['GBP']['id']}").status_code == 204


def test_states_are_found_by_name_or_code_and_counted(store):
    (country,) = store.data("/v2/countries", country_iso2="CA")
    states = f"/v2/countries/{country['id']}/states"
    (quebec,) = store.data(states, state_abbreviation="qc")
    assert (quebec["state"], store.data(f"{states}/{quebec['id']}")) == ("Quebec", quebec)
    assert store.data("/v2/countries/states", state="quebec") == [quebec]
    assert (store.data(f"{states}/count"), store.get(f"{states}/1").status_code) == ({"count": 13}, 404)
    every = store.data("/v2/countries/count")["count"]
    assert store.data("/v2/countries/count", country="Canada") == {"count": 1}
    assert every > 200


def test_countries_and_their_states_are_named_in_full(store):
    (us,) = store.data("/v2/countries", country_iso2="US")
    states = {
        row["state_abbreviation"]: row["state"]
        for row in store.get(f"/v2/countries/{us['id']}/states", limit=250).json()
    }
    assert (us["country"], us["country_iso3"], states["TX"], len(states)) == ("United States", "USA", "Texas", 52)
    assert store.get("/v2/countries/9999").status_code == 404
