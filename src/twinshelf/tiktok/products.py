"""Listings: what a shop is sent of one, what it must not be sent, and what it says of its own.

The JSON of create and edit is made here from a `Listing`; `problems_of` is the same knowledge before the call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any, Final

import msgspec

from twinshelf.documents import (
    Dimensions,
    Document,
    Finding,
    Listing,
    ListingCertificate,
    ListingSku,
    Money,
    ShopListing,
    ShopSku,
    SyncField,
    Weight,
    finding,
    minor_unit,
)
from twinshelf.errors import DocumentError
from twinshelf.tiktok import texts, wire
from twinshelf.tiktok.regions import Region

MAX_QUANTITY: Final = 99_999
"""The most that is sent of one SKU. Source: Create Product, `inventory[].quantity`; elsewhere 999,999 is said."""

_MAX_IMAGES: Final = 9
_MAX_OPTIONS: Final = 3
_MAX_MINIMUM: Final = 20
_MAX_OPTION_NAME: Final = 20
_MAX_OPTION_VALUE: Final = 50
_SKU: Final = re.compile(r"\S{1,50}")
_STRICT_SKU: Final = re.compile(r"[A-Za-z0-9_-]{6,50}")
_MICRO: Final = Decimal("0.000001")


class CreatedListing(Document, frozen=True, kw_only=True):
    """What became of a create. `warnings` tell what TikTok dropped, in its own words: a brand, a code, an attribute."""

    id: str
    sku_ids: dict[str, str]
    """TikTok SKU id by seller SKU."""
    warnings: tuple[str, ...] = ()


class ShownContent(Document, frozen=True, kw_only=True):
    """What the shop showed of a product when it was read: what an edit may overwrite."""

    title: str = ""
    description: str = ""
    image_uris: tuple[str, ...] = ()


class EditedListing(Document, frozen=True, kw_only=True):
    """What became of an edit. `audit_status` is AUDITING while the old content stays on the shelf."""

    before: ShownContent = ShownContent()

    audit_status: str = ""
    sku_ids: dict[str, str] = msgspec.field(default_factory=dict)
    warnings: tuple[str, ...] = ()


# -- to TikTok ------------------------------------------------------------------------------------------------------


def listing_to_json(
    listing: Listing, *, image_uris: Mapping[str, str], region: Region, category_version: str = "", key: str = ""
) -> dict[str, Any]:
    """The body of Create Product. Ask `problems_of` first: what TikTok would refuse is not mended here.

    `image_uris` has TikTok's name of each uploaded picture by its address in the store; a picture without one is left
    out. `key` makes a repeat harmless. Texts are cleaned, weight and size converted to what the region takes.
    Source: Create Product, POST /product/202309/products.
    """
    body = _content_to_json(listing, image_uris, region, category_version)
    body["save_mode"] = "LISTING"
    body["skus"] = [_new_sku_to_json(listing, sku, _attributes_of(listing, image_uris)) for sku in listing.skus]
    if key:
        body["idempotency_key"] = key
    return body


def edit_to_json(
    listing: Listing,
    current: bytes | msgspec.Raw,
    *,
    image_uris: Mapping[str, str],
    sku_ids: Mapping[str, str],
    region: Region,
    withdrawn: Iterable[str] = (),
    left: Iterable[SyncField] = (),
    category_version: str = "",
) -> dict[str, Any]:
    """The body of Edit Product, which overwrites everything: so it is `current` (Get Product) with our fields put in.

    Fields in `left` stay as they are there. What is absent means, field by field:

    - title, description, category, images, weight: a listing always has them;
    - brand, manufacturer, responsible person, quantities of an order, attributes: unchanged, unless they are in
      `withdrawn` (they were ours, and went);
    - sides of the package: deleted, for a listing without them has none;
    - price and stock of SKUs that are there: unchanged, by not being sent;
    - SKUs that are not in the listing, whether we know them or not (CAT-3), certificates, video, size chart, search
      terms and all else a listing does not have: unchanged, by being sent back as they are.

    A variant without id in `sku_ids` takes over a SKU that no other variant has, by its seller SKU or by its options;
    else it becomes a new SKU with its price and stock.
    Source: Edit Product, PUT /product/202509/products/{product_id}: a SKU that is not named is deleted.
    """
    now = wire.read(current, _Current)
    gone, stays_so = frozenset(withdrawn), frozenset(left)
    body = {**_kept(now, region, gone), **_content_to_json(listing, image_uris, region, category_version)}
    body |= _left_as_they_are(now, stays_so)
    if limit := _order_limit(listing, now, gone):
        body["purchase_order_quantity_limit"] = limit
    ours = gone.union(attribute["id"] for attribute in body.get("product_attributes", ()))
    papers = gone.union(each["id"] for each in body.get("certifications", ()))
    if others := [_certification_again(each) for each in now.certifications if each.id not in papers]:
        body["certifications"] = [*body.get("certifications", ()), *others]
    theirs = [_attribute_again(attribute) for attribute in now.product_attributes if attribute.id not in ours]
    if theirs:
        body["product_attributes"] = [*body.get("product_attributes", ()), *theirs]
    attributes = _attributes_of(listing, image_uris, now.skus, as_shown=SyncField.MEDIA in stays_so)
    claimed = _claimed(listing, now.skus, sku_ids)
    body["skus"] = [
        _known_sku_to_json(sku, claimed[sku.variant_id], attributes, coded=SyncField.BARCODE not in stays_so)
        if sku.variant_id in claimed
        else _new_sku_to_json(listing, sku, attributes)
        for sku in listing.skus
    ]
    taken = {sku.id for sku in claimed.values()}
    kinds = {len(sku.options) for sku in listing.skus}
    # TikTok wants all SKUs of a product to have the same options: after the merchant gave it others, none can stay.
    stays = [sku for sku in now.skus if sku.id not in taken and len(sku.sales_attributes) in kinds]
    body["skus"] += [_sku_again(sku) for sku in stays]
    return body


def _claimed(listing: Listing, current: Sequence[_CurrentSku], sku_ids: Mapping[str, str]) -> dict[str, _CurrentSku]:
    """The SKU that each variant has in the shop already, by variant id.

    A variant that was deleted and made again has a new id: it is found by its seller SKU, or by its options, which a
    product cannot have twice. A SKU of another variant of the listing is never taken.
    """
    by_id = {sku.id: sku for sku in current}
    claimed = {
        sku.variant_id: by_id[sku_ids[sku.variant_id]] for sku in listing.skus if sku_ids.get(sku.variant_id) in by_id
    }
    free = [sku for sku in current if sku.id not in {taken.id for taken in claimed.values()}]
    for same in (_same_seller_sku, _same_options):
        for sku in listing.skus:
            if sku.variant_id in claimed:
                continue
            found = [other for other in free if same(sku, other)]
            if len(found) == 1:
                claimed[sku.variant_id] = found[0]
                free.remove(found[0])
    return claimed


def _same_seller_sku(sku: ListingSku, current: _CurrentSku) -> bool:
    return bool(sku.seller_sku) and sku.seller_sku == current.seller_sku


def _same_options(sku: ListingSku, current: _CurrentSku) -> bool:
    ours = {(texts.same_as(option.option), texts.same_as(option.value)) for option in sku.options}
    theirs = {(texts.same_as(option.name), texts.same_as(option.value_name)) for option in current.sales_attributes}
    return bool(ours) and ours == theirs


def price_to_json(sku_id: str, price: Money) -> dict[str, Any]:
    """One SKU of Update Price."""
    return {"id": sku_id, "price": _money(price)}


def stock_to_json(sku_id: str, stock: Mapping[str, int] | Iterable[tuple[str, int]]) -> dict[str, Any]:
    """One SKU of Update Inventory: every warehouse of the SKU, changed or not, for TikTok wants all and no other."""
    levels = dict(stock).items()
    return {
        "id": sku_id,
        "inventory": [{"warehouse_id": warehouse_id, "quantity": _quantity(count)} for warehouse_id, count in levels],
    }


def _content_to_json(
    listing: Listing, image_uris: Mapping[str, str], region: Region, category_version: str
) -> dict[str, Any]:
    title = texts.plain(listing.title)
    body: dict[str, Any] = {
        "title": title,
        "description": texts.clean_description(listing.description) or texts.clean_description(title),
        "category_id": listing.category_id,
        "category_version": category_version or region.category_version,
        "main_images": [{"uri": uri} for uri in _uris(listing.image_urls, image_uris)[:_MAX_IMAGES]],
        "external_product_id": listing.product_id,
    }
    if listing.brand_id:
        body["brand_id"] = listing.brand_id
    if listing.cash_on_delivery is not None:
        body["is_cod_allowed"] = listing.cash_on_delivery
    if listing.minimum_quantity:
        body["minimum_order_quantity"] = listing.minimum_quantity
    if listing.maximum_quantity:
        body["purchase_order_quantity_limit"] = {"maximum_order_quantity": listing.maximum_quantity}
    if listing.attributes:
        body["product_attributes"] = [
            {
                "id": attribute.id,
                "values": [{"id": value} for value in attribute.value_ids]
                + [{"name": value} for value in attribute.value_names],
            }
            for attribute in listing.attributes
        ]
    if listing.manufacturer_id:
        body["manufacturer_ids"] = [listing.manufacturer_id]
    if listing.responsible_person_id:
        body["responsible_person_ids"] = [listing.responsible_person_id]
    if papers := [_certificate_to_json(each, image_uris) for each in listing.certificates]:
        body["certifications"] = papers
    if listing.size_chart is not None and listing.size_chart.address in image_uris:
        body["size_chart"] = {"image": {"uri": image_uris[listing.size_chart.address]}}
    weight, unit = _weight(listing.weight, region)
    body["package_weight"] = {"value": _digits(weight), "unit": unit}
    sides, unit = _dimensions(listing.dimensions, listing.weight, region)
    if all(sides):
        body["package_dimensions"] = {
            **dict(zip(("length", "width", "height"), map(_digits, filter(None, sides)), strict=True)),
            "unit": unit,
        }
    return body


def _certificate_to_json(certificate: ListingCertificate, image_uris: Mapping[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = {"id": certificate.id}
    there = [file for file in certificate.files if file.address in image_uris]
    if images := [{"uri": image_uris[file.address]} for file in there if file.kind == "image"]:
        body["images"] = images
    if files := [file for file in there if file.kind == "pdf"]:
        body["files"] = [{"id": image_uris[file.address], "name": file.name, "format": "PDF"} for file in files]
    if certificate.expires is not None:
        ends = datetime.combine(certificate.expires, time.max, tzinfo=UTC)
        body["expiration_date"] = int(ends.timestamp())
    return body


def _uris(urls: Iterable[str], image_uris: Mapping[str, str]) -> list[str]:
    return list(dict.fromkeys(image_uris[url] for url in urls if url in image_uris))


def _money(price: Money) -> dict[str, str]:
    return {"currency": price.currency, "amount": _amount(price)}


def _amount(price: Money) -> str:
    return format(price.rounded().amount, "f")


def _quantity(count: int) -> int:
    return min(max(count, 0), MAX_QUANTITY)


def _digits(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _imperial(weight: Weight, region: Region) -> bool:
    return region.imperial and weight.unit in {"LB", "OZ"}


def _weight(weight: Weight, region: Region) -> tuple[Decimal, str]:
    """In TikTok's steps, rounded up: who is told less than a parcel weighs pays less than it costs to send."""
    if _imperial(weight, region):
        return _rounded_up(weight.to("LB").value, Decimal("0.01")), "POUND"
    return _rounded_up(weight.to("KG").value, Decimal("0.001")), "KILOGRAM"


