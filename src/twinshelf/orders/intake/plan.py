"""From a TikTok order to its BigCommerce order: whether, with which lines and totals, in which status. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from twinshelf.connections.preferences import Preferences
from twinshelf.documents import (
    Address,
    AnyChange,
    CancelDouble,
    CreateStoreOrder,
    Finding,
    Money,
    MoveStock,
    OrderLine,
    Plan,
    SetStoreAddress,
    SetStoreStatus,
    ShopOrder,
    ShopOrderStatus,
    StoreOrderDraft,
    StoreOrderLine,
    StoreOrderState,
    finding,
    token,
)
from twinshelf.kit.words import stamp
from twinshelf.orders.status import next_state, store_state
from twinshelf.rules.warehouses import Routed


class Decision(msgspec.Struct, frozen=True):
    """create: make the store order. wait: not yet, or not while `findings` stand. ignore: not wanted at all."""

    verdict: Literal["create", "wait", "ignore"]
    reason: str = ""


def decide(order: ShopOrder, preferences: Preferences) -> Decision:
    """Whether an order without a store order should get one (docs/reference/behavior.md ORD-3, ORD-4)."""
    if not preferences.pull_orders:
        return Decision("ignore", "Order import is switched off.")
    if preferences.order_ids and order.id not in preferences.order_ids:
        return Decision("ignore", "Not in the list of orders to import.")
    if order.status is ShopOrderStatus.CANCELLED:
        return Decision("ignore", "Cancelled before it was imported.")
    if order.fulfilled_by_tiktok and not preferences.sync_fbt:
        return Decision("ignore", "Fulfilled by TikTok; importing these orders is switched off.")
    if order.status is ShopOrderStatus.UNPAID:
        if preferences.create_unpaid:
            return Decision("create")
        return Decision("wait", "Not paid yet.")
    if order.status is ShopOrderStatus.ON_HOLD or order.on_hold:
        return Decision("wait", "On hold: TikTok lets the buyer cancel for about an hour.")
    if not order.status.paid:
        return Decision("wait", f"TikTok's status {order.status_word} is not one that is imported.")
    return Decision("create")


_AT_ONCE, _SEEN_AT_ONCE, _HOLD = timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=65)


def made_before(order: ShopOrder, *, first_seen: datetime, asked: datetime, now: datetime, tries: int) -> bool:
    """Whether an order may have its store order already, though none is on record: then somebody looks first.

    An order of a record that is whole is seen when it is placed, is made when its hold of about an hour ends, and is
    asked for as soon as TikTok tells of it. Whatever comes otherwise may have been made by another connector, or by us
    before our record was restored from a backup. All times are TikTok's.
    """
    return (
        tries > 0
        or order.status is not ShopOrderStatus.AWAITING_SHIPMENT
        or first_seen - order.created_at > _SEEN_AT_ONCE
        or asked - order.updated_at > _AT_ONCE
        or now - (order.paid_at or order.created_at) > _HOLD
    )


class Twin(msgspec.Struct, frozen=True, kw_only=True):
    """A store order that carries a shop order's id, as just read. `ours`: this installation made it."""

    store_order_id: str
    created_at: datetime
    state: StoreOrderState
    ours: bool
    shipped: bool = False
    """Something of it was shipped."""
    archived: bool = False

    @property
    def live(self) -> bool:
        """Whether somebody may still ship it."""
        return not self.archived and self.state not in OVER


OVER = frozenset({StoreOrderState.CANCELLED, StoreOrderState.DECLINED, StoreOrderState.REFUNDED})
"""States of a store order that nobody ships any more."""
_UNTOUCHED = frozenset(
    {
        StoreOrderState.INCOMPLETE,
        StoreOrderState.PENDING,
        StoreOrderState.AWAITING_PAYMENT,
        StoreOrderState.AWAITING_FULFILLMENT,
        StoreOrderState.AWAITING_SHIPMENT,
    }
)
"""States in which nothing of an order has been shipped, and no person has taken it up."""


def may_be_cancelled(twin: Twin) -> bool:
    """Whether a double may be cancelled by itself: we made it, and nothing of it was shipped."""
    return twin.ours and twin.live and not twin.shipped and twin.state in _UNTOUCHED


