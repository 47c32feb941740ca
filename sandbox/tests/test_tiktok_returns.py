"""Returns in the TikTok Shop double: states, decisions, deadlines, partial refunds, disputes, replacements."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.tests.tiktok_client import Refusal, Shop, multipart, open_shop
from twinshelf_sandbox.app import Sandbox

HOUR, DAY = 3600, 86_400
RETURNS = "/return_refund/202602/returns"
PENDING, SUCCESS = "RETURN_OR_REFUND_REQUEST_PENDING", "RETURN_OR_REFUND_REQUEST_SUCCESS"
COMPLETE, CANCEL = "RETURN_OR_REFUND_REQUEST_COMPLETE", "RETURN_OR_REFUND_REQUEST_CANCEL"
REJECTED = "REFUND_OR_RETURN_REQUEST_REJECT"


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    shop = open_shop(sandbox)
    shop.list_product()
    return shop


def delivered(shop: Shop, quantity: int = 1, **more: Any) -> str:
    order_id = shop.buy_to_ship(quantity=quantity, tax="0", **more)
    shop.mark_shipped(order_id)
    shop.sandbox.act("tt.deliver", order_id=order_id)
    return order_id


def ask(shop: Shop, order_id: str, kind: str = "RETURN_AND_REFUND", **more: Any) -> str:
    return_id: str = shop.sandbox.act("shopper.return_request", order_id=order_id, kind=kind, **more)
    return return_id


def found(shop: Shop, return_id: str) -> Any:
    (row,) = shop.post(f"{RETURNS}/search", {"return_ids": [return_id]}, page_size="10")["return_orders"]
    return row


def status(shop: Shop, return_id: str) -> str:
    return str(found(shop, return_id)["return_status"])


def path(shop: Shop, return_id: str) -> list[str]:
    return [e.detail["after"] for e in shop.effects("return_status") if e.key == return_id]


def approve(shop: Shop, return_id: str, decision: str, **more: Any) -> Any:
    return shop.post(f"/return_refund/202309/returns/{return_id}/approve", {"decision": decision, **more})


def reject(shop: Shop, return_id: str, decision: str, reason: str = "", **more: Any) -> Any:
    name = (
        reason or shop.get("/return_refund/202309/reject_reasons", return_or_cancel_id=return_id)["reasons"][0]["name"]
    )
    return shop.post(
        f"/return_refund/202606/returns/{return_id}/reject", {"decision": decision, "reject_reason": name, **more}
    )


def test_a_return_from_request_to_refund(shop, sandbox):
    return_id = ask(shop, delivered(shop, 2), seller_skus=["MUG-250"])
    row = found(shop, return_id)
    assert (row["return_type"], row["return_status"], row["role"]) == ("RETURN_AND_REFUND", PENDING, "BUYER")
    assert row["seller_next_action_response"] == [
        {"action": "SELLER_RESPOND_RETURN", "deadline": row["create_time"] + 48 * HOUR}
    ]
    assert (len(row["return_line_items"]), row["refund_amount"]["refund_total"]) == (1, "12.00")

    approve(shop, return_id, "APPROVE_RETURN")
    sandbox.act("shopper.send_back", return_id=return_id, tracking="BACK-1")
    row = found(shop, return_id)
    assert (row["return_status"], row["return_tracking_number"]) == ("BUYER_SHIPPED_ITEM", "BACK-1")
    approve(shop, return_id, "APPROVE_RECEIVED_PACKAGE")
    sandbox.advance(61)
    assert path(shop, return_id) == ["AWAITING_BUYER_SHIP", "BUYER_SHIPPED_ITEM", SUCCESS, COMPLETE]
    assert [(e.detail["amount"], e.detail["units"]) for e in shop.effects("refund")] == [("12.00", 1)]
    roles = [r["role"] for r in shop.get(f"/return_refund/202309/returns/{return_id}/records")["records"]]
    assert roles == ["Buyer", "Seller", "Buyer", "System"]  # not in capitals, unlike everywhere else


def test_a_refund_without_return(shop, sandbox):
    return_id = ask(shop, delivered(shop), "REFUND")
    approve(shop, return_id, "APPROVE_REFUND")
    sandbox.advance(61)
    assert path(shop, return_id) == [SUCCESS, COMPLETE]


def test_the_buyer_may_keep_the_goods(shop):
    return_id = ask(shop, delivered(shop))
    approve(shop, return_id, "APPROVE_RETURN", buyer_keep_item=True)
    assert path(shop, return_id) == [SUCCESS]
    assert found(shop, return_id)["can_buyer_keep_item"] is True


def test_an_order_refunded_whole_before_delivery_is_completed(shop):
    order_id = shop.buy_to_ship()
    shop.mark_shipped(order_id)
    approve(shop, ask(shop, order_id, "REFUND"), "APPROVE_REFUND")
    assert shop.order(order_id)["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("kind", "hours", "outcome"),
    [
        ("REFUND", 48, [SUCCESS]),
        ("RETURN_AND_REFUND", 48, ["AWAITING_BUYER_SHIP"]),
        ("REPLACEMENT", 24, ["REPLACEMENT_REQUEST_COMPLETE"]),
    ],
)
def test_silence_approves(shop, sandbox, kind, hours, outcome):
    return_id = ask(shop, delivered(shop), kind)
    sandbox.advance(hours * HOUR - 30)
    assert path(shop, return_id) == []
    sandbox.advance(31)
    assert path(shop, return_id)[:1] == outcome


def test_a_parcel_never_sent_closes_the_return_and_one_never_looked_at_is_refunded(shop, sandbox):
    never_sent, ignored = ask(shop, delivered(shop)), ask(shop, delivered(shop))
    for return_id in (never_sent, ignored):
        approve(shop, return_id, "APPROVE_RETURN")
    sandbox.act("shopper.send_back", return_id=ignored)
    sandbox.act("tt.return_arrived", return_id=ignored)
    sandbox.advance(48 * HOUR + 61)
    assert status(shop, ignored) == COMPLETE
    assert status(shop, never_sent) == "AWAITING_BUYER_SHIP"
    sandbox.advance(8 * DAY + 1)
    shop.token = renewed(shop)
    assert status(shop, never_sent) == CANCEL


def renewed(shop: Shop) -> str:
    from sandbox.tests.tiktok_client import tokens  # noqa: PLC0415

    app = {"app_key": shop.app_key, "app_secret": shop.app_secret}
    return str(
        tokens(shop.sandbox, app, shop.sandbox.act("tt.authorize", app_key=shop.app_key, seller=shop.seller))[
            "access_token"
        ]
    )


def test_automatic_approval_can_be_switched_off(shop, sandbox):
    shop.switch("auto_approve", value=False)
    return_id = ask(shop, delivered(shop), "REFUND")
    sandbox.advance(3 * DAY)
    assert path(shop, return_id) == []


# -- rejecting and disputes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "support", "outcome"),
    [
        ("REFUND", "BUYER", [REJECTED, SUCCESS]),
        ("REFUND", "SELLER", [REJECTED, CANCEL]),
        ("RETURN_AND_REFUND", "BUYER", [REJECTED, "AWAITING_BUYER_SHIP"]),
        ("RETURN_AND_REFUND", "SELLER", [REJECTED, CANCEL]),
    ],
)
def test_a_rejected_request_can_be_disputed(shop, sandbox, kind, support, outcome):
    return_id = ask(shop, delivered(shop), kind)
    reject(shop, return_id, "REJECT_REFUND" if kind == "REFUND" else "REJECT_RETURN")
    sandbox.act("shopper.dispute", return_id=return_id)
    assert found(shop, return_id)["arbitration_status"] == "IN_PROGRESS"
    with pytest.raises(Refusal, match="25011010"):
        approve(shop, return_id, "APPROVE_REFUND")
    sandbox.act("tt.arbitrate", return_id=return_id, support=support)
    assert path(shop, return_id) == outcome
    assert found(shop, return_id)["arbitration_status"] == f"SUPPORT_{support}"


def test_a_rejection_nobody_disputes_closes_after_a_week(shop, sandbox):
    return_id = ask(shop, delivered(shop))
    reject(shop, return_id, "REJECT_RETURN")
    sandbox.advance(6 * DAY)
    assert path(shop, return_id) == [REJECTED]
    sandbox.advance(1 * DAY + 1)
    assert path(shop, return_id) == [REJECTED, CANCEL]


def test_a_parcel_can_be_refused_unless_the_refund_was_quick(shop, sandbox):
    plain, quick = ask(shop, delivered(shop)), ask(shop, delivered(shop), quick=True)
    for return_id in (plain, quick):
        approve(shop, return_id, "APPROVE_RETURN")
        sandbox.act("shopper.send_back", return_id=return_id)
    reject(shop, plain, "REJECT_RECEIVED_PACKAGE")
    assert status(shop, plain) == "REJECT_RECEIVE_PACKAGE"
    with pytest.raises(Refusal, match="25011025"):
        reject(shop, quick, "REJECT_RECEIVED_PACKAGE")


@pytest.mark.parametrize(
    ("_case", "state", "decision", "code"),
    [
        ("a refund decision for a return", "asked", "APPROVE_REFUND", 25020004),
        ("a parcel that is not there", "asked", "APPROVE_RECEIVED_PACKAGE", 25011013),
        ("refusing a parcel that is not there", "asked", "REJECT_RECEIVED_PACKAGE", 25011014),
        ("approving twice", "approved", "APPROVE_RETURN", 25011012),
        ("rejecting what was approved", "approved", "REJECT_RETURN", 25020010),
        ("approving what was withdrawn", "withdrawn", "APPROVE_RETURN", 25020009),
        ("an unknown decision", "asked", "APPROVE_EVERYTHING", 25001001),
    ],
)
def test_decisions_that_do_not_fit(shop, sandbox, _case, state, decision, code):
    return_id = ask(shop, delivered(shop))
    if state == "approved":
        approve(shop, return_id, "APPROVE_RETURN")
    if state == "withdrawn":
        sandbox.act("shopper.withdraw_return", return_id=return_id)
    before = path(shop, return_id)
    verb, version = ("reject", "202606") if decision.startswith("REJECT") else ("approve", "202309")
    body = {"decision": decision, "reject_reason": "reverse_reject_request_reason_4"}
    assert shop.refused("POST", f"/return_refund/{version}/returns/{return_id}/{verb}", body) == code
    assert path(shop, return_id) == before


def test_rejecting_needs_a_reason_of_the_market(shop):
    return_id = ask(shop, delivered(shop))
    names = [
        r["name"] for r in shop.get("/return_refund/202309/reject_reasons", return_or_cancel_id=return_id)["reasons"]
    ]
    assert "reverse_reject_request_reason_1" not in names  # removed for US returns
    with pytest.raises(Refusal, match="25001014"):
        reject(shop, return_id, "REJECT_RETURN", "reverse_reject_request_reason_1")
    with pytest.raises(Refusal, match="98001004"):
        reject(shop, return_id, "REJECT_RETURN", comment="x" * 560)


def test_eligibility_of_decisions(shop):
    return_id = ask(shop, delivered(shop))
    decisions = {
        d["decision"]: d
        for d in shop.get("/return_refund/202601/decision_eligibility", return_or_cancel_id=return_id)["decisions"]
    }
    assert decisions["APPROVE_RETURN"]["eligible"] is True
    assert decisions["REJECT_RECEIVED_PACKAGE"]["ineligible_code"] == 25011014
    assert decisions["REJECT_RETURN"]["available_reject_reasons"]
    assert "APPROVE_REFUND" not in decisions
    (line,) = shop.get("/return_refund/202606/review_decision", return_id=return_id)["line_items"]
    offer = next(d for d in line["decisions"] if d["decision"] == "OFFER_PARTIAL_REFUND")
    assert offer["partial_refund_amount_range"] == {"min_amount": "0.01", "max_amount": "12.00", "currency": "USD"}


# -- partial refunds -------------------------------------------------------------------------------------------


def test_a_partial_refund_is_accepted_or_refused(shop, sandbox):
    accepted, refused = ask(shop, delivered(shop)), ask(shop, delivered(shop))
    offer = {"partial_refund": {"currency": "USD", "amount": "5.00"}}
    for return_id in (accepted, refused):
        with pytest.raises(Refusal, match="25005005"):
            approve(shop, return_id, "OFFER_PARTIAL_REFUND", partial_refund={"currency": "USD", "amount": "12.01"})
        approve(shop, return_id, "OFFER_PARTIAL_REFUND", **offer)
        assert status(shop, return_id) == "AWAITING_BUYER_RESPONSE"
    sandbox.act("shopper.answer_offer", return_id=accepted, accept=True)
    assert found(shop, accepted)["refund_amount"]["refund_total"] == "5.00"
    sandbox.act("shopper.answer_offer", return_id=refused, accept=False)
    row = found(shop, refused)
    assert (row["return_status"], row["buyer_rejected_partial_refund"], row["seller_proposed_return_type"]) == (
        PENDING,
        True,
        "PARTIAL_REFUND",
    )
    rows = shop.post(f"{RETURNS}/search", {"seller_proposed_return_type": ["PARTIAL_REFUND"]}, page_size="10")[
        "return_orders"
    ]
    assert len(rows) == 2


# -- replacements ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "flag", "link"),
    [
        ("REPLACEMENT", "is_replacement_order", "replaced_order_id"),
        ("EXCHANGE", "is_exchange_order", "exchange_source_order_id"),
    ],
)
def test_replacements_and_exchanges_make_a_new_order_for_nothing(shop, kind, flag, link):
    order_id = delivered(shop)
    approve(shop, ask(shop, order_id, kind), "APPROVE_REPLACEMENT")
    (new,) = (o for o in shop.post("/order/202309/orders/search", {}, page_size="10")["orders"] if o[flag])
    assert (new[link], new["payment"]["total_amount"], new["status"]) == (order_id, "0", "ON_HOLD")
    assert shop.stock(new["line_items"][0]["sku_id"]) == (18, 1)


def test_a_replacement_that_cannot_be_sent_is_not_approved(shop, sandbox):
    order_id = delivered(shop)
    sandbox.act(
        "tt.set_stock", product_id=shop.order(order_id)["line_items"][0]["product_id"], sku="MUG-250", quantity=0
    )
    return_id = ask(shop, order_id, "REPLACEMENT")
    with pytest.raises(Refusal, match="25001044"):
        approve(shop, return_id, "APPROVE_REPLACEMENT")
    approve(shop, return_id, "ISSUE_REPLACEMENT_REFUND")
    assert path(shop, return_id) == ["REPLACEMENT_REQUEST_REFUND_SUCCESS"]


# -- by the seller ---------------------------------------------------------------------------------------------


def test_a_seller_refunds_part_of_an_order(shop):
    order_id = delivered(shop, 2)
    lines = [line["id"] for line in shop.order(order_id)["line_items"]]
    body = {
        "order_id": order_id,
        "return_type": "REFUND",
        "return_reason": "ecom_order_delivered_refund_reason_damaged_seller",
        "order_line_list": [{"order_line_item_id": lines[0]}],
    }
    preview = shop.post(
        "/return_refund/202602/refunds/calculate",
        {**body, "request_type": "REFUND", "reason_name": body["return_reason"]},
    )
    assert preview["order_refund_amount"]["refund_total"] == "12.00"
    with pytest.raises(Refusal, match="25005005"):
        shop.post(RETURNS, {**body, "refund_total": "12.01", "currency": "USD"})
    with pytest.raises(Refusal, match="25001015"):
        shop.post(RETURNS, {**body, "return_reason": "ecom_order_delivered_refund_reason_damaged"})
    answer = shop.post(RETURNS, {**body, "refund_total": "7.50", "currency": "USD"}, idempotency_key="r-1")
    assert answer == shop.post(RETURNS, body, idempotency_key="r-1")
    assert answer["return_status"] == SUCCESS or path(shop, answer["return_id"]) == [SUCCESS]
    assert found(shop, answer["return_id"])["refund_amount"]["refund_total"] == "7.50"
    with pytest.raises(Refusal, match="25001011"):
        shop.post(RETURNS, body)


@pytest.mark.parametrize(
    ("region", "allowed"),
    [
        ("US", {"REFUND": True, "RETURN_AND_REFUND": True}),
        ("JP", {"REFUND": True, "RETURN_AND_REFUND": False}),
        ("MY", {"REFUND": False, "RETURN_AND_REFUND": False}),
    ],
)
def test_not_every_market_lets_sellers_start_a_return(sandbox, region, allowed):
    shop = open_shop(sandbox, region=region)
    shop.list_product()
    order_id = shop.buy_to_ship()
    sandbox.act("tt.ship_order", order_id=order_id)
    sandbox.act("tt.deliver", order_id=order_id)
    path = f"/return_refund/202602/orders/{order_id}/aftersale_eligibility"
    answer = shop.get(path, initiate_aftersale_user="SELLER", request_types=",".join(allowed))
    (sku,) = answer["sku_eligibility"]
    assert {entry["request_type"]: entry["eligible"] for entry in sku["line_item_eligibility"]} == allowed
    reason = "ecom_order_delivered_refund_reason_damaged_seller"
    reply = shop.send("POST", RETURNS, {"order_id": order_id, "return_type": "REFUND", "return_reason": reason})
    assert reply.json()["code"] == (0 if allowed["REFUND"] else 25001003)


def test_what_cannot_be_returned(shop, sandbox):
    waiting = shop.buy_to_ship()
    with pytest.raises(ValueError, match="AWAITING_SHIPMENT"):
        ask(shop, waiting)
    reason = "ecom_order_delivered_refund_reason_damaged_seller"
    assert (
        shop.refused("POST", RETURNS, {"order_id": waiting, "return_type": "REFUND", "return_reason": reason})
        == 25001003
    )
    order_id = delivered(shop)
    ask(shop, order_id)
    with pytest.raises(ValueError, match="nothing is left"):
        ask(shop, order_id)
    sandbox.act("tt.complete", order_id=order_id)
    with pytest.raises(ValueError, match="COMPLETED"):
        ask(shop, order_id)


def test_a_label_of_the_sellers_own(shop):
    return_id = ask(shop, delivered(shop))
    approve(shop, return_id, "APPROVE_RETURN")
    form, kind = multipart({"tracking_number": b"OWN-1", "return_provider_id": shop.carrier.encode()}, {})
    reply = shop.send(
        "POST", "/return_refund/202405/returns/shipping_documents", content=form, content_type=kind, return_id=return_id
    )
    assert reply.json()["code"] == 0
    assert found(shop, return_id)["return_tracking_number"] == "OWN-1"


# -- search ----------------------------------------------------------------------------------------------------


def test_searching_returns(shop):
    assert shop.post(f"{RETURNS}/search", {}, page_size="10") == {
        "total_count": 0,
        "next_page_token": "",
    }  # the list is left out
    ids = [ask(shop, delivered(shop), kind) for kind in ("REFUND", "RETURN_AND_REFUND", "REFUND")]

    def search(**body: Any) -> list[str]:
        return [r["return_id"] for r in shop.post(f"{RETURNS}/search", body, page_size="10").get("return_orders", [])]

    assert search() == ids  # oldest first
    assert search(return_types=["REFUND"]) == [ids[0], ids[2]]
    assert search(return_status=[PENDING]) == ids
    assert search(order_ids=["1"]) == []
    assert shop.refused("POST", f"{RETURNS}/search", {}, page_size="9") == 25001001
    shop.switch("returns_minimum_page", value=1)
    first = shop.post(f"{RETURNS}/search", {}, page_size="2")
    rest = shop.post(f"{RETURNS}/search", {}, page_size="2", page_token=first["next_page_token"])
    assert [r["return_id"] for r in first["return_orders"] + rest["return_orders"]] == ids


def test_the_newer_model_shows_the_same_requests(shop):
    return_id = ask(shop, delivered(shop))
    body = {"whitelisted_data_fields": ["LINE_ITEMS", "SKU_RETURN_REQUESTS"], "pagination": {"page_size": 10}}
    (request,) = shop.post("/return_refund/202603/aftersales/search", body)["aftersales_requests"]
    assert (request["id"], request["status"]) == (return_id, "PENDING_REQUEST_REVIEW")
    line = {"return_line_item_id": request["line_items"][0]["return_line_item_id"]}
    decision = {
        "request_id": return_id,
        "line_item_decisions": [{"action": "APPROVE_REQUEST", "line_items": [line]}],
        "idempotency_key": "a",
    }
    unknown = {**decision, "request_id": "1", "idempotency_key": "b"}
    data = shop.post("/return_refund/202609/aftersales/review", {"aftersales_request_decisions": [decision, unknown]})
    assert [e["code"] for e in data["errors"]] == ["25007006"]
    assert shop.post("/return_refund/202609/aftersales/review", {"aftersales_request_decisions": [decision]}) == {}
    (rma,) = shop.post("/return_refund/202604/rma/search", {})["return_merchandise_authorizations"]
    assert (rma["aftersales_request_id"], rma["status"]) == (return_id, "AWAITING_BUYER_RETURN")


def test_tokens_of_the_newer_model_are_opaque_and_belong_to_their_filters(shop):
    for _ in range(3):
        ask(shop, delivered(shop))
    path = "/return_refund/202603/aftersales/search"
    first = shop.post(path, {"pagination": {"page_size": 2}})
    token = first["next_page_token"]
    assert not token.isalnum()
    second = shop.post(path, {"pagination": {"page_size": 2, "page_token": token}})
    assert len({r["id"] for page in (first, second) for r in page["aftersales_requests"]}) == 3
    assert second["next_page_token"] == ""
    other = {"filters": {"return_types": ["REFUND"]}, "pagination": {"page_size": 2, "page_token": token}}
    assert shop.refused("POST", path, other) == 25001001
    assert shop.refused("POST", "/return_refund/202604/rma/search", {"pagination": {"page_token": token}}) == 25001001
    assert shop.refused("POST", path, {"pagination": {"page_token": "2"}}) == 25001001


@pytest.mark.parametrize(
    ("_case", "changes", "code"),
    [
        ("no number", {"refund_total": "all of it"}, 25001001),
        ("not finite", {"refund_total": "NaN"}, 25001001),
        ("nothing", {"refund_total": "0"}, 25005005),
        ("too much", {"refund_total": "10000"}, 25005005),
        ("another currency", {"currency": "EUR"}, 25001001),
        ("a reason for parcels on their way", {"return_reason": "seller_shipped_refund_package_lost"}, 25001021),
        ("a reason of buyers", {"return_reason": "ecom_order_delivered_refund_reason_damaged"}, 25001015),
        ("a reason of nobody", {"return_reason": "bad mood"}, 25001014),
        ("an unknown way back", {"shipment_type": "PIGEON"}, 25001001),
        ("an unknown handover", {"handover_method": "WINDOW"}, 25001001),
    ],
)
def test_a_sellers_own_refund_is_checked_field_by_field(shop, _case, changes, code):
    body = {
        "order_id": delivered(shop),
        "return_type": "REFUND",
        "return_reason": "ecom_order_delivered_refund_reason_damaged_seller",
        "refund_total": "1.00",
        "currency": "USD",
    }
    assert shop.refused("POST", "/return_refund/202602/returns", {**body, **changes}) == code
    assert shop.effects("return_created") == []
    assert shop.post("/return_refund/202602/returns", body)["return_status"] == "RETURN_OR_REFUND_REQUEST_SUCCESS"
