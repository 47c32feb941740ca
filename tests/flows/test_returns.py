"""Returns: recorded once, decided once, and followed in the store with money and stock, once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.flows import faults
from tests.flows.browser import Browser
from tests.flows.conftest import MAYA, ShopWorld, StoreWorld, Twinshelf
from twinshelf.connections import clients
from twinshelf.documents import Money, RefundItem, ReturnDecision
from twinshelf.errors import NeedsPerson
from twinshelf.orders.models import ReturnRow, ShopOrderRow
from twinshelf.orders.returns import actions, queries
from twinshelf.orders.returns.polls import poll_returns
from twinshelf.sync.models import ChangeRecord, Problem
from twinshelf_sandbox.app import Sandbox


class Aftersale:
    """A delivered order, and what its buyer does then."""

    def __init__(self, sandbox: Sandbox, store: StoreWorld, shop: ShopWorld, twinshelf: Twinshelf) -> None:
        self.sandbox, self.store, self.shop, self.twinshelf = sandbox, store, shop, twinshelf

    def delivered(self, *items: tuple[str, int], **more: Any) -> str:
        """An order that the buyer has: TikTok's id."""
        order_id = self.shop.buy(*items, **more)
        self.twinshelf.wait(3700)
        self.sandbox.act("tt.ship_order", order_id=order_id)
        self.sandbox.act("tt.deliver", order_id=order_id)
        self.twinshelf.settle()
        return order_id

    def ask(self, order_id: str, kind: str = "RETURN_AND_REFUND", **more: Any) -> ReturnRow:
        return_id = self.sandbox.act("shopper.return_request", order_id=order_id, kind=kind, **more)
        self.twinshelf.settle()
        return self.row(return_id)

    def act(self, action: str, row: ReturnRow, **more: Any) -> ReturnRow:
        self.sandbox.act(action, return_id=row.return_id, **more)
        self.twinshelf.settle()
        return self.row(row.return_id)

    def decide(self, row: ReturnRow, decision: ReturnDecision, **more: Any) -> ReturnRow:
        if decision.sent_as_rejection:
            more.setdefault("reason", next(c for c in row.offered if c["decision"] == decision)["reasons"][0][0])
        actions.decide(row, decision, by=MAYA, **more)
        self.twinshelf.wait(2)
        return self.row(row.return_id)

    def refunds(self) -> list[tuple[str, str, list[tuple[str, int]]]]:
        """(TikTok order, total, [(item type, quantity)]) of the refunds that the store has."""
        return [
            (
                e.detail["external_order_id"],
                e.detail["total"],
                [(item["type"], item["quantity"]) for item in e.detail["items"]],
            )
            for e in self.store.effects("refund_created")
        ]

    def added(self) -> list[tuple[str, int]]:
        """(SKU, units) that calls added to the stock of the store."""
        changed = (e.detail for e in self.store.effects("stock_changed") if e.detail["by"] == "relative")
        return [(told["sku"], told["after"] - told["before"]) for told in changed]

    def received(self, order_id: str, **more: Any) -> ReturnRow:
        """A return whose parcel is here."""
        row = self.decide(self.ask(order_id, **more), ReturnDecision.APPROVE_RETURN)
        return self.act("tt.return_arrived", self.act("shopper.send_back", row))

    @staticmethod
    def row(return_id: str) -> ReturnRow:
        return ReturnRow.objects.get(return_id=return_id)


@pytest.fixture
def aftersale(sandbox: Sandbox, store: StoreWorld, shop: ShopWorld, twinshelf: Twinshelf) -> Aftersale:
    store.add_product(sku="MUG-1", price="12.00")
    store.add_product(sku="JAR-1", price="7.30")
    twinshelf.list()
    return Aftersale(sandbox, store, shop, twinshelf)


