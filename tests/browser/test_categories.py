"""The category map in Chromium: a suggestion accepted, one category for several rows, and the form of a category."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_console import sideways, violations
from twinshelf.documents import Attribute, CategoryRules, to_json
from twinshelf.kit import clock
from twinshelf.listings.models import CategoryCache, CategorySuggestions

pytestmark = pytest.mark.browser

BOXES = "600024"
MATERIAL = Attribute(id="100157", name="Material", sales=False, required=True, values=(("1", "Oak"), ("2", "Wool")))


@pytest.fixture(autouse=True)
def counted(world):
    """Three categories of the store: a sure suggestion that misses something, and two to choose for."""
    now = clock.now()
    CategoryCache.objects.create(
        account=world.account, shop=world.us.shop, category_id=BOXES, attributes=to_json((MATERIAL,)),
        rules=to_json(CategoryRules()), read_at=now,
    )  # fmt: skip
    counted = {name.lower(): {"written": name, "number": n} for n, name in enumerate(("Gifts", "Boxes", "Sacks"), 1)}
    suggested = {
        "boxes": {"category_id": BOXES, "confidence": "sure", "agreed": 2, "of": 2, "maybe": [BOXES]},
        "gifts": {"confidence": "unsure", "agreed": 1, "of": 3, "maybe": [BOXES]},
    }
    CategorySuggestions.objects.create(
        account=world.account, connection=world.us, counted=counted, suggested=suggested, counted_at=now, asked_at=now
    )


def test_categories_are_chosen_and_what_is_missing_is_filled_in(page, world):
    page.goto(f"{page.base}/templates/categories/?shop={world.us.id}")
    page.get_by_label("Accept the suggestion for Boxes").click()
    expect(page.get_by_text("1 category is mapped.")).to_be_visible()

    page.get_by_label("Select Gifts").check()
    page.get_by_label("Select Sacks").check()
    page.get_by_role("combobox", name="One TikTok category").press_sequentially("storage box")
    page.locator(".options [role=option]").first.click()
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_text("2 categories are mapped.")).to_be_visible()

    page.get_by_role("row").filter(has_text="Boxes").get_by_role("link", name="Material").first.click()
    page.get_by_label("Material").select_option("Oak")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    address, _part, _of_the_form = page.url.partition("#")
    assert address.endswith(f"/templates/categories/?shop={world.us.id}")


def test_the_pages_pass_axe_and_nothing_lies_sideways(page, world):
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for address in (f"?shop={world.us.id}", f"{world.us.id}/edit/?key=boxes"):
            page.goto(f"{page.base}/templates/categories/{address}")
            assert violations(page) == [], (width, address)
            assert sideways(page) <= 0, (width, address)