def _rounded_up(value: Decimal, step: Decimal) -> Decimal:
    """In whole steps; what is more than nothing is one step at least."""
    # To the micrometer or microgram first: a conversion there and back must not cost a whole step.
    up = value.quantize(_MICRO, ROUND_HALF_UP).quantize(step, ROUND_CEILING)
    return step if value > 0 and up <= 0 else up


def _dimensions(size: Dimensions, weight: Weight, region: Region) -> tuple[list[Decimal | None], str]:
    """Whole units, rounded up so that the parcel fits, in the system of the weight: no mixture is taken (12052915)."""
    imperial = _imperial(weight, region)
    converted = size.to("IN" if imperial else "CM")
    sides = (converted.length, converted.width, converted.height)
    return [None if side is None else _rounded_up(side, Decimal(1)) for side in sides], (
        "INCH" if imperial else "CENTIMETER"
    )


class _Attributes:
    """How a listing's options are named to TikTok, and which of them carries the pictures.

    TikTok gives our names ids, and may rename them (US): SKUs that exist are told by id wherever the name still fits.
    """

    def __init__(
        self,
        pictured: str,
        uris: Mapping[str, str],
        known: Iterable[_SalesAttribute],
        mapped: Iterable[tuple[str, str]],
        *,
        as_shown: bool = False,
    ) -> None:
        self._pictured, self._uris, self._as_shown = pictured, uris, as_shown
        self._shown: dict[tuple[str, str], str] = {}
        self._ids = {texts.same_as(texts.plain(name)): attribute_id for name, attribute_id in mapped}
        self._value_ids: dict[tuple[str, str], str] = {}
        self._more_images: dict[tuple[str, str], list[dict[str, str]]] = {}
        for attribute in known:
            if more := _more_images(attribute):
                self._more_images.setdefault((attribute.id, attribute.value_id), more)
            if uri := attribute.sku_img.get("uri"):
                self._shown.setdefault((attribute.id, attribute.value_id), uri)
            self._ids.setdefault(texts.same_as(attribute.name), attribute.id)
            self._value_ids.setdefault((attribute.id, texts.same_as(attribute.value_name)), attribute.value_id)

    def to_json(self, sku: ListingSku) -> list[dict[str, Any]]:
        return [self._one(texts.plain(option.option), texts.plain(option.value)) for option in sku.options]

    def _one(self, name: str, value: str) -> dict[str, Any]:
        known = self._ids.get(texts.same_as(name), "")
        value_id = self._value_ids.get((known, texts.same_as(value)), "")
        result: dict[str, Any] = {"id": known} if known else {"name": name}
        result |= {"value_id": value_id} if value_id else {"value_name": value}
        uri = self._uris.get(value, "") if name == self._pictured else ""
        if self._as_shown:
            uri = self._shown.get((known, value_id), "")
        if uri:
            result["sku_img"] = {"uri": uri}
            if more := self._more_images.get((known, value_id)):
                result["supplementary_sku_images"] = more
        return result


