"""What TikTok Shop demands of a product: every documented rule of Create and Edit with its code.

`check` returns all violations in the order in which the platform would name them; Create refuses with the first.
Source: `reference/tiktok-shop.md` sections 8, 9 and 12.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any, Final, NamedTuple

from twinshelf_sandbox.tiktok.amounts import plain
from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.products import categories, uploads
from twinshelf_sandbox.tiktok.products.category_tree import Category, Tree
from twinshelf_sandbox.tiktok.products.product_bodies import Amount, Fee, Product, SalesAttribute, Sku, Stock, Weight
from twinshelf_sandbox.tiktok.regions import EU, SEA, STRICT_SELLER_SKU, delivery_options
from twinshelf_sandbox.tiktok.state import Shop

CHINESE: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_ENTITY: Final = re.compile(r"&(#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EMOJI: Final = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u20e3\U000e0020-\U000e007f]")
_REPEATED: Final = re.compile(r"(\S)\1{9,}")
_STRICT_SKU: Final = re.compile(r"[A-Za-z0-9_-]+")
_AMOUNT: Final = re.compile(r"\d{1,12}(\.\d{1,4})?")
_POSITIVE: Final = re.compile(r"\d+(\.\d+)?")
_SIZE: Final = re.compile(r"\d{1,6}(\.\d{1,2})?")
_ISBN: Final = re.compile(r"\d{9}X|\d{13}")

_IMAGE_URI: Final = re.compile(r"tos-[a-z0-9-]+/[A-Za-z0-9]+")

_CODE_DIGITS: Final = {"GTIN": (14,), "EAN": (8, 13, 14), "UPC": (12,), "JAN": (8, 13)}
_WEIGHT_DECIMALS: Final = {"KILOGRAM": 3, "POUND": 2, "GRAM": 0}
_DELIVERY_REGIONS: Final = ("ID", "MX", "MY", "PH", "SG", "TH", "VN")
_TAGS: Final = frozenset(
    (
        *(
            "p",
            "div",
            "span",
            "br",
            "b",
            "strong",
            "i",
            "em",
            "u",
            "s",
            "ul",
            "ol",
            "li",
            "hr",
            "sub",
            "sup",
            "small",
            "big",
        ),
        *(
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "img",
            "table",
            "thead",
            "tbody",
            "tfoot",
            "tr",
            "td",
            "th",
            "caption",
            "col",
        ),
        *(
            "a",
            "blockquote",
            "pre",
            "code",
            "font",
            "section",
            "article",
            "center",
            "dl",
            "dt",
            "dd",
            "figure",
            "figcaption",
        ),
        *("colgroup", "mark", "del", "ins"),
    )
)
_VOID: Final = frozenset(("br", "hr", "img", "col"))
_ATTRIBUTES: Final = frozenset(
    (
        *("src", "width", "height", "alt", "style", "class", "id", "href", "title", "align", "border", "cellpadding"),
        *(
            "cellspacing",
            "colspan",
            "rowspan",
            "color",
            "size",
            "face",
            "target",
            "rel",
            "dir",
            "lang",
            "name",
            "valign",
        ),
        *("bgcolor", "start", "type"),
    )
)
_MAX_DEPTH: Final = 50
_DAY: Final = 86_400


@dataclass
class Checked:
    """The outcome of a check: violations, warnings, and what the platform drops without a word."""

    errors: list[ApiError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    drop_brand: bool = False
    drop_identifiers: set[int] = field(default_factory=set)
    drop_list_prices: set[int] = field(default_factory=set)
    drop_size_chart: bool = False

    def add(self, code: int, text: str = "") -> None:
        """Note a violation; without `text` in the words of the code."""
        self.errors.append(ApiError(code, text))


@dataclass(frozen=True)
class Known:
    """What the check needs to know beside the body: the shop, and the SKUs an edit may refer to."""

    shop: Shop
    edit: bool = False
    known_skus: frozenset[str] = frozenset()
    identifiers: dict[str, str] = field(default_factory=dict)
    """SKU id → identifier code already submitted."""
    pre_sale: dict[str, str] = field(default_factory=dict)
    prices: dict[str, str] = field(default_factory=dict)
    """SKU id → price that stays when none is given."""
    stocked: frozenset[str] = frozenset()
    """SKUs whose stock stays when none is given."""
    draft: bool = False
    """Saved as a draft: what is missing is forgiven, what is there must still be right."""


def check(known: Known, body: Product) -> Checked:
    """All violations of `body`. Nothing is changed."""
    out = Checked()
    shop = known.shop
    _title(out, shop, body, known)
    _description(out, shop, body, known)
    leaf = _category(out, shop, body)
    _images(out, shop, body, known)
    if leaf is not None:
        _attributes(out, shop, leaf, body, known)
        _category_rules(out, shop, leaf, body, known)
    _brand(out, shop, body, leaf)
    _package(out, shop, body, known)
    _skus(out, shop, leaf, body, known)
    _others(out, shop, body)
    return out


def first(errors: list[ApiError]) -> None:
    """Raise the first of `errors`, if any."""
    if errors:
        raise errors[0]


# -- text ------------------------------------------------------------------------------------------------------


def _ill_formed(text: str) -> bool:
    return bool(_ENTITY.search(text) or _CONTROL.search(text) or _EMOJI.search(text) or _REPEATED.search(text))


def _title(out: Checked, shop: Shop, body: Product, known: Known) -> None:
    title = (body.title or "").strip()
    low, high = shop.region.title
    low = shop.switch("title_minimum") or low
    if not title:
        if not known.draft:
            out.add(12052261)
        return
    if CHINESE.search(title) and shop.facts["region"] != "JP":
        out.add(12052262)
    if len(title) > high or (len(title) < low and not known.draft):
        out.add(12052051, f"The title must have {low} to {high} characters.")
    if _ill_formed(title) or not any(ch.isalnum() for ch in title):
        out.add(12052931)
    if title[0] in ".,;:!?*-_":
        out.add(12052263)


class _Html(HTMLParser):
    """Walks the description and notes what is wrong with it."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(convert_charrefs=True)
        self._shop, self.open, self.images = shop, [], 0  # type: tuple[Shop, list[str], int]
        self.codes: list[int] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self.codes.append(12052345)
        if any(name not in _ATTRIBUTES and not name.startswith("data-") for name, _ in attrs) or any(
            n.startswith("on") for n, _ in attrs
        ):
            self.codes.append(12052350)
        if tag == "img":
            self._image({name: value or "" for name, value in attrs})
        if tag in _VOID:
            return
        if tag == "a" and "a" in self.open:
            self.codes.append(12052349)
        self.open.append(tag)
        if len(self.open) > _MAX_DEPTH:
            self.codes.append(12052352)

    def _image(self, attributes: dict[str, str]) -> None:
        self.images += 1
        if not all(attributes.get(name) for name in ("src", "width", "height")):
            self.codes.append(12052348)
            return
        uri = attributes["src"].split("?", 1)[0].split("/_tiktok/cdn/", 1)[-1].split("~", 1)[0]
        if (
            "/_tiktok/cdn/" not in attributes["src"]
            or uploads.find(self._shop.platform, self._shop.seller_id, uri) is None
        ):
            self.codes.append(12052340)
        for name in ("width", "height"):
            number = attributes[name].removesuffix("px")
            if not number.isascii() or not number.isdigit():
                self.codes.append(12052348)
            elif int(number[:9]) >= 4000:
                self.codes.append(12052341)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if tag not in self.open:
            self.codes.append(12052344)
            return
        # <p> and <li> may be closed by what follows them; other tags must be closed in order.
        while self.open and (closed := self.open.pop()) != tag:
            if closed not in ("p", "li", "td", "tr", "th", "dt", "dd", "tbody", "thead"):
                self.codes.append(12052344)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _description(out: Checked, shop: Shop, body: Product, known: Known) -> None:
    description = body.description or ""
    if not description.strip():
        if not known.draft:
            out.add(12052015)
        return
    if len(description) > 10_000:
        out.add(12052013)
    parser = _Html(shop)
    parser.feed(description)
    parser.close()
    text = "".join(parser.text)
    if CHINESE.search(text) and shop.facts["region"] != "JP":
        out.add(12052346)
    if _EMOJI.search(text) or _CONTROL.search(text):
        out.add(12052932)
    if parser.images > 30:
        out.add(12052056)
    if [tag for tag in parser.open if tag not in ("p", "li", "td", "tr", "th", "tbody")]:
        parser.codes.append(12052344)
    for code in dict.fromkeys(parser.codes):
        out.add(code)


