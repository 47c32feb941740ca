"""Hostile texts and addresses of the whole world go through both doubles unharmed, or are refused as documented.

Unharmed means: read back character by character. Parts of the inputs are kept back elsewhere, so what is asserted is
the rule for each value and never the list.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.tests.bigcommerce_client import ADDRESS, Store, open_store
from sandbox.tests.tiktok_client import Shop, open_shop
from twinshelf_sandbox.app import build
from twinshelf_sandbox.tiktok.errors import MESSAGES


@pytest.fixture(scope="module")
def nasty(shared: Path) -> Path:
    folder = shared / "data" / "nasty-inputs"
    if not folder.is_dir():
        pytest.skip("the nasty inputs are not in the reference material")
    return folder


@pytest.fixture(scope="module")
def places(shared: Path) -> list[dict[str, Any]]:
    file = shared / "data" / "addresses-phones" / "addresses.jsonl"
    if not file.is_file():
        pytest.skip("the addresses are not in the reference material")
    return [json.loads(line) for line in file.open(encoding="utf-8")]


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    sandbox = build()
    yield open_store(sandbox)
    sandbox.close()


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    sandbox = build()
    yield open_shop(sandbox)
    sandbox.close()


def texts(folder: Path, *names: str) -> list[str]:
    return [json.loads(line)["value"] for name in names for line in (folder / f"{name}.jsonl").open(encoding="utf-8")]


def storable(text: str) -> bool:
    """What JSON in UTF-8 can carry at all: a lone half of a surrogate pair is no character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# -- BigCommerce ---------------------------------------------------------------------------------------------------


def test_names_and_descriptions_of_products_come_back_as_they_went(store, nasty):
    bodies = texts(nasty, "descriptions")
    for number, name in enumerate(filter(storable, texts(nasty, "titles", "naughty_strings"))):
        body = {"name": name, "type": "physical", "weight": 1, "price": 1, "description": bodies[number % len(bodies)]}
        answer = store.post("/v3/catalog/products", body)
        if not 0 < len(name) <= 250:
            assert (answer.status_code, set(answer.json()["errors"])) == (422, {"name"}), name
        elif answer.status_code == 409:  # the name is taken
            assert "name" in answer.json()["errors"], name
        else:
            made = store.data(f"/v3/catalog/products/{answer.json()['data']['id']}")
            assert (made["name"], made["description"]) == (name, body["description"])
    assert store.sandbox.faults.crashes == []


def test_skus_and_options_come_back_as_they_went(store, nasty):
    cases = [json.loads(line) for line in (nasty / "skus_options_images.jsonl").open(encoding="utf-8")]
    for case in cases:
        skus = [variant["sku"] for variant in case.get("variants", ()) if isinstance(variant.get("sku"), str)]
        variants = [
            {"sku": sku, "option_values": [{"option_display_name": "Kind", "label": f"{case['id']} {n}"}]}
            for n, sku in enumerate(skus)
        ]
        body = {"name": f"Case {case['id']}", "type": "physical", "weight": 1, "price": 1, "variants": variants}
        answer = store.post("/v3/catalog/products", body)
        assert answer.status_code in {200, 409, 422}, case
        if answer.status_code == 200 and variants:
            made = store.data(f"/v3/catalog/products/{answer.json()['data']['id']}/variants", limit=250)
            assert [row["sku"] for row in made] == skus, case
    assert store.sandbox.faults.crashes == []


def test_messages_of_orders_come_back_as_they_went(store, nasty):
    line = {"name": "Mug", "quantity": 1, "price_inc_tax": 5, "price_ex_tax": 5}
    for text in filter(storable, texts(nasty, "naughty_strings")):
        body = {"billing_address": ADDRESS, "products": [{**line, "name": text or "Mug"}], "customer_message": text}
        answer = store.post("/v2/orders", {**body, "staff_notes": text})
        if answer.status_code == 201:
            made = store.data(f"/v2/orders/{answer.json()['id']}")
            assert (made["customer_message"], made["staff_notes"]) == (text, text)
            (row,) = store.data(f"/v2/orders/{made['id']}/products")
            assert row["name"] == (text or "Mug")
        else:
            assert (answer.status_code, len(text) > 250 or not text.strip()) == (400, True), text
    assert store.sandbox.faults.crashes == []