def _attributes_of(
    listing: Listing, image_uris: Mapping[str, str], known: Iterable[_CurrentSku] = (), *, as_shown: bool = False
) -> _Attributes:
    """Pictures may hang on one option only (12052528): the one whose values tell most pictures apart.

    `as_shown`: the pictures that are there stay, and no other comes.
    """
    best, uris = "", dict[str, str]()
    names = dict.fromkeys(texts.plain(option.option) for sku in listing.skus for option in sku.options)
    for name in names:
        found: dict[str, str] = {}
        for sku in listing.skus:
            for option in sku.options:
                if texts.plain(option.option) == name and sku.image_url in image_uris:
                    found.setdefault(texts.plain(option.value), image_uris[sku.image_url])
        if len(set(found.values())) > len(set(uris.values())):
            best, uris = name, found
    seen = [attribute for sku in known for attribute in sku.sales_attributes]
    return _Attributes(best, uris, seen, listing.sales_attributes, as_shown=as_shown)


def _new_sku_to_json(listing: Listing, sku: ListingSku, attributes: _Attributes) -> dict[str, Any]:
    body: dict[str, Any] = {
        "seller_sku": sku.seller_sku,
        "external_sku_id": sku.variant_id,
        "price": _money(sku.price),
        "inventory": [
            {"warehouse_id": warehouse_id, "quantity": _quantity(units)}
            for warehouse_id, units in sku.levels or ((listing.warehouse_id, sku.quantity),)
        ],
    }
    if sku.options:
        body["sales_attributes"] = attributes.to_json(sku)
    if code := _code_to_send(listing, sku):
        body["identifier_code"] = {"code": code[0], "type": code[1]}
    return body


