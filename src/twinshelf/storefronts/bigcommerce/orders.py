"""Orders of the V2 API as our documents, and drafts of new ones as its JSON. Pure.

Source: BigCommerce docs, reference/orders.v2.oas2.yml; docs/store-operations/orders/index.mdx.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from twinshelf.documents import (
    Address,
    Money,
    StoreOrder,
    StoreOrderDraft,
    StoreOrderItem,
    StoreOrderLine,
    StoreOrderPage,
    Unreadable,
)
from twinshelf.errors import DocumentError, GoneFromStore, OutOfStock, Refused
from twinshelf.storefronts.bigcommerce import states, wire

PLACEHOLDER_ZIP = "00000"
"""Sent where a buyer's postal code has fewer than the two characters BigCommerce demands (countries without codes)."""

_NAME_LIMIT = 250
_NOTES_LIMIT = 65_535
_TEXT_LIMIT = 255
"""Characters that a part of an address and a shipping method may have (docs/platforms/bigcommerce.md section 13.2)."""
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class _Order(msgspec.Struct):
    id: wire.Id
    status_id: int
    date_created: str
    date_modified: str
    total_inc_tax: Decimal
    default_currency_code: str | None = None
    currency_code: str | None = None
    external_order_id: str | None = None
    external_source: str | None = None
    channel_id: int | None = None
    order_source: str | None = None
    is_deleted: bool | None = None
    consignments: msgspec.Raw = msgspec.Raw(b"{}")


class _Item(msgspec.Struct):
    id: wire.Id
    quantity: int
    product_id: int | None = None
    variant_id: int | None = None
    order_address_id: int | None = None
    sku: str | None = None
    quantity_shipped: int | None = None
    quantity_refunded: int | None = None


class _Consignment(msgspec.Struct):
    line_items: list[msgspec.Raw] = []


class _Consignments(msgspec.Struct):
    """What goes where: a link, unless the lines were asked for."""

    shipping: list[_Consignment] | None = None
    pickups: list[_Consignment] = []
    downloads: list[_Consignment] = []


class _Address(msgspec.Struct):
    id: wire.Id


class _Created(msgspec.Struct):
    id: wire.Id


_orders = wire.Reader(_Order)
_items = wire.Reader(_Item)
_consignments = msgspec.json.Decoder(_Consignments, strict=False)
_addresses = wire.Reader(_Address)
_created = wire.Reader(_Created)


def order_from_json(body: bytes) -> StoreOrder:
    """One order, without its items. Raises DocumentError naming the field that is missing.

    The total is in the currency that the buyer paid in (`default_currency_code`; the other one is only displayed).
    """
    return _order(_orders.bare(body))


def orders_from_json(body: bytes) -> tuple[list[StoreOrder], tuple[Unreadable, ...]]:
    """(orders, those that could not be read)."""
    return wire.mapped(_orders.v2_list(body), _order, lambda row: row.id)


def page_from_json(body: bytes, *, after: str, limit: int) -> StoreOrderPage:
    """One page of a scan by id that goes on after `after`."""
    rows = _orders.v2_list(body)
    found, unreadable = wire.mapped(rows, _order, lambda row: row.id)
    last_id = str(wire.highest(rows, lambda row: row.id) or after)
    return StoreOrderPage(tuple(found), unreadable, last_id, rows.count >= limit)


def items_from_json(body: bytes) -> tuple[list[StoreOrderItem], tuple[Unreadable, ...]]:
    """(lines of one order, those that could not be read). A custom line has the product and variant id ""."""
    rows = _items.v2_list(body)
    return [_item(row) for row in rows.good], rows.bad


def address_ids_from_json(body: bytes) -> tuple[str, ...]:
    """The ids of an order's shipping addresses. Raises DocumentError if one cannot be read."""
    rows = _addresses.v2_list(body)
    if rows.bad:
        raise rows.bad[0].error
    return tuple(str(row.id) for row in rows.good)


def created_id_from_json(body: bytes) -> str:
    """The id of the order that was just made. Raises DocumentError if it is not there."""
    return str(_created.bare(body).id)


