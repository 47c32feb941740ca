"""Channels, their listings, currencies and menus.

Source: BigCommerce docs, reference/channels.v3.yml.
"""

from __future__ import annotations

import re
from typing import Any, Final

from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.filters import by_dates
from twinshelf_sandbox.bigcommerce.responses import (
    Json,
    data,
    ints,
    invalid,
    iso_z,
    number_param,
    truth,
    v3_error,
)
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response
from twinshelf_sandbox.world import Entity

routes = Routes("store_channel_settings")
LISTINGS: Final = "store_channel_listings"

FIRST_CHANNEL: Final = 1_053_001
FIRST_LISTING: Final = 882_998_001
TERMINATED_AFTER: Final = 90 * 86400
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_NAME_WITH_SPACES = re.compile(r"[A-Za-z0-9_ -]+")

PLATFORMS: Final[dict[str, frozenset[str]]] = {
    "marketplace": frozenset(
        {
            "amazon",
            "ebay",
            "etsy",
            "facebook",
            "google_shopping",
            "meta",
            "google",
            "tiktok",
            "walmart",
            "wish",
            "custom",
        }
    ),
    "marketing": frozenset({"facebook", "google", "google_shopping", "meta", "tiktok", "instagram", "custom"}),
    "pos": frozenset({"square", "vend", "clover", "quickbooks", "custom"}),
    "storefront": frozenset(
        {"bigcommerce", "wordpress", "drupal", "acquia", "bloomreach", "deity", "gatsby", "next", "vue", "custom"}
    ),
}
STATUSES: Final[dict[str, frozenset[str]]] = {
    "storefront": frozenset({"prelaunch", "active", "inactive", "connected", "disconnected", "archived", "deleted"}),
    "marketplace": frozenset({"connected", "disconnected", "archived", "deleted"}),
}
OPEN: Final = frozenset({"connected", "active", "prelaunch"})
"""Statuses of channels that take orders."""
_SHOWN: Final = (
    "id", "name", "type", "platform", "status", "external_id", "is_listable_from_ui", "is_enabled", "is_visible",
    "icon_url", "date_created", "date_modified",
)  # fmt: skip
_JS: Final[dict[type, str]] = {
    str: "error.expected.jsstring",
    bool: "error.expected.jsboolean",
    int: "error.expected.jsnumber",
}


def first_channel(store: Store) -> Entity:
    """Channel 1, the storefront every store has."""
    now = iso_z(store.now)
    return {
        "id": 1,
        "name": store.row["name"],
        "type": "storefront",
        "platform": "bigcommerce",
        "status": "active",
        "external_id": "",
        "is_listable_from_ui": True,
        "is_enabled": True,
        "is_visible": True,
        "icon_url": f"{store.base_url}/_bigcommerce/icons/bigcommerce.svg",
        "date_created": now,
        "date_modified": now,
        "client_id": "",
    }


def _shown(channel: Entity) -> Json:
    return {name: channel[name] for name in _SHOWN}


def _one(call: Call, channel_id: int, title: str = "Not found") -> Entity:
    channel = call.store.rows("channels").get(channel_id)
    if channel is None:
        raise v3_error(404, title, short=True)
    return channel


def takes_orders(store: Store, channel_id: Any) -> bool:
    """Whether a channel is there and connected."""
    channel = store.rows("channels").get(channel_id) if type(channel_id) is int else None
    return channel is not None and channel["status"] in OPEN


def _types(doc: Json, kinds: dict[str, type], required: tuple[str, ...] = (), prefix: str = "") -> dict[str, str]:
    """Messages for fields that are missing or of another type."""
    errors = {f"{prefix}{name}": "error.path.missing" for name in required if name not in doc}
    for name, kind in kinds.items():
        if name in doc and (not isinstance(doc[name], kind) or (kind is int and isinstance(doc[name], bool))):
            errors[f"{prefix}{name}"] = _JS[kind]
    return errors


_KINDS: Final[dict[str, type]] = {
    "name": str, "type": str, "platform": str, "status": str, "external_id": str, "is_listable_from_ui": bool,
    "is_visible": bool,
}  # fmt: skip


