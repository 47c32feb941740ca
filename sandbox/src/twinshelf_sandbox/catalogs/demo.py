"""The demo shop, Fernhollow Goods: a believable catalog of our own, and as many more products like it as wanted.

The goods are written in `data/fernhollow/*.txt`; here they become products, and a few get the faults that real
catalogs have. Everything is the same on every call: codes come from the texts, stock from a hash of the SKU.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from itertools import product as combinations
from typing import NamedTuple, cast

from twinshelf_sandbox.catalogs import invented_values
from twinshelf_sandbox.catalogs.documents import (
    SourceCustomField,
    SourceImage,
    SourceOption,
    SourceProduct,
    SourceVariant,
)
from twinshelf_sandbox.catalogs.invented_values import draw
from twinshelf_sandbox.catalogs.product_builder import base_variant

SHOP_NAME = "Fernhollow Goods"
_DEPARTMENTS = (
    "kitchen", "storage", "textiles", "garden", "desk", "candles", "bath", "pets", "toys", "apparel", "living",
    "faults",
)  # fmt: skip
_FACTS = re.compile(
    r"(?P<brand>.+?) \| (?P<price>[\d.]+)(?:, sale (?P<sale>[\d.]+))? \| (?P<weight>[\d.]+) lb \| "
    r"(?P<depth>[\d.]+) x (?P<width>[\d.]+) x (?P<height>[\d.]+) in"
)
_LABEL = re.compile(r"(?P<label>.+?)(?: (?P<color>#[0-9a-f]{6}))?(?: (?P<more>[-+][\d.]+))?(?: ~(?P<weight>[\d.]+))?")
_PIECES = re.compile(r", (?:(?:Set|Box) of (?P<number>\d+)|Pair)\b")
_COST_SHARE = Decimal("0.42")
_CENT = Decimal("0.01")
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Fault:
    """What is wrong with a product of the demo shop, and the code of the message that should say so.

    The code is ours ("E-LST-IMG"), or TikTok Shop's error number where only TikTok refuses it; None where nothing is to
    be reported and the product must simply come through right.
    """

    what: str
    code: str | None
    inflict: Callable[[SourceProduct], None]


class _Label(NamedTuple):
    """One value of an option: what it adds to the price, the weight it has, the color it shows."""

    name: str
    more: Decimal
    weight: Decimal | None
    color: str | None


def demo_shop() -> list[SourceProduct]:
    """All products of the demo shop, in the order of its departments; new dictionaries on every call."""
    products = []
    for category, entry in _entries():
        product = _product(category, entry)
        if fault := DEMO_FAULTS.get(demo_slug(product)):
            fault.inflict(product)
        products.append(product)
    return products


def demo_categories() -> list[str]:
    """Every category of the demo shop as a path, parents before children."""
    paths: dict[str, None] = {}
    for product in demo_shop():
        for path in product["_category_paths"]:
            levels = path.split(" > ")
            paths |= {" > ".join(levels[: depth + 1]): None for depth in range(len(levels))}
    return list(paths)


def demo_slug(product: SourceProduct) -> str:
    """The name by which `DEMO_FAULTS` and picture keys know a product; it stays when a fault changes the title."""
    return str(product.get("custom_url", {}).get("url", "")).strip("/")


@cache
def _entries() -> tuple[tuple[str, str], ...]:
    """Category and text of each product, as written."""
    folder = files(__package__) / "data" / "fernhollow"
    entries = []
    for department in _DEPARTMENTS:
        category = ""
        for block in re.split(
            r"^(?=##? )", (folder / f"{department}.txt").read_text(encoding="utf-8"), flags=re.MULTILINE
        ):
            if block.startswith("## "):
                entries.append((category, block.removeprefix("## ").strip()))
            elif block.startswith("# "):
                category = block.removeprefix("# ").strip()
    return tuple(entries)


def _product(category: str, entry: str) -> SourceProduct:
    """One product from its text: code and title, facts, options (*), custom fields (-), more categories (+), prose."""
    first, second, *rest = entry.splitlines()
    code, title = first.split(" ", 1)
    facts = _FACTS.fullmatch(second)
    if facts is None:
        raise ValueError(f"{code}: {second!r} are not the facts of a product")
    options = [line.removeprefix("* ").split(": ", 1) for line in rest if line.startswith("* ")]
    fields = [pair for line in rest if line.startswith("- ") for pair in line.removeprefix("- ").split("; ")]
    prose = " ".join(line for line in rest if line[:2] not in {"* ", "- ", "+ "})
    slug = invented_values.slug(title)
    product: SourceProduct = {
        "name": title,
        "type": "physical",
        "sku": code,
        "description": prose if prose.startswith("<p>") else f"<p>{prose}</p>",
        "weight": Decimal(facts["weight"]),
        "depth": Decimal(facts["depth"]),
        "width": Decimal(facts["width"]),
        "height": Decimal(facts["height"]),
        "price": Decimal(facts["price"]),
        "sale_price": Decimal(facts["sale"] or 0),
        "retail_price": _ZERO,
        "cost_price": (Decimal(facts["price"]) * _COST_SHARE).quantize(_CENT),
        "_category_paths": [category, *(line.removeprefix("+ ") for line in rest if line.startswith("+ "))],
        "brand_name": facts["brand"],
        "inventory_warning_level": 5,
        "is_visible": True,
        "is_featured": draw(code, "picture") % 12 == 0,
        "availability": "available",
        "condition": "New",
        "upc": "",
        "gtin": "",
        "mpn": "",
        "search_keywords": ", ".join(invented_values.words(title)),
        "bin_picking_number": f"{'ABCDEFGH'[draw(code, 'sku') % 8]}-{draw(code, 'pictures') % 9}",
        "custom_url": {"url": f"/{slug}/", "is_customized": False},
        "custom_fields": _custom_fields(title, fields),
        "images": _images(slug, title, invented_values.pictures(code)),
    }
    number = int("".join(mark for mark in code if mark.isdigit())) * 1000
    labels = [(name, [_label(text) for text in listed.split(", ")]) for name, listed in options]
    _with_variants(product, labels, slug, number)
    return product


def _custom_fields(title: str, fields: Sequence[str]) -> list[SourceCustomField]:
    """A product's own fields; how many pieces it has is told by its title where no field does."""
    named = dict(field.split(": ", 1) for field in fields)
    pieces = _PIECES.search(title)
    named.setdefault("Quantity Per Pack", pieces["number"] or "2" if pieces else "1")
    return [{"name": name, "value": value} for name, value in named.items()]


