"""The invariants (docs/reference/invariants.md section 1), each a function from evidence to what is wrong with it.

They share no rule with the product: what a shop should show is worked out here from what the store has, in a few lines
of arithmetic, and judged against what the platforms show. I16 is judged by the benchmarks, and whether I1 to I16 hold
after an end at any moment (I17) and under a wrong clock (I19) by the very same checks, since ends and jumps are among
the faults.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from soak.evidence import Evidence, Goods, Json, Shelf, SideFacts
from twinshelf.connections.preferences import Preferences
from twinshelf_sandbox.world import Effect


@dataclass(frozen=True)
class Violation:
    """One thing that must not be. `facts` are for whoever looks into it."""

    invariant: str
    facts: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.facts}"


Check = Callable[[Evidence], Iterator[str]]

CENT: Final = Decimal("0.01")
IMPORTED: Final = frozenset(
    {"AWAITING_SHIPMENT", "PARTIALLY_SHIPPING", "AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED", "COMPLETED"}
)
STORE_CANCELLED: Final = 5
ENDS: Final = frozenset({4, 5, 6})
"""Refunded, cancelled, declined: what a store order never leaves by itself."""
STEPS: Final = {0: 0, 1: 0, 7: 0, 11: 1, 9: 2, 3: 3, 2: 4, 8: 5, 10: 6}
"""The statuses of a store order in the order in which they may follow each other."""
GUARD_PERCENT: Final = 50
RACE_SECONDS: Final = 60.0
"""What happened on a platform less than this before we acted may not have been known to us."""


def run_checks(evidence: Evidence) -> list[Violation]:
    """Everything that is wrong, by the invariants' order."""
    return [
        Violation(name, facts)
        for name, check in sorted(CHECKS.items(), key=lambda entry: int(entry[0][1:]))
        for facts in check(evidence)
    ]


# -- what should be -------------------------------------------------------------------------------------------------


def by_us(effect: Effect) -> bool:
    """Whether a call of the product made this happen: nobody else makes calls in a simulation."""
    return effect.cause.startswith(("bigcommerce ", "tiktok "))


def side_of(evidence: Evidence, shop: str) -> SideFacts:
    """The connection of a shop."""
    return next(side for side in evidence.sides if side.shop == shop)


def open_units(order: Json) -> list[Json]:
    """The units of a TikTok order that are not cancelled."""
    return [line for line in order["line_items"] if line["_state"] != "cancelled"]


def store_orders_of(evidence: Evidence, order_id: str) -> list[Json]:
    """The orders of all stores that carry this TikTok order's id."""
    return [row for row in evidence.store_orders if row["external_order_id"] == order_id]


def is_live(store_order: Json) -> bool:
    """Whether a store order is not cancelled."""
    return bool(store_order["status_id"] != STORE_CANCELLED)


def problems_of(evidence: Evidence, key: str, *codes: str) -> bool:
    """Whether our books tell of this key, by one of these beginnings of codes."""
    return any(told.key == key and told.code.startswith(codes) for told in evidence.books.problems)


def held_back(evidence: Evidence, store: str) -> Counter[str]:
    """Units by SKU that TikTok orders without a store order will take from this store."""
    shops = {side.shop for side in evidence.sides if side.store == store}
    made = {row["external_order_id"] for row in evidence.store_orders if row["store"] == store}
    held: Counter[str] = Counter()
    for order in evidence.orders.values():
        if order["shop"] in shops and order["status"] != "CANCELLED" and order["id"] not in made:
            held.update(line["seller_sku"] for line in open_units(order))
    return held


def desired_quantity(goods: Goods | None, held: int, choices: Preferences) -> int:
    """Units that a shop should offer of what the store has."""
    if goods is None or not goods.for_sale:
        return 0
    units = goods.stock - held
    if choices.threshold is not None and units <= choices.threshold:
        return 0
    return max(0, units - choices.reserve)


def desired_price(price: Decimal, choices: Preferences) -> Decimal | None:
    """What a shop should ask, rounded half up to the cent; None where there is no price to ask."""
    rule, amount = choices.price_rule, price
    if rule.kind == "fixed_up":
        amount += rule.value
    elif rule.kind == "fixed_down":
        amount -= rule.value
    elif rule.kind == "percent_up":
        amount += amount * rule.value / 100
    elif rule.kind == "percent_down":
        amount -= amount * rule.value / 100
    if price <= 0:
        return None
    asked = amount.quantize(CENT, ROUND_HALF_UP)
    return asked if asked >= CENT else None


