"""The store itself: information, time, currencies, tax classes, and the settings that change behavior.

Source: BigCommerce docs, reference/{store_information.v2,currencies.v2,settings.v3,tax_classes.v2}.yml.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from twinshelf_sandbox.bigcommerce import fields
from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.responses import (
    Json,
    data,
    invalid,
    is_whole,
    no_content,
    rfc2822,
    v2_error,
    v2_invalid,
    v2_list,
    v2_missing,
    v2_not_found,
    v3_error,
)  # fmt: skip
from twinshelf_sandbox.bigcommerce.settings import geography
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response

routes = Routes("store_v2_information")
CATALOG: Final = "store_v2_products"
ORDERS: Final = "store_v2_orders"

SETTINGS: Final[dict[str, Json]] = {
    "inventory": {
        "product_out_of_stock_behavior": "do_nothing",
        "option_out_of_stock_behavior": "do_nothing",
        "update_stock_behavior": "order_placed",
        "edit_order_stock_adjustment": True,
        "refund_order_stock_adjustment": True,
        "stock_level_display": "dont_show",
        "default_out_of_stock_message": "Out of stock",
        "hide_in_product_filtering": False,
        "show_pre_order_stock_levels": False,
        "show_out_of_stock_message": False,
    },
    "inventory/notifications": {"low_stock_notification_address": [], "out_of_stock_notification_address": []},
    "email-statuses": {
        "abandoned_cart_email": True,
        "account_details_changed_email": True,
        "combined_order_status_email": True,
        "create_account_email": True,
        "create_guest_account_email": True,
        "gift_certificate_email": True,
        "invoice_email": True,
        "order_message_notification_email": True,
        "product_review_email": False,
        "return_confirmation_email": True,
        "return_statuschange_email": True,
    },
    "store/units-of-measurement": {
        "weight_measurement": "LBS",
        "length_measurement": "Inches",
        "decimal_token": ".",
        "thousands_token": ",",
        "decimal_places": 2,
        "factoring_dimension": "depth",
    },
    "store/profile": {
        "store_address": "",
        "store_address_type": "Home Office",
        "store_email": "",
        "store_name": "",
        "store_phone": "",
    },
    "store/locale": {
        "default_shopper_language": "en",
        "shopper_language_selection_method": "default_shopper_language",
        "store_country": "United States",
    },
}
"""Path below `/v3/settings/` → what it holds until set."""

_CHOICES: Final[dict[str, frozenset[str]]] = {
    "product_out_of_stock_behavior": frozenset(
        {"do_nothing", "hide_product", "hide_product_and_accessible", "hide_product_and_redirect"}
    ),
    "option_out_of_stock_behavior": frozenset({"do_nothing", "hide_option", "label_option"}),
    "update_stock_behavior": frozenset({"order_placed", "order_completed_or_shipped"}),
    "stock_level_display": frozenset({"dont_show", "show", "show_when_low"}),
    "weight_measurement": frozenset({"LBS", "Ounces", "KGS", "Grams", "Tonnes"}),
    "length_measurement": frozenset({"Inches", "Centimeters"}),
    "factoring_dimension": frozenset({"depth", "height", "width"}),
}
_GLOBAL_ONLY: Final = frozenset({"store/locale"})


def setting(store: Store, path: str, name: str, channel_id: int | None = None) -> Any:
    """The value in force: the channel's own where it has one, else the store's."""
    if channel_id is not None:
        own = store.rows("settings").get(f"{path}|{channel_id}")
        if own is not None and own.get(name) is not None:
            return own[name]
    whole = store.rows("settings").get(path)
    return (whole or SETTINGS[path]).get(name, SETTINGS[path][name])


def put_setting(store: Store, path: str, values: Json, channel_id: int | None = None) -> None:
    """Keep settings; those not given stay."""
    key = path if channel_id is None else f"{path}|{channel_id}"
    before = store.rows("settings").get(key) or ({} if channel_id is not None else dict(SETTINGS[path]))
    store.rows("settings").put(key, {**before, **values})
    store.effect("setting_changed", key, **values)
    if path.startswith("store/"):
        store.fire("store/information/updated", {"type": "store"})


def _channel(call: Call) -> int | None:
    text = call.query.get("channel_id")
    if text is None:
        return None
    if not is_whole(text) or int(text) not in call.store.rows("channels"):
        raise v3_error(422, f"The channel {text[:20]} does not exist", {"channel_id": "is invalid"})
    return int(text)


def _read(call: Call, path: str) -> Response:
    channel_id = None if path in _GLOBAL_ONLY else _channel(call)
    if channel_id is None:
        return data({name: setting(call.store, path, name) for name in SETTINGS[path]})
    own = call.store.rows("settings").get(f"{path}|{channel_id}") or {}
    return data({name: own.get(name) for name in SETTINGS[path]})  # null: not overridden


def _write(call: Call, path: str) -> Response:
    channel_id = None if path in _GLOBAL_ONLY else _channel(call)
    doc = call.object()
    errors = {}
    values = {}
    for name, default in SETTINGS[path].items():
        if name not in doc:
            continue
        value = doc[name]
        if value is None and channel_id is not None:
            pass
        elif name in _CHOICES:
            if not isinstance(value, str) or value not in _CHOICES[name]:
                errors[name] = f"must be one of {', '.join(sorted(_CHOICES[name]))}"
        elif type(value) is not type(default):
            errors[name] = f"error.expected.js{'boolean' if isinstance(default, bool) else 'string'}"
        values[name] = value
    if path == "inventory/notifications" and set(values) != set(SETTINGS[path]):
        errors.update(
            {name: "error.path.missing" for name in SETTINGS[path] if name not in values}
        )  # no partial update here
    if errors:
        raise invalid(errors)
    put_setting(call.store, path, values, channel_id)
    return _read(call, path)


def _register(path: str) -> None:
    routes.get(f"/v3/settings/{path}")(lambda call: _read(call, path))
    routes.put(f"/v3/settings/{path}")(lambda call: _write(call, path))


for _path in SETTINGS:
    _register(_path)


# -- the store ------------------------------------------------------------------------------------------------------


@routes.get("/v2/store")
def _get_store(call: Call) -> Response:
    store = call.store
    row = store.row
    name = setting(store, "store/profile", "store_name") or row["name"]
    zone = row["timezone"]
    currency = _default_currency(store)
    return Response.json({
        "id": store.hash,
        "account_uuid": row["account_uuid"],
        "domain": row["domain"],
        "secure_url": f"https://{row['domain']}",
        "control_panel_base_url": f"https://store-{store.hash}.mybigcommerce.com",
        "status": row["status"],
        "name": name,
        "first_name": "Jane",
        "last_name": "Doe",
        "address": setting(store, "store/profile", "store_address"),
        "country": row["country"],
        "country_code": row["country_code"],
        "phone": setting(store, "store/profile", "store_phone"),
        "admin_email": row["admin_email"],
        "order_email": row["admin_email"],
        "favicon_url": "",
        "timezone": geography.zone(zone, store.now),
        "language": "en",
        "currency": row["currency"],
        "currency_symbol": currency["token"],
        "decimal_separator": currency["decimal_token"],
        "thousands_separator": currency["thousands_token"],
        "decimal_places": currency["decimal_places"],
        "currency_symbol_location": currency["token_location"],
        "weight_units": setting(store, "store/units-of-measurement", "weight_measurement"),
        "dimension_units": setting(store, "store/units-of-measurement", "length_measurement"),
        "dimension_decimal_places": setting(store, "store/units-of-measurement", "decimal_places"),
        "dimension_decimal_token": setting(store, "store/units-of-measurement", "decimal_token"),
        "dimension_thousands_token": setting(store, "store/units-of-measurement", "thousands_token"),
        "plan_name": row["plan"].capitalize(),
        "plan_level": row["plan"].capitalize(),
        "plan_is_trial": False,
        "industry": "Other",
        "logo": [],  # an object when there is a logo
        "is_price_entered_with_tax": row["is_price_entered_with_tax"],
        "store_id": row["store_id"],
        "default_channel_id": 1,
        "default_site_id": 1000,
        "infrastructure_region": "us-central1",
        "active_comparison_modules": [],
        "features": {
            "stencil_enabled": True,
            "sitewidehttps_enabled": True,
            "facebook_catalog_id": "",
            "checkout_type": "optimized",
            "wishlists_enabled": True,
            "graphql_storefront_api_enabled": True,
            "shopper_consent_tracking_enabled": False,
            "multi_storefront_enabled": True,
            "storefront_limits": {"active": 1, "total_including_inactive": 3},
        },
    })  # fmt: skip


@routes.get("/v2/time")
def _get_time(call: Call) -> Response:
    return Response.json({"time": int(call.store.now)})


# -- currencies -----------------------------------------------------------------------------------------------------

SYMBOLS: Final = {
    "USD": "$", "GBP": "£", "EUR": "€", "AUD": "$", "CAD": "$", "MXN": "$", "JPY": "¥", "IDR": "Rp", "VND": "₫",
    "THB": "฿", "MYR": "RM", "SGD": "$", "PHP": "₱", "BRL": "R$", "SAR": "SR",
}  # fmt: skip
_WHOLE: Final = frozenset({"JPY", "VND", "IDR"})


def make_currency(store: Store, code: str, *, default: bool, transactional: bool) -> int:
    """Add a currency of the store, as the control panel or the API does; returns its id."""
    currency_id = store.take("currencies", 1)
    store.rows("currencies").put(currency_id, {
        "id": currency_id, "is_default": default, "country_iso2": geography.country_of(code),
        "default_for_country_codes": [], "currency_code": code, "currency_exchange_rate": "1.0000000000",
        "name": code, "token": SYMBOLS.get(code, code), "auto_update": False, "token_location": "left",
        "decimal_token": ".", "thousands_token": ",", "decimal_places": 0 if code in _WHOLE else 2, "enabled": True,
        "is_transactional": transactional, "last_updated": rfc2822(store.now),
    })  # fmt: skip
    return currency_id


def _default_currency(store: Store) -> Json:
    return next(row for row in store.rows("currencies").values() if row["is_default"])


def currency(store: Store, code: str) -> Json | None:
    """The store's currency of that code."""
    return next((row for row in store.rows("currencies").values() if row["currency_code"] == code), None)