# -- category, brand, attributes -------------------------------------------------------------------------------


class Leaf(NamedTuple):
    """A category that products can be listed in, and the tree it is from."""

    tree: Tree
    category: Category


def _category(out: Checked, shop: Shop, body: Product) -> Leaf | None:
    version = body.category_version or "v1"
    if version != shop.tree:
        out.add(12052217, f"The category version is wrong for this region: specify `category_version={shop.tree}`.")
        return None
    tree = shop.platform.trees.of(version)
    category_id = body.category_id or ""
    if not category_id.isascii() or not category_id.isdigit():
        out.add(12052002)
        return None
    category = tree.get(category_id)
    if category is None or not category.is_leaf:
        other = shop.platform.trees.of("v1" if version == "v2" else "v2").get(category_id)
        out.add(12052230 if category is not None or other is not None else 12052023)
        return None
    match categories.permission(shop, tree, category):
        case "PROHIBITED":
            out.add(12052220)
        case "NON_MAIN_CATEGORY":
            out.add(12052225, "The category is not part of the main category of the shop.")
        case "INVITE_ONLY" if shop.facts["region"] != "US":
            # In the US such a product is accepted and waits as PRE_APPROVED.
            out.add(12052223)
    return Leaf(tree, category)


def _brand(out: Checked, shop: Shop, body: Product, leaf: Leaf | None) -> None:
    if not body.brand_id:
        return
    brand = shop.platform.brands.get(body.brand_id)
    if brand is None or brand["seller_id"] not in ("", shop.seller_id):
        out.drop_brand = True
        out.warnings.append(
            f"The [brand_id]:{body.brand_id} field is incorrect and has been cleared by the system. "
            "Reason: [Brand does not exist]."
        )
    elif not brand["authorized"]:
        if brand["t1"] and leaf is not None:
            out.add(12052201)
        else:
            out.drop_brand = True
            out.warnings.append(
                f"The [brand_id]:{body.brand_id} field has been cleared. "
                "Reason: [You are not authorized for the brand]."
            )


