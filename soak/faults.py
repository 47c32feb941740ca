"""The fault catalog (docs/reference/invariants.md section 3) as things that a simulation can do, each by its id.

A fault is drawn with its own figures and ends by itself or when the simulation heals. What it leaves undone for ever
(a revoked token) `heal` puts right as a person would.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextvars import Context
from fnmatch import fnmatchcase
from typing import Any

import httpx2
from django.conf import settings
from django_scopes import scope

from soak.calls import (
    CANCEL,
    CREATE_LISTING,
    CREATE_ORDER,
    EDIT_LISTING,
    SET_ORDER,
    SET_PRICES,
    SET_STOCK,
    SHIP,
)
from soak.evidence import Struck
from soak.product import Product
from soak.worlds import MERCHANT, Place, Side
from twinshelf.connections import actions as connections
from twinshelf.kit import clock
from twinshelf.sync import engine as port
from twinshelf.sync.inline import InlineEngine
from twinshelf_sandbox.faults import Fault

WRITES = (CREATE_ORDER, CREATE_LISTING, EDIT_LISTING, SHIP, SET_PRICES, SET_STOCK, CANCEL, SET_ORDER)
READS = (
    {"platform": "bigcommerce", "method": "GET", "path": "/stores/*/v3/catalog/products"},
    {"platform": "bigcommerce", "method": "GET", "path": "/stores/*/v2/orders*"},
    {"platform": "tiktok", "path": "/order/*/orders*"},
    {"platform": "tiktok", "path": "/product/*/products/search"},
    {"platform": "tiktok", "path": "/product/*/inventory/search"},
    {"platform": "tiktok", "path": "/return_refund/*/cancellations/search"},
)


class Nature:
    """Everything that goes wrong in one simulation, drawing from one chance."""

    def __init__(self, product: Product, place: Place, chance: random.Random) -> None:
        self.product, self.place, self.chance, self.struck = product, place, chance, Struck()
        self.spoiled: set[str] = set()
        """Ids of what a fault strikes that is never taken back."""
        self.for_good: list[Fault] = []
        self.kinds: dict[str, Callable[[], str]] = {
            "F01": self._lost_answer,
            "F04": self._error_after,
            "F05": self._error_before,
            "F06": self._slow,
            "F07": self._quota_spent,
            "F08": self._throttled,
            "F09": self._quota_drained,
            "F10": self._envelope,
            "F11": self._partial,
            "F13": self._poisoned,
            "F13 for good": self._poisoned_for_good,
            "F14": self._page,
            "F15": self._cut,
            "F16": self._odd_answer,
            "F17": self._token_ends,
            "F18": self._no_scope,
            "F19": self._outage,
            "F19 of ourselves": self._off,
            "F20": self._doubled,
            "F21": self._lost_webhooks,
            "F22": self._reordered,
            "F23": self._webhook_before_reading,
            "F24": self._late_webhooks,
            "F25": self._hook_off,
            "F29": self._foreign_webhook,
            "F31": self._moved_between_pages,
            "F34": self._stale,
            "F38": self._cancelled_meanwhile,
            "F41": self._price_locked,
            "F42": self._audit_refuses,
            "F49": self._clock_jumps,
            "F51": self._crash,
            "F51 frozen": self._frozen,
            "F54": self._token_renewed,
        }

    def keep_to(self, only: Sequence[str]) -> None:
        """Draw from faults of these ids alone. Raises ValueError for an id that there is not."""
        kept = {name: kind for name, kind in self.kinds.items() if name.partition(" ")[0] in only}
        if unknown := set(only) - {name.partition(" ")[0] for name in kept}:
            raise ValueError(f"there is no fault {', '.join(sorted(unknown))}")
        self.kinds = kept

    def strike(self) -> str:
        """One fault of the catalog, drawn. Returns what it was, for the story of a failure."""
        name = self.chance.choice(list(self.kinds))
        return self.strike_with(name)

    def strike_with(self, name: str) -> str:
        """The fault of this name."""
        self.struck.named.append(name)
        return f"{name}: {self.kinds[name]()}"

    def _rule(self, **rule: Any) -> str:
        self.product.sandbox.faults.add(Fault.from_json(rule))
        return " ".join(f"{name}={value}" for name, value in rule.items())

    def _write(self) -> dict[str, Any]:
        return dict(self.chance.choice(WRITES))

    def _any_call(self) -> dict[str, Any]:
        return dict(self.chance.choice((*WRITES, *READS)))

    # -- A: calls -----------------------------------------------------------------------------------------------------

    def _lost_answer(self) -> str:
        return self._rule(**self._write(), action="drop", phase="after", times=self.chance.choice((1, 1, 2)))

    def _error_after(self) -> str:
        return self._rule(**self._write(), action="status", status=self.chance.choice((500, 502)), phase="after")

    def _error_before(self) -> str:
        return self._rule(**self._any_call(), action="status", status=503, times=self.chance.choice((1, 3, 5)))

    def _slow(self) -> str:
        return self._rule(**self._any_call(), action="delay", phase="after", seconds=60)

    def _quota_spent(self) -> str:
        return self._rule(platform="bigcommerce", action="quota", code=0)

    def _quota_drained(self) -> str:
        return self._rule(platform="bigcommerce", action="quota", code=200, times=3)

    def _throttled(self) -> str:
        platform = self.chance.choice(("bigcommerce", "tiktok"))
        if platform == "tiktok":
            return self._rule(**self._of_tiktok(), action="envelope", code=36009002, message="Too many requests")
        return self._rule(platform=platform, action="status", status=self.chance.choice((429, 500)), times=2)

    def _of_tiktok(self) -> dict[str, Any]:
        return dict(self.chance.choice([rule for rule in (*WRITES, *READS) if rule["platform"] == "tiktok"]))

    def _envelope(self) -> str:
        return self._rule(
            **self._of_tiktok(),
            action="envelope",
            code=36009003,
            message="Internal error",
            times=self.chance.choice((1, 4)),
        )

    def _partial(self) -> str:
        place = self.chance.choice((SET_STOCK, SET_PRICES))
        return self._rule(**place, action="partial", code=36009003, message="Internal error", times=2)

    def _poisoned(self) -> str:
        orders = [row for side in self.place.sides for row in self._orders(side)]
        if not orders:
            return "there is no order to poison"
        one = self.chance.choice(orders)["id"]
        return self._rule(
            platform="tiktok", path="/order/*/orders", query=one, action="envelope", code=36009003,
            message="Internal error", times=None, lasts=self.chance.choice((300, 4000)),
        )  # fmt: skip

    def _poisoned_for_good(self) -> str:
        orders = [row["id"] for side in self.place.sides for row in self._orders(side)]
        if not orders or self.for_good:
            return "there is no order to poison"
        one = self.chance.choice(orders)
        how = self.chance.choice(
            (
                {"action": "envelope", "code": 36009003, "message": "Internal error"},
                {"action": "status", "status": 500},
                {"action": "body", "status": 200, "body": "{{{"},
            )
        )
        rule = Fault.from_json({"platform": "tiktok", "path": "/order/*/orders", "query": one, "times": None, **how})
        self.for_good.append(self.product.sandbox.faults.add(rule))
        self.spoiled.add(one)
        return f"order {one} can never be read by its id: {how}"

    def _page(self) -> str:
        return self._rule(
            **self._any_call(), action="body", status=200, body="<html>Back soon</html>",
            phase=self.chance.choice(("before", "after")),
        )  # fmt: skip

    def _cut(self) -> str:
        return self._rule(
            **self._any_call(), action="truncate", phase=self.chance.choice(("before", "after")),
            content_length=self.chance.choice(("full", "sent")),
        )  # fmt: skip

    def _odd_answer(self) -> str:
        change = self.chance.choice(
            (
                {"data.orders.*.status": "NEW_STATUS"},
                {"data.orders.*.brand_new": {"a": [1]}},
                {"data.*.availability": "someday"},
                {"data.*.variants": None},
                {"data.orders.*.line_items": None},
            )
        )
        read = dict(self.chance.choice(READS))
        return self._rule(**read, action="body", change=change, phase="after", times=self.chance.choice((1, 2)))

    def _token_ends(self) -> str:
        side = self.chance.choice(self.place.sides)
        if self.chance.random() < 0.5:
            self.struck.revoked.add(side.store)
            return self._rule(platform="bigcommerce", tenant=side.store, action="revoke")
        self.struck.revoked.add(side.shop)
        self.product.sandbox.act("tt.deauthorize", app_key=settings.OPERATOR.tiktok_app_key, seller=side.seller)
        return f"{side.seller} ends the authorization"

    def _no_scope(self) -> str:
        place = self.chance.choice(READS)
        return self._rule(**place, action="status", status=403, times=None, lasts=900)

    def _outage(self) -> str:
        platform = self.chance.choice(("bigcommerce", "tiktok"))
        return self._rule(platform=platform, action="status", status=503, times=None, lasts=1800)

    def _off(self) -> str:
        hours = self.chance.choice((0.2, 1, 26))
        self.product.off = True
        self.product.let_pass(hours * 3600, stride=300)
        self.product.off = False
        self.product.crash("was off")
        return f"all of us down for {hours} h"

    # -- B: webhooks --------------------------------------------------------------------------------------------------

    def _doubled(self) -> str:
        return self._rule(action="duplicate", copies=self.chance.choice((1, 2)), times=None, lasts=1200)

    def _lost_webhooks(self) -> str:
        return self._rule(action="lose", probability=self.chance.choice((0.3, 1)), times=None, lasts=3000)

    def _reordered(self) -> str:
        return self._rule(action="reorder", seconds=600, times=None, lasts=1200)

    def _webhook_before_reading(self) -> str:
        self.struck.blurred_seconds = max(self.struck.blurred_seconds, 20)
        return self._rule(platform="tiktok", path="/order/*/orders*", action="stale", seconds=20, times=None, lasts=300)

    def _late_webhooks(self) -> str:
        return self._rule(
            action="delay", on="webhook", seconds=self.chance.choice((60, 12 * 3600)), times=self.chance.choice((1, 5))
        )

    def _hook_off(self) -> str:
        side = self.chance.choice(self.place.sides)
        table = self.product.sandbox.world.table(f"bc/{side.store}/hooks")
        hooks = list(table.items())
        if not hooks:
            return "no hook"
        key, hook = self.chance.choice(hooks)
        with self.product.sandbox.world.transaction("hook switched off"):
            table.put(key, {**hook, "is_active": False})
        return f"hook {hook['scope']} of {side.store} is off"

    def _foreign_webhook(self) -> str:
        side = self.chance.choice(self.place.sides)
        body = {"order_id": "576000000000000001", "order_status": "AWAITING_SHIPMENT", "update_time": 1772438400}
        self.product.sandbox.act("tt.send_webhook", shop_id=side.shop, number=1, data=body)
        return f"a webhook of an order that {side.shop} does not have"

    # -- C: data that moves -------------------------------------------------------------------------------------------

    def _orders(self, side: Side) -> list[dict[str, Any]]:
        return [row for _key, row in self.product.sandbox.world.table(f"tt/{side.shop}/orders").items()]

    def _open_order(self) -> str | None:
        found = [
            row["id"] for side in self.place.sides for row in self._orders(side)
            if row["status"] in {"ON_HOLD", "AWAITING_SHIPMENT"} and not row["_pending_cancel"]
        ]  # fmt: skip
        return self.chance.choice(found) if found else None

    def _moved_between_pages(self) -> str:
        order = self._open_order()
        if order is None:
            return "no order to move"
        return self._rule(
            platform="tiktok", path="/order/*/orders/search", action="edit", phase="after",
            edit={"action": "shopper.change_address", "arguments": {"order_id": order}},
        )  # fmt: skip

    def _stale(self) -> str:
        seconds = self.chance.choice((15, 120))
        self.struck.blurred_seconds = max(self.struck.blurred_seconds, seconds)
        return self._rule(
            **dict(self.chance.choice(READS)), action="stale", seconds=seconds, times=self.chance.choice((1, 3))
        )

    def _cancelled_meanwhile(self) -> str:
        order = self._open_order()
        if order is None:
            return "no order to cancel"
        place = self.chance.choice((SHIP, CREATE_ORDER, SET_ORDER))
        return self._rule(
            **place, action="edit", edit={"action": "tt.cancel_order", "arguments": {"order_id": order}}, lasts=3600
        )

    def _price_locked(self) -> str:
        return self._rule(
            **SET_PRICES, action="envelope", code=12052038, message="The SKU is in a promotion", times=None, lasts=7200
        )

    def _audit_refuses(self) -> str:
        side = self.chance.choice(self.place.sides)
        reject = [{"field": "title", "contains": "old", "reason": "Exaggerated claim", "suggestion": "Be modest"}]
        self.product.sandbox.act("tt.set_audit_policy", shop_id=side.shop, reject=reject)
        return f"reviews of {side.shop} refuse titles that say old"

    # -- D and E: time, and our own processes -------------------------------------------------------------------------

    def _clock_jumps(self) -> str:
        hours = self.chance.choice((-24, -1, 1, 24))
        clock.move(hours * 3600)
        return f"our clock jumps by {hours} h"

    def _crash(self) -> str:
        self.product.crash_in = self.chance.randrange(60)
        return f"all of us end after {self.product.crash_in} points"

    def _frozen(self) -> str:
        """A worker stands still in one call; another takes over what it had in hand; then it wakes up."""
        place, seconds = self._any_call(), self.chance.choice((10, 45))
        self._freeze_in(place, seconds)
        return f"a worker stands still for {seconds} s in {place}"

    def _freeze_in(self, place: dict[str, Any], seconds: float) -> None:
        product, left = self.product, [1]

        def freeze(request: httpx2.Request) -> None:
            if not left[0] or not _matches(place, request):
                return
            left[0] = 0
            product.on_call = None
            self.struck.frozen_in_call = True
            frozen, product.engine = product.engine, InlineEngine(self.chance.randrange(1 << 30))
            port.use(product.engine)
            Context().run(product.let_pass, seconds)  # another process: not behind the fence of the frozen one
            port.use(frozen)
            product.engine = frozen

        self.struck.blurred_seconds = max(self.struck.blurred_seconds, seconds + 5)
        product.on_call = freeze

    def _token_renewed(self) -> str:
        world = self.product.sandbox.world
        table = world.table("tt/tokens")
        with world.transaction("access tokens expire"):
            for key, row in list(table.items()):
                table.put(key, {**row, "expires": int(self.product.moments.now) - 1})
        told = "the access tokens of all sellers have expired"
        if self.chance.random() < 0.6:
            seconds = self.chance.choice((5, 20))
            self._freeze_in({"path": "/api/v2/token/refresh"}, seconds)
            told += f", and a worker stands still for {seconds} s while it renews one"
        return told

    # -- healing ------------------------------------------------------------------------------------------------------

    def heal(self) -> None:
        """Take every fault back, and put right what only a person can."""
        product = self.product
        product.sandbox.faults.clear()
        for rule in self.for_good:
            product.sandbox.faults.add(rule)
        product.crash_in, product.on_call, product.off = None, None, False
        for side in self.place.sides:
            product.sandbox.act("tt.set_audit_policy", shop_id=side.shop, reject=[])
            self._reconnect(side)

    def _reconnect(self, side: Side) -> None:
        act = self.product.sandbox.act
        with scope(account=side.account):
            if side.store in self.struck.revoked:
                keys = act("bc.create_api_account", hash=side.store, name="Twinshelf")
                connections.connect_store(
                    side.account, store_hash_or_url=side.store, access_token=keys["access_token"],
                    client_id=keys["client_id"], client_secret=keys["client_secret"], by=MERCHANT,
                )  # fmt: skip
            if side.shop in self.struck.revoked:
                code = act("tt.authorize", app_key=settings.OPERATOR.tiktok_app_key, seller=side.seller)
                connections.authorize_shops(side.account, code, by=MERCHANT)


def _matches(place: dict[str, Any], request: httpx2.Request) -> bool:

    on_store = request.url.path.startswith("/stores/")
    return (
        place.get("platform", "") in {"", "bigcommerce" if on_store else "tiktok"}
        and place.get("method", request.method) == request.method
        and fnmatchcase(request.url.path, place["path"])
    )