def _code_to_send(listing: Listing, sku: ListingSku) -> tuple[str, str] | None:
    """The SKU's product code; None for one that is bad, or that an earlier SKU of the listing has."""
    for other in listing.skus:
        try:
            code = texts.identifier_code(other.gtin)
        except DocumentError:
            code = None
        if other is sku:
            return code
        if code is not None and _same_code(code, sku):
            return None
    return None


def _same_code(code: tuple[str, str], sku: ListingSku) -> bool:
    try:
        return texts.identifier_code(sku.gtin) == code
    except DocumentError:
        return False


# -- the product as it is, to be sent back -------------------------------------------------------------------------


def warehouses_to_json(current: bytes | msgspec.Raw, levels: Mapping[str, Sequence[tuple[str, int]]]) -> dict[str, Any]:
    """The body of Partial Edit that puts SKUs into warehouses: every SKU as it is, these with all their warehouses.

    Source: Partial Edit Product, POST /product/202509/products/{product_id}/partial_edit: the array of SKUs replaces
    what is there, and price and stock of those that do not name them stay.
    """
    now = wire.read(current, _Current)
    skus = []
    for sku in now.skus:
        body = _sku_again(sku)
        if sku.id in levels:
            body["inventory"] = [
                {"warehouse_id": warehouse_id, "quantity": _quantity(units)} for warehouse_id, units in levels[sku.id]
            ]
        skus.append(body)
    return {"skus": skus}


class _SalesAttribute(msgspec.Struct, frozen=True):
    id: str = ""
    name: str = ""
    value_id: str = ""
    value_name: str = ""
    sku_img: dict[str, Any] = {}
    supplementary_sku_images: list[dict[str, Any]] = []


class _IdentifierCode(msgspec.Struct, frozen=True):
    code: str = ""
    type: str = ""


class _Part(msgspec.Struct, frozen=True, omit_defaults=True):
    product_id: str = ""
    sku_id: str = ""
    sku_count: int = 0


class _PreSaleTime(msgspec.Struct, frozen=True, omit_defaults=True):
    handling_duration_days: int = 0
    release_date: int = 0


class _PreSale(msgspec.Struct, frozen=True, omit_defaults=True):
    type: str = ""
    fulfillment_type: _PreSaleTime = _PreSaleTime()


class _ScheduledSale(msgspec.Struct, frozen=True, omit_defaults=True):
    is_enabled_scheduled_sale: bool = False
    schedule_sale_time: int = 0


class _CurrentSku(msgspec.Struct, frozen=True):
    id: str
    seller_sku: str = ""
    external_sku_id: str = ""
    sales_attributes: list[_SalesAttribute] = []
    identifier_code: _IdentifierCode = _IdentifierCode()
    list_price: dict[str, str] = {}
    extra_identifier_codes: list[str] = []
    external_urls: list[str] = []
    combined_skus: list[_Part] = []
    sku_unit_count: str = ""
    pre_sale: _PreSale = _PreSale()
    fees: list[dict[str, str]] = []
    sku_weight: dict[str, str] = {}
    sku_dimensions: dict[str, str] = {}


class _AttributeValue(msgspec.Struct, frozen=True):
    id: str = ""
    name: str = ""


class _CurrentAttribute(msgspec.Struct, frozen=True):
    id: str
    values: list[_AttributeValue] = []


class _Named(msgspec.Struct, frozen=True):
    id: str = ""


class _File(msgspec.Struct, frozen=True):
    id: str = ""
    name: str = ""
    format: str = ""


class _Picture(msgspec.Struct, frozen=True):
    uri: str = ""


class _Certification(msgspec.Struct, frozen=True):
    id: str
    images: list[_Picture] = []
    files: list[_File] = []
    expiration_date: int = 0


class _SizeChart(msgspec.Struct, frozen=True):
    image: _Picture = _Picture()
    template: _Named = _Named()


class _Current(msgspec.Struct, frozen=True):
    id: str
    title: str = ""
    description: str = ""
    main_images: list[_Picture] = []
    package_weight: dict[str, Any] = {}
    package_dimensions: dict[str, Any] = {}
    brand: _Named = _Named()
    skus: list[_CurrentSku] = []
    product_attributes: list[_CurrentAttribute] = []
    certifications: list[_Certification] = []
    video: _Named = _Named()
    size_chart: _SizeChart = _SizeChart()
    delivery_options: list[_Named] = []
    manufacturer_ids: list[str] = []
    responsible_person_ids: list[str] = []
    is_cod_allowed: bool = False
    minimum_order_quantity: int = 0
    purchase_order_quantity_limit: dict[str, int] = {}
    shipping_template_id: str = ""
    search_terms: list[str] = []
    key_product_features: list[str] = []
    shipping_insurance_requirement: str = ""
    is_pre_owned: bool = False
    scheduled_sale: _ScheduledSale = _ScheduledSale()