def _attributes(out: Checked, shop: Shop, leaf: Leaf, body: Product, known: Known) -> None:
    wanted = {a.id: a for a in categories.attributes(shop, leaf.tree, leaf.category.id) if not a.sales}
    chosen: dict[str, set[str]] = {}
    given = body.product_attributes or []
    ids = [a.id for a in given]
    if len(ids) != len(set(ids)):
        out.add(12052254)
    for entry in given:
        values = entry.values or []
        if not entry.id:
            out.add(12052241)
            continue
        if not values:
            continue
        attribute = wanted.get(entry.id)
        chosen[entry.id] = {v.id for v in values if v.id}
        if attribute is None:
            continue  # attributes the category does not have are ignored
        _attribute_values(out, attribute, values)
    for attribute in wanted.values():
        has = attribute.id in chosen
        if attribute.condition is not None:
            parent, value = attribute.condition
            met = value in chosen.get(parent, ())
            if met and not has and not known.draft:
                out.add(
                    12052182,
                    f"The attribute {attribute.name!r} ({attribute.id}) is required by the value of its parent.",
                )
            if not met and has:
                out.add(
                    12052183,
                    f"The attribute {attribute.name!r} ({attribute.id}) must stay empty with the value of its parent.",
                )
        elif attribute.required and not has and not known.draft:
            out.add(12052104, f"The attribute {attribute.name!r} ({attribute.id}) is required.")


def _attribute_values(out: Checked, attribute: categories.Attribute, values: list[Any]) -> None:
    allowed = {value_id for value_id, _ in attribute.values}
    if len(values) > 1 and not attribute.multiple:
        out.add(12052246, f"The attribute {attribute.id} takes one value only.")
    value_ids = [v.id for v in values if v.id]
    if len(value_ids) != len(set(value_ids)):
        out.add(12052253)
    names = [v.name for v in values if not v.id and v.name]
    if len(names) != len(set(names)):
        out.add(12052251)
    for value in values:
        if value.id:
            own = value.id.startswith("73")  # generated ids of own values begin so
            if allowed and value.id not in allowed and not own:
                out.add(12052529, f"The value {value.id} is not one of attribute {attribute.id}.")
        elif not value.name:
            out.add(12052248)
        else:
            _own_value(out, attribute, value.name)


def _own_value(out: Checked, attribute: categories.Attribute, name: str) -> None:
    if attribute.values and not attribute.customizable:
        out.add(12052247)
    if len(name) > 2000:
        out.add(12052249)
    if CHINESE.search(name):
        out.add(12052250)
    if attribute.numeric and (not _POSITIVE.fullmatch(name) or not Decimal(name)):
        out.add(12052256)
    if _EMOJI.search(name) or _CONTROL.search(name):
        out.add(12052935)