def _currency(call: Call, currency_id: int) -> Json:
    row = call.store.rows("currencies").get(currency_id)
    if row is None:
        raise v2_not_found()
    return row


@routes.get("/v2/currencies")
def _list_currencies(call: Call) -> Response:
    page, limit = call.page()
    return v2_list(list(call.store.rows("currencies").values())[(page - 1) * limit : page * limit])


@routes.post("/v2/currencies")
def create_currency(call: Call) -> Response:
    """Currencies made by the API are for display only; transactional ones are set up in the control panel."""
    doc = call.object()
    code = doc.get("currency_code")
    for name in ("currency_code", "currency_exchange_rate"):
        if name not in doc:
            raise v2_missing(name)
    if not isinstance(code, str) or len(code) != 3 or not code.isalpha():
        raise v2_invalid("currency_code")
    if currency(call.store, code.upper()) is not None:
        raise v2_error(409, f"The currency {code} exists already.")
    kept = _currency_fields(doc)
    currency_id = make_currency(call.store, code.upper(), default=False, transactional=False)
    row = {**_currency(call, currency_id), **kept}
    call.store.rows("currencies").put(currency_id, row)
    return Response.json(row)


_CURRENCY: Final[dict[str, fields.Check]] = {
    "currency_exchange_rate": fields.amount(),
    "name": fields.text(255, 1),
    "token": fields.text(255),
    "token_location": fields.one_of("left", "right"),
    "decimal_token": fields.text(16),
    "thousands_token": fields.text(16),
    "decimal_places": fields.whole(0, 10),
    "enabled": fields.truth,
    "auto_update": fields.truth,
}