# Where a product may have delivery options of its own; elsewhere they are the warehouse's, and must not be sent back.
_OWN_DELIVERY_OPTIONS: Final = frozenset({"ID", "MX", "MY", "PH", "SG", "TH", "VN"})


def _order_limit(listing: Listing, now: _Current, gone: frozenset[str]) -> dict[str, int]:
    """Our most for one order, beside the most for one buyer over time that somebody set in the shop."""
    limit = {name: number for name, number in now.purchase_order_quantity_limit.items() if number}
    if "maximum_quantity" in gone:
        limit.pop("maximum_order_quantity", None)
    return limit | ({"maximum_order_quantity": listing.maximum_quantity} if listing.maximum_quantity else {})


def _kept(now: _Current, region: Region, gone: frozenset[str]) -> dict[str, Any]:
    """The fields of `now` that a listing does not have or may not have, in the form that Edit Product takes."""
    size_chart = {}
    if "size_chart" in gone:
        pass
    elif now.size_chart.template.id:
        size_chart = {"template": {"id": now.size_chart.template.id}}
    elif now.size_chart.image.uri:
        size_chart = {"image": {"uri": now.size_chart.image.uri}}
    fields: dict[str, Any] = {
        "brand_id": "" if "brand_id" in gone else now.brand.id,
        "video": {"id": now.video.id} if now.video.id else None,
        "size_chart": size_chart,
        "manufacturer_ids": [] if "manufacturer_id" in gone else now.manufacturer_ids,
        "responsible_person_ids": [] if "responsible_person_id" in gone else now.responsible_person_ids,
        "is_cod_allowed": now.is_cod_allowed,
        "minimum_order_quantity": (
            now.minimum_order_quantity if now.minimum_order_quantity > 1 and "minimum_quantity" not in gone else None
        ),
        "shipping_template_id": now.shipping_template_id,
        "search_terms": now.search_terms,
        "key_product_features": now.key_product_features,
        "shipping_insurance_requirement": now.shipping_insurance_requirement,
        "is_pre_owned": now.is_pre_owned,
        "scheduled_sale": msgspec.to_builtins(now.scheduled_sale),
    }
    if region.code in _OWN_DELIVERY_OPTIONS:
        fields["delivery_option_ids"] = [option.id for option in now.delivery_options]
    return {name: value for name, value in fields.items() if value}


def _left_as_they_are(now: _Current, left: frozenset[SyncField]) -> dict[str, Any]:
    """The fields of `now` that are left to the shop, as far as it told them."""
    shown: dict[SyncField, dict[str, Any]] = {
        SyncField.NAME: {"title": now.title},
        SyncField.DESCRIPTION: {"description": now.description},
        SyncField.MEDIA: {"main_images": [{"uri": picture.uri} for picture in now.main_images if picture.uri]},
        SyncField.WEIGHT: {"package_weight": now.package_weight, "package_dimensions": now.package_dimensions},
    }
    return {name: value for field in shown.keys() & left for name, value in shown[field].items() if value}


def shown_content(current: bytes | msgspec.Raw) -> ShownContent:
    """What Get Product shows of the content that people see."""
    now = wire.read(current, _Current)
    uris = tuple(picture.uri for picture in now.main_images if picture.uri)
    return ShownContent(title=now.title, description=now.description, image_uris=uris)


def _certification_again(certification: _Certification) -> dict[str, Any]:
    body: dict[str, Any] = {"id": certification.id}
    if certification.images:
        body["images"] = [{"uri": picture.uri} for picture in certification.images]
    if certification.files:
        body["files"] = [{"id": file.id, "name": file.name, "format": file.format} for file in certification.files]
    if certification.expiration_date:
        body["expiration_date"] = certification.expiration_date
    return body


def _attribute_again(attribute: _CurrentAttribute) -> dict[str, Any]:
    values = [{"id": value.id} if value.id else {"name": value.name} for value in attribute.values]
    return {"id": attribute.id, "values": values}


_OF_SKUS_ELSEWHERE: Final = (
    "list_price", "extra_identifier_codes", "external_urls", "combined_skus", "sku_unit_count", "pre_sale", "fees",
    "sku_weight", "sku_dimensions",
)  # fmt: skip
"""What a SKU may have in the shop and a listing does not speak of. Left out, it would be erased."""


def _sku_again(sku: _CurrentSku) -> dict[str, Any]:
    """A SKU that stays as it is: its price and stock are kept because they are not named."""
    body: dict[str, Any] = {"id": sku.id, "seller_sku": sku.seller_sku}
    if sku.sales_attributes:
        body["sales_attributes"] = [_sales_attribute_again(attribute) for attribute in sku.sales_attributes]
    if sku.external_sku_id:
        body["external_sku_id"] = sku.external_sku_id
    if sku.identifier_code.code:
        body["identifier_code"] = {"code": sku.identifier_code.code, "type": sku.identifier_code.type}
    body |= {name: msgspec.to_builtins(getattr(sku, name)) for name in _OF_SKUS_ELSEWHERE}
    return {name: value for name, value in body.items() if value}