class Pairing(msgspec.Struct, frozen=True):
    """Which store order of several is a shop order's, and what becomes of the others (their ids)."""

    kept: str
    cancelled: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def pair_of(paired: str, twins: Sequence[Twin]) -> Pairing:
    """The oldest stays, but an order of which something was shipped is never given up for another.

    The others are cancelled where that is ours to do, and told to a person elsewhere.
    """
    live = sorted((twin for twin in twins if twin.live), key=_age)
    if len(live) < 2:
        return Pairing(paired)
    shipped = [twin for twin in live if twin.shipped]
    kept = next((twin for twin in shipped if twin.store_order_id == paired), live[0])
    others = [twin for twin in live if twin is not kept]
    return Pairing(
        kept.store_order_id,
        tuple(twin.store_order_id for twin in others if may_be_cancelled(twin)),
        tuple(twin.store_order_id for twin in others if not may_be_cancelled(twin)),
    )


def _age(twin: Twin) -> tuple[datetime, int, str]:
    return twin.created_at, len(twin.store_order_id), twin.store_order_id


class DraftFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a draft needs beside the order. `links` gives (product id, variant id) by TikTok SKU id."""

    preferences: Preferences
    channel_id: str
    external_source: str
    shop_id: str
    links: Mapping[str, tuple[str, str]]
    location: str = ""
    """What the location is called from which it is to be shipped; "" where locations are not used."""


class Variant(msgspec.Struct, frozen=True):
    """A variant of the store, as last read. `there`: it was not deleted since."""

    product_id: str
    variant_id: str
    there: bool = True
    manual: bool = False
    """A person said that it is this one."""

    @property
    def ids(self) -> tuple[str, str]:
        """(product id, variant id)."""
        return self.product_id, self.variant_id


class Candidates(msgspec.Struct, frozen=True, kw_only=True):
    """What may bear a TikTok SKU of one order. None: there is no such variant.

    `kept` was found when the order was first seen, `linked` is the SKU's link, `chosen` a person's choice at an order,
    `heir` is what now has the SKU of a deleted `kept` or `linked` within the same product, `by_code` what has the
    seller SKU anywhere in the store.
    """

    kept: Variant | None = None
    linked: Variant | None = None
    chosen: Variant | None = None
    heir: Variant | None = None
    by_code: Variant | None = None


def bearer(found: Candidates) -> Variant | None:
    """The variant whose units a line takes; None where that is not certain (docs/reference/behavior.md ORD-5).

    What was found once stays: a SKU that is renamed or handed to another product later books nothing there. Only a
    deleted variant gives way: to a person's choice, or to the variant that has its SKU within the same product.
    """
    kept, linked = found.kept, found.linked
    if kept is not None and kept.there:
        return kept
    if found.chosen is not None and found.chosen.there:
        return found.chosen
    if linked is not None and linked.there and (kept is None or linked.manual or linked.product_id == kept.product_id):
        return linked
    return found.by_code if kept is None and linked is None else found.heir


def unlinked(order: ShopOrder, links: Mapping[str, tuple[str, str]]) -> tuple[OrderLine, ...]:
    """The lines whose SKU is not linked to a variant: any one of them holds the whole order."""
    return tuple(line for line in imported_lines(order) if line.sku_id not in links)


def imported_lines(order: ShopOrder) -> tuple[OrderLine, ...]:
    """The lines that a store order has: what was taken out of the order before is no part of it."""
    return tuple(line for line in order.lines if not line.cancelled) or order.lines


def unlinked_finding(
    lines: tuple[OrderLine, ...],
    gone: Mapping[str, datetime | None] | None = None,
    unsure: Mapping[str, tuple[int, int]] | None = None,
) -> Finding:
    """The problem of an order with unlinked SKUs; linking any of them asks for it again.

    `gone` are the TikTok SKU ids whose variant was deleted in the store, with the time where it is known; `unsure`
    those whose seller SKU is used more than once, which links to nothing by itself: (in the store, in the shop).
    """
    names = ", ".join(dict.fromkeys(_told(line, gone or {}, unsure or {}) for line in lines))
    awaited = " ".join(dict.fromkeys(word for line in lines for word in _awaited(line)))
    return finding("E-ORD-SKU", waits_for=awaited, skus=names)


def _told(line: OrderLine, gone: Mapping[str, datetime | None], unsure: Mapping[str, tuple[int, int]]) -> str:
    name = line.seller_sku or line.sku_id
    if line.sku_id in unsure:
        ours, theirs = unsure[line.sku_id]
        used = [f"{n} {where}" for n, where in ((ours, "times in BigCommerce"), (theirs, "times on TikTok")) if n > 1]
        return f"{name} (used {' and '.join(used)})"
    if line.sku_id not in gone:
        return name
    at = gone[line.sku_id]
    return f"{name} (deleted in BigCommerce{f' at {stamp(at)}' if at else ''})"


def _awaited(line: OrderLine) -> tuple[str, ...]:
    return (token("link", line.sku_id), *((token("sku", line.seller_sku),) if line.seller_sku else ()))


@dataclass(frozen=True)
class SeenOrder:
    """One TikTok order on both sides. `order` None: TikTok does not know it (yet), `tries` looks in a row.

    `store_order_id` None: it has no store order. `links` gives (product id, variant id) by TikTok SKU id, `gone` the
    SKU ids whose variant was deleted in the store, and when, `unsure` those whose seller SKU is used more than once:
    by how many variants of the store, and how many SKUs of the shop.
    `address_due`: the store order does not have the newest address.
    """

    key: str
    order: ShopOrder | None
    preferences: Preferences
    links: Mapping[str, tuple[str, str]]
    gone: Mapping[str, datetime | None] = field(default_factory=dict)
    unsure: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    store_order_id: str | None = None
    store_state: StoreOrderState | None = None
    address_due: bool = False
    open_return: bool = False
    tries: int = 0
    twins: tuple[Twin, ...] = ()
    """All store orders that carry its id, where there is more than one."""
    route: Route | None = None
    """Where it is taken from; None where locations are not used."""
    booked: str = ""
    """The location whose stock it takes now; "": as the store draws it."""
    booking_seconds: float = 0.0
    """How long the store may still need to show its units where they were booked."""
    short: bool = False
    """The store refused to book its units to the location it ships from: a person sees to that."""
    untaken: Finding | None = None
    """Why the store can make no order in this currency; None where it can."""


class BookedUnits(msgspec.Struct, frozen=True):
    """What an order takes of goods that the store counts: (id, units), of those it counts by product, and variants."""

    products: tuple[tuple[str, int], ...] = ()
    variants: tuple[tuple[str, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.products or self.variants)


class Route(msgspec.Struct, frozen=True):
    """The location that an order is taken from, and why. `drawn`: the one that the store's orders draw from."""

    location_id: str
    name: str
    why: Routed
    drawn: str
    units: BookedUnits = BookedUnits()