def _check_name(store: Store, name: str) -> None:
    pattern = _NAME_WITH_SPACES if store.switch("channel_names_with_spaces") else _NAME
    if not pattern.fullmatch(name):
        raise v3_error(
            422,
            "The following fields are invalid: `name`",
            {"name": "Only letters, digits, - and _ are allowed"},
            short=True,
        )


def _check_status(status: str, type_: str) -> None:
    if status not in STATUSES.get(type_, STATUSES["marketplace"]):
        raise v3_error(
            422,
            "The following fields are invalid: `status`",
            {"status": f"{status[:50]} is not a status of a {type_}"},
            short=True,
        )


def _check_twin(store: Store, name: str, type_: str, platform: str, besides: int = 0) -> None:
    for other in store.rows("channels").values():
        if (other["name"], other["type"], other["platform"]) == (name, type_, platform) and other["id"] != besides:
            if other["status"] in {"deleted", "terminated"}:
                continue
            title = f'Channel already exists with name: "{name}", platform: "{platform}", and type: "{type_}"'
            raise v3_error(409, title, short=True)


def _currencies(store: Store, channel_id: int) -> Json:
    assigned = store.rows("channel_currencies").get(channel_id)
    if assigned is not None:
        return assigned
    return {
        "channel_id": channel_id,
        "enabled_currencies": [store.row["currency"]],
        "default_currency": store.row["currency"],
    }


def _with_currencies(call: Call, channel: Entity) -> Json:
    shown = _shown(channel)
    if "currencies" in call.query.get("include", "").split(","):
        shown["currencies"] = _currencies(call.store, channel["id"])
    return shown


@routes.get("/v3/channels")
def _list_channels(call: Call) -> Response:
    query = call.query
    rows = list(call.store.rows("channels").values())
    for name in ("status", "type", "platform"):
        if f"{name}:in" in query:
            rows = [row for row in rows if row[name] in query[f"{name}:in"].split(",")]
    if "available" in query and truth(query["available"]):
        rows = [row for row in rows if row["status"] not in {"deleted", "archived", "terminated"}]
    rows = by_dates(call, rows)
    page, limit = number_param(query, "page", 1), number_param(query, "limit", 50)
    if page < 1 or limit < 1:
        raise v3_error(422, 'Query parameter "page" and "limit" must be positive.', short=True)
    shown, meta = call.paged([_with_currencies(call, row) for row in rows], 50, 250)
    return data(shown, meta)


@routes.post("/v3/channels")
def _create_channel(call: Call) -> Response:
    store, doc = call.store, call.object()
    errors = _types(doc, _KINDS, ("name", "type", "platform"))
    if errors:
        raise invalid(errors)
    if doc["platform"] not in PLATFORMS.get(doc["type"], ()):
        title = f"Input channel type [{doc['type'][:50]}] with platform [{doc['platform'][:50]}] is not supported"
        raise v3_error(422, title, short=True)
    _check_name(store, doc["name"])
    status = doc.get("status", "connected")
    _check_status(status, doc["type"])
    _check_twin(store, doc["name"], doc["type"], doc["platform"])
    now = iso_z(store.now)
    channel_id = store.world.next_id("bc/channels", FIRST_CHANNEL)
    channel = {
        "id": channel_id,
        "name": doc["name"],
        "type": doc["type"],
        "platform": doc["platform"],
        "status": status,
        "external_id": doc.get("external_id", ""),
        "is_listable_from_ui": doc.get("is_listable_from_ui", False),
        "is_enabled": status in OPEN,
        "is_visible": doc.get("is_visible", True),
        "icon_url": f"{store.base_url}/_bigcommerce/icons/{doc['platform']}.svg",
        "date_created": now,
        "date_modified": now,
        "client_id": call.client_id,
    }
    store.rows("channels").put(channel_id, channel)
    store.effect("channel_created", channel_id, name=doc["name"], platform=doc["platform"], status=status)
    store.fire("store/channel/created", {"type": "channel", "id": channel_id})
    return data(_shown(channel))


@routes.get("/v3/channels/{channel_id}")
def _get_channel(call: Call, channel_id: int) -> Response:
    return data(_with_currencies(call, _one(call, channel_id)))