def _label(text: str) -> _Label:
    match = _LABEL.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no label")
    weight = Decimal(match["weight"]) if match["weight"] else None
    return _Label(match["label"], Decimal(match["more"] or 0), weight, match["color"])


def _images(slug: str, title: str, count: int) -> list[SourceImage]:
    return [
        {"_picture": f"{slug}/{n + 1}", "is_thumbnail": n == 0, "sort_order": n, "description": "" if n else title}
        for n in range(count)
    ]


def _with_variants(product: SourceProduct, options: list[tuple[str, list[_Label]]], slug: str, number: int) -> None:
    """Give a product its options, a variant for each combination of labels, GTINs from a number on, and stock."""
    code = product["sku"]
    product["options"] = [_option(place, name, labels) for place, (name, labels) in enumerate(options)]
    if not options:
        product["gtin"] = invented_values.gtin(number)
        product["inventory_tracking"] = "product"
        product["inventory_level"] = invented_values.stock(code)
        product["variants"] = [base_variant(product)]
        return
    names = [name for name, _ in options]
    base = base_variant(product)
    variants: list[SourceVariant] = []
    for place, labels in enumerate(combinations(*(labels for _, labels in options)), 1):
        sku = "-".join([code, *(_mark(label.name) for label in labels)])
        more = sum([label.more for label in labels], _ZERO)
        variant: SourceVariant = {
            **base,
            "sku": sku,
            "gtin": invented_values.gtin(number + place),
            "inventory_level": invented_values.stock(sku),
            "option_values": [
                {"option_display_name": name, "label": label.name} for name, label in zip(names, labels, strict=True)
            ],
        }
        if more:
            variant["price"] = product["price"] + more
            variant["cost_price"] = ((product["price"] + more) * _COST_SHARE).quantize(_CENT)
            if product["sale_price"]:  # a variant's own price goes before the product's sale price
                variant["sale_price"] = product["sale_price"] + more
        variant["weight"] = next((label.weight for label in labels if label.weight is not None), None)
        if color := next((label for label in labels if label.color), None):
            variant["_picture"] = f"{slug}/{invented_values.slug(color.name)}"
        variants.append(variant)
    product["variants"] = variants
    product["inventory_tracking"] = "variant"
    product["inventory_level"] = sum(variant["inventory_level"] for variant in variants)


