"""Buyers' names that are sealed: sorted and found by keys that say nothing of them, and forgotten with them."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from twinshelf.kit import sort_keys
from twinshelf.orders import actions as orders
from twinshelf.orders.models import ShopOrderRow
from twinshelf.orders.queries import buyer_of

BUYERS = (("Zoë", "Ángel"), ("maya", "Lind"), ("Ann", "Lee"), ("Maya", "Adams"))
SORTED = ["Ann Lee", "Maya Adams", "maya Lind", "Zoë Ángel"]
KEYS = ["name_key", "last_name_key"]


@pytest.fixture
def bought(store, shop, twinshelf):
    store.add_product(sku="MUG-1")
    twinshelf.list()
    for first, last in BUYERS:
        name = {"name": f"{first} {last}", "first_name": first, "last_name": last, "line1": "1 Main Street"}
        shop.buy(("MUG-1", 1), address=name)
    twinshelf.wait(3700)


def by_name():
    return [buyer_of(row).name for row in ShopOrderRow.objects.order_by("name_key", "id")]


def test_keys_sort_as_names_do_through_rotation_and_say_nothing_of_them(bought, monkeypatch):
    assert by_name() == SORTED
    kept = "".join(key for row in ShopOrderRow.objects.values_list(*KEYS) for key in row)
    for part in ("maya", "lind", "adams"):
        assert part not in kept.lower()
        assert part.encode().hex() not in kept

    monkeypatch.setattr(settings, "KEYS", ["another secret of some thirty letters", *settings.KEYS])
    before = list(ShopOrderRow.objects.values_list(*KEYS))
    assert orders.reseal() == len(BUYERS)
    after = list(ShopOrderRow.objects.values_list(*KEYS))

    assert by_name() == SORTED
    assert all(key.startswith(sort_keys.current()) for row in after for key in row)
    assert not {key for row in before for key in row} & {key for row in after for key in row}
    assert orders.reseal() == 0


def test_whoever_forgets_a_buyer_forgets_the_keys(bought):
    rows = list(ShopOrderRow.objects.order_by("name_key"))

    ShopOrderRow.objects.filter(pk=rows[0].pk).update(buyer="")
    with connection.cursor() as cursor:
        cursor.execute("update orders_shop_order set buyer = '' where id = %s", [rows[1].pk])
    rows[2].buyer = ""
    rows[2].save()

    assert by_name() == ["", "", "", SORTED[3]]
    kept = dict(ShopOrderRow.objects.values_list("pk", "name_key"))
    assert [kept[row.pk] for row in rows] == ["", "", "", rows[3].name_key]
    assert list(ShopOrderRow.objects.exclude(last_name_key="").values_list("pk", flat=True)) == [rows[3].pk]


def test_orders_of_before_get_their_keys(bought):
    before = list(ShopOrderRow.objects.order_by("id").values_list(*KEYS, "search", "shipped_by_tiktok"))
    ShopOrderRow.objects.update(name_key="", last_name_key="", search="", shipped_by_tiktok=True)

    importlib.import_module("twinshelf.orders.migrations.0010_names_and_words").fill(apps, None)

    assert list(ShopOrderRow.objects.order_by("id").values_list(*KEYS, "search", "shipped_by_tiktok")) == before