def linked_shelves(evidence: Evidence) -> Iterator[tuple[SideFacts, str, Shelf, Goods | None]]:
    """Live shelves that a rule can fill: (side, SKU, shelf, the store's side of it)."""
    for side in evidence.sides:
        for (shop, sku), shelf in sorted(evidence.shelves.items()):
            if shop == side.shop and shelf.live and (side.store, sku) not in evidence.odd_skus:
                yield side, sku, shelf, evidence.goods.get((side.store, sku))


def status_before(evidence: Evidence, order_id: str, seq: int, *, older_than: float = 0.0) -> str:
    """The TikTok order's status as of an effect, or of `older_than` seconds before it."""
    at = next(effect.at for effect in evidence.effects if effect.seq == seq)
    status = "UNPAID"
    for effect in evidence.effects:
        if effect.seq >= seq or effect.at > at - older_than:
            break
        if effect.kind == "order_status" and effect.platform == "tiktok" and effect.key == order_id:
            status = effect.detail["after"]
    return status


# -- orders ---------------------------------------------------------------------------------------------------------


def exactly_one(evidence: Evidence) -> Iterator[str]:
    """I1: one store order for every TikTok order that is imported, never two, never in another store."""
    created = Counter(
        effect.detail["external_order_id"]
        for effect in evidence.effects
        if effect.platform == "bigcommerce" and effect.kind == "order_created" and by_us(effect)
    )
    for order_id, number in created.items():
        if number > 1 and not evidence.struck.frozen_in_call:
            yield f"order {order_id} was made {number} times"
    for order in evidence.orders.values():
        side = side_of(evidence, order["shop"])
        found = store_orders_of(evidence, order["id"])
        live = [row for row in found if is_live(row)]
        if len(live) > 1:
            yield f"order {order['id']} has the store orders {[row['id'] for row in live]}"
        if any(row["store"] != side.store for row in found):
            yield f"order {order['id']} of {side.store} is in {[row['store'] for row in found]}"
        if order["status"] in IMPORTED and not found and not _may_be_missing(evidence, side, order):
            yield f"order {order['id']} ({order['status']}) has no store order"


def _may_be_missing(evidence: Evidence, side: SideFacts, order: Json) -> bool:
    """Whether no rule can make the store order: too few units are left, or its goods are gone; and we say so."""
    if order["id"] in evidence.poisoned:
        return problems_of(evidence, order["id"], "E-")
    wanted = Counter(line["seller_sku"] for line in open_units(order))
    impossible = False
    for sku, units in wanted.items():
        goods = evidence.goods.get((side.store, sku))
        impossible |= goods is None or not goods.for_sale or goods.stock < units
        shelf = evidence.shelves.get((side.shop, sku))
        impossible |= shelf is None or shelf.listing_id not in {line["product_id"] for line in order["line_items"]}
    return impossible and problems_of(evidence, order["id"], "E-ORD")


def same_money(evidence: Evidence) -> Iterator[str]:
    """I2: lines, discount, shipping, tax and total of both orders agree to the cent."""
    for order in evidence.orders.values():
        for made in store_orders_of(evidence, order["id"]):
            if len(open_units(order)) != len(order["line_items"]) or made["status_id"] == STORE_CANCELLED:
                continue
            wanted, found = _money_of_shop(order), _money_of_store(made)
            wrong = [
                f"{name} {found[name]} instead of {wanted[name]}" for name in wanted if wanted[name] != found[name]
            ]
            if wrong:
                yield f"order {order['id']} as {made['id']}: {', '.join(wrong)}"


def _money_of_shop(order: Json) -> dict[str, Any]:
    payment = order["payment"]
    units = order["line_items"]
    subtotal = sum((Decimal(unit["original_price"]) for unit in units), Decimal(0))
    off = sum((Decimal(unit["seller_discount"]) + Decimal(unit["platform_discount"]) for unit in units), Decimal(0))
    return {
        "units": Counter(unit["seller_sku"] for unit in units),
        "subtotal": subtotal,
        "discount": off,
        "shipping": Decimal(payment["shipping_fee"]),
        "tax": Decimal(payment["tax"]),
        "total": Decimal(payment["total_amount"]),
    }


