"""Categories, their rules and attributes, brands and recommendations of the TikTok Shop double.

The tree is a small part of the real one (`category_tree`) or a whole one read from a file. Real ids are used where they
are public; which leaf has which attributes and rules is made up from the category's id and name, and never changes.
Source: `docs/platforms/tiktok-shop.md` section 8.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.errors import ApiError, Refused
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.products.category_recommender import recommend
from twinshelf_sandbox.tiktok.products.category_tree import Category, Tree
from twinshelf_sandbox.tiktok.regions import EU
from twinshelf_sandbox.tiktok.state import Platform, Shop

INVITE_ONLY: Final = ("Nutrition & Wellness", "Chainsaws", "Collectibles", "Medical Supplies", "Pre-Owned")
PROHIBITED: Final = ("Fire Starters", "Sky Lanterns")


def permission(shop: Shop, tree: Tree, category: Category) -> str:
    """Whether a shop may list in a category: AVAILABLE, or why not."""
    names = {c.name for c in tree.chain(category.id)}
    if category.name in PROHIBITED:
        return "PROHIBITED"
    if names & set(INVITE_ONLY):
        return "INVITE_ONLY"
    return "NON_MAIN_CATEGORY" if category.id in shop.switch("not_main_category") else "AVAILABLE"


# -- attributes ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attribute:
    id: str
    name: str
    values: tuple[tuple[str, str], ...] = ()
    sales: bool = False
    required: bool = False
    multiple: bool = False
    customizable: bool = True
    numeric: bool = False
    condition: tuple[str, str] | None = None
    """(attribute id, value id) of the parent value that makes this attribute mandatory; otherwise it must be empty."""
    extra: dict[str, Any] = field(default_factory=dict)


def _values(start: int, *names: str) -> tuple[tuple[str, str], ...]:
    return tuple((str(start + n), name) for n, name in enumerate(names))


MATERIALS: Final = (
    ("1000039", "Cotton"),
    ("1000044", "Silk"),
    ("1000011", "Polyester"),
    ("1000045", "Wool"),
    ("1000013", "Linen"),
    ("1000015", "Nylon"),
    *_values(1090101, "Wood", "Metal", "Glass", "Ceramic", "Plastic", "Soy wax", "Stainless steel", "Silicone"),
)
COLOR: Final = Attribute(
    "100000",
    "Color",
    sales=True,
    values=_values(
        1000101,
        "Black",
        "White",
        "Red",
        "Blue",
        "Green",
        "Yellow",
        "Grey",
        "Brown",
        "Pink",
        "Purple",
        "Orange",
        "Beige",
    ),
)
SIZE: Final = Attribute(
    "100007", "Size", sales=True, values=_values(1000201, "XS", "S", "M", "L", "XL", "XXL", "One Size")
)
SPECIFICATION: Final = Attribute("100089", "Specification", sales=True)
CAPACITY: Final = Attribute("101019", "Capacity", sales=True)
EDITION: Final = Attribute("101023", "Edition", sales=True)

ORIGIN: Final = Attribute(
    "100149",
    "Country of origin",
    customizable=False,
    values=(
        ("1000854", "Vietnam"),
        *_values(1090001, "China", "United States", "India", "Germany", "France", "United Kingdom", "Mexico"),
    ),
)
MATERIAL: Final = Attribute("100157", "Material", MATERIALS, multiple=True)
SEASON: Final = Attribute(
    "100397",
    "Season",
    (
        ("1001161", "Spring"),
        ("1001162", "Summer"),
        ("1000905", "Fall"),
        ("1001163", "Winter"),
        ("1005840", "All Seasons"),
    ),
    multiple=True,
    customizable=False,
)
PATTERN: Final = Attribute(
    "100198",
    "Pattern",
    (("1001182", "Plain"), ("1001183", "Floral"), ("1001184", "Striped"), ("1001185", "Plaid"), ("1001186", "Graphic")),
)
STYLE: Final = Attribute(
    "100398",
    "Style",
    (
        ("1001165", "Basic"),
        ("1001166", "Boho"),
        ("1001168", "Elegant"),
        ("1001172", "Minimalist"),
        ("1001174", "Retro"),
    ),
    multiple=True,
)
WASHING: Final = Attribute(
    "100401",
    "Washing Instructions",
    (
        ("1001195", "Hand Wash Only"),
        ("1001196", "Dry Clean"),
        ("1001197", "Do Not Wash"),
        ("1001199", "Machine Washable"),
    ),
    multiple=True,
    customizable=False,
)
STRETCH: Final = Attribute(
    "100400",
    "Stretch",
    (("1000325", "None"), ("1001193", "Slight"), ("1000907", "Medium"), ("1001194", "High")),
    customizable=False,
)
PACK: Final = Attribute(
    "100347",
    "Quantity Per Pack",
    (("1000256", "1"), ("1000257", "2"), ("1000258", "3"), ("1000347", "4"), ("1000354", "5"), ("1000638", "6")),
)
OCCASION: Final = Attribute(
    "100392",
    "Occasion",
    (("1001533", "Birthday"), *_values(1090201, "Wedding", "Christmas", "Everyday")),
    multiple=True,
)
BATTERIES: Final = Attribute(
    "101610", "Contains Batteries or Cells?", (("1024358", "Yes"), ("1024359", "No")), customizable=False
)
BATTERY_TYPE: Final = Attribute(
    "101611",
    "Battery Type",
    _values(1090301, "Lithium ion", "Alkaline", "Button cell"),
    customizable=False,
    condition=("101610", "1024358"),
)
MANUFACTURER: Final = Attribute("101489", "Manufacturer Name")
MANUFACTURER_ADDRESS: Final = Attribute("101490", "Manufacturer Address")
INGREDIENTS: Final = Attribute("100701", "Ingredients")
SHELF_LIFE: Final = Attribute("100702", "Shelf Life in Months", numeric=True)
ALLERGENS: Final = Attribute(
    "100703", "Allergens", _values(1090401, "None", "Nuts", "Milk", "Gluten", "Soy"), multiple=True
)
VOLUME: Final = Attribute("100704", "Volume in Milliliters", numeric=True)
LANGUAGE: Final = Attribute(
    "100705", "Language", _values(1090501, "English", "German", "French", "Vietnamese"), customizable=False
)
AUTHOR: Final = Attribute("100706", "Author")
AGE: Final = Attribute(
    "100707",
    "Recommended Age",
    _values(1090601, "0-2 years", "3-5 years", "6-9 years", "10+ years"),
    customizable=False,
)
POWER: Final = Attribute("100708", "Power in Watts", numeric=True)
PET: Final = Attribute(
    "100709", "Pet", _values(1090701, "Dog", "Cat", "Bird", "Fish"), multiple=True, customizable=False
)
SCENT: Final = Attribute("100710", "Scent", _values(1090801, "Unscented", "Lavender", "Vanilla", "Citrus"))
DANGEROUS: Final = Attribute(
    "100711",
    "Other Dangerous Goods or Hazardous Materials",
    _values(1090901, "None", "Flammable liquid"),
    customizable=False,
)
WARRANTY: Final = Attribute("100712", "Warranty Period")

_APPAREL: Final = ("Womenswear & Underwear", "Menswear & Underwear", "Shoes")
_GROUPS: Final[dict[str, tuple[tuple[Attribute, ...], tuple[Attribute, ...]]]] = {
    # root category → (attributes, of these those that half of the leaves require)
    "Womenswear & Underwear": ((MATERIAL, SEASON, PATTERN, STYLE, WASHING, STRETCH, ORIGIN), (MATERIAL, SEASON)),
    "Menswear & Underwear": ((MATERIAL, SEASON, PATTERN, STYLE, WASHING, ORIGIN), (MATERIAL,)),
    "Shoes": ((MATERIAL, SEASON, STYLE, ORIGIN), (MATERIAL,)),
    "Luggage & Bags": ((MATERIAL, PATTERN, STYLE, ORIGIN), (MATERIAL,)),
    "Fashion Accessories": ((MATERIAL, STYLE, OCCASION, ORIGIN), (MATERIAL,)),
    "Textiles & Soft Furnishings": ((MATERIAL, PATTERN, SEASON, WASHING, PACK, ORIGIN), (MATERIAL, PACK)),
    "Home Supplies": ((MATERIAL, STYLE, PACK, OCCASION, SCENT, BATTERIES, BATTERY_TYPE, ORIGIN), (MATERIAL, PACK)),
    "Kitchenware": ((MATERIAL, PACK, VOLUME, ORIGIN), (MATERIAL,)),
    "Household Appliances": ((POWER, BATTERIES, BATTERY_TYPE, WARRANTY, ORIGIN), (POWER, BATTERIES)),
    "Phones & Electronics": ((BATTERIES, BATTERY_TYPE, POWER, ORIGIN), (BATTERIES,)),
    "Beauty & Personal Care": ((INGREDIENTS, VOLUME, SHELF_LIFE, ORIGIN, DANGEROUS), (INGREDIENTS, DANGEROUS)),
    "Food & Beverages": ((INGREDIENTS, ALLERGENS, SHELF_LIFE, PACK, ORIGIN), (INGREDIENTS, ALLERGENS)),
    "Health": ((INGREDIENTS, SHELF_LIFE, ORIGIN), (INGREDIENTS,)),
    "Pet Supplies": ((PET, MATERIAL, PACK, ORIGIN), (PET,)),
    "Toys & Hobbies": ((AGE, MATERIAL, BATTERIES, BATTERY_TYPE, ORIGIN), (AGE,)),
    "Books, Magazines & Audio": ((LANGUAGE, AUTHOR), (LANGUAGE,)),
    "Computers & Office Equipment": ((MATERIAL, PACK, ORIGIN), (PACK,)),
}
_OTHER: Final = ((MATERIAL, PACK, ORIGIN), (MATERIAL,))
_REQUIRED_ON_TOP: Final = {"VN": (ORIGIN, MANUFACTURER, MANUFACTURER_ADDRESS)}


def _dice(category_id: str, salt: str) -> int:
    """0 to 99, always the same for a category: how the made-up parts of its rules fall."""
    return zlib.crc32(f"{category_id} {salt}".encode()) % 100


def _root(tree: Tree, category_id: str) -> str:
    chain = tree.chain(category_id)
    return chain[0].name if chain else ""


def attributes(shop: Shop, tree: Tree, category_id: str) -> list[Attribute]:
    """The attributes of a leaf: about half of the leaves require some; nearly all are sold by colour."""
    root = _root(tree, category_id)
    listed, may_require = _GROUPS.get(root, _OTHER)
    requires = _dice(category_id, "required") < 50
    found = []
    on_top = _REQUIRED_ON_TOP.get(shop.facts["region"], ()) if _dice(category_id, "on top") < 20 else ()
    for attribute in (*listed, *(a for a in on_top if a not in listed)):
        required = (requires and attribute in may_require) or attribute in on_top
        found.append(Attribute(**{**_asdict(attribute), "required": required}))
    if root in _APPAREL or _dice(category_id, "color") < 84:
        found.append(COLOR)
    if root in _APPAREL or _dice(category_id, "size") < 17:
        found.append(SIZE)
    if _dice(category_id, "specification") < 16:
        found.append(SPECIFICATION)
    if root in ("Kitchenware", "Beauty & Personal Care", "Food & Beverages"):
        found.append(CAPACITY)
    if root == "Books, Magazines & Audio":
        found.append(EDITION)
    demanded = shop.platform.world.table(f"tt/{shop.id}/demanded_variations").get(category_id)
    if demanded:
        names = set(demanded["names"])
        found = [Attribute(**{**_asdict(a), "required": True}) if a.sales and a.name in names else a for a in found]
    return found


def _asdict(attribute: Attribute) -> dict[str, Any]:
    return {name: getattr(attribute, name) for name in Attribute.__dataclass_fields__}


def attribute_json(attribute: Attribute) -> dict[str, Any]:
    """As the API shows it: with the misspelt flag, and without `values` for free text."""
    shown: dict[str, Any] = {
        "id": attribute.id,
        "name": attribute.name,
        "type": "SALES_PROPERTY" if attribute.sales else "PRODUCT_PROPERTY",
        "is_requried": attribute.required,
        "is_multiple_selection": attribute.multiple or attribute.sales,
        "is_customizable": attribute.customizable,
    }
    if attribute.values:
        shown["values"] = [{"id": value_id, "name": name} for value_id, name in attribute.values]
    if attribute.numeric:
        shown["value_data_format"] = "POSITIVE_INT_OR_DECIMAL"
    if attribute.condition is not None:
        parent, value = attribute.condition
        shown["requirement_conditions"] = [
            {"condition_type": "VALUE_ID_MATCH", "attribute_id": parent, "attribute_value_id": value}
        ]
    return shown


# -- rules -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rules:
    """What a leaf demands of a product beside attributes."""

    certifications: tuple[dict[str, Any], ...]
    size_chart_supported: bool
    size_chart_required: bool
    cod: bool
    dimensions_required: bool
    epr_required: bool
    responsible_person_required: bool
    manufacturer_required: bool
    pre_sale: tuple[str, ...]
    pfand: bool
    seller_sku_required: bool


def rules(shop: Shop, tree: Tree, category_id: str) -> Rules:
    """What a leaf demands, made up from its id: the same for every call and every run."""
    region = shop.facts["region"]
    root = _root(tree, category_id)
    certifications: list[dict[str, Any]] = []
    if root in ("Food & Beverages", "Health") and _dice(category_id, "certification") < 30:
        certifications.append(
            {"id": "602362", "name": "Food safety certificate", "required": True, "expires": True, "condition": None}
        )
    if root in ("Phones & Electronics", "Toys & Hobbies", "Household Appliances"):
        condition = ("101610", "1024358")
        certifications.append(
            {"id": "602375", "name": "Battery test report", "required": False, "expires": False, "condition": condition}
        )
    apparel = root in _APPAREL
    return Rules(
        certifications=tuple(certifications),
        size_chart_supported=apparel,
        size_chart_required=apparel and region == "GB",
        cod=_dice(category_id, "cod") < 80,
        dimensions_required=region in ("US", "GB", *EU)
        and root in ("Furniture", "Household Appliances", "Luggage & Bags"),
        epr_required=region in ("DE", "FR") and root in ("Phones & Electronics", "Household Appliances"),
        responsible_person_required=region in EU and root not in ("Books, Magazines & Audio", "Food & Beverages"),
        manufacturer_required=region in EU and root not in ("Books, Magazines & Audio", "Food & Beverages"),
        pre_sale=("PRE_ORDER", "MADE_TO_ORDER", "CUSTOM") if region == "US" else ("PRE_ORDER",),
        pfand=region in ("DE", "AT") and root == "Food & Beverages" and "Drinks" in tree.path(category_id),
        seller_sku_required=region == "DE" and _dice(category_id, "seller_sku") < 20,
    )


def rules_json(found: Rules) -> dict[str, Any]:
    """Rules as Get Category Rules shows them."""
    certifications = []
    for c in found.certifications:
        shown = {
            "id": c["id"],
            "name": c["name"],
            "is_required": c["required"],
            "document_details": f"Upload the {c['name'].lower()} of the product in the language of the market.",
            "sample_image_url": "https://example.com/certificate.png",
            "expiration_date": {"is_required": c["expires"]},
        }
        if c["condition"]:
            parent, value = c["condition"]
            shown["requirement_conditions"] = [
                {"condition_type": "VALUE_ID_MATCH", "attribute_id": parent, "attribute_value_id": value}
            ]
        certifications.append(shown)
    shown = {
        "product_certifications": certifications,
        "size_chart": {"is_supported": found.size_chart_supported, "is_required": found.size_chart_required},
        "cod": {"is_supported": found.cod},
        "package_dimension": {"is_required": found.dimensions_required},
        "epr": {"is_required": found.epr_required},
        "responsible_person": {"is_required": found.responsible_person_required},
        "manufacturer": {"is_required": found.manufacturer_required},
        "allowed_special_product_types": list(found.pre_sale),
        "seller_sku": {"is_required": found.seller_sku_required},
    }
    if found.pfand:
        shown["fees"] = [{"type": "PFAND", "is_required": True}]
    return shown


# -- the API ---------------------------------------------------------------------------------------------------


def _tree_asked_for(call: Call) -> Tree:
    version = call.params.get("category_version") or "v1"
    if version not in ("v1", "v2"):
        raise ApiError(12052217)
    if call.shop_or_none is not None and version != call.shop.tree:
        raise ApiError(
            12052217, f"The category version is wrong for this region: specify `category_version={call.shop.tree}`."
        )
    return call.platform.trees.of(version)


def _leaf_asked_for(call: Call) -> tuple[Tree, Category]:
    tree = _tree_asked_for(call)
    return tree, _leaf(tree, call.path["category_id"], 12052024)


def _leaf(tree: Tree, category_id: str, no_leaf: int) -> Category:
    """The leaf of that id. Raises ApiError, for a category that has others below it with `no_leaf`."""
    if not category_id.isdecimal():
        raise ApiError(12052002)
    category = tree.get(category_id)
    if category is None:
        raise ApiError(12052023)
    if not category.is_leaf:
        raise ApiError(no_leaf)
    return category


def listed(call: Call) -> dict[str, Any]:
    """The whole tree, one entry per category."""
    tree = _tree_asked_for(call)
    keyword = call.params.get("keyword", "").casefold()
    prohibited = call.flag("include_prohibited_categories")
    found = []
    for category in tree.all.values():
        status = permission(call.shop, tree, category)
        if (keyword and keyword not in category.name.casefold()) or (status == "PROHIBITED" and not prohibited):
            continue
        found.append(
            {
                "id": category.id,
                "parent_id": category.parent_id,
                "local_name": category.name,
                "is_leaf": category.is_leaf,
                "permission_statuses": [status],
            }
        )
    return {"categories": found}


def rules_call(call: Call) -> dict[str, Any]:
    """Rules of one leaf."""
    tree, category = _leaf_asked_for(call)
    return rules_json(rules(call.shop, tree, category.id))


def attributes_call(call: Call) -> dict[str, Any]:
    """Product and sales attributes of one leaf."""
    tree, category = _leaf_asked_for(call)
    return {"attributes": [attribute_json(a) for a in attributes(call.shop, tree, category.id)]}


class _Image(msgspec.Struct):
    uri: str = ""


class _Recommend(msgspec.Struct):
    product_title: str = ""
    description: str = ""
    images: list[_Image] = []
    category_version: str = "v1"
    listing_platform: str = ""


def recommend_call(call: Call) -> dict[str, Any]:
    """The leaf whose words fit a title best."""
    body = call.body(_Recommend)
    if not body.product_title.strip():
        raise ApiError(12052261)
    if len(body.product_title) > call.shop.region.title[1]:
        raise ApiError(12052051)
    if _CHINESE.search(body.product_title) and call.shop.facts["region"] != "JP":
        raise ApiError(12052262)
    if len(body.description) > 10_000:
        raise ApiError(12052013)
    if body.category_version != call.shop.tree:
        raise ApiError(12052217)
    for image in body.images:
        if image.uri not in call.platform.images:
            raise ApiError(12052722)
    tree = call.platform.trees.of(body.category_version)
    leaf = recommend(tree, body.product_title, body.description)
    if leaf is None:
        raise ApiError(12052913)
    chain = [
        {
            "id": c.id,
            "name": c.name,
            "level": c.level,
            "is_leaf": c.is_leaf,
            "permission_statuses": [permission(call.shop, tree, c)],
        }
        for c in tree.chain(leaf.id)
    ]
    return {"leaf_category_id": leaf.id, "categories": chain}


class _Suggest(msgspec.Struct):
    product_title: str = ""
    title: str = ""
    description: str = ""
    category_id: str = ""
    images: list[_Image] = []


def properties_recommend(call: Call) -> dict[str, Any]:
    """Values for required attributes, guessed from words of the title: the first value named in it."""
    body = call.body(_Suggest)
    tree = call.platform.trees.of(call.shop.tree)
    category = tree.get(body.category_id)
    if category is None or not category.is_leaf:
        raise ApiError(12052230)
    text = f"{body.product_title} {body.title} {body.description}".casefold()
    found = []
    for attribute in attributes(call.shop, tree, category.id):
        if attribute.sales or not attribute.required:
            continue
        hit = next((v for v in attribute.values if v[1].casefold() in text), None)
        found.append(
            {
                "id": attribute.id,
                "name": attribute.name,
                "type": "PRODUCT_PROPERTY",
                "is_required": True,
                "is_customizable": attribute.customizable,
                "is_multiple_selection": attribute.multiple,
                "values": [] if hit is None else [{"id": hit[0], "name": hit[1]}],
            }
        )
    return {"recommended_properties": found}


# -- brands ----------------------------------------------------------------------------------------------------

_BRANDS: Final = (
    # (name, authorized for everybody, internationally renowned)
    ("Harbor & Pine", True, False),
    ("Lumen Hearth", True, False),
    ("Copper Fox Kitchen", True, False),
    ("Nordtuft", True, False),
    ("Sample Atelier", False, False),
    ("Grand Example", False, True),
    ("Example Couture", False, True),
    ("Test Kitchen Co", True, False),
)
_FIRST_BRAND: Final = 7082427311584000105
_NUMBER_RUN: Final = re.compile(r"\d{5}")
_CHINESE: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff]")


def seed_brands(platform: Platform) -> None:
    """The brands every shop finds, once."""
    if len(platform.brands):
        return
    for number, (name, authorized, renowned) in enumerate(_BRANDS):
        brand_id = str(_FIRST_BRAND + 1031 * number)
        platform.brands.put(
            brand_id,
            {"id": brand_id, "name": name, "authorized": authorized, "t1": renowned, "seller_id": "", "day": 0},
        )


def brand_json(brand: dict[str, Any]) -> dict[str, Any]:
    """One brand as Get Brands shows it."""
    return {
        "id": brand["id"],
        "name": brand["name"],
        "authorized_status": "AUTHORIZED" if brand["authorized"] else "UNAUTHORIEZD",  # spelled so by the platform
        "is_t1_brand": brand["t1"],
        "brand_status": "AVAILABLE",
    }


def brands(call: Call) -> dict[str, Any]:
    """Brands by the beginning of their name."""
    size = call.integer("page_size", 1, 100, None, code=12019109)
    if call.params.get("category_id"):
        _leaf(_tree_asked_for(call), call.params["category_id"], 12052230)
    prefix = call.params.get("brand_name", "").casefold()
    wanted = call.params.get("is_authorized", "").lower()
    found = []
    for brand in call.platform.brands.values():
        if brand["seller_id"] not in ("", call.seller_id) or not brand["name"].casefold().startswith(prefix):
            continue
        if wanted in ("1", "true", "0", "false") and brand["authorized"] != (wanted in ("1", "true")):
            continue
        found.append(brand_json(brand))
    start = call.platform.paging.offset(call, "brands", code=12019108)
    page = found[start : start + size]
    return {
        "brands": page,
        "total_count": len(found),
        "next_page_token": call.platform.paging.next_offset(call, "brands", start + size, len(found)),
    }


class _Brand(msgspec.Struct):
    name: str = ""


def create_brand(call: Call) -> dict[str, Any]:
    """Register a brand of the seller's own."""
    name = call.body(_Brand).name.strip()
    if not 2 <= len(name) <= 30:
        raise ApiError(12052189)
    if _CHINESE.search(name):
        raise ApiError(12052190)
    if not all(ch.isalnum() or ch in " &'.-+!" for ch in name):
        raise ApiError(12052191)
    if _NUMBER_RUN.search(name):
        raise ApiError(12052192)
    own = [b for b in call.platform.brands.values() if b["seller_id"] in ("", call.seller_id)]
    if any(b["name"].casefold() == name.casefold() for b in own):
        raise ApiError(12052205)
    today = call.now // 86_400
    mine = [b for b in own if b["seller_id"]]
    if sum(b["day"] == today for b in mine) >= 50:
        raise ApiError(12052202)
    if len(mine) >= 1000:
        raise ApiError(12052203)
    brand_id = call.platform.new_id("brand")
    call.platform.brands.put(
        brand_id,
        {"id": brand_id, "name": name, "authorized": True, "t1": False, "seller_id": call.seller_id, "day": today},
    )
    call.platform.world.effect("tiktok", "", "brand_created", brand_id, name=name, seller=call.seller_id)
    return {"id": brand_id}


