"""Listings switched off and on by hand, and what undoing that brings back."""

import pytest

from tests.flows.conftest import MAYA
from twinshelf.listings import actions as catalog


@pytest.fixture
def goods(store, twinshelf):
    """Three live listings: of a mug, a pan and a jar."""
    mug, pan, jar = (store.add_product(sku=sku, title=f"{sku} of iron") for sku in ("MUG-1", "PAN-1", "JAR-1"))
    twinshelf.list(mug, pan, jar)
    return mug, pan, jar


def statuses(shop, twinshelf, products):
    """TikTok's own status of each, by the last of its effects."""
    last = {effect.key: effect.detail["after"] for effect in shop.effects("product_status")}
    return [last[twinshelf.listing(number).tiktok_id] for number in products]


def test_undoing_switches_on_only_what_the_task_took_off(shop, twinshelf, goods):
    mug, pan, jar = goods
    catalog.deactivate(twinshelf.connection, [str(jar)], by=MAYA)
    twinshelf.settle()
    task = catalog.deactivate(twinshelf.connection, [str(mug), str(pan), str(jar)], by=MAYA)
    twinshelf.settle()
    assert statuses(shop, twinshelf, goods) == ["SELLER_DEACTIVATED"] * 3

    task.refresh_from_db()
    assert (task.succeeded, task.skipped) == (2, 1)
    catalog.undo(task, by=MAYA)
    twinshelf.settle()
    twinshelf.wait(600)

    assert statuses(shop, twinshelf, goods) == ["ACTIVATE", "ACTIVATE", "SELLER_DEACTIVATED"]


def test_a_task_that_has_not_begun_is_undone_before_anything_goes_off(shop, twinshelf, goods):
    *_two, jar = goods
    catalog.deactivate(twinshelf.connection, [str(jar)], by=MAYA)
    twinshelf.settle()
    task = catalog.deactivate(twinshelf.connection, [str(number) for number in goods], by=MAYA)

    catalog.undo(task, by=MAYA)
    twinshelf.settle()

    assert statuses(shop, twinshelf, goods) == ["ACTIVATE", "ACTIVATE", "SELLER_DEACTIVATED"]
    off = [e.key for e in shop.effects("product_status") if e.detail["after"] == "SELLER_DEACTIVATED"]
    assert off == [twinshelf.listing(jar).tiktok_id]
