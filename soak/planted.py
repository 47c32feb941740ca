"""Bugs planted on purpose, one at a time, to see that the checks find them: the mutants that the soak is measured by.

Each takes the place of a few names of the product while a simulation runs. `make soak ARGS="--planted all"` runs seeds
with each of them until a check tells of it, and prints which did. They are written against what stands in the product
now: one that names what is gone fails at once, and is to be written anew.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import structlog
from django.db.models import Sum
from msgspec.structs import replace

from twinshelf.connections import clients, tokens
from twinshelf.documents import Money, ShopOrderStatus
from twinshelf.goods import holds, pulling, snapshot
from twinshelf.goods.models import Hold, StoreVariant
from twinshelf.hooks import views as hook_views
from twinshelf.kit import clock, secrets
from twinshelf.orders import book
from twinshelf.orders.cancellations import polls as cancellation_polls
from twinshelf.orders.fulfillment import flow as fulfillment
from twinshelf.orders.fulfillment import polls as store_polls
from twinshelf.orders.intake import flow as intake
from twinshelf.orders.intake import index
from twinshelf.orders.intake import plan as intake_plan
from twinshelf.orders.intake import polls as order_polls
from twinshelf.orders.models import ShopOrderRow
from twinshelf.rules import pricing
from twinshelf.sync import drain, inbox
from twinshelf.sync.flows import Attempt, Outcome
from twinshelf.tiktok import wire
from twinshelf.tiktok.client import orders, products

Put = Callable[[Any, str, Any], None]
"""Puts something in the place of a name, for as long as the bug stands."""

log = structlog.get_logger(__name__)


def acknowledge_before_storing(put: Put) -> None:
    """A webhook is kept in memory and written with the next one."""
    true, waiting = inbox.receive, list[tuple[tuple[Any, ...], dict[str, Any]]]()

    def receive(*arguments: Any, **named: Any) -> bool:
        earlier, waiting[:] = waiting[:], [(arguments, named)]
        for each, names in earlier:
            true(*each, **names)
        return True

    put(inbox, "receive", receive)


def no_lookup_after_unknown_outcome(put: Put) -> None:
    """A store order is made again without a look whether the last try made it."""
    create = intake._create

    put(intake, "_create", lambda batch, row, attempt: create(batch, row, Attempt(attempt.token, first=True)))
    put(intake, "_adopt", lambda *_arguments: None)
    put(index, "index_store_orders", lambda *_arguments: None)


def dedupe_by_arrival_time(put: Put) -> None:
    """Two webhooks of one second are taken for one."""
    true = inbox.receive

    def receive(account_id: int, source: str, *, dedupe: str, **more: Any) -> bool:
        del dedupe
        return true(account_id, source, dedupe=str(int(clock.timestamp())), **more)

    put(inbox, "receive", receive)


def checkpoint_without_overlap(put: Put) -> None:
    """Polls go on after the newest second that they saw."""
    for polls in (order_polls, store_polls, cancellation_polls):
        put(polls, "_OVERLAP", timedelta(seconds=-1))
    put(pulling, "_PULL_OVERLAP", timedelta(seconds=-1))


def inner_errors_ignored(put: Put) -> None:
    """An answer of code 0 counts as success, whatever stands inside."""
    for client in (products, orders):
        put(client, "all_took_effect", lambda *_arguments: None)


def retry_without_end(put: Put) -> None:
    """An order that the store refuses is sent again every ten minutes."""
    true = intake_plan.failed_again

    def failed_again(why: str, *, now: datetime, **more: Any) -> intake_plan.Failures:
        failures = true(why, now=now, **more | {"retry": True})
        return dataclasses.replace(failures, retry_at=now + timedelta(seconds=600))

    put(intake_plan, "failed_again", failed_again)


def float_money(put: Put) -> None:
    """Prices are worked out in binary fractions."""
    true = pricing.shop_price

    def shop_price(base: Money, *, rule: Any, **more: Any) -> Any:
        price = true(base, rule=rule, **more)
        if not isinstance(price, pricing.Price) or base.currency != price.value.currency:
            return price
        amount, by = float(base.amount), float(rule.value)
        amount = {
            "percent_up": amount * (1 + by / 100),
            "percent_down": amount * (1 - by / 100),
            "fixed_up": amount + by,
            "fixed_down": amount - by,
        }.get(rule.kind, amount)
        return pricing.Price(Money(Decimal(str(round(amount, 2))), base.currency), price.steps)

    put(pricing, "shop_price", shop_price)


def value_from_event(put: Put) -> None:
    """The number in a stock webhook is believed instead of what was read."""
    genuine, keep = hook_views._genuine, snapshot.keep_products
    told: dict[str, tuple[str, int]] = {}

    def note(headers: Any, body: bytes, *arguments: Any, **more: Any) -> Any:
        data = json.loads(body).get("data", {})
        moved = data.get("inventory")
        if moved:
            told[str(moved["product_id"])] = moved["method"], moved["value"]
        return genuine(headers, body, *arguments, **more)

    def believe(store: Any, products: Any, **more: Any) -> Any:
        return keep(store, [_moved(product, told.pop(product.id, None)) for product in products], **more)

    def _moved(product: Any, event: tuple[str, int] | None) -> Any:
        if event is None or len(product.variants) != 1 or product.variants[0].stock is None:
            return product
        known = StoreVariant.objects.filter(variant_id=product.variants[0].id).values_list("stock", flat=True).first()
        stock = (known or 0) + event[1] if event[0] == "relative" else event[1]
        return replace(product, variants=(replace(product.variants[0], stock=max(0, stock)),))

    put(hook_views, "_genuine", note)
    put(snapshot, "keep_products", believe)


def last_writer_wins(put: Put) -> None:
    """What arrives last is kept, however old it is."""
    keep = book.keep_orders

    def keep_orders(connection: Any, orders: Any, **more: Any) -> Any:
        seen = list(orders)
        ShopOrderRow.objects.filter(connection=connection, order_id__in=[order.id for order in seen]).update(
            updated_at=datetime(2000, 1, 1, tzinfo=UTC)
        )
        return keep(connection, seen, **more)

    put(book, "keep_orders", keep_orders)

    def newest(_row: Any, _product: Any, *, same: bool, began: datetime) -> str:
        del began
        return "same" if same else "newer"

    put(snapshot, "_standing", newest)
    put(snapshot, "seen_since", lambda *_arguments: set())


def no_lock_on_refresh(put: Put) -> None:
    """Whoever sees that a token has ended renews it."""
    put(tokens.SellerTokens, "_refresh", tokens.SellerTokens._refresh_now)


def no_tenant_filter(put: Put) -> None:
    """Holds are summed up for a variant's id, whosever store it is in."""

    def held(_store_id: int, variant_ids: Any) -> dict[str, int]:
        rows = Hold._base_manager.filter(variant_id__in=list(variant_ids))
        return dict(rows.values_list("variant_id").annotate(Sum("quantity")))

    put(holds, "held", held)