def test_a_return_is_decided_once_and_the_store_refunds_it_to_the_cent(aftersale, shop, twinshelf):
    order_id = aftersale.delivered(("MUG-1", 2), ("JAR-1", 1), seller_discount="1.00")
    row = aftersale.ask(order_id, seller_skus=["MUG-1", "MUG-1"], note="One handle was torn off.")
    assert (row.stage, row.kind, twinshelf.order(order_id).open_return) == ("applying", "RETURN_AND_REFUND", True)
    assert row.deadline is not None
    assert "handle" not in row.story  # what buyers write is sealed

    with pytest.raises(NeedsPerson, match="E-RET-REASON"):
        actions.decide(row, ReturnDecision.REJECT_RETURN, reason="because", by=MAYA)
    with pytest.raises(NeedsPerson, match="E-RET-STATE"):
        actions.decide(row, ReturnDecision.APPROVE_RECEIVED_PACKAGE, by=MAYA)
    actions.decide(row, ReturnDecision.APPROVE_RETURN, by=MAYA)  # a double click sends it once
    row = aftersale.decide(row, ReturnDecision.APPROVE_RETURN)
    assert (row.stage, row.decision_state, row.deadline) == ("returning", "done", None)

    row = aftersale.act("shopper.send_back", row)
    row = aftersale.decide(row, ReturnDecision.APPROVE_RECEIVED_PACKAGE, restock=True)
    assert (row.stage, row.refund_state, row.stock_state) == ("success", "done", "done")
    twinshelf.wait(120)
    twinshelf.poll()
    poll_returns(twinshelf.connection)
    twinshelf.settle()

    assert aftersale.row(row.return_id).stage == "complete"
    assert not twinshelf.order(order_id).open_return
    [told] = shop.effects("refund")
    assert aftersale.refunds() == [(order_id, told.detail["amount"], [("PRODUCT", 1), ("PRODUCT", 1)])]
    assert told.detail["amount"] == "25.15"
    assert ReturnRow.objects.count() == 1
    assert twinshelf.problems() == []
    kinds = ChangeRecord.objects.filter(key=order_id, ok=True).order_by("id").values_list("kind", flat=True)
    later = [kind for kind in kinds if kind in {"DecideReturn", "RefundStoreOrder", "PutBackStock"}]
    assert later == ["DecideReturn", "DecideReturn", "RefundStoreOrder", "PutBackStock"]
    assert aftersale.added() == [("MUG-1", 2)]


@pytest.mark.covers("CED-130", "CED-131", "CED-132", "CED-133", "CED-134", "CED-135", "CED-136", "CED-137", "CED-138")
@pytest.mark.covers("CED-139", "CED-140", "CED-141")
def test_requests_go_through_the_tabs_as_buyers_sellers_and_tiktok_act(aftersale, sandbox, twinshelf):
    browser = Browser()
    first, second = aftersale.delivered(("MUG-1", 2)), aftersale.delivered(("JAR-1", 1))
    lost = faults.lose_webhooks(sandbox)
    unseen = sandbox.act("shopper.return_request", order_id=second, kind="REFUND", note="It never worked.")
    twinshelf.settle()
    assert tabs_of(browser) == {}
    assert browser.post("/returns/sync/") != []  # Sync Return fetches it
    twinshelf.settle()
    refund = aftersale.row(unseen)
    sandbox.faults.remove(lost.id)
    back = aftersale.ask(first, seller_skus=["MUG-1"])  # and this comes by itself

    assert tabs_of(browser) == {"all": {back.return_id, unseen}, "applying": {back.return_id, unseen}}
    page = browser.words("/returns/")
    assert all(f"{name} " in page for name in TABS)
    assert listed(browser, "type=REFUND") == {unseen}
    assert listed(browser, "type=RETURN_AND_REFUND") == {back.return_id}
    assert listed(browser, f"q={back.return_id}") == listed(browser, f"q={first}") == {back.return_id}
    page, paid = browser.words(f"/returns/{refund.pk}/"), f"${refund.total:.2f}"
    assert {text for text in ("Refund only", "JAR-1", paid, "It never worked.", second) if text not in page} == set()
    assert "Return and refund" in browser.words(f"/returns/{back.pk}/")
    rows = browser.words("/returns/")
    assert f"Enamel mug ${refund.total:.2f} Refund only · Package wasn't received Order {second}" in rows
    assert f"Enamel mug ${back.total:.2f} Return and refund · No longer needed Order {first}" in rows
    assert "_" not in page  # no name of TikTok's is told as such

    refund = rejected(aftersale, browser, refund)
    assert tabs_of(browser)["rejected"] == {unseen}
    aftersale.act("shopper.dispute", refund)
    poll_returns(twinshelf.connection)
    twinshelf.settle()
    assert "TikTok decides." in browser.words(f"/returns/{refund.pk}/")
    aftersale.act("tt.arbitrate", refund, support="BUYER")
    assert tabs_of(browser)["success"] == {unseen}
    twinshelf.wait(120)
    assert tabs_of(browser)["complete"] == {unseen}

    decide_on_page(aftersale, browser, back, "APPROVE_RETURN")
    assert tabs_of(browser)["returning"] == {back.return_id}
    aftersale.act("shopper.send_back", back, tracking="9400111206204410770001")
    assert tabs_of(browser)["shipped"] == {back.return_id}
    assert "9400111206204410770001" in browser.words(f"/returns/{back.pk}/")
    back = rejected(aftersale, browser, aftersale.row(back.return_id))
    assert tabs_of(browser)["receipt_rejected"] == {back.return_id}
    aftersale.act("shopper.dispute", back)
    aftersale.act("tt.arbitrate", back, support="SELLER")
    assert tabs_of(browser) == {
        "all": {back.return_id, unseen}, "complete": {unseen}, "closed": {back.return_id},
    }  # fmt: skip
    assert [made[:2] for made in aftersale.refunds()] == [(second, str(refund.total.normalize()))]
    assert twinshelf.problems() == []