def draft_to_json(draft: StoreOrderDraft, *, store_currency: str | None = None) -> dict[str, Any]:
    """The body that makes the order; amounts are exact Decimal.

    Prices, shipping, handling, subtotals and totals go in pairs with and without tax, since half a pair gives wrong
    totals. The buyer's address bills and ships. An order in a currency other than `store_currency` says so, and the
    store then refuses it unless it sells in that currency; with None it is not compared.

    Raises DocumentError if the draft mixes currencies, has a negative amount, or no lines.
    Source: reference/orders.v2.oas2.yml, order_Post, order_Shared; orders/index.mdx on overriding totals.
    """
    currency = draft.total_inc_tax.currency
    if not draft.lines:
        raise DocumentError("lines", "an order needs at least one")

    def amount(name: str, value: Money) -> Decimal:
        if value.currency != currency:
            raise DocumentError(name, f"is in {value.currency} while the total is in {currency}")
        return wire.money(value.amount, currency, name).amount

    address = address_to_json(draft.address)
    body: dict[str, Any] = {
        "status_id": states.number_of(draft.state),
        "customer_id": 0,
        "channel_id": int(draft.channel_id),
        "external_source": draft.external_source,
        "external_order_id": draft.external_order_id,
        "external_merchant_id": draft.external_merchant_id,
        "payment_method": draft.payment_method,
        "billing_address": address,
        "shipping_addresses": [{**address, "shipping_method": draft.shipping_method[:_TEXT_LIMIT]}],
        "products": [_line_to_json(at, line, amount) for at, line in enumerate(draft.lines)],
        "shipping_cost_ex_tax": amount("shipping_ex_tax", draft.shipping_ex_tax),
        "shipping_cost_inc_tax": amount("shipping_inc_tax", draft.shipping_inc_tax),
        "discount_amount": amount("discount", draft.discount),
        "subtotal_ex_tax": amount("subtotal_ex_tax", draft.subtotal_ex_tax),
        "subtotal_inc_tax": amount("subtotal_inc_tax", draft.subtotal_inc_tax),
        "total_ex_tax": amount("total_ex_tax", draft.total_ex_tax),
        "total_inc_tax": amount("total_inc_tax", draft.total_inc_tax),
    }
    if draft.handling is not None:  # fees are told without tax of their own
        body["handling_cost_ex_tax"] = body["handling_cost_inc_tax"] = amount("handling", draft.handling)
    if draft.customer_message:
        body["customer_message"] = draft.customer_message[:_NOTES_LIMIT]
    if notes := "\n".join(filter(None, [draft.staff_notes, _in_full(draft.address)])):
        body["staff_notes"] = notes[:_NOTES_LIMIT]
    if store_currency not in {None, currency}:
        body["default_currency_code"] = currency
    return body


def address_to_json(address: Address) -> dict[str, str]:
    """An address as billing and shipping addresses take it.

    The country goes as its code only. No part is null, which BigCommerce refuses; an email that is empty or none is
    left out, since an invalid one is refused. See `fitted` for long parts, PLACEHOLDER_ZIP for short postal codes.
    """
    address = fitted(address)
    zip_code = address.postal_code.strip()
    body = {
        "first_name": address.first_name,
        "last_name": address.last_name,
        "company": address.company,
        "street_1": address.street_1,
        "street_2": address.street_2,
        "city": address.city,
        "state": address.state,
        "zip": zip_code if len(zip_code) >= 2 else PLACEHOLDER_ZIP,
        "country_iso2": address.country_code,
        "phone": address.phone,
    }
    if _EMAIL.fullmatch(address.email) and len(address.email) <= _TEXT_LIMIT:
        body["email"] = address.email
    return body


def fitted(address: Address) -> Address:
    """The address in parts of 255 characters at most: what the first street line has too much goes into the second.

    What still does not fit is cut at a word; `shortened` names it.
    """
    first, rest = _split(address.street_1)
    streets = {"street_1": first, "street_2": ", ".join(filter(None, [rest, address.street_2]))}
    return replace(
        address,
        **{
            name: _split(streets.get(name, getattr(address, name)))[0]
            for name in Address.__struct_fields__
            if name != "email"
        },
    )


def shortened(address: Address) -> tuple[str, ...]:
    """The names of the parts of an address that lose something because they are too long for BigCommerce."""
    sent = fitted(address)
    others = (name for name in Address.__struct_fields__ if name not in {"email", "street_1", "street_2"})
    lost = [name for name in others if getattr(sent, name) != getattr(address, name)]
    whole = _letters(address.street_1 + address.street_2) == _letters(sent.street_1 + sent.street_2)
    return (*lost, *(() if whole else ("street",)))


def _letters(text: str) -> str:
    """What a text says, whatever stands between its words and wherever a line is broken."""
    return "".join(character for character in text if character not in " ,")


def _split(text: str) -> tuple[str, str]:
    """(as much of a text as fits, the rest), parted at a blank where there is one."""
    if len(text) <= _TEXT_LIMIT:
        return text, ""
    at = text.rfind(" ", 1, _TEXT_LIMIT + 1)
    at = at if at > 0 else _TEXT_LIMIT
    return text[:at].rstrip(" ,"), text[at:].lstrip(" ,")


def _in_full(address: Address) -> str:
    """For the store's staff: the parts that had to be shortened, whole; "" if none was."""
    lost = shortened(address)
    if not lost:
        return ""
    names = ("street_1", "street_2") if "street" in lost else ()
    parts = [getattr(address, name) for name in (*names, *lost) if name != "street"]
    return f"The address in full, where it is too long for its fields: {'; '.join(filter(None, parts))}"