def secret_in_a_log_line(put: Put) -> None:
    """Opening a store is logged with its token."""

    def unseal(sealed: str, *, bound_to: str) -> str:
        opened = secrets.unseal(sealed, bound_to=bound_to)
        log.debug("credential opened", bound_to=bound_to, value=opened)
        return opened

    put(clients, "unseal", unseal)


def batch_dropped_for_one(put: Put) -> None:
    """Where one key of a batch cannot be planned, none of them is done."""
    true = drain._planned

    def planned(flow: Any, batch: Any, some: Any) -> Any:
        try:
            return true(flow, batch, some)
        except Exception:
            log.exception("batch dropped")
            return [], [Outcome(key=ask.key, generation=ask.generation, state="applied") for ask in some]

    put(drain, "_planned", planned)


def local_time_for_utc(put: Put) -> None:
    """Times of TikTok are read on this machine's clock."""
    true = wire.moment

    def moment(value: int, field: str) -> datetime:
        seconds = true(value, field).timestamp()
        return datetime.fromtimestamp(seconds).replace(tzinfo=UTC)  # noqa: DTZ006 - the bug

    put(wire, "moment", moment)


def cancelled_order_shipped(put: Put) -> None:
    """A shipment is reported, whatever became of the order."""
    seen = fulfillment._seen
    open_again = ShopOrderStatus.AWAITING_SHIPMENT

    def whatever(batch: Any, row: Any, order: Any) -> Any:
        lines = tuple(replace(line, status="") for line in order.lines)
        return seen(batch, row, replace(order, status=open_again, lines=lines))

    put(fulfillment, "_seen", whatever)


BUGS: Final[dict[str, Callable[[Put], None]]] = {
    bug.__name__: bug
    for bug in (
        acknowledge_before_storing,
        no_lookup_after_unknown_outcome,
        dedupe_by_arrival_time,
        checkpoint_without_overlap,
        inner_errors_ignored,
        retry_without_end,
        float_money,
        value_from_event,
        last_writer_wins,
        no_lock_on_refresh,
        no_tenant_filter,
        secret_in_a_log_line,
        batch_dropped_for_one,
        local_time_for_utc,
        cancelled_order_shipped,
    )
}

NEAR: Final[dict[str, tuple[str, ...]]] = {
    "no_lookup_after_unknown_outcome": ("F01", "F04"),
    "checkpoint_without_overlap": ("F21",),
    "inner_errors_ignored": ("F11",),
    "last_writer_wins": ("F23", "F34"),
    "no_lock_on_refresh": ("F54",),
    "batch_dropped_for_one": ("F13",),
    "local_time_for_utc": ("F21",),
    "cancelled_order_shipped": ("F38",),
}
"""The faults under which a bug shows: with them alone it takes fewer seeds."""


@contextmanager
def in_place(name: str) -> Iterator[None]:
    """Have the bug of this name inside the block; "" for none. Raises KeyError for a name that there is not."""
    kept: list[tuple[Any, str, Any]] = []

    def put(owner: Any, attribute: str, thing: Any) -> None:
        kept.append((owner, attribute, getattr(owner, attribute)))
        setattr(owner, attribute, thing)

    try:
        if name:
            BUGS[name](put)
        yield
    finally:
        for owner, attribute, thing in reversed(kept):
            setattr(owner, attribute, thing)