def suggest_brands(call: Call) -> dict[str, Any]:
    """Brands whose name occurs in the title."""
    body = call.body(_Suggest)
    text = f"{body.product_title} {body.title}".casefold()
    found = [
        b
        for b in call.platform.brands.values()
        if b["seller_id"] in ("", call.seller_id) and b["name"].casefold() in text
    ]
    return {"brands": [{"id": b["id"], "name": b["name"], "is_authorized": b["authorized"]} for b in found]}


def load_categories(platform: Platform, path: str) -> int:
    """Use a whole category tree from a CSV file instead of the small one. Lasts until the process ends.

    The file has id, parent_id, level, is_leaf and name_en, or paths such as "Home > Lamps". Returns the categories.
    """
    try:
        return platform.trees.load(Path(path))
    except (OSError, KeyError, ValueError) as error:
        raise Refused(f"path: {error}") from error


_BASIC: Final = "seller.product.basic"

ENDPOINTS: Final = (
    Endpoint("GET", "/product/{v}/categories", ("202309",), _BASIC, listed, bad_input=12052910),
    Endpoint("GET", "/product/{v}/categories/{category_id}/rules", ("202309",), _BASIC, rules_call, bad_input=12052910),
    Endpoint(
        "GET",
        "/product/{v}/categories/{category_id}/attributes",
        ("202309",),
        _BASIC,
        attributes_call,
        bad_input=12052910,
    ),
    Endpoint("POST", "/product/{v}/categories/recommend", ("202309",), _BASIC, recommend_call, bad_input=12052910),
    Endpoint(
        "POST",
        "/product/{v}/products/properties/recommend",
        ("202609",),
        _BASIC,
        properties_recommend,
        bad_input=12052910,
    ),
    Endpoint("GET", "/product/{v}/brands", ("202309",), _BASIC, brands, bad_input=12052910),
    Endpoint("POST", "/product/{v}/brands", ("202309",), _BASIC, create_brand, shop=False, bad_input=12052910),
    Endpoint("POST", "/product/{v}/brands/suggest", ("202609",), _BASIC, suggest_brands, bad_input=12052910),
)