def stock_moves(route: Route | None, booked: str, *, over: bool, order_id: str) -> tuple[MoveStock, ...]:
    """What books an order's units to where it ships from. `booked`: where they are taken now, "": nowhere yet.

    The store draws every order from one location, so what ships from another is booked over. Of one that is over
    (cancelled, its units given back by the store), the booking is taken back.
    """
    if route is None or not route.units:
        return ()
    now = booked or route.drawn
    wanted = route.drawn if over else route.location_id
    if now == wanted:
        return ()
    return (
        MoveStock(
            shop_order_id=order_id,
            source=wanted,
            target=now,
            products=route.units.products,
            variants=route.units.variants,
        ),
    )


_LOOKS_FOR_UNKNOWN = 6


def plan_order(seen: SeenOrder) -> Plan:
    """The store order to make of a TikTok order, or the status and address that its store order should have."""
    order = seen.order
    if order is None:  # webhooks may come before the order can be read
        if seen.tries < _LOOKS_FOR_UNKNOWN:
            return Plan(key=seen.key, later_seconds=5.0 * 2**seen.tries)
        return Plan(key=seen.key, findings=(finding("E-ORD-GONE"),))
    if seen.store_order_id is not None:
        return _plan_existing(seen, order, seen.store_order_id)
    if (verdict := decide(order, seen.preferences).verdict) != "create":
        back = stock_moves(seen.route, seen.booked, over=True, order_id=order.id)
        return Plan(key=seen.key, changes=back if verdict == "ignore" and seen.booked else ())
    if seen.untaken is not None:
        return Plan(key=seen.key, findings=(seen.untaken,))
    if missing := unlinked(order, seen.links):
        return Plan(key=seen.key, findings=(unlinked_finding(missing, seen.gone, seen.unsure),))
    if seen.booking_seconds > 0:
        return Plan(key=seen.key, later_seconds=seen.booking_seconds)
    # Booked first, and made at the next look: the store draws it from there, and its inventory takes a moment.
    moves = () if seen.short else stock_moves(seen.route, seen.booked, over=False, order_id=order.id)
    return Plan(key=seen.key, changes=moves or (CreateStoreOrder(shop_order_id=order.id),))