def _category_rules(out: Checked, shop: Shop, leaf: Leaf, body: Product, known: Known) -> None:
    found = categories.rules(shop, leaf.tree, leaf.category.id)
    if body.is_cod_allowed and shop.region.cod and not found.cod:
        out.add(12052222)
    _certifications(out, shop, found, body, known)
    _size_chart(out, shop, found, body, known)
    if found.dimensions_required and body.package_dimensions is None and not known.draft:
        out.add(12019012, "The category requires `package_dimensions`.")
    if found.manufacturer_required and not known.draft and not body.manufacturer_ids:
        out.add(12052282)
    _entities(out, shop, "manufacturers", body.manufacturer_ids or [], (12052283, 12052284, 12052295))
    if found.responsible_person_required and not known.draft and not body.responsible_person_ids:
        out.add(12052287)
    _entities(out, shop, "responsible_persons", body.responsible_person_ids or [], (12052288, 12052289, 12052296))
    for sku in body.skus or []:
        if found.pfand and not known.draft and not any(f.type == "PFAND" for f in sku.fees or []):
            out.add(12052910, "The category requires a fee of type PFAND on every SKU.")
            break
        if found.seller_sku_required and not sku.seller_sku and not known.draft:
            out.add(12052054, "The category requires a seller SKU.")
            break
    for sku in body.skus or []:
        if sku.pre_sale is not None and sku.pre_sale.type and sku.pre_sale.type not in found.pre_sale:
            out.add(12019099)
            break


def _size_chart(out: Checked, shop: Shop, found: categories.Rules, body: Product, known: Known) -> None:
    chart = body.size_chart
    if chart is None or (chart.image is None and chart.template is None):
        if found.size_chart_required and not known.draft:
            out.add(12052673)
    elif not found.size_chart_supported:
        out.drop_size_chart = True  # silently, as the platform does
    elif chart.template is not None:
        if not shop.platform.world.table("tt/size_charts").get(chart.template.id or ""):
            out.add(12052128)
    elif chart.image is not None and uploads.find(shop.platform, shop.seller_id, chart.image.uri or "") is None:
        out.add(12052670)


def _certifications(out: Checked, shop: Shop, found: categories.Rules, body: Product, known: Known) -> None:
    given = body.certifications or []
    if len(given) > 10:
        out.add(12052657)
    ids = [c.id for c in given]
    if len(ids) != len(set(ids)):
        out.add(12052656)
    chosen = {a.id: {v.id for v in a.values or []} for a in body.product_attributes or []}
    allowed = {c["id"]: c for c in found.certifications}
    for entry in given:
        rule = allowed.get(entry.id or "")
        if rule is None:
            out.add(12052655)
            continue
        if any(uploads.find(shop.platform, shop.seller_id, i.uri or "") is None for i in entry.images or []):
            out.add(12052650)
        if any((f.id or "") not in shop.platform.files for f in entry.files or []):
            out.add(12052658)
        if rule["expires"] and (entry.expiration_date or 0) <= shop.now:
            out.add(12052385)
    for rule in found.certifications:
        condition = rule["condition"]
        needed = rule["required"] or (condition and condition[1] in chosen.get(condition[0], ()))
        entry_ids = [e for e in given if e.id == rule["id"] and (e.images or e.files)]
        if needed and not entry_ids and not known.draft:
            out.add(12052105, f"The certification {rule['name']!r} ({rule['id']}) is required.")


def _entities(out: Checked, shop: Shop, kind: str, given: list[str], codes: tuple[int, int, int]) -> None:
    too_many, unknown, twice = codes
    if len(given) != len(set(given)):
        out.add(twice)
    if len(given) > 10:
        out.add(too_many)
    table = shop.platform.world.table(f"tt/{kind}")
    for entity_id in given:
        row = table.get(entity_id)
        if row is None or row["seller_id"] != shop.seller_id:
            out.add(unknown, f"{entity_id} is not known.")


# -- images and package ----------------------------------------------------------------------------------------


def _images(out: Checked, shop: Shop, body: Product, known: Known) -> None:
    given = body.main_images or []
    if not given:
        if not known.draft:
            out.add(12052028)
        return
    if len(given) > 9:
        out.add(12052306)
    for image in given:
        row = uploads.find(shop.platform, shop.seller_id, image.uri or "")
        if row is None:
            illegal = not _IMAGE_URI.fullmatch(image.uri or "")
            out.add(
                12052300 if illegal else 12052722, f"The main image {image.uri!r} was not uploaded to the platform."
            )
        elif min(row["width"], row["height"]) < 300:
            out.add(12052301, f"The main image {image.uri!r} must have 300 pixels on each side at least.")