def _money_of_store(made: Json) -> dict[str, Any]:
    units: Counter[str] = Counter()
    for line in made["products"]:
        units[line["sku"]] += line["quantity"]
    return {
        "units": units,
        "subtotal": Decimal(made["subtotal_ex_tax"]),
        "discount": Decimal(made["discount_amount"]),
        "shipping": Decimal(made["shipping_cost_ex_tax"]),
        "tax": Decimal(made["total_tax"]),
        "total": Decimal(made["total_inc_tax"]),
    }


def not_too_early(evidence: Evidence) -> Iterator[str]:
    """I3: no store order before the buyer paid, and none that can be shipped while the order is on hold."""
    for effect in evidence.effects:
        if effect.platform != "bigcommerce" or effect.kind != "order_created" or not by_us(effect):
            continue
        order_id = effect.detail["external_order_id"]
        status = status_before(evidence, order_id, effect.seq)
        if status == "UNPAID":
            yield f"order {order_id} was made before it was paid"
        if status == "ON_HOLD" and effect.detail["status_id"] in {11, 9}:
            yield f"order {order_id} could be shipped while it was on hold"


def ends_stay_ended(evidence: Evidence) -> Iterator[str]:
    """I4: what was cancelled is neither made, shipped nor cancelled again; each package is told once, and rightly."""
    yield from _nothing_after_the_end(evidence)
    yield from _cancelled_on_both_sides(evidence)
    yield from _packages(evidence)


def _nothing_after_the_end(evidence: Evidence) -> Iterator[str]:
    for effect in evidence.effects:
        if effect.kind == "order_created" and effect.platform == "bigcommerce" and by_us(effect):
            order_id = effect.detail["external_order_id"]
            if status_before(evidence, order_id, effect.seq, older_than=RACE_SECONDS) == "CANCELLED":
                yield f"order {order_id} was made after it was cancelled"
        if effect.kind == "order_status" and effect.platform == "bigcommerce" and by_us(effect):
            before, after = effect.detail["before"], effect.detail["after"]
            if before in ENDS and after not in ENDS:
                yield f"store order {effect.key} was brought back from {before} to {after}"
    ended = {
        effect.key: effect.at
        for effect in evidence.effects
        if effect.kind == "order_status" and effect.platform == "tiktok" and effect.detail["after"] == "CANCELLED"
    }
    patience = RACE_SECONDS + evidence.struck.blurred_seconds
    for call in evidence.calls:
        parts = call.path.split("/")
        if call.method == "POST" and "fulfillment" in parts and "orders" in parts and parts[-1] == "packages":
            order_id = parts[-2]
            if order_id in ended and call.at > ended[order_id] + patience:
                yield f"order {order_id} was reported as shipped {call.at - ended[order_id]:.0f} s after its end"
    asked = Counter(
        effect.detail["order_id"]
        for effect in evidence.effects
        if effect.kind == "cancellation" and by_us(effect) and effect.detail["role"] == "SELLER"
    )
    for order_id, number in asked.items():
        whole = (
            len({line["id"] for line in evidence.orders[order_id]["line_items"]}) if order_id in evidence.orders else 1
        )
        if number > whole:
            yield f"order {order_id} was cancelled {number} times"


def _cancelled_on_both_sides(evidence: Evidence) -> Iterator[str]:
    for order in evidence.orders.values():
        for made in store_orders_of(evidence, order["id"]):
            ended = order["status"] == "CANCELLED"
            passed_on = side_of(evidence, order["shop"]).preferences.cancel_tts_to_bc
            if ended and passed_on and made["status_id"] not in ENDS and not _shipped_in_store(made):
                yield f"order {order['id']} is cancelled, its store order {made['id']} is {made['status_id']}"
            only = not any(is_live(other) for other in store_orders_of(evidence, order["id"]))
            if made["status_id"] == STORE_CANCELLED and not ended and only and not _told_of_refusal(evidence, order):
                yield f"store order {made['id']} is cancelled, its order {order['id']} is {order['status']}"


def _shipped_in_store(made: Json) -> bool:
    return any(line["quantity_shipped"] for line in made["products"])