def _plan_existing(seen: SeenOrder, order: ShopOrder, store_order_id: str) -> Plan:
    doubles, findings = _doubles(seen, store_order_id)
    if is_cancelled(seen):  # the cancellation lane looks after it
        given_back = seen.store_state is StoreOrderState.CANCELLED
        back = stock_moves(seen.route, seen.booked, over=True, order_id=order.id) if given_back else ()
        return Plan(key=seen.key, changes=(*doubles, *back), findings=findings, settled=not back)
    changes: list[AnyChange] = [*doubles]
    movable = seen.booked and not seen.short
    moves = stock_moves(seen.route, seen.booked, over=False, order_id=order.id) if movable else ()
    changes += moves
    before, wanted = (
        seen.store_state or StoreOrderState.PENDING,
        store_state(order, seen.preferences, open_return=seen.open_return),
    )
    if next_state(before, wanted) is not None:
        changes.append(SetStoreStatus(store_order_id=store_order_id, state=wanted, before=before))
    if seen.address_due and order.status.shippable:
        changes.append(SetStoreAddress(store_order_id=store_order_id, shop_order_id=order.id))
    elif seen.address_due:
        findings = (*findings, finding("W-ORD-ADDRESS"))
    return Plan(key=seen.key, changes=tuple(changes), findings=findings, settled=not moves)


def _doubles(seen: SeenOrder, store_order_id: str) -> tuple[tuple[AnyChange, ...], tuple[Finding, ...]]:
    pairing = pair_of(store_order_id, seen.twins)
    findings = []
    if pairing.told:
        findings.append(finding("E-ORD-DOUBLE", orders=", ".join([pairing.kept, *pairing.told])))
    if pairing.cancelled:
        findings.append(finding("W-ORD-DOUBLE", orders=", ".join(pairing.cancelled)))
    changes = (CancelDouble(store_order_id=double, shop_order_id=seen.key) for double in pairing.cancelled)
    return tuple(changes), tuple(findings)


def is_cancelled(seen: SeenOrder) -> bool:
    """Whether an order that has its store order is cancelled on either side."""
    cancelled = seen.order is not None and seen.order.status is ShopOrderStatus.CANCELLED
    return seen.store_order_id is not None and (cancelled or seen.store_state is StoreOrderState.CANCELLED)


def is_cancelled_in_part(seen: SeenOrder) -> bool:
    """Whether units of an order that has its store order were cancelled at TikTok."""
    return (
        seen.order is not None and seen.store_order_id is not None and any(line.cancelled for line in seen.order.lines)
    )


RETRY_EVERY_SECONDS, RETRIES = 600.0, 3
"""A failed creation is tried again 10, 20 and 30 minutes after its first failure, then a person must look."""


@dataclass(frozen=True)
class Failures:
    """The failed creations of one order. `retry_at` None: no more by itself."""

    attempts: int
    failed_at: datetime
    retry_at: datetime | None
    reason: str


def failed_again(why: str, *, before: int, first_at: datetime | None, now: datetime, retry: bool) -> Failures:
    """What follows from one more failed creation: `before` it there were so many, the first of them at `first_at`."""
    attempts, failed_at = before + 1, first_at or now
    reason = f"BigCommerce refused the order: {why.rstrip('.')}."
    if not retry or attempts > RETRIES:
        return Failures(attempts, failed_at, None, reason)
    at = failed_at + timedelta(seconds=RETRY_EVERY_SECONDS * attempts)
    return Failures(attempts, failed_at, at, f"{reason} Retry {attempts} of {RETRIES} at {stamp(at)}.")


