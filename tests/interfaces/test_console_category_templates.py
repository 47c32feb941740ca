"""The pages of category templates: the list, the editor and *Run Query*, copies and deletions."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from django_scopes import scope

from tests import console_data
from twinshelf.documents import Attribute, CategoryRules, from_json, to_json
from twinshelf.documents import Product as Document
from twinshelf.goods.models import StoreProduct
from twinshelf.kit import clock
from twinshelf.listings.models import CategoryCache
from twinshelf.rules import evaluating, membership, queries
from twinshelf.rules.conditions import Condition, Field, Match, Operator, RuleGroup
from twinshelf.rules.models import Membership, Template
from twinshelf.sync import engine
from twinshelf.sync.inline import InlineEngine
from twinshelf.sync.models import Task

BOXES, CANDLES, CLOSED = "600024", "854152", "600123"
BOXES_PATH = "Home Supplies > Home Organizers > Storage Boxes & Bins"
ORIGIN = Attribute(
    id="100149", name="Country of origin", sales=False, required=True, values=(("1", "Portugal"), ("2", "India"))
)
MATERIAL = Attribute(
    id="100157", name="Material", sales=False, required=False, multiple=True, values=(("1", "Cotton"), ("2", "Wool"))
)
CARE = Attribute(id="100401", name="Care", sales=False, required=False, customizable=True)
COLOR = Attribute(id="100000", name="Color", sales=True, required=True, customizable=True)


@pytest.fixture(autouse=True)
def asked(world):
    """What TikTok asks in two categories, as read before."""
    engine.use(InlineEngine())
    for category_id, attributes in ((BOXES, (ORIGIN, MATERIAL, CARE, COLOR)), (CANDLES, (ORIGIN,))):
        CategoryCache.objects.create(
            account=world.account, shop=world.us.shop, category_id=category_id, attributes=to_json(attributes),
            rules=to_json(CategoryRules()), read_at=clock.now(),
        )  # fmt: skip
    yield
    engine.use(None)


def make(world: console_data.World, name: str, *conditions: tuple[str, str, str], category_id=BOXES, path=BOXES_PATH):
    group = RuleGroup(Match.ALL, tuple(Condition(Field(f), Operator(o), v) for f, o, v in conditions))
    rules = {"group": msgspec.to_builtins(group)}
    return Template.objects.create(
        account=world.account, connection=world.us, name=name, category_id=category_id, category_path=path, rules=rules,
        position=Template.objects.count(),
    )  # fmt: skip


def form(*conditions: tuple[str, str, str], **changes: Any) -> dict[str, Any]:
    """What the editor sends: five required ones and the attributes of the first category mapped."""
    sent = {
        "name": "Storage",
        "match": "all",
        "c-field": [field for field, _operator, _value in conditions],
        "c-operator": [operator for _field, operator, _value in conditions],
        "c-value": [value for _field, _operator, value in conditions],
        "category": BOXES,
        "shown_category": BOXES,
        "cod": "no",
        **{f"{measure}-source": measure for measure in ("length", "width", "height", "weight")},
        "a-name": ["Country of origin", "Material", "Care"],
        "a0-source": "fixed",
        "a0-value": ["Portugal"],
        "v-name": ["Color"],
        "v0-option": "Color",
        "price_kind": "none",
    }
    return sent | changes


def new(world):
    return f"/templates/{world.us.id}/new/"


def names(page):
    return [line["template"].name for line in page["lines"]]


# -- the list -------------------------------------------------------------------------------------------------------


@pytest.mark.covers("CED-44", "CED-45", "CED-46")
def test_the_list_has_its_columns_sorts_and_finds_by_name(console, world):
    make(world, "Rugs and runners", path="Textiles > Area Rugs")
    big = make(world, "candles", path="Home > Candles")
    make(world, "Ångström rugs", path="Books")
    Membership.objects.create(account=world.account, connection=world.us, product_id="1000", template=big)

    page = console.get("/templates/")

    heads = re.findall(r"<th[^>]*>(.*?)</th>", page.html, re.DOTALL)
    assert [" ".join(re.sub(r"<[^>]+>", " ", head).split()) for head in heads] == [
        "Name", "Category", "Rule(s)", "Total product(s)", "Action(s)",
    ]  # fmt: skip
    assert names(page) == ["Rugs and runners", "candles", "Ångström rugs"]
    assert [line["products"] for line in page["lines"]] == [0, 1, 0]
    assert names(console.get("/templates/?sort=name")) == ["candles", "Rugs and runners", "Ångström rugs"]
    assert names(console.get("/templates/?sort=-name"))[0] == "Ångström rugs"
    assert names(console.get("/templates/?sort=category"))[0] == "Ångström rugs"
    assert names(console.get("/templates/?sort=-products"))[0] == "candles"
    assert names(console.get("/templates/?q=RUGS")) == ["Rugs and runners", "Ångström rugs"]
    assert names(console.get("/templates/?q=ångstr")) == ["Ångström rugs"]
    assert "No template has this name" in console.get("/templates/?q=zzz")
    buttons = re.findall(r'<a\s+class="btn[^"]*"\s+href="([^"]+)"\s*>\s*([^<]+?)\s*</a>', page.html)
    assert (f"/connections/{world.us.id}/template/", "Edit Default Template") in buttons
    assert (new(world), "Create Template") in buttons
    assert console.get(f"/connections/{world.us.id}/template/").text.startswith("Default template")
    draft = console.get(new(world))["draft"]
    assert (draft.name, draft.conditions, draft.category) == ("", (), None)


@pytest.mark.covers("CED-41")
def test_view_rule_shows_the_conditions(console, world):
    template = make(world, "Storage", ("category", "contains", "storage"), ("title", "not_equals", "Box"))

    page = console.get("/templates/")

    assert "Category contains “storage” and 1 more View rule" in page
    assert "All conditions are true Category contains storage Title does not equal Box" in page
    template.rules["group"]["match"] = "any"
    template.save()
    page = console.get("/templates/")
    assert "Category contains “storage” or 1 more View rule" in page
    assert "Any condition is true Category contains storage Title does not equal Box" in page


def test_42_templates_are_nine_pages_of_five(console, world):
    for number in range(42):
        make(world, f"T{number:02}")

    first, last = console.get("/templates/?per=5"), console.get("/templates/?per=5&page=9")

    assert "Showing 1 – 5 of 42" in first
    assert "Page 1 of 9" in first
    assert "Showing 41 – 42 of 42" in last
    assert names(last) == ["T40", "T41"]


# -- the editor: name and conditions --------------------------------------------------------------------------------


@pytest.mark.covers("CED-49", "CED-50")
def test_a_name_is_unique_and_80_characters_long_at_most(console, world):
    make(world, "Rugs")
    make(world, "straße 1")
    number = 3

    for name, good in (
        ("n" * 80, True), ("n" * 81, False), ("", False), ("  ", False), ("RUGS", False), ("straße", True),
        ("STRASSE 1", False), ("Default", False), ("  " + "é" * 80 + "  ", True),
    ):  # fmt: skip
        page = console.post(new(world), form(("brand", "equals", "x"), name=name, save="1"))

        refused = "Category template name must be unique and should not exceed 80 characters."
        assert (refused in page) is not good, name
        assert page.status == (200 if good else 400), name
        number += good
        assert Template.objects.filter(connection=world.us).count() == number, name


@pytest.mark.covers("CED-54")
def test_conditions_are_added_and_removed(console, world):
    rows = [("title", "contains", f"word {number}") for number in range(25)]

    page = console.post(new(world), form(*rows, add="1"))
    assert [each.value for each in page["draft"].conditions] == [*(value for _f, _o, value in rows), ""]

    page = console.post(new(world), form(*rows, drop="3"))
    assert [each.value for each in page["draft"].conditions] == [value for _f, _o, value in rows if value != "word 3"]
    assert Template.objects.filter(is_default=False).count() == 0

    console.post(new(world), form(*rows, save="1"))
    assert len(queries.rules_of(Template.objects.get(name="Storage")).group.conditions) == 25


@pytest.mark.covers("CED-55", "CED-56")
def test_run_query_says_how_many_and_shows_them(console, world):
    sagaform = sorted(StoreProduct.objects.values_list("product_id", flat=True))[:11]
    documents = {row.product_id: from_json(bytes(row.document), Document) for row in StoreProduct.objects.all()}
    membership.keep_texts(
        world.store, [type(d)(**{f: getattr(d, f) for f in d.__struct_fields__} | {"brand": "Sagaform"})
                      for key, d in documents.items() if key in sagaform]
    )  # fmt: skip
    other = make(world, "Other")
    Membership.objects.create(account=world.account, connection=world.us, product_id=sagaform[0], template=other)

    page = console.post(new(world), form(("brand", "equals", "sagaform"), run="11"))

    assert "Total 11 product(s) will be affected. 0 here already, 10 would join, 1 stay in “Other”." in page
    assert [each["row"].product_id for each in page["found"]["rows"]] == sagaform
    assert [each["holder"] for each in page["found"]["rows"]] == ["Other", *[""] * 10]
    page = console.post(new(world), form(("brand", "equals", "sagaform"), run="10"))
    assert "Total 11 product(s) will be affected." in page
    assert (len(page["found"]["rows"]), page["found"]["more"]) == (10, 60)
    page = console.post(new(world), form(("brand", "equals", "sagaform"), run="10", override="1"))
    assert "0 here already, 11 would join, 1 of them from “Other”." in page

    page = console.post(new(world), form(("title", "equals", "zzz"), run="10"))
    assert "Total 0 product(s) will be affected. No product(s) found." in page
    assert Template.objects.filter(is_default=False).count() == 1  # nothing was saved
    console.post(new(world), form(("title", "equals", "zzz"), save="1"))
    assert Template.objects.filter(is_default=False).count() == 2


ELEVEN = {  # title, SKU, brand, category, product type
    "1": ("Red Mug", "MUG-1", "Sagaform", "Kitchen > Mugs", "Mug"),
    "2": ("Blue mug", "MUG-2", "sagaform", "Kitchen > Mugs", "Mug"),
    "3": ("Red rug", "RUG-1", "Loom", "Home > Rugs", "Rug"),
    "4": ("Wool rug", "RUG-2", "Loom", "Home > Rugs", ""),
    "5": ("Lamp", "LAMP-1", "", "Home", "Light"),
    "6": ("Red lamp", "LAMP-2", "", "Home", "Light"),
    "7": ("Jar", "JAR-1", "Sagaform Home", "Kitchen", ""),
    "8": ("Bath mat", "MAT-1", "Loom", "", ""),
    "9": ("Candle", "CND-1", "Vela", "", "Candle"),
    "10": ("Soy candle", "CND-2", "Vela", "", "Candle"),
    "11": ("", "X-1", "", "", ""),
}


FOUND = (
    ("all", [("title", "contains", "RED"), ("brand", "equals", "sagaform")], "1"),
    ("any", [("title", "contains", "RED"), ("brand", "equals", "sagaform")], "1 2 3 6"),
    ("all", [("title", "equals", "lamp")], "5"),
    ("all", [("sku", "contains", "-2")], "2 4 6 10"),
    ("all", [("sku", "not_equals", "x-1"), ("sku", "does_not_contain", "-1")], "2 4 6 10"),
    ("all", [("brand", "equals", "SAGAFORM")], "1 2"),
    ("all", [("vendor", "equals", "SAGAFORM")], "1 2"),
    ("all", [("vendor", "not_equals", "loom")], "1 2 5 6 7 9 10 11"),
    ("all", [("brand", "does_not_contain", "sagaform")], "3 4 5 6 8 9 10 11"),
    ("all", [("category", "equals", "rugs")], "3 4"),
    ("all", [("category", "contains", "kitchen")], "1 2 7"),
    ("all", [("category", "not_equals", "home")], "1 2 7 8 9 10 11"),
    ("all", [("product_type", "equals", "light")], "5 6"),
    ("all", [("product_type", "does_not_contain", "u")], "4 5 6 7 8 9 10 11"),
)


@pytest.mark.covers("CED-51", "CED-52", "CED-53")
def test_each_field_and_operator_finds_what_it_should(console, world):
    membership.forget(world.store, [str(1000 + n) for n in range(11, 60)])
    documents = []
    for number, (title, sku, brand, category, kind) in enumerate(ELEVEN.values()):
        known = from_json(bytes(StoreProduct.objects.get(product_id=str(1000 + number)).document), Document)
        variants = tuple(type(v)(id=v.id, sku="", price=v.price) for v in known.variants[:2])
        documents.append(Document(
            id=known.id, title=title, sku=sku, brand=brand, categories=(category,), price=known.price,
            custom_fields=(("Product Type", kind),), variants=variants, modified_at=known.modified_at,
        ))  # fmt: skip
    membership.keep_texts(world.store, documents)
    offered = re.findall(r'<select class="sel" name="c-field".*?</select>', console.post(
        new(world), form(("title", "equals", "x"), run="20")).html, re.DOTALL)  # fmt: skip
    assert [re.findall(r'<option value="(\w+)"[^>]*>(.*?)</option>', each) for each in offered] == [
        list(zip(Field, ("Title", "SKU", "Brand", "Category", "Product type", "Vendor"), strict=True))
    ]

    for match, conditions, found in FOUND:
        page = console.post(new(world), form(*conditions, match=match, run="20"))

        numbers = [str(int(each["row"].product_id) - 999) for each in page["found"]["rows"]]
        assert " ".join(numbers) == found, conditions
        assert f"Total {len(numbers)} product(s) will be affected." in page
        assert "An empty field equals and contains nothing." in page
        assert "Capitals make no difference." in page


# -- the editor: category and attributes ----------------------------------------------------------------------------


@pytest.mark.covers("CED-12", "CED-58")
def test_the_category_is_a_leaf_shown_as_a_chip_that_clears(console, world):
    found = console.get(f"/connections/{world.us.id}/template/categories/?q=storage&id=x")
    assert BOXES_PATH in found.text

    page = console.post(new(world), form(category="", category_id=BOXES, category_path=BOXES_PATH, show="1"))
    assert f"{BOXES_PATH} Change category" in page
    assert 'aria-label="Clear the category"' in page.html

    cleared = console.post(new(world), form(clear="1"))
    assert "Clear the category" not in cleared.html
    assert cleared["draft"].category is None

    for path, told in (
        ("Home Supplies > Home Organizers", "There is no such category."),  # not a final one
        ("zzz", "There is no such category."),
        ("Kitchenware > Kitchen Utensils & Gadgets > Fire Starters", "TikTok Shop does not let this shop list"),
    ):
        refused = console.post(new(world), form(category="", category_path=path, save="1"))
        assert told in refused, path
        assert refused.status == 400
    refused = console.post(new(world), form(category="", save="1"))
    assert "Select the listing category of the template." in refused
    assert Template.objects.filter(is_default=False).count() == 0


@pytest.mark.covers("CED-13")
def test_attributes_stand_in_three_groups_that_open_and_close(console, world):
    page = console.post(new(world), form(show="1"))

    groups = re.findall(
        r'<details class="group"[^>]*>(.*?)</details>\s*(?=<details class="group"|</div>)', page.html, re.DOTALL
    )
    titles = [re.sub(r"<[^>]+>", "", group.partition("</summary>")[0]).strip() for group in groups]
    rows = [re.findall(r'class="mapping" role="group" aria-label="([^"]*)"', group) for group in groups]
    assert titles == ["Required Attributes", "Variation Attributes", "Recommended Attributes"]
    assert rows == [
        [
            "Cash on delivery",
            "Package length",
            "Package width",
            "Package height",
            "Package weight",
            "Country of origin",
        ],
        ["Color"],
        ["Material", "Care"],
    ]


@pytest.mark.covers("CED-14")
def test_a_required_attribute_that_is_not_mapped_refuses_the_save(console, world):
    for missing, name in (
        ({"cod": ""}, "Cash on delivery"),
        ({"length-source": ""}, "Package length"),
        ({"width-source": ""}, "Package width"),
        ({"height-source": ""}, "Package height"),
        ({"weight-source": ""}, "Package weight"),
        ({"weight-source": "fixed", "weight-text": "heavy"}, "Package weight"),
        ({"a0-source": ""}, "Country of origin"),
        ({"a0-value": [""]}, "Country of origin"),
        ({"a0-source": "", "length-source": ""}, "Country of origin, Package length"),
    ):
        page = console.post(new(world), form(save="1", **missing))

        assert f"Not saved. Map the required attribute {name}." in page
        assert "#s-attributes" in page.links
        assert page.status == 400
        assert Template.objects.filter(is_default=False).count() == 0


@pytest.mark.covers("CED-16")
def test_a_pairing_that_looks_wrong_is_saved_only_once_it_is_confirmed(console, world):
    again = console.post(new(world), form(shown_category="", **{"a-name": [], "v-name": [], "a0-source": ""}))
    suggested = {rule.name: rule.field for rule in again["draft"].rules.attributes}
    assert suggested == {"Care": "Care"}  # the custom field of the same name
    assert [(row.name, row.option) for row in again["variations"]] == [("Color", "Color")]

    sent = form(("brand", "equals", "x"), save="1", **{"width-source": "length"})
    page = console.post(new(world), sent)
    assert "This looks mismatched: Package width ← length." in page
    assert Template.objects.filter(is_default=False).count() == 0

    console.post(new(world), sent | {"confirmed": "1"})
    saved = queries.rules_of(Template.objects.get(name="Storage"))
    assert saved.measures.width is not None
    assert saved.measures.width.source == "length"


@pytest.mark.covers("CED-59")
def test_another_category_loads_its_groups_and_says_which_mappings_do_not_apply(console, world):
    page = console.post(
        new(world),
        form(category_id=CANDLES, category_path="Home Supplies > Home Decor > Candles", **{
            "a1-source": "fixed", "a1-value": ["Wool"]}),
    )  # fmt: skip

    assert [row.name for row in page["required"]] == ["Country of origin"]
    assert (page["recommended"], page["variations"]) == ([], [])
    assert "These mappings do not apply to this category: Material, Color." in page
    assert page["required"][0].chosen == {"Portugal"}  # what applies is kept


# -- saving, copying, deleting --------------------------------------------------------------------------------------


@pytest.mark.covers("CED-62")
def test_a_saved_template_is_in_the_list_and_cancelling_changes_nothing(console, world):
    page = console.post(new(world), form(("brand", "equals", "fernhollow"), save="1"))

    assert page.told == ["The profile is created successfully. Products join and leave it now. Follow it"]
    assert names(page) == ["Storage"]
    template = Template.objects.get(name="Storage")
    assert (template.category_id, template.category_path) == (BOXES, BOXES_PATH)
    task = Task.objects.get(kind="evaluate_template")
    assert (task.title, task.state) == ("Apply template “Storage”", "queued")
    edit = f"/templates/{world.us.id}/{template.id}/"
    before = Template.objects.filter(id=template.id).values().get()
    console.post(edit, form(("brand", "equals", "other"), name="Other", run="10"))  # pressed, and not saved
    assert Template.objects.filter(id=template.id).values().get() == before
    shown = console.get(edit)
    assert f'href="/templates/?shop={world.us.id}"' in shown.html  # Cancel
    assert [each.value for each in shown["draft"].conditions] == ["fernhollow"]
    assert Task.objects.filter(kind="evaluate_template").count() == 1
    evaluating.evaluate(task)
    default = Template.objects.get(is_default=True)
    assert queries.product_counts(world.us) == {template.id: 60, default.id: 0}

    console.post(edit, form(("category", "contains", "storage"), save="1"))
    again = Task.objects.filter(kind="evaluate_template").latest("id")
    assert (again.id != task.id, again.state) == (True, "queued")
    evaluating.evaluate(again)
    assert queries.product_counts(world.us) == {template.id: 12, default.id: 48}


@pytest.mark.covers("CED-47")
def test_deleting_asks_names_the_number_and_frees_the_products(console, world):
    rugs = make(world, "Rugs", ("category", "contains", "storage"))
    make(world, "Baskets", ("title", "contains", "basket"))
    console.post(
        f"/templates/{world.us.id}/{rugs.id}/", form(("category", "contains", "storage"), name="Rugs", save="1")
    )
    evaluating.evaluate(Task.objects.get(kind="evaluate_template"))
    held = Membership.objects.filter(template=rugs).count()
    assert held == 12
    edit = f"/templates/{world.us.id}/{rugs.id}/"
    [row] = [each for each in re.findall(r"<tr data-row>.*?</tr>", console.get("/templates/").html, re.DOTALL)
             if "<b>Rugs</b>" in each]  # fmt: skip
    menu = row.split('<div class="pop">')[1]
    assert f'<a class="entry" href="{edit}">Edit</a>' in menu
    assert f'<a class="entry" href="{edit}delete/">Delete</a>' in menu
    assert re.search(
        rf'<form method="post" action="{edit}copy/">.*?<button class="entry[^>]*>\s*Copy\s', menu, re.DOTALL
    )
    assert console.get(edit)["draft"].name == "Rugs"

    asked = console.get(f"/templates/{world.us.id}/{rugs.id}/delete/")
    assert "Delete “Rugs”?" in asked
    assert "12 products are freed" in asked
    assert Template.objects.filter(id=rugs.id, removed_at=None).exists()

    console.post(f"/templates/{world.us.id}/{rugs.id}/delete/", {"confirmed": "1"})
    evaluating.evaluate(Task.objects.filter(kind="evaluate_template").latest("id"))
    assert names(console.get("/templates/")) == ["Baskets"]
    baskets = queries.product_counts(world.us)
    default = Template.objects.get(connection=world.us, is_default=True)
    assert sorted(baskets.values()) == [3, 57]
    assert console.get(f"/templates/{world.us.id}/{default.id}/delete/").status == 200
    page = console.post(f"/templates/{world.us.id}/{default.id}/delete/", {"confirmed": "1"})
    assert "The default template cannot be deleted." in page.told[0]
    assert Template.objects.filter(id=default.id, removed_at=None).exists()


def test_a_copy_stands_in_the_list(console, world):
    rugs = make(world, "Rugs")

    page = console.post(f"/templates/{world.us.id}/{rugs.id}/copy/")

    assert names(page) == ["Rugs", "Copy of Rugs"]
    assert page.told == ["“Copy of Rugs” is made."]


def test_templates_are_tried_in_an_order_that_people_change(console, world):
    rugs, mats, mugs = (make(world, name) for name in ("Rugs", "Mats", "Mugs"))

    def move(template, way):
        return names(console.post(f"/templates/{world.us.id}/{template.id}/move/{way}/"))

    assert move(mugs, "up") == ["Rugs", "Mugs", "Mats"]
    assert move(rugs, "down") == ["Mugs", "Rugs", "Mats"]
    assert move(mugs, "up") == ["Mugs", "Rugs", "Mats"]
    assert move(mats, "down") == ["Mugs", "Rugs", "Mats"]
    assert [each.name for each in queries.templates_named(world.us)] == ["Mugs", "Rugs", "Mats"]


def test_a_template_of_another_account_is_not_there(console, world, other):
    with scope(account=other.account):
        theirs = make(other, "Theirs")

    for address in ("", "copy/", "delete/", "list/"):
        path = f"/templates/{world.us.id}/{theirs.id}/{address}"
        assert console.post(path, form(save="1")).status == 404
    assert console.get(f"/templates/{other.us.id}/new/").status == 404


@pytest.mark.parametrize("page", ["/templates/?shop={}", "/templates/{}/new/", "/connections/{}/template/"])
def test_a_page_of_templates_names_its_shop_and_what_to_do_in_another_account(console, world, page):
    shown = console.get(page.format(world.us.id))

    assert f"shop is {world.us.shop} , id {world.us.shop.shop_id} ." in shown
    assert (
        "If the page doesn't match this connection, you are logged in to Seller Center with another TikTok account: "
        "log out there, log in to the right one, then refresh."
    ) in shown
