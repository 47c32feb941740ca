"""From what rows say to a product: values are checked, gaps are filled, names and SKUs are kept unique.

Knows BigCommerce's rules, not the formats of files: `formats` and `bigcommerce_csv` bring every format into `Group`s,
and V3 products come as they are. Either a product is built whole or nothing of it counts.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol, cast

from twinshelf_sandbox.catalogs import checks, invented_values
from twinshelf_sandbox.catalogs.checks import BadValue
from twinshelf_sandbox.catalogs.documents import (
    Refusal,
    Report,
    SourceCustomField,
    SourceImage,
    SourceOption,
    SourceProduct,
    SourceVariant,
)
from twinshelf_sandbox.catalogs.row_values import (
    DIGITAL,
    _check_levels,
    availability_of,
    category_paths,
    condition_of,
    keywords_of,
    labels_of,
    list_of_objects,
    names_and_values,
    price_and_sale,
    title_of,
    v3_categories,
    v3_options,
)

_ZERO = Decimal(0)
_MAX_CUSTOM_FIELDS = 200
_Measure = Literal["weight", "depth", "width", "height"]
_MEASURES: tuple[_Measure, ...] = ("weight", "depth", "width", "height")
_TEXTS: tuple[Literal["sku", "description", "upc", "gtin", "mpn", "warranty", "bin_picking_number"], ...] = (
    "sku", "description", "upc", "gtin", "mpn", "warranty", "bin_picking_number",
)  # fmt: skip
_LONGEST = {"sku": checks.MAX_SKU, "upc": checks.MAX_BARCODE, "gtin": checks.MAX_BARCODE, "bin_picking_number": 255}
_SIDES: tuple[Literal["depth", "width", "height"], ...] = ("depth", "width", "height")
_OUT_OF_STOCK = {"out of stock", "outofstock", "out_of_stock", "sold out", "soldout", "unavailable"}


class Names(Protocol):
    """Looks up what ids in a file stand for."""

    def category(self, category_id: int) -> str | None:
        """The path of a category, "A > B > C"; None if unknown."""

    def brand(self, brand_id: int) -> str | None:
        """The name of a brand; None if unknown."""


@dataclass(slots=True)
class Picture:
    """An image as a file names it."""

    url: str
    description: str = ""
    thumbnail: bool = False


@dataclass(slots=True)
class Item:
    """What one row says: our fields with raw values (blank ones are absent), attributes, and the options it gives."""

    line: int
    values: dict[str, Any] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    options: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, label and type ("" if the file gives none) of each option."""
    images: list[Picture] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """The rows of one product: its head, and an item for each variant (none for a simple product).

    `lines` are all its rows, also those that only bring images. `nested` says that the items stand inside the head's
    row, so that one of them cannot be refused alone. Fields in `known` are believed when blank, others are made up.
    """

    head: Item
    items: list[Item] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    nested: bool = False
    known: frozenset[str] = frozenset()