def weight_error(shop: Shop, weight: Weight) -> int:
    """The code of what is wrong with a weight; 0 if nothing is."""
    value, unit = weight.value or "", weight.unit or ""
    if unit not in _WEIGHT_DECIMALS:
        return 12019011
    if unit not in shop.region.weights:
        return 12019061 if unit == "POUND" else 12019060
    if not _POSITIVE.fullmatch(value):
        return 12052006
    if not Decimal(value):
        return 12052181
    if -Decimal(value).normalize().as_tuple().exponent > _WEIGHT_DECIMALS[unit]:  # type: ignore[operator]
        return 12052006
    return 12019011 if Decimal(value) > 100_000 else 0


def _package(out: Checked, shop: Shop, body: Product, known: Known) -> None:
    weight, size = body.package_weight, body.package_dimensions
    if weight is None:
        if not known.draft:
            out.add(12019011, "The package weight is required.")
    elif code := weight_error(shop, weight):
        out.add(code)
    if size is None:
        return
    if size.unit not in ("CENTIMETER", "INCH"):
        out.add(12019012)
    elif size.unit not in shop.region.lengths:
        out.add(12019061)
    for value, code in ((size.height, 12052003), (size.width, 12052004), (size.length, 12052005)):
        text = (value or "").replace(",", ".") if shop.facts["region"] == "BR" else value or ""
        if not _SIZE.fullmatch(text):
            out.add(code)
        elif not Decimal(text):
            out.add(12052116)
    if weight is not None and (weight.unit == "POUND") != (size.unit == "INCH"):
        out.add(12052915)


# -- SKUs ------------------------------------------------------------------------------------------------------


def price_errors(shop: Shop, price: Any, warehouses: list[str]) -> Iterator[ApiError]:
    """What is wrong with one SKU's price."""
    if price is None:
        yield ApiError(12052073, "The price is missing.")
        return
    if price.currency != shop.currency:
        yield ApiError(12052084, f"The currency must be {shop.currency}.")
        return
    cross_border = any((shop.warehouse(w) or {}).get("sub_type") == "CB_DIRECT_SHIPPING_WAREHOUSE" for w in warehouses)
    if shop.is_local:
        text, code = price.amount, 12052073
    else:
        text, code = price.sale_price or price.amount, 12052092
        if cross_border and shop.facts["region"] in ("US", "JP") and not price.sale_price:
            yield ApiError(12052424)
            return
    if not text or not _AMOUNT.fullmatch(text):
        yield ApiError(code)
        return
    amount = Decimal(text)
    if -amount.normalize().as_tuple().exponent > shop.region.decimals:  # type: ignore[operator]
        yield ApiError(code, f"The price has more than {shop.region.decimals} decimals.")
        return
    low, high = shop.region.price_range("local" if shop.is_local else "cross_border" if cross_border else "global")
    if not low <= amount <= high:
        yield ApiError(12052570, f"The price must be {low} to {high} {shop.currency}.")


def stock_errors(shop: Shop, entries: list[Stock]) -> Iterator[tuple[str, ApiError]]:
    """What is wrong with the stock given for one SKU, as (warehouse id, error)."""
    seen: set[str] = set()
    highest = int(shop.switch("max_quantity"))
    lowest = 0 if shop.switch("zero_quantity") else 1
    for entry in entries:
        warehouse_id = entry.warehouse_id or ""
        row = shop.warehouse(warehouse_id)
        if row is None:
            known_elsewhere = any(
                warehouse_id == w["id"] for s in shop.platform.shops_of(shop.seller_id) for w in s.warehouses()
            )
            yield warehouse_id, ApiError(12052530 if known_elsewhere else 12052097)
        elif row["type"] != "SALES_WAREHOUSE":
            yield warehouse_id, ApiError(12052532)
        elif row["effect_status"] == "DISABLED":
            yield warehouse_id, ApiError(12052531)
        elif warehouse_id in seen:
            yield warehouse_id, ApiError(12052910, f"The warehouse {warehouse_id} is given twice.")
        seen.add(warehouse_id)
        if entry.quantity is None or not lowest <= entry.quantity <= highest:
            yield warehouse_id, ApiError(12052055, f"The quantity must be {lowest} to {highest}.")
        if (entry.backorder_quantity is None) != (entry.handling_time is None):
            yield warehouse_id, ApiError(12052490, "`backorder_quantity` and `handling_time` go together.")
        elif entry.handling_time is not None and not 1 <= entry.handling_time <= 30:
            yield warehouse_id, ApiError(12052490)
    if len({e.handling_time for e in entries}) > 1:
        yield "", ApiError(12052490, "All warehouses of a SKU need the same `handling_time`.")


