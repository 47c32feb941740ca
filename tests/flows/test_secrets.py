"""Secrets and buyers stay where they belong: found in no log line and in no column but the sealed ones."""

from __future__ import annotations

import pytest
import structlog
from django.apps import apps
from django.conf import settings

from tests.flows.faults import CREATE_ORDER, HELD_SECONDS, fault, ready_to_ship, rest, ship
from twinshelf.connections.bindings import seller_binding, store_binding
from twinshelf.connections.models import Seller, Store
from twinshelf.kit import logs
from twinshelf.kit.secrets import unseal
from twinshelf.orders.models import ShopOrderRow

BUYER = {
    "name": "Canary Quillfeather",
    "first_name": "Canary",
    "last_name": "Quillfeather",
    "phone": "+15550198877",
    "line1": "77 Canarybird Lane",
}


@pytest.fixture
def canaries(twinshelf) -> list[str]:
    store, seller = Store.objects.get(), Seller.objects.get()
    secrets = [
        unseal(store.token, bound_to=store_binding(store.hash)),
        unseal(store.client_secret, bound_to=store_binding(store.hash)),
        unseal(store.hook_secret, bound_to=store_binding(store.hash)),
        unseal(seller.access_token, bound_to=seller_binding(seller.open_id)),
        unseal(seller.refresh_token, bound_to=seller_binding(seller.open_id)),
        settings.OPERATOR.tiktok_app_secret,
    ]
    assert all(len(secret) > 8 for secret in secrets)
    return [*secrets, "Quillfeather", "Canarybird", "5550198877"]


def a_day_with_trouble(sandbox, store, shop, twinshelf) -> None:
    """Listing, an order that fails first and is shipped, one that is cancelled, a token that is rejected."""
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    shop.buy(("MUG-1", 1), address=BUYER, message="Canarybird sings")
    fault(sandbox, **CREATE_ORDER, action="status", status=400, body='[{"status":400,"message":"No"}]')
    fault(sandbox, platform="tiktok", path="/order/*/orders", action="truncate")
    twinshelf.wait(HELD_SECONDS)
    rest(sandbox, twinshelf)
    ship(store, ShopOrderRow.objects.get().store_order_id or "")
    cancelled, _store_order = ready_to_ship(shop, twinshelf, ("MUG-1", 1))
    sandbox.act("tt.cancel_order", order_id=cancelled)
    twinshelf.settle()
    fault(sandbox, platform="bigcommerce", action="revoke")
    store.act("set_stock", sku="MUG-1", quantity=2)
    twinshelf.settle()


@pytest.fixture
def everything_logged():
    before = structlog.get_config()
    logs.configure("DEBUG")
    with structlog.testing.capture_logs() as lines:
        yield lines
    structlog.configure(**before)


def test_a33_nothing_secret_is_logged_even_when_all_is(*, sandbox, store, shop, twinshelf, canaries, everything_logged):
    a_day_with_trouble(sandbox, store, shop, twinshelf)

    assert len([line for line in everything_logged if line["event"] == "call"]) > 30
    assert {canary for canary in canaries for line in everything_logged if canary in repr(line)} == set()


def test_a33_nothing_secret_is_in_a_column_that_is_not_sealed(sandbox, store, shop, twinshelf, canaries):
    a_day_with_trouble(sandbox, store, shop, twinshelf)

    found = set()
    for model in apps.get_models():
        manager = getattr(model._default_manager, "with_scopes_disabled", model._default_manager.all)()
        for row in manager.values():
            for name, value in row.items():
                text = bytes(value).decode("utf-8", "replace") if isinstance(value, memoryview | bytes) else str(value)
                found |= {(model.__name__, name, canary) for canary in canaries if canary in text}
    assert found == set()
    sealed = ShopOrderRow.objects.exclude(buyer="").exclude(name_key="")
    assert sealed.count() == 2  # it is there: sealed, and with a key to sort by
    assert not any(part.encode().hex() in row.name_key for row in sealed for part in ("canary", "quill"))