def _told_of_refusal(evidence: Evidence, order: Json) -> bool:
    return order["status"] not in {"AWAITING_SHIPMENT", "ON_HOLD", "UNPAID"} or problems_of(
        evidence, order["id"], "E-CAN"
    )


def _packages(evidence: Evidence) -> Iterator[str]:
    in_store: dict[str, list[str]] = defaultdict(list)
    for effect in evidence.effects:
        if effect.kind == "shipment_created" and effect.platform == "bigcommerce":
            in_store[effect.detail["external_order_id"]].append(effect.detail["tracking_number"])
    told: dict[str, list[str]] = defaultdict(list)
    for effect in evidence.effects:
        if effect.kind == "package_shipped" and by_us(effect):
            told[effect.detail["order_id"]].append(effect.detail["tracking"])
    for order_id, order in evidence.orders.items():
        for number in set(told[order_id]) - set(in_store[order_id]):
            yield f"order {order_id}: number {number} was reported, the store has {in_store[order_id]}"
        for number, times in Counter(told[order_id]).items():
            if times > in_store[order_id].count(number):
                yield f"order {order_id}: number {number} was reported {times} times"
        missing = [number for number in in_store[order_id] if number not in told[order_id]]
        waiting = order["status"] in {"AWAITING_SHIPMENT", "PARTIALLY_SHIPPING"} and order_id not in evidence.poisoned
        if missing and waiting and not problems_of(evidence, order_id, "E-FUL", "E-GAVE-UP"):
            yield f"order {order_id} ({order['status']}): {missing} of the store was never reported"


def no_going_back(evidence: Evidence) -> Iterator[str]:
    """I5: nothing that we set goes back to an earlier state of an order."""
    for effect in evidence.effects:
        if effect.kind == "order_status" and effect.platform == "bigcommerce" and by_us(effect):
            before, after = effect.detail["before"], effect.detail["after"]
            if after != STORE_CANCELLED and STEPS.get(after, 9) < STEPS.get(before, -1):
                yield f"store order {effect.key} went back from {before} to {after}"


# -- stock and price ------------------------------------------------------------------------------------------------


def converges(evidence: Evidence) -> Iterator[str]:
    """I6: every linked SKU shows exactly the units that it should; an hour is enough if no fault hid a change."""
    yield from evidence.early
    yield from units_that_differ(evidence)


def units_that_differ(evidence: Evidence) -> Iterator[str]:
    """The linked SKUs that show other units than they should."""
    held = {store: held_back(evidence, store) for store in {side.store for side in evidence.sides}}
    for side, sku, shelf, goods in linked_shelves(evidence):
        wanted = desired_quantity(goods, held[side.store][sku], side.preferences)
        if shelf.quantity != wanted and shelf.listing_id not in evidence.poisoned:
            stock = "gone" if goods is None else f"{goods.stock} in the store{'' if goods.for_sale else ', off sale'}"
            yield (
                f"{sku} in {side.shop}: {shelf.quantity} offered instead of {wanted} ({stock}, "
                f"{held[side.store][sku]} held, reserve {side.preferences.reserve}, "
                f"threshold {side.preferences.threshold})"
            )


def never_above(evidence: Evidence) -> Iterator[str]:
    """I7: no push is above what the store ever had; before the first fault, not above what it had a minute ago."""
    numbers: dict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
    for effect in evidence.effects:
        if effect.kind == "stock_changed" and effect.platform == "bigcommerce":
            key = effect.tenant, effect.detail["sku"]
            if not numbers[key]:
                numbers[key].append((0.0, effect.detail["before"]))
            numbers[key].append((effect.at, effect.detail["after"]))
    for effect in pushes(evidence, "stock_set"):
        side = side_of(evidence, effect.tenant)
        key, pushed = (side.store, effect.detail["seller_sku"]), effect.detail["after"]
        ever = evidence.stocked.get(key)
        if pushed < 0 or (ever and pushed > max(ever)):
            yield f"{key[1]} in {side.shop}: {pushed} pushed, the store never had more than {max(ever or [0])}"
        elif is_quiet(evidence, effect.at) and numbers[key]:
            known = [
                number
                for place, (at, number) in enumerate(numbers[key])
                if at <= effect.at
                and (place + 1 == len(numbers[key]) or numbers[key][place + 1][0] >= effect.at - RACE_SECONDS)
            ]
            if pushed > max(known) - min(choices.reserve for choices in (side.chosen or (side.preferences,))):
                yield f"{key[1]} in {side.shop}: {pushed} pushed, {max(known)} known in the store"


