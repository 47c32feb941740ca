"""Uploading products: which of them, into which warehouse, and what the task says of those that failed."""

from __future__ import annotations

import pytest

from tests.flows.browser import Browser, pk_of
from tests.flows.conftest import HOME, MAYA
from tests.flows.faults import CREATE_LISTING, fault
from tests.flows.neighbors import connect_shop, of
from tests.flows.test_templates_membership import rule, save
from twinshelf.accounts.models import AuditEntry
from twinshelf.listings import actions as listings
from twinshelf.listings.models import ListingRow
from twinshelf.rules.models import Template
from twinshelf.rules.queries import product_counts
from twinshelf.sync.models import Task, TaskItem


@pytest.fixture
def outlet(sandbox, store, twinshelf):
    """A shop with two warehouses, on a store of nothing yet."""
    return connect_shop(sandbox, twinshelf, "Outlet", warehouses=["Harbor", "Mill"])


def warehouse(connection, name):
    connection.shop.refresh_from_db()
    return next(each["id"] for each in connection.shop.warehouses if each["name"] == name)


def levels(sandbox, shop, driven, product):
    """Units by warehouse, by the shop's own books."""
    offers = sandbox.world.table(f"tt/{shop.id}/offers")[driven.listing(product).tiktok_id]
    return {place: level[0] for offer in offers["skus"].values() for place, level in offer["stock"].items()}


def untouched(connection, product):
    return not ListingRow.objects.filter(connection=connection, product_id=str(product), wanted=True).exists()


def test_a_warehouse_is_confirmed_for_an_upload_and_kept_with_the_listing(sandbox, store, twinshelf, outlet):
    shop, driven = outlet
    mug, pan, lid = (store.add_product(sku=sku, stock=7) for sku in ("MUG-1", "PAN-1", "LID-1"))
    driven.pull()
    browser, connection = Browser(), driven.connection
    own = connection.warehouse_id
    other = next(warehouse(connection, n) for n in ("Harbor", "Mill") if warehouse(connection, n) != own)
    form = {"product": [pk_of(mug)], "shop": connection.id}

    asked = browser.client.post("/products/do/list/", form)
    assert Task.objects.filter(kind="ask_listing").count() == 0
    assert [(name, [place for place, _name in places]) for name, _label, places in asked.context["warehouses"]] == [
        (f"warehouse-{connection.id}", [own, other])
    ]
    assert browser.post("/products/do/list/", form | {"confirmed": "1", f"warehouse-{connection.id}": "1"}) == [
        "The shop does not sell from this warehouse."
    ]
    browser.post("/products/do/list/", form | {"confirmed": "1", f"warehouse-{connection.id}": other})
    browser.post("/products/do/list/", form | {"product": [pk_of(pan)], "confirmed": "1"})
    driven.settle()
    driven.wait(600)

    assert levels(sandbox, shop, driven, mug) == {other: 7}
    assert levels(sandbox, shop, driven, pan) == {own: 7}
    assert len(of(shop, "product_created")) == 2
    assert untouched(connection, lid)
    record = AuditEntry.objects.filter(action="listings.list_products").earliest("id")
    assert (record.after or {})["warehouse_id"] == other

    store.act("edit_product", sku="MUG-1", inventory_level=5)
    driven.settle()
    assert levels(sandbox, shop, driven, mug) == {other: 5}  # the number follows in the warehouse that was chosen
    assert driven.differences() == []

    asked = browser.client.post("/products/do/list/", form)  # what is there is not uploaded: nothing to confirm
    assert asked.status_code == 302
    browser.post("/products/do/list/", form | {"confirmed": "1", f"warehouse-{connection.id}": own})
    driven.settle()
    assert driven.listing(mug).warehouse_id == other
    assert levels(sandbox, shop, driven, mug) == {other: 5}