def _sales_attribute_again(attribute: _SalesAttribute) -> dict[str, Any]:
    body: dict[str, Any] = {"id": attribute.id, "value_id": attribute.value_id}
    if uri := attribute.sku_img.get("uri"):
        body["sku_img"] = {"uri": uri}
        if more := _more_images(attribute):
            body["supplementary_sku_images"] = more
    return body


def _more_images(attribute: _SalesAttribute) -> list[dict[str, str]]:
    return [{"uri": image["uri"]} for image in attribute.supplementary_sku_images if image.get("uri")]


def _known_sku_to_json(sku: ListingSku, now: _CurrentSku, attributes: _Attributes, *, coded: bool) -> dict[str, Any]:
    body = {**_sku_again(now), "seller_sku": sku.seller_sku, "external_sku_id": sku.variant_id}
    if sku.options:
        body["sales_attributes"] = attributes.to_json(sku)
    # A code that was submitted cannot be changed (12052593); one that is missing may still be given.
    if coded and not now.identifier_code.code:
        try:
            code = texts.identifier_code(sku.gtin)
        except DocumentError:
            code = None
        if code is not None:
            body["identifier_code"] = {"code": code[0], "type": code[1]}
    return body


# -- what must not be sent ------------------------------------------------------------------------------------------


def problems_of(listing: Listing, region: Region, *, unpriced: frozenset[str] = frozenset()) -> tuple[Finding, ...]:
    """Everything about `listing` that TikTok Shop would refuse, all at once, and what it will get differently.

    Findings that do not block tell what `listing_to_json` changes or leaves out. What a category asks (attributes,
    certificates, size chart) is not looked at, nor the price of the variants in `unpriced`, which have none.
    Source: Create Product; price limits of "Product pricing".
    """
    return (
        *_text_problems(listing, region),
        *_package_problems(listing, region),
        *_sku_problems(listing, region, unpriced),
        *_option_problems(listing),
        *_code_problems(listing),
    )


def _text_problems(listing: Listing, region: Region) -> Iterator[Finding]:
    yield from title_problems(listing.title, region)
    description = texts.clean_description(listing.description)
    if not description:
        yield finding("W-LST-DESC")
    elif region.code != "JP" and texts.has_chinese(description):
        yield finding("E-LST-DESCLANG")
    if texts.is_cut(listing.description):
        yield finding("W-LST-DESCCUT")
    if listing.minimum_quantity > _MAX_MINIMUM or 0 < listing.maximum_quantity < listing.minimum_quantity:
        least, most = listing.minimum_quantity, listing.maximum_quantity
        yield finding("E-LST-ORDERQTY", limits=f"at least {least}" + (f", at most {most}" if most else ""))
    if not listing.category_id:
        yield finding("E-CAT-KEY")
    if not listing.warehouse_id:
        yield finding("E-WHS-MISSING")
    if not listing.image_urls:
        yield finding("E-LST-IMG")
    if (count := len(listing.image_urls)) > _MAX_IMAGES:
        yield finding("W-LST-IMG", number=count, limit=_MAX_IMAGES)


def title_problems(given: str, region: Region) -> Iterator[Finding]:
    """What TikTok Shop would refuse of a title, and what it would get differently."""
    title = texts.plain(given)
    if not texts.has_words(title):
        yield finding("E-LST-TITLE")
        return
    if title != " ".join(given.split()):
        yield finding("W-LST-TITLE", sent=title)
    if not region.title_min <= len(title) <= region.title_max:
        limits = f"{region.title_min} to {region.title_max}"
        yield finding("E-LST-TITLELEN", length=len(title), region=region.code, limits=limits)
    if texts.has_run(title):
        yield finding("E-LST-TITLECHAR")
    if region.code != "JP" and texts.has_chinese(title):
        yield finding("E-LST-TITLELANG")


def _package_problems(listing: Listing, region: Region) -> Iterator[Finding]:
    if _weight(listing.weight, region)[0] <= 0:
        yield finding("E-LST-WEIGHT")
    elif listing.weight.to("KG").value > region.weight_max.to("KG").value:
        yield finding("E-LST-HEAVY", weight=_weight_text(listing.weight), limit=_weight_text(region.weight_max))
    sides, unit = _dimensions(listing.dimensions, listing.weight, region)
    names = ("length", "width", "height")
    missing = [name for name, side in zip(names, sides, strict=True) if side is None or side <= 0]
    if missing:
        yield finding("E-LST-DIM", sides=", ".join(missing))
    given = (listing.dimensions.length, listing.dimensions.width, listing.dimensions.height)
    if not missing and any(side is not None and side != side.to_integral_value() for side in given):
        rounded = " × ".join(_digits(side) for side in sides if side is not None)
        yield finding("W-LST-DIM", size=f"{rounded} {unit.lower()}s")


def _weight_text(weight: Weight) -> str:
    return f"{_digits(weight.value)} {weight.unit}"