def pushes(evidence: Evidence, kind: str) -> Iterator[Effect]:
    """What our calls set of this kind in a shop: not what creating a listing or an order did."""
    for effect in evidence.effects:
        ours = effect.platform == "tiktok" and effect.kind == kind and by_us(effect)
        if ours and effect.detail.get("source", "OPEN_API") == "OPEN_API":
            yield effect


def is_quiet(evidence: Evidence, at: float) -> bool:
    """Whether no fault had struck by then."""
    return evidence.first_fault_at is None or at < evidence.first_fault_at


def timely(evidence: Evidence) -> Iterator[str]:
    """I8: without faults, a stock set in the store is accepted by the shop within ten seconds."""
    changes = [e for e in evidence.effects if e.kind == "stock_changed" and e.cause == "action bc.set_stock"]
    touched: dict[tuple[str, str], list[float]] = defaultdict(list)
    for effect in evidence.effects:
        if effect.kind in {"stock_changed", "stock_set"} and "sku" in effect.detail | {"sku": None}:
            touched["any", str(effect.detail.get("seller_sku") or effect.detail.get("sku"))].append(effect.at)
    for change in changes:
        until = change.at + 10
        if not is_quiet(evidence, until + RACE_SECONDS) or until > evidence.now:
            continue
        sku = change.detail["sku"]
        for side in evidence.sides:
            if side.store != change.tenant or (side.shop, sku) not in evidence.shelves:
                continue
            if any(change.at < at <= until for at in touched["any", sku] if at != change.at):
                continue  # something else happened to it meanwhile
            shown = _shown_at(evidence, side.shop, sku, until)
            least, most = _may_be_shown(evidence, side, sku, change.detail["after"], until)
            if shown is not None and not least <= shown <= most:
                yield f"{sku} in {side.shop}: {shown} shown 10 s after the store had {change.detail['after']}"


def _may_be_shown(evidence: Evidence, side: SideFacts, sku: str, stock: int, at: float) -> tuple[int, int]:
    """The least and the most that may be shown of so much stock, whatever was chosen and held by then."""
    choices = side.chosen or (side.preferences,)
    most = max(0, stock - min(chosen.reserve for chosen in choices))
    off_sale = any(
        effect.kind == "product_updated" and effect.tenant == side.store and "availability" in effect.detail["fields"]
        for effect in evidence.effects
    )
    if off_sale or any(chosen.threshold is not None for chosen in choices):
        return 0, most
    bought = sum(
        effect.detail["seller_skus"].count(sku)
        for effect in evidence.effects
        if effect.kind == "order_created" and effect.platform == "tiktok" and effect.at <= at
    )
    return max(0, stock - max(chosen.reserve for chosen in choices) - bought), most


def _shown_at(evidence: Evidence, shop: str, sku: str, at: float) -> int | None:
    shown = None
    for effect in evidence.effects:
        if effect.at > at:
            break
        if effect.kind == "stock_set" and effect.tenant == shop and effect.detail["seller_sku"] == sku:
            shown = effect.detail["after"]
    return shown


def counted_once(evidence: Evidence) -> Iterator[str]:
    """I9: what orders took from the store's stock and gave back is what its living orders have."""
    taken: Counter[tuple[str, str]] = Counter()
    for effect in evidence.effects:
        if effect.kind == "stock_changed" and effect.platform == "bigcommerce" and effect.detail["by"] == "order":
            taken[effect.tenant, effect.detail["sku"]] += effect.detail["before"] - effect.detail["after"]
    sold: Counter[tuple[str, str]] = Counter()
    for row in evidence.store_orders:
        if row["status_id"] not in ENDS:
            for line in row["products"]:
                sold[row["store"], line["sku"]] += line["quantity"]
    for key in sorted(taken.keys() | sold.keys()):
        if key in evidence.goods and key not in evidence.odd_skus and taken[key] != sold[key]:
            yield f"{key[1]} of {key[0]}: {taken[key]} units taken by orders that have {sold[key]}"