@pytest.mark.covers("CED-63")
def test_bulk_upload_takes_all_of_a_template_into_a_warehouse_and_nothing_else(sandbox, store, twinshelf, outlet):
    shop, driven = outlet
    connection = driven.connection
    rugs = [store.add_product(sku=f"RUG-{n}", title=f"Rug {n}", stock=4) for n in range(2)]
    mug = store.add_product(sku="MUG-1")
    driven.pull()
    template, _task = save(driven, "Rugs", rule("title", "contains", "rug"), category_id=HOME)
    browser = Browser()
    own = connection.warehouse_id
    other = next(warehouse(connection, n) for n in ("Harbor", "Mill") if warehouse(connection, n) != own)

    page = browser.get(f"/products/?shop={connection.id}").content.decode()
    address = f"/templates/{connection.id}/upload/"
    assert f'href="{address}"' in page
    assert 'href="/templates/upload/"' in browser.get("/products/").content.decode()  # of two shops none is chosen
    asked = browser.get("/templates/upload/")
    assert (connection.id, connection.name) in asked.context["shop_choices"]
    assert len(asked.context["shop_choices"]) == 2
    assert browser.client.post("/templates/upload/", {"shop": connection.id})["Location"] == address
    page = browser.get(f"{address}?template={template.id}")
    assert "Bulk upload: choose category template and warehouse" in page.content.decode()
    assert (template.id, "Rugs (2)") in page.context["template_choices"]
    assert Task.objects.filter(kind="ask_listing").count() == 0

    browser.post(address, {"template": template.id, f"warehouse-{connection.id}": other})
    task = Task.objects.latest("id")
    assert set(TaskItem.objects.filter(task=task).values_list("key", flat=True)) == {str(rug) for rug in rugs}
    driven.settle()
    driven.wait(600)

    assert [levels(sandbox, shop, driven, rug) for rug in rugs] == [{other: 4}, {other: 4}]
    assert len(of(shop, "product_created")) == 2
    assert untouched(connection, mug)


@pytest.mark.covers("CED-89", "SILK-23")
def test_ticked_products_are_uploaded_with_the_template_and_warehouse_that_are_chosen(
    sandbox, store, twinshelf, outlet
):
    shop, driven = outlet
    connection = driven.connection
    mug, pan, lid, jar = (
        store.add_product(sku=f"{name}-1", title=name, stock=4) for name in ("Mug", "Pan", "Lid", "Jar")
    )
    driven.pull()
    kitchen, _task = save(driven, "Kitchen", rule("title", "contains", "pot"), category_id=HOME)
    Template.objects.filter(connection=connection, is_default=True).update(category_id="")  # it cannot list anything
    browser = Browser()
    other = next(
        place for name in ("Harbor", "Mill") if (place := warehouse(connection, name)) != connection.warehouse_id
    )
    where = {f"warehouse-{connection.id}": other, f"template-{connection.id}": kitchen.id, "confirmed": "1"}

    def asked(form):
        answer = browser.client.post("/products/do/upload/", form)
        assert answer.status_code == 200
        [(template, _label, options)], [(place, *_rest)] = answer.context["templates"], answer.context["warehouses"]
        assert (str(kitchen.id), f"Kitchen ({product_counts(connection).get(kitchen.id, 0)})") in options
        assert f'name="{template}"' in answer.content.decode()
        assert f'name="{place}"' in answer.content.decode()

    one = {"only": pk_of(mug), "shop": connection.id}
    asked(one)
    browser.post("/products/do/upload/", one | where)
    many = {"product": [pk_of(pan), pk_of(lid)], "shop": connection.id}
    asked(many)
    browser.post("/products/do/upload/", many | where)
    driven.settle()
    driven.wait(600)

    assert [levels(sandbox, shop, driven, each) for each in (mug, pan, lid)] == [{other: 4}] * 3
    assert product_counts(connection).get(kitchen.id, 0) == 3
    assert untouched(connection, jar)
    assert len(of(shop, "product_created")) == 3
    row = browser.words(f"/products/?shop={connection.id}&q=MUG-1")
    assert f"Live Synced · {driven.listing(mug).tiktok_id}" in row

    everything = {"all": "1", "filter": f"shop={connection.id}"}
    asked(everything)
    browser.post("/products/do/upload/", everything | where)
    driven.settle()
    driven.wait(600)
    assert levels(sandbox, shop, driven, jar) == {other: 4}
    assert product_counts(connection).get(kitchen.id, 0) == 4

    store.act("edit_product", sku="Jar-1", name="Jar of glass")  # what a person chose stays
    driven.settle()
    assert product_counts(connection).get(kitchen.id, 0) == 4
    fitting = {f"template-{connection.id}": "fit", "confirmed": "1"}
    browser.post("/products/do/upload/", {"only": pk_of(jar), "shop": connection.id} | fitting)
    assert product_counts(connection).get(kitchen.id, 0) == 3  # its conditions do not let it in
    gone = {f"template-{connection.id}": "99999", "confirmed": "1"}
    before = Task.objects.count()
    said = browser.post("/products/do/upload/", {"only": pk_of(jar), "shop": connection.id} | gone)
    assert said == ["This template is not there any more."]
    assert Task.objects.count() == before


