"""Products of the V3 catalog as our documents, with the names of their brands and categories.

Keeps out stock per location (`inventory.py`) and every HTTP call. Pure.
Source: BigCommerce docs, reference/catalog/{products, product-variants, brands, category-trees}_catalog.v3.yml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Final

import msgspec

from twinshelf.documents import (
    Dimensions,
    DraftVariant,
    Image,
    LengthUnit,
    Money,
    Names,
    OptionValue,
    Product,
    ProductDraft,
    ProductPage,
    StoreInfo,
    Tracking,
    Variant,
    Weight,
    WeightUnit,
)
from twinshelf.errors import DocumentError
from twinshelf.storefronts.bigcommerce import wire
from twinshelf.storefronts.bigcommerce.wire import Id

Level = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _OptionValue(msgspec.Struct, gc=False):
    label: str
    option_display_name: str


class _Variant(msgspec.Struct):
    id: Id
    sku: str | None
    price: Decimal | None
    option_values: list[_OptionValue]
    sale_price: Decimal | None = None
    weight: Decimal | None = None
    purchasing_disabled: bool = False
    image_url: str | None = None
    gtin: str | None = None
    upc: str | None = None
    inventory_level: Level | None = None


class _Image(msgspec.Struct, gc=False):
    url_zoom: str | None = None
    url_standard: str | None = None
    is_thumbnail: bool | None = None
    sort_order: int | None = None


class _CustomField(msgspec.Struct, gc=False):
    name: str | None = None
    value: str | None = None


class _Product(msgspec.Struct):
    id: Id
    name: str
    price: Decimal
    inventory_tracking: str
    availability: str
    date_modified: str
    variants: list[_Variant]
    sku: str | None = None
    description: str | None = None
    brand_id: int | None = None
    categories: list[int] | None = None
    custom_fields: list[_CustomField] | None = None
    images: list[_Image] | None = None
    sale_price: Decimal | None = None
    weight: Decimal | None = None
    width: Decimal | None = None
    depth: Decimal | None = None
    height: Decimal | None = None
    gtin: str | None = None
    upc: str | None = None
    inventory_level: Level | None = None
    is_visible: bool = True
    order_quantity_minimum: int | None = None
    order_quantity_maximum: int | None = None


class _Brand(msgspec.Struct):
    id: Id
    name: str | None = None


class _Category(msgspec.Struct):
    """From category trees (`category_id`) or from the older list of channel 1 (`id`)."""

    name: str
    category_id: int | None = None
    id: int | None = None
    parent_id: int | None = None


_products = wire.Reader(_Product)
_brands = wire.Reader(_Brand)
_categories = wire.Reader(_Category)

_TRACKING: Mapping[str, Tracking] = {"none": "none", "product": "product", "variant": "variant"}


def product_from_json(body: bytes, names: Names, *, store: StoreInfo) -> Product:
    """Translate one V3 product, read with its variants, images and custom fields.

    Prices and weights are bare numbers in BigCommerce: `store` says what currency and units they are in. A variant
    whose price is null sells at the product's; a sale price of null or 0 is none; a weight of null or 0 is the
    product's. Stock is None where `inventory_tracking` is "none", and on every variant where several share the
    product's. A tracking mode we do not know counts as per variant: None would mean unlimited stock.

    Raises DocumentError naming the field that is missing or not what it should be.
    Source: reference/catalog/products_catalog.v3.yml, `price`, `inventory_tracking`; product-variants_catalog.v3.yml.
    """
    return _product(_products.bare(body), names, store)


def page_from_json(
    body: bytes,
    names: Names,
    *,
    store: StoreInfo,
    limit: int,
    going_on: Callable[[str], object] | None = None,
) -> ProductPage:
    """One page of products. A product that cannot be read costs only itself: it is told in `unreadable`.

    `going_on` is told where the scan goes on, if it does, before the products are made.

    Raises NotAnAnswer if the body is no page at all, or has rows but not one id by which a scan could go on.
    """
    rows = _products.v3_list(body)
    last_id = str(wire.highest(rows, lambda row: row.id) or "")
    if rows.count and not last_id:
        raise wire.NotAnAnswer("a page of products without a single id")
    # A page without rows is the last one, whatever `meta.pagination` promises after it.
    more = rows.count > 0 and (rows.count >= limit if rows.more is None else rows.more)
    if more and going_on is not None:
        going_on(last_id)
    products, unreadable = wire.mapped(rows, lambda row: _product(row, names, store), lambda row: row.id)
    return ProductPage(tuple(products), unreadable, last_id, more)


def brands_from_json(body: bytes) -> tuple[dict[str, str], bool | None]:
    """(brand names by id, whether there are more pages)."""
    rows = _brands.v3_list(body)
    return {str(row.id): (row.name or "").strip() for row in rows.good}, rows.more


def categories_from_json(body: bytes) -> tuple[dict[int, tuple[int, str]], bool | None]:
    """(category id → (parent id, name), whether there are more pages), from either of the two category lists."""
    rows = _categories.v3_list(body)
    found = {}
    for row in rows.good:
        category_id = row.category_id or row.id
        if category_id:
            found[category_id] = (row.parent_id or 0, row.name.strip())
    return found, rows.more


def category_paths(categories: Mapping[int, tuple[int, str]]) -> dict[str, str]:
    """The full path of each category. One whose parent is unknown, or its own ancestor, starts the path itself."""
    paths: dict[str, str] = {}
    for category_id in categories:
        chain: list[str] = []
        seen: set[int] = set()
        at = category_id
        while at in categories and at not in seen:
            seen.add(at)
            at, name = categories[at]
            chain.append(name)
        paths[str(category_id)] = " > ".join(reversed(chain))
    return paths


def _product(row: _Product, names: Names, store: StoreInfo) -> Product:
    if not row.variants:
        raise DocumentError("variants", "empty: even a product without options has one")
    currency, unit = store.currency, store.weight_unit
    price = wire.money(row.price, currency, "price")
    sale_price = _sale_price(row.sale_price, currency, "sale_price")
    weight = _weight(row.weight, unit)
    tracking = _TRACKING.get(row.inventory_tracking, "variant")
    only = len(row.variants) == 1
    variants = []
    for at, v in enumerate(row.variants):
        base = only and not v.option_values
        # What the store charges, weakest first: product, its sale, variant, its sale (pricing/calculations.mdx).
        if v.price is None:
            own_price, own_sale = price, sale_price
        else:
            own_price, own_sale = wire.money(v.price, currency, f"variants[{at}].price"), None
        if v.sale_price:
            own_sale = _sale_price(v.sale_price, currency, f"variants[{at}].sale_price")
        sku = (v.sku or "").strip()
        gtin = v.gtin or v.upc or ""
        if base:  # BigCommerce shows both, and lets either be filled in
            sku = sku or (row.sku or "").strip()
            gtin = gtin or row.gtin or row.upc or ""
        variants.append(
            Variant(
                id=str(v.id),
                sku=sku,
                options=tuple([OptionValue(o.option_display_name.strip(), o.label.strip()) for o in v.option_values]),
                price=own_price,
                sale_price=own_sale,
                stock=_stock(row, v, tracking, at),
                weight=_weight(v.weight, unit) or weight,
                gtin=gtin.strip(),
                image_url=v.image_url or "",
                purchasable=not v.purchasing_disabled,
            )
        )
    return Product(
        id=str(row.id),
        title=row.name.strip(),
        sku=(row.sku or "").strip(),
        description=row.description or "",
        brand=names.brands.get(str(row.brand_id), ""),
        categories=tuple([name for c in row.categories or () if (name := names.categories.get(str(c)))]),
        custom_fields=tuple([(f.name or "", f.value or "") for f in row.custom_fields or ()]),
        price=price,
        weight=weight,
        dimensions=_dimensions(row, store.length_unit),
        images=_images(row.images or ()),
        variants=tuple(variants),
        tracking=tracking,
        purchasable=row.availability == "available",
        visible=row.is_visible,
        minimum_quantity=max(0, row.order_quantity_minimum or 0),
        maximum_quantity=max(0, row.order_quantity_maximum or 0),
        modified_at=wire.moment(row.date_modified, "date_modified"),
    )


def _stock(row: _Product, variant: _Variant, tracking: Tracking, at: int) -> int | None:
    """BigCommerce counts below zero when it oversold; nothing can be sold of that either."""
    if tracking == "none" or (tracking == "product" and len(row.variants) > 1):
        return None
    if tracking == "product":
        level, name = row.inventory_level, "inventory_level"
    else:
        level, name = variant.inventory_level, f"variants[{at}].inventory_level"
    if level is None:
        raise DocumentError(name, f"null, although stock is tracked per {tracking}")
    return max(0, level)


def _sale_price(amount: Decimal | None, currency: str, name: str) -> Money | None:
    return wire.money(amount, currency, name) if amount else None


def _weight(value: Decimal | None, unit: WeightUnit) -> Weight | None:
    value = _given(value)
    return None if value is None else Weight(value, unit)


def _dimensions(row: _Product, unit: LengthUnit) -> Dimensions | None:
    length, width, height = _given(row.depth), _given(row.width), _given(row.height)
    return None if length is width is height is None else Dimensions(length, width, height, unit)


def _given(value: Decimal | None) -> Decimal | None:
    """A measure that says something. BigCommerce demands a weight, so merchants who do not care type 0."""
    return value if value is not None and value.is_finite() and value > 0 else None


def _images(rows: Iterable[_Image]) -> tuple[Image, ...]:
    """Thumbnail first, then by sort order; the address of the largest size the store serves."""
    images = [
        Image(url=url, thumbnail=bool(row.is_thumbnail), sort_order=row.sort_order or 0)
        for row in rows
        if (url := row.url_zoom or row.url_standard)
    ]
    images.sort(key=lambda image: (not image.thumbnail, image.sort_order))
    return tuple(images)


# -- to BigCommerce -------------------------------------------------------------------------------------------------

LONGEST_NAME: Final = 250
MOST_VARIANTS_A_CALL: Final = 50


class _IdOnly(msgspec.Struct):
    id: Id


class _OfSku(msgspec.Struct):
    product_id: Id
    sku: str | None = None


_created = wire.Reader(_IdOnly)
_of_sku = wire.Reader(_OfSku)


def draft_to_json(draft: ProductDraft, store: StoreInfo) -> dict[str, Any]:
    """The body that makes a product. Measures are converted to the store's units; what is not given has no field.

    Stock is counted where the draft gives any. Raises DocumentError if it has no variants or another currency.
    Source: products_catalog.v3.yml, POST /catalog/products.
    """
    if not draft.variants:
        raise DocumentError("variants", "a product has at least one")
    if any(variant.price.currency != store.currency for variant in draft.variants):
        raise DocumentError("price", f"not in the store's currency, {store.currency}")
    first = draft.variants[0]
    simple = len(draft.variants) == 1 and not first.options
    counted = all(variant.stock is not None for variant in draft.variants)
    body: dict[str, Any] = {
        "name": draft.title[:LONGEST_NAME].strip(),
        "type": "physical",
        "description": draft.description,
        "weight": Decimal(0),
        "price": min(variant.price.amount for variant in draft.variants),
        "is_visible": draft.visible,
        "availability": "available",
        "inventory_tracking": ("product" if simple else "variant") if counted else "none",
        "images": [
            {"image_url": url, "is_thumbnail": at == 0, "sort_order": at} for at, url in enumerate(draft.image_urls)
        ],
        **_measures_to_json(draft.weight, draft.dimensions, store),
    }
    if draft.brand:
        body["brand_name"] = draft.brand
    if simple:
        body["sku"] = first.sku
        body |= {"gtin": first.gtin} if first.gtin else {}
        body |= {"inventory_level": first.stock} if counted else {}
    else:
        body["variants"] = [_draft_variant_to_json(variant, counted=counted) for variant in draft.variants]
    return body


def _draft_variant_to_json(variant: DraftVariant, *, counted: bool) -> dict[str, Any]:
    given = {"gtin": variant.gtin, "image_url": variant.image_url}
    return {
        "sku": variant.sku,
        "price": variant.price.amount,
        "option_values": [{"option_display_name": each.option, "label": each.value} for each in variant.options],
        **({"inventory_level": variant.stock} if counted else {}),
        **{name: text for name, text in given.items() if text},
    }


def fields_to_json(
    *,
    title: str | None,
    description: str | None,
    weight: Weight | None,
    dimensions: Dimensions | None,
    store: StoreInfo,
) -> dict[str, Any]:
    """The body that changes these fields of a product; those that are None stay as they are."""
    body = _measures_to_json(weight, dimensions, store)
    if title is not None:
        body["name"] = title[:LONGEST_NAME].strip()
    if description is not None:
        body["description"] = description
    return body


def _measures_to_json(weight: Weight | None, size: Dimensions | None, store: StoreInfo) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if weight is not None:
        body["weight"] = rounded_measure(weight.to(store.weight_unit).value)
    if size is not None:
        given = size.to(store.length_unit)
        sides = {"depth": given.length, "width": given.width, "height": given.height}
        body |= {name: rounded_measure(side) for name, side in sides.items() if side is not None}
    return body


def rounded_measure(value: Decimal) -> Decimal:
    """A weight or a side as it is sent: four digits behind the point, as many as BigCommerce keeps."""
    return value.quantize(Decimal("0.0001"), ROUND_HALF_UP).normalize() + 0


def created_id_from_json(body: bytes) -> str:
    """The id of the product that was just made. Raises DocumentError if it is not there."""
    return str(_created.enveloped(body).id)


def holders_from_json(body: bytes) -> tuple[dict[str, str], bool | None]:
    """(the SKUs of a page of variants by the id of their product, whether there are more pages)."""
    rows = _of_sku.v3_list(body)
    return {str(row.product_id): (row.sku or "").strip() for row in rows.good}, rows.more