class Builder:
    """Builds the products of one catalog, and counts into its report."""

    def __init__(self, report: Report, names: Names) -> None:
        self._report, self._names = report, names
        self._skus: dict[str, int] = {}
        self._titles: set[str] = set()
        self._made_up: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._refused: dict[int, Refusal] = {}

    def build(self, group: Group) -> SourceProduct | None:
        """The product of these rows, or None when it was refused."""
        return self._keep(group.lines, group.head.line, lambda: self._from_group(group))

    def build_v3(self, line: int, document: Mapping[str, Any]) -> SourceProduct | None:
        """The product of a V3 document, or None when it was refused. What the document says is believed, blanks too."""
        return self._keep([line], line, lambda: self._from_v3(line, document))

    def refuse(self, line: int, bad: BadValue) -> None:
        """Count a row that belongs to no product as refused."""
        self._report.refuse(Refusal(line, bad.field, bad.value, bad.reason))

    def _keep(self, lines: list[int], head: int, make: Callable[[], SourceProduct]) -> SourceProduct | None:
        self._made_up, self._left_out, self._refused = Counter(), Counter(), {}
        try:
            product = make()
        except BadValue as bad:
            self._refused.setdefault(head, Refusal(head, bad.field, bad.value, bad.reason))
            for line in lines:
                self._refused.setdefault(line, Refusal(line, "", "", f"belongs to the product refused in line {head}"))
            for line in sorted(self._refused):
                self._report.refuse(self._refused[line])
            return None
        for line in sorted(self._refused):
            self._report.refuse(self._refused[line])
        for counted, count in self._made_up.items():
            self._report.made_up[counted] += count
        for counted, count in self._left_out.items():
            self._report.left_out[counted] += count
        self._report.taken += len(lines) - len(self._refused)
        self._report.products += 1
        self._report.variants += len(product["variants"])
        return product

    # Products from rows

    def _from_group(self, group: Group) -> SourceProduct:
        head, values = group.head, group.head.values
        title = title_of(values.get("title"), "title")
        paths = self._category_paths(values)
        given_id = checks.text(values.get("id"), "id") or ""
        product: SourceProduct = {
            "name": title,
            "type": "digital" if str(values.get("type", "")).strip().casefold() in DIGITAL else "physical",
            "sku": "",
            "description": "",
            "_category_paths": paths,
            "brand_name": self._brand(values),
            "inventory_warning_level": 0,
            "is_visible": "visible" not in values or checks.flag(values["visible"]) is not False,
            "availability": availability_of(values),
            "condition": condition_of(values),
            "upc": "",
            "gtin": "",
            "mpn": "",
            "warranty": "",
            "search_keywords": keywords_of(values.get("keywords")),
            "bin_picking_number": "",
        }
        if "warning_level" in values:
            product["inventory_warning_level"] = checks.whole(values["warning_level"], "low stock") or 0
        for name in _TEXTS:
            if name in values:
                product[name] = checks.text(values[name], name, longest=_LONGEST.get(name)) or ""
        codes = (product["sku"], given_id, product["gtin"], product["upc"])
        identity = next((code for code in codes if code), title)
        kind = invented_values.kind_of(paths[0] if paths else "", title)
        if not (product["sku"] or group.items or "sku" in group.known):
            self._made_up["sku"] += 1
            product["sku"] = self._new_sku(invented_values.sku(identity, title, given_id))
        options, variants = self._variants(group, product, identity, given_id)
        self._prices(product, values, variants, identity, kind)
        self._measures(product, group, variants, identity, kind)
        product["options"], product["variants"] = options, variants
        product["images"] = self._images(group, title, identity)
        product["custom_fields"] = self._custom_fields(group, options)
        if variants:
            _inherit(product, variants)
            self._variant_stock(group, product)
            self._variant_pictures(group, product, title, identity)
        else:
            self._product_stock(group, product, identity)
            product["variants"] = [base_variant(product)]
        self._name_and_skus(product, head.line)
        return product

    def _category_paths(self, values: Mapping[str, Any]) -> list[str]:
        paths = [path for path in category_paths(values) if path]
        if ids := values.get("category_ids"):
            paths += [self._category(number) for number in ids]
        for path in paths:
            if len(path) > checks.MAX_CATEGORY:
                _check_levels(path)
        return paths if len(paths) < 2 else list(dict.fromkeys(paths))

    def _category(self, category_id: int) -> str:
        if path := self._names.category(category_id):
            return path
        self._made_up["category"] += 1
        return f"Category {category_id}"

    def _brand(self, values: Mapping[str, Any]) -> str:
        brand = checks.text(values.get("brand"), "brand", longest=checks.MAX_BRAND)
        if brand is None and (brand_id := checks.whole(values.get("brand_id"), "brand id")):
            brand = self._names.brand(brand_id)
            if brand is None:
                self._made_up["brand"] += 1
                brand = f"Brand {brand_id}"
        return brand or ""

    def _prices(
        self,
        product: SourceProduct,
        values: Mapping[str, Any],
        variants: list[SourceVariant],
        identity: str,
        kind: invented_values.Kind,
    ) -> None:
        price, sale = price_and_sale(values)
        if price is None:
            price = next((variant["price"] for variant in variants if variant["price"] is not None), None)
        if price is None:
            self._made_up["price"] += 1
            price = invented_values.price(identity, kind)
        product["price"], product["sale_price"] = price, sale or _ZERO
        product["retail_price"] = product["cost_price"] = _ZERO
        if "retail_price" in values:
            product["retail_price"] = checks.money(values["retail_price"], "retail price") or _ZERO
        if "cost_price" in values:
            product["cost_price"] = checks.money(values["cost_price"], "cost price") or _ZERO

    def _measures(
        self,
        product: SourceProduct,
        group: Group,
        variants: list[SourceVariant],
        identity: str,
        kind: invented_values.Kind,
    ) -> None:
        given = _given_measures(group.head)
        absent = False
        for name in _MEASURES:
            value = given.get(name)
            if value is None and variants:
                value = next((variant[name] for variant in variants if variant[name] is not None), None)
            if value is None and name not in group.known:
                if name == "weight":
                    self._made_up["weight"] += 1
                    value = invented_values.weight(identity, kind)
                else:
                    absent = True
                    value = invented_values.side(identity, kind, name)
            product[name] = value or _ZERO
        if absent:
            self._made_up["dimensions"] += 1

    def _product_stock(self, group: Group, product: SourceProduct, identity: str) -> None:
        tracking = group.head.values.get("tracking", "product")
        product["inventory_tracking"] = "none" if tracking == "none" else "product"
        product["inventory_level"] = 0
        if tracking != "none":
            product["inventory_level"] = self._stock(group.head, group.known, identity)

    def _stock(self, item: Item, known: frozenset[str], identity: str) -> int:
        level = checks.whole(item.values.get("stock"), "stock")
        if level is not None:
            return level
        if "stock" in known or str(item.values.get("availability", "")).strip().casefold() in _OUT_OF_STOCK:
            return 0
        self._made_up["stock"] += 1
        return invented_values.stock(identity)

    # Variants

    def _variants(
        self, group: Group, product: SourceProduct, identity: str, given_id: str
    ) -> tuple[list[SourceOption], list[SourceVariant]]:
        if not group.items:
            return [], []
        chosen = self._option_values(group)
        names = list(dict.fromkeys(name for values in chosen for name, _, _ in values))
        types = {name: kind for values in chosen for name, _, kind in values if kind}
        labels: dict[str, list[str]] = {name: [] for name in names}
        stem = product["sku"] or invented_values.sku(identity, product["name"], given_id)
        skus = {product["sku"].casefold(): group.head.line} if product["sku"] else {}
        combinations: dict[tuple[str, ...], int] = {}
        variants: list[SourceVariant] = []
        kept: list[Item] = []
        for number, (item, values) in enumerate(zip(group.items, chosen, strict=True), 1):
            try:
                picked = labels_of(values, names)
                key = tuple(label.casefold() for label in picked)
                if key in combinations:
                    where = f"variant {combinations[key]}" if group.nested else f"line {combinations[key]}"
                    raise BadValue(", ".join(picked), f"repeats the options of {where}", "options")
                variant = self._variant(group, item, stem, picked, skus)
            except BadValue as bad:
                if group.nested:
                    raise BadValue(bad.value, bad.reason, f"variant {number} {bad.field}") from bad
                self._refused[item.line] = Refusal(item.line, bad.field, bad.value, bad.reason)
                continue
            variant["option_values"] = [
                {"option_display_name": name, "label": label} for name, label in zip(names, picked, strict=True)
            ]
            combinations[key] = number if group.nested else item.line
            for name, label in zip(names, picked, strict=True):
                if label not in labels[name]:
                    labels[name].append(label)
            variants.append(variant)
            kept.append(item)
        if not variants:
            raise BadValue("", "has no variant that could be read", "")
        if len(variants) > checks.MAX_VARIANTS:
            raise BadValue(len(variants), f"is more than the {checks.MAX_VARIANTS} a product may have", "variants")
        group.items = kept
        return [
            {
                "display_name": name,
                "type": types.get(name) or ("dropdown" if len(labels[name]) > 12 else "rectangles"),
                "sort_order": place,
                "option_values": [{"label": label, "sort_order": order} for order, label in enumerate(labels[name])],
            }
            for place, name in enumerate(names)
        ], variants

    def _option_values(self, group: Group) -> list[list[tuple[str, str, str]]]:
        """Name, label and type of each option of each item, from what it gives or from attributes that differ."""
        if any(item.options for item in group.items):
            return [[(name.strip(), str(label).strip(), kind) for name, label, kind in i.options] for i in group.items]
        found: dict[str, list[str]] = {}
        for name in dict.fromkeys(name for item in group.items for name in item.attributes):
            found[name] = [item.attributes.get(name, "").strip() for item in group.items]
        names = [
            name
            for name, labels in found.items()
            if all(labels) and (len({label.casefold() for label in labels}) > 1 or name in {"Color", "Size"})
        ]
        if names:
            return [[(name, found[name][place], "") for name in names] for place in range(len(group.items))]
        self._made_up["option"] += 1
        tellers = [str(i.values.get("title") or i.values.get("sku") or "") for i in group.items]
        if len(set(tellers)) < len(tellers):
            tellers = [str(i.values.get("sku") or number) for number, i in enumerate(group.items, 1)]
        return [[("Option", teller, "")] for teller in tellers]

    def _variant(self, group: Group, item: Item, stem: str, labels: list[str], skus: dict[str, int]) -> SourceVariant:
        values = item.values
        sku = checks.text(values.get("sku"), "sku", longest=checks.MAX_SKU) or ""
        if not sku and "sku" not in group.known:
            self._made_up["sku"] += 1
            marks = "-".join(invented_values.slug(label, longest=16).upper() for label in labels)
            sku = self._new_sku(f"{stem}-{marks}", skus)
        price, sale = price_and_sale(values)
        measures = _given_measures(item)
        variant: SourceVariant = {
            "sku": sku,
            "price": price,
            "sale_price": sale,
            "retail_price": checks.money(values.get("retail_price"), "retail price"),
            "cost_price": checks.money(values.get("cost_price"), "cost price"),
            "weight": measures.get("weight"),
            "depth": measures.get("depth"),
            "width": measures.get("width"),
            "height": measures.get("height"),
            "purchasing_disabled": checks.flag(values.get("purchasable", True)) is False,
            "purchasing_disabled_message": "",
            "image_url": "",
            "upc": checks.barcode(values.get("upc"), "upc") or "",
            "gtin": checks.barcode(values.get("gtin"), "gtin") or "",
            "mpn": checks.text(values.get("mpn"), "mpn") or "",
            "inventory_level": checks.whole(values.get("stock"), "stock") or 0,
            "inventory_warning_level": checks.whole(values.get("warning_level"), "low stock") or 0,
            "bin_picking_number": checks.text(values.get("bin_picking_number"), "bin picking number", longest=255)
            or "",
        }
        if sku:
            self._claim(sku, skus, item.line)
        return variant

    def _variant_stock(self, group: Group, product: SourceProduct) -> None:
        values = group.head.values
        tracking = values.get("tracking")
        counted = any("stock" in item.values for item in group.items)
        if tracking is None:
            tracking = "product" if "stock" in values and not counted else "variant"
        product["inventory_tracking"] = tracking
        if tracking == "variant":
            for item, variant in zip(group.items, product["variants"], strict=True):
                variant["inventory_level"] = self._stock(item, group.known, variant["sku"])
            product["inventory_level"] = sum(variant["inventory_level"] for variant in product["variants"])
        else:
            for variant in product["variants"]:
                variant["inventory_level"] = 0
            level = checks.whole(values.get("stock"), "stock") if tracking == "product" else 0
            product["inventory_level"] = level or 0

    def _new_sku(self, wanted: str, others: Mapping[str, int] | None = None) -> str:
        candidate, number = wanted, 1
        while candidate.casefold() in self._skus or (others and candidate.casefold() in others):
            number += 1
            candidate = f"{wanted}-{number}"
        return candidate

    def _claim(self, sku: str, skus: dict[str, int], line: int) -> None:
        key = sku.casefold()
        if (before := skus.get(key, self._skus.get(key))) is not None:
            where = "the same product" if before == line else f"line {before}"
            raise BadValue(sku, f"repeats the SKU of {where} (capitals make no difference)", "sku")
        skus[key] = line

    def _name_and_skus(self, product: SourceProduct, line: int) -> None:
        """Make the name unique and note name and SKUs as used; the last step, so that a refused product uses none."""
        skus: dict[str, int] = {}
        if product["sku"]:
            self._claim(product["sku"], skus, line)
        for variant in product["variants"]:
            if variant["option_values"] and variant["sku"]:
                self._claim(variant["sku"], skus, line)
        name = product["name"]
        if name.casefold() in self._titles:
            code = product["sku"] or product["variants"][0]["sku"]
            name = f"{name} ({code})"
            if not code or len(name) > checks.MAX_TITLE or name.casefold() in self._titles:
                raise BadValue(
                    product["name"], "repeats the title of an earlier product and cannot be told apart", "title"
                )
            self._made_up["name suffix"] += 1
            product["name"] = name
        self._titles.add(name.casefold())
        self._skus |= skus

    # Pictures and custom fields

    def _images(self, group: Group, title: str, identity: str) -> list[SourceImage]:
        given = group.head.images
        key = picture_key(title, identity)
        if not given and "images" not in group.known:
            self._made_up["images"] += 1
            return [_image(key, place) for place in range(invented_values.pictures(identity))]
        thumbnail = next((place for place, picture in enumerate(given) if picture.thumbnail), 0)
        images = []
        for place, picture in enumerate(given):
            image = _image(key, place, description=picture.description, thumbnail=place == thumbnail)
            image["_original_image_url"] = picture.url
            images.append(image)
        return images

    def _variant_pictures(self, group: Group, product: SourceProduct, title: str, identity: str) -> None:
        key = picture_key(title, identity)
        for item, variant in zip(group.items, product["variants"], strict=True):
            if item.images:
                url = item.images[0].url
                variant["_picture"] = f"{key}/{invented_values.draw(url, 'picture') % 10**6:06d}"
                variant["_original_image_url"] = url

    def _custom_fields(self, group: Group, options: list[SourceOption]) -> list[SourceCustomField]:
        pairs = list(group.head.attributes.items())
        if options:
            taken = {option["display_name"].casefold() for option in options}
            pairs = [(name, value) for name, value in pairs if name.casefold() not in taken]
        if given := group.head.values.get("custom_fields"):
            pairs = [*names_and_values(given), *pairs]
        fields: list[SourceCustomField] = []
        seen: set[tuple[str, str]] = set()
        for name, value in pairs:
            if not name or not value or (name, value) in seen:
                continue
            if len(value) > checks.MAX_CUSTOM_FIELD or len(name) > checks.MAX_CUSTOM_FIELD:
                self._left_out["custom field over 250 characters"] += 1
            elif len(fields) == _MAX_CUSTOM_FIELDS:
                self._left_out["custom field beyond 200"] += 1
            else:
                seen.add((name, value))
                fields.append({"name": name, "value": value})
        return fields

    # V3 products

    def _from_v3(self, line: int, document: Mapping[str, Any]) -> SourceProduct:
        raw = {name: value for name, value in document.items() if name not in {"_source", "categories", "brand_id"}}
        title = title_of(raw.get("name"), "name")
        raw["name"] = title
        raw["sku"] = checks.text(raw.get("sku"), "sku", longest=checks.MAX_SKU) or ""
        raw["description"] = checks.text(raw.get("description"), "description") or ""
        for name in ("upc", "gtin"):
            raw[name] = checks.barcode(raw.get(name), name) or ""
        raw.setdefault("type", "physical")
        raw["_category_paths"] = self._category_paths(v3_categories(document))
        raw["brand_name"] = self._brand({"brand": raw.get("brand_name"), "brand_id": document.get("brand_id")})
        identity = raw["sku"] or str(raw.get("id", "")) or title
        kind = invented_values.kind_of(next(iter(raw["_category_paths"]), ""), title)
        self._v3_numbers(raw, identity, kind)
        variants = [self._v3_variant(number, v) for number, v in enumerate(list_of_objects(raw, "variants"), 1)]
        if len(variants) > checks.MAX_VARIANTS:
            raise BadValue(len(variants), f"is more than the {checks.MAX_VARIANTS} a product may have", "variants")
        raw["options"] = list_of_objects(raw, "options") or v3_options(variants)
        raw["custom_fields"] = list_of_objects(raw, "custom_fields")
        raw["images"] = self._v3_images(raw, title, identity)
        self._v3_stock(raw, variants, identity)
        product = cast("SourceProduct", raw)
        product["variants"] = variants or [base_variant(product)]
        self._name_and_skus(product, line)
        return product

    def _v3_numbers(self, raw: dict[str, Any], identity: str, kind: invented_values.Kind) -> None:
        for name in ("price", "sale_price", "retail_price", "cost_price", "map_price"):
            amount = checks.money(raw.get(name), name)
            if amount is None and name == "price":
                self._made_up["price"] += 1
                amount = invented_values.price(identity, kind)
            raw[name] = amount or _ZERO
        if "weight" not in raw:
            self._made_up["weight"] += 1
            raw["weight"] = invented_values.weight(identity, kind)
        absent = [name for name in _SIDES if name not in raw]
        if absent:
            self._made_up["dimensions"] += 1
            raw |= {name: invented_values.side(identity, kind, name) for name in absent}
        for name in _MEASURES:
            raw[name] = checks.weight(raw[name], name) or _ZERO

    def _v3_stock(self, raw: dict[str, Any], variants: list[SourceVariant], identity: str) -> None:
        level = checks.whole(raw.get("inventory_level"), "inventory_level")
        tracking = raw.get("inventory_tracking")
        if tracking is not None and tracking not in ("none", "product", "variant"):
            raise BadValue(tracking, "is none of none, product and variant", "inventory_tracking")
        has_options = any(variant["option_values"] for variant in variants)
        if level is None and tracking is None and not any("inventory_level" in variant for variant in variants):
            self._made_up["stock"] += max(len(variants), 1)
            for variant in variants:
                variant["inventory_level"] = invented_values.stock(variant["sku"] or identity)
            level = (
                sum(variant["inventory_level"] for variant in variants) if variants else invented_values.stock(identity)
            )
        raw["inventory_tracking"] = tracking or ("variant" if has_options else "product")
        raw["inventory_level"] = level or 0
        for variant in variants:
            variant["inventory_level"] = variant.get("inventory_level") or 0

    def _v3_variant(self, number: int, document: Mapping[str, Any]) -> SourceVariant:
        raw = dict(document)
        try:
            raw["sku"] = checks.text(raw.get("sku"), "sku", longest=checks.MAX_SKU) or ""
            for name in ("price", "sale_price", "retail_price", "cost_price"):
                raw[name] = checks.money(raw.get(name), name)
            for name in _MEASURES:
                raw[name] = checks.weight(raw.get(name), name)
            for name in ("upc", "gtin"):
                raw[name] = checks.barcode(raw.get(name), name) or ""
            if raw.get("inventory_level") is not None:
                raw["inventory_level"] = checks.whole(raw["inventory_level"], "inventory_level")
            raw["option_values"] = list_of_objects(raw, "option_values")
            for value in raw["option_values"]:
                for name in ("option_display_name", "label"):
                    value[name] = checks.text(value.get(name), name)
                    if value[name] is None:
                        raise BadValue("", "lacks its label or the name of its option", "option_values")
        except BadValue as bad:
            raise BadValue(bad.value, bad.reason, f"variant {number} {bad.field}") from bad
        if url := raw.get("image_url"):
            raw["_picture"] = raw.get("_picture") or f"{invented_values.slug(raw['sku'] or str(number))}/1"
            raw["_original_image_url"] = url
            raw["image_url"] = ""
        return cast("SourceVariant", raw)

    def _v3_images(self, raw: Mapping[str, Any], title: str, identity: str) -> list[SourceImage]:
        key = picture_key(title, identity)
        if raw.get("images") is None:
            self._made_up["images"] += 1
            return [_image(key, place) for place in range(invented_values.pictures(identity))]
        given = sorted(
            list_of_objects(raw, "images"), key=lambda image: checks.whole(image.get("sort_order"), "sort_order") or 0
        )
        images = []
        for place, old in enumerate(given):
            image = _image(key, place, description=str(old.get("description") or ""), thumbnail=False)
            image["_picture"] = str(old.get("_picture") or image["_picture"])
            image["is_thumbnail"] = bool(old.get("is_thumbnail"))
            for name in ("url_zoom", "image_url", "url_standard", "_original_image_url"):
                if old.get(name):
                    image["_original_image_url"] = str(old[name])
                    break
            images.append(image)
        return images