def right_price(evidence: Evidence) -> Iterator[str]:
    """I10: what is asked is what the rule makes of the store's price; nothing else was ever pushed."""
    yield from prices_that_differ(evidence)
    for effect in evidence.effects:
        if effect.kind != "price_set" or not by_us(effect):
            continue
        side = side_of(evidence, effect.tenant)
        asked = evidence.asked.get((side.store, effect.detail["seller_sku"]))
        if asked is None:
            continue
        may_be = {desired_price(price, choices) for price in asked for choices in side.chosen or (side.preferences,)}
        if Decimal(effect.detail["after"]) not in may_be:
            yield f"{effect.detail['seller_sku']} in {side.shop}: {effect.detail['after']} was pushed out of {asked}"


def prices_that_differ(evidence: Evidence) -> Iterator[str]:
    """The linked SKUs that ask another price than they should."""
    for side, sku, shelf, goods in linked_shelves(evidence):
        if goods is None or shelf.listing_id in evidence.poisoned:
            continue
        wanted = desired_price(goods.price, side.preferences)
        if wanted is None or shelf.price == wanted:
            continue
        change = abs(wanted - shelf.price) / shelf.price * 100 if shelf.price else Decimal(0)
        told = problems_of(evidence, goods.product_id, "E-PRC")
        if not (told and change > GUARD_PERCENT):
            yield f"{sku} in {side.shop}: {shelf.price} asked instead of {wanted} (the store asks {goods.price})"


# -- catalog --------------------------------------------------------------------------------------------------------


def one_listing(evidence: Evidence) -> Iterator[str]:
    """I11: one listing for a product in a shop."""
    for shop, sku, ids in evidence.doubled:
        side = side_of(evidence, shop)
        if (side.store, sku) not in evidence.odd_skus:
            yield f"{sku} is in {len(ids)} listings of {shop}: {ids}"


_OURS_IN_STORE: Final = frozenset(
    {"order_created", "order_status", "order_updated", "email_sent", "stock_changed", "channel_created",
     "channel_updated", "hook_created", "hook_updated", "hook_deleted", "order_message", "token_revoked",
     "webhook_lost", "order_archived", "refund_created"}
)  # fmt: skip
_OURS_IN_SHOP: Final = frozenset(
    {"authorized", "token_refreshed", "webhook_set", "webhook_deleted", "image_uploaded", "product_created",
     "product_edited", "product_live", "price_set", "stock_set", "package_shipped", "package_status",
     "external_reference", "order_status", "cancellation", "cancellation_status", "lines_cancelled",
     "tracking_updated", "product_status", "webhook_lost", "webhook_dropped", "restock_setting", "order_split",
     "deauthorized"}
)  # fmt: skip


def hands_off(evidence: Evidence) -> Iterator[str]:
    """I12: we change in the store only orders, channels and hooks; in the shop we delete and switch off nothing."""
    for effect in evidence.effects:
        if not by_us(effect):
            continue
        ours = _OURS_IN_STORE if effect.platform == "bigcommerce" else _OURS_IN_SHOP
        if effect.kind not in ours:
            yield f"{effect.kind} of {effect.key} by {effect.cause}"
        elif effect.kind == "product_status" and effect.detail["after"] in {"DELETED", "SELLER_DEACTIVATED"}:
            yield f"listing {effect.key} became {effect.detail['after']} by {effect.cause}"


# -- work -----------------------------------------------------------------------------------------------------------


def durable_before_ack(evidence: Evidence) -> Iterator[str]:
    """I13: a webhook that is answered with 2xx is in the inbox."""
    for ack in evidence.acks:
        if 200 <= ack.status < 300 and not ack.stored:
            yield f"a webhook of {ack.topic} was answered {ack.status} and not stored"


def nothing_vanishes(evidence: Evidence) -> Iterator[str]:
    """I14: nothing that was asked for is left undone without a reason that can be seen."""
    for mark in evidence.books.marks:
        yield f"left undone: {mark}"
    for lane in evidence.books.awake:
        yield f"awake at rest: {lane}"
    for title, state in evidence.books.tasks:
        if state in {"queued", "running"}:
            yield f"task {title!r} is {state}"
        if state == "failed" and not evidence.struck.named:
            yield f"task {title!r} failed"
    for outcome in evidence.books.inbox.keys() - {"applied", "ignored", "duplicate", "superseded", "parked"}:
        yield f"{evidence.books.inbox[outcome]} webhooks ended as {outcome!r}"


