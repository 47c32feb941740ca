"""Sites of channels: one each, with a check-out address that may be its own."""

from __future__ import annotations

import pytest

from sandbox.tests.bigcommerce_client import open_store
from twinshelf_sandbox.bigcommerce.apps.oauth import NEEDED_SCOPES


@pytest.fixture
def store(sandbox):
    return open_store(sandbox, scopes=[*NEEDED_SCOPES, "store_sites"])


@pytest.fixture
def channel(store):
    body = {"name": "Outlet", "type": "storefront", "platform": "custom", "status": "active"}
    return store.post("/v3/channels", body).json()["data"]["id"]


def urls(site):
    return {row["type"]: row["url"] for row in site["urls"]}


def test_a_channel_gets_one_site(store, channel):
    path = f"/v3/channels/{channel}/site"
    assert store.get(path).status_code == 404
    made = store.post("/v3/sites", {"channel_id": channel, "url": "https://outlet.example/"})
    assert (made.status_code, made.json()["data"]["url"]) == (201, "https://outlet.example")
    assert store.post(path, {"url": "https://second.example"}).status_code == 422
    assert store.data(path) == made.json()["data"]
    assert [site["channel_id"] for site in store.data("/v3/sites", channel_id__in=f"1,{channel}")] == [1, channel]


def test_a_site_moves_and_has_a_checkout_address_of_its_own(store, channel):
    path = f"/v3/channels/{channel}/site"
    store.post(path, {"url": "https://outlet.example"})
    store.put(path, {"url": "https://sale.example"})
    own = store.put(f"{path}/checkout-url", {"url": "https://pay.example"}).json()
    assert (own["is_checkout_url_customized"], urls(own)["checkout"], urls(own)["primary"]) == (
        True,
        "https://pay.example",
        "https://sale.example",
    )
    assert store.delete(f"{path}/checkout-url").status_code == 200
    assert urls(store.data(path))["checkout"] == "https://sale.example"


def test_a_site_is_closed_but_not_that_of_the_default_channel(store, channel):
    site = store.post(f"/v3/channels/{channel}/site", {"url": "https://outlet.example"}).json()["data"]["id"]
    assert store.delete(f"/v3/sites/{site}").status_code == 204
    assert store.get(f"/v3/sites/{site}").status_code == 404
    assert store.delete("/v3/channels/1/site").status_code == 422


@pytest.mark.parametrize("url", [None, 5, "http://outlet.example", "outlet.example", "https://"])
def test_a_site_needs_an_https_address(store, channel, url):
    answer = store.post(f"/v3/channels/{channel}/site", {"url": url})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["url"])