def _skus(out: Checked, shop: Shop, leaf: Leaf | None, body: Product, known: Known) -> None:
    skus = body.skus or []
    if not skus:
        if not known.draft:
            out.add(12052571)
        return
    if len(skus) > shop.region.max_skus:
        out.add(
            12052050 if shop.region.max_skus == 100 else 12052558, f"A product may have {shop.region.max_skus} SKUs."
        )
        return
    ids = [sku.id for sku in skus if sku.id]
    if len(ids) != len(set(ids)):
        out.add(12052553)
    if known.edit and (unknown := [i for i in ids if i not in known.known_skus]):
        out.add(12052556 if not any(shop.by_sku.find(i) for i in unknown) else 12052557)
    if not known.draft and not shop.warehouses("RETURN_WAREHOUSE"):
        out.add(12052535)
    _variations(out, shop, leaf, skus)
    _identifiers(out, skus, known)
    for at, sku in enumerate(skus):
        _sku(out, shop, at, sku, known)
    kinds = {(s.pre_sale.type if s.pre_sale is not None else None) for s in skus}
    if len(kinds) > 1:
        out.add(12019094, "All SKUs of a product need the same type of pre-sale.")
    bundles = [bool(s.combined_skus) for s in skus]
    if any(bundles):
        _bundle(out, shop, body, skus, complete=all(bundles))


def _sku(out: Checked, shop: Shop, at: int, sku: Sku, known: Known) -> None:
    _sku_offer(out, shop, sku, known)
    _seller_sku(out, shop, sku)
    _list_price(out, shop, at, sku, known)
    _sku_texts(out, shop, sku)
    for fee in sku.fees or []:
        if not _is_fee(fee):
            out.add(12052910, "A fee is invalid.")
    _pre_sale(out, shop, sku, known)


def _sku_offer(out: Checked, shop: Shop, sku: Sku, known: Known) -> None:
    if sku.price is not None or not (sku.id in known.prices or known.draft):
        out.errors += price_errors(shop, sku.price, [e.warehouse_id or "" for e in sku.inventory or []])
    if sku.inventory:
        out.errors += [error for _, error in stock_errors(shop, sku.inventory)]
        if len(sku.inventory) > 1 and len(shop.warehouses("SALES_WAREHOUSE")) == 1:
            out.add(12052094)
    elif sku.id not in known.stocked and not known.draft and not sku.combined_skus:
        out.add(12052486 if sku.inventory is not None else 12052115, "A SKU has no inventory.")


def _sku_texts(out: Checked, shop: Shop, sku: Sku) -> None:
    if sku.external_sku_id and len(sku.external_sku_id) > 999:
        out.add(12052910, "`external_sku_id` is longer than 999 characters.")
    for url in sku.external_urls or []:
        if not url.startswith(("http://", "https://")):
            out.add(12052235)
        elif len(url) > 500:
            out.add(12052238)
    if sku.sku_unit_count is not None:
        low, high = Decimal("0.01"), Decimal("99999.9999")
        if not _AMOUNT.fullmatch(sku.sku_unit_count) or not low <= Decimal(sku.sku_unit_count) <= high:
            out.add(12052574)
    if sku.sku_weight is not None and (code := weight_error(shop, sku.sku_weight)):
        out.add(code)
    if sku.extra_identifier_codes:
        if shop.facts["region"] not in EU:
            out.add(12052291)
        elif len(sku.extra_identifier_codes) > 10:
            out.add(12052910, "At most 10 `extra_identifier_codes`.")


def _is_fee(fee: Fee) -> bool:
    amount = plain(fee.amount)
    kinds = (None, "SINGLE_USE", "REUSABLE", "NOT_APPLICABLE")
    return fee.type == "PFAND" and amount is not None and amount <= 6300 and fee.additional_attribute in kinds


def _seller_sku(out: Checked, shop: Shop, sku: Sku) -> None:
    text = sku.seller_sku
    if not text:
        return
    if shop.facts["region"] in STRICT_SELLER_SKU:
        if not 6 <= len(text) <= 50 or not _STRICT_SKU.fullmatch(text):
            out.add(12052054, "A seller SKU has 6 to 50 characters of A-Z, a-z, 0-9, - and _ in this region.")
    elif len(text) > 50 or any(ch.isspace() for ch in text):
        out.add(12052054, "A seller SKU has 1 to 50 characters without spaces.")


def _list_price(out: Checked, shop: Shop, at: int, sku: Sku, known: Known) -> None:
    given = sku.list_price
    if given is None:
        return
    own = (sku.price.amount or sku.price.sale_price) if sku.price is not None else known.prices.get(sku.id or "")
    out.errors += list_price_errors(shop, given)
    if drops_list_price(shop, given, own):
        out.drop_list_prices.add(at)


