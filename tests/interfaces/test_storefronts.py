"""Storefronts are told apart by the key on a store's row, and by nothing else of the core."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.urls import resolve

from twinshelf.connections.clients import trial_store
from twinshelf.connections.models import Store
from twinshelf.connections.stores import NotAStore, store_hash_of, store_hook_address
from twinshelf.storefronts.bigcommerce.client import BigCommerce
from twinshelf.storefronts.known import DEFAULT, STOREFRONTS


def test_a_store_may_be_of_every_storefront_that_is_known():
    choices = dict(Store._meta.get_field("platform").flatchoices)

    assert choices == {key: storefront.name for key, storefront in STOREFRONTS.items()}
    assert {storefront.key for storefront in STOREFRONTS.values()} == set(STOREFRONTS)
    assert DEFAULT in STOREFRONTS
    assert Store().platform == DEFAULT


@pytest.mark.parametrize("key", STOREFRONTS)
def test_a_store_is_opened_by_its_storefront_at_the_operator_s_address(key):
    with trial_store(1, "abc123", "a-token", platform=key) as client:
        assert type(client) is {"bigcommerce": BigCommerce}[key]
        assert client.store_hash == "abc123"
        assert str(client._http.base_url).rstrip("/") == getattr(settings.OPERATOR, f"{key}_api")


@pytest.mark.parametrize("key", STOREFRONTS)
def test_its_webhooks_come_in_under_its_key(key):
    address = store_hook_address(Store(id=7, platform=key))

    found = resolve(address.removeprefix(settings.OPERATOR.base_url))
    assert (found.url_name, found.kwargs) == ("hooks_storefront", {"platform": key, "store_id": 7})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc123", "abc123"),
        (" ABC123 ", "abc123"),
        ("https://store-abc123.mybigcommerce.com/manage/dashboard", "abc123"),
        ("https://api.bigcommerce.com/stores/abc123/v3/", "abc123"),
    ],
)
def test_what_people_paste_names_a_store(text, expected):
    assert store_hash_of(text) == expected


@pytest.mark.parametrize(
    "text", ["", "!", "https://evil.example/store-abc123", "https://evil.example/stores/abc123/v3"]
)
def test_what_names_no_store_is_refused(text):
    with pytest.raises(NotAStore):
        store_hash_of(text)