def _currency_fields(doc: Json) -> Json:
    """The fields of a currency that may be written, as they are kept."""
    kept, errors = fields.check(doc, _CURRENCY)
    for name in errors:
        raise v2_invalid(name)
    if "currency_exchange_rate" in kept:
        kept["currency_exchange_rate"] = f"{Decimal(kept['currency_exchange_rate']):.10f}"
    return kept


@routes.get("/v2/currencies/{currency_id}")
def _get_currency(call: Call, currency_id: int) -> Response:
    return Response.json(_currency(call, currency_id))


@routes.put("/v2/currencies/{currency_id}")
def _update_currency(call: Call, currency_id: int) -> Response:
    row, doc = _currency(call, currency_id), call.object()
    if doc.get("currency_code", row["currency_code"]) != row["currency_code"]:
        raise v2_error(
            400,
            "The field 'currency_code' cannot be written to. Please remove it from your request before trying again.",
        )
    row.update(_currency_fields(doc), last_updated=rfc2822(call.store.now))
    call.store.rows("currencies").put(currency_id, row)
    call.store.fire("store/information/updated", {"type": "store"})
    return Response.json(row)


@routes.delete("/v2/currencies")
def delete_currencies(call: Call) -> Response:
    """All but the default one."""
    for row in list(call.store.rows("currencies").values()):
        if not row["is_default"]:
            call.store.rows("currencies").delete(row["id"])
    return no_content()


