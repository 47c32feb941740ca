"""Lines and addresses of an order: catalog lines with their variant, options and price, and custom lines.

Source: BigCommerce docs, reference/orders.v2.oas2.yml and store-operations/orders.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from twinshelf_sandbox.bigcommerce.catalog import price_lists, product_rows
from twinshelf_sandbox.bigcommerce.catalog.product_rows import Product
from twinshelf_sandbox.bigcommerce.orders.order_fields import ADDRESS, pair_of
from twinshelf_sandbox.bigcommerce.responses import Json, money, v2_error, v2_invalid, whole_number
from twinshelf_sandbox.bigcommerce.store import Store


@dataclass
class Trouble:
    """What is wrong with the lines of an order: told all at once."""

    options: list[Json] = field(default_factory=list)

    def raise_options(self) -> None:
        """Refuse, if the options of any line are at fault."""
        if self.options:
            raise v2_error(400, "The options of one or more products are invalid.", {"errors": self.options})


def thing_of(store: Store, product: Product) -> Json:
    """A product as refusals name it."""
    path = f"/products/{product.id}"
    return {
        "id": product.id,
        "name": product.main["name"],
        "url": f"{store.base_url}/stores/{store.hash}/v2{path}",
        "resource": path,
    }


def _variant(store: Store, product: Product, doc: Json, trouble: Trouble) -> tuple[Json | None, list[Json]]:
    """The variant a line means and the options it shows; faults go to `trouble`."""
    options, modifiers = product.sub("options"), product.sub("modifiers")
    by_id = {option["id"]: option for option in (*options, *modifiers)}
    chosen = _chosen(store, product, doc, by_id, trouble)
    variant = _meant(product, doc, chosen)
    missing = [] if variant is not None else [option for option in options if option["id"] not in chosen]
    for modifier in modifiers:
        if modifier.get("required") and modifier["id"] not in chosen:
            usual = next((value for value in modifier["option_values"] if value.get("is_default")), None)
            if usual is None:
                missing.append(modifier)
            else:
                chosen[modifier["id"]] = str(usual["id"])
    thing = thing_of(store, product)
    if missing:
        told = {**thing, "required_product_options": [_required(thing, option) for option in missing]}
        trouble.options.append({"type": "MandatoryProductOptions", "product": told})
    elif variant is None and not trouble.options:
        trouble.options.append({"type": "InvalidProductOption", "product": {**thing, "value": ""}})
    picks = [(value["option_id"], str(value["id"])) for value in (variant or {}).get("option_values", [])]
    picks += [(option["id"], chosen[option["id"]]) for option in modifiers if option["id"] in chosen]
    return variant, [_pick(by_id[option_id], value) for option_id, value in picks]


def _chosen(store: Store, product: Product, doc: Json, by_id: dict[int, Json], trouble: Trouble) -> dict[int, str]:
    """Option → value of a line's `product_options`, without those that are at fault."""
    given = doc.get("product_options") or []
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise v2_invalid("products.product_options")
    thing = thing_of(store, product)
    chosen: dict[int, str] = {}
    for one in given:
        option = by_id.get(one["id"]) if isinstance(one.get("id"), int) else None
        value = str(one.get("value", ""))
        if option is None:
            trouble.options.append({"type": "InvalidProductOption", "product": {**thing, "value": value}})
            continue
        values = [str(known["id"]) for known in option["option_values"]]
        if values and value not in values:
            names = {"id": option["id"], "option_id": option["id"], "display_name": option["display_name"]}
            told = {**thing, "product_option": {**names, "value": value}}
            trouble.options.append({"type": "InvalidProductOptionValue", "product": told})
            continue
        chosen[option["id"]] = value
    return chosen


def _meant(product: Product, doc: Json, chosen: dict[int, str]) -> Json | None:
    """The variant a line names by its id, or by one value of each option."""
    variant_id = doc.get("variant_id")
    if variant_id:
        if variant_id not in product.row["vi"]:
            raise v2_invalid("products.variant_id")
        return product.peek(variant_id)
    if product.is_simple:
        return product.variants[0]
    for variant in product.variants:
        values = variant["option_values"]
        if values and all(chosen.get(value["option_id"]) == str(value["id"]) for value in values):
            return variant
    return None


def _required(thing: Json, option: Json) -> Json:
    return {
        "id": option["id"],
        "option_id": option["id"],
        "display_name": option["display_name"],
        "url": f"{thing['url']}/options/{option['id']}",
        "resource": f"{thing['resource']}/options/{option['id']}",
    }