def _option(place: int, name: str, labels: list[_Label]) -> SourceOption:
    colored = all(label.color for label in labels)
    kind = "swatch" if colored else "dropdown" if len(labels) > 8 else "rectangles"
    option: SourceOption = {"display_name": name, "type": kind, "sort_order": place, "option_values": []}
    for order, label in enumerate(labels):
        option["option_values"].append(
            {
                "label": label.name,
                "sort_order": order,
                "is_default": False,
                "value_data": {"colors": [label.color]} if colored else None,
            }
        )
    return option


@lru_cache(maxsize=1024)
def _mark(label: str) -> str:
    """The part of a SKU that stands for a label."""
    return "".join(mark for mark in invented_values.ascii_only(label) if mark.isalnum()).upper()[:9]


# Faults: all of them things that BigCommerce itself allows.


def _no_image(product: SourceProduct) -> None:
    product["images"] = []


def _no_weight(product: SourceProduct) -> None:
    product["weight"] = _ZERO


def _no_length(product: SourceProduct) -> None:
    product["depth"] = _ZERO


def _no_description(product: SourceProduct) -> None:
    product["description"] = ""


def _nothing(_product: SourceProduct) -> None:
    """The fault is in the text itself."""


def _no_sku(product: SourceProduct) -> None:
    product["sku"] = product["variants"][0]["sku"] = ""


def _live_html(product: SourceProduct) -> None:
    product["description"] = (
        '<script>document.title="bought"</script><style>p{color:red}</style>'
        f'<div class="story" onclick="alert(1)">{product["description"]}</div>'
        '<iframe src="https://video.invalid/embed/1" width="560"></iframe>'
        '<p>Four stars \U0001f31f\U0001f31f\U0001f31f\U0001f31f from <a href="javascript:alert(2)">grandmothers</a></p>'
    )


def _emoji_title(product: SourceProduct) -> None:
    product["name"] = f"\U0001f33b {product['name']} \U0001f33b"


def _chinese_title(product: SourceProduct) -> None:
    product["name"] = f"{product['name']} \u624b\u7ed8\u8336\u53f6\u7f50"


def _free(product: SourceProduct) -> None:
    product["price"] = product["cost_price"] = _ZERO


def _counted_in_one_heap(product: SourceProduct) -> None:
    product["inventory_tracking"] = "product"
    product["inventory_level"] = 64
    for variant in product["variants"]:
        variant["inventory_level"] = 0


def _not_for_sale(product: SourceProduct) -> None:
    product["availability"] = "disabled"


def _must_be_engraved(product: SourceProduct) -> None:
    product["modifiers"] = [
        {
            "display_name": "Engraving",
            "type": "text",
            "required": True,
            "sort_order": 0,
            "config": {"default_value": "", "text_min_length": 1, "text_max_length": 12},
            "option_values": [],
        }
    ]


def _no_gtin(product: SourceProduct) -> None:
    product["gtin"] = product["variants"][0]["gtin"] = ""


def _no_chipped(product: SourceProduct) -> None:
    product["variants"][-1]["purchasing_disabled"] = True
    product["variants"][-1]["purchasing_disabled_message"] = "Out of favor at present"


DEMO_FAULTS: dict[str, Fault] = {
    "birch-serving-board-with-juice-groove": Fault("has no image", "E-LST-IMG", _no_image),
    "pressed-fern-bookmark": Fault("has weight 0", "E-LST-WEIGHT", _no_weight),
    "rolled-map-of-the-hollow": Fault("has no length", "E-LST-DIM", _no_length),
    "plain-beeswax-block-1-lb": Fault("has a blank description", "W-LST-DESC", _no_description),
    "coat-hook-forged": Fault("has a SKU like the cast hook's, but ends in a zero", None, _nothing),
    "coat-hook-cast": Fault("has a SKU like the forged hook's, but ends in the letter O", None, _nothing),
    "workshop-seconds-mug": Fault("has no SKU, as BigCommerce allows without options", "E-SKU-MISSING", _no_sku),
    "storytellers-lamp": Fault("has script, style, iframe and emoji in its description", None, _live_html),
    "sunflower-seed-paper-cards": Fault("has emoji in its title", "12052931", _emoji_title),
    "tea-caddy-with-painted-lid": Fault("has Chinese in its title", "12052262", _chinese_title),
    "fabric-swatch-card": Fault("costs nothing", "E-PRC-MIN", _free),
    "commissioned-rush-seat-settle": Fault("costs more than the 7,600 USD TikTok Shop takes", "12052570", _nothing),
    "enamel-house-number": Fault("has options, but stock by product", "E-INV-PRODUCTLEVEL", _counted_in_one_heap),
    "apprentices-first-spoon": Fault("cannot be bought", "I-NOT-PURCHASABLE", _not_for_sale),
    "grosgrain-ribbon-by-the-yard": Fault("has 400 variants, where TikTok Shop takes 300", "12052558", _nothing),
    "engraved-brass-key-tag": Fault("has a modifier that must be filled in", None, _must_be_engraved),
    "unlabelled-jar-of-wax-polish": Fault("has no GTIN", "E-LST-GTIN", _no_gtin),
    "reclaimed-slate-coasters-set-of-4": Fault("has a variant that cannot be bought", "I-NOT-PURCHASABLE", _no_chipped),
}
"""The products with faults, by slug; `inflict` has been applied to them already."""