def list_price_errors(shop: Shop, given: Amount) -> Iterator[ApiError]:
    """What is wrong with a list price. Outside the US nothing is: a live request with one was accepted in VN."""
    if shop.facts["region"] != "US":
        return
    amount = plain(given.amount)
    if given.currency != "USD":
        yield ApiError(12052084)
    elif amount is None:
        yield ApiError(12052375)
    elif not Decimal("0.01") <= amount <= 7600:
        yield ApiError(12052383)


def drops_list_price(shop: Shop, given: Amount, price: str | None) -> bool:
    """Whether the platform discards a list price without a word: below the price, or outside the US."""
    amount, own = plain(given.amount), plain(price)
    return shop.facts["region"] != "US" or (amount is not None and own is not None and amount < own)


def _pre_sale(out: Checked, shop: Shop, sku: Sku, known: Known) -> None:
    given = sku.pre_sale
    if known.edit and sku.id in known.pre_sale and given is not None and given.type != known.pre_sale[sku.id or ""]:
        out.add(12052329)
    if given is None:
        return
    if not given.type:
        out.add(12019096)
        return
    when = given.fulfillment_type
    if when is None:
        out.add(12019095)
        return
    us = shop.facts["region"] == "US"
    if given.type == "PRE_ORDER" and us:
        if not when.release_date:
            out.add(12019097)
        elif not shop.now + 3 * _DAY <= when.release_date <= shop.now + 60 * _DAY:
            out.add(12052269)
        return
    days = when.handling_duration_days
    longest = 14 if given.type == "MADE_TO_ORDER" else 30
    if not days:
        out.add(12019098)
    elif not 3 <= days <= longest:
        out.add(12052490)
    if any(e.backorder_quantity for e in sku.inventory or []):
        out.add(12019094)


def identity(attribute: SalesAttribute) -> tuple[str, str]:
    """(kind, value) of a sales attribute: the id counts where both id and name are given."""
    return attribute.id or (attribute.name or "").strip().casefold(), attribute.value_id or (
        attribute.value_name or ""
    ).strip().casefold()


def _variations(out: Checked, shop: Shop, leaf: Leaf | None, skus: list[Sku]) -> None:
    if len(skus) > 1 and any(not sku.sales_attributes for sku in skus):
        out.add(12019117)
        return
    kinds = [tuple(identity(a)[0] for a in sku.sales_attributes or []) for sku in skus]
    if any(len(k) > 3 for k in kinds):
        out.add(12052525)
    if any(len(k) != len(set(k)) for k in kinds):
        out.add(12052560, "A SKU has the same sales attribute twice.")
    if len({frozenset(k) for k in kinds}) > 1:
        out.add(12052550)
    combinations = [frozenset(identity(a) for a in sku.sales_attributes or []) for sku in skus]
    if len(combinations) != len(set(combinations)):
        out.add(12052560)
    built_in = {}
    if leaf is not None:
        built_in = {a.id: a for a in categories.attributes(shop, leaf.tree, leaf.category.id) if a.sales}
    given = [attribute for sku in skus for attribute in sku.sales_attributes or []]
    for attribute in given:
        _sales_attribute_images(out, shop, attribute)
    if len({identity(a)[0] for a in given if a.sku_img is not None}) > 1:
        out.add(12052528)
    different = {(a.id or "", a.name or "", a.value_id or "", a.value_name or ""): a for a in given}
    for attribute in different.values():
        _sales_attribute(out, built_in, attribute)


def _sales_attribute_images(out: Checked, shop: Shop, attribute: SalesAttribute) -> None:
    more = attribute.supplementary_sku_images or []
    if more and attribute.sku_img is None:
        out.add(12052357)
    if len(more) > 8:
        out.add(12052356)
    for image in more if attribute.sku_img is None else (attribute.sku_img, *more):
        if uploads.find(shop.platform, shop.seller_id, image.uri or "") is None:
            out.add(12052520)


def _sales_attribute(out: Checked, built_in: dict[str, categories.Attribute], attribute: SalesAttribute) -> None:
    if not attribute.id and not attribute.name:
        out.add(12052241)
    if not attribute.value_id and not attribute.value_name:
        out.add(12052248)
    if not attribute.id and attribute.name:
        _own_text(out, attribute.name, 20, (12052242, 12052243, 12052933))
    if not attribute.value_id and attribute.value_name:
        _own_text(out, attribute.value_name, 50, (12052249, 12052250, 12052934))
    if not built_in or not attribute.id or attribute.id.startswith("73"):
        return
    rule = built_in.get(attribute.id)
    if rule is None:
        if attribute.id not in ("100000", "100007", "100089"):
            out.add(12052527, f"The sales attribute {attribute.id} does not exist in this category.")
    elif attribute.value_id and not attribute.value_id.startswith("73"):
        values = {v for v, _ in rule.values}
        if values and attribute.value_id not in values:
            out.add(12052529)


