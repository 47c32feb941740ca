"""Products of the TikTok Shop double: versions, audit, states, price and stock."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.tests.tiktok_client import Refusal, Shop, open_shop
from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.faults import Fault

CREATE = "/product/202309/products"
SEARCH = "/product/202502/products/search"


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    return open_shop(sandbox)


def statuses(shop: Shop) -> list[tuple[str, str]]:
    return [(e.detail["before"], e.detail["after"]) for e in shop.effects("product_status")]


def edit(shop: Shop, product_id: str, body: dict[str, Any]) -> Any:
    return shop.call("PUT", f"/product/202509/products/{product_id}", body)


def with_ids(body: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """The body of an edit that keeps all SKUs: their ids, without price and stock."""
    skus = [
        {"id": a["id"], "seller_sku": s["seller_sku"], "sales_attributes": s["sales_attributes"]}
        for a, s in zip(answer["skus"], body["skus"], strict=True)
    ]
    return {**body, "skus": skus}


def test_a_product_goes_through_the_audit_before_it_is_live(shop, sandbox):
    answer = shop.create()
    product = shop.product(answer["product_id"])
    assert (product["status"], product["product_status"], product["audit"]["status"]) == (
        "PENDING",
        "INITIAL",
        "AUDITING",
    )
    assert [s["seller_sku"] for s in answer["skus"]] == ["MUG-250", "MUG-400"]

    sandbox.advance(29)
    assert shop.product(answer["product_id"])["status"] == "PENDING"
    sandbox.advance(2)
    product = shop.product(answer["product_id"])
    assert (product["status"], product["product_status"], product["audit"]["status"]) == (
        "ACTIVATE",
        "ACTIVATE",
        "APPROVED",
    )
    assert statuses(shop) == [("PENDING", "ACTIVATE")]


def test_prices_come_back_under_other_names_than_they_were_sent(shop):
    answer = shop.list_product()
    price = shop.product(answer["product_id"])["skus"][0]["price"]
    assert price == {"currency": "USD", "tax_exclusive_price": "12.00", "sale_price": "12.00"}
    found = shop.post(SEARCH, {"status": "ALL"}, page_size="10")["products"][0]["skus"][0]["price"]
    assert found == {"currency": "USD", "tax_exclusive_price": "12.00"}


def test_the_same_idempotency_key_creates_once(shop):
    body = shop.body(idempotency_key="3f1c9c5e-0001")
    first, again = shop.post(CREATE, body), shop.post(CREATE, {**body, "title": "Another title for the same key"})
    assert first == again
    assert len(shop.effects("product_created")) == 1
    assert shop.post(CREATE, {**body, "idempotency_key": "3f1c9c5e-0002"})["product_id"] != first["product_id"]


def test_a_create_whose_answer_was_lost_can_be_repeated_with_its_key(shop, sandbox):
    import httpx2  # noqa: PLC0415

    sandbox.faults.add(Fault(action="drop", phase="after", platform="tiktok", method="POST", path=CREATE))
    body = shop.body(idempotency_key="key-1")
    with pytest.raises(httpx2.ReadError):
        shop.send("POST", CREATE, body)
    assert shop.post(CREATE, body)["product_id"]
    assert len(shop.effects("product_created")) == 1


def test_an_external_id_is_unique_among_products_that_exist(shop):
    first = shop.post(CREATE, shop.body(external_product_id="bc-17"))["product_id"]
    assert shop.refused("POST", CREATE, shop.body(external_product_id="bc-17")) == 12052996
    shop.call("DELETE", CREATE, {"product_ids": [first]})
    assert shop.post(CREATE, shop.body(external_product_id="bc-17"))["product_id"] != first


def test_own_sales_attributes_get_ids_that_stay(shop):
    first, second = shop.create(), shop.create()
    assert [s["sales_attributes"] for s in first["skus"]] == [s["sales_attributes"] for s in second["skus"]]
    body = shop.body()
    sku = {**body["skus"][0], "sales_attributes": [{"name": "Colour", "value_name": "Red"}]}
    built_in = {**sku, "sales_attributes": [{"id": "100000", "value_id": "1000103"}]}
    own = shop.post(CREATE, {**body, "skus": [sku]})
    standard = shop.post(CREATE, {**body, "skus": [built_in]})
    assert own["skus"][0]["sales_attributes"][0]["id"] != "100000"
    shown = shop.product(standard["product_id"])["skus"][0]["sales_attributes"][0]
    assert (shown["name"], shown["value_name"]) == ("Color", "Red")


def test_an_edit_of_a_live_product_waits_in_the_audit_while_the_old_version_sells(shop, sandbox):
    body = shop.body()
    answer = shop.list_product()
    product_id = answer["product_id"]
    assert shop.refused("GET", f"/product/202309/products/{product_id}", return_under_review_version="true") == 12052547

    reply = edit(shop, product_id, {**with_ids(body, answer), "title": "Enamel mug, new and improved"})
    assert reply["audit"] == {"status": "AUDITING"}
    assert shop.product(product_id)["title"] == body["title"]
    assert shop.product(product_id)["status"] == "ACTIVATE"
    assert shop.product(product_id, return_under_review_version="true")["title"] == "Enamel mug, new and improved"

    sandbox.advance(31)
    assert shop.product(product_id)["title"] == "Enamel mug, new and improved"
    assert [e.detail["fields"] for e in shop.effects("product_edited")] == [["title"]]
    assert [e.detail["fields"] for e in shop.effects("product_live")] == [["title"]]
    assert statuses(shop) == [("PENDING", "ACTIVATE")]  # live all the time


def test_a_rejected_edit_leaves_the_live_version(shop, sandbox):
    body = shop.body()
    answer = shop.list_product()
    edit(shop, answer["product_id"], {**with_ids(body, answer), "title": "Enamel mug, cures everything"})
    sandbox.act(
        "tt.reject", product_id=answer["product_id"], reasons=[{"position": "Title", "reason": "Medical claim."}]
    )
    product = shop.product(answer["product_id"])
    assert (product["status"], product["title"], product["audit"]["status"]) == ("ACTIVATE", body["title"], "FAILED")
    assert product["audit_failed_reasons"][0]["reasons"] == ["Medical claim."]


def test_an_edit_overwrites_everything_but_price_and_stock(shop, sandbox):
    body = shop.body()
    answer = shop.list_product(search_terms=["mug"], key_product_features=["Does not break"])
    new = with_ids(body, answer)
    new["skus"] = new["skus"][1:]  # the first SKU is not named, so it goes
    edit(shop, answer["product_id"], new)
    sandbox.advance(31)
    product = shop.product(answer["product_id"])
    assert "search_terms" not in product
    assert [(s["seller_sku"], s["price"]["sale_price"], s["inventory"][0]["quantity"]) for s in product["skus"]] == [
        ("MUG-400", "12.00", 20)
    ]
    assert [e.detail["sku_id"] for e in shop.effects("sku_deleted")] == [answer["skus"][0]["id"]]
    assert len(shop.effects("price_set")) == 2  # those of the creation


def test_an_edit_may_add_a_sku_and_set_a_price_at_once(shop, sandbox):
    body = shop.body()
    answer = shop.list_product()
    new = with_ids(body, answer)
    new["skus"][0]["price"] = {"amount": "13.00", "currency": "USD"}
    new["skus"].append(
        {**body["skus"][0], "seller_sku": "MUG-900", "sales_attributes": [{"name": "Volume", "value_name": "900 ml"}]}
    )
    reply = edit(shop, answer["product_id"], new)
    assert [s["seller_sku"] for s in reply["skus"]] == ["MUG-250", "MUG-400", "MUG-900"]
    assert shop.product(answer["product_id"])["skus"][0]["price"]["sale_price"] == "13.00"  # not waiting for the audit
    assert len(shop.product(answer["product_id"])["skus"]) == 2
    sandbox.advance(31)
    assert len(shop.product(answer["product_id"])["skus"]) == 3
    assert (
        shop.refused(
            "PUT", f"/product/202509/products/{answer['product_id']}", {**new, "skus": [{**new["skus"][0], "id": "99"}]}
        )
        == 12052556
    )


def test_an_edit_that_changes_nothing_needs_no_audit(shop):
    body = shop.body()
    answer = shop.list_product()
    assert edit(shop, answer["product_id"], with_ids(body, answer))["audit"] == {"status": "APPROVED"}
    assert shop.effects("product_edited") == []


def test_a_partial_edit_replaces_the_properties_it_names(shop, sandbox):
    answer = shop.list_product(search_terms=["mug"])
    path = f"/product/202509/products/{answer['product_id']}/partial_edit"
    shop.post(path, {"title": "Enamel mug in a partial edit", "category_id": "600059"})
    sandbox.advance(31)
    product = shop.product(answer["product_id"])
    assert product["title"] == "Enamel mug in a partial edit"
    assert product["search_terms"] == ["mug"]
    assert product["category_chains"][-1]["id"] == "600042"  # Partial Edit does not know the category
    assert len(product["skus"]) == 2
    assert shop.refused("POST", path, {}) == 12052487


def test_two_edits_in_a_row_build_on_the_version_under_review(shop, sandbox):
    answer = shop.list_product()
    path = f"/product/202509/products/{answer['product_id']}/partial_edit"
    shop.post(path, {"title": "Enamel mug, first change"})
    shop.post(path, {"description": "<p>Second change.</p>"})
    sandbox.advance(31)
    product = shop.product(answer["product_id"])
    assert (product["title"], product["description"]) == ("Enamel mug, first change", "<p>Second change.</p>")


def test_drafts_stand_beside_the_live_version(shop, sandbox):
    answer = shop.list_product()
    path = f"/product/202509/products/{answer['product_id']}/partial_edit"
    shop.post(path, {"title": "A draft of a title", "save_mode": "AS_DRAFT"})
    product = shop.product(answer["product_id"])
    assert (product["has_draft"], product["title"]) == (True, "Enamel mug for the camp kitchen, two sizes")
    assert shop.product(answer["product_id"], return_draft_version="true")["title"] == "A draft of a title"
    shop.post(path, {"description": "<p>Submitted.</p>"})
    sandbox.advance(31)
    product = shop.product(answer["product_id"])
    assert (product["has_draft"], product["title"]) == (False, "A draft of a title")
    shop.switch("post_live_drafts", value=False)
    assert shop.refused("POST", path, {"title": "No more drafts", "save_mode": "AS_DRAFT"}) == 12052488


def test_a_draft_is_submitted_by_an_edit(shop, sandbox):
    body = shop.body()
    answer = shop.post(CREATE, {**body, "save_mode": "AS_DRAFT"})
    shop.post(f"/product/202509/products/{answer['product_id']}/partial_edit", {"title": "A mug that is ready now"})
    sandbox.advance(31)
    assert statuses(shop) == [("DRAFT", "PENDING"), ("PENDING", "ACTIVATE")]


def test_audit_rules_reject_and_a_correction_passes(shop, sandbox):
    rule = {
        "field": "title",
        "contains": "miracle",
        "position": "Product title",
        "reason": "Exaggeration.",
        "suggestion": "Tone down.",
    }
    sandbox.act("tt.set_audit_policy", shop_id=shop.id, seconds=600, reject=[rule])
    answer = shop.create(title="The miracle mug")
    sandbox.advance(601)
    product = shop.product(answer["product_id"])
    assert (product["status"], product["audit"]["status"]) == ("FAILED", "FAILED")
    assert product["audit_failed_reasons"] == [
        {
            "listing_platform": "TIKTOK_SHOP",
            "position": "Product title",
            "reasons": ["Exaggeration."],
            "suggestions": ["Tone down."],
        }
    ]
    shop.post(f"/product/202509/products/{answer['product_id']}/partial_edit", {"title": "The good mug"})
    sandbox.advance(601)
    assert statuses(shop) == [("PENDING", "FAILED"), ("FAILED", "PENDING"), ("PENDING", "ACTIVATE")]


@pytest.mark.parametrize(
    ("without", "title", "status"),
    [
        ("soy, beeswax", "A candle for the desk at night", "FAILED"),
        ("soy, beeswax", "A SOY candle for the desk", "ACTIVATE"),
        ("soy, beeswax", "A candle of beeswax, two hours", "ACTIVATE"),
        ("", "A candle for the desk at night", "FAILED"),
        (" , ", "A candle for the desk at night", "FAILED"),
    ],
)
def test_an_audit_rule_may_want_one_of_some_words(shop, sandbox, without, title, status):
    rule = {"contains": "candle", "without": without, "position": "Product title", "reason": "Name the wax."}
    sandbox.act("tt.set_audit_policy", shop_id=shop.id, seconds=600, reject=[rule])

    product_id = shop.create(title=title)["product_id"]
    sandbox.advance(601)

    assert shop.product(product_id)["status"] == status


def test_an_audit_can_be_immediate_or_wait_for_a_person(shop, sandbox):
    sandbox.act("tt.set_audit_policy", shop_id=shop.id, seconds=0)
    assert shop.product(shop.create()["product_id"])["status"] == "ACTIVATE"
    sandbox.act("tt.set_audit_policy", shop_id=shop.id, seconds=-1)
    waiting = shop.create()["product_id"]
    sandbox.advance(86_400)
    assert shop.product(waiting)["status"] == "PENDING"
    sandbox.act("tt.approve", product_id=waiting)
    assert shop.product(waiting)["status"] == "ACTIVATE"


TRANSITIONS = [
    # (how the product got where it is, call, code or status afterwards)
    ("live", "deactivate", "SELLER_DEACTIVATED"),
    ("live", "activate", 12052901),
    ("live", "recover", 12052901),
    ("live", "delete", "DELETED"),
    ("hidden", "activate", "PENDING"),
    ("hidden", "deactivate", 12052901),
    ("hidden", "delete", "DELETED"),
    ("taken down", "activate", "PENDING"),
    ("taken down", "delete", "DELETED"),
    ("frozen", "activate", 12052901),
    ("frozen", "deactivate", 12052901),
    ("frozen", "delete", 12052901),
    ("deleted", "recover", "SELLER_DEACTIVATED"),
    ("deleted", "activate", 12052901),
    ("deleted", "delete", 12052901),
    ("draft", "activate", 12052901),
    ("draft", "delete", "DELETED"),
    ("in audit", "deactivate", 12052901),
    ("in audit", "delete", "DELETED"),
]


def arrive(shop: Shop, state: str) -> str:
    if state == "draft":
        return str(shop.post(CREATE, {**shop.body(), "save_mode": "AS_DRAFT"})["product_id"])
    if state == "in audit":
        return str(shop.create()["product_id"])
    product_id = str(shop.list_product()["product_id"])
    action = {
        "hidden": "tt.deactivate_product",
        "taken down": "tt.take_down_product",
        "frozen": "tt.freeze_product",
        "deleted": "tt.delete_product",
    }.get(state)
    if action:
        shop.sandbox.act(action, product_id=product_id)
    return product_id


@pytest.mark.parametrize(("state", "call", "outcome"), TRANSITIONS, ids=[f"{s}: {c}" for s, c, _ in TRANSITIONS])
def test_states_and_what_moves_them(shop, state, call, outcome):
    product_id = arrive(shop, state)
    before = shop.product(product_id)["status"]
    method, path = ("DELETE", CREATE) if call == "delete" else ("POST", f"{CREATE}/{call}")
    data = shop.call(method, path, {"product_ids": [product_id]})
    after = shop.product(product_id)["status"]
    if isinstance(outcome, int):
        assert [(e["code"], e["detail"]["product_id"]) for e in data["errors"]] == [(outcome, product_id)]
        assert after == before
    else:
        assert data == {}
        assert after == outcome


@pytest.mark.parametrize(
    ("state", "editable", "stock", "price"),
    [
        ("draft", True, True, False),
        ("in audit", True, True, False),
        ("live", True, True, True),
        ("hidden", True, True, False),
        ("taken down", True, False, False),
        ("frozen", False, False, False),
        ("deleted", False, False, False),
    ],
)
def test_what_can_be_changed_in_which_state(shop, state, editable, stock, price):
    product_id = arrive(shop, state)
    sku = shop.product(product_id)["skus"][0]["id"]

    def done(path: str, body: dict[str, Any]) -> bool:
        reply = shop.send("POST", path, body).json()
        assert reply["code"] in (0, 12052901)
        return bool(reply["code"] == 0)

    assert (
        done(
            f"/product/202309/products/{product_id}/inventory/update",
            {"skus": [{"id": sku, "inventory": [{"quantity": 3}]}]},
        )
        is stock
    )
    new_price = {"amount": "9.99", "currency": "USD"}
    assert (
        done(f"/product/202309/products/{product_id}/prices/update", {"skus": [{"id": sku, "price": new_price}]})
        is price
    )
    assert (
        done(f"/product/202509/products/{product_id}/partial_edit", {"title": "A mug with another title"}) is editable
    )


def test_batches_go_on_after_an_item_that_fails(shop, sandbox):
    ids = [shop.list_product(title=f"Enamel mug number {n}")["product_id"] for n in range(3)]
    shop.post(f"{CREATE}/deactivate", {"product_ids": [ids[1]]})
    data = shop.post(f"{CREATE}/deactivate", {"product_ids": [*ids, "123"]})
    assert [(e["code"], e["detail"]["product_id"]) for e in data["errors"]] == [(12052901, ids[1]), (12052032, "123")]
    assert [shop.product(i)["status"] for i in ids] == ["SELLER_DEACTIVATED"] * 3
    assert shop.refused("POST", f"{CREATE}/activate", {"product_ids": [str(n) for n in range(21)]}) == 12019120


def test_a_product_of_another_shop_is_not_ones_own(sandbox, shop):
    other = open_shop(sandbox).create()["product_id"]
    assert shop.refused("GET", f"/product/202309/products/{other}") == 12052048
    assert shop.refused("GET", "/product/202309/products/1729000000000000000") == 12052032
    assert shop.refused("GET", "/product/202309/products/mug") == 12052031


def test_the_daily_limit_of_listings(shop, sandbox):
    sandbox.act("tt.set_limits", shop_id=shop.id, daily_listings=2)
    shop.create()
    shop.create()
    assert shop.refused("POST", CREATE, shop.body()) == 12052093
    failed = [r["check_item"] for r in shop.get("/product/202312/prerequisites")["check_results"] if r["is_failed"]]
    assert failed == ["PRODUCT_QUANTITY_LIMIT"]
    sandbox.advance(86_400)
    assert shop.create()["product_id"]


def test_edits_are_refused_during_an_appeal_or_a_shop_integration(shop, sandbox):
    product_id = shop.list_product()["product_id"]
    path = f"/product/202509/products/{product_id}/partial_edit"
    sandbox.act("tt.set_appeal", product_id=product_id, open=True)
    assert shop.refused("POST", path, {"title": "A mug under appeal"}) == 12052308
    sandbox.act("tt.set_appeal", product_id=product_id, open=False)
    shop.switch("locked_for_integration", value=True)
    assert shop.refused("POST", path, {"title": "A mug that is locked"}) == 12052332
    sku = shop.product(product_id)["skus"][0]["id"]
    assert (
        shop.post(
            f"/product/202309/products/{product_id}/inventory/update",
            {"skus": [{"id": sku, "inventory": [{"quantity": 3}]}]},
        )
        == {}
    )


# -- price -----------------------------------------------------------------------------------------------------


def set_price(shop: Shop, answer: dict[str, Any], *amounts: str) -> Any:
    skus = [
        {"id": s["id"], "price": {"amount": a, "currency": "USD"}}
        for s, a in zip(answer["skus"], amounts, strict=False)
    ]
    return shop.post(f"/product/202309/products/{answer['product_id']}/prices/update", {"skus": skus})


def test_a_price_is_shown_at_once_and_recorded_once(shop):
    answer = shop.list_product()
    assert set_price(shop, answer, "14.50") == {}
    assert set_price(shop, answer, "14.50") == {}
    assert [s["price"]["sale_price"] for s in shop.product(answer["product_id"])["skus"]] == ["14.50", "12.00"]
    changes = [(e.detail["seller_sku"], e.detail["before"], e.detail["after"]) for e in shop.effects("price_set")][2:]
    assert changes == [("MUG-250", "12.00", "14.50")]


def test_one_bad_price_refuses_all_unless_switched(shop):
    answer = shop.list_product()
    with pytest.raises(Refusal, match="12052570"):
        set_price(shop, answer, "14.50", "8000")
    assert shop.product(answer["product_id"])["skus"][0]["price"]["sale_price"] == "12.00"
    shop.switch("atomic_prices", value=False)
    assert set_price(shop, answer, "14.50", "8000") == {}
    assert [s["price"]["sale_price"] for s in shop.product(answer["product_id"])["skus"]] == ["14.50", "12.00"]


@pytest.mark.parametrize(
    ("_case", "sku", "code"),
    [
        ("no SKU", None, 12052902),
        ("an unknown SKU", {"id": "1", "price": {"amount": "5", "currency": "USD"}}, 12052556),
        ("pounds", {"price": {"amount": "5", "currency": "GBP"}}, 12052084),
        ("no price", {}, 12052073),
        ("a number", {"price": {"amount": 5, "currency": "USD"}}, 12052910),
    ],
)
def test_prices_that_are_refused(shop, _case, sku, code):
    answer = shop.list_product()
    skus = [] if sku is None else [{"id": answer["skus"][0]["id"], **sku}]
    assert (
        shop.refused("POST", f"/product/202309/products/{answer['product_id']}/prices/update", {"skus": skus}) == code
    )


# -- stock -----------------------------------------------------------------------------------------------------


def set_stock(shop: Shop, answer: dict[str, Any], *levels: dict[str, int]) -> Any:
    skus = [
        {"id": s["id"], "inventory": [{"warehouse_id": w, "quantity": q} for w, q in level.items()]}
        for s, level in zip(answer["skus"], levels, strict=False)
    ]
    return shop.post(f"/product/202309/products/{answer['product_id']}/inventory/update", {"skus": skus})


def test_stock_is_set_at_once_and_recorded_once(shop):
    answer = shop.list_product()
    (place,) = shop.warehouses
    assert set_stock(shop, answer, {place: 7}, {place: 0}) == {}
    assert set_stock(shop, answer, {place: 7}, {place: 0}) == {}
    assert [shop.stock(s["id"]) for s in answer["skus"]] == [(7, 0), (0, 0)]
    changes = [
        (e.detail["seller_sku"], e.detail["warehouse"], e.detail["before"], e.detail["after"])
        for e in shop.effects("stock_set")
    ]
    assert changes[2:] == [("MUG-250", place, 20, 7), ("MUG-400", place, 20, 0)]


def test_every_warehouse_of_a_sku_must_be_named_and_no_other(sandbox):
    shop = open_shop(sandbox, warehouses=["Harbor", "Mill", "Barn"])
    shop.warehouses = shop.warehouses[:2]
    answer = shop.list_product()
    harbor, mill = shop.warehouses
    barn = shop.get("/logistics/202309/warehouses")["warehouses"][4]["id"]

    data = set_stock(shop, answer, {harbor: 5}, {harbor: 6, mill: 7})
    (error,) = data["errors"]
    assert (error["code"], error["detail"]["sku_id"]) == (12019028, answer["skus"][0]["id"])
    assert error["detail"]["extra_errors"] == [{"warehouse_id": mill, "code": 12019028, "message": error["message"]}]
    assert [shop.stock(s["id"])[0] for s in answer["skus"]] == [40, 13]  # the second SKU took effect

    data = set_stock(shop, answer, {harbor: 5, mill: 5, barn: 5})
    assert data["errors"][0]["detail"]["extra_errors"][0] == {
        "warehouse_id": barn,
        "code": 12052533,
        "message": data["errors"][0]["message"],
    }


def test_the_warehouse_may_be_left_out_when_there_is_one(shop):
    answer = shop.list_product()
    body = {"skus": [{"id": answer["skus"][0]["id"], "inventory": [{"quantity": 3}]}]}
    assert shop.post(f"/product/202309/products/{answer['product_id']}/inventory/update", body) == {}
    assert shop.stock(answer["skus"][0]["id"]) == (3, 0)


def test_stock_limits_are_switches(shop):
    answer = shop.list_product()
    (place,) = shop.warehouses
    assert set_stock(shop, answer, {place: 999_999}) == {}
    shop.switch("max_quantity", value=99_999)
    shop.switch("zero_quantity", value=False)
    assert set_stock(shop, answer, {place: 100_000})["errors"][0]["code"] == 12052055
    assert set_stock(shop, answer, {place: 0})["errors"][0]["code"] == 12052055
    assert shop.stock(answer["skus"][0]["id"]) == (999_999, 0)


def test_a_disabled_warehouse_takes_no_stock(shop, sandbox):
    answer = shop.list_product()
    (place,) = shop.warehouses
    sandbox.act("tt.set_warehouse", shop_id=shop.id, warehouse_id=place, effect_status="DISABLED")
    assert set_stock(shop, answer, {place: 5})["errors"][0]["code"] == 12052531


@pytest.mark.parametrize(("must_be_named", "code"), [(False, 0), (True, 12019028)])
def test_whether_a_disabled_warehouse_must_be_named_is_a_switch(sandbox, must_be_named, code):
    shop = open_shop(sandbox, warehouses=["Harbor", "Mill"])
    answer = shop.list_product()
    on, off = shop.warehouses
    sandbox.act("tt.set_warehouse", shop_id=shop.id, warehouse_id=off, effect_status="DISABLED")
    shop.switch("name_disabled_warehouses", value=must_be_named)
    errors = set_stock(shop, answer, {on: 5}).get("errors", [])
    assert [error["code"] for error in errors] == ([code] if code else [])
    assert set_stock(shop, answer, {on: 5, off: 5})["errors"][0]["code"] == 12052531


def test_a_partial_fault_breaks_the_items_it_names(shop, sandbox):
    answer = shop.list_product()
    (place,) = shop.warehouses
    sandbox.faults.add(Fault(action="partial", path="*/inventory/update", items=[answer["skus"][1]["id"]]))
    data = set_stock(shop, answer, {place: 1}, {place: 2})
    assert [e["detail"]["sku_id"] for e in data["errors"]] == [answer["skus"][1]["id"]]
    assert [shop.stock(s["id"])[0] for s in answer["skus"]] == [1, 20]


def test_a_stale_fault_answers_with_what_was(shop, sandbox):
    answer = shop.list_product()
    (place,) = shop.warehouses
    sandbox.advance(100)
    set_stock(shop, answer, {place: 1})
    sandbox.advance(10)
    sandbox.faults.add(Fault(action="stale", path="/product/202309/inventory/search", seconds=60))
    assert shop.stock(answer["skus"][0]["id"]) == (20, 0)
    assert shop.stock(answer["skus"][0]["id"]) == (1, 0)


def test_inventory_search_limits(shop):
    path = "/product/202309/inventory/search"
    assert shop.refused("POST", path, {}) == 12019008
    assert shop.refused("POST", path, {"sku_ids": [str(n) for n in range(601)]}) == 12019015
    assert shop.refused("POST", path, {"product_ids": [str(n) for n in range(101)]}) == 12019120
    assert shop.post(path, {"product_ids": ["1"]}) == {"inventory": []}


# -- what people do --------------------------------------------------------------------------------------------


def test_a_persons_edits_in_seller_center(shop, sandbox):
    answer = shop.list_product()
    sandbox.act("tt.set_stock", product_id=answer["product_id"], sku="MUG-250", quantity=4)
    sandbox.act("tt.set_price", product_id=answer["product_id"], sku="MUG-250", price="15.00")
    sandbox.act("tt.edit_product", product_id=answer["product_id"], changes={"title": "A mug renamed by a person"})
    sandbox.advance(31)
    product = shop.product(answer["product_id"])
    assert (product["title"], product["skus"][0]["price"]["sale_price"]) == ("A mug renamed by a person", "15.00")
    assert shop.stock(answer["skus"][0]["id"]) == (4, 0)
    assert {e.cause for e in shop.effects("stock_set")} >= {"action tt.set_stock"}
    with pytest.raises(ValueError, match="12052051"):
        sandbox.act("tt.edit_product", product_id=answer["product_id"], changes={"title": "x" + " y" * 200})


def test_tiktok_rewrites_own_attributes_into_its_own(shop, sandbox):
    body = shop.body()
    sku = {**body["skus"][0], "sales_attributes": [{"name": "Colour", "value_name": "Fern"}]}
    answer = shop.post(CREATE, {**body, "skus": [sku]})
    sandbox.advance(31)
    sandbox.act("tt.standardize_attributes", product_id=answer["product_id"])
    (shown,) = shop.product(answer["product_id"])["skus"]
    assert shown["id"] == answer["skus"][0]["id"]
    assert (shown["sales_attributes"][0]["id"], shown["sales_attributes"][0]["name"]) == ("100000", "Color")


# -- search ----------------------------------------------------------------------------------------------------


def test_search_by_status_sku_and_time(shop, sandbox):
    first = shop.list_product()
    sandbox.advance(1000)
    second = shop.list_product(title="Another enamel mug for the kitchen")
    shop.post(f"{CREATE}/deactivate", {"product_ids": [second["product_id"]]})

    def ids(**body: Any) -> list[str]:
        return [p["id"] for p in shop.post(SEARCH, body, page_size="100")["products"]]

    both = [second["product_id"], first["product_id"]]
    assert ids() == ids(status="ALL") == both
    assert ids(status="ACTIVATE") == both[1:]
    assert ids(status="SELLER_DEACTIVATED") == both[:1]
    assert ids(seller_skus=["MUG-400"]) == both
    assert ids(sku_ids=[first["skus"][0]["id"]]) == both[1:]
    created = shop.product(first["product_id"])["create_time"]
    assert ids(create_time_le=created) == both[1:]  # `le` is inclusive
    assert ids(create_time_ge=created + 1) == both[:1]
    assert ids(update_time_le=created + 500) == both[1:]
    assert ids(audit_status=["APPROVED"], status="ACTIVATE") == both[1:]


@pytest.mark.parametrize(
    ("body", "query", "code"),
    [
        ({}, {}, 12019109),
        ({}, {"page_size": "101"}, 12019109),
        ({}, {"page_size": "ten"}, 12019109),
        ({"seller_skus": ["x"] * 11}, {"page_size": "10"}, 12019027),
        ({"sku_ids": ["x"] * 11}, {"page_size": "10"}, 12019087),
        ({"create_time_ge": 2, "create_time_le": 1}, {"page_size": "10"}, 12019118),
        ({"status": "LIVE"}, {"page_size": "10"}, 12052910),
        ({}, {"page_size": "10", "page_token": "bm90aGluZw=="}, 12019108),
    ],
)
def test_searches_that_are_refused(shop, body, query, code):
    assert shop.refused("POST", SEARCH, body, **query) == code


def test_pages_end_with_an_empty_token_and_tokens_belong_to_their_search(shop):
    for n in range(5):
        shop.create(title=f"Enamel mug number {n}")
    first = shop.post(SEARCH, {"status": "ALL"}, page_size="2")
    second = shop.post(SEARCH, {"status": "ALL"}, page_size="2", page_token=first["next_page_token"])
    third = shop.post(SEARCH, {"status": "ALL"}, page_size="2", page_token=second["next_page_token"])
    titles = [p["title"][-1] for page in (first, second, third) for p in page["products"]]
    assert titles == ["4", "3", "2", "1", "0"]
    assert (third["next_page_token"], first["total_count"]) == ("", 5)
    assert (
        shop.refused("POST", SEARCH, {"status": "PENDING"}, page_size="2", page_token=first["next_page_token"])
        == 12019108
    )


def test_search_ends_at_ten_thousand_results(shop, sandbox):
    answer = shop.create()
    with sandbox.world.transaction("many"):
        table = sandbox.world.table(f"tt/{shop.id}/products")
        offers = sandbox.world.table(f"tt/{shop.id}/offers")
        row, offer = table[answer["product_id"]], offers[answer["product_id"]]
        for n in range(10_000):
            table.put(str(n), {**row, "id": str(n)})
            offers.put(str(n), offer)
    assert shop.refused("POST", SEARCH, {"status": "ALL"}, page_size="10") == 12052180
    assert shop.post(SEARCH, {"status": "ACTIVATE"}, page_size="10")["total_count"] == 0
    shop.switch("search_cap", value="offset")
    assert shop.post(SEARCH, {"status": "ALL"}, page_size="10")["total_count"] == 10_001


def test_the_status_in_a_search_can_be_switched_to_lag(shop):
    product_id = shop.list_product()["product_id"]
    shop.post(f"{CREATE}/deactivate", {"product_ids": [product_id]})
    shop.switch("stale_search_status", value=True)
    assert shop.post(SEARCH, {}, page_size="10")["products"][0]["status"] == "ACTIVATE"
    assert shop.product(product_id)["status"] == "SELLER_DEACTIVATED"


def test_answers_have_no_key_the_documents_do_not_know(shop):
    answer = shop.list_product()
    text = json.dumps(shop.product(answer["product_id"])) + json.dumps(shop.post(SEARCH, {}, page_size="10"))
    assert '"_' not in text
    assert '"amount"' not in text


def test_a_draft_needs_price_and_stock_before_it_is_submitted(shop):
    body = shop.body()
    for sku in body["skus"]:
        del sku["price"], sku["inventory"]
    answer = shop.post(CREATE, {**body, "save_mode": "AS_DRAFT"})
    path = f"/product/202509/products/{answer['product_id']}/partial_edit"
    assert shop.refused("POST", path, {"title": "A mug without a price"}) == 12052073
    skus = [{**sku, "id": made["id"]} for sku, made in zip(shop.body()["skus"], answer["skus"], strict=True)]
    for sku in skus:
        del sku["inventory"]
    assert shop.refused("POST", path, {"skus": skus}) == 12052115
    full = [{**sku, "id": made["id"]} for sku, made in zip(shop.body()["skus"], answer["skus"], strict=True)]
    assert shop.post(path, {"skus": full})["audit"]["status"] == "AUDITING"


@pytest.mark.parametrize(
    ("_case", "list_price", "code"),
    [
        ("another currency", {"amount": "20.00", "currency": "EUR"}, 12052084),
        ("no number", {"amount": "²", "currency": "USD"}, 12052375),
        ("beyond the market", {"amount": "7600.01", "currency": "USD"}, 12052383),
    ],
)
def test_a_price_update_checks_the_list_price_too(shop, _case, list_price, code):
    answer = shop.list_product()
    path = f"/product/202309/products/{answer['product_id']}/prices/update"
    sku = {"id": answer["skus"][0]["id"], "price": {"amount": "11.00", "currency": "USD"}}
    assert shop.refused("POST", path, {"skus": [{**sku, "list_price": list_price}]}) == code
    good = {"amount": "15.00", "currency": "USD"}
    assert shop.post(path, {"skus": [{**sku, "list_price": good}]}) == {}
    assert shop.product(answer["product_id"])["skus"][0]["list_price"] == good


def test_a_list_price_below_the_price_that_stays_is_dropped(shop, sandbox):
    answer = shop.list_product()
    skus = [
        {
            "id": made["id"],
            "seller_sku": sku["seller_sku"],
            "sales_attributes": sku["sales_attributes"],
            "list_price": {"amount": amount, "currency": "USD"},
        }
        for sku, made, amount in zip(shop.body()["skus"], answer["skus"], ("11.99", "12.01"), strict=True)
    ]
    shop.post(f"/product/202509/products/{answer['product_id']}/partial_edit", {"skus": skus})
    sandbox.advance(31)
    shown = shop.product(answer["product_id"])["skus"]
    assert [sku.get("list_price") for sku in shown] == [None, {"amount": "12.01", "currency": "USD"}]


def test_measures_of_an_attribute_come_back(shop):
    info = {"id": "1", "metric_value_module_infos": [{"id": "2", "value": "30", "unit_name": "cm"}]}
    body = shop.body()
    body["product_attributes"].append({"id": "100347", "values": [{"id": "1000256", "metric_standard_info": info}]})
    shown = shop.product(shop.post(CREATE, body)["product_id"])["product_attributes"]
    assert [a["values"][0].get("metric_standard_info") for a in shown if a["id"] == "100347"] == [info]


@pytest.mark.parametrize("number", [2**64, 10**30, -(2**64)])
def test_numbers_wider_than_64_bits_are_bad_input(shop, number):
    body = shop.body(minimum_order_quantity=number)
    assert shop.refused("POST", CREATE, body) == 12052910
    assert shop.refused("POST", SEARCH, {"update_time_ge": number}, page_size="10") == 12052910
