"""Who cancelled, and whom to tell: one cancellation per order, passed on once, never sent back. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from twinshelf.connections.preferences import Preferences
from twinshelf.documents import (
    AnswerCancellation,
    AnyChange,
    CancellationOrigin,
    CancellationRequest,
    CancelShopOrder,
    CancelStoreOrder,
    Finding,
    Plan,
    ShopOrder,
    ShopOrderStatus,
    StoreOrderItem,
    StoreOrderState,
    finding,
)
from twinshelf.orders.status import next_state

_UNPAID_REASONS = (
    ("seller_cancel_unpaid_reason_out_of_stock", "Out of stock"),
    ("seller_cancel_unpaid_reason_wrong_price", "Pricing error"),
    ("seller_cancel_unpaid_reason_buyer_hasnt_paid_within_time_allowed", "Buyer did not pay on time"),
    ("seller_cancel_unpaid_reason_buyer_requested_cancellation", "Buyer asked for it"),
)
_PAID_REASONS = (
    ("seller_cancel_reason_out_of_stock", "Out of stock"),
    ("seller_cancel_reason_wrong_price", "Pricing error"),
    ("seller_cancel_paid_reason_address_not_deliver", "Cannot deliver to the address"),
    ("seller_cancel_paid_reason_buyer_requested_cancellation", "Buyer asked for it"),
)


def seller_reasons(shop_status: ShopOrderStatus) -> tuple[tuple[str, str], ...]:
    """(name, words) of the reasons a seller may give in this status, as documented; none where it is too late.

    For choosing from. What TikTok offers for the very order is asked when cancelling; a reason that it does not offer
    then gives way to one that it does. Source: TikTok Shop docs, cancel reasons.
    """
    if not shop_status.cancellable:
        return ()
    return _UNPAID_REASONS if shop_status is ShopOrderStatus.UNPAID else _PAID_REASONS


def reason_words(name: str) -> str:
    """A reason in words: by its name if it is one of those above, else the name spelled out; a text stays as it is."""
    name = name.removesuffix("_uk")
    for known, words in (*_UNPAID_REASONS, *_PAID_REASONS):
        if name == known:
            return words
    if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name):
        return name
    plain = re.sub(r"^(seller|buyer|ecom|order)?_?(cancel|refund)(_(unpaid|paid))?_reason_", "", name)
    plain = re.sub(r"^(ecom_|order_|delivered_|refund_)+", "", plain).removeprefix("reason_")
    return plain.replace("_", " ").capitalize()


_UNAVAILABLE: Final = frozenset(
    name + market
    for name in ("seller_cancel_unpaid_reason_out_of_stock", "seller_cancel_reason_out_of_stock")
    for market in ("", "_uk")
)
"""TikTok's names of the reasons that goods are not to be had. Source: docs/platforms/tiktok-shop.md section 17.2."""


def unavailable_units(order: ShopOrder, requests: Iterable[CancellationRequest], chosen: str = "") -> dict[str, int]:
    """How many units of each TikTok SKU of an order were cancelled because they are not to be had (CAN-6).

    By the reasons of the cancellations that were carried out; and by `chosen`, the name of the reason for which
    somebody cancelled the whole order here. Texts for people, and BigCommerce's reason for all orders, say nothing.
    """
    gone: set[str] = set()
    whole = chosen in _UNAVAILABLE and order.status is ShopOrderStatus.CANCELLED
    for request in requests:
        if request.order_id != order.id or request.status in _CLOSED_REQUESTS or request.reason not in _UNAVAILABLE:
            continue
        gone.update(request.unit_ids)
        whole = whole or not request.unit_ids
    units = {line.sku_id: 0 for line in order.lines}
    for line in order.lines:
        units[line.sku_id] += sum(whole or unit in gone for unit in line.unit_ids)
    return {sku_id: number for sku_id, number in units.items() if number}


def offered_reasons() -> tuple[tuple[str, str], ...]:
    """(name, words) of the reasons that a merchant may choose once for all orders that BigCommerce cancels.

    By the names for paid orders; for unpaid ones TikTok calls the same reason differently.
    """
    return _PAID_REASONS


def _named_as_offered(wanted: str, reasons: Sequence[str]) -> str:
    """The reason by the name that TikTok offers it under for this order; "" where it offers no such reason."""
    if wanted in reasons:
        return wanted
    meant = dict((*_PAID_REASONS, *_UNPAID_REASONS)).get(wanted, "")
    return next((name for name, words in (*_PAID_REASONS, *_UNPAID_REASONS) if words == meant and name in reasons), "")