@routes.put("/v3/channels/{channel_id}")
def update_channel(call: Call, channel_id: int) -> Response:
    """Name, external id, status and visibility; other fields are ignored, but type and platform are refused."""
    store = call.store
    channel = _one(call, channel_id, "The requested entity was not found.")
    doc = call.object()
    fixed: dict[str, str] = {
        name: f"The field `{name}` cannot be updated" for name in ("type", "platform") if name in doc
    }
    if fixed:
        raise v3_error(
            422, "The following fields are invalid: " + ", ".join(f"`{name}`" for name in fixed), fixed, short=True
        )
    errors = _types(doc, _KINDS)
    if errors:
        raise invalid(errors)
    if channel["status"] in {"deleted", "terminated"}:
        raise v3_error(422, "A deleted channel cannot be updated.", short=True)
    if "status" in doc:
        _check_status(doc["status"], channel["type"])
    if "name" in doc and doc["name"] != channel["name"]:
        _check_name(store, doc["name"])
        _check_twin(store, doc["name"], channel["type"], channel["platform"], channel_id)
    names = ("name", "external_id", "status", "is_listable_from_ui", "is_visible")
    set_channel(store, channel_id, **{name: doc[name] for name in names if name in doc})
    return data(_shown(_one(call, channel_id)))


def set_channel(store: Store, channel_id: int, **given: Any) -> None:
    """Change fields of a channel, with its effect and its webhook."""
    channel = store.rows("channels")[channel_id]
    changed = {name: value for name, value in given.items() if channel[name] != value}
    if not changed:
        return
    channel.update(changed, date_modified=iso_z(store.now))
    channel["is_enabled"] = channel["status"] in OPEN
    store.rows("channels").put(channel_id, channel)
    store.effect("channel_updated", channel_id, **changed)
    store.fire("store/channel/updated", {"type": "channel", "id": channel_id})
    if changed.get("status") == "deleted":
        store.world.schedule(
            store.now + TERMINATED_AFTER, "bc.channel_terminated", {"hash": store.hash, "channel": channel_id}
        )


def terminate(store: Store, job: Json) -> None:
    """90 days after its deletion a channel cannot be restored any more."""
    channel = store.rows("channels").get(job["channel"])
    if channel is not None and channel["status"] == "deleted":
        store.rows("channels").put(job["channel"], {**channel, "status": "terminated"})
        store.effect("channel_updated", job["channel"], status="terminated")


# -- currency assignments -------------------------------------------------------------------------------------------


def _check_currencies(call: Call, doc: Json, prefix: str = "") -> Json:
    errors = _types(doc, {"default_currency": str}, ("enabled_currencies", "default_currency"), prefix)
    enabled = doc.get("enabled_currencies")
    if "enabled_currencies" in doc and not (
        isinstance(enabled, list) and all(isinstance(code, str) for code in enabled)
    ):
        errors[f"{prefix}enabled_currencies"] = "error.expected.jsarray"
    if errors:
        raise invalid(errors)
    known = {row["currency_code"] for row in call.store.rows("currencies").values() if row["enabled"]}
    strange = [code for code in doc["enabled_currencies"] if code not in known]
    if strange:
        what = "contains the following currencies that have not been enabled"
        text = f"The field `enabled_currencies` {what} [{', '.join(strange)}]"
        raise v3_error(
            422, "The following fields are invalid: `enabled_currencies`", {"enabled_currencies": text}, short=True
        )
    if doc["default_currency"] not in doc["enabled_currencies"]:
        text = "The field `default_currency` must be one of the enabled currencies"
        raise v3_error(
            422, "The following fields are invalid: `default_currency`", {"default_currency": text}, short=True
        )
    return {"enabled_currencies": doc["enabled_currencies"], "default_currency": doc["default_currency"]}


@routes.get("/v3/channels/currency-assignments")
def _list_currency_assignments(call: Call) -> Response:
    return data([_currencies(call.store, row["id"]) for row in call.store.rows("channels").values()])


def _assign_many(call: Call) -> Response:
    saved = []
    for at, doc in enumerate(call.array()):
        channel_id = doc.get("channel_id")
        if not isinstance(channel_id, int) or channel_id not in call.store.rows("channels"):
            raise v3_error(422, f"The following `channel_id` is invalid: {channel_id}", short=True)
        saved.append({"channel_id": channel_id, **_check_currencies(call, doc, f"{at}.")})
    for row in saved:
        call.store.rows("channel_currencies").put(row["channel_id"], row)
    return data(saved)


