"""The bodies in BigCommerce's documentation against what its double answers: the same keys, types and nulls.

The double answers more operations than are compared here; those are held to the schemas alone. A sample of something
refused is compared with a refusal of the same kind.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from sandbox.tests import bigcommerce_tour
from sandbox.tests.bigcommerce_tour import Tour
from sandbox.tests.openapi import blank
from sandbox.tests.shapes import differences, shape
from twinshelf_sandbox.app import build

# Where the documentation errs, or shows what only some requests bring about: (operation, place, as patterns) → why.
REASONS = {
    ("GET /catalog/trees/{}/categories", "data*.children*"): "the text `string` in place of a category",
    ("GET /catalog/trees/{}/categories", "meta.*"): "a schema in place of a body",
    ("POST /catalog/products/{}/options", "data.config.*"): "the settings of all types of options at once",
    ("POST /catalog/products/{}/options", "data.image_url"): "a field of values, not of options",
    ("POST /catalog/products/{}/modifiers", "data.config"): "an empty list for an empty object",
    ("GET /catalog/products/{}/bulk-pricing-rules", "data"): "one rule in place of the list",
    ("POST /catalog/products", "images*.image_url"): "what was sent; reading gives the four sizes",
    ("* /orders*", 'currency_code"'): "a stray quotation mark",
    ("GET /orders/{}/products/{}", "product_options*.option id"): "a blank for an underscore",
    ("* /orders*", "fees*.cost_exc_tax"): "a slip: the same sample has cost_ex_tax beside it",
    ("* /customers/addresses", "meta"): "beside the fields of the address, for it is shown without its envelope",
    ("GET /store", "logo"): "a list without entries where the store has no logo",
}


@pytest.fixture(scope="module")
def samples(shared: Path) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """(method, path with ids blanked) → status → name → body."""
    folder = shared / "data" / "bigcommerce-doc-samples"
    if not folder.is_dir():
        pytest.skip("the documented bodies of BigCommerce are not in the reference material")
    found = {}
    for file in sorted(folder.glob("*.json")):
        for operation, bodies in json.loads(file.read_text(encoding="utf-8"))["operations"].items():
            method, path = operation.split(" ")
            found[method, blank(path)] = bodies.get("responses", {})
    return found


@pytest.fixture(scope="module")
def tour() -> Iterator[Tour]:
    sandbox = build()
    yield bigcommerce_tour.tour(sandbox)
    sandbox.close()


def bodies_of(tour: Tour) -> dict[tuple[str, str], list[Any]]:
    """The bodies of all successes."""
    found: dict[tuple[str, str], list[Any]] = {}
    for answer in tour.successes:
        if answer.body is not None:
            path = blank(answer.route.removeprefix("/v2").removeprefix("/v3"))
            found.setdefault((answer.method, path), []).append(answer.body)
    return found


def compared(documented: Any, ours: list[Any]) -> dict[str, str]:
    """A documented body without its envelope is compared with what is inside ours."""
    bare = isinstance(documented, dict) and "data" not in documented
    if bare and all(isinstance(body, dict) and body.keys() == {"data", "meta"} for body in ours):
        ours = [row for body in ours for row in (body["data"] if isinstance(body["data"], list) else [body["data"]])]
    return differences(shape([documented]), shape(ours))


def test_successes_have_the_shape_of_the_documented_bodies(samples, tour):
    ours = bodies_of(tour)
    found, met, used = {}, 0, set()
    for (method, path), statuses in samples.items():
        for status, bodies in statuses.items():
            if not status.startswith("2") or (method, path) not in ours:
                continue
            for name, body in bodies.items():
                met += 1
                for place, what in compared(body, ours[method, path]).items():
                    reason = next((key for key in REASONS if excused(key, f"{method} {path}", place)), None)
                    used.add(reason)
                    if reason is None:
                        found[f"{method} {path}", name, place] = what
    assert found == {}
    assert used - {None} == REASONS.keys()  # a reason that nothing needs is none
    assert met >= 100


def excused(key: tuple[str, str], operation: str, place: str) -> bool:
    """`[` is no wildcard here."""
    return fnmatchcase(operation, key[0]) and fnmatchcase(place.replace("[]", ""), key[1].replace("[]", ""))


# -- refusals ------------------------------------------------------------------------------------------------------

CHANNEL = "/v3/channels/1053001"
# What brings a documented refusal about, where it is more than a bad token, broken JSON or an unknown id.
REFUSED: dict[tuple[str, str, str], tuple[str, Any]] = {
    ("PUT", "/catalog/trees", "413"): ("/v3/catalog/trees", [{"name": f"T{n}"} for n in range(51)]),
    ("PUT", "/catalog/trees", "422"): ("/v3/catalog/trees", [{"name": ""}]),
    ("PUT", "/catalog/variants", "413"): ("/v3/catalog/variants", [{"id": 1001}] * 51),
    ("PUT", "/catalog/products", "413"): ("/v3/catalog/products", [{"id": 101}] * 11),
    ("POST", "/catalog/products/{}/images", "422"): ("/v3/catalog/products/101/images", {"description": "d"}),
    ("GET", "/channels", "422"): ("/v3/channels?limit=a", None),
    ("POST", "/channels", "422"): ("/v3/channels", {"name": 1}),
    ("PUT", "/channels/{}", "409"): (CHANNEL, {"name": "Fair"}),
    ("PUT", "/channels/{}", "422"): (CHANNEL, {"platform": "etsy"}),
    ("POST", "/channels/currency-assignments", "422"): ("/v3/channels/currency-assignments", [{"channel_id": "1"}]),
    ("PUT", "/channels/currency-assignments", "422"): ("/v3/channels/currency-assignments", [{"channel_id": "1"}]),
    ("POST", "/channels/{}/currency-assignments", "422"): (f"{CHANNEL}/currency-assignments", {}),
    ("PUT", "/channels/{}/currency-assignments", "422"): (f"{CHANNEL}/currency-assignments", {}),
    ("GET", "/channels/{}/listings", "422"): (f"{CHANNEL}/listings?a=1&b=2", None),
    ("POST", "/channels/{}/listings", "422"): (f"{CHANNEL}/listings", [{}]),
    ("PUT", "/channels/{}/listings", "422"): (f"{CHANNEL}/listings", [{}]),
    ("GET", "/channels/{}/listings/{}", "404"): (f"{CHANNEL}/listings/123456789", None),
    ("POST", "/customers", "422"): ("/v3/customers", [{"email": "a@example.com", "first_name": "A", "last_name": "B"}]),
    ("PUT", "/inventory/adjustments/absolute", "422"): (
        "/v3/inventory/adjustments/absolute",
        {"items": [{"location_id": 1, "variant_id": 1003, "quantity": 1}]},
    ),
    ("POST", "/inventory/adjustments/relative", "422"): (
        "/v3/inventory/adjustments/relative",
        {"items": [{"location_id": 1, "variant_id": 1003, "quantity": 1}]},
    ),
    ("PUT", "/inventory/locations/{}/items", "422"): (
        "/v3/inventory/locations/1/items",
        {"settings": [{"identity": {"sku": "SHIRT-S"}}]},
    ),
    ("DELETE", "/inventory/locations", "422"): ("/v3/inventory/locations?location_id:in=1", None),
    ("PUT", "/orders/{}/shipping_addresses/{}", "400"): ("/v2/orders/100/shipping_addresses/1", {"items_total": 3}),
    ("POST", "/orders/{}/payment_actions/capture", "422"): ("/v3/orders/100/payment_actions/capture", None),
    ("POST", "/orders/{}/payment_actions/void", "422"): ("/v3/orders/100/payment_actions/void", None),
    ("POST", "/orders/{}/payment_actions/refund_quotes", "422"): ("/v3/orders/100/payment_actions/refund_quotes", {}),
    ("POST", "/hooks", "422"): ("/v3/hooks", {"scope": "store/order/*"}),
    ("PUT", "/hooks/admin", "422"): ("/v3/hooks/admin", {"emails": 3}),
}
# Refusals that the double does not give, as patterns of (status, operation) → why.
NEVER = {
    ("50[234]", "*"): "the platform's own outages: a fault answers with the body it is given",
    ("403", "POST /sites"): "all calls without their scope are refused alike: test_bigcommerce_gateway",
    ("429", "*"): "all calls are refused alike when the quota is spent: test_bigcommerce_gateway",
    ("400", "POST /orders/{}/payment_actions/*"): "these take no body, so none can be broken",
    ("422", "POST /orders/{}/payment_actions/refunds"): "one for every refund of a batch, which no call can make",
    ("400", "GET /channels/{}/listings"): "an id that is no number is no path of the double's",
}


def test_refusals_have_the_shape_of_the_documented_bodies(samples, tour):
    given: dict[tuple[str, str, str], list[Any]] = {}
    for answer in tour.answers:
        path = blank(answer.route.removeprefix("/v2").removeprefix("/v3"))
        given.setdefault((answer.method, path, str(answer.status)), []).append(answer.body)
    found, met, used = {}, 0, set()
    for (method, path), statuses in samples.items():
        if not any(key[:2] == (method, path) for key in given):
            continue
        for status, bodies in statuses.items():
            key = (method, path, status)
            never = next(
                (k for k in NEVER if fnmatchcase(status, k[0]) and fnmatchcase(f"{method} {path}", k[1])), None
            )
            used.add(never)
            if status.startswith("2") or never is not None:
                continue
            if key in REFUSED:
                answer = tour.send(method, *REFUSED[key])
                assert (key, answer.status) == (key, int(status)), answer.body
                given[key] = [answer.body]
            for name, body in bodies.items():
                met += 1
                wrong = differences(shape([sealed(body)]), shape(map(sealed, given.get(key, ()))))
                if key not in given or wrong:
                    found[key, name] = wrong or "never given"
    assert found == {}
    assert used - {None} == NEVER.keys()
    assert met >= 60


def sealed(body: Any) -> Any:
    """A refusal without the fields at fault, which are the call's own, and without `instance`, which may be absent."""
    if not isinstance(body, dict):
        return body
    return {name: {} if name == "errors" else value for name, value in body.items() if name != "instance"}