TABS = (
    "All", "Aftersale applying", "Aftersale reject application", "Aftersale returning", "Aftersale buyer shipped",
    "Aftersale reject receive", "Aftersale success", "Complete", "Closed",
)  # fmt: skip


def tabs_of(browser: Browser) -> dict[str, set[str]]:
    """The returns that each tab lists; tabs that list none are left out. Its count is that of its list."""
    found = {}
    for name, _word, count in browser.get("/returns/").context["tabs"]:
        rows = listed(browser, f"tab={name}")
        assert count == len(rows)
        found[name] = rows
    return {name: rows for name, rows in found.items() if rows}


def listed(browser: Browser, query: str) -> set[str]:
    return {row.return_id for row in browser.get(f"/returns/?{query}").context["page"].rows}


def decide_on_page(aftersale: Aftersale, browser: Browser, row: ReturnRow, decision: str, **sent: str) -> ReturnRow:
    [told] = browser.post(f"/returns/{row.pk}/decide/{decision}/", sent)
    assert told == "Your decision is on its way to TikTok. This page shows what comes of it."
    aftersale.twinshelf.wait(2)
    return aftersale.row(row.return_id)


def rejected(aftersale: Aftersale, browser: Browser, row: ReturnRow) -> ReturnRow:
    """Reject it with the first of the reasons that the page offers, in TikTok's words."""
    decisions = browser.get(f"/returns/{row.pk}/").context["decisions"]
    action = next(action for each, action in decisions if each.decision.rejects)
    name, words = action.reasons[0]
    assert words in browser.words(f"/returns/{row.pk}/")
    assert name not in browser.words(f"/returns/{row.pk}/")
    row = decide_on_page(aftersale, browser, row, action.args[1], reason=name, comment="It is as described.")
    assert words in browser.words(f"/returns/{row.pk}/")
    return row


@pytest.mark.covers("CED-116")
def test_an_order_is_completed_after_14_days_but_not_with_a_return_open(aftersale, sandbox, store, shop, twinshelf):
    sandbox.act("tt.set_switch", shop_id=shop.id, name="completion_seconds", value=14 * 86_400)
    quiet, returned = aftersale.delivered(("MUG-1", 1)), aftersale.delivered(("JAR-1", 1))
    row = aftersale.decide(aftersale.ask(returned), ReturnDecision.APPROVE_RETURN)
    row = aftersale.act("shopper.send_back", row)
    browser = Browser()

    def tabs() -> dict[str, str]:
        return {
            order.order_id: name
            for name in ("delivered", "completed")
            for order in browser.get(f"/orders/?tab={name}").context["page"].rows
        }

    twinshelf.wait(14 * 86_400 - 3 * 3600)
    assert tabs() == {quiet: "delivered", returned: "delivered"}
    twinshelf.wait(3 * 3600)
    assert tabs() == {quiet: "completed", returned: "delivered"}
    assert store.act("order", order_id=int(str(twinshelf.order(returned).store_order_id)))["status_id"] != 10
    aftersale.act("shopper.withdraw_return", row)
    assert tabs() == {quiet: "completed", returned: "completed"}
    assert store.act("order", order_id=int(str(twinshelf.order(returned).store_order_id)))["status_id"] == 10


def test_lost_answers_decide_refund_and_restock_once(aftersale, sandbox, shop, twinshelf):
    row = aftersale.received(aftersale.delivered(("MUG-1", 1)))
    faults.fault(sandbox, platform="tiktok", method="POST", path="/return_refund/*/approve", **LOST)
    faults.fault(sandbox, platform="bigcommerce", method="POST", path="*/payment_actions/refunds", **LOST)
    faults.fault(sandbox, platform="bigcommerce", method="POST", path="*/adjustments/relative", **LOST)

    aftersale.decide(row, ReturnDecision.APPROVE_RECEIVED_PACKAGE, restock=True)
    faults.rest(sandbox, twinshelf)

    row = aftersale.row(row.return_id)
    assert (row.decision_state, row.refund_state, row.stock_state) == ("done", "done", "done")
    assert len(shop.effects("refund")) == len(aftersale.refunds()) == 1
    assert aftersale.added() == [("MUG-1", 1)]
    assert twinshelf.problems() == []