_GONE: Final = frozenset({"products.product_id", "products.variant_id"})
_ADDRESS_PARTS: Final = {
    "first_name": "name", "last_name": "name", "company": "company", "street_1": "street", "street_2": "street",
    "city": "city", "state": "state", "zip": "postal code", "country": "country", "country_iso2": "country",
    "phone": "phone number", "email": "email",
}  # fmt: skip


def explained(refused: Refused, currency: str) -> Refused:
    """The refusal of an order in words of a merchant, with the message whose remedy cures it.

    GoneFromStore where a product or variant is not there. What may pass by itself is not `permanent`: all but fields,
    of which V2 says 400, and quantities, of which it says 409.
    """
    if isinstance(refused, OutOfStock):
        return refused
    if not refused.permanent or refused.platform_code not in {400, 409}:
        answer, number = refused.platform_message, refused.platform_code
        return Refused(refused.platform, answer, platform_code=number, request_id=refused.request_id)
    names = [name for name, _why in refused.fields]
    if _GONE & set(names):
        return _as(
            refused, GoneFromStore, code="E-ORD-REFUSED", answer="it does not have a product of the order any more"
        )
    if "default_currency_code" in names:
        return _as(refused, Refused, code="E-ORD-CURRENCY", answer=f"the store takes no orders in {currency}")
    if parts := _address_parts(names):
        return _as(
            refused,
            Refused,
            code="E-ORD-PLACE",
            answer=f"it does not take the {' and the '.join(parts)} of the address",
        )
    if refused.platform_code == 409:  # not for want of stock, which may pass
        whys = dict.fromkeys(why for _name, why in refused.fields)
        return _as(refused, type(refused), code="E-ORD-QUANTITY", answer="; ".join(whys))
    return _as(refused, type(refused), code="E-ORD-REFUSED", answer=refused.platform_message.rstrip("."))


def _address_parts(names: list[str]) -> list[str]:
    places = [name.partition(".") for name in names]
    found = [_ADDRESS_PARTS.get(part, part) for side, _dot, part in places if side in _SIDES and part]
    return list(dict.fromkeys(found))


_SIDES: Final = frozenset({"billing_address", "shipping_addresses"})


def _as(refused: Refused, kind: type[Refused], *, code: str, answer: str) -> Refused:
    return kind(
        refused.platform,
        answer,
        platform_code=refused.platform_code,
        request_id=refused.request_id,
        fields=refused.fields,
        code=code,
    )


def _line_to_json(at: int, line: StoreOrderLine, amount: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "quantity": line.quantity,
        "price_ex_tax": amount(f"lines[{at}].unit_price_ex_tax", line.unit_price_ex_tax),
        "price_inc_tax": amount(f"lines[{at}].unit_price_inc_tax", line.unit_price_inc_tax),
    }
    if line.variant_id:  # by variant, never by option values: their ids change when somebody edits a shared option
        return {"product_id": int(line.product_id), "variant_id": int(line.variant_id), **body}
    name = line.name.strip() or line.sku or "TikTok Shop item"
    return {"name": name[:_NAME_LIMIT], "sku": line.sku, **body}


def _order(row: _Order) -> StoreOrder:
    currency = row.default_currency_code or row.currency_code
    if not currency:
        raise DocumentError("default_currency_code", "not in the order BigCommerce sent")
    items, complete = _lines_in(row.consignments)
    return StoreOrder(
        id=str(row.id),
        state=states.state_of(row.status_id),
        external_order_id=row.external_order_id or "",
        external_source=row.external_source or "",
        channel_id=str(row.channel_id or 1),  # the storefront's own
        total_inc_tax=wire.money(row.total_inc_tax, currency, "total_inc_tax"),
        modified_at=wire.moment(row.date_modified, "date_modified"),
        created_at=wire.moment(row.date_created, "date_created"),
        archived=bool(row.is_deleted),
        source=row.order_source or "",
        items=items,
        has_all_items=complete,
    )


def _lines_in(consignments: msgspec.Raw) -> tuple[tuple[StoreOrderItem, ...], bool]:
    """(lines, whether these are all): of more than 50, BigCommerce shows 50 and a warning.

    What cannot be read leaves them incomplete: the lines of the order tell all.
    """
    try:
        read = _consignments.decode(consignments)
        if read.shipping is None:
            return (), False
        rows = [line for one in (*read.shipping, *read.pickups, *read.downloads) for line in one.line_items]
        return tuple(_item(_items.bare(line)) for line in rows), True
    except (msgspec.DecodeError, DocumentError):
        return (), False


def _item(row: _Item) -> StoreOrderItem:
    return StoreOrderItem(
        id=str(row.id),
        product_id=str(row.product_id or ""),
        variant_id=str(row.variant_id or ""),
        sku=row.sku or "",
        quantity=row.quantity,
        shipped=row.quantity_shipped or 0,
        refunded=row.quantity_refunded or 0,
        address_id=str(row.order_address_id or ""),
    )