def _own_text(out: Checked, text: str, longest: int, codes: tuple[int, int, int]) -> None:
    too_long, chinese, ill_formed = codes
    if len(text) > longest:
        out.add(too_long)
    if CHINESE.search(text):
        out.add(chinese)
    if _ill_formed(text):
        out.add(ill_formed)


def _gtin_is_valid(code: str) -> bool:
    digits = [int(ch) for ch in code]
    total = sum(d * (3 if n % 2 == 0 else 1) for n, d in enumerate(reversed(digits[:-1])))
    return (10 - total % 10) % 10 == digits[-1]


def _identifiers(out: Checked, skus: list[Sku], known: Known) -> None:
    seen: set[str] = set()
    for at, sku in enumerate(skus):
        given = sku.identifier_code
        if given is None or not given.code:
            continue
        if not given.type:
            out.add(12052600)
            continue
        if given.type == "ISBN":
            if not _ISBN.fullmatch(given.code):
                out.add(12052598 if "X" in given.code[:-1] else 12052591)
                continue
        elif given.type not in _CODE_DIGITS:
            out.add(12052910, "The type of an identifier code is unknown.")
            continue
        elif not given.code.isascii() or not given.code.isdigit() or len(given.code) not in _CODE_DIGITS[given.type]:
            out.add(12052591)
            continue
        if given.code in seen:
            out.add(12052592)
        seen.add(given.code)
        before = known.identifiers.get(sku.id or "")
        if before and before != given.code:
            out.add(12052593)
        if given.code.isdigit() and not _gtin_is_valid(given.code):
            out.drop_identifiers.add(at)
            out.warnings.append(
                f"The [identifier_code]:{given.code} field is incorrect and has been cleared by the system. "
                "Reason: [Wrong check digit]."
            )


def _bundle(out: Checked, shop: Shop, body: Product, skus: list[Sku], *, complete: bool) -> None:
    if not complete:
        out.add(12052863)
    for sku in skus:
        parts = sku.combined_skus or []
        if len(parts) > 20:
            out.add(12052831)
        pairs = [p.sku_id for p in parts]
        if len(pairs) != len(set(pairs)):
            out.add(12052840)
        for part in parts:
            if part.sku_count is None or not 1 <= part.sku_count <= 100:
                out.add(12052832)
            product = shop.products.get(part.product_id or "")
            if product is None:
                out.add(12052835)
            elif part.sku_id not in [s["id"] for s in product["skus"]]:
                out.add(12052844)
            elif product["status"] != "ACTIVATE":
                out.add(12052845)
    if body.minimum_order_quantity:
        out.add(12052848, "A bundle has no minimum order quantity.")


# -- the rest --------------------------------------------------------------------------------------------------


def _others(out: Checked, shop: Shop, body: Product) -> None:
    region = shop.facts["region"]
    if body.video is not None and (body.video.id or "") not in shop.platform.files:
        out.add(12052360)
    if body.external_product_id and len(body.external_product_id) > 999:
        out.add(12052910, "`external_product_id` is longer than 999 characters.")
    if body.minimum_order_quantity is not None and region in SEA and not 1 <= body.minimum_order_quantity <= 20:
        out.add(12052706)
    if body.delivery_option_ids and region in _DELIVERY_REGIONS:
        known = {option.id for option in delivery_options(region)}
        if not set(body.delivery_option_ids) <= known:
            out.add(12052405)
    terms = body.search_terms or []
    if len(terms) > 15 or sum(len(t) for t in terms) > 250:
        out.add(12052910, "`search_terms` may have 15 terms and 250 characters.")
    features = body.key_product_features or []
    if len(features) > 5 or sum(len(t) for t in features) > 1500:
        out.add(12052910, "`key_product_features` may have 5 entries and 1500 characters.")
    sale = body.scheduled_sale
    if sale is not None and sale.is_enabled_scheduled_sale:
        at = (sale.schedule_sale_time or 0) / 1000
        if not shop.now < at <= shop.now + 90 * _DAY:
            out.add(12052269)
    if body.save_mode not in (None, "LISTING", "AS_DRAFT"):
        out.add(12052910, "`save_mode` must be LISTING or AS_DRAFT.")
    if body.idempotency_key is not None and len(body.idempotency_key) > 128:
        out.add(12052910, "`idempotency_key` is longer than 128 characters.")
