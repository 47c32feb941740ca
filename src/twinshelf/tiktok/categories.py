"""What a category asks of a product, and the brands it may carry. Only reads: nothing here is ever sent."""

from __future__ import annotations

from typing import Any

import msgspec

from twinshelf.documents import Attribute, CategoryRules, CertificateRule, Document, ShopCategory
from twinshelf.tiktok import wire


class Brand(Document, frozen=True, kw_only=True):
    """A brand that listings may name. One that is not `authorized` is refused or dropped with a warning."""

    id: str
    name: str
    authorized: bool


class Responsible(Document, frozen=True, kw_only=True):
    """A manufacturer or a responsible person that the seller has entered at TikTok."""

    id: str
    name: str


class _Profile(msgspec.Struct, frozen=True):
    name: str = ""


class _Responsible(msgspec.Struct, frozen=True):
    id: str
    regional_profiles: list[_Profile] = []


def responsible_from_json(data: bytes | msgspec.Raw) -> Responsible:
    """A manufacturer or responsible person, by the first name that it has in any language; its id where it has none."""
    found = wire.read(data, _Responsible)
    names = (each.name.strip() for each in found.regional_profiles)
    return Responsible(id=found.id, name=next(filter(None, names), found.id))


class _Category(msgspec.Struct, frozen=True):
    id: str
    parent_id: str = "0"
    local_name: str = ""
    is_leaf: bool = False
    permission_statuses: list[str] = []


def category_from_json(data: bytes | msgspec.Raw) -> ShopCategory:
    """One node of the tree; the parent of a root is "0".

    Available is what says AVAILABLE, or nothing at all: INVITE_ONLY, NON_MAIN_CATEGORY and PROHIBITED close it.
    """
    category = wire.read(data, _Category)
    statuses = category.permission_statuses
    return ShopCategory(
        id=category.id,
        parent_id=category.parent_id,
        name=category.local_name.strip(),
        leaf=category.is_leaf,
        available=not statuses or "AVAILABLE" in statuses,
    )


class _Value(msgspec.Struct, frozen=True):
    id: str = ""
    name: str = ""


class _Condition(msgspec.Struct, frozen=True):
    attribute_id: str = ""
    attribute_value_id: str = ""


class _Attribute(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    type: str = ""
    # TikTok's spelling; the right one is read too, for the day it is mended.
    is_requried: bool = False
    is_required: bool = False
    is_multiple_selection: bool = False
    is_customizable: bool = False
    value_data_format: str = ""
    requirement_conditions: list[_Condition] = []
    values: list[_Value] = []


def attribute_from_json(data: bytes | msgspec.Raw) -> Attribute:
    """One attribute of a category. Without `values` it takes free text."""
    attribute = wire.read(data, _Attribute)
    return Attribute(
        id=attribute.id,
        name=attribute.name.strip(),
        sales=attribute.type == "SALES_PROPERTY",
        required=attribute.is_requried or attribute.is_required,
        multiple=attribute.is_multiple_selection,
        customizable=attribute.is_customizable or not attribute.values,
        numeric=attribute.value_data_format == "POSITIVE_INT_OR_DECIMAL",
        required_with=tuple(
            (condition.attribute_id, condition.attribute_value_id) for condition in attribute.requirement_conditions
        ),
        values=tuple((value.id, value.name) for value in attribute.values),
    )


class _Required(msgspec.Struct, frozen=True):
    is_required: bool = False


class _Certification(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    is_required: bool = False
    requirement_conditions: list[_Condition] = []
    expiration_date: _Required = _Required()


class _SizeChart(msgspec.Struct, frozen=True):
    is_supported: bool = False
    is_required: bool = False


class _Supported(msgspec.Struct, frozen=True):
    is_supported: bool = False


class _Rules(msgspec.Struct, frozen=True):
    product_certifications: list[_Certification] = []
    size_chart: _SizeChart = _SizeChart()
    cod: _Supported = _Supported()
    package_dimension: _Required = _Required(is_required=True)
    seller_sku: _Required = _Required()
    manufacturer: _Required = _Required()
    responsible_person: _Required = _Required()


def rules_from_json(data: bytes | msgspec.Raw) -> CategoryRules:
    """The rules of a leaf category. `certifications` are those that it requires whatever the attributes are."""
    rules = wire.read(data, _Rules)
    return CategoryRules(
        certificates=tuple(
            CertificateRule(
                id=each.id,
                name=each.name,
                required=each.is_required and not each.requirement_conditions,
                required_with=tuple((one.attribute_id, one.attribute_value_id) for one in each.requirement_conditions),
                expires=each.expiration_date.is_required,
            )
            for each in rules.product_certifications
        ),
        size_chart_supported=rules.size_chart.is_supported,
        certifications=tuple(
            (certification.id, certification.name)
            for certification in rules.product_certifications
            if certification.is_required and not certification.requirement_conditions
        ),
        size_chart_required=rules.size_chart.is_required,
        package_dimension_required=rules.package_dimension.is_required,
        cod_supported=rules.cod.is_supported,
        seller_sku_required=rules.seller_sku.is_required,
        manufacturer_required=rules.manufacturer.is_required,
        responsible_person_required=rules.responsible_person.is_required,
    )


class RecommendedCategory(Document, frozen=True, kw_only=True):
    """A leaf that TikTok would choose, with the names from the root to it: "Home Supplies > Candles"."""

    id: str
    path: str


class _Node(msgspec.Struct, frozen=True):
    name: str = ""
    level: int = 0


class _Recommendation(msgspec.Struct, frozen=True):
    leaf_category_id: str = ""
    categories: list[_Node] = []


def recommendation_to_json(title: str, description: str, category_version: str) -> dict[str, Any]:
    """The body of Recommend Category."""
    body = {"product_title": title, "description": description, "category_version": category_version}
    return {name: value for name, value in body.items() if value}


def recommendation_from_json(data: bytes | msgspec.Raw) -> RecommendedCategory | None:
    """The recommended leaf; None if there is none."""
    found = wire.read(data, _Recommendation)
    if not found.leaf_category_id:
        return None
    nodes = sorted(found.categories, key=lambda node: node.level)
    return RecommendedCategory(id=found.leaf_category_id, path=" > ".join(node.name for node in nodes if node.name))


class _Brand(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    authorized_status: str = ""
    brand_status: str = ""


def brand_from_json(data: bytes | msgspec.Raw) -> Brand:
    """One brand. The enum of its status has a misspelt value: anything but AUTHORIZED counts as not authorized."""
    brand = wire.read(data, _Brand)
    usable = brand.authorized_status == "AUTHORIZED" and brand.brand_status != "UNAVAILABLE"
    return Brand(id=brand.id, name=brand.name.strip(), authorized=usable)