routes.post("/v3/channels/currency-assignments")(_assign_many)
routes.put("/v3/channels/currency-assignments")(_assign_many)


@routes.get("/v3/channels/{channel_id}/currency-assignments")
def _get_currency_assignment(call: Call, channel_id: int) -> Response:
    return data(_currencies(call.store, _one(call, channel_id)["id"]))


def _assign_one(call: Call, channel_id: int) -> Response:
    if channel_id not in call.store.rows("channels"):
        raise v3_error(422, f"The following `channel_id` is invalid: {channel_id}", short=True)
    row = {"channel_id": channel_id, **_check_currencies(call, call.object())}
    call.store.rows("channel_currencies").put(channel_id, row)
    return data(row)


routes.post("/v3/channels/{channel_id}/currency-assignments")(_assign_one)
routes.put("/v3/channels/{channel_id}/currency-assignments")(_assign_one)


@routes.delete("/v3/channels/{channel_id}/currency-assignments")
def _delete_currency_assignment(call: Call, channel_id: int) -> Response:
    _one(call, channel_id)
    call.store.rows("channel_currencies").delete(channel_id)
    return data(channel_id)


# -- listings -------------------------------------------------------------------------------------------------------

STATES: Final = frozenset({
    "active", "disabled", "error", "pending", "pending_disable", "pending_delete", "partially_rejected", "queued",
    "rejected", "submitted", "deleted",
})  # fmt: skip
_LISTING_FILTERS: Final = frozenset({
    "limit", "after", "product_id:in", "date_created", "date_created:min", "date_created:max", "date_modified",
    "date_modified:min", "date_modified:max",
})  # fmt: skip


def _listings(store: Store, channel_id: int) -> list[Entity]:
    return [row for row in store.rows("listings").values() if row["channel_id"] == channel_id]


def _check_listing(doc: Json, at: int, *, update: bool) -> dict[str, str]:
    required = ("listing_id", "product_id", "state", "variants") if update else ("product_id", "state", "variants")
    kinds: dict[str, type] = {
        "listing_id": int,
        "product_id": int,
        "state": str,
        "external_id": str,
        "name": str,
        "description": str,
    }
    errors = _types(doc, kinds, required, f"{at}.")
    if isinstance(doc.get("state"), str) and doc["state"] not in STATES:
        errors[f"{at}.state"] = "error.invalid.state"
    variants = doc.get("variants")
    if "variants" in doc and not isinstance(variants, list):
        errors[f"{at}.variants"] = "error.expected.jsarray"
    for place, variant in enumerate(variants if isinstance(variants, list) else []):
        prefix = f"{at}.variants.{place}."
        if not isinstance(variant, dict):
            errors[prefix[:-1]] = "error.expected.jsobject"
            continue
        errors.update(_types(variant, {**kinds, "variant_id": int}, ("product_id", "variant_id", "state"), prefix))
        # The whole listing may be partially rejected, a single variant may not.
        if isinstance(variant.get("state"), str) and variant["state"] not in STATES - {"partially_rejected"}:
            errors[f"{prefix}state"] = "error.invalid.state"
    return errors


def _listing_docs(call: Call, *, update: bool) -> list[Json]:
    docs = call.array()
    errors: dict[str, str] = {}
    for at, doc in enumerate(docs):
        errors.update(_check_listing(doc, at, update=update))
    if errors:
        raise invalid(errors)
    return docs


def _merge_listing(store: Store, listing: Entity, doc: Json) -> None:
    now = iso_z(store.now)
    for name in ("product_id", "state", "external_id", "name", "description"):
        if name in doc:
            listing[name] = doc[name]
    listing["date_modified"] = now
    known = {variant["variant_id"]: variant for variant in listing["variants"]}
    for variant in doc["variants"]:
        row = known.get(variant["variant_id"])
        if row is None:
            row = {"channel_id": listing["channel_id"], "date_created": now}
            listing["variants"].append(row)
        for name in ("product_id", "variant_id", "state", "external_id", "name", "description"):
            if name in variant:
                row[name] = variant[name]
        row["date_modified"] = now
    store.rows("listings").put(listing["listing_id"], listing)