def _sku_problems(listing: Listing, region: Region, unpriced: frozenset[str]) -> Iterator[Finding]:
    if not listing.skus:
        yield finding("E-LST-NOSKU")
    if len(listing.skus) > region.max_skus:
        yield finding("E-LST-SKUS", number=len(listing.skus), region=region.code, limit=region.max_skus)
    seen: set[str] = set()
    for sku in listing.skus:
        if not sku.seller_sku.strip():
            yield finding("E-SKU-MISSING", variants=sku.variant_id)
            continue
        if not (_STRICT_SKU if region.strict_sku else _SKU).fullmatch(sku.seller_sku):
            yield finding("E-LST-SKUSTRICT" if region.strict_sku else "E-LST-SKU", skus=sku.seller_sku)
        if sku.seller_sku in seen:
            yield finding("E-SKU-TWICE", skus=sku.seller_sku)
        seen.add(sku.seller_sku)
        if sku.variant_id not in unpriced:
            yield from price_problems(sku, region)


def price_problems(sku: ListingSku, region: Region) -> Iterator[Finding]:
    """What TikTok Shop would refuse of the price of a SKU."""
    if sku.price.currency != region.currency:
        yield finding("E-PRC-CUR")
        return
    amount, named = sku.price.amount, f"{sku.seller_sku} ({sku.price})"
    low, high = region.price_min or minor_unit(region.currency), region.price_max
    if amount != sku.price.rounded().amount:
        yield finding("E-PRC-DECIMALS", skus=named)
    if amount < low or (high is not None and amount > high):
        limits = f"from {low} {region.currency}" + ("" if high is None else f" to {high} {region.currency}")
        yield finding("E-PRC-RANGE", limits=limits, skus=named)


def _option_problems(listing: Listing) -> Iterator[Finding]:
    kinds = {tuple(texts.plain(option.option) for option in sku.options) for sku in listing.skus}
    names = list(dict.fromkeys(name for kind in kinds for name in kind))
    if len({frozenset(kind) for kind in kinds}) > 1 or (len(listing.skus) > 1 and () in kinds):
        yield finding("E-LST-VAR", answer=", ".join(f"“{name}”" for name in names) or "no options at all")
    if len(names) > _MAX_OPTIONS:
        yield finding("E-LST-OPTIONS")
    yield from _words_problems(listing)
    yield from _alike_problems(listing)
    combinations: set[frozenset[tuple[str, str]]] = set()
    for sku in listing.skus:
        combination = frozenset((texts.plain(o.option), texts.plain(o.value)) for o in sku.options)
        if not all(texts.has_words(word) for pair in combination for word in pair):
            continue  # told above: what is left of several such values is nothing, and nothing is nobody's double
        if combination and combination in combinations:
            yield finding("E-LST-VARTWICE", skus=sku.seller_sku)
        combinations.add(combination)


def _words_problems(listing: Listing) -> Iterator[Finding]:
    """Options and values that TikTok does not take, as they stand in the store: so that a person finds them."""
    told: set[tuple[int, str]] = set()
    for sku in listing.skus:
        for option in sku.options:
            for limit, given in ((_MAX_OPTION_NAME, option.option), (_MAX_OPTION_VALUE, option.value)):
                text = texts.plain(given)
                fits = texts.has_words(text) and len(text) <= limit and not texts.has_run(text)
                if fits or (limit, given) in told:
                    continue
                told.add((limit, given))
                where = "" if texts.has_words(text) else f" (SKU {sku.seller_sku})"
                yield finding("E-LST-OPTION", words=f"“{given.strip()}”{where}")


def _alike_problems(listing: Listing) -> Iterator[Finding]:
    """Options, or values of one option, that TikTok takes for one although they are written in several ways."""
    options: dict[str, dict[str, None]] = {}
    values: dict[tuple[str, str], dict[str, None]] = {}
    for sku in listing.skus:
        for option in sku.options:
            name, value = texts.plain(option.option), texts.plain(option.value)
            options.setdefault(texts.same_as(name), {})[name] = None
            values.setdefault((texts.same_as(name), texts.same_as(value)), {})[value] = None
    for written in (*options.values(), *values.values()):
        if len(written) > 1:
            yield finding("E-LST-VAR", answer=" = ".join(f"“{each}”" for each in written))
    for sku in listing.skus:
        own = [texts.same_as(option.option) for option in sku.options]
        if len(own) != len(set(own)) and len({texts.plain(option.option) for option in sku.options}) < len(own):
            yield finding("E-LST-VAR", answer=f"“{texts.plain(sku.options[0].option)}” twice on SKU {sku.seller_sku}")


def _code_problems(listing: Listing) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for sku in listing.skus:
        try:
            code = texts.identifier_code(sku.gtin)
        except DocumentError as error:
            yield finding("W-LST-GTIN", codes=f"SKU {sku.seller_sku} ({error.reason})")
            continue
        if code is not None and code in seen:
            yield finding("W-LST-GTINTWICE", codes=f"SKU {sku.seller_sku} ({code[0]})")
        if code is not None:
            seen.add(code)


# -- from TikTok ----------------------------------------------------------------------------------------------------


class _Price(msgspec.Struct, frozen=True):
    currency: str = ""
    sale_price: Decimal | None = None
    tax_exclusive_price: Decimal | None = None


class _Inventory(msgspec.Struct, frozen=True):
    warehouse_id: str
    quantity: int = 0


