"""What counts as a difference, and what was not compared and why. Pure: documents of both sides in, a ledger out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from twinshelf.connections.preferences import Preferences
from twinshelf.documents import (
    CancellationOrigin,
    Money,
    ProofReason,
    ProofSubject,
    ShippingProvider,
    ShopListing,
    ShopOrder,
    ShopOrderStatus,
    StoreOrder,
    StoreOrderItem,
    StoreOrderState,
    StoreShipment,
)
from twinshelf.listings.compare import PriceDifference, SkuDifference, SkuMissing, StockDifference, TitleDifference
from twinshelf.orders.fulfillment.plan import provider_for
from twinshelf.orders.packages.plan import to_write
from twinshelf.orders.status import DISPATCHED
from twinshelf.tiktok.packages import clean_tracking

Kind = Literal[
    "price", "stock", "title", "sku", "sku_double", "listing_missing", "order_missing", "order_double", "order_total",
    "order_status", "order_lines", "shipment", "tracking", "carrier",
]  # fmt: skip


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not as it should be, in words a person can act on. `key` is the product or order."""

    kind: Kind
    key: str
    text: str
    expected: str = ""
    found: str = ""


Side = Literal["product", "order"]
"""What a key is of."""

_SIDES: Mapping[ProofSubject, Side] = MappingProxyType(
    {
        ProofSubject.PRODUCT: "product",
        ProofSubject.LISTING: "product",
        ProofSubject.PRICE: "product",
        ProofSubject.STOCK: "product",
        ProofSubject.ORDER: "order",
        ProofSubject.STORE_ORDER: "order",
        ProofSubject.LINES: "order",
        ProofSubject.SHIPMENT: "order",
    }
)

_YOUNG = "Asked for less than a minute ago."
_OLD = "Being worked on for more than a minute."

EXAMPLES = 20
"""How many keys of each group of what was not compared are named."""


@dataclass
class _Group:
    number: int = 0
    keys: list[str] = field(default_factory=list)


@dataclass
class Ledger:
    """What was compared, what differs, and what was not compared and why: one entry for each thing of either side.

    Whoever reads a side says with `there` how many things it has; each of them is then either `judge`d or `leave_out`,
    once. So the counts of a subject add up, and nothing is passed over in silence.
    """

    working: Mapping[tuple[Side, str], bool] = field(default_factory=dict)
    """Products and orders that are being worked on, and whether that was asked for less than a minute ago: what differs
    of those is on its way. What differs of the others differs."""
    differences: list[Difference] = field(default_factory=list)
    _there: Counter[ProofSubject] = field(default_factory=Counter)
    _compared: Counter[ProofSubject] = field(default_factory=Counter)
    _left_out: dict[tuple[ProofSubject, ProofReason, str], _Group] = field(default_factory=dict)

    def there(self, subject: ProofSubject, number: int = 1) -> None:
        """A side has so many (more) of these."""
        self._there[subject] += number

    def judge(self, subject: ProofSubject, key: str, *found: Difference) -> bool:
        """This one was compared, and `found` is what differs. `key` is that of its product or order.

        Returns False for what is left out instead, since it is on its way.
        """
        if found and self.working.get((_SIDES[subject], key)):
            self.leave_out(subject, key, ProofReason.IN_PROGRESS, _YOUNG)
            return False
        self._compared[subject] += 1
        self.differences += found
        return True

    def progress(self, side: Side, key: str) -> str:
        """Since when this is being worked on, in words; "" if it is not."""
        young = self.working.get((side, key))
        return "" if young is None else _YOUNG if young else _OLD

    def tell(self, *found: Difference) -> None:
        """These differ, beside the things that are compared one by one."""
        self.differences += found

    def leave_out(self, subject: ProofSubject, key: str, reason: ProofReason, text: str) -> None:
        """This one was not compared. `text` says why, in a sentence that is the same for all with the same cause."""
        group = self._left_out.setdefault((subject, reason, text), _Group())
        group.number += 1
        if len(group.keys) < EXAMPLES and key not in group.keys:
            group.keys.append(key)

    def report(self) -> dict[str, Any]:
        """Everything as plain JSON: the counts by subject, what was not compared in groups, and every difference."""
        left: Counter[ProofSubject] = Counter()
        for (subject, _reason, _text), group in self._left_out.items():
            left[subject] += group.number
        subjects = {
            str(subject): {
                "there": self._there[subject],
                "compared": self._compared[subject],
                "left_out": left[subject],
            }
            for subject in ProofSubject
        }
        groups = sorted(self._left_out.items(), key=lambda entry: (entry[0][:2], -entry[1].number))
        return {
            "compared": self._compared.total(),
            "left_out": left.total(),
            "subjects": subjects,
            "not_compared": [
                {
                    "subject": str(subject),
                    "reason": str(reason),
                    "text": text,
                    "number": group.number,
                    "keys": group.keys,
                }
                for (subject, reason, text), group in groups
            ],
            "differences": [msgspec.to_builtins(difference) for difference in self.differences],
        }


