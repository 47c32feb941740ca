"""How lists of small things are narrowed: price lists, customers and their addresses, metafields, messages."""

from __future__ import annotations

import pytest

from sandbox.tests.bigcommerce_client import open_store

META = {"namespace": "n", "key": "k", "value": "v", "permission_set": "read"}


@pytest.fixture
def store(sandbox):
    return open_store(sandbox)


@pytest.fixture
def prices(store):
    """A price list with 3.00 for the small shirt and 5.00, on sale for 4.00, for the medium one."""
    store.shirt()
    store.post("/v3/pricelists", {"name": "TikTok"})
    path = "/v3/pricelists/1/records"
    made = store.post(path, [
        {"sku": "SHIRT-S", "currency": "usd", "price": 3},
        {"sku": "SHIRT-M", "currency": "usd", "price": 5, "sale_price": 4},
        {"sku": "SHIRT-M", "currency": "eur", "price": 6},
    ])  # fmt: skip
    assert (made.status_code, made.json()) == (200, {"data": {}, "meta": {}})
    return path


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [3, 6, 5]),
        ({"sku": "SHIRT-S"}, [3]),
        ({"currency": "USD"}, [3, 5]),
        ({"currency__in": "eur,gbp"}, [6]),
        ({"price__min": 5}, [6, 5]),
        ({"price": "3.00"}, [3]),
        ({"sale_price__max": 4}, [5]),
        ({"calculated_price__min": 4, "calculated_price__max": 4}, [5]),
    ],
)
def test_records_are_found_by(store, prices, query, found):
    assert [row["price"] for row in store.data(prices, **query)] == found


def test_a_price_that_is_no_number_is_refused(store, prices):
    assert store.get(prices, price__min="cheap").status_code == 422


def test_a_batch_of_new_records_takes_a_hundred(store, prices):
    rows = [{"sku": "SHIRT-S", "currency": "usd", "price": 3}] * 101
    answer = store.post(prices, rows)
    title = "The request payload is too large. The maximum items allowed in the array is 100."
    assert (answer.status_code, answer.json()["title"]) == (413, title)


def test_price_lists_are_deleted_by_a_filter_only(store, prices):
    assert store.delete("/v3/pricelists").status_code == 422
    assert store.delete("/v3/pricelists", name="TikTok").status_code == 204
    assert (store.data("/v3/pricelists"), store.get(prices).status_code) == ([], 404)


@pytest.fixture
def people(store):
    rows = [
        {"email": "ann@example.com", "first_name": "Ann", "last_name": "Zander", "company": "Harbor"},
        {"email": "bo@example.com", "first_name": "Bo", "last_name": "Adams", "phone": "555"},
    ]
    return [row["id"] for row in store.post("/v3/customers", rows).json()["data"]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"company__in": "harbor"}, ["Ann"]),
        ({"phone__in": "555"}, ["Bo"]),
        ({"name__in": "ann zander"}, ["Ann"]),
        ({"name__like": "adam"}, ["Bo"]),
        ({"sort": "last_name:asc"}, ["Bo", "Ann"]),
        ({"date_created__min": "2999-01-01T00:00:00Z"}, []),
    ],
)
def test_customers_are_found_by(store, people, query, names):
    assert [row["first_name"] for row in store.data("/v3/customers", **query)] == names


def test_customers_are_sorted_by_three_fields_only(store, people):
    assert store.get("/v3/customers", sort="email").status_code == 422


def test_addresses_of_customers_come_and_go(store, people):
    path = "/v3/customers/addresses"
    made = store.post(path, [{"customer_id": people[0], "city": "Bremen", "country_code": "DE"}]).json()["data"]
    assert [(row["customer_id"], row["country"]) for row in made] == [(people[0], "Germany")]
    store.put(path, [{"id": made[0]["id"], "city": "Hamburg"}])
    shown = store.data(path, customer_id__in=people[0])
    assert [(row["city"], row["country"]) for row in shown] == [("Hamburg", "Germany")]
    assert store.data("/v3/customers", id__in=people[0])[0]["address_count"] == 1
    assert store.post(path, [{"customer_id": 99, "city": "x"}]).status_code == 422
    assert store.put(path, [{"id": 99, "city": "x"}]).status_code == 422
    assert store.delete(path, id__in=made[0]["id"]).status_code == 204
    assert store.data(path) == []


def test_a_changed_metafield_may_not_become_the_twin_of_another(store):
    path = f"/v3/catalog/products/{store.product()['id']}/metafields"
    store.post(path, META)
    second = store.post(path, {**META, "key": "other"}).json()["data"]["id"]
    assert store.put(f"{path}/{second}", {"key": "k"}).status_code == 409
    assert [row["key"] for row in store.data(path)] == ["k", "other"]


def test_metafields_of_the_store_are_written_in_batches(store):
    path = "/v3/store/metafields"
    made = store.post(path, [META, {**META, "key": "l"}])
    assert (made.status_code, made.json()["meta"]) == (200, {"total": 2, "success": 2, "failed": 0})
    (first, second) = [int(row["id"]) for row in made.json()["data"]]
    store.put(path, [{"id": first, "value": "w"}])
    store.http.request("DELETE", path, json=[second])
    assert [(row["key"], row["value"]) for row in store.data(path)] == [("k", "w")]


def test_messages_are_found_by_date_and_flag(store, sandbox):
    order = store.ordered()["id"]
    store.act("leave_message", order_id=order, text="When?")
    path = f"/v2/orders/{order}/messages"
    assert len(store.get(path, min_date_created="2020-01-01", is_flagged="false", customer_id=0).json()) == 1
    for query in ({"max_date_created": "2020-01-01"}, {"is_flagged": "true"}, {"customer_id": 5}, {"status": "read"}):
        assert store.get(path, **query).status_code == 204
