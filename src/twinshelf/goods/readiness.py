"""Whether a product of the store has all that stock and category on TikTok Shop come from (SILK-12). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from twinshelf.documents import Finding, Product, finding, seller_sku, source_category


def unready(product: Product) -> tuple[Finding, ...]:
    """What a product still lacks in the store, all at once; nothing where it is ready."""
    return tuple(_unready(product))


def _unready(product: Product) -> Iterator[Finding]:
    codes = {variant.id: seller_sku(product, variant) for variant in product.variants}
    if nameless := [variant_id for variant_id, code in codes.items() if not code]:
        yield finding("E-SKU-MISSING", variants=", ".join(nameless))
    if product.tracking == "product" and any(variant.options for variant in product.variants):
        yield finding("W-INV-PRODUCTLEVEL")
    elif untracked := [variant.id for variant in product.variants if variant.stock is None]:
        yield finding("W-INV-UNTRACKED", skus=", ".join(codes[each] or each for each in untracked))
    if not source_category(product):
        yield finding("W-CAT-SOURCE")