def test_stock_whose_call_was_lost_is_left_to_a_person(aftersale, sandbox, twinshelf):
    row = aftersale.received(order_id := aftersale.delivered(("MUG-1", 1)))
    faults.fault(sandbox, platform="bigcommerce", method="POST", path="*/adjustments/relative", action="drop")

    aftersale.decide(row, ReturnDecision.APPROVE_RECEIVED_PACKAGE, restock=True)
    faults.rest(sandbox, twinshelf)

    assert aftersale.row(row.return_id).stock_state == "unsure"
    assert aftersale.added() == []
    assert twinshelf.problems() == [(order_id, "E-RET-STOCK")]
    actions.settle_stock(row, by=MAYA)
    twinshelf.settle()
    assert twinshelf.problems() == []
    assert aftersale.added() == []


def test_a_part_of_the_money_is_an_amount_of_the_order_and_no_unit(aftersale, twinshelf):
    order_id = aftersale.delivered(("MUG-1", 1))
    row = aftersale.ask(order_id, note="A scratch.")
    with pytest.raises(NeedsPerson, match="E-RET-OFFER"):
        actions.decide(row, ReturnDecision.OFFER_PARTIAL_REFUND, amount=row.total, by=MAYA)
    row = aftersale.decide(row, ReturnDecision.OFFER_PARTIAL_REFUND, amount=Decimal("3.50"))
    assert (row.stage, row.status) == ("applying", "AWAITING_BUYER_RESPONSE")

    row = aftersale.act("shopper.answer_offer", row, accept=True)

    assert (row.stage, row.total) == ("success", Decimal("3.50"))
    assert aftersale.refunds() == [(order_id, "3.5", [("ORDER", 1)])]
    assert aftersale.added() == []
    assert twinshelf.problems() == []


def test_a_refund_by_hand_counts_once_and_one_that_does_not_fit_is_told(aftersale, twinshelf):
    first, second = aftersale.delivered(("MUG-1", 1)), aftersale.delivered(("MUG-1", 1))
    twinshelf.prefer(refund_returns=False)
    rows = [aftersale.ask(order_id, kind="REFUND") for order_id in (first, second)]
    rows = [aftersale.decide(row, ReturnDecision.APPROVE_REFUND) for row in rows]
    assert aftersale.refunds() == []
    for order_id, amount in ((first, rows[0].total), (second, rows[1].total - 1)):
        refund_by_hand(twinshelf, order_id, amount)
    twinshelf.prefer()
    twinshelf.poll()
    poll_returns(twinshelf.connection)
    twinshelf.settle()

    assert len(aftersale.refunds()) == 2  # only those by hand
    assert [aftersale.row(row.return_id).refund_state for row in rows] == ["done", ""]
    assert twinshelf.problems() == [(second, "E-RET-LEFT")]
    [told] = Problem.objects.filter(closed_at=None)
    assert told.facts == {"amount": f"{rows[1].total.normalize()} USD", "left": "1.00 USD"}
    actions.settle_refund(rows[1], by=MAYA)
    twinshelf.settle()
    assert twinshelf.problems() == []


def test_a_replacement_is_tied_to_its_first_order_and_costs_nothing(aftersale, twinshelf):
    order_id = aftersale.delivered(("MUG-1", 1))
    row = aftersale.decide(aftersale.ask(order_id, kind="REPLACEMENT"), ReturnDecision.APPROVE_REPLACEMENT)
    twinshelf.settle()

    [later] = ShopOrderRow.objects.filter(source_order_id=order_id)
    assert (row.stage, row.refund_state) == ("complete", "")
    assert (later.total, later.currency) == (Decimal(0), "USD")
    assert [order.order_id for order in queries.view_of(row).follow_ups] == [later.order_id]
    assert aftersale.refunds() == []
    assert twinshelf.problems() == []


LOST = {"action": "drop", "phase": "after"}


def refund_by_hand(twinshelf: Twinshelf, order_id: str, amount: Decimal) -> None:
    """As somebody does it in the control panel."""
    store_order_id, total = str(twinshelf.order(order_id).store_order_id), Money(amount, "USD")
    items = [RefundItem(item_id=store_order_id, amount=total, reason="by hand")]
    client = clients.store_client(twinshelf.connection.store, "urgent")
    quote = client.quote_refund(store_order_id, items, "USD")
    client.refund(store_order_id, items, quote, total=total, tax=Money.zero("USD"))
