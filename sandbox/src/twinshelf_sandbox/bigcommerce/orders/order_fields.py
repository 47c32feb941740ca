"""Orders V2: which fields may be written, and what is said of a bad value.

Source: BigCommerce docs, reference/orders.v2.oas2.yml; messages as observed by others.
"""

from __future__ import annotations

import ipaddress
import re
from decimal import Decimal
from typing import Any, Final

from twinshelf_sandbox.bigcommerce.calls import Call
from twinshelf_sandbox.bigcommerce.channels import channels
from twinshelf_sandbox.bigcommerce.orders.order_index import STATUSES
from twinshelf_sandbox.bigcommerce.responses import (
    Json,
    Refused,
    objects,
    parse_date,
    v2_error,
    v2_invalid,
    whole_number,
)
from twinshelf_sandbox.bigcommerce.settings import geography, settings

PAIRS: Final = ("shipping_cost", "handling_cost", "wrapping_cost", "subtotal", "total")


ADDRESS: Final = (
    "first_name",
    "last_name",
    "company",
    "street_1",
    "street_2",
    "city",
    "state",
    "zip",
    "country",
    "country_iso2",
    "phone",
    "email",
)


_READ_ONLY: Final = frozenset({
    "id", "date_modified", "date_shipped", "status", "custom_status", "subtotal_tax", "shipping_cost_tax",
    "handling_cost_tax", "wrapping_cost_tax", "total_tax", "payment_status", "store_credit_amount",
    "gift_certificate_amount", "currency_id", "currency_code", "currency_exchange_rate", "default_currency_id",
    "coupon_discount", "shipping_address_count", "external_id", "is_email_opt_in", "credit_card_type", "cart_id",
    "is_tax_inclusive_pricing", "store_default_currency_code", "store_default_to_transactional_exchange_rate",
    "coupons", "item_total", "credit_card", "taxes",
})  # fmt: skip


TEXTS: Final[dict[str, int]] = {
    "payment_method": 255, "payment_provider_id": 255, "staff_notes": 65_535, "customer_message": 65_535,
    "external_source": 255, "external_order_id": 255, "external_merchant_id": 255, "geoip_country": 255,
    "geoip_country_iso2": 2, "customer_locale": 64,
}  # fmt: skip


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def unwritable(name: str) -> Refused:
    """400 for a field that may only be read."""
    return v2_error(
        400, f"The field '{name}' cannot be written to. Please remove it from your request before trying again."
    )


def amount(doc: Json, name: str, shown: str | None = None) -> Decimal | None:
    """An amount of a document: number or text, never negative; None if it is not there."""
    value = doc.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise v2_invalid(shown or name)
    try:
        amount = Decimal(value)
    except ArithmeticError:
        raise v2_invalid(shown or name) from None
    if not amount.is_finite() or amount < 0 or amount > 10**15:
        raise v2_invalid(shown or name)
    return amount.quantize(Decimal("0.0001"))


def pair_of(doc: Json, name: str, prefix: str = "") -> tuple[Decimal, Decimal] | None:
    """`…_ex_tax` and `…_inc_tax`: both or neither."""
    ex = amount(doc, f"{name}_ex_tax", f"{prefix}{name}_ex_tax")
    inc = amount(doc, f"{name}_inc_tax", f"{prefix}{name}_inc_tax")
    if ex is None and inc is None:
        return None
    if ex is None or inc is None:
        raise v2_invalid(f"{prefix}{name}_{'ex' if ex is None else 'inc'}_tax")
    return ex, inc


def text_of(doc: Json, name: str, most: int) -> str | None:
    """A text of a document, of so many characters at most; None if it is not there."""
    value = doc.get(name)
    if value is None:
        return None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > most:
        raise v2_invalid(name)
    return value


def put_address(address: Json, doc: Any, name: str, *, partial: bool = False) -> None:
    """Bring an address document into an address, names and codes of the country both filled in."""
    if not isinstance(doc, dict):
        raise v2_invalid(name)
    for part in ADDRESS:
        if part in doc:
            value = doc[part]
            if value is None:
                raise v2_error(400, f"The field '{part}' does not allow null values.")
            if not isinstance(value, str) or len(value) > 255:
                raise v2_invalid(f"{name}.{part}")
            address[part] = value
        elif not partial:
            address.setdefault(part, "")
    if "form_fields" in doc:
        address["form_fields"] = _form_fields(doc["form_fields"] or [], name)
    if "shipping_method" in doc:
        address["shipping_method"] = text_of(doc, "shipping_method", 255) or ""
    if len(address["zip"]) == 1 or (name == "billing_address" and not address["zip"]):
        raise v2_invalid(f"{name}.zip")
    if address["email"] and not _EMAIL.fullmatch(address["email"]):
        raise v2_invalid(f"{name}.email")
    code = _country(address, doc, name, partial=partial)
    if code:
        address["country_iso2"], address["country"] = code, geography.country_name(code)


def _form_fields(given: Any, name: str) -> list[Json]:
    if not objects(given):
        raise v2_invalid(f"{name}.form_fields")
    return given


def _country(address: Json, doc: Json, name: str, *, partial: bool) -> str:
    """The code of the country an address document names; "" if a partial one names none."""
    if doc.get("country_iso2"):
        code: str = address["country_iso2"].upper()
        if geography.country_name(code) is None:
            raise v2_invalid(f"{name}.country_iso2")
        return code
    if doc.get("country"):
        found = geography.country_code(address["country"])
        if found is None:
            raise v2_invalid(f"{name}.country")
        return found
    if partial:
        return ""
    side = "Billing" if name == "billing_address" else "Shipping"
    raise v2_invalid(f"{name}.country", f"{side} address country not supplied.")


def check_fields(call: Call, doc: Json, *, update: bool) -> None:
    """Refuse what may not be written at all, and what has a bad value, field by field."""
    store = call.store
    locked = _READ_ONLY | {"external_merchant_id", "default_currency_code"} if update else _READ_ONLY
    for name in doc:
        if name in locked:
            raise unwritable(name)
    if "status_id" in doc and (type(doc["status_id"]) is not int or doc["status_id"] not in STATUSES):
        raise v2_invalid("status_id")
    customer = whole_number(doc.get("customer_id", 0))
    if customer != 0 and customer not in store.rows("customers"):
        raise v2_invalid("customer_id")
    if "channel_id" in doc and not channels.takes_orders(store, doc["channel_id"]):
        raise v2_invalid("channel_id")
    code = doc.get("default_currency_code")
    if code is not None:
        known = settings.currency(store, str(code))
        if known is None or not known["enabled"] or not known["is_transactional"]:
            raise v2_invalid("default_currency_code")
    if doc.get("date_created"):
        try:
            parse_date(str(doc["date_created"]), store.now)
        except ValueError:
            raise v2_invalid("date_created") from None
    for name, version in (("ip_address", 4), ("ip_address_v6", 6)):
        if doc.get(name) and not _is_ip(str(doc[name]), version):
            raise v2_invalid(name)


def _is_ip(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False
