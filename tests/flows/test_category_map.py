"""The category map: suggested, chosen by a person; attributes and brand said for all products of a category."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.flows.browser import Browser, words_of
from tests.flows.conftest import HOME, MAYA
from twinshelf.listings import actions as listings
from twinshelf.listings.queries import category_map
from twinshelf.rules import actions as rules
from twinshelf.rules.category_map import MapState
from twinshelf.rules.own import ProductChoices

MUGS, PLATES = "Kitchenware > Drinkware > Mugs", "600064"
TEA = "916488"
"""A category that asks for a food safety certificate."""
TOASTERS, POWER = "847624", "a-100708"
"""A category that asks for power in watts, and the field of it."""
BRAND, OTHER_BRAND = "7082427311584000105", "7082427311584003198"


@pytest.fixture
def browser(twinshelf):
    return Browser()


def rows(twinshelf):
    return {row.key: row for row in category_map(twinshelf.connection)[0]}


def counted(browser, twinshelf):
    """The rows after somebody looked at the page, and what it asked for was done."""
    browser.get("/templates/categories/")
    twinshelf.settle()
    browser.get("/templates/categories/")  # what the categories ask is only known to be needed now
    twinshelf.settle()
    return rows(twinshelf)


def shown(sandbox, shop, twinshelf, product):
    return sandbox.world.table(f"tt/{shop.id}/products")[twinshelf.listing(product).tiktok_id]["base"]


def materials(sandbox, shop, twinshelf, *products):
    return [
        [value["name"] for each in shown(sandbox, shop, twinshelf, product)["product_attributes"]
         for value in each["values"] if each["name"] == "Material"]
        for product in products
    ]  # fmt: skip


@pytest.mark.covers("SILK-64", "SILK-65", "SILK-66")
def test_a_suggestion_waits_for_a_person_and_a_choice_stays(sandbox, browser, store, shop, twinshelf):
    cups = [
        store.add_product(sku=f"C-{n}", title=f"Enamel Mug {n}", _category_paths=["Kitchen > Cups"]) for n in (1, 2)
    ]
    store.add_product(sku="P-1", title="Dinner plate", _category_paths=["Kitchen > Plates"])
    kind = [{"name": "Material", "value": "Metal"}, {"name": "Product Type", "value": "Tin mugs"}]
    store.add_product(sku="T-1", title="Tin mug", custom_fields=kind, _category_paths=["Kitchen > Cups"])
    rules.set_default_template(twinshelf.connection, category_id=PLATES, by=MAYA)
    twinshelf.list(cups[0])
    listings.suggest_categories(twinshelf.connection, by=MAYA)
    twinshelf.settle()

    found = counted(browser, twinshelf)

    assert sorted((row.written, row.number) for row in category_map(twinshelf.connection)[0]) == [
        ("Kitchen > Cups", 2), ("Kitchen > Plates", 1), ("Tin mugs", 1),
    ]  # fmt: skip
    cup = found["kitchen > cups"]
    assert (cup.state, cup.category_id, cup.leaf.path) == (MapState.SURE, HOME, MUGS)
    html = browser.get("/templates/categories/").content.decode()
    heads = [words_of(head) for head in re.findall(r"<th\b[^>]*scope=\"col\".*?</th>", html, re.DOTALL)]
    assert heads[1:3] == ["Category in BigCommerce", "Category in TikTok Shop"]
    page = words_of(html)
    assert "Kitchen · 2 products" in page
    sure = [row for row in found.values() if row.state is MapState.SURE]
    assert f"Accept {len(sure)} sure ones" in page
    assert "2 of 2 titles agree" in page
    assert shown(sandbox, shop, twinshelf, cups[0])["category_id"] == PLATES
    assert shop.effects("product_edited") == []

    accept = f"/templates/categories/{twinshelf.connection.id}/accept/"
    assert browser.post(accept, {"row": ["|kitchen > cups"]}) == [
        "Nothing to accept: choose rows that have a suggestion."
    ]
    assert browser.post(accept, {"one": f"{HOME}|tin mugs"}) == ["1 category is mapped."]
    assert [row.key for row in rows(twinshelf).values() if row.by] == ["tin mugs"]

    row = {"row": [f"{PLATES}|kitchen > cups"], "category_path": "Kitchenware > Drinkware > Mugs"}
    assert browser.post(f"/templates/categories/{twinshelf.connection.id}/choose/", row) == ["1 category is mapped."]
    listings.suggest_categories(twinshelf.connection, by=MAYA)
    rules.map_categories(twinshelf.connection, {"kitchen > plates": (HOME, MUGS)}, by=MAYA)  # not what was suggested
    twinshelf.settle()

    found = counted(browser, twinshelf)
    for key in ("kitchen > cups", "kitchen > plates"):
        assert (found[key].state, found[key].category_id, found[key].by.how) == (MapState.MAPPED, HOME, "chosen")
    assert (found["tin mugs"].by.how, found["tin mugs"].inherited) == ("accepted", False)
    assert "Chosen by you" in browser.words("/templates/categories/?show=mapped")
    assert shown(sandbox, shop, twinshelf, cups[0])["category_id"] == PLATES
    assert shop.effects("product_edited") == []

    twinshelf.list(cups[0])
    assert shown(sandbox, shop, twinshelf, cups[0])["category_id"] == HOME  # somebody asked for it


@pytest.mark.covers("SILK-69")
def test_what_is_said_for_a_category_is_true_of_its_products_and_a_product_may_differ(
    sandbox, browser, store, shop, twinshelf
):
    plain, metal = (
        store.add_product(sku="A-1", title="Enamel mug", custom_fields=[], _category_paths=["Cups"]),
        store.add_product(sku="B-1", title="Steel mug", _category_paths=["Cups"]),
    )
    other = store.add_product(sku="C-1", title="Glass mug", custom_fields=[], _category_paths=["Glasses"])
    twinshelf.pull()
    listings.read_categories(twinshelf.connection)
    rules.map_categories(twinshelf.connection, {"Cups": (HOME, MUGS), "Glasses": (HOME, MUGS)}, by=MAYA)
    twinshelf.settle()
    twinshelf.list()
    assert twinshelf.problems() == [(str(plain), "E-LST-ATTR"), (str(other), "E-LST-ATTR")]
    assert {key: row.missing for key, row in counted(browser, twinshelf).items()} == {
        "cups": ("Material",), "glasses": ("Material",),
    }  # fmt: skip
    edit = f"/templates/categories/{twinshelf.connection.id}/edit/?{urlencode({'key': 'cups'})}"
    page = browser.get("/templates/categories/?show=missing").content.decode()
    assert edit in page
    assert "Extra info" in page

    form = browser.get(edit)
    [material] = [field for field in form.context["required"] if field.attribute.name == "Material"]
    assert material.missing
    sent = {"category_path": MUGS, "category_id": HOME, "save": "1", "brand_name": BRAND}
    assert browser.post(edit, {**sent, f"a-{material.attribute.id}": ["Ceramic"]}) == [
        "Saved. 2 products are tried again."
    ]
    twinshelf.settle()
    twinshelf.wait(600)

    assert twinshelf.problems() == [(str(other), "E-LST-ATTR")]
    assert materials(sandbox, shop, twinshelf, plain) == [["Ceramic"]]
    twinshelf.list(metal)
    assert materials(sandbox, shop, twinshelf, metal) == [["Metal"]]  # the product says it itself
    assert [shown(sandbox, shop, twinshelf, product)["brand_id"] for product in (plain, metal)] == [BRAND, BRAND]
    own = ProductChoices(brand_id=OTHER_BRAND, brand_name="Of its own")
    listings.choose(twinshelf.connection, str(metal), own, by=MAYA)
    twinshelf.settle()
    twinshelf.wait(600)
    assert [shown(sandbox, shop, twinshelf, product)["brand_id"] for product in (plain, metal)] == [BRAND, OTHER_BRAND]
    found = counted(browser, twinshelf)
    assert (found["cups"].missing, found["glasses"].missing) == ((), ("Material",))
    assert [field.chosen for field in browser.get(edit).context["required"]] == [["Ceramic"]]

    rules.set_default_template(  # as the template's own page saves it
        twinshelf.connection, category_id="", by=MAYA, categories=[{"key": "Cups", "category_id": HOME}]
    )
    assert rows(twinshelf)["cups"].by.brand_id == BRAND
    assert rows(twinshelf)["cups"].missing == ()


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"category_path": "No such thing"}, "TikTok Shop has no category of this name or number"),
        ({"brand_name": "Nordtuft"}, "Choose one from the list, or write its number in TikTok Shop."),
    ],
)
@pytest.mark.usefixtures("shop")
def test_what_does_not_fit_is_said_at_its_field_and_nothing_is_saved(browser, store, twinshelf, sent, says):
    store.add_product(sku="A-1", _category_paths=["Cups"])
    twinshelf.pull()
    counted(browser, twinshelf)
    edit = f"/templates/categories/{twinshelf.connection.id}/edit/?key=cups"

    answer = browser.client.post(edit, {"category_path": "", "save": "1", **sent})

    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert rows(twinshelf)["cups"].by is None


@pytest.mark.usefixtures("shop")
def test_a_number_that_is_none_is_said_at_its_attribute(browser, store, twinshelf):
    store.add_product(sku="A-1", _category_paths=["Toasters"])
    twinshelf.pull()
    listings.read_categories(twinshelf.connection, [TOASTERS])
    counted(browser, twinshelf)
    edit = f"/templates/categories/{twinshelf.connection.id}/edit/?key=toasters"

    answer = browser.client.post(edit, {"category_path": TOASTERS, "save": "1", POWER.replace("a-", "t-"): "much"})

    assert answer.status_code == 400
    page = answer.content.decode()
    assert re.search(rf'id="{POWER}-error">.*?This must be a number above 0\.', page, re.DOTALL)
    assert f'aria-describedby="{POWER}-error" aria-invalid="true"' in page
    assert rows(twinshelf)["toasters"].by is None


def tags(browser, twinshelf):
    """(category, what the red tags of "Extra info" say, where each leads) of the rows of the map."""
    html = browser.get("/templates/categories/").content.decode()
    table = html.split("<table", 1)[1].split("</table>", 1)[0]
    heads = [words_of(head) for head in re.findall(r"<th\b[^>]*scope=\"col\".*?</th>", table, re.DOTALL)]
    found = {}
    for row in re.findall(r"<tr\b.*?</tr>", table, re.DOTALL):
        cells = re.findall(r"<td\b.*?</td>", row, re.DOTALL)
        if len(cells) != len(heads):
            continue
        info = cells[heads.index("Extra info")]
        links = re.findall(r'<a class="tag bad" href="([^"]+)">(.*?)</a>', info, re.DOTALL)
        assert all("<svg" in inner for _to, inner in links)
        name = words_of(cells[heads.index("Category in BigCommerce")]).split(" · ")[0].split(" ")[0]
        found[name] = [(words_of(inner), html_of(to)) for to, inner in links] or words_of(info)
    return found


def html_of(address):
    return address.replace("&amp;", "&")


@pytest.mark.covers("SILK-68")
def test_extra_info_has_a_tag_for_what_is_missing_and_for_nothing_else(browser, store, shop, twinshelf):
    cups = store.add_product(sku="C-1", title="Enamel mug", custom_fields=[], _category_paths=["Cups"])
    tea = store.add_product(sku="TEA-1", title="Green tea", custom_fields=[], _category_paths=["Tea"])
    store.add_product(sku="S-1", title="Steel mug", _category_paths=["Steel"])  # says its material itself
    twinshelf.pull()
    listings.read_categories(twinshelf.connection, [TEA])
    chosen = {"Cups": (HOME, MUGS), "Steel": (HOME, MUGS), "Tea": (TEA, "Tea")}
    rules.map_categories(twinshelf.connection, chosen, by=MAYA)
    counted(browser, twinshelf)
    at = f"/templates/categories/{twinshelf.connection.id}/edit/?key="

    found = tags(browser, twinshelf)

    assert found["Steel"] == "Nothing"
    assert found["Cups"] == [("Missing: Material", f"{at}cups#attributes")]
    assert found["Tea"] == [
        ("Missing: Ingredients", f"{at}tea#attributes"), ("Missing: Allergens", f"{at}tea#attributes"),
        ("Missing: Certificate: Food safety certificate", f"{at}tea#certificates"),
    ]  # fmt: skip
    form = browser.get(found["Tea"][2][1].split("#")[0])
    assert 'id="certificates"' in form.content.decode()
    asked = {field.attribute.name: field.attribute.id for field in form.context["required"] if field.missing}
    assert sorted(asked) == ["Allergens", "Ingredients"]

    paper = SimpleUploadedFile("food.pdf", b"%PDF-1.4 food")
    sent = {"category_path": TEA, "category_id": TEA, "save": "1", "certificate.602362": paper}
    refused = browser.client.post(f"{at}tea", sent)
    assert (refused.status_code, list(refused.context["common"].errors)) == (400, ["certificate.602362"])  # until when?
    kept = {
        "certificate_id": "602362",
        "paper.602362": refused.context["common"].values.certificates[0].files[0].digest,
    }
    sent = {"category_path": TEA, "category_id": TEA, "save": "1", **kept}
    ended = {**sent, "expires.602362": "2001-01-31", f"t-{asked['Ingredients']}": "Green tea"}
    browser.post(f"{at}tea", ended)
    assert [tag for tag, _to in tags(browser, twinshelf)["Tea"]] == [
        "Missing: Allergens", "Missing: Certificate: Food safety certificate",  # it has ended
    ]  # fmt: skip
    browser.post(f"{at}tea", {**ended, "expires.602362": "2199-01-31"})
    assert [tag for tag, _to in tags(browser, twinshelf)["Tea"]] == ["Missing: Allergens"]

    listings.choose(twinshelf.connection, str(tea), ProductChoices(attributes={"Allergens": "None"}), by=MAYA)
    listings.choose(twinshelf.connection, str(cups), ProductChoices(attributes={"material": "Metal"}), by=MAYA)
    twinshelf.settle()
    assert tags(browser, twinshelf) == {
        "Cups": "Nothing",
        "Steel": "Nothing",
        "Tea": "Nothing",
    }  # products say the rest
    listings.choose(twinshelf.connection, str(cups), ProductChoices(), by=MAYA)
    twinshelf.settle()
    assert [tag for tag, _to in tags(browser, twinshelf)["Cups"]] == ["Missing: Material"]
    assert twinshelf.problems() == []
    assert shop.effects("product_created") == []


@pytest.mark.usefixtures("shop")
def test_the_map_takes_a_certificate_and_leads_to_the_products_without(browser, store, twinshelf):
    store.add_product(sku="TEA-1", title="Green tea", _category_paths=["Tea"])
    twinshelf.pull()
    listings.read_categories(twinshelf.connection, [TEA])
    rules.map_categories(twinshelf.connection, {"Tea": (TEA, "Tea")}, by=MAYA)
    twinshelf.settle()
    assert counted(browser, twinshelf)["tea"].certificates == ("Food safety certificate",)
    shop = twinshelf.connection.id

    page = browser.get(f"/templates/categories/{shop}/edit/?key=tea").content.decode()

    assert "Certificate: Food safety certificate" in words_of(page)
    assert 'name="certificate.602362"' in page
    assert f'href="/products/?shop={shop}&amp;problem=E-LST-CERT"' in page
    assert f'href="/templates/?shop={shop}"' in browser.get(f"/templates/categories/?shop={shop}").content.decode()