# More of the same

_SERIES = (
    "Bramble", "Brook", "Orchard", "Meadow", "Hedgerow", "Quarry", "Harbor", "Cellar", "Attic", "Chapel", "Mill",
    "Kiln", "Lantern", "Larder", "Loft", "Marsh", "Moor", "Nettle", "Osier", "Paddock", "Quince", "Rookery",
    "Saffron", "Thicket", "Upland", "Valley", "Wharf", "Yarrow", "Alder", "Beacon", "Clover", "Dovecote", "Elder",
    "Foxglove", "Gable", "Heath",
)  # fmt: skip
_MOMENTS = (
    "Morning", "Noon", "Evening", "Midnight", "Spring", "Summer", "Fall", "Winter", "Frost", "Harvest", "Market Day",
    "Homecoming", "Thaw", "Solstice", "Low Tide", "High Tide", "Rain", "Snowfall", "Clear Sky", "North Wind",
    "Long Walk", "Open House", "Quiet Hour", "Second Cup", "Washing Day", "Baking Day", "Birthday", "Anniversary",
    "Leap Year", "Sunday",
)  # fmt: skip
_COLORS = (
    "Oat", "Fern", "Slate", "Plum", "Cream", "Spruce", "Poppy", "Navy", "Graphite", "Chalk", "Clay", "Ink", "Moss",
    "Sand", "Sage", "Ember", "Bone", "Butter", "Rhubarb", "Ash", "Pebble", "Walnut", "Mustard", "Brick",
)  # fmt: skip
_SERIES_TEXT = (
    "<p>From the {series} series: the same piece in colors of its own, made for a while and then not again.</p>"
)


def scaled(
    products: Sequence[SourceProduct],
    n: int,
    seed: int = 1,
    *,
    variants_per_product: int | None = None,
    images_per_product: int | None = None,
) -> Iterator[SourceProduct]:
    """Yield `n` products: the given ones first, then variations of those without faults, one at a time.

    Fewer than there are: the faults of `DEMO_FAULTS` are kept as far as half of `n` goes, and the rest is taken evenly.

    Names, SKUs, GTINs and picture keys are unique and the same for the same arguments; SKUs and names differ between
    seeds (1 to 99) too. With `variants_per_product` (at most 600) or `images_per_product`, meant for benchmarks, all
    `n` are variations and have exactly so many.
    """
    uniform = variants_per_product is not None or images_per_product is not None
    first = 0 if uniform else min(n, len(products))
    yield from _some(products, first)
    models = [product for product in products if demo_slug(product) not in DEMO_FAULTS]
    for number in range(n - first):
        turn, at = divmod(number, len(models))
        made = _Variation(models[at], turn, f"{seed:02d}-{number:06d}", seed)
        block = (variants_per_product or 0) + 1 if uniform else _GTINS_EACH
        made.give_variants(variants_per_product, _GTINS_FROM + (seed - 1) * _GTINS_PER_SEED + number * block)
        made.product["images"] = _images(
            made.slug, made.product["name"], images_per_product or len(models[at]["images"])
        )
        yield made.product