def test_addresses_of_the_whole_world_come_back_as_they_went(store, places):
    countries = {row["country_iso2"]: row for row in pages(store, "/v2/countries")}
    met = set()
    for place in places:
        parts, code = place["components"], place["country"]
        address = {
            "first_name": "Zoë",
            "last_name": "O'Neill-Ñandú",
            "street_1": place["expected"][0],
            "street_2": " ".join(place["expected"][1:3])[:200],
            "city": parts.get("city") or parts.get("town") or parts.get("village") or place["expected"][-1],
            "state": parts.get("state", ""),
            "zip": parts.get("postcode", "00000"),
            "country_iso2": code,
            "email": "zoe@example.com",
        }
        line = {"name": "Mug", "quantity": 1, "price_inc_tax": 5, "price_ex_tax": 5}
        body = {"billing_address": address, "shipping_addresses": [address], "products": [line]}
        answer = store.post("/v2/orders", body)
        if code not in countries:
            assert answer.status_code == 400, place
            continue
        assert answer.status_code == 201, (place, answer.text)
        (shown,) = store.data(f"/v2/orders/{answer.json()['id']}/shipping_addresses")
        for where in (shown, answer.json()["billing_address"]):
            assert {name: where[name] for name in address if name != "state"} == {
                name: value for name, value in address.items() if name != "state"
            }, place
            assert where["country"] == countries[code]["country"]
        met.add(code)
    assert len(met) >= 100
    assert store.sandbox.faults.crashes == []


def pages(store: Store, path: str) -> Iterator[dict[str, Any]]:
    page = 1
    while rows := store.get(path, page=page, limit=250).text:
        yield from json.loads(rows)
        page += 1


# -- TikTok Shop ---------------------------------------------------------------------------------------------------


def test_titles_come_back_as_they_went_or_are_refused_by_a_known_code(shop, nasty):
    body = shop.body()
    for text in filter(storable, texts(nasty, "titles", "naughty_strings")):
        reply = shop.send("POST", "/product/202309/products", {**body, "title": text, "save_mode": "AS_DRAFT"}).json()
        if reply["code"] == 0:
            shown = shop.product(reply["data"]["product_id"], return_draft_version="true")
            assert shown["title"] == text
        else:
            assert reply["code"] in MESSAGES, text
            assert reply["code"] != 36009003, text
        assert len(text) <= 255 or reply["code"] != 0, text
    assert shop.sandbox.faults.crashes == []


def test_descriptions_come_back_as_they_went_or_are_refused_by_a_known_code(shop, nasty):
    body = shop.body()
    for text in filter(storable, texts(nasty, "descriptions", "naughty_strings")):
        reply = shop.send("POST", "/product/202309/products", {**body, "description": text}).json()
        if reply["code"] == 0:
            assert shop.product(reply["data"]["product_id"])["description"] == text
        else:
            assert reply["code"] in MESSAGES, text
            assert reply["code"] != 36009003, text
    assert shop.sandbox.faults.crashes == []


def test_prices_are_taken_exactly_or_refused(shop, nasty):
    body = shop.body()
    with (nasty / "prices.csv").open(encoding="utf-8", newline="") as file:
        values = [row["value"] for row in csv.DictReader(file)]
    for value in values:
        skus = [{**sku, "price": {"amount": value, "currency": "USD"}} for sku in body["skus"]]
        reply = shop.send("POST", "/product/202309/products", {**body, "skus": skus}).json()
        if reply["code"] == 0:
            made = shop.product(reply["data"]["product_id"])["skus"]
            assert {sku["price"]["tax_exclusive_price"] for sku in made} == {value}
        else:
            assert reply["code"] in MESSAGES, value
            assert reply["code"] != 36009003, value
    assert shop.sandbox.faults.crashes == []


def test_messages_and_addresses_of_buyers_come_back_as_they_went(shop, nasty, places):
    skus = shop.body()["skus"][:1]
    skus[0]["seller_sku"] = "WANTED"
    skus[0]["inventory"] = [{"warehouse_id": warehouse, "quantity": 99_999} for warehouse in shop.warehouses]
    shop.list_product(skus=skus)
    shop.switch("on_hold", value=False)
    notes = [text for text in texts(nasty, "naughty_strings") if storable(text)]
    for number, place in enumerate(places):
        address = {
            "name": f"Zoë {place['components'].get('city', 'Ñandú')}",
            "line1": place["expected"][0],
            "line2": ", ".join(place["expected"][1:]),
            "postal_code": place["components"].get("postcode", ""),
        }
        note = notes[number % len(notes)]
        order = shop.order(shop.buy("WANTED", address=address, message=note))
        shown = order["recipient_address"]
        assert (shown["name"], shown["address_line1"], shown["address_line2"], shown["postal_code"]) == (
            *address.values(),
        ), place
        assert order["buyer_message"] == note
    assert shop.sandbox.faults.crashes == []
