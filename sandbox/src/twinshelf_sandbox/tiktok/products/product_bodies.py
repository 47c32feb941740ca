"""What callers send about products. Every field may be absent: the listing rules say which ones must be there."""

from __future__ import annotations

from typing import Any

import msgspec


class Body(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A body whose absent and null fields are left out when it is stored."""


class Uri(Body):
    uri: str | None = None


class Id(Body):
    id: str | None = None


class Amount(Body):
    amount: str | None = None
    currency: str | None = None
    source: str | None = None


class Price(Body):
    amount: str | None = None
    sale_price: str | None = None
    currency: str | None = None
    starting_bid_price: str | None = None


class Stock(Body):
    warehouse_id: str | None = None
    quantity: int | None = None
    backorder_quantity: int | None = None
    handling_time: int | None = None


class SalesAttribute(Body):
    id: str | None = None
    name: str | None = None
    value_id: str | None = None
    value_name: str | None = None
    sku_img: Uri | None = None
    supplementary_sku_images: list[Uri] | None = None


class Identifier(Body):
    code: str | None = None
    type: str | None = None


class Part(Body):
    product_id: str | None = None
    sku_id: str | None = None
    sku_count: int | None = None


class PreSaleTime(Body):
    handling_duration_days: int | None = None
    release_date: int | None = None


class PreSale(Body):
    type: str | None = None
    fulfillment_type: PreSaleTime | None = None


class Fee(Body):
    type: str | None = None
    amount: str | None = None
    additional_attribute: str | None = None


class Size(Body):
    length: str | None = None
    width: str | None = None
    height: str | None = None
    unit: str | None = None


class Weight(Body):
    value: str | None = None
    unit: str | None = None


class Sku(Body):
    id: str | None = None
    seller_sku: str | None = None
    sales_attributes: list[SalesAttribute] | None = None
    price: Price | None = None
    list_price: Amount | None = None
    external_list_prices: list[Amount] | None = None
    inventory: list[Stock] | None = None
    identifier_code: Identifier | None = None
    extra_identifier_codes: list[str] | None = None
    external_sku_id: str | None = None
    external_urls: list[str] | None = None
    combined_skus: list[Part] | None = None
    sku_unit_count: str | None = None
    pre_sale: PreSale | None = None
    fees: list[Fee] | None = None
    sku_weight: Weight | None = None
    sku_dimensions: Size | None = None


class Metric(Body):
    id: str | None = None
    value: str | None = None
    unit_id: str | None = None
    unit_name: str | None = None
    suffix: str | None = None
    prefix: str | None = None


class MetricStandard(Body):
    id: str | None = None
    metric_value_module_infos: list[Metric] | None = None


class AttributeValue(Body):
    id: str | None = None
    name: str | None = None
    metric_standard_info: MetricStandard | None = None


class ProductAttribute(Body):
    id: str | None = None
    values: list[AttributeValue] | None = None


class File(Body):
    id: str | None = None
    name: str | None = None
    format: str | None = None


class Certification(Body):
    id: str | None = None
    images: list[Uri] | None = None
    files: list[File] | None = None
    expiration_date: int | None = None


class SizeChart(Body):
    image: Uri | None = None
    template: Id | None = None


class ScheduledSale(Body):
    is_enabled_scheduled_sale: bool | None = None
    schedule_sale_time: int | None = None


class OrderLimit(Body):
    maximum_order_quantity: int | None = None
    cumulative_order_quantity: int | None = None


class ReplicatedSku(Body):
    id: str | None = None
    source_sku_id: str | None = None
    seller_sku: str | None = None
    external_sku_id: str | None = None
    price: Price | None = None
    inventory: list[Stock] | None = None


class Replica(Body):
    region: str | None = None
    skus: list[ReplicatedSku] | None = None


class Product(Body):
    """The body of Create, Edit, Partial Edit and Listing Check."""

    title: str | None = None
    description: str | None = None
    category_id: str | None = None
    category_version: str | None = None
    brand_id: str | None = None
    main_images: list[Uri] | None = None
    skus: list[Sku] | None = None
    save_mode: str | None = None
    product_attributes: list[ProductAttribute] | None = None
    package_weight: Weight | None = None
    package_dimensions: Size | None = None
    certifications: list[Certification] | None = None
    video: Id | None = None
    size_chart: SizeChart | None = None
    is_cod_allowed: bool | None = None
    delivery_option_ids: list[str] | None = None
    shipping_template_id: str | None = None
    manufacturer_ids: list[str] | None = None
    responsible_person_ids: list[str] | None = None
    external_product_id: str | None = None
    primary_combined_product_id: str | None = None
    is_not_for_sale: bool | None = None
    minimum_order_quantity: int | None = None
    purchase_order_quantity_limit: OrderLimit | None = None
    listing_platforms: list[str] | None = None
    shipping_insurance_requirement: str | None = None
    is_pre_owned: bool | None = None
    scheduled_sale: ScheduledSale | None = None
    search_terms: list[str] | None = None
    key_product_features: list[str] | None = None
    locale: str | None = None
    auto_translate_enabled: bool | None = None
    replicated_products: list[Replica] | None = None
    inventory_mode: str | None = None
    idempotency_key: str | None = None
    selling_format: str | None = None
    is_blind_box: bool | None = None


NOT_CONTENT = (
    "save_mode",
    "idempotency_key",
    "replicated_products",
    "inventory_mode",
    "locale",
    "auto_translate_enabled",
)
"""Fields of a body that say what to do and are not part of the product."""

PARTIAL_ONLY_WITHOUT = (
    "category_id",
    "delivery_option_ids",
    "minimum_order_quantity",
    "is_pre_owned",
    "purchase_order_quantity_limit",
    "shipping_insurance_requirement",
    "shipping_template_id",
    "selling_format",
    "is_not_for_sale",
    "primary_combined_product_id",
)
"""Fields Partial Edit does not know: they are ignored."""


def as_content(body: Product) -> dict[str, Any]:
    """The product's content as it is stored: JSON-shaped, without what was not given."""
    content: dict[str, Any] = msgspec.to_builtins(body)
    return {name: value for name, value in content.items() if name not in NOT_CONTENT}
