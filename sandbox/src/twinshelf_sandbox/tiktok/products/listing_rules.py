"""What TikTok Shop demands of a product: every documented rule of Create and Edit with its code.

`check` returns all violations in the order in which the platform would name them; Create refuses with the first.
Source: `docs/platforms/tiktok-shop.md` sections 8, 9 and 12.
"""

from __future__ import annotations

from typing import Final

from twinshelf_sandbox.tiktok.products.listing_category_rules import (
    check_attributes,
    check_brand,
    check_category,
    check_category_rules,
)
from twinshelf_sandbox.tiktok.products.listing_outcome import DAY_SECONDS, Checked, Known
from twinshelf_sandbox.tiktok.products.listing_package_rules import check_images, check_package
from twinshelf_sandbox.tiktok.products.listing_sku_rules import check_skus
from twinshelf_sandbox.tiktok.products.listing_text_rules import check_description, check_title
from twinshelf_sandbox.tiktok.products.product_bodies import Product
from twinshelf_sandbox.tiktok.regions import SEA, delivery_options
from twinshelf_sandbox.tiktok.state import Shop

_DELIVERY_REGIONS: Final = ("ID", "MX", "MY", "PH", "SG", "TH", "VN")


def check(known: Known, body: Product) -> Checked:
    """All violations of `body`. Nothing is changed."""
    out = Checked()
    shop = known.shop
    check_title(out, shop, body, known)
    check_description(out, shop, body, known)
    leaf = check_category(out, shop, body)
    check_images(out, shop, body, known)
    if leaf is not None:
        check_attributes(out, shop, leaf, body, known)
        check_category_rules(out, shop, leaf, body, known)
    check_brand(out, shop, body, leaf)
    check_package(out, shop, body, known)
    check_skus(out, shop, leaf, body, known)
    _others(out, shop, body)
    return out


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
        if not shop.now < at <= shop.now + 90 * DAY_SECONDS:
            out.add(12052269)
    if body.save_mode not in (None, "LISTING", "AS_DRAFT"):
        out.add(12052910, "`save_mode` must be LISTING or AS_DRAFT.")
    if body.idempotency_key is not None and len(body.idempotency_key) > 128:
        out.add(12052910, "`idempotency_key` is longer than 128 characters.")