def polite(evidence: Evidence) -> Iterator[str]:
    """I15: no call inside a closed window, never four refusals in a row in a minute, and retries have an end."""
    closed: dict[tuple[str, ...], float] = {}
    in_a_row: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for call in evidence.calls:
        bucket = (call.platform, call.tenant) if call.platform == "bigcommerce" else (call.tenant, call.path)
        if call.at < closed.get(bucket, 0.0) - 0.5 and not evidence.crashes and not evidence.struck.frozen_in_call:
            yield f"{call.method} {call.path} went out {closed[bucket] - call.at:.0f} s before the window opened"
        if call.throttled:
            closed[bucket] = max(closed.get(bucket, 0.0), call.wait_until)
            row = in_a_row[bucket] = [at for at in in_a_row[bucket] if at > call.at - RACE_SECONDS] + [call.at]
            if len(row) == 4 and not evidence.crashes and not evidence.struck.frozen_in_call:
                yield f"{call.method} {call.path}: refused four times within a minute"
        elif call.status:
            in_a_row[bucket] = []
    late = Counter(
        (call.method, call.path)
        for call in evidence.calls
        if call.at > evidence.rested_at > 0 and is_write(call.method, call.path)
    )
    for (method, path), number in late.items():
        yield f"{method} {path} still goes out at rest, {number} times"


def is_write(method: str, path: str) -> bool:
    """Whether a call of the product may change something; TikTok's searches are POSTs."""
    if method in {"PUT", "DELETE"}:
        return "/hooks" not in path and "/event/" not in path and "/webhooks" not in path
    return method == "POST" and not path.endswith(("/search", "/hooks", "/token/get", "/prerequisites"))


def replayable(evidence: Evidence) -> Iterator[str]:
    """I18: every webhook played a second time changes nothing."""
    for effect in evidence.replayed:
        if by_us(effect):
            yield f"{effect.kind} of {effect.key} by {effect.cause}: {dict(effect.detail)}"


# -- safety ---------------------------------------------------------------------------------------------------------


def walls(evidence: Evidence) -> Iterator[str]:
    """I20: nothing of an account is with another."""
    for row in evidence.books.strangers:
        yield f"{row} is on the account of another"
    store_of = {side.shop: side.store for side in evidence.sides}
    account_of = {side.store: side.account for side in evidence.sides}
    homes = {order_id: store_of[order["shop"]] for order_id, order in evidence.orders.items()}
    for effect in evidence.effects:
        if effect.platform == "bigcommerce" and effect.kind == "order_created" and by_us(effect):
            home = homes.get(effect.detail["external_order_id"])
            if home is not None and home != effect.tenant:
                yield f"order {effect.detail['external_order_id']} of {home} was made in {effect.tenant}"
    for account, kind, key, _ok in evidence.books.changes:
        home = homes.get(key)
        if home is not None and account_of[home] != account:
            yield f"{kind} of order {key} is on record with {account}"


def no_secret_leaks(evidence: Evidence) -> Iterator[str]:
    """I21: no token or secret in the log, in an address, or readable in the database."""
    for secret in sorted(evidence.secrets):
        if len(secret) < 8:
            continue
        if secret in evidence.log:
            yield f"a secret ({secret[:4]}…) is in the log"
        if secret.encode() in evidence.database:
            yield f"a secret ({secret[:4]}…) is readable in the database"
        if any(secret in call.path for call in evidence.calls):
            yield f"a secret ({secret[:4]}…) is in the path of a call"


def buyers_bounded(evidence: Evidence) -> Iterator[str]:
    """I22: no buyer in the log, and none readable in the database."""
    for text in sorted(evidence.buyers):
        if text in evidence.log:
            yield f"a buyer ({text[:3]}…) is in the log"
        if text.encode() in evidence.database:
            yield f"a buyer ({text[:3]}…) is readable in the database"


_RECORDED: Final[Mapping[tuple[str, str], str]] = {
    ("bigcommerce", "order_created"): "CreateStoreOrder",
    ("tiktok", "product_created"): "CreateListing",
    ("tiktok", "package_shipped"): "ReportShipment",
    ("tiktok", "stock_set"): "SetStock",
    ("tiktok", "price_set"): "SetPrices",
}


