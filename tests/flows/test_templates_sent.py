"""What a category template says reaches TikTok: attributes, package, cash on delivery, variations, and each change."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from django.test import Client

from tests.flows.conftest import MAYA
from tests.flows.test_listing_content import shown
from tests.flows.test_templates_membership import rule, save
from twinshelf.accounts.models import User
from twinshelf.connections.preferences import PriceRule
from twinshelf.listings import actions as catalog
from twinshelf.listings import queries as listings
from twinshelf.messages import text
from twinshelf.rules import actions as rules
from twinshelf.rules import evaluating, queries
from twinshelf.rules.models import Template
from twinshelf.rules.templates import AttributeRule, MeasureRule, PackageRules, VariationRule
from twinshelf.sync import preview
from twinshelf.sync.models import Problem

BLANKETS = "1010576"
"""A category that requires nothing, and tells variants apart by Color and Specification."""


def of_variants(store, sku, **options):
    """A product with one variant for each value of the first option; the others have one value."""
    first, *others = options.items()
    variants = [
        {"sku": f"{sku}-{n}", "inventory_level": 5, "option_values": [
            {"option_display_name": first[0], "label": label},
            *({"option_display_name": name, "label": labels[0]} for name, labels in others)]}
        for n, label in enumerate(first[1], 1)
    ]  # fmt: skip
    return store.add_product(sku="", title=f"Rug {sku}", inventory_tracking="variant", variants=variants)


def sold_by(made):
    """(attribute id, name, value) of each SKU."""
    return [[(a["id"], a["name"], a["value_name"]) for a in sku["sales_attributes"]] for sku in made["skus"]]


def described(made):
    return {each["name"]: [value["name"] for value in each["values"]] for each in made["product_attributes"]}


@pytest.mark.covers("CED-15", "CED-17", "CED-19")
def test_what_a_template_maps_is_what_tiktok_gets(sandbox, store, shop, twinshelf):
    rug = of_variants(store, "RUG-1", color=["Red", "Plum"], size=["70 × 200"])
    plain = store.add_product(sku="RUG-2", title="Rug 2", custom_fields=[], weight=Decimal("2.5"))
    twinshelf.pull()
    mapped = {
        "variations": (VariationRule("Color", "color"), VariationRule("Specification", "size")),
        "cash_on_delivery": False,
        "measures": PackageRules(
            length=MeasureRule(value="30"), width=MeasureRule(source="width"), height=MeasureRule(source="height"),
            weight=MeasureRule(source="weight"),
        ),
    }  # fmt: skip
    template, _task = save(twinshelf, "Rugs", rule("title", "contains", "rug"), category_id=BLANKETS, **mapped)

    twinshelf.list(rug, plain)

    assert twinshelf.problems() == []  # nothing that is recommended is needed
    made, other = (shown(sandbox, shop, twinshelf, product) for product in (rug, plain))
    assert [each["category_id"] for each in (made, other)] == [BLANKETS, BLANKETS]
    assert sold_by(made) == [
        [("100000", "Color", "Red"), ("100089", "Specification", "70 × 200")],
        [("100000", "Color", "Plum"), ("100089", "Specification", "70 × 200")],
    ]
    assert [each["is_cod_allowed"] for each in (made, other)] == [False, False]
    assert other["package_weight"] == {"value": "2.5", "unit": "POUND"}
    assert other["package_dimensions"] == {"length": "30", "width": "4", "height": "4", "unit": "INCH"}
    assert described(other) == {}

    values = (
        AttributeRule(name="material", values=("Cotton", "Wool")),
        AttributeRule(name="Season", source="custom_field", field="season", value="Winter"),
    )
    save(
        twinshelf, "Rugs", rule("title", "contains", "rug"), template=template, category_id=BLANKETS, attributes=values,
        **mapped,
    )  # fmt: skip
    twinshelf.wait(600)

    assert described(shown(sandbox, shop, twinshelf, plain)) == {"Material": ["Cotton", "Wool"], "Season": ["Winter"]}
    assert twinshelf.differences() == []


@pytest.mark.covers("CED-18")
def test_variants_need_a_variation_attribute_that_is_mapped(sandbox, store, shop, twinshelf):
    rug = of_variants(store, "RUG-1", color=["Red", "Plum"])
    plain = store.add_product(sku="RUG-2", title="Rug 2")
    twinshelf.pull()
    template, _task = save(twinshelf, "Rugs", rule("title", "contains", "rug"), category_id=BLANKETS, variations=())

    task = catalog.list_products(twinshelf.connection, [str(rug), str(plain)], by=MAYA)
    twinshelf.settle()
    twinshelf.wait(600)

    problem = Problem.objects.get(closed_at=None)
    assert (problem.key, problem.code) == (str(rug), "E-LST-VARMAP")
    assert text(problem) == "Map at least one variation attribute; “Rug RUG-1” has 2 variants."
    assert [twinshelf.listing(product).tiktok_id != "" for product in (rug, plain)] == [False, True]
    task.refresh_from_db()
    assert (task.succeeded, task.failed) == (1, 1)

    save(
        twinshelf, "Rugs", rule("title", "contains", "rug"), template=template, category_id=BLANKETS,
        variations=(VariationRule("Specification", "COLOR"),),
    )  # fmt: skip
    twinshelf.wait(600)  # what waited for the template is tried again by itself
    assert twinshelf.problems() == []
    made = shown(sandbox, shop, twinshelf, rug)
    assert sold_by(made) == [[("100089", "Specification", "Red")], [("100089", "Specification", "Plum")]]


@pytest.mark.covers("CED-38", "CED-62")
def test_a_change_concerns_all_products_of_a_template_and_no_other(sandbox, store, shop, twinshelf):
    rugs = [store.add_product(sku=f"RUG-{n}", title=f"Rug {n}") for n in range(2)]
    mug = store.add_product(sku="MUG-1")
    twinshelf.pull()
    template, _task = save(twinshelf, "Rugs", rule("title", "contains", "rug"), category_id=BLANKETS)
    twinshelf.list(*rugs, mug)
    keys = [str(product) for product in (*rugs, mug)]
    owner = f"connection:{twinshelf.connection.id}"
    before = len(twinshelf._sandbox.world.effects)

    def planned(kind):
        return {plan.key: plan.changes for plan in preview.preview(twinshelf.account.id, owner, [kind], keys)}

    assert [plan for kind in ("listing", "price") for plan in planned(kind).values() if plan] == []
    made = msgspec.structs.replace(
        queries.rules_of(template),
        attributes=(AttributeRule(name="Material", value="Linen"),),
        price_rule=PriceRule("percent_up", Decimal(10)),
    )
    _template, task = rules.save_template(
        twinshelf.connection, template, name="Rugs", category_id=BLANKETS, category_path="Some > Path", rules=made,
        asked=(), by=MAYA,
    )  # fmt: skip
    evaluating.evaluate(task)

    def pending():
        page = listings.products(listings.ProductFilter(), [twinshelf.connection])
        return {line.product.product_id for line in page.rows if line.pending}

    assert pending() == {str(rug) for rug in rugs}
    edits = {key: changes for key, changes in planned("listing").items() if changes}
    assert sorted(edits) == sorted(keys[:2])
    assert {change.listing.attributes[0].value_ids for (change,) in edits.values()} == {("1000013",)}  # Linen
    prices = {key: changes for key, changes in planned("price").items() if changes}
    assert {price.amount for (change,) in prices.values() for _sku, price in change.prices} == {Decimal("13.20")}
    assert len(twinshelf._sandbox.world.effects) == before  # nothing was sent yet

    twinshelf.settle()
    twinshelf.wait(600)
    assert pending() == set()
    assert [described(shown(sandbox, shop, twinshelf, rug)) for rug in rugs] == [{"Material": ["Linen"]}] * 2
    assert described(shown(sandbox, shop, twinshelf, mug)) != {"Material": ["Linen"]}
    assert [str(twinshelf.listing(product).price_min.normalize()) for product in (*rugs, mug)] == ["13.2", "13.2", "12"]
    assert twinshelf.differences() == []


@pytest.mark.covers("CED-61")
def test_the_products_of_a_template_are_listed_together(sandbox, store, shop, twinshelf):
    rugs = [store.add_product(sku=f"RUG-{n}", title=f"Rug {n}") for n in range(2)]
    store.add_product(sku="MUG-1")
    twinshelf.pull()
    client = Client()
    client.force_login(User.objects.get(email="maya@fernhollow.test"))
    form = {
        "name": "Rugs", "match": "all", "c-field": "title", "c-operator": "contains", "c-value": "rug", "cod": "no",
        "category": BLANKETS, "shown_category": BLANKETS, "price_kind": "none", "save": "1",
        **{f"{measure}-source": measure for measure in ("length", "width", "height", "weight")},
    }  # fmt: skip
    at = f"/templates/{twinshelf.connection.id}"
    client.get(f"{at}/new/")  # has TikTok's categories read
    twinshelf.settle()
    client.post(f"{at}/new/", form)  # has the category's attributes read
    twinshelf.settle()

    page = client.post(f"{at}/new/", form, follow=True)
    assert "The profile is created successfully" in page.content.decode()
    twinshelf.settle()
    template = Template.objects.get(name="Rugs")
    assert [(line["template"].name, line["products"]) for line in client.get("/templates/").context["lines"]] == [
        ("Rugs", 2)
    ]
    offered = client.get(f"{at}/upload/")
    assert (template.id, "Rugs (2)") in offered.context["template_choices"]
    assert f'<option value="{template.id}" >Rugs (2)</option>' in " ".join(offered.content.decode().split())
    client.post(f"{at}/upload/", {"template": template.id})
    twinshelf.settle()
    twinshelf.wait(600)

    assert [twinshelf.listing(rug).state for rug in rugs] == ["live", "live"]
    assert len(shop.effects("product_created")) == 2