def draft_order(order: ShopOrder, facts: DraftFacts) -> StoreOrderDraft:
    """The store order as it should be made. Every line must be linked.

    Lines carry the price before discounts; what the seller and TikTok take off is the order's discount, so that both
    are seen and the total is what the buyer paid, to the cent. TikTok collects the tax: it is stated, not computed.
    Fees that are neither goods, shipping nor tax go into handling.
    """
    currency = order.payment.total.currency
    lines = tuple(_line(line, facts.links[line.sku_id]) for line in imported_lines(order))
    subtotal_ex = Money.total((line.unit_price_ex_tax * line.quantity for line in lines), currency)
    goods_tax = Money.total((line.tax * line.quantity for line in order.lines), currency)
    shipping = order.payment.shipping
    # TikTok tells the tax of an order as a whole and of its lines; whatever the lines and shipping do not account for
    # is put on the goods, so that the tax of the order is TikTok's.
    shipping_tax = order.payment.shipping_tax
    goods_tax = (
        order.payment.tax - shipping_tax if order.payment.tax.amount != (goods_tax + shipping_tax).amount else goods_tax
    )
    taken_off, fees, zero = subtotal_ex - order.payment.subtotal, order.payment.fees, Money.zero(currency)
    # BigCommerce takes neither below zero: a subtotal above the prices is a charge, fees below zero are taken off.
    discount = max(taken_off, zero) + max(-fees, zero)
    handling = max(fees, zero) + max(-taken_off, zero)
    total = order.payment.total
    return StoreOrderDraft(
        external_order_id=order.id,
        external_source=facts.external_source,
        external_merchant_id=facts.shop_id,
        channel_id=facts.channel_id,
        state=store_state(order, facts.preferences),
        address=draft_address(order, facts.preferences),
        lines=lines,
        shipping_method=_shipping_method(order, facts.preferences),
        shipping_ex_tax=shipping,
        shipping_inc_tax=shipping + shipping_tax,
        discount=discount,
        handling=handling or None,
        subtotal_ex_tax=subtotal_ex,
        subtotal_inc_tax=subtotal_ex + goods_tax,
        total_ex_tax=total - order.payment.tax,
        total_inc_tax=total,
        customer_message=order.buyer_message,
        staff_notes=f"TikTok Shop order {order.id}" + (f"\nShip from: {facts.location}" if facts.location else ""),
    )


def _line(line: OrderLine, link: tuple[str, str]) -> StoreOrderLine:
    product_id, variant_id = link
    return StoreOrderLine(
        product_id=product_id,
        variant_id=variant_id,
        sku=line.seller_sku,
        name=line.title,
        quantity=line.quantity,
        unit_price_ex_tax=line.original_price,
        unit_price_inc_tax=line.original_price + line.tax,
    )


def _shipping_method(order: ShopOrder, preferences: Preferences) -> str:
    """The merchant's name for the shipping option; without one, the text for TikTok's shipping, or the option."""
    if named := dict(preferences.shipping_methods).get(order.delivery_option):
        return named
    if order.shipped_by_tiktok:
        return preferences.platform_shipping_text
    return order.delivery_option or "TikTok Shop"


def draft_address(order: ShopOrder, preferences: Preferences) -> Address:
    """The buyer's address with an email by the merchant's pattern, or TikTok's relay address where that is wanted.

    Unless it is, nobody's mail reaches the buyer through TikTok (CF-26).
    """
    if preferences.relay_email and order.address.email:
        return order.address
    buyer = order.buyer_id or "buyer"
    email = preferences.email_pattern.replace("{buyer_id}", buyer).replace("{order_id}", order.id)
    if "{" in email or "}" in email:  # a pattern with other words in it
        email = f"{buyer}@tiktok.com"
    return msgspec.structs.replace(order.address, email=email)


_NAMES = frozenset({"first_name", "last_name"})
_EMPTY_IS_MEANT = _NAMES | {"company", "street_1", "street_2", "city", "state", "postal_code"}
"""What a clear address does not have, it has not: it is one place, told whole.

An empty phone or email says nothing: TikTok hides both while it shows the rest. A country is never empty in one.
"""


def merged_address(kept: Address, seen: Address) -> Address:
    """The address to keep when an order is seen again.

    A masked part never replaces a clear one. An empty part replaces what was there only where it is meant to be empty:
    in a clear address, of the parts that `_EMPTY_IS_MEANT` names; elsewhere nobody told it.
    """
    values = {}
    for name in Address.__struct_fields__:
        before, now = getattr(kept, name), getattr(seen, name)
        if now:
            keeps = "*" in now and bool(before) and "*" not in before
        else:
            keeps = not (seen.clear and name in _EMPTY_IS_MEANT)
        values[name] = before if keeps else now
    return Address(**values)


def group_by_variant(order: ShopOrder, links: Mapping[str, tuple[str, str]]) -> dict[str, int]:
    """Units of an order by variant id, for what is linked: what it will take from the store's stock."""
    units: dict[str, int] = {}
    for line in order.lines:
        if line.sku_id in links and not line.cancelled:
            variant_id = links[line.sku_id][1]
            units[variant_id] = units.get(variant_id, 0) + line.quantity
    return units
