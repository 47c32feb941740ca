"""Category templates in Chromium: made with conditions and *Run Query*, at a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_console import sideways, violations
from twinshelf.documents import Attribute, CategoryRules, to_json
from twinshelf.kit import clock
from twinshelf.listings.models import CategoryCache
from twinshelf.rules import queries
from twinshelf.rules.conditions import Condition, Field, Operator, RuleGroup
from twinshelf.rules.models import Membership, Template

pytestmark = pytest.mark.browser

MATERIALS = ("Bamboo", "Cotton", "Felt", "Linen", "Oak", "Wool")
ATTRIBUTES = (
    Attribute(id="100157", name="Material", sales=False, required=True, multiple=True, customizable=True,
              values=tuple((str(n), name) for n, name in enumerate(MATERIALS, 1))),
    Attribute(id="100149", name="Country of origin", sales=False, required=True,
              values=(("1", "Portugal"), ("2", "India"))),
    Attribute(id="100401", name="Care", sales=False, required=False, customizable=True, values=(("1", "Spot clean"),)),
    Attribute(id="100000", name="Color", sales=True, required=True, customizable=True),
)  # fmt: skip


@pytest.fixture
def asked(world):
    """What TikTok asks in two categories, as read before."""
    for category_id, attributes in (("600024", ATTRIBUTES), ("854152", ATTRIBUTES[1:])):
        CategoryCache.objects.create(
            account=world.account, shop=world.us.shop, category_id=category_id, attributes=to_json(attributes),
            rules=to_json(CategoryRules()), read_at=clock.now(),
        )  # fmt: skip


def test_a_template_is_made_by_mouse_and_shown_in_the_list(page, world, asked):
    page.goto(page.base + "/templates/")
    expect(page.get_by_text("No template yet")).to_be_visible()
    page.get_by_role("link", name="Create Template").click()
    page.get_by_label("Template name").fill("Storage")
    for number, (field, operator, text) in enumerate(
        [("Category", "Contains", "home > storage"), ("Title", "Does not contain", "drawer")], 1
    ):
        page.get_by_role("button", name="Add More").click()
        row = page.get_by_role("group", name=f"Condition {number}")
        row.get_by_label("Field").select_option(field)
        row.get_by_label("Operator").select_option(operator)
        row.get_by_label("Text").fill(text)
    page.get_by_role("button", name="Run Query").click()
    found = page.get_by_role("status", name="Products that fit")
    expect(found).to_contain_text("Total 9 product(s) will be affected.")
    expect(found.locator("tbody tr")).to_have_count(9)

    page.get_by_role("combobox", name="Select listing category").fill("boxes")
    page.locator(".options [role=option]").first.click()
    expect(page.locator(".chip")).to_have_text("Home Supplies > Home Organizers > Storage Boxes & Bins")
    expect(page.get_by_role("group", name="Material")).to_be_visible()
    expect(page.get_by_role("group", name="Color").get_by_role("combobox")).to_have_value("Color")
    expect(page.get_by_role("group", name="Care").get_by_role("combobox").first).to_have_value("custom_field:Care")
    assert violations(page) == []

    material = page.get_by_role("group", name="Material")
    material.get_by_role("combobox").first.select_option("Fixed value")
    material.locator("summary").click()
    material.get_by_label("Bamboo").check()
    material.get_by_label("Felt").check()
    origin = page.get_by_role("group", name="Country of origin")
    origin.get_by_role("combobox").first.select_option("Fixed value")
    origin.get_by_label("Value of Country of origin").select_option("Portugal")
    page.get_by_label("Rule", exact=True).select_option("Percentage increment")
    page.get_by_label("Amount or percent").fill("10")
    page.get_by_role("button", name="Save", exact=True).last.click()

    expect(page.get_by_text("The profile is created successfully")).to_be_visible()
    row = page.get_by_role("row", name="Storage")
    row.get_by_text("View rule").click()
    expect(row).to_contain_text("All conditions are true")
    expect(row).to_contain_text("Title does not contain drawer")
    rules = queries.rules_of(Template.objects.get(name="Storage"))
    assert [rule.values for rule in rules.attributes if rule.name == "Material"] == [("Bamboo", "Felt")]
    assert rules.group == RuleGroup(
        conditions=(
            Condition(Field.CATEGORY, Operator.CONTAINS, "home > storage"),
            Condition(Field.TITLE, Operator.DOES_NOT_CONTAIN, "drawer"),
        )
    )


def test_the_pages_pass_axe_on_a_phone_and_nothing_lies_sideways(page, world, asked):
    template = Template.objects.create(
        account=world.account, connection=world.us, name="Baskets and boxes for every shelf", category_id="600024",
        category_path="Home Supplies > Home Organizers > Storage Boxes & Bins",
        rules={"group": {"conditions": [{"field": "category", "operator": "contains", "value": "storage"}]},
               "attributes": [{"name": "Warranty", "value": "None"}]},
    )  # fmt: skip
    Membership.objects.create(account=world.account, connection=world.us, product_id="1000", template=template)
    at = f"{world.us.id}/{template.id}"
    page.set_viewport_size({"width": 390, "height": 844})
    for address in ("/templates/", f"/templates/{at}/", f"/templates/{at}/delete/"):
        page.goto(page.base + address)
        assert violations(page) == [], address
        assert sideways(page) <= 0, address
    expect(page.get_by_text("1 product is freed")).to_be_visible()