def base_variant(product: SourceProduct) -> SourceVariant:
    """The one variant of a product without options: everything but SKU, codes and stock is the product's."""
    return {
        "sku": product["sku"],
        "price": None,
        "sale_price": None,
        "retail_price": None,
        "cost_price": None,
        "weight": None,
        "width": None,
        "height": None,
        "depth": None,
        "purchasing_disabled": False,
        "purchasing_disabled_message": "",
        "image_url": "",
        "upc": product.get("upc", ""),
        "gtin": product.get("gtin", ""),
        "mpn": product.get("mpn", ""),
        "inventory_level": product.get("inventory_level", 0),
        "inventory_warning_level": product.get("inventory_warning_level", 0),
        "bin_picking_number": product.get("bin_picking_number", ""),
        "option_values": [],
    }


def picture_key(title: str, identity: str) -> str:
    """The part of a picture's key that tells products apart, readable because it is drawn on the picture."""
    return f"{invented_values.slug(title, longest=44)}-{invented_values.draw(identity, 'picture') % 16**6:06x}"


def _given_measures(item: Item) -> dict[_Measure, Decimal | None]:
    values, units = item.values, item.units
    given: dict[_Measure, Decimal | None] = {}
    if values.keys().isdisjoint(_MEASURES):
        return given
    for name in _MEASURES:
        if name in values:
            if name == "weight":
                given[name] = checks.weight(values[name], name, units.get(name) or values.get("weight_unit"))
            else:
                given[name] = checks.length(values[name], name, units.get(name) or values.get("length_unit"))
    return given


def _inherit(product: SourceProduct, variants: list[SourceVariant]) -> None:
    """Where a variant repeats what the product has, let it inherit, as BigCommerce shows it."""
    for variant in variants:
        for name in _MEASURES:
            if variant[name] == product[name]:
                variant[name] = None
        if variant["price"] == product["price"]:
            variant["price"] = None


def _image(key: str, place: int, *, description: str = "", thumbnail: bool | None = None) -> SourceImage:
    return {
        "_picture": f"{key}/{place + 1}",
        "is_thumbnail": place == 0 if thumbnail is None else thumbnail,
        "sort_order": place,
        "description": description,
    }