def _some(products: Sequence[SourceProduct], n: int) -> Sequence[SourceProduct]:
    """`n` of them in their order."""
    if n >= len(products):
        return products
    faulty = [at for at, product in enumerate(products) if demo_slug(product) in DEMO_FAULTS][: n // 2]
    others = [at for at, product in enumerate(products) if demo_slug(product) not in DEMO_FAULTS]
    wanted = n - len(faulty)
    evenly = [others[number * len(others) // wanted] for number in range(wanted)]
    return [products[at] for at in sorted({*faulty, *evenly})]


_GTINS_FROM, _GTINS_PER_SEED, _GTINS_EACH = 100_000_000, 8_000_000, 64
_KEPT = SourceProduct.__annotations__.keys() - {"id"}
_KEPT_OF_VARIANT = SourceVariant.__annotations__.keys() - {"id", "_original_image_url"}


class _Variation:
    """A product like a model, under another name, in other colors and at another price."""

    def __init__(self, model: SourceProduct, turn: int, code: str, seed: int) -> None:
        self._model, self._identity = model, f"FS{code}"
        self.slug = f"{invented_values.slug(model['name'], longest=36)}-fs{code}"
        self._scale = Decimal(80 + draw(self._identity, "price") % 45) / 100
        series = f"{_SERIES[turn % len(_SERIES)]} {_MOMENTS[turn // len(_SERIES) % len(_MOMENTS)]}"
        again = turn // (len(_SERIES) * len(_MOMENTS))
        edition = "".join([f" {again + 1}" if again else "", f", Edition {seed}" if seed != 1 else ""])
        kept = {name: value for name, value in model.items() if name in _KEPT}
        self.product = cast("SourceProduct", kept)
        self.product.update(
            {
                "name": f"{model['name']}, {series}{edition}",
                "sku": self._identity,
                "gtin": "",
                "description": model["description"] + _SERIES_TEXT.format(series=series),
                "price": self._scaled(model["price"]),
                "sale_price": self._scaled(model["sale_price"]),
                "cost_price": self._scaled(model["cost_price"]),
                "_category_paths": list(model["_category_paths"]),
                "custom_url": {"url": f"/{self.slug}/", "is_customized": False},
                "custom_fields": [*model["custom_fields"], {"name": "Series", "value": series}],
            }
        )

    def give_variants(self, count: int | None, gtins_from: int) -> None:
        """Give the product `count` variants that differ in color (and size), or the model's in other colors."""
        if count is None:
            self._like_the_model(gtins_from)
            return
        labels = [_Label(color, _ZERO, None, None) for color in self._colors(min(count, len(_COLORS)))]
        options = [("Color", labels)] if count > 1 else []
        if count > len(_COLORS):
            sizes = -(-count // len(_COLORS))
            options.append(("Size", [_Label(f"No. {size + 1}", _ZERO, None, None) for size in range(sizes)]))
        _with_variants(self.product, options, self.slug, gtins_from)
        self.product["variants"] = self.product["variants"][:count]
        self.product["inventory_level"] = sum(variant["inventory_level"] for variant in self.product["variants"])

    def _like_the_model(self, gtins_from: int) -> None:
        product, model = self.product, self._model
        options = [name for option in model["options"] if (name := option["display_name"])]
        if not options:
            _with_variants(product, [], self.slug, gtins_from)
            return
        renamed: dict[tuple[str, str], str] = {}
        product["options"] = []
        for option in model["options"]:
            old = [value["label"] for value in option["option_values"]]
            is_color = option["display_name"] == "Color" and len(old) <= len(_COLORS)
            new = self._colors(len(old)) if is_color else old
            renamed |= {(option["display_name"], label): other for label, other in zip(old, new, strict=True)}
            labels = [_Label(label, _ZERO, None, None) for label in new]
            product["options"].append(_option(len(product["options"]), option["display_name"], labels))
        product["variants"] = [
            self._variant(variant, renamed, gtins_from + place)
            for place, variant in enumerate(model["variants"][: _GTINS_EACH - 1], 1)
        ]
        product["inventory_level"] = sum(variant["inventory_level"] for variant in product["variants"])

    def _variant(self, model: SourceVariant, renamed: dict[tuple[str, str], str], gtin: int) -> SourceVariant:
        kept = {name: value for name, value in model.items() if name in _KEPT_OF_VARIANT}
        variant = cast("SourceVariant", kept)
        picked = [(value["option_display_name"], value["label"]) for value in model["option_values"]]
        labels = [renamed[pair] for pair in picked]
        variant["sku"] = "-".join([self._identity, *map(_mark, labels)])
        variant["gtin"] = invented_values.gtin(gtin)
        variant["inventory_level"] = invented_values.stock(variant["sku"])
        variant["option_values"] = [
            {"option_display_name": name, "label": label} for (name, _), label in zip(picked, labels, strict=True)
        ]
        for name in ("price", "sale_price", "cost_price"):
            amount = model[name]
            variant[name] = None if amount is None else self._scaled(amount)
        if "_picture" in model:
            variant["_picture"] = f"{self.slug}/{invented_values.slug(labels[0])}"
        return variant

    def _scaled(self, amount: Decimal) -> Decimal:
        return (amount * self._scale).quantize(_CENT)

    def _colors(self, count: int) -> list[str]:
        start = draw(self._identity, "picture") % len(_COLORS)
        return [_COLORS[(start + 5 * place) % len(_COLORS)] for place in range(count)]