@routes.delete("/v2/currencies/{currency_id}")
def _delete_currency(call: Call, currency_id: int) -> Response:
    if _currency(call, currency_id)["is_default"]:
        raise v2_error(400, "The default currency cannot be deleted.")
    call.store.rows("currencies").delete(currency_id)
    return no_content()


# -- tax classes ----------------------------------------------------------------------------------------------------

TAX_CLASSES: Final = {0: "Default Tax Class", 1: "Non-Taxable Products", 2: "Shipping", 3: "Gift Wrapping"}


def _tax_class(number: int) -> Json:
    at = rfc2822(0)
    return {"id": str(number), "name": TAX_CLASSES[number], "created_at": at, "updated_at": at}


@routes.get("/v2/tax_classes", CATALOG)
def _list_tax_classes(call: Call) -> Response:
    page, limit = call.page()
    return v2_list([_tax_class(number) for number in TAX_CLASSES][(page - 1) * limit : page * limit])


@routes.get("/v2/tax_classes/{tax_class_id}", CATALOG)
def _get_tax_class(call: Call, tax_class_id: int) -> Response:  # noqa: ARG001
    if tax_class_id not in TAX_CLASSES:
        raise v2_not_found()
    return Response.json(_tax_class(tax_class_id))


# -- order settings -------------------------------------------------------------------------------------------------

_NOTIFICATIONS: Final = ("order_placed", "forward_invoice")


def _order_settings(call: Call, key: str, empty: Any) -> Response:
    own = call.store.rows("settings").get(key) or {}
    shown = {name: {"email_addresses": own.get(name, empty)} for name in _NOTIFICATIONS}
    return Response.json({"notifications": shown, "meta": {}})


def _put_order_settings(call: Call, key: str, *, whole: bool) -> Response:
    given = call.object().get("notifications")
    values: Json = {}
    if not isinstance(given, dict):
        raise invalid({"notifications": "error.path.missing"})
    for name in _NOTIFICATIONS:
        if name in given:
            addresses = given[name].get("email_addresses") if isinstance(given[name], dict) else None
            if addresses is not None and not (
                isinstance(addresses, list) and all(isinstance(one, str) for one in addresses)
            ):
                raise invalid({f"notifications.{name}.email_addresses": "error.expected.jsarray"})
            values[name] = addresses
    # A channel overrides both lists or neither.
    if whole and (set(values) != set(_NOTIFICATIONS) or len({value is None for value in values.values()}) > 1):
        raise v3_error(422, "Both notifications must be overridden or none", {"notifications": "is invalid"})
    before = call.store.rows("settings").get(key) or {}
    call.store.rows("settings").put(key, {**before, **values})
    return _order_settings(call, key, None if whole else [])


@routes.get("/v3/orders/settings", ORDERS)
def _get_order_settings(call: Call) -> Response:
    return _order_settings(call, "orders", [])


@routes.put("/v3/orders/settings", ORDERS)
def _set_order_settings(call: Call) -> Response:
    return _put_order_settings(call, "orders", whole=False)


@routes.get("/v3/orders/settings/channels/{channel_id}", ORDERS)
def _get_channel_order_settings(call: Call, channel_id: int) -> Response:
    return _order_settings(call, f"orders|{channel_id}", None)


@routes.put("/v3/orders/settings/channels/{channel_id}", ORDERS)
def _set_channel_order_settings(call: Call, channel_id: int) -> Response:
    return _put_order_settings(call, f"orders|{channel_id}", whole=True)
