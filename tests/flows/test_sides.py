"""The page of a product: what each side shows, out of the one answer to what should be there."""

from __future__ import annotations

from twinshelf.goods.models import StoreProduct
from twinshelf.listings import queries, sides
from twinshelf.listings.models import ListingRow


def page(twinshelf, product_id: int) -> tuple[dict[str, sides.Side], list[sides.VariantSides]]:
    row = StoreProduct.objects.get(product_id=product_id)
    product, connection = queries.document_of(row), twinshelf.connection
    variants = sides.variants_on_both_sides(product, connection, queries.links_of(row, connection))
    shown = sides.both_sides(product, connection, twinshelf.listing(product_id), variants)
    return {side.name: side for side in shown}, variants


def test_content_that_tiktok_has_not_accepted_yet_shows_by_itself(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", price="12.00", stock=7)
    twinshelf.list(mug)
    assert "description" not in page(twinshelf, mug)[0]

    ListingRow.objects.update(state="reviewing")  # TikTok is looking at it, so that what comes next waits
    store.act("edit_product", sku="MUG-1", description="<p>Blue <b>inside</b>.</p>")
    twinshelf.settle()

    side = page(twinshelf, mug)[0]["description"]
    assert (side.store, side.agreement) == ("Blue  inside .", "differs")


def test_a_product_counted_as_a_whole_shows_on_its_page_what_is_offered(sandbox, store, shop, twinshelf):
    colors = [{"label": color, "option_display_name": "Color"} for color in ("Red", "Blue")]
    variants = [{"sku": f"PAIR-{each['label']}", "option_values": [each]} for each in colors]
    pair = store.add_product(sku="PAIR", price="12.00", stock=9, variants=variants)
    twinshelf.pull()
    product = queries.document_of(StoreProduct.objects.get(product_id=pair))
    assert (product.tracking, len(product.variants)) == ("product", 2)

    found = sides.variants_on_both_sides(product, twinshelf.connection, {})

    assert [each.expected_quantity for each in found] == [0, 0]
    assert [step.rule for each in found for step in each.desired.quantity.steps] == ["product_level"] * 2