def _pick(option: Json, value: str) -> Json:
    shown = next((known["label"] for known in option["option_values"] if str(known["id"]) == value), value)
    return {
        "id": 0,
        "option_id": option["id"],
        "order_product_id": 0,
        "product_option_id": option["id"],
        "display_name": option["display_name"],
        "display_name_customer": option["display_name"],
        "display_name_merchant": option["display_name"],
        "display_value": shown,
        "display_value_customer": shown,
        "display_value_merchant": shown,
        "value": value,
        "type": {"swatch": "Swatch", "text": "Text field", "checkbox": "Checkbox"}.get(
            option["type"], "Multiple choice"
        ),
        "name": option["name"],
        "display_style": {"rectangles": "Rectangle", "dropdown": "Dropdown", "radio_buttons": "Radio"}.get(
            option["type"], ""
        ),
    }


def quantity_of(doc: Json, least: int = 1) -> int:
    """The quantity of a line's document. Raises Refused for what is none."""
    quantity = whole_number(doc.get("quantity"))
    if quantity is None or not least <= quantity <= product_rows.MOST_STOCK:
        raise v2_invalid("products.quantity")
    return quantity


def _names(doc: Json, usual: str) -> Json:
    name = doc.get("name") or doc.get("name_customer") or usual
    merchant = doc.get("name_merchant") or usual or name
    for value in (name, merchant):
        if not isinstance(value, str) or len(value) > 250:
            raise v2_invalid("products.name")
    return {"name": name, "name_customer": doc.get("name_customer") or name, "name_merchant": merchant}


def new_line(store: Store, doc: Any, channel_id: int, rate: Decimal, trouble: Trouble) -> Json | None:
    """A line of a document, not yet numbered; None if its options are at fault."""
    if not isinstance(doc, dict):
        raise v2_invalid("products")
    prices = pair_of(doc, "price", "products.")
    if not doc.get("product_id"):
        if not doc.get("name"):
            raise v2_invalid("products.product_id, products.name")
        quantity = quantity_of(doc)
        if prices is None:
            raise v2_invalid("products.price_inc_tax")
        names = _names(doc, str(doc["name"]))
        sku, upc = str(doc.get("sku") or ""), str(doc.get("upc") or "")
        return _line(names, codes=(sku, upc), quantity=quantity, prices=prices, base=prices[0])
    product_id = doc["product_id"]
    product = (
        product_rows.load(store, product_id)
        if isinstance(product_id, int) and not isinstance(product_id, bool)
        else None
    )
    if product is None:
        raise v2_invalid("products.product_id")
    quantity = quantity_of(doc)
    variant, picks = _variant(store, product, doc, trouble)
    if variant is None:
        return None
    main = product.main
    base = price_lists.price_in(store, variant, channel_id)
    catalog_prices = _taxed(store, (Decimal(base) * rate).quantize(Decimal("0.0001")))
    charged = prices or catalog_prices
    line = _line(
        _names(doc, main["name"]),
        ids=(product_id, variant["id"]),
        codes=(variant["sku"] or main["sku"], str(doc.get("upc") or variant["upc"] or "")),
        kind=main["type"],
        quantity=quantity,
        prices=charged,
        base=charged[1 if store.row["is_price_entered_with_tax"] else 0],
    )
    for name in ("weight", "width", "height", "depth"):
        line[name] = money(main[name] if variant[name] is None else variant[name])
    cost = money(variant["cost_price"] or main["cost_price"] or 0)
    line.update(base_cost_price=cost, cost_price_inc_tax=cost, cost_price_ex_tax=cost)
    line.update(
        fixed_shipping_cost=money(main["fixed_cost_shipping_price"] or 0),
        bin_picking_number=variant["bin_picking_number"] or "",
    )
    brand = store.rows("brands").get(main["brand_id"]) if main["brand_id"] else None
    line.update(brand=brand["name"] if brand else "", product_options=picks)
    wrapping = pair_of(doc, "wrapping_cost", "products.")
    if wrapping is not None:
        line.update(
            wrapping_id=doc.get("wrapping_id") or 0, wrapping_name=str(doc.get("wrapping_name") or ""),
            wrapping_message=str(doc.get("wrapping_message") or ""), base_wrapping_cost=money(wrapping[0]),
            wrapping_cost_ex_tax=money(wrapping[0]), wrapping_cost_inc_tax=money(wrapping[1]),
            wrapping_cost_tax=money(wrapping[1] - wrapping[0]),
        )  # fmt: skip
    return line