def accounted_for(evidence: Evidence) -> Iterator[str]:
    """I23: a change that we made has its record. An end in between leaves none: then nothing can be said here."""
    if evidence.crashes or evidence.struck.frozen_in_call:
        return
    recorded = Counter(kind for _account, kind, _key, _ok in evidence.books.changes)
    calls: dict[str, set[str]] = defaultdict(set)
    for effect in evidence.effects:
        kind = _RECORDED.get((effect.platform, effect.kind))
        created = effect.detail.get("before") == "" or effect.detail.get("source", "OPEN_API") != "OPEN_API"
        if kind is not None and by_us(effect) and not (created and effect.kind in {"stock_set", "price_set"}):
            calls[kind].add(effect.cause)
    for kind, causes in calls.items():
        if len(causes) > recorded[kind]:
            yield f"{len(causes)} calls took effect as {kind}, {recorded[kind]} are on record"


def bounded(evidence: Evidence) -> Iterator[str]:
    """I24: work ends, and what it leaves on disk is of the size of what happened."""
    if evidence.never_rests:
        yield evidence.never_rests
    if evidence.books.bytes_on_disk > 60_000_000:
        yield f"{evidence.books.bytes_on_disk / 1e6:.0f} MB on disk after one simulation"
    for error in evidence.broken_double:
        yield f"the sandbox broke: {error}"


def honest(evidence: Evidence) -> Iterator[str]:
    """I25: the proof finds what differs and no more, the console counts what is there, no problem is out of date."""
    for shop, differences in evidence.books.differences.items():
        yield from (f"the proof of {shop} finds {one}" for one in _unexplained(evidence, differences))
    placed: Counter[str] = Counter()
    for order in evidence.orders.values():
        if order["create_time"] >= evidence.now - 7 * 86400 and order["status"] not in {"CANCELLED", "UNPAID"}:
            placed[side_of(evidence, order["shop"]).account] += 1
    for account, told in evidence.books.orders_told.items():
        if told != placed[account] and "F49" not in evidence.struck.named:
            yield f"{account} is told of {told} orders of the week, {placed[account]} were placed"
    for order_id, (status, store_order_id) in evidence.books.orders.items():
        order = evidence.orders[order_id]
        if status != order["status"] and order_id not in evidence.poisoned:
            yield f"order {order_id} is shown as {status}, it is {order['status']}"
        if store_order_id and store_order_id not in {str(row["id"]) for row in store_orders_of(evidence, order_id)}:
            yield f"order {order_id} is shown with the store order {store_order_id}, which is not its own"
    for problem in evidence.books.problems:
        of_creation = problem.kind == "order" and problem.code in {"E-ORD-CREATE", "E-ORD-SKU", "E-ORD-GONE"}
        if of_creation and any(is_live(row) for row in store_orders_of(evidence, problem.key)):
            yield f"{problem.code} of order {problem.key} is open, though the order is there"
        if problem.code in {"E-BUG", "E-CON-AUTH"}:
            yield f"{problem.code} of {problem.kind} {problem.key} is open at rest"


def _unexplained(evidence: Evidence, differences: Iterable[str]) -> Iterator[str]:
    """What the proof finds and no open problem explains."""
    for one in differences:
        key = one.partition(" ")[2].partition(":")[0].partition(" ")[0]
        told = any(problem.key == key for problem in evidence.books.problems)
        if not told and key not in evidence.poisoned:
            yield one


CHECKS: Final[Mapping[str, Check]] = {
    "I1": exactly_one,
    "I2": same_money,
    "I3": not_too_early,
    "I4": ends_stay_ended,
    "I5": no_going_back,
    "I6": converges,
    "I7": never_above,
    "I8": timely,
    "I9": counted_once,
    "I10": right_price,
    "I11": one_listing,
    "I12": hands_off,
    "I13": durable_before_ack,
    "I14": nothing_vanishes,
    "I15": polite,
    "I18": replayable,
    "I20": walls,
    "I21": no_secret_leaks,
    "I22": buyers_bounded,
    "I23": accounted_for,
    "I24": bounded,
    "I25": honest,
}