# -- listings -------------------------------------------------------------------------------------------------------


def tell_title(product_id: str, wrong: TitleDifference) -> Difference:
    """A title that differs, in words."""
    return _of(product_id, "title", "The title differs.", wrong.expected, wrong.found)


def tell_sku(product_id: str, wrong: SkuDifference) -> Difference:
    """What differs of a SKU, in words."""
    match wrong:
        case SkuMissing():
            return _of(product_id, "sku", f"SKU {wrong.seller_sku} is not in the shop.", wrong.seller_sku)
        case PriceDifference():
            text = f"The price of SKU {wrong.seller_sku} differs."
            return _of(product_id, "price", text, str(wrong.expected), str(wrong.found or "none"))
        case StockDifference():
            found = str(wrong.shown) if wrong.shown != wrong.expected else f"{wrong.shown} in another warehouse"
            return _of(product_id, "stock", f"The stock of SKU {wrong.seller_sku} differs.", str(wrong.expected), found)


def _of(key: str, kind: Kind, text: str, expected: str = "", found: str = "") -> Difference:
    return Difference(kind=kind, key=key, text=text, expected=expected, found=found)


def missing(product_id: str, text: str) -> Difference:
    """That a listing is not in the shop."""
    return _of(product_id, "listing_missing", text)


def double_skus(live: Iterable[ShopListing], ours: Container[str]) -> tuple[Difference, ...]:
    """Seller SKUs that more than one live listing has, where one of their SKUs is linked (`ours`: TikTok's SKU ids)."""
    places: dict[str, dict[str, bool]] = {}
    for listing in live:
        for sku in listing.skus:
            if sku.seller_sku:
                of_code = places.setdefault(sku.seller_sku, {})
                of_code[listing.id] = of_code.get(listing.id, False) or sku.id in ours
    return tuple(
        _of(ids[0], "sku_double", f"SKU {code} is live in more than one listing.", ids[0], ", ".join(ids))
        for code, of_code in places.items()
        if len(of_code) > 1 and any(of_code.values())
        for ids in [sorted(of_code)]
    )


# -- orders ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """The store orders that carry one shop order's id: the one that counts, those that are doubles, and the others."""

    order: StoreOrder | None
    doubles: tuple[StoreOrder, ...] = ()
    others: tuple[StoreOrder, ...] = ()
    """Archived ones, and doubles that were cancelled."""