class Sides(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides of one order as just read; `store_state` None: there is no store order."""

    shop_order_id: str
    shop_status: ShopOrderStatus
    store_order_id: str | None
    store_state: StoreOrderState | None
    origin: CancellationOrigin | None
    """Where the cancellation on record began; None: there is none on record."""
    refused: bool = False


def origin_of(sides: Sides) -> CancellationOrigin | None:
    """Where a cancellation that is not on record began, by which side shows it; None: nobody cancelled."""
    if sides.origin is not None:
        return sides.origin
    if sides.shop_status is ShopOrderStatus.CANCELLED:
        return CancellationOrigin.SHOP
    if sides.store_state is StoreOrderState.CANCELLED:
        return CancellationOrigin.STORE
    return None


def plan_cancellation(
    sides: Sides, preferences: Preferences, reasons: Sequence[str], chosen_reason: str = ""
) -> tuple[CancelShopOrder | CancelStoreOrder | None, Finding | None]:
    """What to pass on to the side that does not know yet, or why it cannot be.

    `reasons` are the names that TikTok offers the seller for this order now. A refusal that is on record is not
    tried again: it is shown, and the store's status is left as the merchant set it.
    """
    match origin_of(sides):
        case CancellationOrigin.SHOP:
            return _cancel_in_store(sides) if preferences.cancel_tts_to_bc else None, None
        case (CancellationOrigin.STORE | CancellationOrigin.APP) as origin:
            if sides.shop_status is ShopOrderStatus.CANCELLED:
                told = origin is CancellationOrigin.APP and preferences.cancel_app_to_bc
                return _cancel_in_store(sides) if told else None, None
            in_store = origin is CancellationOrigin.STORE
            if in_store and not preferences.cancel_bc_to_tts:
                return None, None
            if in_store and sides.store_state not in {StoreOrderState.CANCELLED, None}:  # taken back in time
                return None, None
            if sides.refused:
                return None, _not_allowed(sides.shop_status)
            if not reasons:
                return None, _not_allowed(sides.shop_status)
            wanted = _named_as_offered(chosen_reason or preferences.cancel_reason, reasons)
            reason = wanted or next((n for n in reasons if "out_of_stock" in n), reasons[0])
            return CancelShopOrder(shop_order_id=sides.shop_order_id, reason=reason), None
        case _:
            return None, None


def asks_shop(sides: Sides) -> bool:
    """Whether the shop is to be asked to cancel, so that its reasons must be known."""
    asked_here = origin_of(sides) in {CancellationOrigin.STORE, CancellationOrigin.APP}
    return asked_here and sides.shop_status is not ShopOrderStatus.CANCELLED and not sides.refused


@dataclass(frozen=True)
class SeenCancellation:
    """One order on both sides, where its cancellation began, and what TikTok offers as reasons now."""

    sides: Sides
    preferences: Preferences
    reasons: tuple[str, ...] = ()
    chosen_reason: str = ""
    answers: tuple[AnswerCancellation, ...] = ()
    """What was decided here about requests of the buyer, and is still to be told."""
    part: Finding | None = None
    """Nobody cancelled the whole order, but TikTok cancelled a part of it that the store order still asks for."""


def plan(seen: SeenCancellation) -> Plan:
    """What to pass on to the side that does not know yet, or why it cannot be."""
    if seen.part is not None:
        return Plan(key=seen.sides.shop_order_id, changes=seen.answers, findings=(seen.part,))
    change, finding = plan_cancellation(seen.sides, seen.preferences, seen.reasons, seen.chosen_reason)
    changes: tuple[AnyChange, ...] = (*seen.answers, change) if change else seen.answers
    return Plan(
        key=seen.sides.shop_order_id,
        changes=changes,
        findings=(finding,) if finding else (),
        settled=seen.sides.shop_status is ShopOrderStatus.CANCELLED,
    )


_CLOSED_REQUESTS = frozenset({"CANCELLATION_REQUEST_PENDING", "CANCELLATION_REQUEST_CANCEL"})
"""States of a request by which nothing is cancelled: not yet, or not at all."""


def cancelled_units(order: ShopOrder, requests: Iterable[CancellationRequest]) -> dict[str, str]:
    """The units of an order that TikTok cancelled, with the reason in words ("" where none is known).

    By the order's lines, and by the requests that were granted, which may be ahead of them.
    """
    found = {unit: "" for line in order.lines if line.cancelled for unit in line.unit_ids}
    for request in requests:
        if request.order_id == order.id and request.status not in _CLOSED_REQUESTS:
            why = request.reason_text or reason_words(request.reason)
            found |= dict.fromkeys(request.unit_ids, why)
    return found


def still_asked_for(
    order: ShopOrder,
    cancelled: Mapping[str, str],
    items: Iterable[StoreOrderItem],
    links: Mapping[str, tuple[str, str]],
) -> Finding | None:
    """That the store order asks for units which TikTok cancelled; None once it has them no more.

    What was refunded in the store counts as taken out. A store order's line is found by its variant, else by its SKU.
    """
    asked: Counter[str] = Counter()
    for item in items:
        asked[item.variant_id or item.sku] += item.asked_for
    kept: Counter[str] = Counter()
    gone: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for line in order.lines:
        linked = links.get(line.sku_id)
        place = linked[1] if linked and linked[1] in asked else line.seller_sku
        names.setdefault(place, line.seller_sku or line.title or line.sku_id)
        for unit in line.unit_ids:
            if unit in cancelled:
                gone.setdefault(place, []).append(cancelled[unit])
            else:
                kept[place] += 1
    over = {place: min(len(whys), asked[place] - kept[place]) for place, whys in gone.items()}
    units = ", ".join(f"{number} × {names[place]}" for place, number in over.items() if number > 0)
    if not units:
        return None
    whys = dict.fromkeys(why for place, some in gone.items() if over[place] > 0 for why in some if why)
    return finding("E-CAN-PART", units=units, **({"items": ", ".join(whys)} if whys else {}))


def _cancel_in_store(sides: Sides) -> CancelStoreOrder | None:
    """None where there is nothing to cancel: cancelled already, or refunded, disputed and the like by a person."""
    if sides.store_order_id is None or sides.store_state is None:
        return None
    if next_state(sides.store_state, StoreOrderState.CANCELLED) is None:
        return None
    return CancelStoreOrder(store_order_id=sides.store_order_id, shop_order_id=sides.shop_order_id)


def _not_allowed(status: ShopOrderStatus) -> Finding:
    return finding("E-CAN-STATE", status=status.replace("_", " ").lower())
