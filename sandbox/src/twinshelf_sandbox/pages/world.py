"""The world at a glance: its clock, stores and shops with their counts, faults switched on, and what happened last."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from twinshelf_sandbox.bigcommerce.store import PLAN_QUOTA, Store
from twinshelf_sandbox.pages import faults, logs
from twinshelf_sandbox.pages.frame import Page, Sheet, at, word
from twinshelf_sandbox.pages.markup import (
    Html,
    act,
    badge,
    button,
    card,
    choice,
    facts,
    field,
    form,
    link,
    more,
    path,
    table,
    tag,
)
from twinshelf_sandbox.pages.parts import Parts
from twinshelf_sandbox.tiktok.regions import REGIONS
from twinshelf_sandbox.tiktok.state import Shop

_RATES: Final = ((0, "stopped"), (1, "as fast as ours"), (10, "10 times"), (60, "60 times"), (600, "600 times"))
_LAST: Final = 12


def index(parts: Parts, _query: dict[str, str]) -> Sheet:
    """`/`, and `/world`."""
    state = parts.control.state()
    stores, shops = [_store(store) for store in parts.stores()], [_shop(shop) for shop in parts.shops()]
    crashes = [tag("li", tag("code", text)) for text in state["crashes"]]
    effects = list(islice(reversed(parts.world.effects), _LAST))
    broken = card("What broke inside the sandbox", tag("ul", crashes)) if crashes else None
    faults_on = card("Faults switched on", faults.switched_on(parts), link("/world/faults", "All faults"))
    now = tag(
        "div",
        tag("div", _clock(parts, state), faults_on, broken, class_="stack"),
        card("Stores", stores or tag("p", "No store is open.", class_="empty"), _new_store()),
        card("Shops", shops or tag("p", "No shop is open.", class_="empty"), _new_shop(parts)),
        class_="cards",
    )
    deliveries = logs.last_deliveries(parts, _LAST)
    lately = tag(
        "div",
        card("Last effects", logs.effects_list(effects), link("/world/effects", "The whole log")),
        card("Last webhooks", logs.deliveries_list(deliveries), link("/world/webhooks", "All webhooks")),
        class_="cards halves",
    )
    body = tag("div", now, lately)
    return Sheet("The world", body, here="/")


def _clock(parts: Parts, state: dict[str, Any]) -> Html:
    clock, due = parts.world.clock, parts.world.next_due()
    now = datetime.fromtimestamp(clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    rates = (
        list(_RATES)
        if any(clock.rate == rate for rate, _ in _RATES)
        else [(clock.rate, f"{clock.rate:g} times"), *_RATES]
    )
    jobs = ", ".join(f"{number} {_job(kind)}" for kind, number in state["jobs"].items()) or "none"
    return card(
        "Clock",
        facts(
            [
                ("Now", f"{at(clock.now())} UTC"),
                ("Next job", "none" if due is None else f"{at(due)} UTC"),
                ("Webhooks waiting", state["webhooks_due"]),
                ("Jobs waiting", jobs),
            ]
        ),
        form(
            "/world/clock",
            field("set", "Time (UTC)", value=now, kind="datetime-local", step=1),
            button("Set the clock"),
        ),
        form(
            "/world/clock",
            choice(
                "rate:number", "Time passes", [(f"{rate:g}", text) for rate, text in rates], chosen=f"{clock.rate:g}"
            ),
            button("Run"),
        ),
        form("/world/settle", button("Do what is due now")),
    )


def _job(kind: str) -> str:
    return kind.partition(".")[2].replace("_", " ") or kind


def _store(store: Store) -> Html:
    row, hooks = store.row, len(store.rows("hooks"))
    counts = [("Products", len(store.products)), ("Orders", len(store.orders)), ("Webhooks", hooks)]
    return tag(
        "article",
        tag(
            "h3",
            link(path("admin", store.hash), row["name"]),
            " ",
            badge(row["status"], "good" if row["status"] == "live" else "bad"),
        ),
        tag("p", tag("code", store.hash), f" · {row['currency']} · {row['plan']}"),
        facts((name, f"{number:,}") for name, number in counts),
        tag(
            "p",
            link(path("admin", store.hash, "products"), "Products"),
            " ",
            link(path("admin", store.hash, "orders"), "Orders"),
            " ",
            link(path("admin", store.hash, "apps"), "Apps"),
            link(path("admin", store.hash, "webhooks"), "Webhooks and accounts"),
            class_="ways",
        ),
    )


def _shop(shop: Shop) -> Html:
    waiting = sum(row.audit_status in ("AUDITING", "PRE_APPROVED") for row in shop.product_index.rows.values())
    counts = [
        *((f"Products {word(name).lower()}", number) for name, number in shop.product_index.statuses().items()),
        ("Audits waiting", waiting),
        *((f"Orders {word(name).lower()}", number) for name, number in shop.order_index.statuses().items()),
    ]
    home = ("seller", shop.id)
    status = shop.facts["status"]
    return tag(
        "article",
        tag(
            "h3",
            link(path(*home), shop.facts["name"]),
            " ",
            badge(word(status), "good" if status == "ACTIVE" else "bad"),
        ),
        tag("p", tag("code", shop.id), f" · {shop.facts['region']} · {shop.currency}"),
        facts((name, f"{number:,}") for name, number in counts),
        tag(
            "p",
            link(path(*home, "products"), "Products"),
            " ",
            link(path(*home, "audits"), "Audit queue"),
            " ",
            link(path(*home, "orders"), "Orders"),
            " ",
            link(path("shopper", shop.id), "Shopper"),
            class_="ways",
        ),
    )


def _new_store() -> Html:
    plans = [(plan, plan) for plan in PLAN_QUOTA]
    return more(
        "Open a store",
        act(
            "bc.create_store",
            "Open the store",
            field("name", "Name", value="Second store"),
            field("currency", "Currency", value="USD", size=4),
            choice("plan", "Plan", plans, chosen="plus"),
        ),
    )


def _new_shop(parts: Parts) -> Html:
    regions = [(code, code) for code in REGIONS]
    sellers = [(row["id"], f"{row['name']} ({row['region']})") for row in parts.platform.sellers.values()]
    return more(
        "Open a shop",
        act(
            "tt.create_seller",
            "Register the seller",
            field("name", "Name of a new seller", value="Harbor Goods"),
            choice("region", "Country", regions, chosen="US"),
        ),
        act(
            "tt.create_shop",
            "Open the shop",
            choice("seller", "Seller", sellers),
            field("name", "Name of the shop", value="Harbor Goods"),
            choice("region", "Country", regions, chosen="US"),
            field("warehouses:list", "Warehouses, with commas", value="Main warehouse"),
        )
        if sellers
        else None,
    )


def snapshots(parts: Parts, _query: dict[str, str]) -> Sheet:
    """`/world/snapshots`."""
    kept = parts.control.snapshots()
    rows = [
        (
            name,
            f"{size:,}",
            form(
                "/world/snapshots/restore",
                tag("input", type="hidden", name="name", value=name),
                button("Restore", "danger", about=name),
            ),
        )
        for name, size in kept.items()
    ]
    body = tag(
        "div",
        card(
            "Keep the world as it is now",
            form(
                "/world/snapshots",
                field("name", "Name", value=f"Snapshot {len(kept) + 1}", required=True),
                button("Keep it"),
            ),
            tag("p", "The last ten are kept, in memory, as long as the sandbox runs."),
        ),
        card("Kept", table("Snapshots", ("Name", "#Bytes", "(Buttons)"), rows, empty="None yet.")),
        class_="cards",
    )
    return Sheet("Snapshots", body, here="/world/snapshots")


PAGES: Final[tuple[tuple[str, Page], ...]] = (("/world", index), ("/world/snapshots", snapshots))