def pair_of(found: Iterable[StoreOrder]) -> Pair:
    """Sort out the store orders of one external id. The oldest counts, one that stands before one that was cancelled.

    An archived one counts only where there is no other: people archive what they are done with.
    """
    there = sorted(found, key=lambda entry: (entry.created_at, len(entry.id), entry.id))
    shown = [entry for entry in there if not entry.archived] or there[:1]
    standing = [entry for entry in shown if entry.state is not StoreOrderState.CANCELLED]
    counts = next(iter(standing or shown), None)
    doubles = standing[1:]
    others = tuple(entry for entry in there if entry is not counts and entry not in doubles)
    return Pair(counts, tuple(doubles), others)


def order_missing(order_id: str) -> Difference:
    """That the store does not have an order."""
    return _of(order_id, "order_missing", "BigCommerce does not have it.")


def compare_order(order: ShopOrder, pair: Pair) -> tuple[Difference, ...]:
    """An order of the shop against its store order: there once, the same total, cancelled on both sides or on none."""
    store_order = pair.order
    if store_order is None:
        return (order_missing(order.id),)
    found = list(tell_doubles(order.id, pair))
    expected, there = order.payment.total, store_order.total_inc_tax
    if not _same_amount(expected, there):
        found.append(_of(order.id, "order_total", "The totals differ.", str(expected), str(there)))
    if _cancelled_on_one_side(order, store_order) and order.status.rank < ShopOrderStatus.DELIVERED.rank:
        text = "One side is cancelled, the other is not."
        found.append(_of(order.id, "order_status", text, order.status_word, store_order.state))
    return tuple(found)


def _cancelled_on_one_side(order: ShopOrder, store_order: StoreOrder) -> bool:
    return (order.status is ShopOrderStatus.CANCELLED) != (store_order.state is StoreOrderState.CANCELLED)


def why_one_side_may_stand(
    order: ShopOrder, pair: Pair, origin: CancellationOrigin | None, preferences: Preferences
) -> str:
    """Why the one side stays as it is though the other is cancelled: by the merchant's choice; "" if it should not.

    `origin` is where the cancellation on record began; None: there is none on record.
    """
    if pair.order is None or not _cancelled_on_one_side(order, pair.order):
        return ""
    if order.status is not ShopOrderStatus.CANCELLED:
        by_choice = origin in {None, CancellationOrigin.STORE} and not preferences.cancel_bc_to_tts
        return "Cancellations in BigCommerce are not sent to TikTok Shop." if by_choice else ""
    if origin is CancellationOrigin.APP and not preferences.cancel_app_to_bc:
        return "Cancellations in Twinshelf are not sent to BigCommerce."
    if origin in {None, CancellationOrigin.SHOP} and not preferences.cancel_tts_to_bc:
        return "Cancellations on TikTok Shop are not sent to BigCommerce."
    return ""


def tell_doubles(external_id: str, pair: Pair) -> tuple[Difference, ...]:
    """That the store has one order more than once; nothing if it does not."""
    if pair.order is None or not pair.doubles:
        return ()
    ids = ", ".join(entry.id for entry in (pair.order, *pair.doubles))
    return (_of(external_id, "order_double", f"BigCommerce has it more than once: {ids}."),)


def compare_shipped(order: ShopOrder, store_order: StoreOrder) -> tuple[Difference, ...]:
    """Whether the shop knows that an order was shipped, whatever state of the store says so."""
    if store_order.state not in DISPATCHED or not order.status.shippable:
        return ()
    if store_order.state is StoreOrderState.PARTIALLY_SHIPPED and order.status is ShopOrderStatus.PARTIALLY_SHIPPING:
        return ()
    text = "Shipped in BigCommerce, TikTok Shop does not know."
    return (_of(order.id, "shipment", text, store_order.state.replace("_", " "), order.status_word),)