@routes.get("/v3/channels/{channel_id}/listings", LISTINGS)
def _list_listings(call: Call, channel_id: int) -> Response:
    query = call.query
    unknown = [name for name in query if name not in _LISTING_FILTERS]
    if unknown:
        raise v3_error(422, f"The filter(s): {', '.join(unknown)} are not valid filter parameter(s).", short=True)
    rows = _listings(call.store, channel_id)
    if "product_id:in" in query:
        rows = [row for row in rows if row["product_id"] in ints(query["product_id:in"])]
    rows = by_dates(call, rows)
    limit, total = number_param(query, "limit", 1_000), len(rows)
    after = number_param(query, "after", 0)
    left = [row for row in rows if row["listing_id"] > after]
    shown = left[: max(1, limit)]
    links = {"current": f"?limit={limit}" + (f"&after={after}" if after else "")}
    if len(left) > len(shown):
        links["next"] = f"?limit={limit}&after={shown[-1]['listing_id']}"
    pages = max(1, -(-total // max(1, limit)))
    return data(shown, {"pagination": {"count": len(shown), "total": total, "links": links, "total_pages": pages}})


@routes.post("/v3/channels/{channel_id}/listings", LISTINGS)
def _create_listings(call: Call, channel_id: int) -> Response:
    store = call.store
    docs = _listing_docs(call, update=False)
    _one(call, channel_id)
    made = []
    for doc in docs:
        listing: Entity = {
            "channel_id": channel_id,
            "listing_id": store.take("listings", FIRST_LISTING),
            "date_created": iso_z(store.now),
            "variants": [],
        }
        _merge_listing(store, listing, doc)
        store.effect(
            "channel_listing_created",
            listing["listing_id"],
            channel_id=channel_id,
            product_id=doc["product_id"],
            state=doc["state"],
        )
        made.append(listing)
    return _saved_listings(made)


@routes.put("/v3/channels/{channel_id}/listings", LISTINGS)
def update_listings(call: Call, channel_id: int) -> Response:
    """Merges variants. An unknown listing is passed over without a word."""
    store = call.store
    saved = []
    for doc in _listing_docs(call, update=True):
        listing = store.rows("listings").get(doc["listing_id"])
        if listing is None or listing["channel_id"] != channel_id:
            continue
        _merge_listing(store, listing, doc)
        store.effect("channel_listing_updated", listing["listing_id"], channel_id=channel_id, state=listing["state"])
        saved.append(listing)
    return _saved_listings(saved)


def _saved_listings(listings: list[Entity]) -> Response:
    page = {"count": len(listings), "total": len(listings), "links": {"current": "?limit=1000"}, "total_pages": 1}
    return data(listings, {"pagination": page})


@routes.get("/v3/channels/{channel_id}/listings/{listing_id}", LISTINGS)
def _get_listing(call: Call, channel_id: int, listing_id: int) -> Response:
    listing = call.store.rows("listings").get(listing_id)
    if listing is None or listing["channel_id"] != channel_id:
        raise v3_error(404, f"Listing [{listing_id}] not found", short=True)
    return data(listing)


# -- menus ----------------------------------------------------------------------------------------------------------


@routes.get("/v3/channels/{channel_id}/channel-menus")
def _get_menus(call: Call, channel_id: int) -> Response:
    _one(call, channel_id)
    empty: Json = {"bigcommerce_protected_app_sections": [], "custom_app_sections": []}
    return data(call.store.rows("channel_menus").get(channel_id) or empty)


@routes.post("/v3/channels/{channel_id}/channel-menus")
def _set_menus(call: Call, channel_id: int) -> Response:
    _one(call, channel_id)
    doc = call.object()
    row = {name: doc.get(name) or [] for name in ("bigcommerce_protected_app_sections", "custom_app_sections")}
    call.store.rows("channel_menus").put(channel_id, row)
    return data(row)


@routes.delete("/v3/channels/{channel_id}/channel-menus")
def _delete_menus(call: Call, channel_id: int) -> Response:
    _one(call, channel_id)
    call.store.rows("channel_menus").delete(channel_id)
    return data(channel_id)