@pytest.mark.covers("CED-68")
def test_while_tiktok_is_away_what_was_being_sent_is_failed_with_the_reason_and_goes_on_by_itself(
    sandbox, store, shop, twinshelf
):
    jar = store.add_product(sku="JAR-1")
    twinshelf.pull()
    browser = Browser()
    away = fault(sandbox, **CREATE_LISTING, action="status", status=503, times=None)

    task = listings.list_products(twinshelf.connection, [str(jar)], by=MAYA)
    assert browser.products_by_state() == {"all": {str(jar)}, "in_progress": {str(jar)}}
    twinshelf.settle()
    assert twinshelf.listing(jar).state == "in_progress"  # it may be a hiccup
    for _ in range(8):  # six tries, the waits between them twice as long each time
        twinshelf.wait(60)

    assert browser.products_by_state() == {"all": {str(jar)}, "failed": {str(jar)}}
    assert "Failed 1 to fix" in browser.words("/products/?q=JAR-1")
    page = browser.product(jar)
    assert "The platform does not answer It fails for everything that was tried: " in page
    assert "Next: Twinshelf goes on trying and closes this once it gets through." in page
    assert twinshelf.problems() == [("*", "E-PLT-AWAY")]

    sandbox.faults.rules.remove(away)
    twinshelf.wait(600)
    twinshelf.wait(600)
    assert twinshelf.listing(jar).state == "live"
    assert len(shop.effects("product_created")) == 1
    assert twinshelf.problems() == []
    task.refresh_from_db()
    assert (task.state, task.failed) == ("completed", 0)


@pytest.mark.covers("CED-98")
def test_twenty_five_uploads_are_confirmed_and_their_failures_summed_up(sandbox, store, shop, twinshelf):
    bare = [store.add_product(sku=f"BARE-{n}", title=f"Bare jar {n}", weight=0) for n in range(25)]
    fine = store.add_product(sku="MUG-1")
    twinshelf.pull()
    browser, connection = Browser(), twinshelf.connection
    form = {"product": [pk_of(each) for each in bare], "shop": connection.id}

    asked = browser.client.post("/products/do/list/", form)
    assert Task.objects.filter(kind="ask_listing").count() == 0
    [(name, label, places)] = asked.context["warehouses"]
    assert (label, [place for place, _name in places]) == (
        f"Warehouse of {connection.name}", [connection.warehouse_id],
    )  # fmt: skip
    assert label in asked.content.decode()
    browser.post("/products/do/list/", form | {"confirmed": "1", name: connection.warehouse_id})
    twinshelf.settle()

    task = Task.objects.latest("id")
    assert (task.total, task.failed) == (25, 25)
    assert task.summary == "Failed to upload 25 product(s) to TikTok Shop. 25 failed"
    items = TaskItem.objects.filter(task=task).values_list("key", "state", "text")
    assert {key for key, _state, _text in items} == {str(each) for each in bare}
    assert {(state, text) for _key, state, text in items} == {
        ("failed", "The product cannot be listed without a weight.")
    }
    words = browser.words(f"/activity/{task.id}/")
    assert "Failed to upload 25 product(s) to TikTok Shop." in words
    assert "Bare jar 0" in words
    assert shop.effects("product_created") == []
    assert untouched(connection, fine)


def test_what_cannot_even_be_looked_at_is_failed_and_not_sent_for_ever(store, shop, twinshelf):
    mug, pan = (store.add_product(sku=sku) for sku in ("MUG-1", "PAN-1"))
    twinshelf.pull()
    connection = twinshelf.connection
    ListingRow.objects.create(  # what was sent cannot be read any more
        account_id=connection.account_id, connection=connection, product_id=str(mug), sent=b"nothing that we wrote"
    )

    listings.list_products(connection, [str(mug), str(pan)], by=MAYA)
    assert {twinshelf.listing(each).state for each in (mug, pan)} == {"in_progress"}
    twinshelf.settle()
    twinshelf.wait(600)

    assert (twinshelf.listing(mug).state, twinshelf.listing(pan).state) == ("failed", "live")
    assert twinshelf.problems() == [(str(mug), "E-BUG")]
    task = Task.objects.latest("id")
    assert (task.state, task.succeeded, task.failed) == ("completed", 1, 1)