class _Sku(msgspec.Struct, frozen=True):
    id: str
    seller_sku: str = ""
    price: _Price = _Price()
    inventory: list[_Inventory] = []


class _Audit(msgspec.Struct, frozen=True):
    status: str = ""


class _AuditReason(msgspec.Struct, frozen=True):
    position: str = ""
    reasons: list[str] = []
    suggestions: list[str] = []


class _Category(msgspec.Struct, frozen=True):
    id: str
    is_leaf: bool = False


class _Listing(msgspec.Struct, frozen=True):
    id: str
    status: str
    title: str = ""
    description: str = ""
    audit: _Audit = _Audit()
    audit_failed_reasons: list[_AuditReason] = []
    has_draft: bool = False
    external_product_id: str = ""
    category_chains: list[_Category] = []
    skus: list[_Sku] = []
    create_time: int = 0
    update_time: int = 0


def listing_from_json(data: bytes | msgspec.Raw) -> ShopListing:
    """Translate one product of Search Products or Get Product; a search does not give description and category.

    The price is `sale_price`, else `tax_exclusive_price`: no answer has an `amount`. None if there is neither.
    Raises DocumentError naming the field that is missing.
    """
    product = wire.read(data, _Listing)
    reasons = []
    for failed in product.audit_failed_reasons:
        reasons += [f"{failed.position}: {reason}" if failed.position else reason for reason in failed.reasons]
        reasons += failed.suggestions
    leaf = next((category.id for category in reversed(product.category_chains) if category.is_leaf), "")
    return ShopListing(
        id=_present(product.id, "id"),
        title=product.title,
        status=_present(product.status, "status"),
        audit_status=product.audit.status,
        audit_reasons=tuple(reasons),
        has_draft=product.has_draft,
        external_product_id=product.external_product_id,
        category_id=leaf,
        description=product.description,
        skus=tuple(_sku_from_json(sku) for sku in product.skus),
        updated_at=wire.moment(product.update_time or product.create_time, "update_time"),
    )


def _sku_from_json(sku: _Sku) -> ShopSku:
    amount = sku.price.tax_exclusive_price if sku.price.sale_price is None else sku.price.sale_price
    return ShopSku(
        id=_present(sku.id, "skus.id"),
        seller_sku=sku.seller_sku,
        price=None
        if amount is None or not sku.price.currency
        else wire.money(amount, sku.price.currency, "skus.price"),
        stock=tuple((stock.warehouse_id, stock.quantity) for stock in sku.inventory),
    )


def _present(text: str, field: str) -> str:
    if not text:
        raise DocumentError(field, "empty in what TikTok Shop sent")
    return text


class _Warning(msgspec.Struct, frozen=True):
    message: str = ""


class _ReplySku(msgspec.Struct, frozen=True):
    id: str = ""
    seller_sku: str = ""


class _Reply(msgspec.Struct, frozen=True):
    product_id: str = ""
    skus: list[_ReplySku] = []
    warnings: list[_Warning] = []
    audit: _Audit = _Audit()


def created_from_json(data: bytes | msgspec.Raw) -> CreatedListing:
    """The answer of Create Product. SKUs are told by seller SKU, never by position."""
    reply = wire.read(data, _Reply)
    return CreatedListing(
        id=_present(reply.product_id, "product_id"), sku_ids=_sku_ids(reply), warnings=_warnings(reply)
    )


def edited_from_json(data: bytes | msgspec.Raw) -> EditedListing:
    """The answer of Edit Product; `sku_ids` has the SKUs whose seller SKU it repeats."""
    reply = wire.read(data, _Reply)
    return EditedListing(audit_status=reply.audit.status, sku_ids=_sku_ids(reply), warnings=_warnings(reply))


def _sku_ids(reply: _Reply) -> dict[str, str]:
    return {sku.seller_sku: sku.id for sku in reply.skus if sku.seller_sku and sku.id}


def _warnings(reply: _Reply) -> tuple[str, ...]:
    return tuple(warning.message for warning in reply.warnings if warning.message)


class _WarehouseStock(msgspec.Struct, frozen=True):
    warehouse_id: str
    available_quantity: int


class _StockSku(msgspec.Struct, frozen=True):
    id: str
    warehouse_inventory: list[_WarehouseStock] = []


class _ProductStock(msgspec.Struct, frozen=True):
    product_id: str = ""
    skus: list[_StockSku] = []


def stock_from_json(data: bytes | msgspec.Raw) -> dict[str, tuple[tuple[str, int], ...]]:
    """One product of Inventory Search: by SKU id what each warehouse can sell, that is, without what is committed."""
    product = wire.read(data, _ProductStock)
    return {
        sku.id: tuple((stock.warehouse_id, stock.available_quantity) for stock in sku.warehouse_inventory)
        for sku in product.skus
    }


class _Image(msgspec.Struct, frozen=True):
    uri: str


def image_uri_from_json(data: bytes | msgspec.Raw) -> str:
    """TikTok's lasting name of an uploaded image; its addresses expire."""
    return wire.read(data, _Image).uri


class _UploadedFile(msgspec.Struct, frozen=True):
    id: str


def file_id_from_json(data: bytes | msgspec.Raw) -> str:
    """TikTok's lasting id of an uploaded file."""
    return wire.read(data, _UploadedFile).id