def _taxed(store: Store, price: Decimal) -> tuple[Decimal, Decimal]:
    """(ex tax, inc tax) of a catalog price. Stores with automatic tax compute none for orders of the API."""
    rate = Decimal(0) if store.row["automatic_tax"] else Decimal(store.row["tax_rate"]) / 100
    if store.row["is_price_entered_with_tax"]:
        return (price / (1 + rate)).quantize(Decimal("0.0001")), price
    return price, (price * (1 + rate)).quantize(Decimal("0.0001"))


def _line(
    names: Json,
    *,
    ids: tuple[int, int] = (0, 0),
    codes: tuple[str, str],
    kind: str = "physical",
    quantity: int,
    prices: tuple[Decimal, Decimal],
    base: Decimal,
) -> Json:
    """A line with nothing but its names, (product, variant), (SKU, UPC), quantity and prices filled in."""
    zero = money(0)
    line: Json = {
        "id": 0,
        "order_id": 0,
        "product_id": ids[0],
        "variant_id": ids[1],
        "order_pickup_method_id": 0,
        "order_address_id": 0,
        **names,
        "sku": codes[0],
        "upc": codes[1],
        "type": kind,
        "base_price": money(base),
        "price_ex_tax": zero,
        "price_inc_tax": zero,
        "price_tax": zero,
        "base_total": zero,
        "total_ex_tax": zero,
        "total_inc_tax": zero,
        "total_tax": zero,
        "weight": zero,
        "width": zero,
        "height": zero,
        "depth": zero,
        "quantity": quantity,
        "base_cost_price": zero,
        "cost_price_inc_tax": zero,
        "cost_price_ex_tax": zero,
        "cost_price_tax": zero,
        "is_refunded": False,
        "quantity_refunded": 0,
        "refund_amount": zero,
        "return_id": 0,
        "wrapping_id": 0,
        "wrapping_name": "",
        "base_wrapping_cost": zero,
        "wrapping_cost_ex_tax": zero,
        "wrapping_cost_inc_tax": zero,
        "wrapping_cost_tax": zero,
        "wrapping_message": "",
        "quantity_shipped": 0,
        "event_name": None,
        "event_date": None,
        "fixed_shipping_cost": zero,
        "ebay_item_id": "",
        "ebay_transaction_id": "",
        "option_set_id": None,
        "parent_order_product_id": None,
        "is_bundled_product": False,
        "bin_picking_number": "",
        "external_id": None,
        "fulfillment_source": "",
        "brand": "",
        "gift_certificate_id": None,
        "applied_discounts": [],
        "product_options": [],
        "configurable_fields": [],
        "discounted_total_inc_tax": zero,
        "_taken": 0,
        "_location": 0,
        "_owner": "",
    }
    price_line(line, prices)
    return line


def price_line(line: Json, prices: tuple[Decimal, Decimal]) -> None:
    """Bring the amounts of a line into step with its quantity and its prices (ex tax, inc tax)."""
    ex, inc = prices
    quantity = line["quantity"]
    line.update(price_ex_tax=money(ex), price_inc_tax=money(inc), price_tax=money(inc - ex))
    line.update(
        total_ex_tax=money(ex * quantity), total_inc_tax=money(inc * quantity), total_tax=money((inc - ex) * quantity)
    )
    line["base_total"] = money(Decimal(line["base_price"]) * quantity)
    line["discounted_total_inc_tax"] = line["total_inc_tax"]


def new_address(store: Store, order_id: int, address: Json) -> Json:
    """An address of an order, numbered."""
    zero = money(0)
    return {
        "id": store.take("order_addresses", 1),
        "order_id": order_id,
        **{name: address.get(name, "") for name in ADDRESS},
        "items_total": 0,
        "items_shipped": 0,
        "shipping_method": address.get("shipping_method") or "None",
        "base_cost": zero,
        "cost_ex_tax": zero,
        "cost_inc_tax": zero,
        "cost_tax": zero,
        "cost_tax_class_id": 2,
        "base_handling_cost": zero,
        "handling_cost_ex_tax": zero,
        "handling_cost_inc_tax": zero,
        "handling_cost_tax": zero,
        "handling_cost_tax_class_id": 2,
        "shipping_zone_id": 1,
        "shipping_zone_name": address.get("country", ""),
        "form_fields": address.get("form_fields") or [],
    }


def number_line(store: Store, line: Json, order_id: int, address_id: int) -> None:
    """Give a line and its options their ids."""
    line.update(id=store.take("order_products", 1), order_id=order_id, order_address_id=address_id)
    for option in line["product_options"]:
        option.update(id=store.take("order_options", 1), order_product_id=line["id"])