def compare_lines(
    order: ShopOrder, items: Iterable[StoreOrderItem], links: Mapping[str, tuple[str, str]]
) -> tuple[Difference, ...]:
    """Whether the store order asks for what the shop sold of each SKU and did not cancel.

    A line is found by its variant (`links`), else by its SKU. What the store refunded may count either way: the buyer
    has it, or it was taken out.
    """
    asked: Counter[str] = Counter()
    there: Counter[str] = Counter()
    names: dict[str, str] = {}
    for item in items:
        place = item.variant_id or item.sku
        asked[place] += item.asked_for
        there[place] += item.quantity
        names[place] = item.sku or item.variant_id
    sold: Counter[str] = Counter()
    for line in order.lines:
        linked = links.get(line.sku_id)
        place = linked[1] if linked and linked[1] in there else line.seller_sku
        names[place] = line.seller_sku or line.title or line.sku_id
        sold[place] += 0 if line.cancelled else line.quantity
    return tuple(
        _of(order.id, "order_lines", f"The orders differ in {names[place]}.", str(sold[place]), str(asked[place]))
        for place in sorted({*asked, *sold})
        if not asked[place] <= sold[place] <= there[place]
    )


def compare_written(
    order: ShopOrder, items: Iterable[StoreOrderItem], links: Mapping[str, tuple[str, str]]
) -> tuple[Difference, ...]:
    """Whether the store knows as shipped what is on its way from the shop: of each SKU as many units, or more."""
    moving = {unit for package in to_write(order) for unit in package.unit_ids}
    shipped: Counter[str] = Counter()
    for item in items:
        shipped[item.variant_id or item.sku] += item.shipped
    sent: Counter[str] = Counter()
    names: dict[str, str] = {}
    for line in order.lines:
        linked = links.get(line.sku_id)
        place = linked[1] if linked and linked[1] in shipped else line.seller_sku
        names[place] = line.seller_sku or line.title or line.sku_id
        sent[place] += len(moving.intersection(line.unit_ids))
    return tuple(
        _of(
            order.id, "shipment", f"Shipped on TikTok Shop, BigCommerce does not know: {names[place]}.",
            str(sent[place]), str(shipped[place]),
        )
        for place in sorted(sent)
        if sent[place] > shipped[place]
    )  # fmt: skip


def compare_numbers(order: ShopOrder, shipments: Iterable[StoreShipment]) -> tuple[Difference, ...]:
    """Whether a shipment of the store has the number of each package. One that a person typed there may differ."""
    there = {clean_tracking(shipment.tracking_number) for shipment in shipments if shipment.tracking_number}
    numbers = {clean_tracking(p.tracking_number): p.tracking_number for p in to_write(order) if p.tracking_number}
    return tuple(
        _of(order.id, "tracking", "The tracking numbers differ.", number, "none")
        for cleaned, number in numbers.items()
        if cleaned not in there
    )


def compare_tracking(
    order: ShopOrder,
    shipments: Iterable[StoreShipment],
    mapping: Sequence[tuple[str, str]],
    providers: Sequence[ShippingProvider],
) -> tuple[Difference, ...]:
    """Whether the shop shows the numbers and carriers of the store's shipments, each with the other side's."""
    ours = {clean_tracking(shipment.tracking_number): shipment for shipment in shipments if shipment.tracking_number}
    theirs = {clean_tracking(p.tracking_number): p for p in order.packages if p.shipped and p.tracking_number}
    found = []
    for number in ours.keys() & theirs.keys():
        carrier = provider_for(ours[number].carrier, mapping, providers)
        package = theirs[number]
        if isinstance(carrier, ShippingProvider) and package.provider_id not in {"", carrier.id}:
            shown = package.provider or package.provider_id
            found.append(_of(order.id, "carrier", f"The carrier of {number} differs.", carrier.name, shown))
    missing_there = [number for number in ours if number not in theirs]
    missing_here = [number for number in theirs if number not in ours]
    for expected, shown in zip_longest(missing_there, missing_here, fillvalue=""):
        found.append(_of(order.id, "tracking", "The tracking numbers differ.", expected or "none", shown or "none"))
    return tuple(found)


def _same_amount(one: Money, other: Money) -> bool:
    return one.rounded().same_as(other.rounded())
