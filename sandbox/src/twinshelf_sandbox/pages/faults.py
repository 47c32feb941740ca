"""Fault switches: the usual faults at a press, any rule by a form, and the rules in force with their counts."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, get_args

from twinshelf_sandbox.faults import Fault, Kind
from twinshelf_sandbox.pages.frame import Page, Sheet
from twinshelf_sandbox.pages.markup import Html, badge, button, card, choice, field, form, path, table, tag
from twinshelf_sandbox.pages.parts import Parts


class Ready(NamedTuple):
    """A fault at a press: what its button says, what one sees then, and its rule."""

    label: str
    about: str
    rule: dict[str, Any]


_STORE: Final = {"platform": "bigcommerce"}
_SHOP: Final = {"platform": "tiktok"}
_ORDERS: Final = {**_STORE, "method": "POST", "path": "/stores/*/v2/orders"}
_HOOKS: Final = {"on": "webhook", "times": None}
_NO_PAGE: Final = "<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"

READY: Final[dict[str, Ready]] = {
    "lost-order": Ready(
        "Lose the answer to an order",
        "The store takes the next order, but its answer never arrives.",
        {**_ORDERS, "action": "drop", "phase": "after"},
    ),
    "lost-product": Ready(
        "Lose the answer to a new product",
        "The shop takes the next product, but its answer never arrives.",
        {**_SHOP, "action": "drop", "phase": "after", "method": "POST", "path": "/product/*/products"},
    ),
    "lost-shipment": Ready(
        "Lose the answer to a shipment",
        "The shop marks the next order shipped, but its answer never arrives.",
        {**_SHOP, "action": "drop", "phase": "after", "method": "POST", "path": "/fulfillment/*/packages"},
    ),
    "error-after": Ready(
        "502 after the effect",
        "The next write takes effect and is answered 502.",
        {"action": "status", "status": 502, "phase": "after", "method": "POST"},
    ),
    "errors-before": Ready(
        "503 five times",
        "The next five calls are answered 503 and do nothing.",
        {"action": "status", "status": 503, "times": 5},
    ),
    "slow": Ready(
        "A slow answer",
        "The next call takes effect and is answered a minute later.",
        {"action": "delay", "phase": "after", "seconds": 60},
    ),
    "quota": Ready(
        "Quota used up", "The store's window has no calls left: 429 with headers.", {**_STORE, "action": "quota"}
    ),
    "quota-drain": Ready(
        "Other apps eat the quota",
        "Each of the next ten calls costs five more of the store's window.",
        {**_STORE, "action": "quota", "code": 5, "times": 10},
    ),
    "bare-429": Ready(
        "429 without headers",
        "The next three calls to the store are refused and it does not say for how long.",
        {**_STORE, "action": "status", "status": 429, "times": 3},
    ),
    "shop-429": Ready(
        "Too many calls to the shop",
        "The next three calls get code 36009002.",
        {**_SHOP, "action": "envelope", "code": 36009002, "message": "Too many requests", "times": 3},
    ),
    "envelope": Ready(
        "200 with an error inside",
        "The shop answers the next call 200 with code 36009003.",
        {**_SHOP, "action": "envelope", "code": 36009003, "message": "Internal error. Please try again."},
    ),
    "partial": Ready(
        "A batch in part", "Some items of the next batch are refused, the others take effect.", {"action": "partial"}
    ),
    "html": Ready(
        "A maintenance page",
        "The next call is answered 200 with a web page.",
        {"action": "body", "body": _NO_PAGE, "status": 200},
    ),
    "cut": Ready("A cut answer", "The next answer breaks off in the middle.", {"action": "truncate", "phase": "after"}),
    "dropped": Ready("A dropped connection", "The next call gets no answer and does nothing.", {"action": "drop"}),
    "revoked": Ready("A revoked token", "The token of the next call ends: 401.", {"action": "revoke"}),
    "no-scope": Ready(
        "403 for orders",
        "The store refuses ten calls about orders.",
        {**_STORE, "action": "status", "status": 403, "path": "/stores/*/orders*", "times": 10},
    ),
    "stale": Ready(
        "Old answers",
        "The next 20 reads show what was 20 seconds ago.",
        {"action": "stale", "seconds": 20, "method": "GET", "times": 20},
    ),
    "outage-store": Ready(
        "The store is down",
        "Every call to the store is answered 503, until you switch it off.",
        {**_STORE, "action": "status", "status": 503, "times": None},
    ),
    "outage-shop": Ready(
        "The shop is down",
        "Every call to the shop is answered 503, until you switch it off.",
        {**_SHOP, "action": "status", "status": 503, "times": None},
    ),
    "price-locked": Ready(
        "Prices are locked",
        "The shop refuses the next price change, as in a promotion.",
        {
            **_SHOP,
            "action": "envelope",
            "code": 12052038,
            "message": "The price is locked.",
            "path": "/product/*/prices/update",
        },
    ),
    "hooks-twice": Ready("Webhooks twice", "Every webhook is sent twice.", {**_HOOKS, "action": "duplicate"}),
    "hooks-lost": Ready(
        "Webhooks lost", "Of all webhooks 30 % are never sent.", {**_HOOKS, "action": "lose", "probability": 0.3}
    ),
    "hooks-all-lost": Ready("No webhooks", "No webhook is sent at all.", {**_HOOKS, "action": "lose"}),
    "hooks-reordered": Ready(
        "Webhooks out of order",
        "Each webhook comes at some time in ten minutes.",
        {**_HOOKS, "action": "reorder", "seconds": 600},
    ),
    "hooks-late": Ready(
        "Webhooks late", "Each webhook comes twelve hours late.", {**_HOOKS, "action": "delay", "seconds": 43_200}
    ),
}
"""Name → fault. Source: `docs/reference/invariants.md` section 3."""

_KINDS: Final = tuple((name, name) for name in get_args(Kind))
_PLATFORMS: Final = (("", "both"), ("bigcommerce", "BigCommerce"), ("tiktok", "TikTok Shop"))
_PHASES: Final = (("before", "before the effect"), ("after", "after the effect"))
_TARGETS: Final = (("call", "calls"), ("webhook", "webhooks"))
_METHODS: Final = tuple((name, name or "any") for name in ("", "GET", "POST", "PUT", "PATCH", "DELETE"))


def switched_on(parts: Parts) -> Html:
    """The rules in force, each with a button that ends it."""
    rows = [
        (
            tag("strong", rule.action),
            _told(rule),
            f"{rule.struck}" if rule.times is None else f"{rule.struck} of {rule.times}",
            badge("used up") if rule.times is not None and rule.struck >= rule.times else badge("on", "wait"),
            form(
                path("world", "faults", rule.id, "remove"),
                button("Switch off", "danger", about=f"{rule.action} {rule.id}"),
            ),
        )
        for rule in parts.control.faults.rules
    ]
    clear = form("/world/faults/clear", button("Switch all off", "danger")) if len(rows) > 1 else None
    heads = ("Fault", "Which", "#Struck", "State", "(Buttons)")
    return tag("div", table("Faults switched on", heads, rows, empty="No fault is on."), clear)


def _told(rule: Fault) -> str:
    """What a rule matches and how it strikes, in a line."""
    where = [rule.platform or "both platforms", rule.tenant, rule.method, rule.path if rule.path != "*" else ""]
    how = [
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value, usual in (
            ("status", rule.status if rule.action == "status" else 503, 503),
            ("code", rule.code, 0),
            ("seconds", rule.seconds, 0),
            ("nth", rule.nth, 0),
            ("probability", rule.probability, 1.0),
            ("containing", rule.contains, ""),
        )
        if value != usual
    ]
    kind = "webhooks" if rule.on == "webhook" else f"calls, {rule.phase} the effect"
    return ", ".join([" ".join(part for part in where if part), kind, *how])


def page(parts: Parts, _query: dict[str, str]) -> Sheet:
    """`/world/faults`."""
    ready = [
        tag("li", form(path("world", "faults", "ready", name), button(fault.label), tag("span", fault.about)))
        for name, fault in READY.items()
    ]
    latency = parts.control.site.latency_seconds if parts.control.site is not None else 0.0
    body = tag(
        "div",
        card("Switched on", switched_on(parts), wide=True),
        card("The usual faults", tag("ul", ready, class_="ready"), wide=True),
        card("Any rule", _rule_form(), wide=True),
        card(
            "Slow platforms",
            form(
                "/world/latency",
                field(
                    "seconds:number",
                    "Seconds that every call takes",
                    value=f"{latency:g}",
                    kind="number",
                    step="any",
                    min=0,
                ),
                button("Set"),
            ),
        ),
        class_="cards",
    )
    return Sheet("Faults", body, here="/world/faults")


def _rule_form() -> Html:
    return form(
        "/world/faults",
        choice("action", "What goes wrong", _KINDS),
        choice("on", "Strikes", _TARGETS),
        choice("phase", "When", _PHASES),
        choice("platform", "Platform", _PLATFORMS),
        field("tenant", "Store hash or shop id"),
        choice("method", "Method", _METHODS),
        field("path", "Path or topic, with *", value="*"),
        field("query", "Only with this in the query"),
        field("contains", "Only with this in the body"),
        field("nth:int", "Only the nth call", kind="number", min=0),
        field("probability:number", "Share of calls, 0 to 1", kind="number", min=0, max=1, step="any"),
        field("lasts:number", "For how many seconds of the world's clock", kind="number", min=0, step="any"),
        field("times:int", "How often at most", value=1, kind="number", min=1),
        field("status:int", "HTTP status", kind="number", min=100, max=599),
        field("code:int", "Code in the envelope", kind="number"),
        field("message", "Message in the envelope"),
        field("seconds:number", "Seconds", kind="number", min=0, step="any"),
        field("body", "Body"),
        button("Switch on"),
        class_="grid",
    )


PAGES: Final[tuple[tuple[str, Page], ...]] = (("/world/faults", page),)
